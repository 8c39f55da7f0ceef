"""Sign in with user name and password, where the account's policy allows it (L-2, L-3)."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest
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
from sso.login_options import realm_for_password
from sso.refusals import Code, SignInRefused, StartAgain
from sso.session import open_session

PASSWORDS_PER_ADDRESS = 300  # in ten minutes, right or wrong; each costs a slow hash
VENDOR_SESSION = timedelta(hours=8)  # of operators, staff and partner admins, who have no account's setting


def sign_in_with_password(
    request: HttpRequest, *, account: Account | None, user_name: str, password: str
) -> User | None:
    """Open a session and return the person; None when name or password is wrong.

    Raises ``SignInRefused`` when the account's people come by single sign-on only; the password isn't looked at then,
    except for the keeper's of a private deployment (L-3).
    """
    sso_only = account is not None and not account.password_sign_in_allowed
    if account is not None and sso_only and not is_private():
        raise SignInRefused(Code.SSO_REQUIRED, f"a password was tried at {account.slug}")
    address = client_address(request)
    if not hit("password", network_of(address), limit=PASSWORDS_PER_ADDRESS, seconds=600).allowed:
        raise SignInRefused(Code.TOO_MANY, "too many passwords were tried from this address")
    realm = realm_for_password(account, user_name)
    user = authenticate(request, realm=realm, username=user_name, password=password)
    if account is not None and sso_only and not (isinstance(user, User) and is_keeper(user)):
        # One answer for everybody but the keeper with the right password: it tells nobody who that is (V-26).
        raise SignInRefused(Code.SSO_REQUIRED, f"a password was tried at {account.slug}")
    if not isinstance(user, User):
        record_failure(
            code="password.wrong",
            # People type a password into the wrong field; only what looks like an address is worth keeping.
            message=f"Wrong user name or password{f' for {user_name[:120]}' if '@' in user_name else ''}",
            address=address,
            target=account.slug if account else "",
            account_id=account.pk if account else None,
        )
        return None
    if user.kind != Kind.MEMBER and request.get_host().lower() != public_urls.netloc():
        raise SignInRefused(Code.WRONG_HOST, f"{user.kind} may sign in on the deployment's host only (V-7)")
    if user.account is not None and not user.account.password_sign_in_allowed and not is_keeper(user):
        # People above accounts who also belong to one follow its policy, whatever page they come by.
        raise SignInRefused(
            Code.SSO_REQUIRED,
            f"{user.account.slug} signs in by single sign-on only (L-3)",
            again=StartAgain(user.account),
        )
    managed = user.account is not None and user.account.sso_authorization and user.connected
    if managed and not is_keeper(user):
        raise SignInRefused(Code.SSO_REQUIRED, "single sign-on authorization is on (R-4)")
    actor = Actor(ActorKind.USER, str(user.pk), user.user_name, address)
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        if not locked.can_sign_in:
            return None
        record_first_login(user=locked, actor=actor)
        record(
            actor=actor,
            action="sign_in.succeeded",
            subject=subjects.of_user(locked),
            message=f"{locked.user_name} signed in with a password.",
        )
    age = user.account.max_session_age if user.account is not None else VENDOR_SESSION
    open_session(request, locked, expires_at=timezone.now() + age)
    return locked
