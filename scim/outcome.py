"""What becomes of one operation: committed as a whole, or rolled back and settled as one of SCIM's errors.

A request is one operation; a bulk request is several, each of which runs through here on its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import structlog

from accounts.lifecycle import ChangeHeld, keep_held_change
from audit.refusals import Refused, audit_refusal
from foundation.transactions import all_or_nothing
from scim.call import Call
from scim.errors import InternalError, ScimError, as_scim_error

log = structlog.get_logger(__name__)

_Result = TypeVar("_Result")


def carry_out(call: Call, work: Callable[[], _Result]) -> _Result | ScimError:
    """Do ``work`` in a transaction of its own; return its result, or the error that the client gets."""
    try:
        with all_or_nothing():
            return work()
    except Exception as raised:
        return settle(raised, call)


def settle(raised: Exception, call: Call | None) -> ScimError:
    """Do what belongs to a failure once its transaction is rolled back, and return what the client gets."""
    try:
        _follow_up(raised, call)
        known = as_scim_error(raised)
    except Exception as worse:
        log.error("scim_failed_to_settle", exc_info=worse)
        known = None
    if known is None:
        log.error("scim_failed", exc_info=raised)
        known = InternalError("Something went wrong here; the request was not carried out.")
    return known


def _follow_up(raised: Exception, call: Call | None) -> None:
    if isinstance(raised, ChangeHeld):
        keep_held_change(raised)
    if isinstance(raised, Refused):
        audit_refusal(raised)
    if call is not None:
        for effect in call.after_rollback:
            effect()
