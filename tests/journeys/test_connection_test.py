"""Test connection: a real round trip that signs nobody in, and a result that only its starter sees (S-3, V-18)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import reverse

from accounts.models import AccountHostName, BuiltInAccountRole, User, UserSession
from audit.models import AuditEvent
from simulator.saml_metadata import metadata_xml
from sso import protocols, providers, testing
from sso.checks import Outcome
from sso.models import FederatedIdentity, IdentityProvider, Purpose, SignInAttempt, Stage, State
from sso.refusals import Refusal
from sso_oidc.configuration import OidcValues, save_oidc_settings
from sso_saml.configuration import SamlValues, save_saml_settings
from sso_saml.errors import RefusalCode
from sso_saml.idp_metadata import parse_idp_metadata
from tests.journeys.conftest import OPERATOR, Company
from tests.journeys.person_browser import HOME, Page, PersonBrowser
from tests.journeys.seen import rows, written
from tests.worlds import PASSWORD, add_person, sign_in

NewBrowser = Callable[[], PersonBrowser]
MIA = "mia@acme.example"
# What a test may leave behind: its attempt, what waited for its browser, its events, the assertion that was used.
TRACES = {
    "audit.AuditEvent",
    "audit.FailureLogEntry",
    "sso.ParkedAnswer",
    "sso.SignInAttempt",
    "sso_saml.SpentAssertion",
}


@pytest.fixture
def admin(acme: Company) -> User:
    """An SSO account admin of Acme."""
    return add_person(acme.account, "sso", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)


@pytest.fixture
def tester(admin: User, browser: PersonBrowser) -> PersonBrowser:
    """The admin's browser, signed in with a password."""
    sign_in(browser.client, admin)
    return browser


def make_draft(provider: IdentityProvider) -> None:
    IdentityProvider.objects.filter(pk=provider.pk).update(state=State.DRAFT)
    provider.refresh_from_db()


def begin(tester: PersonBrowser, provider: IdentityProvider) -> Page:
    """Press “Test connection” and follow to the identity provider's page."""
    path = reverse("admin:sso_identityprovider_test_connection", args=[provider.pk])
    asked = tester.open(path)
    assert asked.status == 200, asked.words
    going = tester.submit(asked, form=-1)
    return tester.open(going.link("Continue to"))


def answer(tester: PersonBrowser, at_provider: Page, **fields: str) -> Page:
    """Choose a person at the provider and stop at the page whose form carries the answer home."""
    return tester.submit(at_provider, fresh=True, **{"person": MIA, **fields})


def run(tester: PersonBrowser, provider: IdentityProvider, **fields: str) -> Page:
    """A whole test; the page that it ends on."""
    page = answer(tester, begin(tester, provider), **fields)
    return tester.submit(page) if page.url.startswith("http://127.0.0.1") else page


@pytest.mark.parametrize("state", [State.DRAFT, State.ENABLED, State.DISABLED])
@pytest.mark.parametrize("protocol", ["saml", "oidc"])
def test_admin_tests_a_connection_and_nobody_is_signed_in_or_changed(
    acme: Company, admin: User, tester: PersonBrowser, protocol: str, state: State
) -> None:
    # S-3, V-18
    provider: IdentityProvider = getattr(acme, protocol)
    IdentityProvider.objects.filter(pk=provider.pk).update(state=state)
    session = tester.client.session[SESSION_KEY]
    before = rows()

    page = run(tester, provider)

    assert page.status == 200, page.words
    assert "The connection works" in page.words
    assert "would not get in" not in page.words
    for told in (
        "mia@acme.example (would be created)",
        "DevOps (Space Developer)",
        "Engineers",
        "Europe/Berlin",
    ):
        assert told in page.words, told
    assert tester.me()["user_name"] == admin.user_name
    assert tester.client.session[SESSION_KEY] == session
    assert set(written(before)) <= TRACES
    assert not User.objects.filter(email=MIA).exists()
    assert not FederatedIdentity.objects.exists()
    attempt = SignInAttempt.objects.get()
    assert (attempt.purpose, attempt.outcome, attempt.starter) == (Purpose.TEST, testing.PASSED, admin)
    provider.refresh_from_db()
    assert provider.state == state
    event = AuditEvent.objects.get(action="provider.tested")
    assert (event.actor_id, event.account_id) == (str(admin.pk), acme.account.pk)


def test_successful_test_proves_the_version_that_it_ran_on_only(acme: Company, tester: PersonBrowser) -> None:
    # L-8, V-18
    make_draft(acme.saml)
    page = answer(tester, begin(tester, acme.saml))
    providers.update_provider(
        provider=acme.saml, actor=OPERATOR, values={"just_in_time": True, "group_sync": False}
    )
    shown = tester.submit(page)
    assert "The connection works" in shown.words
    assert "changed since" in shown.words
    acme.saml.refresh_from_db()
    assert acme.saml.proven_version is None

    run(tester, acme.saml)
    acme.saml.refresh_from_db()
    assert acme.saml.proven_version == acme.saml.version


def test_changed_trust_ends_a_test_that_is_under_way(acme: Company, tester: PersonBrowser) -> None:
    # V-18
    page = answer(tester, begin(tester, acme.saml))
    save_saml_settings(
        provider=acme.saml, actor=OPERATOR, values=SamlValues(slo_url="https://idp.example/out")
    )
    shown = tester.submit(page)
    assert "provider.changed" in shown.words
    acme.saml.refresh_from_db()
    assert acme.saml.proven_version is None


def test_failing_answer_comes_back_to_the_tester_with_code_and_advice(
    acme: Company, admin: User, tester: PersonBrowser
) -> None:
    # S-3: the POST is cross-site and brings no cookie
    save_saml_settings(
        provider=acme.saml, actor=OPERATOR, values=SamlValues(idp_entity_id="https://other.example/idp")
    )
    make_draft(acme.saml)
    before = rows()

    page = run(tester, acme.saml)

    assert page.status == 200, page.words
    assert "The connection does not work yet" in page.words
    assert "saml.issuer" in page.words
    assert "Microsoft Entra Identifier" in page.words  # what to mend, in the vendor's words
    assert "What the provider sent" not in page.words  # V-20: nothing of an answer that did not verify
    assert tester.me()["user_name"] == admin.user_name
    assert set(written(before)) <= TRACES
    attempt = SignInAttempt.objects.get()
    assert (attempt.outcome, attempt.stage, attempt.claims) == ("saml.issuer", Stage.SPENT, "")
    assert [row["outcome"] for row in attempt.report["checks"][:6]] == [
        *("passed", "passed", "passed", "passed", "passed"),
        "failed",
    ]
    assert {row["outcome"] for row in attempt.report["checks"][6:]} == {"not_reached"}
    assert AuditEvent.objects.get(action="provider.tested").reason == "saml.issuer"


@pytest.mark.parametrize(
    ("change", "code", "advice"),
    [
        ({"sp_entity_id": "https://sp.example/other"}, "saml.audience", "Identifier (Entity ID)"),
        ({"certificates": "globex"}, "saml.signature_invalid", "Certificate (Base64)"),
        ({"subject_attribute": "employeeNumber"}, "saml.name_id", "Unique User Identifier (Name ID)"),
    ],
)
def test_each_failure_names_the_field_to_mend(
    acme: Company, tester: PersonBrowser, change: dict[str, str], code: str, advice: str
) -> None:
    # S-3
    page = answer(tester, begin(tester, acme.saml))
    if "certificates" in change:
        other = parse_idp_metadata(metadata_xml(acme.idp.app.sites["globex"]))
        values = SamlValues(certificates=tuple(certificate.pem for certificate in other.certificates))
    else:
        values = SamlValues(**change)  # type: ignore[arg-type]  # texts all of them
    save_saml_settings(provider=acme.saml, actor=OPERATOR, values=values)
    shown = tester.submit(page)
    assert code in shown.words
    assert advice in shown.words


def test_person_not_assigned_at_the_provider_is_told_where_to_assign(
    acme: Company, tester: PersonBrowser
) -> None:
    # S-3, L-10
    page = answer(tester, begin(tester, acme.saml), action="not_assigned")
    shown = tester.submit(page)
    assert "not_assigned" in shown.words
    assert "AADSTS50105" in shown.words
    assert "Users and groups" in shown.words


def test_garbage_for_a_test_is_led_to_its_result_and_for_a_stranger_to_a_track_id(
    acme: Company, tester: PersonBrowser, new_browser: NewBrowser
) -> None:
    # L-11: the tester is an admin; an anonymous stranger sees only a track ID
    fields = answer(tester, begin(tester, acme.saml)).form()[2]
    garbled = {"SAMLResponse": "PGE+", "RelayState": fields["RelayState"]}
    led = tester.post("/sso/saml/acme-saml/", garbled, cross_site=True)
    assert led.status == 303
    assert "saml.not_xml" in tester.open(led.headers["Location"]).words

    stranger = new_browser().post("/sso/saml/acme-saml/", {"SAMLResponse": "PGE+"}, cross_site=True)
    assert stranger.status == 400
    assert "saml.not_xml" not in stranger.words
    assert "Track ID" in stranger.words


def test_answer_to_no_request_fails_a_test_and_begins_no_sign_in(
    acme: Company, tester: PersonBrowser
) -> None:
    # S-5, V-19: the provider would restart; a test must not turn into a sign-in
    relay = answer(tester, begin(tester, acme.saml)).form()[2]["RelayState"]
    start = f"{acme.directory}/saml/start?sp={HOME}/sso/saml/acme-saml/&RelayState={relay}"
    page = tester.submit(tester.open(start), fresh=True, person=MIA)
    shown = tester.submit(page)
    assert "saml.in_response_to" in shown.words


def test_admin_who_would_have_to_connect_first_is_told_so(acme: Company, tester: PersonBrowser) -> None:
    # V-3: the connection works, and still nobody is linked by an address alone
    add_person(acme.account, "mia")
    page = run(tester, acme.saml)
    assert "The connection works, but this person would not get in" in page.words
    assert "link.needs_proof" in page.words
    assert "My access" in page.words
    acme.saml.refresh_from_db()
    assert acme.saml.proven_version is None  # L-8


def test_nobody_else_sees_the_result(
    acme: Company, admin: User, tester: PersonBrowser, new_browser: NewBrowser
) -> None:
    # V-18
    page = run(tester, acme.saml)
    colleague = add_person(acme.account, "other", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    theirs, again, stranger = new_browser(), new_browser(), new_browser()
    sign_in(theirs.client, colleague)
    sign_in(again.client, admin)  # the same person, in another session
    for anyone in (theirs, again, stranger):
        shown = anyone.open(page.url)
        assert shown.status == 404
        assert MIA not in shown.words
    assert tester.open(page.url).status == 200


def test_result_run_in_another_browser_stays_sealed(
    acme: Company, tester: PersonBrowser, new_browser: NewBrowser
) -> None:
    # V-16, V-17: A starts, B's browser delivers B's answer
    page = answer(tester, begin(tester, acme.saml))
    victim = new_browser()
    answered = victim.submit(page)
    assert answered.status == 400
    assert "Track ID" in answered.words
    attempt = SignInAttempt.objects.get()
    assert (attempt.stage, attempt.report.get("checks")) == (Stage.OPEN, None)
    assert tester.open(f"/sso/test/{attempt.pk}/").status == 404


def test_ticket_does_not_begin_a_test_or_a_sign_in_in_another_browser(
    acme: Company, tester: PersonBrowser, new_browser: NewBrowser
) -> None:
    # V-18: the starter is fixed
    asked = tester.open(reverse("admin:sso_identityprovider_test_connection", args=[acme.saml.pk]))
    link = tester.submit(asked, form=-1).link("Continue to")
    before = rows()
    assert new_browser().open(link).status == 400
    assert new_browser().open(f"{HOME}/sso/saml/acme-saml/?test=forged").status == 400
    assert new_browser().open(link.replace("acme-saml", "acme-saml") + "x").status == 400
    assert set(written(before)) <= {"audit.FailureLogEntry"}


def test_test_on_the_accounts_own_host_shows_its_result_on_the_deployments(
    acme: Company, admin: User, tester: PersonBrowser
) -> None:
    # V-7, design rule 9: the admin is on the deployment's host, the provider on the account's
    host = "login.acme.example:8000"
    AccountHostName.objects.create(
        account=acme.account, host="login.acme.example", verified_at=acme.account.created_at
    )
    asked = tester.open(reverse("admin:sso_identityprovider_test_connection", args=[acme.saml.pk]))
    link = tester.submit(asked, form=-1).link("Continue to")
    assert link.startswith(f"http://{host}/sso/saml/acme-saml/?test=")
    there = PersonBrowser(f"http://{host}")
    left = there._get(link)
    assert left.status == 302
    assert left.headers["Location"].startswith(acme.directory)
    # The simulator knows the other address only; what matters is where a result would be shown.
    attempt = SignInAttempt.objects.get()
    assert (attempt.host, attempt.starter) == (host, admin)


def test_who_lost_the_right_sees_no_result(acme: Company, admin: User, tester: PersonBrowser) -> None:
    # V-8
    add_person(acme.account, "heir", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    page = run(tester, acme.saml)
    admin.account_role_memberships.all().delete()
    assert tester.open(page.url).status == 404


def test_account_admin_without_the_sso_right_and_other_accounts_cannot_test(
    acme: Company, make_company: Callable[..., Company], new_browser: NewBrowser
) -> None:
    # V-8, A-1
    globex = make_company("globex")
    path = reverse("admin:sso_identityprovider_test_connection", args=[acme.saml.pk])
    for account, role, status in (
        (acme.account, BuiltInAccountRole.ACCOUNT_ADMIN, 403),
        (globex.account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN, 404),
    ):
        person = add_person(account, "looker", role)
        browser = new_browser()
        sign_in(browser.client, person)
        assert browser.open(path).status == status
        assert browser.post(path, {}).status == status
    assert not SignInAttempt.objects.exists()


def test_test_is_begun_by_a_post_with_a_token_only(acme: Company, admin: User) -> None:
    # V-18
    client = Client(enforce_csrf_checks=True, headers={"host": "localhost:8000"})
    page = client.get("/login/acme/")
    token = str(page.context["csrf_token"])
    answered = client.post(
        "/login/acme/", {"user_name": admin.user_name, "password": PASSWORD, "csrfmiddlewaretoken": token}
    )
    assert answered.status_code == 302
    path = reverse("admin:sso_identityprovider_test_connection", args=[acme.saml.pk])
    assert client.post(path).status_code == 403
    assert not SignInAttempt.objects.exists()


def test_test_without_a_certificate_is_not_begun(acme: Company, tester: PersonBrowser) -> None:
    # S-3
    make_draft(acme.saml)
    save_saml_settings(provider=acme.saml, actor=OPERATOR, values=SamlValues(certificates=()))
    asked = tester.open(reverse("admin:sso_identityprovider_test_connection", args=[acme.saml.pk]))
    assert "X.509 Certificate is missing" in tester.submit(asked, form=-1).words
    assert not SignInAttempt.objects.exists()


def test_wrong_client_secret_is_told_in_the_result(acme: Company, tester: PersonBrowser) -> None:
    # S-3 for OpenID Connect, code flow: the answer is a GET with the cookie
    save_oidc_settings(
        provider=acme.oidc, actor=OPERATOR, values=OidcValues(client_secret="wrong", flow="code")
    )
    make_draft(acme.oidc)
    page = run(tester, acme.oidc)
    assert SignInAttempt.objects.get().outcome == "oidc.client_authentication"
    assert "client secret" in page.words


def test_session_count_stays_what_it_was(acme: Company, tester: PersonBrowser) -> None:
    # V-18: a test has no path to a session
    before = UserSession.objects.count()
    run(tester, acme.saml)
    assert UserSession.objects.count() == before
    assert tester.open("/").status == 200


def test_result_is_listed_among_the_sign_ins(acme: Company, tester: PersonBrowser) -> None:
    #
    run(tester, acme.saml)
    listed = tester.open("/admin/sso/signinattempt/")
    assert "test the connection" in listed.words
    assert "test passed" in listed.words
    shown = tester.open(reverse("admin:sso_signinattempt_change", args=[SignInAttempt.objects.get().pk]))
    assert MIA in shown.words


def test_every_refusal_of_saml_has_a_check_and_what_people_can_mend_has_advice(acme: Company) -> None:
    # S-3
    protocol = protocols.protocol_of(acme.saml)
    names = set(protocol.check_names())
    for code in RefusalCode:
        refusal = Refusal(code.value, "Conditions NotOnOrAfter is over")
        checks = protocol.checks(provider=acme.saml, claims=None, refusal=refusal)
        assert [check.outcome for check in checks].count(Outcome.FAILED) == 1, code
        assert {check.name for check in checks} == names, code
    for code in (
        RefusalCode.ISSUER,
        RefusalCode.AUDIENCE,
        RefusalCode.DESTINATION,
        RefusalCode.SIGNATURE_MISSING,
    ):
        assert "%(" not in protocol.advice(Refusal(code.value), acme.saml)
        assert protocol.advice(Refusal(code.value), acme.saml)
