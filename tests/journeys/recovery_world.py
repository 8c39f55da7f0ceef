"""Acme, whose SSO account admin can recover access, and what its tests ask and look at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import lifecycle
from accounts.models import SsoPolicy, User
from audit.models import AuditEvent, FailureLogEntry
from tests.worlds import OPERATOR, World, found_account

ASK = "/recovery-access/"
ENTER = "/recovery-access/enter/"
PRIVATE = "sso.private@mail.example"


def found_acme() -> World:
    """Acme, where single sign-on is mandatory and the SSO account admin has a rested recovery address."""
    world = found_account("acme")
    give_address(world.sso_admin, PRIVATE)
    lifecycle.update_account(
        account=world.account, actor=OPERATOR, values={"sso_policy": SsoPolicy.MANDATORY}
    )
    mail.outbox.clear()
    return world


def give_address(user: User, address: str) -> None:
    """Let a person have confirmed an address four days ago; how is told in test_recovery_address."""
    then = timezone.now() - timedelta(days=4)
    User.objects.filter(pk=user.pk).update(
        recovery_email=address, recovery_email_confirmed_at=then, recovery_email_changed_at=then
    )
    user.refresh_from_db()


def ask(client: Client, address: str = "sso@acme.example") -> Any:
    """Ask for recovery access."""
    return client.post(ASK, {"email": address})


def is_in(browser: Client) -> bool:
    """Ask as an app would."""
    return browser.get("/api/me").status_code == 200


def failures() -> set[str]:
    """Return the codes in the failure log."""
    return set(FailureLogEntry.objects.values_list("code", flat=True))


def reasons() -> set[str]:
    """Return the codes of refusals, in audit trail and failure log."""
    return {*AuditEvent.objects.exclude(reason="").values_list("reason", flat=True), *failures()}
