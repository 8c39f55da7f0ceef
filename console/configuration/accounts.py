"""Accounts: their own fields, host names and e-mail domains (X-1, V-6, V-7).

Policy and authorization wait for ``policy``, since they depend on the account's providers and people.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts import lifecycle, subjects
from accounts.models import Account, AccountHostName, EmailDomain, User
from console.configuration.partners import Partners
from console.configuration.run import Run
from console.configuration.schema import AccountPart
from foundation.folding import fold
from sso.models import FederatedIdentity

_FIELDS = (
    *("name", "region", "landing_url", "support_contact", "sso_module", "max_session_hours"),
    *("hold_above_percent", "hold_above_number"),
)


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account of the file. ``in_use`` tells whether somebody ever signed in, before anything was changed."""

    account: Account
    part: AccountPart
    is_new: bool
    in_use: bool

    @property
    def label(self) -> str:
        """How the account's own entry is called in the difference."""
        return f"account {self.account.slug}"

    def label_of(self, kind: str, name: str) -> str:
        """How an entry of something of the account is called in the difference."""
        return f"{self.account.slug}: {kind} {name}"


def accounts_in_use(ids: Collection[UUID]) -> frozenset[UUID]:
    """Return those of the accounts that already have sign-ins."""
    people = User.objects.filter(account__in=ids, first_login_at__isnull=False)
    identities = FederatedIdentity.objects.filter(account__in=ids)
    rows = people.order_by().values_list("account_id").union(identities.order_by().values_list("account_id"))
    return frozenset(account_id for (account_id,) in rows)


def apply_accounts(run: Run, parts: Sequence[AccountPart], partners: Partners) -> list[AccountState]:
    """Create and update the accounts; those that can't be are left out, with a problem noted."""
    slugs = [part.slug for part in parts]
    existing = {
        account.slug: account for account in Account.objects.filter(slug__in=slugs).select_related("partner")
    }
    used = accounts_in_use([account.pk for account in existing.values()])
    states: list[AccountState] = []
    for part in parts:
        account = existing.get(part.slug)
        if account is not None and account.closed_at is not None:
            run.problem(part.place, "this account is closed; take it out of the file")
            continue
        values = _values(run, part, partners)
        if account is None:
            with run.at(part.place):
                account = lifecycle.create_account(actor=run.actor, slug=part.slug, **values)
                states.append(AccountState(account, part, is_new=True, in_use=False))
                run.difference.created(f"account {part.slug}", **values)
        else:
            state = AccountState(account, part, is_new=False, in_use=account.pk in used)
            states.append(state)
            _update(run, state, values)
    for state in states:
        _apply_host_names(run, state)
        _apply_domains(run, state)
    return states


def _values(run: Run, part: AccountPart, partners: Partners) -> dict[str, Any]:
    values = {name: value for name in _FIELDS if (value := getattr(part, name)) is not None}
    if part.partner is not None:
        partner = partners.find(run, part.place.at("partner"), part.partner)
        if partner is not None:
            values["partner"] = partner
    return values


def _update(run: Run, state: AccountState, values: dict[str, Any]) -> None:
    account, place = state.account, state.part.place
    changes = {
        name: (getattr(account, name), new) for name, new in values.items() if getattr(account, name) != new
    }
    if not changes:
        return
    sso_only = not account.password_sign_in_allowed or account.sso_authorization
    if values.get("sso_module") is False and "sso_module" in changes and sso_only:
        run.guard(
            place.at("sso_module"),
            "people of this account sign in by single sign-on only, and without the module they can't",
            in_use=state.in_use,
            subject=subjects.of_account(account),
        )
    with run.at(place):
        lifecycle.update_account(account=account, actor=run.actor, values=values)
        for name, (old, new) in changes.items():
            run.difference.changed(state.label, name, old, new)


def _apply_host_names(run: Run, state: AccountState) -> None:
    """Verify the host names; those of the file come first, in its order (the first is canonical)."""
    if not state.part.host_names:
        return
    rows = {row.host: row for row in AccountHostName.objects.for_account(state.account)}
    others = [row.host for row in rows.values() if row.verified_at is not None]
    named = dict(_folded(state.part.host_names))
    for position, host in enumerate([*named, *(host for host in others if host not in named)]):
        row = rows.get(host)
        if row is not None and row.verified_at is not None and row.position == position:
            continue
        index = named.get(host)
        place = state.part.place.at("host_names")
        with run.at(place if index is None else place.at(index)):
            lifecycle.verify_host_name(account=state.account, actor=run.actor, host=host, position=position)
            if row is None:
                run.difference.added(state.label, "host_names", host)
            elif row.verified_at is None:
                run.difference.changed(state.label, f"host name {host}", "not verified", "verified")
            else:
                run.difference.changed(
                    state.label, f"place of host name {host}", row.position + 1, position + 1
                )


def _apply_domains(run: Run, state: AccountState) -> None:
    if not state.part.email_domains:
        return
    rows = {row.domain: row for row in EmailDomain.objects.for_account(state.account)}
    for domain, index in _folded(state.part.email_domains):
        row = rows.get(domain)
        if row is not None and row.verified_at is not None:
            continue
        with run.at(state.part.place.at("email_domains", index)):
            lifecycle.verify_domain(
                account=state.account, actor=run.actor, domain=domain, method=EmailDomain.Method.OPERATOR
            )
            if row is None:
                run.difference.added(state.label, "email_domains", domain)
            else:
                run.difference.changed(state.label, f"e-mail domain {domain}", "not verified", "verified")


def _folded(names: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield each name once, in the form that is stored, with its index in the file."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        stored = fold(name).rstrip(".")
        if stored not in seen:
            seen.add(stored)
            yield stored, index
