"""Which account an Entra tenant belongs to: one in the deployment, by a sign-in from it or an operator's word (V-6).

An operator says so by letting a tenant into a provider above accounts (``configuration.save_tenant``). Otherwise a
connection test of the account's own draft proves it. Anybody may type a tenant id, run a tenant, be an employee or a
guest in somebody else's, and register an application there; so all of this is asked of the test's validated ID token:

    issuer      Microsoft's own, of the very tenant that the settings name: the settings chose neither keys nor ``tid``
    audience    the account's application: somebody of the tenant consented to this one, not to another account's
    member      no guest: ``idp`` would name the tenant that a guest is from
    user name   in a verified domain of the account. Entra lets a tenant use only domains that it verified itself, and
                we saw this account's DNS record, so tenant and account are the same people's. An employee who makes
                an account of their own here can't claim their employer's tenant with it

and of the starter that they bring the result back to the session in which they began (``sso.testing.opened``): a
stranger who is lured into somebody's test proves nothing. SAML proves no tenant: its keys come from whoever set it up.
"""

from __future__ import annotations

from django.db import transaction

from accounts.models import Account, EmailDomain
from audit.actors import Actor
from audit.recorder import record, record_refusal
from foundation.outbound_target import OutboundError
from sso import subjects
from sso.claims import Claims
from sso.graph.client import GUID
from sso.graph.clouds import Cloud, cloud_of
from sso.models import IdentityProvider, Vendor
from sso.private_networks import allow_list_of
from sso.protocols import TenantStanding
from sso.providers import require_authority
from sso_oidc.models import EntraTenant, OidcSettings, TenantOwner


def tenant_of(provider: IdentityProvider, settings: OidcSettings) -> str:
    """Return the tenant that an account's Entra provider asks, "" where Microsoft doesn't vouch for one."""
    if provider.is_shared or provider.vendor != Vendor.ENTRA or not settings.issuer:
        return ""
    named = [part for part in settings.issuer.lower().split("/") if GUID.fullmatch(part)]
    return named[0] if _cloud(provider, settings) is not None and len(named) == 1 else ""


def owned_as(provider: IdentityProvider, settings: OidcSettings, tenant: str) -> str:
    """Return the name under which somebody owns a tenant of this provider's cloud (``TenantOwner``).

    A stand-in for Microsoft at a private address signs what whoever runs it likes, so its tenants are its own: a
    company whose identity provider an operator marked private can't take another one's tenant at Microsoft.
    """
    cloud = _cloud(provider, settings)
    return tenant if cloud is None or cloud.is_microsoft or not tenant else f"{tenant} {cloud.login}"


def _cloud(provider: IdentityProvider, settings: OidcSettings) -> Cloud | None:
    try:
        return cloud_of(settings.issuer, allow_list_of(provider))
    except OutboundError:
        return None


def owner_of(provider: IdentityProvider, settings: OidcSettings) -> TenantOwner | None:
    """Return whose the tenant of an account's own provider is, None while it is nobody's or there is none."""
    name = owned_as(provider, settings, tenant_of(provider, settings))
    return TenantOwner.objects.filter(tenant_id=name).first() if name else None


def belongs_elsewhere(provider: IdentityProvider, settings: OidcSettings) -> bool:
    """Tell whether the tenant of an account's own provider is another account's."""
    owner = owner_of(provider, settings)
    return owner is not None and owner.account_id != provider.account_id


def is_owned(provider: IdentityProvider, settings: OidcSettings) -> bool:
    """Tell whether the tenant of an account's own provider is the account's."""
    owner = owner_of(provider, settings)
    return owner is not None and owner.account_id == provider.account_id


def let_in(provider: IdentityProvider, tenant: str) -> Account | None:
    """Return the account that a tenant's people sign into through a provider above accounts, None for strangers."""
    rows = EntraTenant.objects.filter(provider=provider, tenant_id=tenant, verified_at__isnull=False)
    row = rows.select_related("account").first()
    return None if row is None else row.account


def note_test(
    provider: IdentityProvider, settings: OidcSettings, claims: Claims, actor: Actor
) -> dict[str, str]:
    """Claim the tenant of an account's own provider if its test proves it; return what to tell (``SignInProtocol``).

    ``actor`` is who ran the test, who may configure the provider.
    """
    if provider.is_shared:
        tenant = claims.tenant_id or ""
        account = let_in(provider, tenant)
        standing = TenantStanding.NOT_LET_IN if account is None else TenantStanding.LET_IN
        return _told(tenant, standing, "" if account is None else account.name)
    tenant, account = tenant_of(provider, settings), provider.account
    if not tenant or account is None:
        return {}
    unproven = why_unproven(provider, settings, claims)
    if unproven is not None:
        owned = is_owned(provider, settings)
        standing = TenantStanding.OWNED if owned else TenantStanding.UNPROVEN
        return _told(tenant, standing, "" if owned else unproven)
    said = TenantOwner.Proof.SIGN_IN
    require_authority(provider, actor, "account.claim_tenant")
    name = owned_as(provider, settings, tenant)
    if claim(tenant=name, account=account, actor=actor, proof=said, provider=provider):
        return _told(tenant, TenantStanding.OWNED)
    record_refusal(
        actor=actor,
        action="account.claim_tenant",
        subject=subjects.of_provider(provider),
        message=f"Tenant {tenant} is in use already.",
        reason="tenant.taken",
    )
    return _told(tenant, TenantStanding.TAKEN)


def _told(tenant: str, standing: TenantStanding, detail: str = "") -> dict[str, str]:
    return {"tenant": tenant, "standing": standing.value, "detail": detail}


def why_unproven(provider: IdentityProvider, settings: OidcSettings, claims: Claims) -> str | None:
    """Return what is missing for a proof in the validated claims of a test as a code, None for a proof."""
    tenant = tenant_of(provider, settings)
    said = {value.lower() for value in claims.raw.get("tid", ())}
    if not tenant or claims.issuer != settings.issuer or said != {tenant}:
        return "tenant.other"
    homes = claims.raw.get("idp", ())
    if any(tenant not in home.lower() for home in homes):
        return "tenant.guest"
    names = claims.raw.get("preferred_username", ())
    local, at, domain = names[0].strip().lower().rpartition("@") if len(names) == 1 else ("", "", "")
    account = provider.account
    domains = EmailDomain.objects.filter(account=account, verified_at__isnull=False, domain=domain)
    if account is None or not (local and at) or not domains.exists():
        return "tenant.domain"
    return None


@transaction.atomic
def claim(
    *, tenant: str, account: Account, actor: Actor, proof: TenantOwner.Proof, provider: IdentityProvider
) -> bool:
    """Make a tenant (``owned_as``) the account's; return False when it is another's, and nothing is written.

    True twice is fine.
    """
    owner, made = TenantOwner.objects.get_or_create(
        tenant_id=tenant, defaults={"account": account, "proof": proof}
    )
    if owner.account_id != account.pk:
        return False
    if made:
        record(
            actor=actor,
            action="account.tenant_claimed",
            subject=subjects.of_provider(provider),
            message=f"Tenant {tenant} belongs to {account.slug} from now on: {owner.get_proof_display()}.",
            changes={"tenant": [None, tenant]},
        )
    return True


def release(*, tenant: str, actor: Actor, provider: IdentityProvider) -> bool:
    """Let another account claim a tenant (``owned_as``) that an operator took back; return whether it was anybody's."""
    owner = TenantOwner.objects.filter(tenant_id=tenant).select_related("account").first()
    if owner is None:
        return False
    owner.delete()
    record(
        actor=actor,
        action="account.tenant_released",
        subject=subjects.of_provider(provider),
        message=f"Tenant {tenant} does not belong to {owner.account.slug} any more.",
        changes={"tenant": [tenant, None]},
    )
    return True
