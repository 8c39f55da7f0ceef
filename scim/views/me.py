"""/Me: the person behind a personal token, read-only (RFC 7644 §3.11, P-10)."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpRequest, HttpResponse

from accounts.models import User
from scim import users
from scim.call import Call
from scim.errors import Forbidden, NotImplementedHere
from scim.list_query import projection_of
from scim.scope import find_user
from scim.versions import is_unchanged
from scim.views.frame import ScimView, answer


class MeView(ScimView):
    """An alias of the owner's /Users resource. Tokens of an account stand for nobody, and get 501."""

    always_reads = True
    takes_personal_tokens: ClassVar[bool] = True

    def get(self, call: Call, request: HttpRequest) -> HttpResponse:
        """Show the person, or 304 when the client knows this version."""
        projection = projection_of(request.GET)
        user = find_user(call, str(_owner_of(call).pk))
        version = users.version(user)
        place = call.location("Users", user.pk)  # RFC 7644 §3.11: the permanent location, not the alias
        headers = {"Location": place, "Content-Location": place, "ETag": version}
        if is_unchanged(request, version):
            return answer(None, 304, headers)
        return answer(users.show_user(call, user, projection), 200, headers)

    def refuse(self, call: Call, request: HttpRequest) -> HttpResponse:
        """Answer 403: a personal token reads."""
        _owner_of(call)
        raise Forbidden("A personal token can't change anything: your account's directory keeps these data.")

    post = put = patch = delete = refuse


def _owner_of(call: Call) -> User:
    owner = call.credential.owner
    if owner is None:
        raise NotImplementedHere(
            "This token belongs to an account, not to a person; /Me is for personal tokens."
        )
    return owner
