"""What a login page offers: whose page it is, its provider buttons, whether a password will do (L-1 to L-5, V-26).

The answer depends on the verified domain, the account's slug and its settings alone, never on whether a person exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.hosts import account_of_host
from accounts.models import Account, EmailDomain, Kind, User
from accounts.models.person import DEPLOYMENT_REALM, account_realm
from accounts.password_admins import only_account
from foundation import public_urls
from foundation.folding import domain_of, fold
from sso import protocols
from sso.ending_host import host_for
from sso.models import IdentityProvider, ProtocolName, State, Vendor

ACCOUNT = "account"  # the parameter that names an account to a provider from above


@dataclass(frozen=True, slots=True)
class Button:
    """A way to sign in through a provider; ``url`` is where a plain link leads."""

    label: str
    url: str
    vendor: str
    provider_name: str


def account_for_email(email: str) -> Account | None:
    """Return the account whose verified domain the address is in."""
    row = (
        EmailDomain.objects.filter(domain=domain_of(email), verified_at__isnull=False)
        .select_related("account")
        .first()
    )
    return None if row is None or row.account.closed_at is not None else row.account


def account_for_slug(slug: str) -> Account | None:
    """Return the open account of this slug."""
    return Account.objects.filter(slug=slug, closed_at=None).first()


def account_for_host(host: str) -> Account | None:
    """Return the account whose own host name this is (V-7), None on the deployment's host."""
    account = account_of_host(host.rsplit(":", 1)[0].lower())
    return account if account is not None and account.closed_at is None else None


def support_of(account: Account | None) -> dict[str, str]:
    """Return the account's own support contact for a page's context, {} for the deployment's (X-1)."""
    own = account.support_contact if account is not None else ""
    return {"support_email": own} if own else {}


def page_of(account: Account) -> str:
    """Return the path of an account's own login page."""
    return reverse("sso:login_account", args=[account.slug])


def page_elsewhere(account: Account, host: str, next_url: str) -> str:
    """Return the URL of an account's login page when ``host`` is not where its people sign in, "" when it is (V-7).

    An account with a host name of its own signs in there, and for the admin on the deployment's; the others on any host
    of the deployment.
    """
    own = host_for(account, next_url)
    if host.lower() == public_urls.netloc(own) or (own is None and account_for_host(host) is None):
        return ""
    return public_urls.absolute(page_of(account), host=own)


def with_query(path: str, **parameters: str) -> str:
    """Return ``path`` with the parameters that are not empty."""
    text = urlencode({name: value for name, value in parameters.items() if value})
    return f"{path}?{text}" if text else path


def providers_of(account: Account) -> list[IdentityProvider]:
    """Return the providers that sign people into the account now, its own and those it allowed (V-5)."""
    if not account.sso_module:
        return []
    own = IdentityProvider.objects.for_account(account).filter(state=State.ENABLED)
    granted = IdentityProvider.objects.filter(account=None, state=State.ENABLED, grants__account=account)
    granted = granted.filter(Q(partner=None) | Q(partner=account.partner_id))
    return sorted([*own, *granted], key=lambda provider: (provider.is_shared, provider.name))


def buttons_of(
    account: Account,
    *,
    email: str,
    next_url: str,
    displayed: str,
    extra: Mapping[str, str] | None = None,
    on_the_deployment: bool = False,
) -> list[Button]:
    """Return one button per enabled provider; on a host of its own where the account has one (design rule 9).

    ``on_the_deployment`` keeps a sign-in on the deployment's host, as a ``next_url`` of the admin does (V-7).
    """
    query = {"login_hint": email, "next": next_url, "displayed": displayed, **(extra or {})}
    host = None if on_the_deployment else host_for(account, next_url)
    return buttons_for(providers_of(account), account, query, host=host)


def buttons_for(
    providers: Iterable[IdentityProvider], account: Account, query: Mapping[str, str], *, host: str | None
) -> list[Button]:
    """Return a button for each of these providers, whose address has what ``query`` says; on ``host`` (None: the
    deployment's)."""
    buttons = []
    for provider in providers:
        # A provider of several accounts has to be told whose page this is.
        whose = {ACCOUNT: account.slug} if provider.is_shared else {}
        buttons.append(_button(provider, None if provider.is_shared else host, {**query, **whose}))
    return buttons


def buttons_for_everybody(*, next_url: str, displayed: str, email: str = "") -> list[Button]:
    """Return the buttons of the general page: the deployment's own providers, whose answer says which account (O-3).

    A partner's stand on the pages of its accounts: the general page is not the partner's. In a private deployment the
    general page is its one account's, and has that account's buttons (X-2).
    """
    own = only_account()
    if own is not None:
        return buttons_of(own, email=email, next_url=next_url, displayed=displayed)
    offered = IdentityProvider.objects.filter(
        account=None, partner=None, protocol=ProtocolName.OIDC, state=State.ENABLED
    )
    return [_button(provider, None, {"next": next_url, "displayed": displayed}) for provider in offered]


def _button(provider: IdentityProvider, host: str | None, query: Mapping[str, str]) -> Button:
    url = public_urls.absolute(protocols.protocol_of(provider).start_path(provider), host=host)
    return Button(label_of(provider), with_query(url, **query), provider.vendor, provider.name)


def label_of(provider: IdentityProvider) -> str:
    """Return the button's text: the configured one, else the vendor's default (L-5)."""
    if provider.button_label:
        return provider.button_label
    if provider.vendor == Vendor.ENTRA:
        single = settings.BROKER_DEPLOYMENT == "private"
        return _("Sign in with Azure") if single else _("Sign in with Microsoft")
    if provider.vendor == Vendor.GOOGLE:
        return _("Sign in with Google")
    if provider.protocol == ProtocolName.SAML:
        return _("Continue with SAML SSO")
    return _("Sign in with %(name)s") % {"name": provider.name}


def realm_for_password(account: Account | None, user_name: str) -> str:
    """Return the realm that a password is checked in: the account's, or on the general page the vendor's own people.

    Partner admins have a realm per partner; the general page finds theirs by name when only one has it.
    """
    if account is not None:
        return account_realm(account)
    named = User.objects.present().exclude(kind=Kind.MEMBER).filter(user_name_folded=fold(user_name))
    realms = list(named.values_list("realm", flat=True).distinct()[:2])
    return realms[0] if len(realms) == 1 else DEPLOYMENT_REALM
