"""Sign in with user name and password where the policy allows it (L-2, L-3), and a second factor (V-11, A-9)."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts import subjects
from accounts.lifecycle.status import record_first_login
from accounts.models import Account, Kind, User
from accounts.password_admins import is_keeper, is_private
from audit.actors import Actor, ActorKind
from audit.failures import record_failure
from audit.recorder import record
from foundation import public_urls
from foundation.client_address import client_address, network_of
from foundation.rate_limits import hit
from sso import return_urls, second_step
from sso.leaving import send_on
from sso.login_options import realm_for_password
from sso.refusals import Code, SignInRefused, StartAgain
from sso.session import open_session

WAY = "password"  # as a second step knows it
PASSWORDS_PER_ADDRESS = 300  # in ten minutes, right or wrong; each costs a slow hash
VENDOR_SESSION = timedelta(hours=8)  # of operators, staff and partner admins, who have no account's setting


def sign_in_with_password(
    request: HttpRequest, *, account: Account | None, user_name: str, password: str, next_url: str
) -> HttpResponse | None:
    """Return where a right name and password lead: to the second step or into a session; None when they are wrong.

    Raises ``SignInRefused`` when the account's people come by single sign-on only; the password isn't looked at then,
    except for the keeper's of a private deployment (L-3).
    """
    if account is not None and not account.password_sign_in_allowed and not is_private():
        raise SignInRefused(Code.SSO_REQUIRED, f"a password was tried at {account.slug}")
    user = _checked(request, account, user_name, password)
    if user is None:
        return None
    _require_policy(request, user)
    waiting = second_step.second_step(request, user, second_step.Then(WAY, next_url))
    return waiting or send_on(request, enter(request, user, next_url, ""))


def confirm_password(request: HttpRequest, user: User, password: str) -> bool:
    """Tell whether ``password`` is that of the signed-in person; counted and limited like a sign-in."""
    if not may_use_password(user):
        return False
    address = client_address(request)
    if not hit("password", network_of(address), limit=PASSWORDS_PER_ADDRESS, seconds=600).allowed:
        return False
    found = authenticate(request, realm=user.realm, username=user.user_name, password=password)
    return isinstance(found, User) and found.pk == user.pk


def may_use_password(user: User) -> bool:
    """Tell whether the person has a password that would sign them in (L-3, R-4)."""
    if not user.has_usable_password():
        return False
    account = user.account
    if account is None or is_keeper(user):
        return True
    return account.password_sign_in_allowed and not (account.sso_authorization and user.connected)


@second_step.goes_on(WAY)
def enter(request: HttpRequest, user: User, next_url: str, context: str) -> str:
    """Open the session of somebody who proved their password, and a second factor if ``context`` says so.

    Returns the URL to go to. Raises ``SignInRefused`` when status or policy changed meanwhile.
    """
    actor = Actor(ActorKind.USER, str(user.pk), user.user_name, client_address(request))
    with transaction.atomic():
        locked = User.objects.select_for_update(of=("self",)).select_related("account").get(pk=user.pk)
        if not locked.can_sign_in:
            raise SignInRefused(Code.NO_ACTIVE_ACCOUNT, f"{locked.user_name} was removed during the sign-in")
        _require_policy(request, locked)
        record_first_login(user=locked, actor=actor)
        how = "a password and a second factor" if context else "a password"
        record(
            actor=actor,
            action="sign_in.succeeded",
            subject=subjects.of_user(locked),
            message=f"{locked.user_name} signed in with {how}.",
        )
    age = locked.account.max_session_age if locked.account is not None else VENDOR_SESSION
    open_session(request, locked, expires_at=timezone.now() + age, context=context)
    return return_urls.landing(locked.account, next_url)


def _checked(request: HttpRequest, account: Account | None, user_name: str, password: str) -> User | None:
    address = client_address(request)
    if not hit("password", network_of(address), limit=PASSWORDS_PER_ADDRESS, seconds=600).allowed:
        raise SignInRefused(Code.TOO_MANY, "too many passwords were tried from this address")
    realm = realm_for_password(account, user_name)
    user = authenticate(request, realm=realm, username=user_name, password=password)
    sso_only = account is not None and not account.password_sign_in_allowed
    if account is not None and sso_only and not (isinstance(user, User) and is_keeper(user)):
        # One answer for everybody but the keeper with the right password: it tells nobody who that is (V-26).
        raise SignInRefused(Code.SSO_REQUIRED, f"a password was tried at {account.slug}")
    if isinstance(user, User):
        return user
    record_failure(
        code="password.wrong",
        # People type a password into the wrong field; only what looks like an address is worth keeping.
        message=f"Wrong user name or password{f' for {user_name[:120]}' if '@' in user_name else ''}",
        address=address,
        target=account.slug if account else "",
        account_id=account.pk if account else None,
    )
    return None


def _require_policy(request: HttpRequest, user: User) -> None:
    if user.kind != Kind.MEMBER and request.get_host().lower() != public_urls.netloc():
        raise SignInRefused(Code.WRONG_HOST, f"{user.kind} may sign in on the deployment's host only (V-7)")
    if user.account is None or is_keeper(user):
        return
    if not user.account.password_sign_in_allowed:
        # People above accounts who also belong to one follow its policy, whatever page they come by.
        raise SignInRefused(
            Code.SSO_REQUIRED,
            f"{user.account.slug} signs in by single sign-on only (L-3)",
            again=StartAgain(user.account),
        )
    if user.account.sso_authorization and user.connected:
        raise SignInRefused(Code.SSO_REQUIRED, "single sign-on authorization is on (R-4)")
