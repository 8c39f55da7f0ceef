"""What several journeys end in, asserted in one place."""

from __future__ import annotations

from tests.e2e.visitor import ENGINEERS, ON_CALL, Employee, Visitor


def assert_access_of(visitor: Visitor, employee: Employee, provider: str) -> None:
    """Everything that ``/api/me`` says after a first sign-in with the claims of ``Employee``."""
    me = visitor.me()
    assert me["authenticated"] is True
    assert (me["user_name"], me["email"]) == (employee.email, employee.email)
    assert (me["given_name"], me["family_name"]) == (employee.given_name, employee.family_name)
    assert (me["display_name"], me["timezone"], me["status"]) == (
        employee.display_name,
        "Europe/Berlin",
        "active",
    )
    assert me["account"] == {"slug": "acme", "name": "Acme Corp"}
    assert me["account_roles"] == [{"name": "Member", "source": "claims"}]
    spaces = {space["name"]: space["roles"] for space in me["spaces"]}
    assert spaces["Trial"] == [{"name": "Space Member", "source": "claims"}]
    # The group Engineers grants the same role in DevOps once more (G-8).
    assert {"name": "Space Developer", "source": "claims"} in spaces["DevOps"]
    assert {role["name"] for role in spaces["DevOps"]} == {"Space Developer"}
    assert set(spaces) == {"Trial", "DevOps"}
    assert {(group["name"], group["idp_identifier"], group["source"]) for group in me["groups"]} == {
        ("Engineers", ENGINEERS, "claims"),
        ("On Call", ON_CALL, "claims"),
    }
    assert me["session"]["identity_provider"] == provider
    assert me["session"]["expires_at"]


def assert_signed_in_as_nobody(visitor: Visitor) -> None:
    """The page is the one of L-11, and the browser has no session."""
    assert "Something went wrong" in visitor.words
    assert visitor.ask_me() == (401, {"authenticated": False})
