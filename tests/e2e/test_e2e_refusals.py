"""What people read when a sign-in does not work, and what their admin finds under the track ID."""

from __future__ import annotations

import re
from html import escape

import pytest

from tests.e2e.administrator import sign_in_as_admin
from tests.e2e.conftest import NewVisitor
from tests.e2e.running_product import ADA, GUS
from tests.e2e.visitor import OIDC, SAML, Employee, Visitor

pytestmark = pytest.mark.browser

TRACK_ID = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
NO_EMAIL = "Account in Acme Corp's identity provider (Acme Entra) does not have an associated email address."


def post_from_elsewhere(visitor: Visitor, path: str, **fields: str) -> None:
    """Have the browser post a form from another site."""
    action = f"{visitor.product.url}{path}"
    inputs = "".join(f'<input name="{name}" value="{escape(value)}">' for name, value in fields.items())
    form = f'<form method="post" action="{action}">{inputs}<button>Send</button></form>'
    visitor.page.route("**/elsewhere", lambda route: route.fulfill(body=form, content_type="text/html"))
    visitor.open(f"{visitor.product.provider_url}/elsewhere")
    visitor.follow(visitor.page.get_by_text("Send"))
    visitor.page.wait_for_url(action)


def test_person_without_email_reads_what_to_do_and_the_admin_finds_it_by_track_id(
    new_visitor: NewVisitor,
) -> None:
    # L-10, A-4
    omar = new_visitor()
    omar.open(SAML)
    omar.page.select_option("#person", label="Omar Haddad (omar@acme.example)")
    assert omar.page.locator("#leave_out_email").is_checked()
    omar.go_on()
    assert omar.status == 403
    assert NO_EMAIL in omar.words
    assert omar.ask_me() == (401, {"authenticated": False})
    track_id = omar.track_id()
    assert TRACK_ID.fullmatch(track_id)
    omar.follow(omar.page.get_by_role("link", name="Start again"))
    assert omar.page.title() == "Sign in to Acme Corp · Identity Broker"

    ada = sign_in_as_admin(new_visitor(), "acme", ADA)
    found = ada.search("audit/auditevent/", track_id.lower())  # as it was read out over the phone
    assert "no_email" in found
    assert "acme entra" in found
    gus = sign_in_as_admin(new_visitor(), "globex", GUS)
    assert gus.search("audit/auditevent/", track_id) == ""


@pytest.mark.parametrize("button", ["decline", "not_assigned"])
@pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "hybrid"])
def test_person_whom_the_identity_provider_turned_away_reads_why(
    visitor: Visitor, start: str, button: str
) -> None:
    # L-10, O-4
    visitor.open(start)
    visitor.follow(visitor.page.locator(f"#{button}"))
    visitor.page.wait_for_url(f"{visitor.product.url}/**")
    told = {
        "decline": (
            "To login to Identity Broker using your Microsoft Entra ID account, you have to consent to permissions "
            "requested by Identity Broker."
        ),
        "not_assigned": (
            "You are not assigned to Identity Broker in Acme Corp's identity provider. "
            "Ask your administrator for access."
        ),
    }
    assert told[button] in visitor.words
    assert 400 <= visitor.status < 500


def test_answer_that_is_garbage_shows_a_track_id_and_nothing_else_and_the_admin_finds_it(
    new_visitor: NewVisitor,
) -> None:
    # L-11, A-4, V-21
    stranger = new_visitor()
    post_from_elsewhere(stranger, SAML, SAMLResponse="bm90IFhNTA==", RelayState="x")
    assert stranger.status == 400
    track_id = stranger.track_id()
    assert TRACK_ID.fullmatch(track_id)
    shown = stranger.page.locator("main").inner_text().split("\n")
    assert [line for line in shown if line.strip()] == [
        "Something went wrong",
        "Track ID",
        track_id,
        "Support: support@localhost",
    ]

    ada = sign_in_as_admin(new_visitor(), "acme", ADA)
    found = ada.search("audit/failurelogentry/", track_id)
    assert track_id.lower() in found
    assert "saml." in found  # why, which the page did not say


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/sso/saml/no-such-provider/", 404),
        ("/sso/oidc/no-such-provider/login", 404),
        ("/sso/continue/?code=made-up", 400),
        ("/no/such/page", 404),
    ],
)
def test_address_that_leads_nowhere_shows_a_page_with_a_track_id(
    visitor: Visitor, path: str, status: int
) -> None:
    # L-11
    visitor.open(path)
    assert visitor.status == status
    assert TRACK_ID.fullmatch(visitor.track_id())
    assert "Traceback" not in visitor.words


def test_disabled_cookies_are_told_and_nobody_is_signed_in(visitor: Visitor) -> None:
    # V-16: the browser that continues must be the one that began
    visitor.open(SAML)
    visitor.context.clear_cookies()
    visitor.say_who(Employee("Mia"))
    visitor.go_on()
    assert visitor.status == 400
    assert visitor.ask_me() == (401, {"authenticated": False})
