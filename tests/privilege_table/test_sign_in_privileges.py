"""What a sign-in's claims change of a person's rights, whatever their provider says (V-2, V-3, V-8)."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import BuiltInAccountRole, Kind, User
from accounts.sources import Source
from spaces import tenants
from sso.models import FederatedIdentity, Vendor
from tests.journeys.conftest import MIA, OPERATOR, Company, found_company
from tests.journeys.conftest import idp as idp
from tests.journeys.person_browser import PersonBrowser, sign_in
from tests.journeys.seen import SAML, refused_for
from tests.privilege_table.cells import powerful

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(db: None, idp: Any, settings: Any) -> Company:
    """Acme, at whose provider people may say what they like."""
    settings.BROKER_NETWORK_ALLOW_LIST = frozenset({("127.0.0.1", idp.port)})
    return found_company("acme", idp, Vendor.ENTRA)


def mia(company: Company, role: BuiltInAccountRole | None = None) -> User:
    """Mia, who came once; made an admin afterwards if asked."""
    sign_in(PersonBrowser(), SAML)
    user = User.objects.for_account(company.account).get(user_name=MIA.user_name)
    if role is not None:
        held = account_role_named(company.account, role)
        lifecycle.grant_account_role(user=user, role=held, actor=OPERATOR, source=Source.MANUAL)
    return user


def mapping_of(company: Company) -> None:
    role = account_role_named(company.account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    tenants.save_mapping_role(
        account=company.account,
        actor=OPERATOR,
        name="bosses",
        account_roles=frozenset({role}),
        space_roles={},
    )


def test_claim_makes_nobody_an_admin_while_authorization_is_off(
    company: Company, record_property: Any
) -> None:
    # V-8, R-2
    mapping_of(company)
    user = mia(company)
    for claim in (
        {"role_mapping": "bosses"},
        {"space_role": "SSO Account Admin"},
        {"groups": "SSO Account Admin"},
    ):
        sign_in(PersonBrowser(), SAML, **claim)
        assert powerful(user) == set(), claim
    record_property("privilege_cells", ("sign-in", 0, 3))


def test_mapping_role_makes_an_admin_where_authorization_is_on(
    company: Company, record_property: Any
) -> None:
    # V-8, R-2
    mapping_of(company)
    user = mia(company)
    lifecycle.update_account(account=company.account, actor=OPERATOR, values={"sso_authorization": True})
    sign_in(PersonBrowser(), SAML, role_mapping="bosses")
    assert powerful(user) == {"sso_account_admin"}
    record_property("privilege_cells", ("sign-in", 1, 0))


@pytest.mark.parametrize(
    ("role", "taken"),
    [(None, True), (BuiltInAccountRole.ACCOUNT_ADMIN, True), (BuiltInAccountRole.SSO_ACCOUNT_ADMIN, False)],
    ids=["a member", "an account admin", "an SSO account admin"],
)
def test_claim_gives_another_address_to_all_but_sso_admins(
    company: Company, role: BuiltInAccountRole | None, taken: bool, record_property: Any
) -> None:
    # V-8, J-3
    user = mia(company, role)
    sign_in(PersonBrowser(), SAML, email="other@acme.example")
    user.refresh_from_db()
    assert (user.email == "other@acme.example") is taken
    record_property("privilege_cells", ("sign-in", int(taken), int(not taken)))


@pytest.mark.parametrize("kind", [Kind.OPERATOR, Kind.STAFF])
def test_claim_signs_in_nobody_above_accounts(company: Company, kind: Kind, record_property: Any) -> None:
    # V-2
    values = lifecycle.PersonChanges(user_name=MIA.user_name, email=MIA.email)
    lifecycle.create_user(actor=OPERATOR, kind=kind, values=values)
    page = sign_in(PersonBrowser(), SAML)
    assert refused_for(page) == "match.reserved"
    assert not FederatedIdentity.objects.exists()
    record_property("privilege_cells", ("sign-in", 0, 1))


@pytest.mark.parametrize("role", [BuiltInAccountRole.ACCOUNT_ADMIN, BuiltInAccountRole.SSO_ACCOUNT_ADMIN])
def test_claim_binds_no_admin_who_did_not_prove_it(
    company: Company, role: BuiltInAccountRole, record_property: Any
) -> None:
    # V-3, V-8
    values = lifecycle.PersonChanges(user_name=MIA.user_name, email=MIA.email)
    user = lifecycle.create_user(actor=OPERATOR, account=company.account, values=values)
    held = account_role_named(company.account, role)
    lifecycle.grant_account_role(user=user, role=held, actor=OPERATOR, source=Source.MANUAL)
    assert refused_for(sign_in(PersonBrowser(), SAML)) == "link.needs_proof"
    assert not FederatedIdentity.objects.exists()
    record_property("privilege_cells", ("sign-in", 0, 1))
