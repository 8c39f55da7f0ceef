"""The code flow with PKCE, whose answer is a redirect: Chromium sends the Lax cookie with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import NewVisitor
from tests.e2e.expectations import assert_access_of, assert_signed_in_as_nobody
from tests.e2e.running_product import RunningProduct
from tests.e2e.visitor import OIDC, Employee, Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True, scope="module")
def _code_flow(product: RunningProduct) -> Iterator[None]:
    """Acme's OpenID Connect provider, which the demo has in the hybrid flow."""
    as_shipped = product.places.configuration.read_text(encoding="utf-8")
    assert as_shipped.count("flow: hybrid") == 1
    product.configure("code-flow.yaml", as_shipped.replace("flow: hybrid", "flow: code"))
    yield
    product.configure("hybrid-flow.yaml", as_shipped)


def test_code_flow_signs_in_as_hybrid_does(visitor: Visitor) -> None:
    # O-1, O-6
    mia = Employee("Mia")
    visitor.sign_in(mia, OIDC)
    assert_access_of(visitor, mia, "acme-oidc")
    (callback,) = [each for each in visitor.requests if "/sso/oidc/acme-oidc/callback" in each.url]
    assert callback.method == "GET"
    (asked,) = [each.url for each in visitor.requests if "/oidc/authorize?" in each.url]
    assert "response_type=code&" in f"{asked}&"
    assert "code_challenge_method=S256" in asked


def test_code_that_another_browser_delivers_signs_in_neither_of_the_two(new_visitor: NewVisitor) -> None:
    # V-16, V-17: A starts, B's browser brings B's code to A's attempt, A continues
    attacker, victim = new_visitor(), new_visitor()
    attacker.open(OIDC)
    lure = attacker.page.url
    bea = Employee("Bea")
    victim.open(lure)
    victim.say_who(bea)
    victim.go_on()
    assert_signed_in_as_nobody(victim)
    attacker.open(victim.page.url)  # even if B was talked into sending the address of the page
    assert_signed_in_as_nobody(attacker)
    victim.sign_in(bea, OIDC)
    assert victim.me()["user_name"] == bea.email
