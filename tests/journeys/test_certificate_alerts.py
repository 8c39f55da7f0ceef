"""SSO account admins hear of a certificate 60, 30, 14, 7 and 1 days before it expires, once each (A-7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import BuiltInAccountRole, User
from audit.models import AuditEvent
from sso.models import State
from sso.tasks import alert_expiring_certificates
from sso_saml.key_pairs import ensure_key_pair
from sso_saml.models import SamlCertificate, SpKeyPair
from tests.journeys.conftest import OPERATOR, Company
from tests.journeys.mailbox import mails_to
from tests.worlds import add_person


@pytest.fixture
def company(make_company: Callable[..., Company]) -> Company:
    return make_company("acme")


@pytest.fixture
def sso_admin(company: Company) -> User:
    return add_person(company.account, "sue", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)


def ends_in(days: float) -> None:
    SamlCertificate.objects.update(not_after=timezone.now() + timedelta(days=days))


def subjects_told(person: User) -> list[str]:
    return [message.subject for message in mails_to(person.email)]


def test_admins_hear_of_every_step_once(company: Company, sso_admin: User) -> None:
    ends_in(61.5)
    days_left = (61.5, 60.5, 59.5, 45, 30.5, 29.5, 15, 14, 8, 7, 2, 1, 0.5, -1)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for before, after in zip(days_left, (*days_left[1:], -1), strict=True):
            alert_expiring_certificates()
            alert_expiring_certificates()
            clock.shift(timedelta(days=before - after))
        heard = subjects_told(sso_admin)
    steps = ("60 days", "30 days", "14 days", "7 days", "1 day")
    assert heard == [f"{company.saml.name}: a certificate expires within {step}" for step in steps]
    [message, *_rest] = mails_to(sso_admin.email)
    certificate = SamlCertificate.objects.get()
    assert certificate.fingerprint in message.body
    assert "beside the old one" in message.body
    events = AuditEvent.objects.filter(action="provider.certificate_expires", account_id=company.account.pk)
    assert events.count() == len(steps)


def test_after_a_pause_only_the_nearest_step_is_told_and_drafts_are_quiet(
    company: Company, sso_admin: User
) -> None:
    ends_in(6)
    company.saml.state = State.DISABLED
    company.saml.save()
    alert_expiring_certificates()
    assert subjects_told(sso_admin) == []
    company.saml.state = State.ENABLED
    company.saml.save()
    alert_expiring_certificates()
    assert subjects_told(sso_admin) == [f"{company.saml.name}: a certificate expires within 7 days"]
    ends_in(-1)
    alert_expiring_certificates()
    assert len(subjects_told(sso_admin)) == 1


def test_our_own_key_is_watched_too(company: Company, sso_admin: User) -> None:
    ensure_key_pair(provider=company.saml, actor=OPERATOR)
    SpKeyPair.objects.update(not_after=timezone.now() + timedelta(days=20))
    alert_expiring_certificates()
    [message] = mails_to(sso_admin.email)
    assert "our own certificate" in message.body
    assert "Roll the key over" in message.body
