"""What vendors make of attributes: repeated names, one value for a list, claim URIs, no NameID (J-1, J-11, G-4)."""

from __future__ import annotations

import pytest
from lxml import etree

from sso.claims import Claims, SubjectSource
from sso.models import IdentityProvider, ProtocolName, Vendor
from sso_saml.claims import claims_of
from sso_saml.errors import RefusalCode, SamlRefusal
from sso_saml.toolkit import validate_response
from tests.sso_saml.forge import ADA, SAML, Recipe, config, expected, saml

WS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
MS = "http://schemas.microsoft.com/identity/claims"
GROUPS_URI = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"


def read(recipe: Recipe, vendor: Vendor = Vendor.OTHER, subject_attribute: str = "") -> Claims:
    provider = IdentityProvider(slug="acme", protocol=ProtocolName.SAML, vendor=vendor)
    return claims_of(validate_response(config(), recipe.post(), expected()), provider, subject_attribute)


def sent(**attributes: tuple[str | None, ...]) -> Recipe:
    return Recipe(attributes=tuple(attributes.items()))


def uris(attributes: dict[str, tuple[str | None, ...]]) -> Recipe:
    return Recipe(attributes=tuple(attributes.items()))


def codes(claims: Claims) -> set[str]:
    return {warning.code for warning in claims.warnings}


def test_one_attribute_element_per_value_adds_up() -> None:
    # Keycloak: <Attribute Name="Role"> for each role
    def repeat(response: etree._Element) -> None:
        statement = next(response.iter(f"{{{SAML}}}AttributeStatement"))
        for role in ("Dev", "Ops", "Dev"):
            saml(saml(statement, "Attribute", Name="role_mapping"), "AttributeValue", role)
        for group in ("Staff", "Readers"):
            saml(saml(statement, "Attribute", Name="groups"), "AttributeValue", group)

    claims = read(Recipe(attributes=(("email", (ADA,)),), before_signing=repeat))
    assert claims.role_mapping == ("Dev", "Ops", "Dev")
    assert claims.groups == ("Staff", "Readers")


def test_semicolons_in_the_only_value_of_groups_separate() -> None:
    # OneLogin
    claims = read(sent(groups=("Staff; Ops;;On Call",)))
    assert claims.groups == ("Staff", "Ops", "On Call")
    assert "groups_split" in codes(claims)


@pytest.mark.parametrize(
    ("vendor", "values"),
    [
        (Vendor.OTHER, ("Staff; Ops", "Readers")),
        (Vendor.OKTA, ("Staff; Ops",)),
        (Vendor.GOOGLE, ("Staff; Ops",)),
    ],
)
def test_semicolons_elsewhere_belong_to_a_name(vendor: Vendor, values: tuple[str, ...]) -> None:
    claims = read(sent(groups=values), vendor)
    assert claims.groups == values
    assert "groups_split" not in codes(claims)


def test_roles_of_a_mapping_are_never_taken_apart() -> None:
    #
    assert read(sent(role_mapping=("a;b", "c,d"))).role_mapping == ("a;b", "c,d")


def test_entras_claim_uris_are_understood() -> None:
    # J-1, J-11, G-4
    claims = read(
        uris(
            {
                f"{MS}/tenantid": ("11111111-2222-4333-8444-555555555555",),
                f"{MS}/objectidentifier": ("A1C3E5F7-0001-4A00-8000-00000000A001",),
                f"{WS}/emailaddress": ("Ada@Acme.example",),
                f"{WS}/givenname": ("Ada",),
                f"{WS}/surname": ("Lovelace",),
                GROUPS_URI: ("5d0e1f2a-0000-4000-8000-000000000001",),
            }
        ),
        Vendor.ENTRA,
    )
    assert claims.subject == "11111111-2222-4333-8444-555555555555|a1c3e5f7-0001-4a00-8000-00000000a001"
    assert claims.email == "Ada@Acme.example"
    assert (claims.given_name, claims.family_name) == ("Ada", "Lovelace")
    assert claims.groups == ("5d0e1f2a-0000-4000-8000-000000000001",)
    assert not claims.groups_overage


def test_entras_link_instead_of_groups_is_overage_and_not_no_groups() -> None:
    # G-5, J-10
    link = "https://graph.windows.net/tenant/users/x/getMemberObjects"
    claims = read(uris({"http://schemas.microsoft.com/claims/groups.link": (link,)}), Vendor.ENTRA)
    assert claims.groups is None
    assert claims.groups_overage


def test_a_groups_attribute_without_values_is_no_groups() -> None:
    # J-10
    claims = read(sent(groups=()))
    assert claims.groups == ()
    assert not claims.groups_overage


@pytest.mark.parametrize(
    "names",
    [
        (f"{WS}/emailaddress", f"{WS}/givenname", f"{WS}/surname", "http://schemas.xmlsoap.org/claims/Group"),
        ("urn:oid:0.9.2342.19200300.100.1.3", "urn:oid:2.5.4.42", "urn:oid:2.5.4.4", "groups"),
        ("urn:oid:1.2.840.113549.1.9.1", "urn:oid:2.5.4.42", "urn:oid:2.5.4.4", "groups"),
        ("User.email", "User.FirstName", "User.LastName", "groups"),
        ("email", "firstname", "lastname", "groups"),
    ],
    ids=["ADFS", "Shibboleth", "Keycloak", "OneLogin", "JumpCloud"],
)
def test_names_that_other_vendors_send_by_themselves_are_understood(names: tuple[str, str, str, str]) -> None:
    # J-1
    values = ("ada@elsewhere.example", "Ada", "Lovelace", "Staff")
    claims = read(
        Recipe(attributes=tuple((name, (value,)) for name, value in zip(names, values, strict=True)))
    )
    assert (claims.email, claims.given_name, claims.family_name) == values[:3]
    assert claims.groups == ("Staff",)


def test_the_products_own_names_come_first() -> None:
    # J-1
    claims = read(uris({f"{WS}/emailaddress": ("other@acme.example",), "email": (ADA,)}))
    assert claims.email == ADA


def test_adfs_without_a_name_id_is_told_what_to_do() -> None:
    # J-11
    with pytest.raises(SamlRefusal) as refused:
        read(Recipe(name_id=None))
    assert refused.value.code is RefusalCode.NAME_ID
    assert "ADFS" in refused.value.detail
    assert "claim rule" in refused.value.detail
    claims = read(
        Recipe(name_id=None, attributes=(("upn", ("ada",)), ("email", (ADA,)))), subject_attribute="upn"
    )
    assert (claims.subject, claims.subject_source) == ("ada", SubjectSource.CONFIGURED)


@pytest.mark.parametrize("name_id_format", [None, UNSPECIFIED])
def test_an_address_in_another_case_is_the_same_subject(name_id_format: str | None) -> None:
    # J-11
    first = read(Recipe(name_id="Ada@Acme.Example", name_id_format=name_id_format))
    second = read(Recipe(name_id="ada@acme.example", name_id_format=name_id_format))
    assert first.subject == second.subject == "ada@acme.example"
    assert "subject_weak" in codes(first)


def test_a_persistent_name_id_keeps_its_case() -> None:
    # J-11
    assert read(Recipe(name_id="G-aBc", name_id_format=PERSISTENT)).subject == "G-aBc"
