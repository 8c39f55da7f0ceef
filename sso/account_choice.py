"""Into which account a provider from above signs somebody (V-5, S-6).

A sign-in through an account's own provider, or one that began on an account's login page, knows its account. The others
are settled here, on the same-site GET, after the browser proved itself (V-17): nothing about accounts or people is told
or decided on a cross-site POST.

    settle     one account → the attempt is its; several → the person is asked; none → ``NoAccount``
    question   the page that names the accounts; showing it decides nothing
    chosen     the person's word, which must be one of those accounts still

Nothing here matches people. A few accounts that the claims can concern at all are looked up, and for each of them the
planner says whether it would sign the person in (``apply.preview``); ``apply.sign_in`` plans once more under the lock.
Where the person is known by the provider's own subject, only those accounts count: no other account can put itself
between a person and where they belong, by whatever it writes into its own rows.

Which accounts a protocol's claims can concern is the protocol's to say (``SignInProtocol.reachable``): all of those
that allowed the provider, or those of a tenant.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import Account, Kind, User
from foundation import regions
from foundation.folding import domain_of
from foundation.ids import parse_id
from sso import apply, attempts, claims_json, protocols, switching
from sso.answers import Shown
from sso.claims import Claims
from sso.matching import MatchKind, is_unique_in_the_world
from sso.models import IdentityProvider, ParkedAnswer, SignInAttempt
from sso.plan import SignInPlan
from sso.refusals import Code, SignInRefused

PARTNER_ENTRANCE = "/SSO/SAML2/Consume"  # S-6; without the key, which stays with the partner
_FEW = 20  # accounts that one person is looked for in; each costs a plan

# Pages that name something to mend and tell nothing about whether a person exists (L-10).
_TOLD = frozenset({Code.ROLE_MAPPING_MISSING, Code.ROLE_MAPPING_UNMATCHED})


class NoAccount(SignInRefused):
    """No account takes the person in. ``account`` is whose audit trail tells why, ``shown`` what the page says."""

    def __init__(self, code: str, detail: str, *, account: Account | None, shown: Shown) -> None:
        super().__init__(code, detail)
        self.account = account
        self.shown = shown


@dataclass(frozen=True, slots=True)
class Considered:
    """One account and what the planner says about signing the person in there."""

    account: Account
    plan: SignInPlan

    @property
    def accepted(self) -> bool:
        """True when the plan signs somebody in."""
        return self.plan.refusal is None

    @property
    def known(self) -> bool:
        """True when the person is bound to the provider's subject in this account (V-1)."""
        return self.plan.match is MatchKind.IDENTITY


def served(provider: IdentityProvider) -> QuerySet[Account]:
    """Return the accounts that a provider from above may sign people into: below it, open, and with its permission."""
    accounts = Account.objects.filter(provider_grants__provider=provider, closed_at=None, sso_module=True)
    return accounts if provider.partner_id is None else accounts.filter(partner=provider.partner_id)


def asked_for(provider: IdentityProvider, slug: str) -> Account | None:
    """Return the account whose login page the person came from, None when that page couldn't have offered this."""
    if not provider.is_shared or not slug.isprintable():
        return None
    return served(provider).filter(slug=slug[:64]).first() if slug else None


def require_reachable(attempt: SignInAttempt, account: Account, claims: Claims) -> None:
    """Refuse claims that can't concern the account whose login page the sign-in began on, a stranger's tenant's say."""
    provider = attempt.provider
    if not provider.is_shared:
        return
    if not _reachable(claims, provider).filter(pk=account.pk).exists():
        raise SignInRefused(Code.WRONG_TENANT, f"these claims can't concern {account.slug}")


def settle(request: HttpRequest, attempt: SignInAttempt, claims: Claims) -> Account | HttpResponse:
    """Return the account of a sign-in that began without one, or the way to the question; raises ``NoAccount``."""
    offered = _offered(attempt, claims)
    if len(offered) > 1:
        return switching.to_continuation(attempts.ask_to_confirm(attempt, claims_json.as_json(claims)))
    return _fix(attempt, offered[0])


def question(request: HttpRequest, code: str, waiting: ParkedAnswer) -> HttpResponse | None:
    """Return the page that lets the person choose, None when what awaits their word is nothing of the kind."""
    if waiting.attempt.account_id is not None:
        return None
    try:
        offered = _offered(waiting.attempt, claims_json.load(waiting.payload))
    except SignInRefused:
        return None  # things changed meanwhile; going on will say so
    return render(request, "sso/choose_account.html", {"accounts": offered, "code": code})


def chosen(attempt: SignInAttempt, claims: Claims, account_id: str) -> Account:
    """Return the account that the person chose. Raises ``SignInRefused`` unless it is one of those offered."""
    wanted: UUID | None = parse_id(account_id)
    account = next((each for each in _offered(attempt, claims) if each.pk == wanted), None)
    if account is None:
        raise SignInRefused(
            Code.PROVIDER_NOT_GRANTED, "the account that was chosen is not one of those offered"
        )
    return _fix(attempt, account)


def _fix(attempt: SignInAttempt, account: Account) -> Account:
    """Write the account into the attempt, once (V-18)."""
    if not SignInAttempt.objects.filter(pk=attempt.pk, account=None).update(account=account):
        raise SignInRefused(Code.ATTEMPT_SPENT, "another account was settled on meanwhile")
    attempt.account = account
    return account


def _offered(attempt: SignInAttempt, claims: Claims) -> list[Account]:
    """Return the accounts that would take the person in and are served here, by name; raises ``NoAccount``."""
    # Read again: what was switched off while the person was away counts (V-17).
    provider = IdentityProvider.objects.get(pk=attempt.provider_id)
    if not provider.serves_many_by_name and not _reachable(claims, provider).exists():
        raise SignInRefused(
            Code.WRONG_TENANT,
            f"no account that allowed this provider has the tenant {claims.tenant_id or '-'}",
        )
    considered = [Considered(account, _plan(claims, provider, account)) for account in _few(claims, provider)]
    accepted = [each for each in considered if each.accepted]
    taken = [each.account for each in accepted if each.known] or [each.account for each in accepted]
    if not taken:
        raise _nobody(considered)
    here = [account for account in taken if _right_url(attempt, account) == ""]
    if not here:
        url = _right_url(attempt, taken[0])
        raise NoAccount(
            Code.WRONG_REGION,
            f"{taken[0].slug} is in region {taken[0].region}, the answer came to {attempt.host}",
            account=taken[0],
            shown=Shown(Code.WRONG_REGION, url),
        )
    return here


def _reachable(claims: Claims, provider: IdentityProvider) -> QuerySet[Account]:
    return protocols.protocol_of(provider).reachable(provider, claims, served(provider))


def _plan(claims: Claims, provider: IdentityProvider, account: Account) -> SignInPlan:
    return apply.preview(claims=claims, provider=provider, account=account)


def _few(claims: Claims, provider: IdentityProvider) -> list[Account]:
    """Return the accounts that know the subject, own a domain of the claims or have the id; few of all."""
    reachable = _reachable(claims, provider)
    names = [name for name in (claims.email, claims.user_name) if name and "@" in name]
    looks = [
        Q(
            identities__provider=provider,
            identities__subject=claims.subject,
            identities__closed_at=None,
        ),
        Q(
            email_domains__domain__in=[domain_of(name) for name in names],
            email_domains__verified_at__isnull=False,
        ),
    ]
    if claims.external_id and (
        not provider.serves_many_by_name or is_unique_in_the_world(claims.external_id)
    ):
        people = User.objects.present().filter(kind=Kind.MEMBER, external_id=claims.external_id)
        looks.append(Q(pk__in=people.values("account")))
    if not provider.serves_many_by_name:
        looks = [Q()]  # the tenant said which accounts already
    found: dict[UUID, Account] = {}
    for look in looks:
        rows = reachable.filter(look).order_by("name", "pk").distinct()[:_FEW]
        found |= {account.pk: account for account in rows}
    return sorted(list(found.values())[:_FEW], key=lambda account: account.name)


def _nobody(considered: list[Considered]) -> NoAccount:
    """Say why. One account's reason goes into its audit trail; the page is the same whoever exists (L-10)."""
    if len(considered) != 1:
        reasons = "; ".join(
            f"{each.account.slug}: {each.plan.refusal.code}" for each in considered if each.plan.refusal
        )
        return NoAccount(
            Code.NO_ACTIVE_ACCOUNT,
            reasons or "no account that allowed this provider knows the person or owns the domain",
            account=None,
            shown=Shown(Code.NO_ACTIVE_ACCOUNT),
        )
    [only] = considered
    refusal = only.plan.refusal
    code = refusal.code if refusal is not None else Code.NO_ACTIVE_ACCOUNT
    shown = Code(code) if code in _TOLD else Code.NO_ACTIVE_ACCOUNT
    return NoAccount(
        code, refusal.detail if refusal is not None else "", account=only.account, shown=Shown(shown)
    )


def _right_url(attempt: SignInAttempt, account: Account) -> str:
    """Return where a partner's provider has to send this account's people, "" when it did (S-6).

    Only the partner's entrance is a region's; what begins here begins on the deployment's host (design rule 9). An
    account without a region, or of one that is no more, is served in each.
    """
    if not attempt.unsolicited or attempt.provider.partner_id is None:
        return ""
    here, right = regions.at_host(attempt.host), regions.named(account.region)
    if here is None or right is None or here == right:
        return ""
    return f"{right.base_url}{PARTNER_ENTRANCE}"
