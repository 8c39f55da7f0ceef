"""``manage.py create_oauth_client --account acme --name Entra``: an OAuth client for an account's directory (V-25).

Prints ``client_id`` and ``client_secret`` on standard output, a line each, so that a script can catch them; the secret
can't be shown again. With ``--jwks`` the client signs assertions with its own key and gets no secret.
"""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.models import Account
from audit.actors import Actor
from audit.refusals import Refused, audit_refusal
from console.configuration.checks import column
from console.configuration.problems import did_you_mean
from console.management.commands._acting import acting
from foundation import public_urls
from scim.models import OAuthClient
from scim.oauth import clients
from scim.oauth.client_authentication import ENDPOINT


class Command(BaseCommand):
    """Make an OAuth client."""

    help = "Make an OAuth client of an account, for SCIM. Its id and secret are printed on standard output, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--account", required=True, help="the account's slug")
        parser.add_argument("--name", required=True, help="what the client is, shown in the administration")
        parser.add_argument("--expires-days", type=int, help="days until the secret ends (default: never)")
        parser.add_argument(
            "--jwks", type=Path, help="file with the client's public keys; it gets no secret then"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the client, or say why it can't be made."""
        slug, name, days = options["account"], options["name"].strip(), options["expires_days"]
        if complaint := column(OAuthClient, "name")(name):
            raise CommandError(f"--name {complaint}")
        if days is not None and (days < 1 or options["jwks"] is not None):
            raise CommandError("--expires-days is a number above 0, of the secret that --jwks does without")
        account = Account.objects.filter(slug=slug, closed_at=None).first()
        if account is None:
            known = Account.objects.filter(closed_at=None).values_list("slug", flat=True)
            raise CommandError(f"there is no account {slug}{did_you_mean(slug, known)}")
        keys = _read(options["jwks"])
        with acting("manage.py create_oauth_client") as actor:
            try:
                with transaction.atomic():
                    client, plain = _create(account, actor, name, keys, days)
            except Refused as refusal:
                audit_refusal(refusal)
                raise CommandError(refusal.message) from None
        self.stderr.write(f'OAuth client "{client.name}" of {account.name}.')
        self.stderr.write(f"Token endpoint: {public_urls.absolute(ENDPOINT)}")
        self.stdout.write(f"client_id: {client.client_id}")
        if plain:
            self.stderr.write("The secret is shown only now:")
            self.stdout.write(f"client_secret: {plain}")


def _read(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError("--jwks can't be read") from error
    if not text.strip():
        raise CommandError("--jwks is empty")
    return text


def _create(
    account: Account, actor: Actor, name: str, keys: str, days: int | None
) -> tuple[OAuthClient, str]:
    """Return the client, and its secret when it has no keys."""
    client = clients.create_client(account=account, actor=actor, name=name, public_keys=keys)
    if keys:
        return client, ""
    expires_at = timezone.now() + timedelta(days=days) if days is not None else None
    return client, clients.add_secret(client=client, actor=actor, expires_at=expires_at)[1]
