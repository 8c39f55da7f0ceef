"""A mistake in the file is named with its line and key, and nothing is changed (A-10)."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account, EmailDomain
from audit.models import AuditEvent
from tests.configuration.conftest import Configure

ACME = "accounts:\n  - slug: acme\n    name: Acme\n"
PROVIDER = (
    ACME
    + "    sso_module: true\n    identity_providers:\n      - slug: acme-oidc\n        protocol: oidc\n        "
)


def account(*lines: str) -> str:
    """Return a file of one account with more keys, the first of which is in line 4."""
    return ACME + "".join(f"    {line}\n" for line in lines)


#
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            account("sso_polcy: optional"),
            "4 accounts[0].sso_polcy: is not a known key; did you mean sso_policy?",
        ),
        (account("colour: red"), "4 accounts[0].colour: is not a known key"),
        (account("sso_policy: sometimes"), "4 accounts[0].sso_policy: must be optional or mandatory"),
        (account('sso_module: "yes"'), "4 accounts[0].sso_module: must be true or false"),
        (account("max_session_hours: twelve"), "4 accounts[0].max_session_hours: must be a whole number"),
        (
            account("hold_above_percent: 101"),
            "4 accounts[0].hold_above_percent: ensure this value is less than or equal to 100",
        ),
        (
            account("hold_above_number: -1"),
            "4 accounts[0].hold_above_number: must be a whole number",
        ),
        (account("max_session_hours: 1.5"), "4 accounts[0].max_session_hours: must be a whole number"),
        (account("spaces: Trial"), "4 accounts[0].spaces: must be a list"),
        (account("spaces: [Trial, [DevOps]]"), "4 accounts[0].spaces[1]: must be text"),
        (account("spaces: [Trial, 7]"), "4 accounts[0].spaces[1]: must be text; put it in quotes"),
        (
            account("spaces: [!!python/name:os.system x]"),
            "4 accounts[0].spaces[0]: must be text; put it in quotes",
        ),
        (account("groups: [Engineers]"), "4 accounts[0].groups[0]: must be a mapping of keys to values"),
        (account("groups: [{idp_identifier: x}]"), "4 accounts[0].groups[0].name: is required"),
        (account('groups: [{name: ""}]'), "4 accounts[0].groups[0].name: is empty"),
        (account('spaces: [" Trial"]'), "4 accounts[0].spaces[0]: begins or ends with a blank"),
        (account('spaces: ["a\\0b"]'), "4 accounts[0].spaces[0]: holds a character that can't be stored"),
        (account("region: mars"), "4 accounts[0].region: this deployment has no regions (BROKER_REGIONS)"),
        (account("landing_url: //evil.example/"), "4 accounts[0].landing_url: is no path of this host"),
        (
            account("email_domains: [not a domain]"),
            "4 accounts[0].email_domains[0]: a host name without scheme, port or path",
        ),
        (
            account("users:", "  - user_name: ada", "    timezone: Europe/Berln"),
            "6 accounts[0].users[0].timezone: is not an IANA time zone; did you mean Europe/Berlin?",
        ),
        (
            account("users:", "  - user_name: ada", "    email: ada"),
            "6 accounts[0].users[0].email: is not an e-mail address",
        ),
        (
            account("users: [{user_name: ada}, {user_name: ADA}]"),
            "4 accounts[0].users[1].user_name: this user name is given twice; first in [0]",
        ),
        (
            account("mapping_roles: [{name: sales}]"),
            "4 accounts[0].mapping_roles[0]: needs at least one scope: account or spaces (R-1)",
        ),
        (
            "partners: [{slug: r, name: R, api_key: short}]\n",
            "1 partners[0].api_key: must have exactly 32 characters: letters, digits, - or _",
        ),
        (
            PROVIDER + "oidc: {flow: implicit}\n",
            "8 accounts[0].identity_providers[0].oidc.flow: must be code or hybrid",
        ),
        (
            PROVIDER + "oidc: {issuer: http://idp.example}\n",
            "8 accounts[0].identity_providers[0].oidc.issuer: must begin with https:// "
            "(http only for a host:port in BROKER_NETWORK_ALLOW_LIST)",
        ),
        (
            PROVIDER + "saml: {idp_initiated: accept}\n",
            "8 accounts[0].identity_providers[0].saml: doesn't fit: the protocol of this provider is oidc",
        ),
        (
            PROVIDER + "claims: {e_mail: mail}\n",
            "8 accounts[0].identity_providers[0].claims.e_mail: is not a known claim; did you mean email?",
        ),
        (
            "identity_providers:\n  - slug: shared\n    protocol: oidc\n    vendor: okta\n",
            "4 identity_providers[0].vendor: must be entra: above accounts only its multi-tenant OpenID Connect is "
            "possible (O-3)",
        ),
        ("- slug: acme\n", "1: must be a mapping of keys to values"),
        ("", "1: is empty"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(configure: Configure, text: str, problem: str) -> None:
    assert configure.refused(text) == [f"broker.yaml:{problem}"]
    assert not Account.objects.exists()


#
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (account("spaces: [Trial]", "name: Other"), "5 accounts[0].name: is given twice; first in line 3"),
        (
            account("spaces: [Trial]", "spaces: [DevOps]"),
            "5 accounts[0].spaces: is given twice; first in line 4",
        ),
        (
            account("groups:", "  - name: A", "    space_roles: {T: [], T: []}"),
            "6 accounts[0].groups[0].space_roles.T: is given twice; first in line 6",
        ),
    ],
)
def test_a_key_that_is_given_twice_is_refused(configure: Configure, text: str, problem: str) -> None:
    assert configure.refused(text) == [f"broker.yaml:{problem}"]


#
def test_all_mistakes_are_reported_together_in_the_order_of_the_file(configure: Configure) -> None:
    text = account("sso_policy: never", "max_session_hours: 9999", "nothing: 1", "spaces: [1]")
    lines = [problem.split(" ")[0] for problem in configure.refused(text)]
    assert lines == ["broker.yaml:4", "broker.yaml:5", "broker.yaml:6", "broker.yaml:7"]


#
@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("default_space: Trail", "there is no space Trail; did you mean Trial?"),
        (
            "default_space_role: Space Membre",
            "there is no space role Space Membre; did you mean Space Member?",
        ),
        ("default_account_role: Boss", "there is no account role Boss"),
        ("same_directory_as: acme-oicd", "this account has no such provider; did you mean acme-oidc?"),
    ],
)
def test_a_name_that_does_not_exist_is_refused_where_it_is_used(
    configure: Configure, key: str, problem: str
) -> None:
    text = PROVIDER.replace("    sso_module", "    spaces: [Trial]\n    sso_module") + f"{key}\n"
    place = f"broker.yaml:9 accounts[0].identity_providers[0].{key.split(':')[0]}"
    assert configure.refused(text) == [f"{place}: {problem}"]
    assert not Account.objects.exists()


#
def test_problems_found_while_applying_are_all_reported_and_all_rolled_back(configure: Configure) -> None:
    text = account(
        "partner: nobody",
        "groups: [{name: A, space_roles: {Nowhere: [Space Admin]}}]",
        "users: [{user_name: ada, account_roles: [Boss], password: short}]",
    )
    assert configure.refused(text) == [
        "broker.yaml:4 accounts[0].partner: there is no such partner",
        "broker.yaml:5 accounts[0].groups[0].space_roles.Nowhere: there is no space Nowhere",
        "broker.yaml:6 accounts[0].users[0].password: This password is too short. It must contain at least "
        "12 characters.",
        "broker.yaml:6 accounts[0].users[0].account_roles[0]: there is no account role Boss",
    ]
    assert not Account.objects.exists()


# V-24
@pytest.mark.parametrize(
    "line",
    [
        "users: [{user_name: ada, password: *hunter2secret}]",
        "users: [{user_name: ada, password: %hunter2secret}]",
        "users: [{user_name: ada, password: !hunter2secret x}]",
        "users: [{user_name: ada, password:hunter2secret}]",
        "users: [{user_name: ada, password: [hunter2secret]}]",
        "users: [{user_name: ada, password: hunter2secret, password: hunter2secret}]",
    ],
)
def test_a_misspelt_secret_is_not_repeated_in_the_error(configure: Configure, line: str) -> None:
    (problem,) = configure.refused(account(line))
    assert problem.startswith("broker.yaml:4")
    assert "hunter2secret" not in problem


#
@pytest.mark.parametrize(
    "text", ["accounts: [", "accounts: {]", "a: b: c", "\x01", "&a [*a]", "[" * 5000, "a: 1\n---\nb: 2"]
)
def test_what_is_not_yaml_is_refused(configure: Configure, text: str) -> None:
    (problem,) = configure.refused(text)
    assert problem.startswith("broker.yaml:")


#
def test_a_file_that_is_not_there_is_refused(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"missing\.yaml:1: No such file or directory"):
        call_command("configure", str(tmp_path / "missing.yaml"))


# S-2
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "there is no such file in"),
        ("<html/>", "the metadata can't be used (metadata.no_identity_provider"),
    ],
)
def test_metadata_that_can_not_be_used_is_refused_at_its_key(
    configure: Configure, full_example: str, tmp_path: Path, content: str | None, problem: str
) -> None:
    (tmp_path / "acme.xml").unlink()
    if content is not None:
        (tmp_path / "acme.xml").write_text(content, encoding="utf-8")
    (first,) = configure.refused(full_example)
    assert first.split(": ", 1)[0].endswith("accounts[0].identity_providers[0].saml.metadata_file")
    assert problem in first


# V-6
def test_a_domain_of_another_account_is_refused_without_saying_whose(configure: Configure) -> None:
    configure("accounts: [{slug: globex, name: Globex, email_domains: [shared.example]}]")
    (problem,) = configure.refused(account("email_domains: [Shared.example]"))
    assert problem == "broker.yaml:4 accounts[0].email_domains[0]: shared.example is already in use."
    assert "globex" not in problem
    assert EmailDomain.objects.get().account.slug == "globex"


# V-6
@pytest.mark.parametrize(
    ("text", "key"),
    [
        (
            "partners: [{slug: two, name: Two, api_key: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}]",
            "partners[0].api_key",
        ),
        ("accounts: [{slug: b, name: B, host_names: [sso.acme.example]}]", "accounts[0].host_names[0]"),
        (
            "accounts: [{slug: b, name: B, identity_providers: [{slug: mine, protocol: oidc}]}]",
            "accounts[0].identity_providers[0].slug",
        ),
        (
            "accounts: [{slug: b, name: B, identity_providers: [{slug: new, protocol: oidc, "
            'oidc: {issuer: "https://i.example", client_id: abc}}]}]',
            "accounts[0].identity_providers[0].oidc",
        ),
    ],
    ids=["partner key", "host name", "provider", "client id"],
)
def test_names_that_belong_to_one_are_refused_without_saying_whose(
    configure: Configure, text: str, key: str
) -> None:
    configure(
        "partners: [{slug: one, name: One, api_key: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}]\n"
        "accounts: [{slug: acme, name: Acme, host_names: [sso.acme.example], identity_providers: "
        '[{slug: mine, protocol: oidc, oidc: {issuer: "https://i.example", client_id: abc}}]}]'
    )
    (problem,) = configure.refused(text)
    assert problem.startswith(f"broker.yaml:1 {key}: ")
    assert "already in use" in problem
    assert "cme" not in problem.replace("sso.acme.example", "")


# V-7
def test_the_deployments_own_host_name_belongs_to_no_account(configure: Configure) -> None:
    (problem,) = configure.refused(account("host_names: [localhost]"))
    assert problem == "broker.yaml:4 accounts[0].host_names[0]: localhost is the deployment's own name."


#
def test_a_refusal_is_audited_after_the_rollback_but_not_in_a_dry_run(configure: Configure) -> None:
    text = account("host_names: [localhost]")
    configure.refused(text, "--dry-run")
    assert not AuditEvent.objects.exists()
    configure.refused(text)
    event = AuditEvent.objects.get()
    assert (event.reason, event.actor_label) == ("account.name_taken", "configuration file broker.yaml")
    assert not Account.objects.exists()
