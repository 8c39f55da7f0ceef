"""Identity providers of an account (S-3, V-3, V-8), and what those above accounts share with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from accounts import subjects
from accounts.models import Account, Partner, SsoPolicy
from console.configuration.accounts import AccountState, accounts_in_use
from console.configuration.graph_access import apply_graph
from console.configuration.problems import did_you_mean
from console.configuration.protocol_settings import apply_oidc, apply_saml
from console.configuration.run import Run
from console.configuration.schema import AccountProviderPart, ProviderPart
from console.configuration.vocabulary import Vocabulary
from sso.login_options import providers_of
from sso.models import IdentityProvider, Vendor
from sso.protocols import protocol_of
from sso.providers import create_provider, disable_provider, enable_provider, update_provider

Saved = tuple[
    ProviderPart, IdentityProvider, str
]  # a part of the file, its provider, its label in the difference

_FIELDS = (
    "name",
    "vendor",
    "button_label",
    "just_in_time",
    "update_access_on_login",
    "group_sync",
    "addresses_set_by_directory",
)


def apply_providers(run: Run, state: AccountState, words: Vocabulary) -> None:
    """Create, update, enable and disable the providers of an account."""
    parts = state.part.identity_providers
    existing = existing_providers(parts)
    saved: list[tuple[AccountProviderPart, IdentityProvider, str]] = []
    for part in parts:
        label = state.label_of("identity provider", part.slug)
        defaults = _defaults(run, part, words)
        provider = save_provider(run, label, part, existing.get(part.slug), defaults, account=state.account)
        if provider is not None:
            saved.append((part, provider, label))
    _link_directories(run, state, saved)
    switch_providers(run, saved)


def existing_providers(parts: Iterable[ProviderPart]) -> dict[str, IdentityProvider]:
    """Return those of the parts' providers that there are, by slug."""
    slugs = [part.slug for part in parts]
    return {row.slug: row for row in IdentityProvider.objects.filter(slug__in=slugs)} if slugs else {}


def save_provider(
    run: Run,
    label: str,
    part: ProviderPart,
    provider: IdentityProvider | None,
    defaults: dict[str, Any],
    *,
    account: Account | None = None,
    partner: Partner | None = None,
) -> IdentityProvider | None:
    """Create or update a provider and its protocol's settings; None when anything of that was refused."""
    values: dict[str, Any] = {
        name: value for name in _FIELDS if (value := getattr(part, name)) is not None
    } | defaults
    if provider is None:
        with run.at(part.place):
            provider = create_provider(
                actor=run.actor,
                slug=part.slug,
                name=values.pop("name", part.slug),
                protocol=part.protocol,
                vendor=values.pop("vendor", Vendor.OTHER),
                account=account,
                partner=partner,
                values=values | {"claim_names": _claim_names(part, {})},
            )
            own = {"name": provider.name, "protocol": provider.protocol, "vendor": provider.vendor}
            run.difference.created(label, **own, **values)
            _note_claims(run, label, part, {})
    elif provider.account_id != (account.pk if account else None):
        run.problem(part.place.at("slug"), "is already in use")  # by whom is not told (V-6)
        return None
    elif provider.partner_id != (partner.pk if partner else None):
        run.problem(part.place.at("slug"), "is already in use at another level")
        return None
    elif provider.protocol != part.protocol:
        run.problem(
            part.place.at("protocol"), f"this provider speaks {provider.protocol}; make another one instead"
        )
        return None
    else:
        _update(run, label, part, provider, values)
    if provider is None or not _apply_settings(run, label, part, provider):
        return None
    return provider


def switch_providers(run: Run, saved: Iterable[Saved]) -> None:
    """Enable and disable what the file says; enabling goes first, so that one may take the other's place."""
    rows = list(saved)
    for part, provider, label in rows:
        if part.enabled and not provider.is_enabled:
            with run.at(part.place.at("enabled")):
                enable_provider(provider=provider, actor=run.actor)
                run.difference.changed(label, "enabled", False, True)
    for part, provider, label in rows:
        if part.enabled is False and provider.is_enabled:
            _guard_disabling(run, part, provider)
            with run.at(part.place.at("enabled")):
                disable_provider(provider=provider, actor=run.actor)
                run.difference.changed(label, "enabled", True, False)


def _update(
    run: Run, label: str, part: ProviderPart, provider: IdentityProvider, values: dict[str, Any]
) -> None:
    claims = dict(provider.claim_names)
    wanted = values | {"claim_names": _claim_names(part, claims)}
    changes = {
        name: (getattr(provider, name), new) for name, new in wanted.items() if _differs(provider, name, new)
    }
    if not changes:
        return
    with run.at(part.place):
        update_provider(
            provider=provider, actor=run.actor, values={name: new for name, (_, new) in changes.items()}
        )
        for name, (old, new) in changes.items():
            if name != "claim_names":
                run.difference.changed(label, name, old, new)
        _note_claims(run, label, part, claims)


def _differs(provider: IdentityProvider, name: str, new: Any) -> bool:
    if name in ("default_account_role", "default_space", "default_space_role", "same_directory_as"):
        return bool(getattr(provider, f"{name}_id") != new.pk)
    return bool(getattr(provider, name) != new)


def _claim_names(part: ProviderPart, before: dict[str, str]) -> dict[str, str]:
    """Return the overrides with those of the file; "" takes one away, others stay."""
    return {claim: name for claim, name in {**before, **part.claims}.items() if name}


def _note_claims(run: Run, label: str, part: ProviderPart, before: dict[str, str]) -> None:
    for claim, name in part.claims.items():
        if before.get(claim, "") != name:
            run.difference.changed(label, f"claims.{claim}", before.get(claim), name)


def _apply_settings(run: Run, label: str, part: ProviderPart, provider: IdentityProvider) -> bool:
    """Save what the protocol needs; return whether that was accepted."""
    before = len(run.problems)
    changed = False
    if part.saml is not None:
        changed = apply_saml(run, label, provider, part.saml)
    if part.oidc is not None:
        changed = apply_oidc(run, label, provider, part.oidc)
    if part.graph is not None:
        apply_graph(run, label, provider, part.graph)
    if changed and provider.is_enabled and part.enabled is not False:
        for problem in protocol_of(provider).problems(provider):
            run.problem(part.place, f"this would leave an enabled provider unable to work: {problem}")
    if changed and provider.identities_suspended_at is not None:
        run.warn(
            part.place,
            "its issuer or entity ID changed: an SSO account admin has to confirm that it is the same directory "
            "before its people can sign in again (V-1)",
        )
    return len(run.problems) == before


def _defaults(run: Run, part: AccountProviderPart, words: Vocabulary) -> dict[str, Any]:
    """Return what new people get (J-2, J-7), as far as the account has it."""
    place = part.place
    found: dict[str, Any] = {}
    if part.default_account_role is not None:
        found["default_account_role"] = words.account_role(
            run, place.at("default_account_role"), part.default_account_role
        )
    if part.default_space is not None:
        found["default_space"] = words.space(run, place.at("default_space"), part.default_space)
    if part.default_space_role is not None:
        found["default_space_role"] = words.space_role(
            run, place.at("default_space_role"), part.default_space_role
        )
    return {name: value for name, value in found.items() if value is not None}


def _link_directories(
    run: Run, state: AccountState, saved: list[tuple[AccountProviderPart, IdentityProvider, str]]
) -> None:
    """Mark providers that speak for the same people (V-3), now that all of them exist."""
    if not any(part.same_directory_as is not None for part, _, _ in saved):
        return
    known = {row.slug: row for row in IdentityProvider.objects.for_account(state.account)}
    for part, provider, label in saved:
        if part.same_directory_as is None:
            continue
        place = part.place.at("same_directory_as")
        other = known.get(part.same_directory_as)
        if other is None:
            run.problem(
                place, f"this account has no such provider{did_you_mean(part.same_directory_as, known)}"
            )
        elif _differs(provider, "same_directory_as", other):
            old = next((slug for slug, row in known.items() if row.pk == provider.same_directory_as_id), None)
            with run.at(place):
                update_provider(provider=provider, actor=run.actor, values={"same_directory_as": other})
                run.difference.changed(label, "same_directory_as", old, other.slug)


def _guard_disabling(run: Run, part: ProviderPart, provider: IdentityProvider) -> None:
    """Don't close the only way into an account whose people come by single sign-on only (L-8)."""
    accounts = (
        [provider.account]
        if provider.account
        else [grant.account for grant in provider.grants.select_related("account")]
    )
    dependent = [
        account
        for account in accounts
        if (account.sso_policy != SsoPolicy.OPTIONAL or account.sso_authorization)
        and not [other for other in providers_of(account) if other.pk != provider.pk]
    ]
    used = accounts_in_use([account.pk for account in dependent])
    for account in dependent:
        run.guard(
            part.place.at("enabled"),
            f"it is the only enabled provider of {account.slug}, whose people sign in by single sign-on only",
            in_use=account.pk in used,
            subject=subjects.of_account(account),
        )
