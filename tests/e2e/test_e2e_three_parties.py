"""An attacker between a person and their sign-in: nobody becomes somebody else (design rule 7, V-16, V-17)."""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Route

from tests.e2e.conftest import NewVisitor
from tests.e2e.expectations import assert_signed_in_as_nobody
from tests.e2e.visitor import OIDC, SAML, Employee

pytestmark = pytest.mark.browser

STARTS = pytest.mark.parametrize(
    ("start", "arrives_at", "handle"),
    [(SAML, "/sso/saml/acme-saml/", "RelayState"), (OIDC, "/sso/oidc/acme-oidc/callback", "state")],
    ids=["saml", "hybrid"],
)


@STARTS
def test_answer_that_another_browser_delivers_signs_in_neither_of_the_two(
    new_visitor: NewVisitor, start: str, arrives_at: str, handle: str
) -> None:
    # V-16, V-17: A starts, B's browser delivers B's valid answer to A's attempt, A continues
    attacker, victim = new_visitor(), new_visitor()
    attacker.open(start)
    lure = attacker.page.url  # A's request, sent to B as a link to B's own identity provider

    bea = Employee("Bea")
    victim.open(lure)
    victim.say_who(bea)
    victim.go_on()
    delivered = victim.page.url
    assert "/sso/continue/?code=" in delivered  # the answer was good: it was verified and parked
    assert_signed_in_as_nobody(victim)

    attacker.open(delivered)  # even if A looked over B's shoulder and typed the one-time code
    assert_signed_in_as_nobody(attacker)

    victim.sign_in(bea, start)
    assert victim.me()["user_name"] == bea.email


@STARTS
def test_attackers_own_answer_does_not_sign_the_victim_in_as_the_attacker(
    new_visitor: NewVisitor, start: str, arrives_at: str, handle: str
) -> None:
    # V-16: a person who works in the attacker's session would hand over what they enter there
    attacker, victim = new_visitor(), new_visitor()
    kept: list[dict[str, str]] = []

    def keep(route: Route) -> None:
        kept.append(dict(parse_qsl(route.request.post_data or "", keep_blank_values=True)))
        route.fulfill(body="kept", content_type="text/plain")

    attacker.open(start)
    attacker.page.route(f"{attacker.product.url}{arrives_at}", keep)
    attacker.say_who(Employee("Mallory"))
    attacker.go_on()
    (answer,) = kept

    action = f"{victim.product.url}{arrives_at}"
    fields = "".join(f'<input name="{name}" value="{escape(value)}">' for name, value in answer.items())
    trap = f'<form method="post" action="{action}">{fields}<button>You have won</button></form>'
    victim.page.route("**/prize", lambda route: route.fulfill(body=trap, content_type="text/html"))
    victim.open(f"{victim.product.provider_url}/prize")
    victim.follow(victim.page.get_by_text("You have won"))
    victim.page.wait_for_url(f"{victim.product.url}/**")
    assert_signed_in_as_nobody(victim)


@STARTS
def test_answer_under_another_persons_handle_is_refused_and_ends_nothing(
    new_visitor: NewVisitor, start: str, arrives_at: str, handle: str
) -> None:
    # V-16, S-8, O-6: the request's own id (InResponseTo, nonce) and RelayState or state must name one attempt
    attacker, victim = new_visitor(), new_visitor()
    victim.open(start)
    theirs = dict(parse_qsl(urlsplit(victim.page.url).query))[handle]

    def swap(route: Route) -> None:
        fields = dict(parse_qsl(route.request.post_data or "", keep_blank_values=True))
        assert fields[handle] != theirs
        route.continue_(post_data=urlencode({**fields, handle: theirs}))

    attacker.open(start)
    attacker.page.route(f"{attacker.product.url}{arrives_at}", swap)
    attacker.say_who(Employee("Mallory"))
    attacker.go_on()
    assert attacker.status == 400
    assert_signed_in_as_nobody(attacker)

    vera = Employee("Vera")
    victim.say_who(vera)
    victim.go_on()
    assert victim.me()["user_name"] == vera.email
