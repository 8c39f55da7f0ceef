"""What can be changed at acme besides people: providers, credentials, invitations, guests, names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from accounts import lifecycle
from accounts.models import (
    ApiToken,
    EmailDomain,
    Group,
    GuestAccess,
    Invitation,
    InvitationPurpose,
    Partner,
    PartnerKey,
    User,
)
from audit.actors import Actor, ActorKind
from scim.models import OAuthClient, OAuthClientSecret
from scim.oauth import clients
from spaces.guest_roles import grant_guest_account_role, grant_guest_space_role
from sso import providers, setup_links
from sso.models import IdentityProvider, ProtocolName, ProviderGrant, SetupLink, State, Vendor
from sso_oidc.configuration import save_tenant
from sso_oidc.models import EntraTenant
from sso_saml.configuration import SamlValues, save_saml_settings
from sso_saml.metadata_verdict import HoldReason
from sso_saml.models import MetadataProposal, SamlSettings
from tests.console.saml_documents import pem
from tests.worlds import OPERATOR, World, add_provider

TENANT = "11111111-2222-4333-8444-555555555555"


@dataclass
class Things:
    """``shared`` and ``granted`` are providers above accounts; acme allowed the second one."""

    draft: IdentityProvider
    saml: IdentityProvider  # enabled, with metadata that waits for an admin
    shared: IdentityProvider
    granted: IdentityProvider
    grant: ProviderGrant
    tenant: EntraTenant
    token: ApiToken
    client: OAuthClient
    secret: OAuthClientSecret
    key: PartnerKey
    pushed: Group  # by the directory
    waiting_domain: EmailDomain  # not proven
    invitation: Invitation
    guest: GuestAccess
    guest_with_roles: GuestAccess
    former_guest: GuestAccess  # whose access is over
    setup_link: SetupLink  # of the draft
    other_setup_link: SetupLink  # of a draft of globex


def found_things(acme: World, globex: World, partner: Partner) -> Things:
    """Make them, as an operator would."""
    account = acme.account
    client = clients.create_client(account=account, actor=OPERATOR, name="Acme OAuth")
    granted = _above("entra-granted")
    draft = add_provider(account, "acme-draft", enabled=False)
    return Things(
        draft=draft,
        saml=_saml(acme),
        shared=_above("entra-all"),
        granted=granted,
        grant=ProviderGrant.objects.create(provider=granted, account=account, granted_by="tests"),
        tenant=_tenant(granted, acme),
        token=lifecycle.create_api_token(account=account, actor=OPERATOR, name="Acme directory")[0],
        client=client,
        secret=clients.add_secret(client=client, actor=OPERATOR)[0],
        key=lifecycle.rotate_partner_key(partner=partner, actor=OPERATOR)[0],
        pushed=lifecycle.create_group(
            account=account, actor=OPERATOR, name="Pushed", external_id="g-1", directory_owned=True
        ),
        invitation=lifecycle.invite_person(
            account=account,
            actor=OPERATOR,
            email="ida@guest.example",
            purpose=InvitationPurpose.GUEST,
            guest_days=7,
        ),
        waiting_domain=EmailDomain.objects.create(account=account, domain="waiting.example"),
        guest=_guest(acme, globex.employee),
        guest_with_roles=_with_roles(acme, _guest(acme, globex.sso_admin)),
        former_guest=_guest(acme, globex.admin, ended_at=timezone.now()),
        setup_link=_setup_link(acme, draft),
        other_setup_link=_setup_link(globex, add_provider(globex.account, "globex-draft", enabled=False)),
    )


def _setup_link(world: World, draft: IdentityProvider) -> SetupLink:
    maker = Actor(ActorKind.USER, str(world.sso_admin.pk), world.sso_admin.user_name)
    return setup_links.make_setup_link(provider=draft, actor=maker)[0]


def _guest(acme: World, user: User, *, ended_at: datetime | None = None) -> GuestAccess:
    until = timezone.now() + timedelta(days=7)
    return GuestAccess.objects.create(
        user=user,
        account=acme.account,
        basis=GuestAccess.Basis.GUEST,
        expires_at=until,
        ended_at=ended_at,
    )


def _with_roles(acme: World, access: GuestAccess) -> GuestAccess:
    grant_guest_space_role(access=access, space=acme.space, role=acme.space_role, actor=OPERATOR)
    grant_guest_account_role(access=access, role=acme.account_role, actor=OPERATOR)
    return access


def _above(slug: str) -> IdentityProvider:
    provider = providers.create_provider(
        actor=OPERATOR, slug=slug, name="Entra", protocol=ProtocolName.OIDC, vendor=Vendor.ENTRA
    )
    IdentityProvider.objects.filter(pk=provider.pk).update(state=State.DISABLED)  # no draft any more
    provider.refresh_from_db()
    return provider


def _tenant(provider: IdentityProvider, acme: World) -> EntraTenant:
    save_tenant(provider=provider, actor=OPERATOR, tenant_id=TENANT, account=acme.account)
    return EntraTenant.objects.get(tenant_id=TENANT)


def _saml(acme: World) -> IdentityProvider:
    provider = providers.create_provider(
        actor=OPERATOR,
        slug="acme-saml",
        name="Acme SAML",
        protocol=ProtocolName.SAML,
        vendor=Vendor.OTHER,
        account=acme.account,
    )
    values = SamlValues(
        idp_entity_id="https://saml.idp.example",
        sso_url="https://saml.idp.example/sso",
        certificates=(pem("table"),),
    )
    save_saml_settings(provider=provider, actor=OPERATOR, values=values)
    MetadataProposal.objects.create(
        settings=SamlSettings.objects.get(provider=provider),
        reasons=[HoldReason.SIGN_ON_HOST.value],
        values={"sso_url": "https://mine.idp.example/sso"},
        digest="d" * 64,
    )
    return provider
