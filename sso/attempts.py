"""The state machine of a sign-in in flight: begin, find, park, spend (V-16 to V-19, L-6).

Nothing here knows a protocol. Every step checks what was fixed when the attempt was made: provider, host, browser, age.
Spending is one conditional update, so an attempt and a parked answer are used once whatever runs at the same time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import Account, User
from foundation import public_urls, track_ids
from foundation.client_address import network_of
from foundation.compiled_queries import CompiledQuery, key, moment, text
from foundation.compiled_writes import CompiledUpdate, insert, update
from foundation.encryption import SecretUnreadable
from foundation.rate_limits import hit
from foundation.secret_tokens import digest, random_handle, random_secret
from sso import browser, provider_urls
from sso.ending_host import passes_by
from sso.models import IdentityProvider, ParkedAnswer, Purpose, SignInAttempt, Stage
from sso.refusals import Code, SignInRefused, StartAgain, secret_unreadable

LIFETIME = timedelta(minutes=30)  # L-6, from the moment the login page was displayed
PARKED_LIFETIME = timedelta(minutes=2)  # V-17
ATTEMPTS_PER_ADDRESS = 5_000  # in ten minutes; a whole company may come from one address (V-21)
ANSWERS_PER_ATTEMPT = 5  # a provider answers once; a browser may send that again
_DISPLAYED_SALT = "sso.displayed"


@dataclass(frozen=True, slots=True)
class Begun:
    """A fresh attempt: ``handle`` is the state or RelayState, ``browser_secret`` belongs into the cookie."""

    attempt: SignInAttempt
    handle: str
    browser_secret: str
    nonce: str
    code_verifier: str


def displayed_now() -> str:
    """Return the signed form value that says when a login page was shown."""
    return signing.dumps(int(timezone.now().timestamp()), salt=_DISPLAYED_SALT)


def displayed_at(value: str) -> datetime:
    """Return the moment that a signed form value names; now, when there is none or it was tampered with."""
    now = timezone.now()
    try:
        moment = datetime.fromtimestamp(signing.loads(value, salt=_DISPLAYED_SALT), tz=now.tzinfo)
    except (signing.BadSignature, TypeError, ValueError, OverflowError):
        return now
    return min(moment, now)


def ensure_in_time(displayed: str, again: StartAgain) -> datetime:
    """Return when a login page was shown; raises ``SignInRefused`` when that is more than 30 minutes ago (L-6)."""
    shown = displayed_at(displayed)
    if shown + LIFETIME <= timezone.now():
        raise SignInRefused(Code.EXPIRED, "the login page was shown more than 30 minutes ago", again=again)
    return shown


def begin(
    *,
    request: HttpRequest,
    provider: IdentityProvider,
    account: Account | None,
    address: str,
    displayed: str = "",
    next_url: str = "",
    login_hint: str = "",
    purpose: Purpose = Purpose.SIGN_IN,
    starter: User | None = None,
    request_id: str = "",
    nonce: str = "",
    code_verifier: str = "",
    unsolicited: bool = False,
    report: dict[str, Any] | None = None,
) -> Begun:
    """Make an attempt for this browser. Raises ``SignInRefused`` when too late, too many, or not enabled."""
    shown = ensure_in_time(displayed, StartAgain(account, login_hint, next_url))
    if purpose is not Purpose.TEST and not provider.is_enabled:
        raise SignInRefused(Code.PROVIDER_NOT_ENABLED, f"{provider.slug} is {provider.state}")
    if not hit("attempts", network_of(address), limit=ATTEMPTS_PER_ADDRESS, seconds=600).allowed:
        raise SignInRefused(Code.TOO_MANY, f"more than {ATTEMPTS_PER_ADDRESS} sign-ins begun in ten minutes")
    handle = random_handle()
    secret = random_secret() if unsolicited else browser.secret_or_new(request)
    attempt = SignInAttempt.objects.create(
        handle_digest=digest(handle),
        purpose=purpose,
        provider=provider,
        provider_version=provider.version,
        account=account,
        host=request.get_host().lower(),
        starter=starter,
        browser_digest=browser.fingerprint(secret),
        request_id=request_id,
        nonce=nonce,
        code_verifier=code_verifier,
        next_url=next_url,
        login_hint=login_hint[:254],
        track_id=track_ids.current(),
        address=address or None,
        unsolicited=unsolicited,
        report=report or {},
        displayed_at=shown,
        expires_at=shown + LIFETIME,
    )
    return Begun(attempt, handle, secret, nonce, code_verifier)


def _with_owners(**wanted: Any) -> QuerySet[SignInAttempt]:
    parked = ParkedAnswer.objects.filter(attempt=OuterRef("pk")).order_by().values("attempt")
    answers = Subquery(parked.annotate(answers=Count("pk")).values("answers"))
    attempts = SignInAttempt.objects.filter(**wanted).select_related("provider", "account", "starter")
    return attempts.annotate(answers=Coalesce(answers, 0))[:1]


_BY_HANDLE = CompiledQuery(
    lambda digest, provider_id: _with_owners(handle_digest=digest, provider_id=provider_id), text, key
)
_BY_REQUEST_ID = CompiledQuery(
    lambda request_id, provider_id: _with_owners(request_id=request_id, provider_id=provider_id), text, key
)

_PARKED: CompiledQuery[ParkedAnswer] = CompiledQuery(
    lambda code_digest: ParkedAnswer.objects.filter(code_digest=code_digest).select_related(
        "attempt__provider", "attempt__account", "attempt__starter"
    ),
    text,
)
_SPEND = CompiledUpdate(
    lambda parked, now: (
        ParkedAnswer.objects.filter(pk=parked, spent_at=None),
        {"spent_at": now, "payload": ""},
    ),
    key,
    moment,
)
_MOVES = {
    (before, after): CompiledUpdate(
        lambda attempt, before=before, after=after: (
            SignInAttempt.objects.filter(pk=attempt, stage=before),
            {"stage": after},
        ),
        key,
    )
    for before in Stage
    for after in Stage
}


def find_by_handle(handle: str, provider: IdentityProvider, request: HttpRequest) -> SignInAttempt:
    """Return the open attempt that a provider's answer names, and bind its track ID; see ``_require_open``."""
    return _require_open(_BY_HANDLE.first(digest(handle), provider.pk), request)


def provider_asked(handle: str, request: HttpRequest) -> IdentityProvider | None:
    """Return the provider that an attempt asked whose answer may come here; None where ``handle`` names none (V-20).

    For an answer whose address doesn't say whom it is from; ``find_by_handle`` comes after it.
    """
    hosts = (request.get_host().lower(), public_urls.netloc())
    asked = SignInAttempt.objects.filter(handle_digest=digest(handle), host__in=hosts)
    found = IdentityProvider.objects.filter(pk__in=asked.values("provider"))
    return provider_urls.with_host(found.select_related("account", "partner")).first()


def find_by_request_id(request_id: str, provider: IdentityProvider, request: HttpRequest) -> SignInAttempt:
    """Return the open attempt whose AuthnRequest had this ID, and bind its track ID."""
    found = _BY_REQUEST_ID.first(request_id, provider.pk) if request_id else None
    return _require_open(found, request)


def _require_open(attempt: SignInAttempt | None, request: HttpRequest) -> SignInAttempt:
    if attempt is None:
        raise SignInRefused(Code.ATTEMPT_UNKNOWN, "the answer names no sign-in that began here")
    track_ids.bind(attempt.track_id)
    if attempt.expires_at <= timezone.now():
        raise SignInRefused(
            Code.EXPIRED,
            "the answer came more than 30 minutes after the login page was shown",
            again=_again(attempt),
        )
    if attempt.stage != Stage.OPEN:
        raise SignInRefused(Code.ATTEMPT_SPENT, "the sign-in that this answers is over")
    if attempt.host != request.get_host().lower() and not passes_by(attempt):
        raise SignInRefused(Code.WRONG_HOST, f"began on {attempt.host}, answered on {request.get_host()}")
    return attempt


def _again(attempt: SignInAttempt) -> StartAgain:
    return StartAgain(attempt.account, attempt.login_hint, attempt.next_url)


def park(attempt: SignInAttempt, payload: dict[str, Any], *, is_claims: bool = False) -> str:
    """Keep a verified answer for its browser and return the one-time code that names it (V-17)."""
    answers = vars(attempt).get("answers", None)  # there when the attempt was found for an answer
    if (ParkedAnswer.objects.filter(attempt=attempt).count() if answers is None else answers) >= (
        ANSWERS_PER_ATTEMPT
    ):
        raise SignInRefused(Code.TOO_MANY, f"more than {ANSWERS_PER_ATTEMPT} answers to one sign-in")
    code = random_secret()
    parked = ParkedAnswer(
        attempt=attempt,
        code_digest=digest(code),
        host=attempt.host,
        payload=json.dumps(payload),
        is_claims=is_claims,
        expires_at=timezone.now() + PARKED_LIFETIME,
    )
    insert([parked], later=True)
    return code


@dataclass(frozen=True, slots=True)
class Collected:
    """An answer that its browser came for; both it and its attempt are spent."""

    attempt: SignInAttempt
    payload: dict[str, Any]
    is_claims: bool


def parked_under(code: str) -> ParkedAnswer | None:
    """Return what waits under a one-time code, with its attempt, provider and account; nothing is checked or spent."""
    return _PARKED.first(digest(code))


def awaits_word(parked: ParkedAnswer | None, request: HttpRequest) -> bool:
    """Tell whether an answer waits for this browser's word: on the account (V-5), or on switching person (V-19)."""
    return (
        parked is not None
        and parked.is_claims
        and parked.spent_at is None
        and parked.expires_at > timezone.now()
        and browser.is_same(request, parked.attempt.browser_digest)
        and parked.host == request.get_host().lower()
    )


def collect(parked: ParkedAnswer | None, request: HttpRequest) -> Collected:
    """Spend a parked answer and its attempt together: this browser, this host, in time, once (V-17).

    Another browser's try spends the answer alone.
    """
    if parked is None:
        raise SignInRefused(Code.CODE_UNKNOWN, "no answer is parked under this code")
    attempt = parked.attempt
    track_ids.bind(attempt.track_id)
    now = timezone.now()
    if not browser.is_same(request, attempt.browser_digest):
        # Another browser's page now shows the code in its address bar, where the one that began could be handed it: the
        # answer is nobody's any more. The attempt stays open for an answer of its own.
        _SPEND.run(parked.pk, now)
        raise SignInRefused(Code.WRONG_BROWSER, "the browser that continues is not the one that began")
    if parked.host != request.get_host().lower():
        raise SignInRefused(Code.WRONG_HOST, f"parked on {parked.host}, collected on {request.get_host()}")
    if parked.expires_at <= now or attempt.expires_at <= now:
        raise SignInRefused(
            Code.EXPIRED, "the parked answer was not collected in time", again=_again(attempt)
        )
    try:
        payload = json.loads(parked.payload or "{}")
    except SecretUnreadable as error:
        raise secret_unreadable(error) from error
    with transaction.atomic():
        spent = _SPEND.run(parked.pk, now)
        stage = Stage.CONFIRMING if parked.is_claims else Stage.OPEN
        if not spent or not _move(attempt, stage, Stage.SPENT):
            raise SignInRefused(Code.ATTEMPT_SPENT, "this sign-in is over already")
    return Collected(attempt, payload, parked.is_claims)


def spend(attempt: SignInAttempt, request: HttpRequest) -> None:
    """Spend an attempt whose answer came by a same-site GET with the cookie (code flow).

    Another browser's try spends it as well: the code has not been redeemed, and the browser that began could be handed
    the address of the page that it was refused on.
    """
    if not browser.is_same(request, attempt.browser_digest):
        _move(attempt, Stage.OPEN, Stage.SPENT)
        raise SignInRefused(Code.WRONG_BROWSER, "the browser that continues is not the one that began")
    if not _move(attempt, Stage.OPEN, Stage.SPENT):
        raise SignInRefused(Code.ATTEMPT_SPENT, "this sign-in is over already")


def require_browser(attempt: SignInAttempt, request: HttpRequest) -> None:
    """Refuse another browser than the one that began, and spend nothing."""
    if not browser.is_same(request, attempt.browser_digest):
        raise SignInRefused(Code.WRONG_BROWSER, "the browser that continues is not the one that began")


def ask_to_confirm(attempt: SignInAttempt, payload: dict[str, Any]) -> str:
    """Put a spent attempt on hold until the person says whether to switch; return the new one-time code (V-19)."""
    if not _move(attempt, Stage.SPENT, Stage.CONFIRMING):
        raise SignInRefused(Code.ATTEMPT_SPENT, "this sign-in is over already")
    return park(attempt, payload, is_claims=True)


def _move(attempt: SignInAttempt, before: Stage, after: Stage) -> bool:
    moved = _MOVES[before, after].run(attempt.pk)
    if moved:
        attempt.stage = after
    return bool(moved)


def finish(attempt: SignInAttempt, *, outcome: str, user: User | None = None, **kept: Any) -> None:
    """Write how an attempt ended; ``kept`` are ``report`` and ``claims``. An open attempt is spent by it."""
    values = {"outcome": outcome, "user": user, "finished_at": timezone.now(), "stage": Stage.SPENT, **kept}
    for name, value in values.items():
        setattr(attempt, name, value)
    update(attempt, values, later=True)
