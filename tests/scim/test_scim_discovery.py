"""What the server says about itself is what it does (P-10)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from scim2_models import (
    Context,
    EnterpriseUser,
    Group,
    ListResponse,
    ResourceType,
    Schema,
    ServiceProviderConfig,
    User,
)

from tests.scim.directory import ENTERPRISE, Directory, error_of


def test_service_provider_config_states_what_is_so(directory: Directory) -> None:
    """P-10"""
    config = directory.read("/ServiceProviderConfig")
    ServiceProviderConfig.model_validate(config, scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
    assert config["patch"]["supported"] is True
    assert config["bulk"]["supported"] is True  # its limits: test_scim_bulk_limits
    assert config["changePassword"]["supported"] is False
    directory.push("ada")
    largest = config["filter"]["maxResults"]
    assert directory.read(f"/Users?count={largest + 1}")["totalResults"] == 1
    assert config["pagination"]["maxPageSize"] == largest
    assert config["authenticationSchemes"][0]["type"] == "oauthbearertoken"


def test_resource_types_and_schemas_are_of_the_forms_of_the_rfc(directory: Directory) -> None:
    """P-10"""
    types, schemas = directory.read("/ResourceTypes"), directory.read("/Schemas")
    ListResponse[ResourceType].model_validate(types, scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
    ListResponse[Schema].model_validate(schemas, scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
    known = {each["id"] for each in schemas["Resources"]}
    for each in types["Resources"]:
        assert each["schema"] in known
        assert {extension["schema"] for extension in each.get("schemaExtensions", [])} <= known
        assert directory.read(f"/ResourceTypes/{each['id']}") == each
        assert directory.get(each["endpoint"]).status_code == 200
    for each in schemas["Resources"]:
        assert directory.read(f"/Schemas/{each['id']}") == each
        assert each["meta"]["location"].endswith(each["id"])


def test_every_attribute_that_is_published_is_kept_and_no_other(directory: Directory) -> None:
    """P-10: a password is neither published nor kept"""
    schemas = {each["id"]: each for each in directory.read("/Schemas")["Resources"]}
    user = schemas["urn:ietf:params:scim:schemas:core:2.0:User"]
    enterprise = schemas[ENTERPRISE]
    assert "password" not in {each["name"] for each in user["attributes"]}

    def sample(attribute: dict[str, Any]) -> Any:
        if attribute["type"] == "complex":
            value: Any = {each["name"]: sample(each) for each in attribute["subAttributes"]}
            return [value] if attribute["multiValued"] else value
        return {"boolean": True, "reference": "https://x.example/", "binary": "MIIB"}.get(
            attribute["type"], "x"
        )

    writable = {each["name"]: sample(each) for each in user["attributes"] if each["mutability"] != "readOnly"}
    writable[ENTERPRISE] = {each["name"]: sample(each) for each in enterprise["attributes"]}
    response = directory.post("/Users", writable)
    shown = json.loads(response.content)
    assert {key: shown.get(key) for key in writable} == writable


def test_resources_are_what_a_strict_reader_expects(directory: Directory) -> None:
    """P-10: scim2-models validates every answer"""
    made = directory.push(
        "ada@corp.example",
        name={"givenName": "A"},
        emails=[{"value": "ada@corp.example", "type": "work", "primary": True}],
        **{ENTERPRISE: {"department": "D"}},
    )
    group = directory.push_group("G", members=[{"value": made["id"]}])
    model = User[EnterpriseUser]
    for shown in (made, directory.read(f"/Users/{made['id']}")):
        model.model_validate(shown, scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
    Group.model_validate(group, scim_ctx=Context.RESOURCE_CREATION_RESPONSE)
    ListResponse[model].model_validate(directory.read("/Users"), scim_ctx=Context.RESOURCE_QUERY_RESPONSE)


@pytest.mark.parametrize("path", ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig"])
def test_filtered_discovery_is_forbidden_and_strangers_are_not_served(
    directory: Directory, path: str
) -> None:
    """RFC 7644 §4"""
    assert error_of(directory.get(f'{path}?filter=id eq "x"'))["status"] == "403"
    assert directory.get(path, authorization="").status_code == 401
    assert directory.post(path, {}).status_code == 405


@pytest.mark.parametrize(
    ("method", "path", "status", "says"),
    [
        ("GET", "/Me", 501, "/Me is for personal tokens"),
        ("PATCH", "/Me", 501, "/Me is for personal tokens"),
        ("GET", "", 501, "/Users"),
        ("GET", "/Schemas/urn:nothing", 404, "urn:nothing"),
        ("GET", "/ResourceTypes/Device", 404, "Device"),
        ("GET", "/Devices", 404, "no such endpoint"),
        ("DELETE", "/v3/Users", 404, "no such endpoint"),
    ],
)
def test_what_is_not_there_says_so(
    directory: Directory, method: str, path: str, status: int, says: str
) -> None:
    """P-10"""
    response = directory.send(method, path)
    assert response.status_code == status
    assert says in error_of(response)["detail"]
