"""Back-channel logout by a provider of many Entra tenants: each reaches its own people alone (O-3, O-7, V-6)."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import UserSession
from sso import providers
from sso.models import IdentityProvider, ProtocolName, Vendor
from sso_oidc.configuration import OidcValues, save_oidc_settings
from tests.journeys.person_browser import Page, PersonBrowser
from tests.sso_oidc.misbehaving_provider import CLIENT_ID, OTHER_RSA, RSA, public, sign
from tests.sso_oidc.signing_in import ANONYMOUS, Scene, post_form
from tests.sso_oidc.test_backchannel_logout import reason
from tests.worlds import OPERATOR

OURS = "abcdabcd-2222-4333-8444-555555555555"
THEIRS = "99999999-2222-4333-8444-555555555555"


@pytest.fixture
def entra(scene: Scene, browser: PersonBrowser) -> Scene:
    """The deployment's Entra provider, and Mia of our tenant, whose session it began."""
    scene.sign_in(browser)
    base = scene.idp.issuer
    scene.idp.document["issuer"] = f"{base}/{{tenantid}}/v2.0"
    document = scene.idp.server.routes["/.well-known/openid-configuration"]
    scene.idp.server.routes["/organizations/v2.0/.well-known/openid-configuration"] = document
    scene.announce()
    template = f"{base}/{{tenantid}}/v2.0"
    ours = public(RSA, issuer=template)["keys"]
    scene.idp.jwks = {"keys": [*ours, *public(OTHER_RSA, issuer=f"{base}/{THEIRS}/v2.0")["keys"]]}
    provider = providers.create_provider(
        actor=OPERATOR, slug="entra", name="Entra", protocol=ProtocolName.OIDC, vendor=Vendor.ENTRA
    )
    values = OidcValues(
        issuer=f"{base}/organizations/v2.0", client_id="entra-client", client_secret="not-used", flow="hybrid"
    )
    save_oidc_settings(provider=provider, actor=OPERATOR, values=values)
    providers.enable_provider(provider=provider, actor=OPERATOR)
    assert IdentityProvider.objects.get(slug="entra").is_shared
    UserSession.objects.update(provider_id=provider.pk, subject=f"{OURS}|0a0a0a0a")
    return Scene(scene.world, scene.idp, "entra")


def tell(scene: Scene, tenant: str, *, key: Any = RSA, **changes: Any) -> Page:
    issuer = f"{scene.idp.issuer}/{tenant}/v2.0"
    claims = scene.logout_claims(**{"iss": issuer, "tid": tenant, "aud": "entra-client", **changes})
    return post_form(scene.path("backchannel-logout"), {"logout_token": sign(claims, key, typ="logout+jwt")})


@pytest.mark.parametrize("named", [{}, {"sub": ...}, {"sid": ...}], ids=["sid and sub", "sid", "sub"])
def test_tenant_ends_its_own_persons_session_and_no_other_tenants(
    entra: Scene, browser: PersonBrowser, named: dict[str, Any]
) -> None:
    # V-6: any tenant may write any sid and sub
    assert tell(entra, THEIRS, **named).status == 200
    assert browser.me()["authenticated"] is True
    assert tell(entra, OURS, **named).status == 200
    assert browser.me() == ANONYMOUS


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"tid": THEIRS}, "oidc.issuer"),
        ({"tid": ...}, "oidc.issuer"),
        ({"tid": OURS.upper()}, "oidc.issuer"),
        ({"tid": "{tenantid}", "iss": "template"}, "oidc.issuer"),
        ({"key": OTHER_RSA}, "oidc.issuer"),
        ({"aud": CLIENT_ID}, "oidc.audience"),
    ],
    ids=["another tid", "no tid", "tid in capitals", "the template", "another tenant's key", "audience"],
)
def test_tenant_is_proven_by_issuer_tid_and_key_together(
    entra: Scene, browser: PersonBrowser, changes: dict[str, Any], code: str
) -> None:
    # O-3
    if changes.get("iss") == "template":
        changes = {**changes, "iss": entra.idp.document["issuer"]}
    assert reason(tell(entra, OURS, **changes)) == code
    assert browser.me()["authenticated"] is True
    assert tell(entra, OURS).status == 200
    assert browser.me() == ANONYMOUS
