"""What a sign-in changes of a person's details (J-3, J-8, S-4, V-4, V-8).

Contact details follow the provider at every sign-in; an absent claim leaves a detail as it is. Nothing here fails a
sign-in except what would make a person who can't exist: no e-mail, an address outside the account's domains.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import available_timezones

from accounts.lifecycle import PersonChanges
from accounts.models import User
from foundation.addresses import is_address
from foundation.folding import domain_of, fold
from sso.claims import Claims, ClaimWarning
from sso.matching import Match
from sso.refusals import Code, Refusal
from sso.snapshot import SignInState

_LIMITS: dict[str, int] = {
    name: getattr(User._meta.get_field(name), "max_length", 0) for name in PersonChanges.__dataclass_fields__
}


@dataclass(frozen=True, slots=True)
class ProfilePlan:
    """The details to write and what was not taken."""

    changes: PersonChanges
    warnings: tuple[ClaimWarning, ...]


def plan_profile(claims: Claims, state: SignInState, match: Match) -> ProfilePlan | Refusal:
    """Return the changes of details, or why nobody can be created from these claims."""
    warnings: list[ClaimWarning] = []
    user = None if match.person is None else match.person.user
    values: dict[str, str] = {}
    for name in ("given_name", "family_name", "display_name", "phone"):
        sent = getattr(claims, name)
        if sent is None:
            continue
        if _fits(name, sent):
            values[name] = sent
        else:
            warnings.append(ClaimWarning("value_too_long", name))
    zone = claims.timezone
    if zone is not None:
        if zone in _timezones():
            values["timezone"] = zone
        else:
            warnings.append(ClaimWarning("timezone_unknown", zone[:100]))

    email = _email(claims, state, match, warnings)
    if user is None:
        created = _new_person(claims, state, email)
        if isinstance(created, Refusal):
            return created
        values |= created
        if claims.external_id and _fits("external_id", claims.external_id):
            values["external_id"] = claims.external_id
    elif email is not None:
        values["email"] = email
    if user is not None:
        values = {name: value for name, value in values.items() if (getattr(user, name) or "") != value}
    return ProfilePlan(PersonChanges(**values), tuple(warnings))


def _new_person(claims: Claims, state: SignInState, email: str | None) -> dict[str, str] | Refusal:
    if email is None:
        if not claims.email:
            return Refusal(Code.NO_EMAIL, "no e-mail claim arrived")
        if is_address(claims.email) and _outside(claims.email, state):
            return Refusal(
                Code.OUTSIDE_DOMAINS, f"{claims.email} is outside the account's verified domains (V-4)"
            )
        return Refusal(Code.INVALID_PERSON, "the e-mail claim is no e-mail address")
    if state.provider.serves_many_by_name and domain_of(email) not in state.verified_domains:
        # V-5: without a domain of its own an account would take in whoever comes from the partner's provider.
        return Refusal(Code.OUTSIDE_DOMAINS, f"{email} is in no verified domain of the account")
    if claims.email_verified is False and not state.provider.addresses_set_by_directory:
        # Whoever may type any address could take a colleague's place before they come (V-3).
        return Refusal(Code.EMAIL_NOT_TRUSTED, f"the provider says that {email} is not verified")
    sent = claims.user_name or ""
    if "@" in sent and fold(sent) != fold(email) and not state.provider.addresses_set_by_directory:
        sent = ""  # another address as a user name is as unproven
    return {"user_name": sent if fold(sent) and _fits("user_name", sent) else email, "email": email}


def _email(claims: Claims, state: SignInState, match: Match, warnings: list[ClaimWarning]) -> str | None:
    """Return the address to write, None to leave it; what is not taken becomes a warning."""
    sent = claims.email
    if not sent:
        if sent == "":
            warnings.append(ClaimWarning("email_empty", "an empty e-mail is not taken"))
        return None
    if not is_address(sent):
        warnings.append(ClaimWarning("email_invalid", sent[:100]))
        return None
    if not _fits("email", sent):
        warnings.append(ClaimWarning("value_too_long", "email"))
        return None
    if _outside(sent, state):
        warnings.append(ClaimWarning("email_outside_domains", sent))
        return None
    if match.person is None or fold(match.person.user.email) == fold(sent):
        return sent
    if match.person.sso_admin:
        # V-8: the address of an SSO account admin is changed by one of them or an operator only.
        warnings.append(ClaimWarning("email_of_admin_kept", sent))
        return None
    if match.person.user.email and not (
        claims.email_verified is True or state.provider.addresses_set_by_directory
    ):
        warnings.append(ClaimWarning("email_not_verified", sent))
        return None
    return sent


def _fits(name: str, value: str) -> bool:
    # As ``accounts.lifecycle`` measures: folding can lengthen a text, and its column is as wide as the first.
    return max(len(value), len(fold(value))) <= _LIMITS[name]


def _outside(email: str, state: SignInState) -> bool:
    return bool(state.verified_domains) and domain_of(email) not in state.verified_domains


@lru_cache(maxsize=1)
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())
