"""An administrator of the identity provider, who has no login here, fills in one draft through a link (V-22, A-3)."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts import lifecycle
from accounts.models import Account, BuiltInAccountRole, User
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent, FailureLogEntry
from foundation.models import OutboxMessage
from sso import providers, setup_links
from sso.models import IdentityProvider, ProtocolName, SetupLink, State, Vendor
from sso_oidc.models import OidcSettings
from sso_oidc.presets import preset_of
from sso_saml.models import SamlSettings
from tests.conftest import client_of
from tests.console.admin_pages import address_of, page, save
from tests.console.saml_documents import entity, fingerprint, pem
from tests.journeys.mailbox import deliver, link_to, mails_to, open_link, words
from tests.worlds import OPERATOR, World, add_person, add_provider, found_account, sign_in

HERE = "localhost:8000"
IDP_ADMIN = "ida@idp.example"
ENTITY_ID, SSO_URL = "https://idp.example/entity", "https://idp.example/sso"
TENANT, CLIENT = "11111111-2222-4333-8444-555555555555", "66666666-2222-4333-8444-555555555555"
VALUES = {"idp_entity_id": ENTITY_ID, "sso_url": SSO_URL}


@pytest.fixture
def acme(db: None) -> World:
    """The account whose provider is to be set up."""
    return found_account("acme", enabled=False)


@pytest.fixture
def draft(acme: World) -> IdentityProvider:
    """A SAML provider without any values."""
    return saml_draft(acme)


@pytest.fixture
def admin(acme: World) -> Client:
    """The browser of the SSO account admin."""
    browser = client_of(HERE)
    sign_in(browser, acme.sso_admin)
    return browser


def saml_draft(world: World) -> IdentityProvider:
    return providers.create_provider(
        actor=OPERATOR,
        slug=f"{world.account.slug}-saml",
        name=f"{world.account.name} Directory",
        protocol=ProtocolName.SAML,
        vendor=Vendor.ENTRA,
        account=world.account,
    )


def send(admin: Client, provider: IdentityProvider, address: str = "", days: int = 7) -> Any:
    return admin.post(
        page(IdentityProvider, "send_setup_link", provider.pk), {"address": address, "days": str(days)}
    )


def shown_link(admin: Client, provider: IdentityProvider, days: int = 7) -> str:
    """Make a link that is shown once, and return its path."""
    found = re.search(r'id="plain-link">([^<]+)<', send(admin, provider, days=days).text)
    assert found is not None
    return urlsplit(found[1]).path


def visitor(path: str) -> Client:
    """Return the browser of somebody who followed a link."""
    browser = client_of(HERE)
    open_link(browser, path)
    return browser


def fill(browser: Client, **values: str) -> Any:
    return browser.post("/setup/", {**VALUES, "certificate": pem("one"), **values})


def enable(admin: Client, provider: IdentityProvider) -> Any:
    """Open the page that asks, and say yes to what it shows."""
    address = page(IdentityProvider, "enable", provider.pk)
    shown = admin.get(address)
    version = re.search(r'name="version" value="(\d+)"', shown.text)
    assert version is not None
    return admin.post(address, {"version": version[1]}, follow=True)


def state_of(provider: IdentityProvider) -> str:
    return IdentityProvider.objects.get(pk=provider.pk).state


def entity_id_of(provider: IdentityProvider) -> str:
    return (
        SamlSettings.objects.filter(provider=provider).values_list("idp_entity_id", flat=True).first() or ""
    )


def events(action: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=action))


# --- from the link to an enabled provider -------------------------------------------------------------------------


def test_idp_administrator_fills_in_a_draft_and_the_admin_enables_what_was_shown(
    acme: World, draft: IdentityProvider, admin: Client
) -> None:
    # V-22, S-2, A-3
    assert "on its way to ida@idp.example" in words(send_and_follow(admin, draft))
    browser = client_of(HERE)
    shown = open_link(browser, link_to(IDP_ADMIN))
    assert "Set up single sign-on for Acme" in words(shown)
    assert "Identifier (Entity ID)" in words(shown)  # as Entra's console has it
    assert "http://localhost:8000/sso/saml/acme-saml/" in words(shown)
    landed = fill(browser)
    assert (landed.status_code, landed["Location"]) == (303, "/setup/?saved=yes")
    assert "Saved." in words(browser.get(landed["Location"]))
    again = fill(browser)  # tells nobody, and says so
    assert "Nothing had to be changed." in words(browser.get(again["Location"]))
    assert (entity_id_of(draft), state_of(draft)) == (ENTITY_ID, State.DRAFT)
    asked = words(admin.get(page(IdentityProvider, "enable", draft.pk)))
    assert "Set up by link" in asked
    assert ENTITY_ID in asked
    assert SSO_URL in asked
    enable(admin, draft)
    assert state_of(draft) == State.ENABLED
    assert browser.get("/setup/").status_code == 410  # it ends on approval
    assert (SetupLink.objects.get().ending, len(events("setup_link.ended"))) == ("approved", 1)
    assert fill(browser, idp_entity_id="https://mine.example").status_code == 410
    assert entity_id_of(draft) == ENTITY_ID


def send_and_follow(admin: Client, provider: IdentityProvider) -> Any:
    moved = send(admin, provider, IDP_ADMIN)
    return admin.get(moved["Location"])


def test_button_of_the_form_shows_the_difference_before_it_enables(
    draft: IdentityProvider, admin: Client
) -> None:
    # V-22
    fill(visitor(shown_link(admin, draft)))
    moved = save(admin, address_of(draft), _enable="1")
    assert moved["Location"] == page(IdentityProvider, "enable", draft.pk)
    assert state_of(draft) == State.DRAFT


def test_what_changed_after_the_page_was_shown_is_not_enabled(draft: IdentityProvider, admin: Client) -> None:
    # V-22
    browser = visitor(shown_link(admin, draft))
    fill(browser)
    address = page(IdentityProvider, "enable", draft.pk)
    seen = re.search(r'name="version" value="(\d+)"', admin.get(address).text)
    assert seen is not None
    fill(browser, idp_entity_id="https://mine.example")
    for fields in ({"version": seen[1]}, {}):
        assert "Look at what changed" in words(admin.post(address, fields, follow=True))
        assert state_of(draft) == State.DRAFT
    assert {event.reason for event in events("provider.enable")} == {"provider.setup_not_seen"}


def test_link_saves_nothing_once_its_provider_was_enabled_meanwhile(
    acme: World, draft: IdentityProvider, admin: Client
) -> None:
    # V-22: an enabled provider changes by an admin's click alone
    browser = visitor(shown_link(admin, draft))
    fill(browser)
    enable(admin, draft)
    SetupLink.objects.update(ended_at=None)  # even if the link hadn't ended
    assert fill(browser, idp_entity_id="https://mine.example").status_code == 410
    IdentityProvider.objects.update(state=State.DISABLED)
    assert fill(browser, idp_entity_id="https://mine.example").status_code == 410
    assert entity_id_of(draft) == ENTITY_ID


def test_link_is_made_for_a_draft_alone(acme: World, draft: IdentityProvider, admin: Client) -> None:
    # V-22
    fill(visitor(shown_link(admin, draft)))
    enable(admin, draft)
    assert send(admin, draft).status_code == 403
    providers.disable_provider(provider=draft, actor=OPERATOR)
    assert send(admin, draft).status_code == 403


# --- how long it opens anything -----------------------------------------------------------------------------------


def test_link_is_good_for_seven_days_at_most(acme: World, draft: IdentityProvider, admin: Client) -> None:
    # V-22
    assert send(admin, draft, days=8).status_code == 400
    maker = Actor(ActorKind.USER, str(acme.sso_admin.pk), acme.sso_admin.user_name)
    for days in (0, 8):
        with pytest.raises(setup_links.SetupLinkInvalid):
            setup_links.make_setup_link(provider=draft, actor=maker, days=days)
    assert not SetupLink.objects.exists()
    browser = visitor(shown_link(admin, draft))
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        assert browser.get("/setup/").status_code == 410
        assert fill(browser).status_code == 410


def test_revoked_link_opens_nothing(draft: IdentityProvider, admin: Client) -> None:
    # V-22, A-3
    browser = visitor(shown_link(admin, draft))
    link = SetupLink.objects.get()
    admin.post(page(IdentityProvider, "revoke_setup_link", draft.pk), {"link": str(link.pk)})
    gone = fill(browser)
    assert gone.status_code == 410
    assert FailureLogEntry.objects.get(code="setup_link.ended").track_id in words(gone)
    assert entity_id_of(draft) == ""
    assert "revoked" in words(admin.get(address_of(draft)))
    assert len(events("setup_link.revoked")) == 1


@pytest.mark.parametrize("what", ["role", "module", "module_and_back"])
def test_link_ends_with_its_makers_right_and_with_the_module(
    what: str, acme: World, draft: IdentityProvider, admin: Client
) -> None:
    # V-22
    add_person(acme.account, "second", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    browser = visitor(shown_link(admin, draft))
    if what == "role":
        lifecycle.disable_user(user=acme.sso_admin, actor=OPERATOR)
    else:
        set_module(acme.account, on=False)
        if what == "module_and_back":
            set_module(acme.account, on=True)
    assert browser.get("/setup/").status_code == 410
    assert len(events("setup_link.ended")) == (what != "role")


def set_module(account: Account, *, on: bool) -> None:
    lifecycle.update_account(account=account, actor=OPERATOR, values={"sso_module": on})


# --- what it opens ------------------------------------------------------------------------------------------------


def test_link_reaches_its_own_draft_alone(acme: World, draft: IdentityProvider, admin: Client) -> None:
    # V-22, V-8
    globex = found_account("globex", enabled=False)
    others = [saml_draft(globex), add_provider(acme.account, "acme-second", enabled=False)]
    browser = visitor(shown_link(admin, draft))
    fill(browser, provider=str(others[0].pk), account=str(globex.account.pk))
    assert entity_id_of(draft) == ENTITY_ID
    assert not SamlSettings.objects.filter(provider=others[0]).exists()
    assert OidcSettings.objects.get(provider=others[1]).client_id == "acme-second"
    for address in ("/", "/api/me", "/admin/", address_of(draft)):  # it signs nobody in
        assert browser.get(address).status_code in (302, 401, 404)
    assert set(browser.cookies) <= {"broker-setup", "csrf"}


def test_fields_that_the_page_does_not_have_are_not_saved(draft: IdentityProvider, admin: Client) -> None:
    # V-22, V-20
    fill(
        visitor(shown_link(admin, draft)),
        sp_entity_id="https://somebody.else.example",
        allow_rsa_1_5="on",
        metadata_url="https://idp.example/metadata",
        name="Mine",
        claim_names='{"email": "x"}',
    )
    saml = SamlSettings.objects.get(provider=draft)
    assert (saml.sp_entity_id, saml.allow_rsa_1_5, saml.metadata_url) == (None, False, "")
    draft.refresh_from_db()
    assert (draft.name, draft.claim_names) == ("Acme Directory", {})


def test_page_names_no_person_and_shows_no_stored_secret(acme: World, admin: Client) -> None:
    # V-22
    browser = visitor(shown_link(admin, acme.provider))
    shown = browser.get("/setup/").text
    assert 'value="acme-oidc"' in shown  # the client id, which is no secret
    assert "secret-of-acme-oidc" not in shown
    assert "stored; leave empty to keep it" in shown
    for user in User.objects.exclude(email=""):
        assert user.email not in shown
        assert user.given_name not in shown or not user.given_name
    for group in (acme.group.name, acme.space.name):
        assert group not in shown


def test_secret_is_kept_while_the_client_stays_and_shown_to_the_admin_as_changed(
    acme: World, admin: Client
) -> None:
    # V-22, V-23
    browser = visitor(shown_link(admin, acme.provider))
    issuer = "https://acme-oidc.idp.example"
    assert browser.post("/setup/", {"issuer": issuer, "client_id": "acme-oidc"}).status_code == 303
    assert OidcSettings.objects.get(provider=acme.provider).client_secret == "secret-of-acme-oidc"
    refused = browser.post("/setup/", {"issuer": issuer, "client_id": "another"})
    assert refused.status_code == 400
    assert "makes us forget the stored client secret" in words(refused)
    browser.post(
        "/setup/", {"issuer": issuer, "client_id": "another", "client_secret": "a-new-one-of-theirs"}
    )
    asked = admin.get(page(IdentityProvider, "enable", acme.provider.pk))
    assert "Client secret – changed" in words(asked)
    assert "acme-oidc another" in words(asked)  # the client id, before and now
    assert "a-new-one-of-theirs" not in asked.text
    assert "a-new-one-of-theirs" not in str(list(AuditEvent.objects.values()))
    assert "a-new-one-of-theirs" not in str(list(SetupLink.objects.values()))


def test_mistake_is_told_at_its_field_and_nothing_is_saved(draft: IdentityProvider, admin: Client) -> None:
    # S-2
    browser = visitor(shown_link(admin, draft))
    answer = fill(browser, idp_entity_id="http://localhost:8000/sso/saml/acme-saml/")
    assert answer.status_code == 400
    assert "This is our own Redirect URL" in words(answer)
    assert fill(browser, sso_url="http://10.0.0.1/sso").status_code == 400  # V-23
    assert entity_id_of(draft) == ""


def test_metadata_file_fills_all_values(draft: IdentityProvider, admin: Client) -> None:
    # S-2
    browser = visitor(shown_link(admin, draft))
    described = SimpleUploadedFile("metadata.xml", entity("idp.example", key="one").encode())
    assert browser.post("/setup/", {"certificate_file": described}).status_code == 303
    saml = SamlSettings.objects.get(provider=draft)
    assert (saml.idp_entity_id, saml.sso_url) == ("https://idp.example/idp", "https://idp.example/sso")
    assert saml.certificates.count() == 1
    asked = words(admin.get(page(IdentityProvider, "enable", draft.pk)))
    assert fingerprint("one") in asked
    assert "https://idp.example/out" in asked  # all that the file said


def test_entra_application_is_filled_in_by_its_tenant_with_the_vendors_flow(
    acme: World, admin: Client
) -> None:
    # O-3
    entra = providers.create_provider(
        actor=OPERATOR,
        slug="acme-entra",
        name="Acme Entra",
        protocol=ProtocolName.OIDC,
        vendor=Vendor.ENTRA,
        account=acme.account,
    )
    browser = visitor(shown_link(admin, entra))
    given = {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": "Q~a.secret-of-entra_1234567890"}
    assert browser.post("/setup/", given).status_code == 303
    row = OidcSettings.objects.get(provider=entra)
    assert row.issuer == f"https://login.microsoftonline.com/{TENANT}/v2.0"
    assert (row.client_id, row.flow) == (CLIENT, preset_of(Vendor.ENTRA).flow.value)
    assert given["client_secret"] not in browser.get("/setup/").text


# --- who hears of it, and who doesn't -----------------------------------------------------------------------------


def test_sender_is_told_when_it_is_opened_first_and_when_something_is_saved(
    acme: World, draft: IdentityProvider, admin: Client
) -> None:
    # V-22
    path = shown_link(admin, draft)
    browser = visitor(path)
    visitor(path)  # opened again
    (opened,) = mails_to("sso@acme.example")
    assert "Your setup link for Acme Directory was opened" in opened.subject
    fill(browser)
    fill(browser)  # nothing new
    saved = mails_to("sso@acme.example")[1:]
    assert ["was filled in through your setup link" in mail.subject for mail in saved] == [True]
    for action in ("setup_link.made", "setup_link.opened", "setup_link.saved"):
        assert [event.account_id for event in events(action)] == [acme.account.pk], action
    assert events("setup_link.saved")[0].actor_label == "setup link of sso@acme.example"
    assert {event.actor_kind for event in events("provider.updated") if "idp_entity_id" in event.changes} == {
        "setup_link"
    }


def test_opening_uses_nothing_up_and_a_scanner_opens_nothing(draft: IdentityProvider, admin: Client) -> None:
    # V-22, V-24
    path = shown_link(admin, draft)
    scanner = client_of(HERE)
    scanner.head(path)
    scanner.get(path)
    assert SetupLink.objects.get().opened_at is None
    assert fill(visitor(path)).status_code == 303
    assert fill(visitor(path), sso_url="https://idp.example/other").status_code == 303


def test_token_is_stored_nowhere_and_in_no_log(
    acme: World, draft: IdentityProvider, admin: Client, lines: io.StringIO
) -> None:
    # V-22, V-24
    send(admin, draft, IDP_ADMIN)
    deliver()
    for path in (link_to(IDP_ADMIN), shown_link(admin, draft)):
        token = path.rstrip("/").rpartition("/")[2]
        assert len(token.split("_", 2)[2]) >= 43  # 256 bits
        browser = client_of(HERE)
        moved = browser.get(path)
        cookie = moved.cookies["broker-setup"]
        assert (cookie["httponly"], cookie["samesite"], moved["Location"]) == (True, "Lax", "/setup/")
        assert open_link(browser, path)["Cache-Control"] == "no-store"
        fill(browser)
        browser.get(f"{path}more/")  # an address that there isn't
        kept = [SetupLink, AuditEvent, OutboxMessage, FailureLogEntry]
        secret = token.split("_", 2)[2]
        assert secret not in str([list(model.objects.values()) for model in kept])
        assert secret not in lines.getvalue()
    assert "/setup/" in lines.getvalue()


@pytest.mark.parametrize("token", ["x", "set_0123456789ab_" + "x" * 43, "%00", "set__"])
def test_stranger_with_a_made_up_token_gets_one_page_with_a_track_id(token: str, acme: World) -> None:
    # V-21, V-24
    browser = client_of(HERE)
    gone = open_link(browser, f"/setup/{token}/")
    assert gone.status_code == 410
    assert "This setup link can't be used" in words(gone)
    assert FailureLogEntry.objects.get(code="setup_link.unknown").track_id in words(gone)
    assert client_of(HERE).get("/setup/").status_code == 410


def test_stranger_who_keeps_asking_is_slowed_down(acme: World) -> None:
    # V-21
    browser = client_of(HERE)
    answers = [browser.get("/setup/").status_code for _ in range(121)]
    assert (answers[0], answers[119], answers[120]) == (410, 410, 429)


def test_account_admin_makes_no_link_and_the_page_does_not_offer_one(
    acme: World, draft: IdentityProvider
) -> None:
    # V-22, V-8
    browser = client_of(HERE)
    sign_in(browser, acme.admin)
    assert send(browser, draft).status_code == 403
    assert "Send a setup link" not in words(browser.get(address_of(draft)))
    assert not SetupLink.objects.exists()
