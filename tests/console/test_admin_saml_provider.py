"""The page of a SAML provider: made, filled in every form that vendors offer, enabled; and who may not (S-2, S-3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import lifecycle
from accounts.models import User
from audit.models import AuditEvent
from sso import providers
from sso.models import IdentityProvider, KeyRole, ProtocolName, State, Vendor
from sso_saml.configuration import SamlValues, save_saml_settings
from sso_saml.models import MetadataProposal, SamlCertificate, SamlSettings, SpKeyPair
from sso_saml.provider_config import redirect_url
from tests.console import saml_documents as documents
from tests.console.admin_pages import address_of, page, save, words
from tests.worlds import OPERATOR, World

Browse = Callable[[User], Client]
ENTITY_ID, SSO_URL = "https://idp.example/entity", "https://idp.example/sso"


def add_saml(world: World, slug: str = "", vendor: Vendor = Vendor.ENTRA) -> IdentityProvider:
    """Make a draft without any values."""
    return providers.create_provider(
        actor=OPERATOR,
        slug=slug or f"{world.account.slug}-saml",
        name=f"{world.account.name} Directory",
        protocol=ProtocolName.SAML,
        vendor=vendor,
        account=world.account,
    )


def fill(provider: IdentityProvider, **values: object) -> None:
    given = {
        "idp_entity_id": ENTITY_ID,
        "sso_url": SSO_URL,
        "certificates": (documents.pem("one"),),
        **values,
    }
    save_saml_settings(provider=provider, actor=OPERATOR, values=SamlValues(**given))  # type: ignore[arg-type]


def held(provider: IdentityProvider) -> set[str]:
    return set(
        SamlCertificate.objects.filter(settings__provider=provider).values_list("fingerprint", flat=True)
    )


def settings_of(provider: IdentityProvider) -> SamlSettings:
    return SamlSettings.objects.get(provider=provider)


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


# --- making one -------------------------------------------------------------------------------------------------------


def test_sso_admin_makes_a_draft_and_is_led_to_its_page(acme: World, browse: Browse) -> None:  # S-3
    browser = browse(acme.sso_admin)
    answer = save(
        browser, page(IdentityProvider, "add"), name="Acme Entra", slug="", protocol="saml", vendor="entra"
    )
    made = IdentityProvider.objects.get(protocol=ProtocolName.SAML)
    assert answer.status_code == 302
    assert answer.headers["Location"] == address_of(made)
    assert (made.slug, made.account, made.state) == ("acme-entra", acme.account, State.DRAFT)
    assert made.group_sync is True  # the vendor's defaults
    assert AuditEvent.objects.filter(action="provider.created", actor_id=str(acme.sso_admin.pk)).exists()


def test_proposed_slug_is_free_and_a_taken_one_is_told(
    acme: World, globex: World, browse: Browse
) -> None:  # S-3
    add_saml(globex, "acme-entra")
    browser = browse(acme.sso_admin)
    add = page(IdentityProvider, "add")
    taken = save(browser, add, name="Acme Entra", slug="acme-entra", protocol="saml", vendor="entra")
    assert "already exists" in words(taken)
    assert 'value="Acme Entra"' in taken.text  # what was typed stays
    assert save(browser, add, name="Acme Entra", slug="", protocol="saml", vendor="entra").status_code == 302
    assert IdentityProvider.objects.filter(slug="acme-entra-2", account=acme.account).exists()


def test_operator_chooses_the_account(acme: World, browse: Browse, operator: User) -> None:
    browser = browse(operator)
    add = page(IdentityProvider, "add")
    missing = save(browser, add, name="X", slug="", protocol="saml", vendor="okta")
    assert "Choose the account" in words(missing)
    made = save(browser, add, account=acme.account.pk, name="X", slug="", protocol="saml", vendor="okta")
    assert made.status_code == 302
    assert IdentityProvider.objects.get(protocol="saml").account == acme.account


def test_module_off_shows_the_reason_in_place_of_the_form(
    acme: World, browse: Browse, operator: User
) -> None:
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"sso_module": False})
    browser = browse(acme.sso_admin)
    shown = browser.get(page(IdentityProvider, "add"))
    assert "SSO module of the account is off" in words(shown)
    assert 'name="slug"' not in shown.text
    fields = {"account": acme.account.pk, "name": "X", "slug": "x", "protocol": "saml", "vendor": "okta"}
    for who in (browser, browse(operator)):
        who.post(page(IdentityProvider, "add"), fields)
    assert not IdentityProvider.objects.filter(protocol="saml").exists()


@pytest.mark.parametrize("change", [{"protocol": "ldap"}, {"vendor": "nobody"}, {"slug": "Not A Slug"}])
def test_forged_choice_makes_nothing(change: dict[str, str], acme: World, browse: Browse) -> None:
    fields = {"name": "X", "slug": "x", "protocol": "saml", "vendor": "okta", **change}
    answer = browse(acme.sso_admin).post(page(IdentityProvider, "add"), fields)
    assert answer.status_code == 200
    assert not IdentityProvider.objects.filter(name="X").exists()


# --- our side ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vendor", "names"),
    [
        (
            Vendor.ENTRA,
            ("Identifier (Entity ID)", "Reply URL (Assertion Consumer Service URL)", "Sign on URL", "Logout"),
        ),
        (Vendor.OKTA, ("Single sign-on URL", "Audience URI (SP Entity ID)")),
        (Vendor.GOOGLE, ("ACS URL", "Entity ID", "Start URL")),
        (Vendor.OTHER, ("SP Entity ID (Audience)", "Assertion Consumer Service URL")),
    ],
)
def test_values_to_copy_come_first_and_are_named_as_the_vendor_names_them(
    vendor: Vendor, names: tuple[str, ...], acme: World, browse: Browse
) -> None:  # S-1, S-2, A-3
    provider = add_saml(acme, vendor=vendor)
    shown = browse(acme.sso_admin).get(address_of(provider))
    told = words(shown)
    for name in names:
        assert name in told, name
    assert f'data-copy="{redirect_url(provider)}"' in shown.text
    assert f"{redirect_url(provider)}metadata" in told
    assert told.index("Copy these values") < told.index("IdP Issuer URI / Entity ID")
    labels = [
        "IdP Issuer URI / Entity ID",
        "Single Sign-On URL",
        "X.509 Certificate",
        "Enable SAML SSO",
        "Test connection",
    ]
    assert all(label in told for label in labels)


# --- the three values -------------------------------------------------------------------------------------------------


def test_save_keeps_a_draft_of_whatever_there_is(acme: World, browse: Browse) -> None:  # S-3
    provider = add_saml(acme)
    browser = browse(acme.sso_admin)
    assert save(browser, address_of(provider), idp_entity_id=ENTITY_ID).status_code == 302
    provider.refresh_from_db()
    assert (provider.state, settings_of(provider).idp_entity_id) == (State.DRAFT, ENTITY_ID)
    assert save(browser, address_of(provider), sso_url=SSO_URL, name="Renamed").status_code == 302
    provider.refresh_from_db()
    row = settings_of(provider)
    assert (provider.name, row.idp_entity_id, row.sso_url) == ("Renamed", ENTITY_ID, SSO_URL)


@pytest.mark.parametrize(
    "form",
    [
        "pem text",
        "bare text",
        "pem file",
        "der file",
        "bare file",
        "crt of two",
        "pem text with words around",
    ],
)
def test_certificate_is_recognised_in_every_form(form: str, acme: World, browse: Browse) -> None:  # S-2
    provider = add_saml(acme)
    sent: dict[str, object] = {
        "pem text": {"certificate": documents.pem("one")},
        "bare text": {"certificate": documents.bare("one")},
        "pem file": {"certificate_file": upload("a.pem", documents.pem("one").encode())},
        "der file": {"certificate_file": upload("a.cer", documents.der("one"))},
        "bare file": {"certificate_file": upload("a.crt", documents.bare("one").encode())},
        "crt of two": {
            "certificate_file": upload("a.crt", (documents.pem("one") + documents.pem("two")).encode())
        },
        "pem text with words around": {"certificate": f"subject=one\n{documents.pem('one')}\nthe end"},
    }[form]  # type: ignore[assignment]
    assert save(browse(acme.sso_admin), address_of(provider), **sent).status_code == 302
    wanted = {documents.fingerprint("one")} | ({documents.fingerprint("two")} if "two" in form else set())
    assert held(provider) == wanted


@pytest.mark.parametrize("how", ["pasted", "uploaded"])
def test_metadata_fills_all_three_values(how: str, acme: World, browse: Browse) -> None:  # S-2
    provider = add_saml(acme)
    fill(provider)
    text = documents.entity("login.example", key="fresh")
    sent = {"certificate": text} if how == "pasted" else {"certificate_file": upload("m.xml", text.encode())}
    assert save(browse(acme.sso_admin), address_of(provider), **sent).status_code == 302
    row = settings_of(provider)
    assert (row.idp_entity_id, row.sso_url) == ("https://login.example/idp", "https://login.example/sso")
    assert row.slo_url == "https://login.example/out"
    assert held(provider) == {documents.fingerprint("fresh")}


def test_metadata_of_several_providers_asks_which_one(acme: World, browse: Browse) -> None:  # S-2
    provider = add_saml(acme)
    browser = browse(acme.sso_admin)
    text = documents.aggregate("a.example", "b.example")
    asked = save(browser, address_of(provider), certificate_file=upload("m.xml", text.encode()))
    assert asked.status_code == 200
    assert "Which one is it?" in words(asked)
    assert "https://b.example/idp" in words(asked)
    assert not SamlSettings.objects.filter(provider=provider).exists()
    chosen = {"certificate": text, "certificate_entity": "https://b.example/idp"}
    assert save(browser, address_of(provider), **chosen).status_code == 302
    assert settings_of(provider).sso_url == "https://b.example/sso"


def test_own_redirect_url_as_entity_id_is_caught_at_its_field(acme: World, browse: Browse) -> None:  # S-2
    provider = add_saml(acme)
    browser = browse(acme.sso_admin)
    for ours in (redirect_url(provider), redirect_url(provider).rstrip("/")):
        answer = save(browser, address_of(provider), idp_entity_id=ours, sso_url=SSO_URL)
        assert answer.status_code == 200
        assert "Microsoft Entra Identifier" in str(answer.context["adminform"].form.errors["idp_entity_id"])
        assert f'value="{SSO_URL}"' in answer.text  # what was typed stays


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("certificate", "not a certificate", "no certificate that can be read"),
        ("certificate", "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----", "private key"),
        ("certificate", "https://idp.example/metadata", "metadata URL"),
        ("certificate", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "no XML that can be read safely"),
        ("certificate", "<a/>", "no SAML 2.0 identity provider"),
        ("sso_url", "http://idp.example/sso", "must begin with https://"),
        ("sso_url", "https://127.0.0.1/sso", "isn't public"),
        ("sso_url", "nonsense", "https://"),
        ("metadata_url", "file:///etc/passwd", "https://"),
        ("metadata_certificate", "nonsense", "Exactly one certificate"),
    ],
)
def test_error_stands_at_its_field_and_what_was_typed_stays(
    field: str, value: str, told: str, acme: World, browse: Browse
) -> None:  # S-2, V-23
    provider = add_saml(acme)
    answer = save(browse(acme.sso_admin), address_of(provider), idp_entity_id=ENTITY_ID, **{field: value})
    assert answer.status_code == 200
    assert told in " ".join(answer.context["adminform"].form.errors[field])
    assert f'value="{ENTITY_ID}"' in answer.text
    assert not SamlSettings.objects.filter(provider=provider).exists()


def test_uploaded_certificate_is_kept_when_another_field_is_wrong(acme: World, browse: Browse) -> None:  # S-2
    provider = add_saml(acme)
    file = upload("a.cer", documents.der("one"))
    answer = save(browse(acme.sso_admin), address_of(provider), sso_url="nonsense", certificate_file=file)
    assert answer.status_code == 200
    assert "".join(documents.pem("one").split()) in "".join(answer.text.split())


def test_rollover_adds_one_certificate_and_removes_another(acme: World, browse: Browse) -> None:  # S-7
    provider = add_saml(acme)
    fill(provider)
    browser = browse(acme.sso_admin)
    assert save(browser, address_of(provider), certificate=documents.pem("two")).status_code == 302
    assert held(provider) == {documents.fingerprint("one"), documents.fingerprint("two")}
    assert (
        save(browser, address_of(provider), remove_certificates=documents.fingerprint("one")).status_code
        == 302
    )
    assert held(provider) == {documents.fingerprint("two")}


def test_certificates_are_shown_with_dates_fingerprint_and_state(acme: World, browse: Browse) -> None:
    provider = add_saml(acme)
    texts = (documents.pem("old", days=-3), documents.pem("soon", days=12), documents.pem("one"))
    fill(provider, certificates=texts)
    for viewer in (acme.sso_admin, acme.admin):
        told = words(browse(viewer).get(address_of(provider)))
        for text in ("CN=old", "expired", "CN=soon", "expires in 12 days", "CN=one", "valid"):
            assert text in told, text
        grouped = ":".join(documents.fingerprint("one")[at : at + 2] for at in range(0, 64, 2)).upper()
        assert grouped in told


def test_every_advanced_setting_is_saved(acme: World, browse: Browse) -> None:  # S-5, S-7, L-4
    provider = add_saml(acme)
    changed = {
        "sign_requests": "on",
        "request_binding": "post",
        "force_authn": "on",
        "authn_contexts": "urn:oasis:names:tc:SAML:2.0:ac:classes:X509",
        "authn_context_comparison": "minimum",
        "name_id_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        "hint_style": "none",
        "sp_entity_id": "https://sp.example/acme",
        "idp_initiated": "refuse",
        "subject_attribute": "employeeNumber",
        "require_encryption": "on",
        "slo_url": "https://idp.example/slo",
        "slo_binding": "post",
        "metadata_entity_id": ENTITY_ID,
        "metadata_certificate": documents.pem("meta"),
    }
    assert save(browse(acme.sso_admin), address_of(provider), **changed).status_code == 302
    row = settings_of(provider)
    for name, value in changed.items():
        wanted = True if value == "on" else value.strip()
        found = getattr(row, name)
        assert (found.strip() if isinstance(found, str) else found) == wanted, name


def test_saving_without_a_change_changes_nothing(
    acme: World, browse: Browse
) -> None:  # L-8: a proof stays one
    provider = add_saml(acme)
    fill(provider, sp_entity_id="https://sp.example/acme", authn_contexts="urn:a:b")
    provider.refresh_from_db()
    version = provider.version
    assert save(browse(acme.sso_admin), address_of(provider)).status_code == 302
    provider.refresh_from_db()
    assert provider.version == version


# --- enabling ---------------------------------------------------------------------------------------------------------


def test_enable_saves_and_enables(acme: World, browse: Browse) -> None:  # S-3
    provider = add_saml(acme)
    sent = {
        "idp_entity_id": ENTITY_ID,
        "sso_url": SSO_URL,
        "certificate": documents.pem("one"),
        "_enable": "1",
    }
    browser = browse(acme.sso_admin)
    answer = save(browser, address_of(provider), **sent)
    assert answer.status_code == 302
    provider.refresh_from_db()
    assert provider.state == State.ENABLED
    assert "It has a button on the account's login page now" in words(browser.get(address_of(provider)))


def test_enable_and_test_say_at_each_field_what_is_missing(acme: World, browse: Browse) -> None:  # S-3
    provider = add_saml(acme)
    for pressed in ("_enable", "_test"):
        answer = save(browse(acme.sso_admin), address_of(provider), sso_url=SSO_URL, **{pressed: "1"})
        assert answer.status_code == 200
        assert set(answer.context["adminform"].form.errors) == {"idp_entity_id", "certificate"}
        provider.refresh_from_db()
        assert provider.state == State.DRAFT


def test_an_enabled_provider_keeps_its_three_values(acme: World, browse: Browse) -> None:  # S-3
    provider = add_saml(acme)
    fill(provider)
    providers.enable_provider(provider=provider, actor=OPERATOR)
    browser = browse(acme.sso_admin)
    answer = save(
        browser, address_of(provider), idp_entity_id="", remove_certificates=documents.fingerprint("one")
    )
    assert set(answer.context["adminform"].form.errors) == {"idp_entity_id", "certificate"}
    assert held(provider) == {documents.fingerprint("one")}
    shown = browser.get(address_of(provider))
    assert 'name="_enable"' not in shown.text
    assert 'name="_test"' in shown.text


def test_test_of_an_enabled_provider_asks_to_save_first(acme: World, browse: Browse) -> None:  # V-18
    provider = add_saml(acme)
    fill(provider)
    providers.enable_provider(provider=provider, actor=OPERATOR)
    browser = browse(acme.sso_admin)
    changed = save(browser, address_of(provider), sso_url="https://idp.example/other", _test="1")
    assert "save your changes first" in words(changed)
    assert settings_of(provider).sso_url == SSO_URL
    unchanged = save(browser, address_of(provider), _test="1")
    assert unchanged.status_code == 200
    assert f"{redirect_url(provider)}?test=" in unchanged.text


def test_test_of_a_draft_saves_it_first(acme: World, browse: Browse) -> None:  # S-3
    provider = add_saml(acme)
    sent = {"idp_entity_id": ENTITY_ID, "sso_url": SSO_URL, "certificate": documents.pem("one"), "_test": "1"}
    answer = save(browse(acme.sso_admin), address_of(provider), **sent)
    assert f"{redirect_url(provider)}?test=" in answer.text
    assert settings_of(provider).sso_url == SSO_URL
    provider.refresh_from_db()
    assert provider.state == State.DRAFT


# --- keys and metadata ------------------------------------------------------------------------------------------------


def test_keys_roll_over_step_by_step_each_confirmed(acme: World, browse: Browse) -> None:  # S-7
    provider = add_saml(acme)
    browser = browse(acme.sso_admin)
    steps = (
        ("add_next_key", {"current", "next"}),
        ("roll_over_key", {"current", "previous"}),
        ("drop_previous_key", {"current"}),
    )
    before: set[str] = set()
    for name, roles in steps:
        address = page(IdentityProvider, name, provider.pk)
        assert address in browser.get(address_of(provider)).text
        assert browser.get(address).status_code == 200  # asks
        assert set(SpKeyPair.objects.filter(provider=provider).values_list("role", flat=True)) == before
        assert browser.post(address).status_code == 302
        before = set(SpKeyPair.objects.filter(provider=provider).values_list("role", flat=True))
        assert before == roles
    assert browser.post(page(IdentityProvider, "drop_previous_key", provider.pk)).status_code == 403


def test_our_certificate_can_be_taken_to_the_vendor_and_no_key_is_shown(
    acme: World, globex: World, browse: Browse
) -> None:
    # S-7
    provider = add_saml(acme)
    browser = browse(acme.sso_admin)
    browser.post(page(IdentityProvider, "add_next_key", provider.pk))
    address = page(IdentityProvider, "sp_certificate", provider.pk, KeyRole.CURRENT.value)
    file = browser.get(address)
    assert file.content.decode().startswith("-----BEGIN CERTIFICATE-----")
    assert "attachment" in file.headers["Content-Disposition"]
    assert "PRIVATE KEY" not in browser.get(address_of(provider)).text
    assert browse(globex.sso_admin).get(address).status_code == 404
    for role in ("previous", "nonsense"):
        assert browser.get(page(IdentityProvider, "sp_certificate", provider.pk, role)).status_code == 404


def propose(provider: IdentityProvider, digest: str = "d" * 64) -> MetadataProposal:
    values = {"idp_entity_id": "https://new.example/idp"}
    return MetadataProposal.objects.create(
        settings=settings_of(provider),
        reasons=["metadata.entity_id_changed"],
        values=values,
        digest=digest,
    )


def test_metadata_that_waits_is_shown_with_its_difference_and_approved(
    acme: World, browse: Browse
) -> None:  # V-1, V-22
    provider = add_saml(acme)
    fill(provider, metadata_url="https://idp.example/metadata")
    propose(provider)
    browser = browse(acme.sso_admin)
    told = words(browser.get(address_of(provider)))
    assert "changed and waits for your word" in told
    assert ENTITY_ID in told
    assert "https://new.example/idp" in told
    address = page(IdentityProvider, "approve_metadata", provider.pk)
    asked = browser.get(address)
    assert 'name="digest" value="' + "d" * 64 in asked.text
    MetadataProposal.objects.update(digest="e" * 64)  # something else came meanwhile
    browser.post(address, {"digest": "d" * 64})
    assert settings_of(provider).idp_entity_id == ENTITY_ID
    browser.post(address, {})
    assert settings_of(provider).idp_entity_id == ENTITY_ID
    browser.post(address, {"digest": "e" * 64})
    assert settings_of(provider).idp_entity_id == "https://new.example/idp"


def test_metadata_that_waits_is_declined(acme: World, browse: Browse) -> None:  # V-22
    provider = add_saml(acme)
    fill(provider)
    propose(provider)
    browser = browse(acme.sso_admin)
    browser.post(page(IdentityProvider, "decline_metadata", provider.pk), {"digest": "d" * 64})
    assert settings_of(provider).idp_entity_id == ENTITY_ID
    assert "changed and waits" not in words(browser.get(address_of(provider)))


def test_refresh_now_tells_why_metadata_could_not_be_read(acme: World, browse: Browse) -> None:  # S-2
    provider = add_saml(acme)
    fill(provider, metadata_url="https://127-0-0-1.invalid/metadata")
    browser = browse(acme.sso_admin)
    address = page(IdentityProvider, "refresh_metadata", provider.pk)
    assert address in browser.get(address_of(provider)).text
    told = words(browser.post(address, follow=True))
    assert "can't be reached" in told
    assert settings_of(provider).metadata_problem
    assert settings_of(provider).idp_entity_id == ENTITY_ID


# --- who may not ------------------------------------------------------------------------------------------------------

STEPS = (
    *("enable", "disable", "test_connection", "add_next_key", "roll_over_key", "drop_previous_key"),
    *("refresh_metadata", "approve_metadata", "decline_metadata"),
)


def test_account_admin_without_the_sso_right_looks_and_changes_nothing(
    acme: World, browse: Browse
) -> None:  # V-8
    provider = add_saml(acme)
    fill(provider, metadata_url="https://idp.example/metadata")
    propose(provider)
    browser = browse(acme.admin)
    shown = browser.get(address_of(provider))
    told = words(shown)
    assert ENTITY_ID in told
    assert redirect_url(provider) in told
    for button in (
        'name="_enable"',
        'name="_test"',
        'name="_save"',
        'type="file"',
        "approve-metadata",
        "add-next-key",
    ):
        assert button not in shown.text, button
    forged = {"idp_entity_id": "https://mine.example", "certificate": documents.pem("two"), "_enable": "1"}
    assert browser.post(address_of(provider), forged).status_code == 403
    for name in STEPS:
        address = page(IdentityProvider, name, provider.pk)
        assert browser.get(address).status_code == 403, name
        assert browser.post(address, {"digest": "d" * 64}).status_code == 403, name
    assert browser.get(page(IdentityProvider, "add")).status_code == 403
    assert browser.post(page(IdentityProvider, "add"), {"name": "X", "slug": "x"}).status_code == 403
    assert settings_of(provider).idp_entity_id == ENTITY_ID
    provider.refresh_from_db()
    assert provider.state == State.DRAFT


def test_other_accounts_admin_finds_nothing(acme: World, globex: World, browse: Browse) -> None:
    provider = add_saml(acme)
    fill(provider, metadata_url="https://idp.example/metadata")
    propose(provider)
    browser = browse(globex.sso_admin)
    for name in ("change", *STEPS):
        address = page(IdentityProvider, name, provider.pk)
        assert browser.get(address).status_code == 404, name
        assert browser.post(address, {"idp_entity_id": "https://mine.example"}).status_code == 404, name
    assert settings_of(provider).idp_entity_id == ENTITY_ID
    forged = {"account": acme.account.pk, "name": "X", "slug": "x", "protocol": "saml", "vendor": "okta"}
    assert browser.post(page(IdentityProvider, "add"), forged).status_code == 302
    assert IdentityProvider.objects.get(slug="x").account == globex.account


def test_shared_provider_is_changed_by_operators_only(
    acme: World, browse: Browse, operator: User
) -> None:  # V-5
    provider = providers.create_provider(
        actor=OPERATOR, slug="all", name="All", protocol=ProtocolName.SAML, vendor=Vendor.OTHER
    )
    assert browse(acme.sso_admin).get(address_of(provider)).status_code == 404
    browser = browse(operator)
    assert browser.get(address_of(provider)).status_code == 200
    assert save(browser, address_of(provider), idp_entity_id=ENTITY_ID).status_code == 302
    assert settings_of(provider).idp_entity_id == ENTITY_ID


@pytest.mark.parametrize(
    "entity_id",
    [
        "https://sp.example/shared",  # that of another account's provider
        "http://localhost:8000/sso/saml/globex-saml/",  # its Redirect URL, as its entity ID by default
        "HTTP://LOCALHOST/sso/saml/globex-saml/",
        "https://login.globex.example/sso/saml/globex-saml/",  # on its account's own host
        "http://eu.localhost:8000/SSO/SAML2/Consume",  # a partner's entrance
    ],
)
def test_own_entity_id_is_nobody_elses_name(
    acme: World, globex: World, browse: Browse, settings: Any, entity_id: str
) -> None:  # V-6
    settings.BROKER_REGIONS = {"eu": "http://eu.localhost:8000"}
    lifecycle.verify_host_name(account=globex.account, actor=OPERATOR, host="login.globex.example")
    fill(add_saml(globex), sp_entity_id="https://sp.example/shared")
    mine = add_saml(acme)
    fill(mine)
    answer = save(browse(acme.sso_admin), address_of(mine), sp_entity_id=entity_id)
    assert answer.status_code == 200
    assert "globex" not in words(answer).replace(entity_id, "").lower()
    assert settings_of(mine).sp_entity_id is None
    mistakes = AuditEvent.objects.filter(reason__in=("provider.invalid", "provider.conflict"))
    assert mistakes.filter(object_id=str(mine.pk)).exists()
