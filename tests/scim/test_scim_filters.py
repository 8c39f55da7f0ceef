"""Filters of directories find whom they name (P-10)."""

from __future__ import annotations

import pytest

from tests.scim.directory import CORE, ENTERPRISE, Directory, error_of


@pytest.fixture
def people(directory: Directory) -> Directory:
    directory.push(
        "Ada@corp.example",
        externalId="Ext-1",
        displayName="Ada Lovelace",
        name={"givenName": "Ada", "familyName": "Lovelace", "middleName": "King"},
        title="100% Analyst_1",
        emails=[
            {"value": "Ada@corp.example", "type": "work", "primary": True},
            {"value": "ada@home.example", "type": "home"},
        ],
        **{ENTERPRISE: {"employeeNumber": "701984", "manager": {"value": "Boss-1"}}},
    )
    directory.push(
        "bob@corp.example", externalId="ext-1", active=False, emails=[{"value": "bob@home.example"}]
    )
    directory.push("straße@corp.example", title="Analyst")
    return directory


A, B, S = "Ada@corp.example", "bob@corp.example", "straße@corp.example"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('userName eq "ada@CORP.example"', [A]),
        ('USERNAME EQ "ada@corp.example"', [A]),
        (f'{CORE}:userName eq "{A}"', [A]),
        ('userName eq "STRASSE@corp.example"', [S]),
        ("userName eq ada@corp.example", [A]),  # without quotes, as some clients send it
        ('userName ne "ada@corp.example"', [B, S]),
        ('userName co "CORP"', [A, B, S]),
        ('userName sw "bo"', [B]),
        ('userName ew ".EXAMPLE"', [A, B, S]),
        ('userName co "_"', []),
        ('userName co "%"', []),
        ("userName pr", [A, B, S]),
        ('externalId eq "Ext-1"', [A]),
        ('externalId eq "ext-1"', [B]),
        ('externalId co "xt-"', [A, B]),
        ('externalId co "Ext"', [A]),
        ('externalId sw "E"', [A]),
        ('externalId ew "-1"', [A, B]),
        ('externalId ne "Ext-1"', [B, S]),
        ('not (externalId sw "E")', [B, S]),
        ("externalId pr", [A, B]),
        ("not (externalId pr)", [S]),
        ("externalId eq null", [S]),
        ("externalId ne null", [A, B]),
        ("active eq true", [A, S]),
        ("active eq false", [B]),
        ('active eq "False"', [B]),
        ("active ne true", [B]),
        ('displayName eq "ADA lovelace"', [A]),
        ('displayName sw "ada"', [A]),
        ("displayName pr", [A]),
        ('displayName ne "x"', [A, B, S]),
        ('name.givenName eq "ada"', [A]),
        ('name.familyName co "LOVE"', [A]),
        ('name.middleName eq "king"', [A]),
        ("name pr", [A]),
        ('title eq "analyst"', [S]),
        ('title co "0%"', [A]),
        ('title co "t_1"', [A]),
        ('title co "tx1"', []),
        ('title ne "analyst"', [A, B]),
        ("title pr", [A, S]),
        ('title gt "analyst"', []),
        ('title le "analyst"', [A, S]),
        ('emails eq "ada@home.example"', [A]),
        ('emails.value eq "ADA@home.example"', [A]),
        ('emails co "home"', [A, B]),
        ('emails[type eq "work" and value co "home"]', []),
        ('emails[type eq "HOME" and value co "home"]', [A]),
        ('emails[type eq "work"].value eq "ada@corp.example"', [A]),  # Entra
        ('emails.type eq "work" and emails.value co "home"', [A]),
        ("emails[primary eq true]", [A]),
        ('emails[primary eq "True"].value eq "ada@corp.example"', [A]),
        ("emails[not (type pr)]", [B]),
        ("emails.type pr", [A]),
        ("emails pr", [A, B]),
        ("not (emails pr)", [S]),
        ('emails ne "bob@home.example"', [A, S]),
        (f'{ENTERPRISE}:employeeNumber eq "701984"', [A]),
        (f"{ENTERPRISE}:employeeNumber eq 701984", [A]),
        (f'{ENTERPRISE}:manager.value eq "Boss-1"', [A]),
        (f'{ENTERPRISE}:manager.value eq "boss-1"', []),
        (f"{ENTERPRISE}:manager pr", [A]),
        ('id eq "nonsense"', []),
        ('id ne "nonsense"', [A, B, S]),
        ('meta.created gt "2001-01-01T00:00:00Z"', [A, B, S]),
        ('meta.lastModified lt "2001-01-01T00:00:00+02:00"', []),
        ('userName sw "a" or userName sw "b" and active eq true', [A]),
        ('(userName sw "a" or userName sw "b") and active eq false', [B]),
        ('not (userName sw "a" or userName sw "b")', [S]),
        ('not (not (userName sw "a"))', [A]),
        ('userName co ""', [A, B, S]),
        ('title co ""', [A, S]),
    ],
)
def test_filter_finds_exactly(people: Directory, text: str, found: list[str]) -> None:
    """P-10, RFC 7644 §3.4.2.2"""
    assert people.find(text) == found


def test_moments_and_ids_compare_as_what_they_are(directory: Directory) -> None:
    """P-10"""
    first, second = directory.push("first"), directory.push("second")
    assert directory.find(f'id eq "{first["id"].upper()}"') == ["first"]
    assert directory.find(f'id gt "{first["id"]}"') == ["second"]
    assert directory.find(f'meta.created eq "{second["meta"]["created"]}"') == ["second"]
    assert directory.find(f'meta.created lt "{second["meta"]["created"]}"') == ["first"]


def test_people_are_found_by_the_groups_the_directory_put_them_in(directory: Directory) -> None:
    """P-10"""
    ada = directory.push("ada")
    directory.push("bob")
    group = directory.push_group("Engineers", members=[{"value": ada["id"]}])
    for text in (
        f'groups.value eq "{group["id"]}"',
        f'groups eq "{group["id"]}"',
        'groups.display co "ENGIN"',
    ):
        assert directory.find(text) == ["ada"]
    assert directory.find(f'members.value eq "{ada["id"]}"', "/Groups") == ["Engineers"]
    assert directory.find(f'members[value eq "{ada["id"]}"]', "/Groups") == ["Engineers"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("userName", "can't be read"),
        ("userName eq", "can't be read"),
        ('userName xx "a"', "can't be read"),
        ('(userName eq "a"', "can't be read"),
        ('userName eq "a" and', "can't be read"),
        ('shoeSize eq "44"', "shoeSize"),
        ('urn:other:User:userName eq "a"', "urn:other:User:userName"),
        ('photos.value eq "a"', "photos.value"),
        ('addresses.country eq "a"', "addresses.country"),
        ('password eq "a"', "password"),
        ('emails.display eq "a"', "emails.display"),
        ('emails[display eq "a"]', "display"),
        ('emails[emails.value eq "a"]', "emails.value"),
        ('userName[value eq "a"]', "userName"),
        ('name eq "a"', "name"),
        ("active gt true", "active"),
        ('active eq "maybe"', "active"),
        ("userName eq true", "userName"),
        ("userName gt null", "userName"),
        ('meta.created eq "yesterday"', "meta.created"),
        ('meta.created co "2020"', "meta.created"),
        ('meta.created gt "0001-01-01T00:00:00+14:00"', "meta.created"),
        ('id co "a"', "id"),
        ('userName eq "\\u0000"', "userName"),
        ('userName eq "\\ud800"', "userName"),
        (" or ".join(['userName eq "a"'] * 61), "60"),
        ('userName eq "' + "a" * 4096 + '"', "4096"),
        ("not (" * 40 + "userName pr" + ")" * 40, "nests"),
    ],
)
def test_filter_that_can_not_be_answered_is_refused_by_name_never_answered_with_nothing(
    people: Directory, text: str, named: str
) -> None:
    """P-10, V-21: an empty list would make the directory create a duplicate"""
    response = people.post("/Users/.search", {"filter": text})
    assert response.status_code == 400
    body = error_of(response)
    assert body["scimType"] == "invalidFilter"
    assert named in body["detail"]
