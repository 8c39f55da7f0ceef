"""What happens while a person is asked "You are X in A; continue as Y in B?" counts when they go on (V-17, V-19)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from simulator.oidc_logout import logout_token
from sso import providers
from tests.journeys.conftest import OPERATOR, Company
from tests.journeys.logouts import SLO, LogoutRecipe, key_of
from tests.journeys.person_browser import HOME, Page, PersonBrowser
from tests.journeys.seen import OIDC, SAML, refused_for
from tests.journeys.test_switching_person import ENTRANCES, mia_then_noah
from tests.sso_oidc.signing_in import post_form


def asked_about_noah(
    make_company: Callable[..., Company], browser: PersonBrowser, start: str, flow: str
) -> tuple[Company, Page]:
    """Be signed in as Mia, come back as Noah, and return the company and the question."""
    founded: list[Company] = []

    def keep(*args: object, **values: object) -> Company:
        founded.append(make_company(*args, **values))
        return founded[0]

    question = mia_then_noah(keep, browser, start, flow)
    return founded[0], question


def noah_signs_out_there(company: Company, start: str, *, everywhere: bool) -> None:
    """Let the identity provider say that Noah's newest session, or all of his, ended."""
    site = company.idp.app.sites["acme"]
    if start == SAML:
        indexes = () if everywhere else (site.sessions.all()[0].index,)
        recipe = LogoutRecipe(key_of(site.saml_key), site.urls.entity_id, name_id="noah@acme.example")
        PersonBrowser()._get(f"{HOME}{SLO}?{recipe.but(session_indexes=indexes).query()}")
    else:
        token = logout_token(site, site.oidc_sessions.all()[0], everywhere=everywhere)
        assert post_form("/sso/oidc/acme-oidc/backchannel-logout", {"logout_token": token}).status == 200


@pytest.mark.parametrize(
    ("start", "flow", "everywhere"),
    [(SAML, "hybrid", False), (SAML, "hybrid", True), (OIDC, "hybrid", True), (OIDC, "code", False)],
    ids=["saml", "saml everywhere", "hybrid everywhere", "code"],
)
def test_who_signs_out_at_the_provider_before_answering_does_not_come_in(
    make_company: Callable[..., Company], browser: PersonBrowser, start: str, flow: str, everywhere: bool
) -> None:
    # V-19, L-12
    company, question = asked_about_noah(make_company, browser, start, flow)
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=3), tick=True):
        noah_signs_out_there(company, start, everywhere=everywhere)
        said = refused_for(browser.submit(question, choice="continue"))
    assert said in ("saml.logged_out", "oidc.logged_out")
    assert browser.me()["user_name"] == "mia@acme.example"
    assert not User.objects.filter(user_name="noah@acme.example").exists()


@ENTRANCES
def test_provider_that_is_disabled_before_the_answer_lets_nobody_in(
    make_company: Callable[..., Company], browser: PersonBrowser, start: str, flow: str
) -> None:
    # V-17, V-19
    company, question = asked_about_noah(make_company, browser, start, flow)
    provider = company.saml if start == SAML else company.oidc
    providers.disable_provider(provider=provider, actor=OPERATOR)
    assert refused_for(browser.submit(question, choice="continue")) == "provider.not_enabled"
    assert not User.objects.filter(user_name="noah@acme.example").exists()
