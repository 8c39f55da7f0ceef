"""``manage.py create_admin --email operator@example.com``: a vendor operator of this deployment.

May run again: an operator of that user name is updated instead. A password comes from standard input, a file or the
variable ``BROKER_ADMIN_PASSWORD``, never from the command line, which other users of the machine can read. A new
operator without one gets a random password, which alone is printed on standard output, once.
"""

from __future__ import annotations

import os
import secrets
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.lifecycle import PersonChanges, create_user, set_password, update_user
from accounts.models import Kind, User
from accounts.models.person import DEPLOYMENT_REALM
from audit.actors import Actor
from audit.refusals import Refused
from console.configuration.checks import email_address
from console.management.commands._acting import acting
from foundation.folding import fold

PASSWORD_VARIABLE = "BROKER_ADMIN_PASSWORD"  # noqa: S105  (the variable's name)
_RANDOM_BYTES = 18


class Command(BaseCommand):
    """Create or update a vendor operator."""

    help = "Create a vendor operator, who may do everything in this deployment, or update one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--email", required=True, help="the operator's e-mail address")
        parser.add_argument("--user-name", help="the user name to sign in with (default: the e-mail address)")
        source = parser.add_mutually_exclusive_group()
        source.add_argument(
            "--password-stdin", action="store_true", help="read the password from standard input"
        )
        source.add_argument(
            "--password-file", type=Path, help="read the password from the first line of a file"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Create or update the operator, and say what was done."""
        email = options["email"].strip()
        user_name = (options["user_name"] or email).strip()
        if not email or email_address(email):
            raise CommandError("--email is not an e-mail address")
        password = _given_password(options)
        with acting("manage.py create_admin") as actor:
            try:
                with transaction.atomic():
                    said, generated = _save(actor, user_name, email, password)
            except Refused as refusal:
                raise CommandError(refusal.message) from None
            except ValidationError as error:
                raise CommandError(f"the password is refused: {' '.join(error.messages)}") from None
        self.stderr.write(said)
        if generated:
            self.stderr.write("The password is shown only now:")
            self.stdout.write(generated)


def _given_password(options: dict[str, Any]) -> str | None:
    if options["password_stdin"]:
        text = sys.stdin.readline()
    elif options["password_file"] is not None:
        try:
            text = options["password_file"].read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError("--password-file can't be read") from error
    else:
        return os.environ.get(PASSWORD_VARIABLE) or None
    password = text.splitlines()[0] if text else ""
    if not password:
        raise CommandError("the password is empty")
    return password


def _save(actor: Actor, user_name: str, email: str, password: str | None) -> tuple[str, str]:
    """Return what was done in words, and the password when one was made up."""
    values = PersonChanges(user_name=user_name, email=email)
    found = User.objects.present().filter(realm=DEPLOYMENT_REALM, user_name_folded=fold(user_name))
    user = found.select_for_update().first()
    if user is None:
        generated = "" if password else secrets.token_urlsafe(_RANDOM_BYTES)
        if password:
            validate_password(password, User(email=email, user_name=user_name))
        create_user(actor=actor, values=values, kind=Kind.OPERATOR, password=password or generated)
        return f"Operator {user_name} was created.", generated
    if user.kind != Kind.OPERATOR:
        raise CommandError(
            f"{user_name} is {user.get_kind_display()}, not an operator; choose another user name"
        )
    changed = sorted(update_user(user=user, actor=actor, values=values))
    if password is not None and not user.check_password(password):
        validate_password(password, user)
        set_password(user=user, actor=actor, password=password)
        changed.append("password")
    said = f"Operator {user_name}: {', '.join(changed) or 'nothing'} changed."
    return (said if user.can_sign_in else f"{said} {user_name} is {user.status.label} and stays so."), ""
