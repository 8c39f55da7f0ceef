"""An account proves by DNS that an e-mail domain is its own (X-1, V-6)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import EmailDomain, User
from accounts.tasks import recheck_domain, recheck_domains
from audit.models import AuditEvent
from foundation import outbox
from tests.console.admin_pages import address_of, page, read, words
from tests.name_server import NameServer, name_server
from tests.worlds import World, found_account

Browse = Callable[[User], Client]
NAME = "_sso-verification.acme-labs.example"


@pytest.fixture
def dns(settings: Any) -> Iterator[NameServer]:
    """The name server that the product asks."""
    with name_server() as server:
        settings.BROKER_DNS_SERVERS = (("127.0.0.1", server.port),)
        yield server


@pytest.fixture
def boss(acme: World, browse: Browse) -> Client:
    """Acme's SSO account admin."""
    return browse(acme.sso_admin)


def claim(browser: Client, domain: str = "acme-labs.example", **chosen: Any) -> Any:
    """Name a domain on the page for it."""
    address = page(EmailDomain, "add")
    return browser.post(address, {**read(browser, address), "domain": domain, **chosen}, follow=True)


def claimed(domain: str = "acme-labs.example") -> EmailDomain:
    return EmailDomain.objects.select_related("account").get(domain=domain)


def value_on(browser: Client, row: EmailDomain) -> str:
    """Return the text that the page tells to publish."""
    found = re.search(r"sso-verification=[0-9a-f]{40}", words(browser.get(address_of(row))))
    assert found is not None
    return found[0]


def check(browser: Client, row: EmailDomain) -> str:
    return words(browser.post(page(EmailDomain, "prove", row.pk), follow=True))


def last_refusal() -> str:
    return AuditEvent.objects.exclude(reason="").latest("id").reason


def test_domain_counts_from_the_moment_that_its_record_is_seen(
    acme: World, boss: Client, dns: NameServer, client: Client
) -> None:
    # V-6: no effect anywhere before
    assert "acme-labs.example" in words(claim(boss, " ACME-Labs.Example "))
    row = claimed()
    assert "not verified" in words(boss.get(address_of(row)))
    ask = {"email": "emma@acme-labs.example"}
    before = client.post("/login/", ask)
    assert "/login/acme/" not in before.headers.get("Location", "")
    assert "is not there yet" in check(boss, row)
    assert last_refusal() == "domain.not_proven"
    dns.records[NAME] = ["v=spf1 -all", value_on(boss, row)]
    assert "The domain is verified." in check(boss, row)
    assert set(dns.asked) == {NAME}
    row.refresh_from_db()
    assert (row.verified_by, row.verified_at is not None) == ("dns", True)
    assert "/login/acme/" in client.post("/login/", ask).headers["Location"]
    proven = AuditEvent.objects.get(action="account.domain_verified", actor_id=str(acme.sso_admin.pk))
    assert "is verified (DNS TXT record)." in proven.message
    assert boss.post(page(EmailDomain, "prove", row.pk)).status_code == 403  # nothing is left to do
    assert boss.post(page(EmailDomain, "withdraw", row.pk)).status_code == 403


def test_record_of_another_account_proves_nothing_here(
    acme: World, boss: Client, dns: NameServer, browse: Browse
) -> None:
    # V-6: and the domain that is one account's is no other's
    globex = found_account("globex")
    claim(boss)
    evil = browse(globex.sso_admin)
    claim(evil)
    ours, theirs = (EmailDomain.objects.get(account=w.account, verified_at=None) for w in (acme, globex))
    dns.records[NAME] = [value_on(boss, ours)]
    assert "is not there yet" in check(evil, theirs)
    assert "The domain is verified." in check(boss, ours)
    dns.records[NAME] = [value_on(evil, theirs)]
    told = check(evil, theirs)
    assert "is already in use" in told
    assert "Acme" not in told.replace("Acme-labs", "")
    theirs.refresh_from_db()
    assert theirs.verified_at is None


def test_name_servers_without_an_answer_decide_nothing(acme: World, boss: Client, dns: NameServer) -> None:
    # V-6
    claim(boss)
    dns.failing.add(NAME)
    assert "gave no answer" in check(boss, claimed())
    assert last_refusal() == "domain.unreachable"
    dns.failing.clear()
    dns.records[NAME] = []  # a name with other kinds of records
    assert "is not there yet" in check(boss, claimed())


@pytest.mark.parametrize(
    "domain", ["acme", "-acme.example", "acme .example", "acme.example/x", "a@acme.example"]
)
def test_what_is_no_domain_is_refused(boss: Client, domain: str) -> None:
    #
    assert "was added successfully" not in words(claim(boss, domain))
    assert EmailDomain.objects.count() == 1  # the one that an operator had vouched for


def test_domain_is_named_once_and_can_be_withdrawn(acme: World, boss: Client) -> None:
    # V-6
    claim(boss)
    assert "in your list already" in words(claim(boss))
    assert last_refusal() == "domain.invalid"
    told = words(boss.post(page(EmailDomain, "withdraw", claimed().pk), follow=True))
    assert "Withdrawn." in told
    assert not EmailDomain.objects.filter(domain="acme-labs.example").exists()
    for number in range(20):
        EmailDomain.objects.create(account=acme.account, domain=f"d{number}.example")
    assert "Too many domains wait" in words(claim(boss))


def test_account_admin_looks_and_proves_nothing(
    acme: World, boss: Client, browse: Browse, dns: NameServer
) -> None:
    # V-8: domains are the SSO account admin's
    claim(boss)
    row = claimed()
    dns.records[NAME] = [value_on(boss, row)]
    admin = browse(acme.admin)
    assert "not verified" in words(admin.get(address_of(row)))
    assert admin.post(page(EmailDomain, "add"), {"domain": "more.example"}).status_code == 403
    for name in ("prove", "withdraw"):
        assert admin.post(page(EmailDomain, name, row.pk)).status_code == 403
    assert claimed().verified_at is None
    assert dns.asked == []


def test_operator_may_vouch_for_a_domain_that_waits(
    acme: World, boss: Client, browse: Browse, operator: User, dns: NameServer
) -> None:
    # V-6
    claim(boss)
    row = claimed()
    assert boss.post(page(EmailDomain, "vouch", row.pk)).status_code == 403
    told = words(browse(operator).post(page(EmailDomain, "vouch", row.pk), follow=True))
    assert "The domain is verified." in told
    assert "TXT record" not in told
    assert claimed().verified_by == "operator"
    assert dns.asked == []


def proven(boss: Client, dns: NameServer) -> EmailDomain:
    claim(boss)
    dns.records[NAME] = [value_on(boss, claimed())]
    check(boss, claimed())
    dns.asked.clear()
    return claimed()


def look_again(after: dt.timedelta) -> bool:
    """Let the month's check run so long after now; return whether the domain still counts."""
    with time_machine.travel(timezone.now() + after, tick=True):
        for key in [row.pk for row in EmailDomain.objects.all()]:
            recheck_domain(key)
        outbox.drain()
    return claimed().verified_at is not None


def test_record_is_looked_for_again_once_a_month(acme: World, boss: Client, dns: NameServer) -> None:
    # V-6
    row = proven(boss, dns)
    assert look_again(dt.timedelta(days=29))
    assert dns.asked == []
    assert look_again(dt.timedelta(days=31))
    assert dns.asked == [NAME]  # an operator's word is not asked for
    seen = claimed().checked_at
    assert seen is not None
    assert row.checked_at is not None
    assert seen > row.checked_at + dt.timedelta(days=30)
    assert not mail.outbox


def test_domain_whose_record_is_gone_for_a_week_counts_no_longer(
    acme: World, boss: Client, dns: NameServer
) -> None:
    # V-6: after a warning
    proven(boss, dns)
    dns.records.clear()
    assert look_again(dt.timedelta(days=31))
    (warned,) = mail.outbox
    assert warned.to == ["sso@acme.example"]
    assert "Put it back before" in str(warned.body)
    dns.failing.add(NAME)
    assert look_again(dt.timedelta(days=60))  # nobody said that it is gone
    dns.failing.clear()
    assert not look_again(dt.timedelta(days=38))
    assert "no longer verified" in mail.outbox[-1].subject
    lost = AuditEvent.objects.get(action="account.domain_lost")
    assert (lost.account_id, lost.actor_kind) == (acme.account.pk, "system")


def test_nobody_loses_a_domain_without_a_week_of_warning(acme: World, boss: Client, dns: NameServer) -> None:
    # V-6: also where nobody looked for long, or where name servers gave no answer, until then
    proven(boss, dns)
    dns.records.clear()
    dns.failing.add(NAME)
    assert look_again(dt.timedelta(days=31))
    dns.failing.clear()
    assert look_again(dt.timedelta(days=60))
    assert "Put it back before" in str(mail.outbox[-1].body)
    assert look_again(dt.timedelta(days=66))
    assert not look_again(dt.timedelta(days=67, minutes=1))
    assert len(mail.outbox) == 3  # the last says that it is lost


def test_due_domains_are_queued_daily(boss: Client, dns: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    # V-6
    queued: list[int] = []
    monkeypatch.setattr(recheck_domain, "delay", queued.append)
    row = proven(boss, dns)
    assert recheck_domains() == 0
    with time_machine.travel(timezone.now() + dt.timedelta(days=30, minutes=1), tick=True):
        assert recheck_domains() == 1
    assert queued == [row.pk]
