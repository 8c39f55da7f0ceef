"""What goes wrong in SCIM, each a class with its HTTP status and scimType (RFC 7644 §3.12).

Raised anywhere below the views; ``scim.views.frame`` turns them into SCIM's error form, with the track ID in the
detail. ``as_scim_error`` translates what other parts raise: refusals of ``accounts.lifecycle`` and the errors of
scim2-models' grammar.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import scim2_models
from django.core.exceptions import TooManyFieldsSent
from django_scim.exceptions import SCIMException

from accounts.lifecycle import (
    ChangeHeld,
    GroupConflict,
    InvalidGroup,
    InvalidPerson,
    NameTakenMeanwhile,
    UserNameTaken,
    WrongAccount,
)
from accounts.privilege import NotAllowed
from audit.refusals import Refused
from foundation import track_ids


class ScimError(SCIMException):
    """The base: ``detail`` is a sentence for the administrator of the directory; ``headers`` go with the answer."""

    status: int = 400
    scim_type: str | None = None
    code = "scim.refused"

    def __init__(self, detail: str, *, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(detail)
        self.headers = headers

    def to_dict(self) -> dict[str, Any]:
        """Return the body: status as text (RFC 7644 §3.12), the track ID at the end of the detail."""
        body: dict[str, Any] = super().to_dict()
        body["status"] = str(self.status)
        if track_id := track_ids.current():
            body["detail"] = f"{self.detail} [track ID {track_id}]"
        return body


class InvalidSyntax(ScimError):
    """The body is no message of the kind that belongs here."""

    scim_type, code = "invalidSyntax", "scim.invalid_syntax"


class InvalidValue(ScimError):
    """A value is missing or doesn't fit its attribute."""

    scim_type, code = "invalidValue", "scim.invalid_value"


class InvalidFilter(ScimError):
    """A filter that can't be read, or names what can't be filtered on."""

    scim_type, code = "invalidFilter", "scim.invalid_filter"


class InvalidPath(ScimError):
    """A PATCH path or sort attribute that can't be read or doesn't exist."""

    scim_type, code = "invalidPath", "scim.invalid_path"


class InvalidCursor(ScimError):
    """A cursor that we didn't make, or not for this query (RFC 9865 §2.2)."""

    scim_type, code = "invalidCursor", "scim.invalid_cursor"


class ExpiredCursor(ScimError):
    """A cursor that came too late (RFC 9865 §2.2)."""

    scim_type, code = "expiredCursor", "scim.expired_cursor"


class NoTarget(ScimError):
    """A PATCH path that selects nothing."""

    scim_type, code = "noTarget", "scim.no_target"


class Immutable(ScimError):
    """An attribute that can't be changed, or can't be without a value."""

    scim_type, code = "mutability", "scim.mutability"


class Unauthorized(ScimError):
    """No token, or none that is good."""

    status, code = 401, "scim.unauthorized"


class Forbidden(ScimError):
    """The token may not do this."""

    status, code = 403, "scim.forbidden"


class NotFound(ScimError):
    """Nothing of this account has this id."""

    status, code = 404, "scim.not_found"


class MethodNotAllowed(ScimError):
    """The address has no such method."""

    status, code = 405, "scim.method_not_allowed"


class Conflict(ScimError):
    """A value that belongs to one alone is taken."""

    status, scim_type, code = 409, "uniqueness", "scim.conflict"


class UnresolvedReference(ScimError):
    """A ``bulkId:`` stands for nothing that exists (RFC 7644 §3.7.1)."""

    status, code = 409, "scim.unresolved_reference"


class PreconditionFailed(ScimError):
    """The resource is not at the version that the client saw."""

    status, code = 412, "scim.precondition_failed"


class TooLarge(ScimError):
    """More than we take in one request."""

    status, code = 413, "scim.too_large"


class UnsupportedMediaType(ScimError):
    """The body is not declared as JSON."""

    status, code = 415, "scim.unsupported_media_type"


class TooManyRequests(ScimError):
    """The token's operations per second are used up."""

    status, code = 429, "scim.too_many_requests"


class InternalError(ScimError):
    """Our fault; the log has the reason under the same track ID."""

    status, code = 500, "scim.internal_error"


class NotImplementedHere(ScimError):
    """Part of SCIM that this server doesn't have."""

    status, code = 501, "scim.not_implemented"


_REFUSALS: tuple[tuple[type[Refused], type[ScimError]], ...] = (
    (UserNameTaken, Conflict),
    (NameTakenMeanwhile, Conflict),
    (GroupConflict, Conflict),
    (ChangeHeld, Forbidden),
    (NotAllowed, Forbidden),
    (InvalidPerson, InvalidValue),
    (InvalidGroup, InvalidValue),
    (WrongAccount, InvalidValue),
)


def as_scim_error(error: Exception) -> ScimError | None:
    """Return the SCIM form of an error that we know, None for one that should not have happened."""
    if isinstance(error, ScimError):
        return error
    if isinstance(error, scim2_models.InvalidFilterException):
        return InvalidFilter(f"The filter can't be read: {error.detail}.")
    if isinstance(error, scim2_models.InvalidPathException):
        return InvalidPath(f"The path can't be read: {error.detail}.")
    if isinstance(error, TooManyFieldsSent):
        return InvalidSyntax("The query has too many parameters.")
    if isinstance(error, Refused):
        for refusal, answer in _REFUSALS:
            if isinstance(error, refusal):
                return answer(error.message)
        return Forbidden(error.message)
    return None
