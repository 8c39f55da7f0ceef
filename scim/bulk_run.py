"""Carry out a bulk request: every operation as if it had come alone, in a transaction of its own (RFC 7644 §3.7).

An operation that fails leaves nothing behind and stops no other, until ``failOnErrors`` of them have failed: what was
done before stays done, and what comes after is neither done nor answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import quote

from scim import groups, request_log, users
from scim.bulk import RESPONSE_URN, BulkOperation, BulkRequest, execution_order
from scim.call import Call, Effect
from scim.errors import ScimError
from scim.outcome import carry_out
from scim.schema import JsonObject
from scim.versions import require_version

_NOTED_OPERATIONS = 100  # in the request log
_NOTED_NAMES = 10  # of ignored or changed attributes, per operation
_NOTED_CHARACTERS = 200

Guard = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Done:
    """What a single request would have answered: status, the resource's id, its new version ("" when it is gone)."""

    status: int
    resource_id: str
    version: str = ""


def run(call: Call, bulk: BulkRequest) -> JsonObject:
    """Do the operations and return the BulkResponse, results in the order of the request."""
    order, circular = execution_order(bulk.operations)
    ids: dict[str, str] = {}
    results: dict[int, JsonObject] = {}
    noted: list[Effect] = []
    errors = 0
    for index in order:
        operation = bulk.operations[index]
        own = replace(call, effect={}, after_rollback=[])
        outcome = _outcome(own, operation, ids, cycle=index in circular)
        if isinstance(outcome, Done) and operation.creates:
            ids[operation.bulk_id] = outcome.resource_id
        results[index] = _result(own, operation, outcome, ids)
        if len(noted) < _NOTED_OPERATIONS:
            noted.append(_noted(own, operation, outcome))
        errors += isinstance(outcome, ScimError)
        if errors == bulk.stop_after:
            break
    call.effect.update(done=len(results) - errors, failed=errors, operations=noted)
    return {"schemas": [RESPONSE_URN], "Operations": [results[index] for index in sorted(results)]}


def _outcome(
    call: Call, operation: BulkOperation, ids: Mapping[str, str], *, cycle: bool
) -> Done | ScimError:
    try:
        ready = operation.resolved(ids, cycle)
    except ScimError as error:
        return error
    return carry_out(call, partial(_WORK[ready.endpoint, ready.method], call, ready))


def _result(
    call: Call, operation: BulkOperation, outcome: Done | ScimError, ids: Mapping[str, str]
) -> JsonObject:
    result: JsonObject = {"method": operation.method}
    if operation.bulk_id:
        result["bulkId"] = operation.bulk_id
    if isinstance(outcome, Done):
        if outcome.version:
            result["version"] = outcome.version
        result["location"] = call.location(operation.endpoint, outcome.resource_id)
        return result | {"status": str(outcome.status)}
    known_id = operation.resource_name(ids)
    if known_id:
        # RFC 7644 §3.7.3: all but a failed POST name the resource.
        result["location"] = call.location(operation.endpoint, quote(known_id, safe=""))
    return result | {"status": str(outcome.status), "response": outcome.to_dict()}


def _noted(call: Call, operation: BulkOperation, outcome: Done | ScimError) -> Effect:
    noted: Effect = {
        "method": operation.method[:10],
        "endpoint": operation.endpoint,
        "status": outcome.status,
    }
    if isinstance(outcome, ScimError):
        detail = request_log.masked_detail(outcome.detail)[:_NOTED_CHARACTERS]
        return noted | {"scim_type": outcome.scim_type or "", "detail": detail}
    return noted | {name: _bounded(value) for name, value in call.effect.items()}


def _bounded(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [each[:_NOTED_CHARACTERS] if isinstance(each, str) else each for each in value[:_NOTED_NAMES]]


def _guard(operation: BulkOperation) -> Guard:
    return partial(require_version, operation.version)


def _create_user(call: Call, operation: BulkOperation) -> Done:
    user, _ = users.create_user(call, operation.data)
    return Done(201, str(user.pk), users.version(user))


def _replace_user(call: Call, operation: BulkOperation) -> Done:
    user = users.replace_user(call, operation.resource_id, operation.data, _guard(operation))
    return Done(200, str(user.pk), users.version(user))


def _patch_user(call: Call, operation: BulkOperation) -> Done:
    user = users.patch_user(call, operation.resource_id, operation.data, _guard(operation))
    return Done(200, str(user.pk), users.version(user))


def _delete_user(call: Call, operation: BulkOperation) -> Done:
    users.delete_user(call, operation.resource_id, _guard(operation))
    return Done(204, operation.resource_id)


def _create_group(call: Call, operation: BulkOperation) -> Done:
    group = groups.create_group(call, operation.data)
    return Done(201, str(group.pk), groups.version(group))


def _replace_group(call: Call, operation: BulkOperation) -> Done:
    group = groups.replace_group(call, operation.resource_id, operation.data, _guard(operation))
    return Done(200, str(group.pk), groups.version(group))


def _patch_group(call: Call, operation: BulkOperation) -> Done:
    group = groups.patch_group(call, operation.resource_id, operation.data, _guard(operation))
    return Done(204, str(group.pk), groups.version(group))


def _delete_group(call: Call, operation: BulkOperation) -> Done:
    groups.delete_group(call, operation.resource_id, _guard(operation))
    return Done(204, operation.resource_id)


_WORK: Mapping[tuple[str, str], Callable[[Call, BulkOperation], Done]] = {
    ("Users", "POST"): _create_user,
    ("Users", "PUT"): _replace_user,
    ("Users", "PATCH"): _patch_user,
    ("Users", "DELETE"): _delete_user,
    ("Groups", "POST"): _create_group,
    ("Groups", "PUT"): _replace_group,
    ("Groups", "PATCH"): _patch_group,
    ("Groups", "DELETE"): _delete_group,
}
