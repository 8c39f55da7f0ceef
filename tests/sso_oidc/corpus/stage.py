"""Where the corpus plays: two customers with a provider each, and what "refused" and "signs in" mean.

Refused: a page with a track ID and nothing of what the browser brought, which leads to the case's one code in the audit
trail or the failure log; no person, identity or session more than before; and Bea, whose browser it happened in, is
still signed in as Bea.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.test import Client, override_settings

from accounts import lifecycle
from accounts.models import EmailDomain
from audit.actors import configuration
from audit.models import FailureLogEntry
from foundation.http import OutboundCode
from sso import providers
from sso.models import ProtocolName, Vendor
from sso_oidc.configuration import OidcValues, save_oidc_settings
from sso_oidc.models import OidcSettings
from tests.journeys.person_browser import Page
from tests.journeys.seen import reasons, track_id_of, written
from tests.sso_oidc.corpus.case import Case, Hook, Variant, Way, nothing
from tests.sso_oidc.corpus.provider import SECRET, AuthorizingProvider
from tests.sso_oidc.corpus.scene import ACME, GLOBEX, Scene, new_browser

OPERATOR = configuration("tests")
BEA = "bea@acme.example"
EMMA = "emma@acme.example"  # pushed by the directory, never signed in
SLOWEST = 12.0  # seconds
# What a refusal may leave behind; the sign-in itself was begun before.
_LEFT_BEHIND = {
    "audit.FailureLogEntry",
    "audit.AuditEvent",
    "sso.ParkedAnswer",
    "sso.SignInAttempt",
}


@dataclass
class Stage:
    """Both providers, and Bea's cookies."""

    acme: AuthorizingProvider
    globex: AuthorizingProvider
    cookies: dict[str, str]

    def bea(self) -> Client:
        """Bea's browser."""
        browser = new_browser()
        for name, value in self.cookies.items():
            browser.cookies[name] = value
        return browser


@contextmanager
def standing_stage() -> Iterator[Stage]:
    """Make both customers; they are gone with the caller's transaction."""
    with ExitStack() as stack:
        acme, globex = (stack.enter_context(AuthorizingProvider()) for _ in range(2))
        allowed = acme.server.allowed | globex.server.allowed
        stack.enter_context(override_settings(BROKER_NETWORK_ALLOW_LIST=allowed))
        for slug, provider in ((ACME, acme), (GLOBEX, globex)):
            _found(slug, provider)
        yield Stage(acme, globex, _sign_bea_in(acme, globex))


def _found(slug: str, idp: AuthorizingProvider) -> None:
    account = lifecycle.create_account(actor=OPERATOR, slug=slug, name=slug.title(), sso_module=True)
    lifecycle.verify_domain(
        account=account,
        actor=OPERATOR,
        domain=f"{slug}.example",
        method=EmailDomain.Method.OPERATOR,
    )
    provider = providers.create_provider(
        actor=OPERATOR,
        slug=slug,
        name=f"{slug.title()} directory",
        protocol=ProtocolName.OIDC,
        vendor=Vendor.OTHER,
        account=account,
    )
    values = OidcValues(issuer=idp.issuer, client_id=idp.client_id, client_secret=SECRET, flow="code")
    save_oidc_settings(provider=provider, actor=OPERATOR, values=values)
    providers.enable_provider(provider=provider, actor=OPERATOR)
    values = lifecycle.PersonChanges(user_name=f"emma@{slug}.example", email=f"emma@{slug}.example")
    lifecycle.provision_user(account=account, actor=OPERATOR, values=values)


def _sign_bea_in(acme: AuthorizingProvider, globex: AuthorizingProvider) -> dict[str, str]:
    scene = Scene(Way.CODE, acme, globex, new_browser())
    acme.person = BEA
    page = scene.play()
    assert email_of(scene.browser) == BEA, page.words
    return {name: morsel.value for name, morsel in scene.browser.cookies.items()}


def email_of(browser: Client) -> str | None:
    """Whom the browser is signed in as."""
    me = browser.get("/api/me").json()
    return str(me["email"]) if me["authenticated"] else None


def set_up(stage: Stage, way: Way, settings: Mapping[str, Any], hook: Hook, browser: Client) -> Scene:
    """Make both providers honest again, set ours as the case wants it, and let the hook spoil what it spoils."""
    cache.clear()
    for provider in (stage.acme, stage.globex):
        provider.behave()
    OidcSettings.objects.update(flow=way.flow)
    if settings:
        OidcSettings.objects.filter(provider__slug=ACME).update(**settings)
    scene = Scene(way, stage.acme, stage.globex, browser)
    hook(scene)
    return scene


def refused(case: Case, way: Way, stage: Stage) -> Scene:
    """Play the defect."""
    browser = stage.bea()
    scene = set_up(stage, way, case.settings, case.spoil, browser)
    page = scene.play()
    wanted = case.codes.get(way, case.code)
    found = reason_of(page, down=case.down)
    assert found == wanted, f"refused for {found}, not {wanted}"
    shown = [
        value
        for value in scene.sent
        if value in page.text or any(value in each for each in page.headers.values())
    ]
    assert shown == [], f"reflected: {shown}"
    assert set(written(scene.before)) <= _LEFT_BEHIND, written(scene.before)
    assert email_of(browser) == BEA, "the session that was there is gone"
    assert scene.slowest < SLOWEST, f"{scene.slowest:.1f} s"
    case.look(scene)
    return scene


def reason_of(page: Page, *, down: bool = False) -> str:
    """Return why a page was refused; never a 5xx.

    Where the provider is ``down`` the page may say so with 503 and when to come back; the reason is then the trouble on
    the way, which the failure log has.
    """
    assert 400 <= page.status < 500 or (down and page.status == 503), f"{page.status}: {page.text[:500]}"
    assert "Traceback" not in page.text
    track_id = track_id_of(page)
    found = reasons(track_id)
    assert found, f"nothing found for {track_id}"
    if page.status != 503:
        return found[-1]
    assert found[-1] == "provider.unreachable"
    assert int(page.headers["Retry-After"]) > 0
    said = FailureLogEntry.objects.get(track_id=track_id).message
    trouble = [code.value for code in OutboundCode if code.value in said]
    assert len(trouble) == 1, said
    return trouble[0]


def welcome(variant: Variant, way: Way, stage: Stage) -> Scene:
    """Play an honest answer: it signs the right person in."""
    return _signs_in(stage, way, variant.settings, variant.behave, variant.person, variant.look)


def twin_signs_in(case: Case, way: Way, stage: Stage) -> Scene:
    """Play the twin of a case."""
    return _signs_in(stage, way, case.settings, case.twin, case.person, nothing)


def _signs_in(
    stage: Stage, way: Way, settings: Mapping[str, Any], hook: Hook, person: str, look: Hook
) -> Scene:
    scene = set_up(stage, way, settings, hook, new_browser())
    page = scene.play()
    assert email_of(scene.browser) == person, f"{page.status} {page.words[:300]} {_said(page)}"
    assert scene.slowest < SLOWEST
    look(scene)
    return scene


def _said(page: Page) -> list[str]:
    return reasons(page.headers.get("X-Track-Id", ""))
