"""An SSO account admin whose company's sign-in is down gets back in by mail, and does so once (L-9, V-15)."""

from __future__ import annotations

import email
import email.policy
import re
import time
from email.message import EmailMessage

import pytest
import requests

from tests.e2e.conftest import NewVisitor
from tests.e2e.running_product import RunningProduct
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.browser

RITA, PAUL = "rita@initech.example", "paul@initech.example"
PRIVATE = "rita@private.example"
INITECH = f"""
accounts:
  - slug: initech
    name: Initech
    email_domains: [initech.example]
    sso_policy: mandatory
    sso_module: true
    users:
      - {{user_name: {RITA}, given_name: Rita, family_name: Roth, account_roles: [SSO Account Admin]}}
      - {{user_name: {PAUL}, given_name: Paul, account_roles: [SSO Account Admin]}}
"""
# As if she had confirmed it four days ago: how that is done, journeys tell; nobody waits for 72 hours here.
RESTED = f"""
from datetime import timedelta
from django.utils import timezone
from accounts.models import User
then = timezone.now() - timedelta(days=4)
User.objects.filter(user_name="{RITA}").update(
    recovery_email="{PRIVATE}", recovery_email_confirmed_at=then, recovery_email_changed_at=then)
"""


def mails_to(product: RunningProduct, address: str) -> list[EmailMessage]:
    """Return the mails that the worker wrote for an address, oldest first."""
    files = sorted(product.places.mails.glob("*.log"), key=lambda file: file.stat().st_mtime)
    texts = [text for file in files for text in re.split(r"^-{70,}\n", file.read_text("utf-8"), flags=re.M)]
    mails = [email.message_from_string(text, policy=email.policy.default) for text in texts if text.strip()]
    return [mail for mail in mails if isinstance(mail, EmailMessage) and mail["To"] == address]


def wait_for_mail(product: RunningProduct, address: str, subject: str) -> EmailMessage:
    """Return the newest mail with these words in its subject, as soon as the worker has sent it."""
    deadline = time.monotonic() + 60
    while True:
        found = [mail for mail in mails_to(product, address) if subject in mail["Subject"]]
        if found:
            return found[-1]
        assert time.monotonic() < deadline, f"no mail {subject!r} for {address}"
        time.sleep(0.2)


def wait_until_told(product: RunningProduct, words: str) -> None:
    """Return when `make run` has said so at the terminal."""
    deadline = time.monotonic() + 10
    while words not in product.said.read_text(encoding="utf-8"):
        assert time.monotonic() < deadline, product.said.read_text(encoding="utf-8")
        time.sleep(0.2)


@pytest.fixture(scope="module")
def initech(product: RunningProduct) -> RunningProduct:
    """A company that signs in by single sign-on only, and has none that works."""
    product.configure("initech.yaml", INITECH)
    product.manage("shell", "-c", RESTED)
    return product


def test_admin_gets_back_in_by_mail_past_mandatory_single_sign_on(
    initech: RunningProduct, visitor: Visitor, new_visitor: NewVisitor
) -> None:
    # L-9, L-3, V-15, V-24
    page = visitor.page
    visitor.open("/login/initech/")
    assert page.get_by_label("Password").count() == 0
    visitor.open("/recovery-access/")
    visitor.picture("recovery-ask")
    page.get_by_label("Work e-mail").fill(RITA)
    visitor.follow(page.get_by_role("button", name="Send the link"))
    assert "Look into your recovery mailbox" in visitor.words
    visitor.picture("recovery-asked")
    letter = wait_for_mail(initech, PRIVATE, "recovery link")
    wait_until_told(initech, f"Mail to {PRIVATE}: ")
    (link,) = re.findall(r"http://localhost:\S+", letter.get_content())
    assert "recovery access was asked for" in wait_for_mail(initech, PAUL, "was asked for")["Subject"]

    scanner = requests.Session()  # a mail scanner is faster than a person
    assert scanner.head(link, timeout=20).status_code == 303
    assert "Sign in now" in scanner.get(link, timeout=20).text

    visitor.open(link)
    assert page.url == f"{initech.url}/recovery-access/enter/"  # the token is in no address any more
    assert f"Sign in to Initech as {RITA}" in visitor.words
    assert visitor.overflow() <= 0
    visitor.picture("recovery-button")
    visitor.follow(page.get_by_role("button", name="Sign in now"))
    page.wait_for_url(f"{initech.url}/admin/")
    visitor.open("/")
    assert visitor.me()["user_name"] == RITA
    assert "by recovery access" in visitor.words
    visitor.picture("recovery-signed-in")
    used = wait_for_mail(initech, PAUL, "recovery access was used in Initech")
    assert f"{RITA} signed in to Initech" in used.get_content()

    thief = new_visitor()
    thief.open(link)
    assert thief.status == 400
    assert "This link can't be used" in thief.words
    thief.picture("recovery-used-already")
    assert thief.ask_me()[0] == 401
