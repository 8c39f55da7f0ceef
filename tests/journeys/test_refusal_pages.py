"""What a person reads when they can't sign in: words for what can be mended, a track ID for the rest (L-10, L-11)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts import lifecycle
from accounts.models import AccountRole, User
from audit.models import AuditEvent
from spaces.models import MappingRole, MappingScope, MappingScopeRole
from sso.models import IdentityProvider, Vendor
from sso.refusals import Code, Wording, message_for
from tests.journeys.conftest import OPERATOR, Company
from tests.journeys.person_browser import PersonBrowser, sign_in
from tests.journeys.seen import CALLBACK, OIDC, SAML, reasons, refused_for, track_id_of

STARTS = pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "oidc"])
WORDS = Wording(
    product="Identity Broker",
    email="mia@acme.example",
    account="Acme",
    provider="Acme SAML",
    vendor="Microsoft Entra ID",
    url="https://eu.broker.example/SSO/SAML2/Consume",
)
NO_ACCOUNT = "mia@acme.example does not have an active account in Identity Broker."
MESSAGES = {
    Code.NO_ACTIVE_ACCOUNT: NO_ACCOUNT,
    Code.DISABLED: NO_ACCOUNT,
    Code.DEACTIVATED: NO_ACCOUNT,
    Code.DEPROVISIONED: NO_ACCOUNT,
    Code.NO_EMAIL: "Account in Acme's identity provider (Acme SAML) does not have an associated email address.",
    Code.CONSENT_REFUSED: (
        "To login to Identity Broker using your Microsoft Entra ID account, you have to consent to permissions "
        "requested by Identity Broker."
    ),
    Code.NOT_ASSIGNED: (
        "You are not assigned to Identity Broker in Acme's identity provider. Ask your administrator for access."
    ),
    Code.ROLE_MAPPING_MISSING: (
        "Your identity provider did not say which role you have in Identity Broker. Ask your administrator to send "
        "the role_mapping claim."
    ),
    Code.ROLE_MAPPING_UNMATCHED: (
        "The role that your identity provider sent is not known in Identity Broker. Ask your administrator to check "
        "the mapping roles."
    ),
    Code.WRONG_TENANT: (
        "The account that you chose does not belong to an organization known to Identity Broker."
    ),
    Code.SSO_REQUIRED: "Acme signs in to Identity Broker with the corporate account only.",
    Code.WRONG_REGION: (
        "Your account belongs to another region of Identity Broker. Ask your administrator to send sign-ins to "
        "https://eu.broker.example/SSO/SAML2/Consume."
    ),
    Code.PROVIDER_UNREACHABLE: (
        "Acme SAML can't be reached at the moment. This usually passes within minutes: please try again."
    ),
    Code.STEP_OVER: (
        "This step was not finished within 10 minutes, or it was begun in another browser. Please start again."
    ),
    Code.STEP_LOCKED: (
        "Too many wrong codes were typed. Please wait an hour, or use a passkey if you have one."
    ),
    # Never an employee's: operators, staff and partner admins at their first sign-in (V-11).
    Code.NO_MAILBOX: (
        "Your first sign-in takes a code that is mailed to you, and no e-mail address of yours is known. Ask an "
        "operator of Identity Broker to enter it."
    ),
    Code.EXPIRED: "This sign-in took longer than 30 minutes and has expired. Please start again.",
}


@pytest.mark.parametrize("code", list(Code))
def test_closed_list_of_friendly_messages_is_worded_exactly(code: Code) -> None:
    # L-10, L-11
    assert message_for(code, WORDS) == MESSAGES.get(code)


def test_code_of_a_protocol_has_no_words() -> None:
    # L-11
    for code in ("saml.replay", "oidc.nonce", "person.invalid", ""):
        assert message_for(code, WORDS) is None


def test_account_has_its_own_support_contact_on_its_pages(acme: Company, browser: PersonBrowser) -> None:
    # X-1, L-11
    values = {"support_contact": "helpdesk@acme.example"}
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values=values)
    assert "Need help? helpdesk@acme.example" in browser.open("/login/acme/").words
    failed = browser.post(f"{SAML}", {"SAMLResponse": "rubbish"})
    assert "Something went wrong" in failed.words
    assert "Support: helpdesk@acme.example" in failed.words
    assert 'href="mailto:helpdesk@acme.example?subject=' in failed.text
    assert "support@localhost" in browser.open("/login/").words
    phone = {"support_contact": "Phone 4711"}
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values=phone)
    page = browser.open("/login/acme/")
    assert "Need help? Phone 4711" in page.words
    assert "mailto:Phone" not in page.text


def shows_only_a_track_id(page: object) -> bool:
    """The page holds heading, track ID and support contact, and nothing else."""
    words = page.words  # type: ignore[attr-defined]
    shown = track_id_of(page)  # type: ignore[arg-type]
    frame = "Skip to content Identity Broker Something went wrong"
    return bool(words == f"{frame} Track ID {shown} Support: support@localhost")


@STARTS
@pytest.mark.parametrize(
    ("action", "reason"), [("decline", "consent_refused"), ("not_assigned", "not_assigned")]
)
def test_person_who_declined_or_is_not_assigned_is_told_what_to_do(
    acme: Company, browser: PersonBrowser, start: str, action: str, reason: str
) -> None:
    # L-10: AADSTS65004, AADSTS50105
    page = sign_in(browser, start, action=action)
    assert MESSAGES[Code(reason)] in page.words
    assert refused_for(page) == reason
    assert browser.me() == {"authenticated": False}
    sign_in(browser, page.link("Start again") and start)
    assert browser.me()["authenticated"] is True


@STARTS
def test_okta_says_not_assigned_in_its_own_words(
    make_company: Callable[..., Company], browser: PersonBrowser, start: str
) -> None:
    # L-10
    make_company("globex", Vendor.OKTA)
    page = sign_in(browser, start.replace("acme", "globex"), action="not_assigned")
    assert refused_for(page) == "not_assigned"
    assert "You are not assigned to Identity Broker in Globex's identity provider." in page.words


@STARTS
def test_missing_and_unmatched_role_mapping_are_two_messages(
    acme: Company, browser: PersonBrowser, start: str
) -> None:
    # L-10, R-3
    sales = MappingRole.objects.create(account=acme.account, name="sales")
    scope = MappingScope.objects.create(mapping_role=sales)
    member = AccountRole.objects.for_account(acme.account).get(built_in="member")
    MappingScopeRole.objects.create(scope=scope, account_role=member)
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"sso_authorization": True})
    missing = sign_in(browser, start)
    assert MESSAGES[Code.ROLE_MAPPING_MISSING] in missing.words
    assert refused_for(missing) == "role_mapping.missing"
    unmatched = sign_in(browser, start, role_mapping="Sales")  # case-sensitive
    assert MESSAGES[Code.ROLE_MAPPING_UNMATCHED] in unmatched.words
    assert refused_for(unmatched) == "role_mapping.unmatched"
    assert not User.objects.exists()
    sign_in(browser, start, role_mapping="sales")
    assert browser.me()["account_roles"] == [{"name": "Member", "source": "mapping"}]


@pytest.mark.parametrize(
    ("said", "tells"), [("", None), ("hd=elsewhere.example", None), ("hd=acme.example", "in")]
)
def test_google_account_of_another_company_is_told_so(
    make_company: Callable[..., Company], browser: PersonBrowser, said: str, tells: str | None
) -> None:
    # L-10, V-4
    company = make_company("acme", Vendor.OTHER)
    IdentityProvider.objects.filter(pk=company.oidc.pk).update(vendor=Vendor.GOOGLE)
    page = sign_in(browser, OIDC, extra=f"email_verified=true\n{said}")
    if tells is None:
        assert MESSAGES[Code.WRONG_TENANT] in page.words
        assert refused_for(page) == "wrong_tenant"
        assert not User.objects.exists()
    else:
        assert browser.me()["authenticated"] is True


def test_account_of_another_tenant_is_told_so(acme: Company, browser: PersonBrowser) -> None:
    # L-10: AADSTS50020
    from tests.journeys.person_browser import answer_of
    from tests.journeys.seen import fields_of

    state = fields_of(answer_of(browser, OIDC))["state"]
    error = {
        "error": "access_denied",
        "error_description": "AADSTS50020: User account does not exist in tenant.",
    }
    page = browser.post(CALLBACK, {"state": state, **error}, cross_site=True)
    assert MESSAGES[Code.WRONG_TENANT] in page.words


@STARTS
def test_everything_else_is_a_track_id_and_a_contact(
    acme: Company, browser: PersonBrowser, start: str
) -> None:
    # L-11
    lifecycle.create_user(
        actor=OPERATOR,
        account=acme.account,
        values=lifecycle.PersonChanges(user_name="mia@acme.example", email="mia@acme.example"),
        password="correct horse battery staple",
    )
    page = sign_in(browser, start)
    assert page.status == 403
    assert shows_only_a_track_id(page)
    assert reasons(track_id_of(page)) == ["link.needs_proof"]
    event = AuditEvent.objects.get(action="sign_in.refused")
    assert event.track_id in event.message  # MESSAGE holds the track ID and the reason
    assert "link.needs_proof" in event.message
    assert event.account_id == acme.account.pk
    assert event.ip_address == "127.0.0.1"


def test_failure_of_nobody_known_is_a_track_id_and_a_contact(acme: Company, browser: PersonBrowser) -> None:
    # L-11, V-21
    page = browser.open("/sso/continue/?code=made-up")
    assert page.status == 400
    assert shows_only_a_track_id(page)
    assert reasons(track_id_of(page)) == ["attempt.code_unknown"]
    assert not AuditEvent.objects.filter(action="sign_in.refused").exists()


def test_error_of_the_provider_that_we_have_no_words_for_is_a_track_id(
    acme: Company, browser: PersonBrowser
) -> None:
    # L-11: what the provider wrote is for the log alone
    from tests.journeys.person_browser import answer_of
    from tests.journeys.seen import fields_of

    state = fields_of(answer_of(browser, OIDC))["state"]
    error = {"error": "server_error", "error_description": "secret <b>details</b> of AADSTS90033"}
    page = browser.post(CALLBACK, {"state": state, **error}, cross_site=True)
    assert shows_only_a_track_id(page)
    assert "details" not in page.text


def test_friendly_page_shows_the_track_id_small_and_a_way_on(acme: Company, browser: PersonBrowser) -> None:
    # L-10
    page = sign_in(browser, SAML, person="omar")
    assert refused_for(page) == "no_email"
    assert 'class="track-small"' in page.text
    assert page.link("Start again") == "http://localhost:8000/login/acme/"


def test_pages_are_not_kept_and_say_no_more_than_they_must(acme: Company, browser: PersonBrowser) -> None:
    # V-24
    for page in (browser.open("/login/"), browser.open("/sso/continue/?code=x"), sign_in(browser, SAML)):
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["X-Frame-Options"] == "DENY"
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert "unsafe" not in page.headers["Content-Security-Policy"]


def test_message_is_escaped(acme: Company, browser: PersonBrowser) -> None:
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"name": "<script>Acme</script>"})
    page = sign_in(browser, SAML, person="omar")
    assert "<script>Acme" not in page.text
    assert "<script>Acme</script>'s identity provider" in page.words
