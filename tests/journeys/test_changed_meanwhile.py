"""What changes while a person is away at the provider counts when they come back (V-17)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts import lifecycle
from accounts.models import User, UserSession
from audit.actors import Actor, ActorKind
from sso import providers
from sso.models import FederatedIdentity, IdentityProvider
from sso_oidc.configuration import OidcValues, save_oidc_settings
from sso_saml.configuration import SamlValues, save_saml_settings
from tests.journeys.conftest import OPERATOR, Company, make_mandatory
from tests.journeys.person_browser import PersonBrowser, answer_of, sign_in
from tests.journeys.seen import OIDC, SAML, refused_for

DIRECTORY = Actor(ActorKind.SCIM, "token-of-acme", "Entra provisioning")
BY_POST = pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "hybrid"])


def provider_behind(company: Company, start: str) -> IdentityProvider:
    return company.saml if start == SAML else company.oidc


@BY_POST
def test_provider_that_was_disabled_meanwhile_signs_nobody_in(
    acme: Company, browser: PersonBrowser, start: str
) -> None:
    # V-17, V-18
    parked = browser.submit(answer_of(browser, start), follow=False)
    providers.disable_provider(provider=provider_behind(acme, start), actor=OPERATOR)
    assert refused_for(browser.open(parked.headers["Location"])) == "provider.not_enabled"
    assert not User.objects.exists()
    assert not UserSession.objects.exists()


@BY_POST
@pytest.mark.parametrize(
    ("values", "reason"),
    [({"sso_module": False}, "account.sso_module_off"), ({"closed_at": "now"}, "account.closed")],
    ids=["module", "closed"],
)
def test_account_whose_sso_ended_meanwhile_signs_nobody_in(
    acme: Company, browser: PersonBrowser, start: str, values: dict[str, object], reason: str
) -> None:
    # V-17
    from django.utils import timezone

    parked = browser.submit(answer_of(browser, start), follow=False)
    now = {name: timezone.now() if value == "now" else value for name, value in values.items()}
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values=now)
    assert refused_for(browser.open(parked.headers["Location"])) == reason
    assert not User.objects.exists()


@BY_POST
@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (
            lambda user: lifecycle.set_directory_active(user=user, actor=DIRECTORY, active=False),
            "user.deactivated",
        ),
        (lambda user: lifecycle.disable_user(user=user, actor=OPERATOR), "user.disabled"),
        (lambda user: lifecycle.delete_user(user=user, actor=OPERATOR), "user.deprovisioned"),
    ],
    ids=["deactivated", "disabled", "deleted"],
)
def test_person_who_was_removed_meanwhile_stays_out(
    acme: Company,
    browser: PersonBrowser,
    new_browser: Callable[[], PersonBrowser],
    start: str,
    end: Callable[[User], bool],
    reason: str,
) -> None:
    # V-12, V-13, V-17
    sign_in(browser, start)
    elsewhere = new_browser()
    parked = elsewhere.submit(answer_of(elsewhere, start), follow=False)
    end(User.objects.get())
    page = elsewhere.open(parked.headers["Location"])
    assert refused_for(page) == reason
    assert "mia@acme.example does not have an active account in Identity Broker." in page.words  # L-10
    assert elsewhere.me() == browser.me() == {"authenticated": False}
    assert User.objects.count() == 1


def test_policy_that_became_mandatory_meanwhile_takes_the_password_away(
    acme: Company, browser: PersonBrowser
) -> None:
    # V-17, J-12
    sign_in(browser, SAML)
    user = User.objects.get()
    user.set_password("a long enough password")
    user.save()
    browser.client.logout()
    parked = browser.submit(answer_of(browser, SAML), follow=False)
    make_mandatory(acme.account)
    browser.open(parked.headers["Location"])
    assert browser.me()["authenticated"] is True
    assert not User.objects.get().has_usable_password()


def test_just_in_time_that_was_switched_off_meanwhile_creates_nobody(
    acme: Company, browser: PersonBrowser
) -> None:
    # J-2, V-17
    parked = browser.submit(answer_of(browser, SAML), follow=False)
    providers.update_provider(provider=acme.saml, actor=OPERATOR, values={"just_in_time": False})
    assert refused_for(browser.open(parked.headers["Location"])) == "no_active_account"
    assert not User.objects.exists()


def test_issuer_that_changed_suspends_everybody_bound_before(acme: Company, browser: PersonBrowser) -> None:
    # V-1
    sign_in(browser, SAML)
    browser.post("/logout/", {})
    old = acme.saml.saml_settings.idp_entity_id
    save_saml_settings(
        provider=acme.saml, actor=OPERATOR, values=SamlValues(idp_entity_id="https://evil.example/")
    )
    save_saml_settings(provider=acme.saml, actor=OPERATOR, values=SamlValues(idp_entity_id=old))
    assert refused_for(sign_in(browser, SAML)) == "identity.suspended"
    assert browser.me() == {"authenticated": False}


def test_issuer_that_changed_suspends_strangers_too_until_an_admin_confirms(
    acme: Company, browser: PersonBrowser, new_browser: Callable[[], PersonBrowser]
) -> None:
    # V-1
    sign_in(browser, OIDC)
    save_oidc_settings(
        provider=acme.oidc,
        actor=OPERATOR,
        values=OidcValues(
            issuer=f"{acme.idp.url}/globex/oidc", client_id="globex-client", client_secret="x" * 20
        ),
    )
    assert IdentityProvider.objects.get(slug="acme-oidc").identities_suspended_at is not None
    assert FederatedIdentity.objects.get().issuer == f"{acme.directory}/oidc"
    save_oidc_settings(
        provider=acme.oidc,
        actor=OPERATOR,
        values=OidcValues(
            issuer=f"{acme.directory}/oidc", client_id="acme-client", client_secret="a-secret-for-tests"
        ),
    )
    assert refused_for(sign_in(new_browser(), OIDC, person="noah@acme.example")) == "identity.suspended"


def test_identity_whose_issuer_is_another_now_is_refused_and_audited(
    acme: Company, browser: PersonBrowser
) -> None:
    # V-1: compared, never searched by
    sign_in(browser, SAML)
    browser.post("/logout/", {})
    FederatedIdentity.objects.update(issuer="https://another.example/")
    assert refused_for(sign_in(browser, SAML)) == "identity.issuer_changed"
    assert browser.me() == {"authenticated": False}


def test_identity_of_another_tenant_is_refused_though_its_subject_is_the_same(
    acme: Company, browser: PersonBrowser
) -> None:
    # V-1: any tenant may type any name
    sign_in(browser, SAML)
    browser.post("/logout/", {})
    FederatedIdentity.objects.update(tenant_id="66666666-6666-4666-8666-666666666666")
    assert refused_for(sign_in(browser, SAML)) == "identity.issuer_changed"
    assert browser.me() == {"authenticated": False}


def test_draft_provider_signs_nobody_in(acme: Company, browser: PersonBrowser) -> None:
    # V-18
    IdentityProvider.objects.filter(slug="acme-saml").update(state="draft")
    page = browser.open(SAML)
    assert refused_for(page) == "provider.not_enabled"


def test_attempt_that_was_made_to_test_opens_no_session(acme: Company, browser: PersonBrowser) -> None:
    # V-18
    from sso.models import Purpose, SignInAttempt

    answer = answer_of(browser, SAML)
    SignInAttempt.objects.update(purpose=Purpose.TEST)
    assert browser.submit(answer).status == 404  # its result is for the admin who began it
    assert not UserSession.objects.exists()
    assert not User.objects.exists()


def test_real_sign_in_proves_the_settings_that_it_began_with_and_no_newer_ones(
    acme: Company, browser: PersonBrowser
) -> None:
    # L-8, V-18
    def proven() -> bool:
        provider = IdentityProvider.objects.get(slug="acme-saml")
        return provider.proven_version == provider.version

    assert not proven()
    sign_in(browser, SAML)
    assert proven()
    providers.update_provider(provider=acme.saml, actor=OPERATOR, values={"group_sync": False})
    assert not proven()
    browser.post("/logout/", {})
    answer = answer_of(browser, SAML)
    providers.update_provider(provider=acme.saml, actor=OPERATOR, values={"group_sync": True})
    browser.submit(answer)
    assert browser.me()["authenticated"] is True
    assert not proven()
