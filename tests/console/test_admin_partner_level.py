"""Keys of partners, and providers from above that an account switches on (S-6, V-5, A-1)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Kind, PartnerKey, User
from accounts.partner_keys import holder_of
from audit.models import AuditEvent
from sso.models import ProviderGrant
from tests.console.admin_pages import address_of, page, save, words
from tests.journeys.partner_world import Reseller, add_partner_provider, found_reseller
from tests.worlds import World, add_vendor_person, found_account

Browse = Callable[[User], Client]


@pytest.fixture
def reseller(db: None) -> Reseller:
    found = found_reseller(accounts=("acme",))
    ProviderGrant.objects.all().delete()
    return found


@pytest.fixture
def acme(reseller: Reseller) -> World:
    return reseller.accounts["acme"]


# --- keys -------------------------------------------------------------------------------------------------------------


def test_an_operator_replaces_a_key_and_sees_the_new_one_once(
    reseller: Reseller, browse: Browse, operator: User, settings: Settings
) -> None:
    # S-6
    settings.BROKER_REGIONS = {"eu": "http://eu.localhost:8000", "us": "http://us.localhost:8000"}
    browser = browse(operator)
    answer = save(browser, page(PartnerKey, "add"), partner=reseller.partner.pk, overlap_days=3)
    found = re.search(r'id="plain-key">([^<]+)<', answer.text)
    assert found is not None
    plain = found[1]
    assert len(plain) == 32
    for region in ("eu", "us"):
        assert f"http://{region}.localhost:8000/SSO/SAML2/Consume?x-rs-key={plain}" in answer.text
    assert holder_of(plain) == holder_of(reseller.key) == reseller.partner
    old = PartnerKey.objects.get(hint=reseller.key[:4])
    assert old.expires_at is not None
    assert abs(old.expires_at - timezone.now() - timedelta(days=3)) < timedelta(minutes=1)
    for address in (page(PartnerKey, "changelist"), address_of(old), address_of(reseller.partner)):
        shown = browser.get(address)
        assert plain not in shown.text
        assert "being replaced" in shown.text or address == address_of(reseller.partner)
    assert plain not in str(list(AuditEvent.objects.values()))
    actions = AuditEvent.objects.filter(object_id=str(reseller.partner.pk)).values_list("action", flat=True)
    assert {"partner.key_added", "partner.key_replaced"} <= set(actions)


def test_an_operator_revokes_a_key(reseller: Reseller, browse: Browse, operator: User) -> None:
    # S-6
    key = PartnerKey.objects.get()
    browser = browse(operator)
    revoke = page(PartnerKey, "revoke", key.pk)
    assert "Revoke the key" in words(browser.get(revoke))
    assert holder_of(reseller.key) is not None  # asking changes nothing
    browser.post(revoke)
    assert holder_of(reseller.key) is None
    assert AuditEvent.objects.filter(action="partner.key_revoked").exists()
    assert browser.post(revoke).status_code == 403


def test_no_overlap_ends_the_old_key_at_once_and_a_year_is_too_long(
    reseller: Reseller, browse: Browse, operator: User
) -> None:
    # S-6
    browser = browse(operator)
    save(browser, page(PartnerKey, "add"), partner=reseller.partner.pk, overlap_days=365)
    assert PartnerKey.objects.count() == 1
    save(browser, page(PartnerKey, "add"), partner=reseller.partner.pk, overlap_days=0)
    assert PartnerKey.objects.count() == 2
    assert holder_of(reseller.key) is None


def test_a_partner_admin_sees_first_characters_and_dates_of_their_own_keys(
    reseller: Reseller, browse: Browse
) -> None:
    # S-6, A-1
    other = found_reseller("other", accounts=("initech",))
    browser = browse(add_vendor_person("rita", Kind.PARTNER_ADMIN, partner=reseller.partner))
    shown = words(browser.get(page(PartnerKey, "changelist")))
    assert f"{reseller.key[:4]}…" in shown
    assert reseller.key not in shown
    assert "Other" not in shown
    mine, theirs = (PartnerKey.objects.get(partner=each.partner) for each in (reseller, other))
    assert browser.get(address_of(mine)).status_code == 200
    assert browser.get(address_of(theirs)).status_code == 404
    assert browser.get(page(PartnerKey, "add")).status_code == 403
    assert browser.post(page(PartnerKey, "revoke", mine.pk)).status_code == 403
    assert browser.post(page(PartnerKey, "revoke", theirs.pk)).status_code == 404
    assert holder_of(reseller.key) is not None


def test_account_admins_know_nothing_of_keys(acme: World, browse: Browse) -> None:
    #
    browser = browse(acme.sso_admin)
    assert browser.get(page(PartnerKey, "changelist")).status_code == 404
    assert browser.get(address_of(PartnerKey.objects.get())).status_code == 404


# --- providers from above ---------------------------------------------------------------------------------------------


def test_an_sso_account_admin_switches_the_partners_provider_on_and_off(
    reseller: Reseller, acme: World, browse: Browse
) -> None:
    # V-5
    browser = browse(acme.sso_admin)
    save(browser, page(ProviderGrant, "add"), provider=reseller.provider.pk)
    grant = ProviderGrant.objects.get()
    assert (grant.account, grant.provider, grant.allows_sso_admins) == (
        acme.account,
        reseller.provider,
        False,
    )
    assert grant.granted_by == acme.sso_admin.user_name
    browser.post(page(ProviderGrant, "allow_admins", grant.pk))
    grant.refresh_from_db()
    assert grant.allows_sso_admins is True
    browser.post(page(ProviderGrant, "keep_admins_out", grant.pk))
    grant.refresh_from_db()
    assert grant.allows_sso_admins is False
    browser.post(page(ProviderGrant, "delete", grant.pk), {"post": "yes"})
    assert not ProviderGrant.objects.exists()
    actions = AuditEvent.objects.filter(account_id=acme.account.pk, actor_id=str(acme.sso_admin.pk))
    assert Counter(actions.filter(action__startswith="provider.").values_list("action", flat=True)) == {
        "provider.granted": 1,
        "provider.grant_changed": 2,
        "provider.grant_revoked": 1,
    }


def test_an_account_admin_looks_and_decides_nothing(
    reseller: Reseller, acme: World, browse: Browse, operator: User
) -> None:
    # V-5, V-8
    save(
        browse(operator),
        page(ProviderGrant, "add"),
        account=acme.account.pk,
        provider=reseller.provider.pk,
        allows_sso_admins="",
    )
    grant = ProviderGrant.objects.get()
    browser = browse(acme.admin)
    assert "reseller-saml name" in words(browser.get(page(ProviderGrant, "changelist")))
    assert browser.get(page(ProviderGrant, "add")).status_code == 403
    assert browser.post(page(ProviderGrant, "allow_admins", grant.pk)).status_code == 403
    assert browser.post(page(ProviderGrant, "delete", grant.pk), {"post": "yes"}).status_code == 403
    grant.refresh_from_db()
    assert grant.allows_sso_admins is False


def test_providers_of_another_partner_are_not_offered_and_not_taken(
    reseller: Reseller, acme: World, browse: Browse, operator: User
) -> None:
    # V-5, V-10, A-1
    other = found_reseller("other", accounts=("initech",))
    draft = add_partner_provider(reseller.partner, "reseller-draft", enabled=False)
    browser = browse(acme.sso_admin)
    shown = browser.get(page(ProviderGrant, "add")).text
    assert str(reseller.provider.pk) in shown
    assert str(other.provider.pk) not in shown
    assert str(draft.pk) not in shown
    for wrong in (other.provider, draft, acme.provider):
        browser.post(page(ProviderGrant, "add"), {"provider": wrong.pk})
    assert not ProviderGrant.objects.filter(account=acme.account).exists()
    # An operator sees all of them, and is refused with the reason.
    answer = save(
        browse(operator), page(ProviderGrant, "add"), account=acme.account.pk, provider=other.provider.pk
    )
    assert "doesn't stand below this provider" in words(answer)
    assert not ProviderGrant.objects.filter(account=acme.account).exists()


def test_another_accounts_permission_does_not_exist(reseller: Reseller, acme: World, browse: Browse) -> None:
    #
    other = found_reseller("other", accounts=("initech",))
    theirs = ProviderGrant.objects.get(account=other.account("initech"))
    browser = browse(acme.sso_admin)
    for name in ("change", "delete", "allow_admins"):
        assert browser.get(page(ProviderGrant, name, theirs.pk)).status_code == 404
    assert "other-saml name" not in words(browser.get(page(ProviderGrant, "changelist")))


def test_provider_from_above_is_working_single_sign_on(
    reseller: Reseller, browse: Browse, operator: User
) -> None:
    # P-3, V-5
    fresh = found_account("fresh", partner=reseller.partner, enabled=False)
    assert fresh.account.sso_ready is False
    browser = browse(operator)
    save(browser, page(ProviderGrant, "add"), account=fresh.account.pk, provider=reseller.provider.pk)
    fresh.account.refresh_from_db()
    assert fresh.account.sso_ready is True
    browser.post(page(reseller.provider.__class__, "disable", reseller.provider.pk))
    fresh.account.refresh_from_db()
    assert fresh.account.sso_ready is False
