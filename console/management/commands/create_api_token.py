"""``manage.py create_api_token --account acme --name Entra``: a SCIM token for an account's directory (P-2, P-3).

Only the token goes to standard output, so that a script can catch it; it can't be shown again.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.lifecycle import create_api_token
from accounts.models import Account, ApiToken, TokenPermission
from audit.refusals import Refused
from console.configuration.checks import column
from console.configuration.problems import did_you_mean
from console.management.commands._acting import acting


class Command(BaseCommand):
    """Make an API token."""

    help = "Make an API token of an account. The token alone is printed on standard output, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--account", required=True, help="the account's slug")
        parser.add_argument(
            "--name", required=True, help="what the token is for, shown in the administration"
        )
        parser.add_argument(
            "--permission",
            choices=[TokenPermission.MANAGE_USERS.value],
            default=TokenPermission.MANAGE_USERS.value,
            help="what it may do (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the token, or say why it can't be made."""
        slug, name = options["account"], options["name"].strip()
        if complaint := column(ApiToken, "name")(name):
            raise CommandError(f"--name {complaint}")
        account = Account.objects.filter(slug=slug, closed_at=None).first()
        if account is None:
            known = Account.objects.filter(closed_at=None).values_list("slug", flat=True)
            raise CommandError(f"there is no account {slug}{did_you_mean(slug, known)}")
        with acting("manage.py create_api_token") as actor:
            try:
                token, plain = create_api_token(
                    account=account, actor=actor, name=name, permission=TokenPermission(options["permission"])
                )
            except Refused as refusal:
                raise CommandError(refusal.message) from None
        permission = TokenPermission(token.permission).label
        self.stderr.write(
            f'API token "{token.name}" of {account.name}, permission {permission}. It is shown only now:'
        )
        self.stdout.write(plain)
