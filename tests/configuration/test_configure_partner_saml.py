"""A partner's SAML provider and the accounts that it is switched on for, in the configuration file (S-6, V-5)."""

from __future__ import annotations

from accounts.partner_keys import holder_of
from sso.models import IdentityProvider, ProviderGrant
from tests.configuration.conftest import Configure
from tests.journeys.partner_world import arrive, response_of
from tests.journeys.person_browser import PersonBrowser
from tests.sso_saml.forge import certificate, pem, rsa_key

KEY = "0123456789abcdef0123456789abcdef"


def text(accounts: str = "[acme]", protocol: str = "saml", more: str = "") -> str:
    lines = pem(certificate(rsa_key("reseller-saml"))).strip().splitlines()
    return f"""
partners: [{{slug: reseller, name: Reseller Ltd, api_key: {KEY}}}]
accounts:
  - {{slug: acme, name: Acme, partner: reseller, sso_module: true, email_domains: [acme.example]}}
  - {{slug: globex, name: Globex, sso_module: true, email_domains: [globex.example]}}
identity_providers:
  - slug: reseller-saml
    partner: reseller
    protocol: {protocol}
    enabled: {"true" if protocol == "saml" else "false"}
    accounts: {accounts}
    {more}
    {"saml:" if protocol == "saml" else "vendor: entra"}
{
        '''      idp_entity_id: https://reseller-saml.idp.example/saml
      sso_url: https://reseller-saml.idp.example/sso
      certificates:
        - |
'''
        + chr(10).join(" " * 10 + line for line in lines)
        if protocol == "saml"
        else ""
    }
"""


def test_partner_of_the_file_signs_people_into_the_accounts_that_the_file_names(configure: Configure) -> None:
    # S-6, V-5
    printed = configure(text())
    assert "acme" in printed.difference
    assert KEY not in printed.difference + printed.remarks
    assert holder_of(KEY) is not None
    grant = ProviderGrant.objects.get()
    assert (grant.account.slug, grant.allows_sso_admins) == ("acme", False)
    assert grant.account.sso_ready is True
    assert "switched on for" not in configure(text()).difference
    provider = IdentityProvider.objects.get(slug="reseller-saml")
    browser = PersonBrowser()
    arrive(browser, response_of(provider, KEY, "new@acme.example"), KEY)
    assert browser.me()["user_name"] == "new@acme.example"


def test_account_of_another_partner_and_unknown_one_are_refused(configure: Configure) -> None:
    # V-5
    [problem] = configure.refused(text("[globex]"))
    assert "accounts[0]" in problem
    assert "doesn't stand below this provider" in problem
    [problem] = configure.refused(text("[acne]"))
    assert "there is no such account" in problem
    assert not ProviderGrant.objects.exists()


def test_accounts_of_an_entra_provider_are_named_with_their_tenants(configure: Configure) -> None:
    # O-3
    problems = configure.refused(text(protocol="oidc"))
    assert any("are named in tenants" in problem for problem in problems)
