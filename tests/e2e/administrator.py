"""An admin at the administration: what they look for, click and read there."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin

from tests.e2e.visitor import Visitor


@dataclass
class Administrator:
    """A visitor who is signed in as an admin."""

    visitor: Visitor

    def open(self, where: str) -> None:
        """Go to a list or form below ``/admin/``."""
        self.visitor.open(f"/admin/{where}")
        assert self.visitor.status == 200, self.visitor.words[:300]

    def search(self, where: str, text: str) -> str:
        """Type ``text`` into a list's search field and return the rows that come up, as text in lower case."""
        page = self.visitor.page
        self.open(where)
        page.locator("#searchbar").fill(text)
        page.locator("#searchbar").press("Enter")
        page.wait_for_url("**/?*q=*")
        return " ".join(" ".join(page.locator("#result_list tbody").all_inner_texts()).lower().split())

    def open_person(self, email: str) -> None:
        """Find a person by their e-mail and open their page."""
        assert email in self.search("accounts/user/", email)
        link = self.visitor.page.locator("#result_list a[href*='/change/']").first
        self.visitor.open(urljoin(self.visitor.page.url, link.get_attribute("href") or ""))

    def give_space_role(self, space: str, role: str) -> None:
        """On a person's page: add a role in a space and save."""
        page = self.visitor.page
        page.locator("#tabs-items").get_by_text("Spaces", exact=True).click()
        page.get_by_text("Add another").locator("visible=true").first.click()
        page.locator("select[name$='-space']").locator("visible=true").last.select_option(label=space)
        page.locator("select[name$='-role']").locator("visible=true").last.select_option(label=role)
        self.visitor.follow(page.locator("button[name=_continue]"))
        assert "was changed successfully" in self.visitor.words


def sign_in_as_admin(visitor: Visitor, account: str, credentials: tuple[str, str]) -> Administrator:
    """Sign in with a password on the account's page (``""``: the deployment's general one)."""
    visitor.sign_in_with_password(account, *credentials)
    visitor.page.wait_for_url(f"{visitor.product.url}/")
    return Administrator(visitor)
