"""A stranger asks for a link by mail: recovery access, a new password (L-9, A-9, V-21, V-26).

The request is answered without looking anybody up: it is counted and left in the outbox, and a worker finds out whom it
concerns. So page and time are the same for every address, known or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import HttpRequest

from accounts.models import User
from audit.failures import record_failure
from foundation import outbox
from foundation.client_address import client_address, network_of
from foundation.folding import fold
from foundation.rate_limits import hit
from sso.refusals import Code, SignInRefused

ASKED_PER_ADDRESS = 3  # an hour, of each kind, from one network
ASKED_PER_ADDRESS_IN_ALL = (
    12  # an hour, of each kind: nobody's mailbox is flooded, and no stranger uses up its share
)
ASKED_PER_NETWORK = 20  # in ten minutes, of both kinds
TOO_MANY_FOR_ADDRESS = "link.too_many"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a worker gets: the typed address and where it was typed."""

    typed: str
    client: str

    @classmethod
    def read(cls, payload: dict[str, Any]) -> Asked:
        """Return it from an outbox row."""
        return cls(str(payload["typed"]), str(payload["client"]))


def ask(request: HttpRequest, *, kind: str, typed: str) -> None:
    """Leave the request to a worker; beyond the limit of one address nothing is done and nothing else is shown.

    Raises ``SignInRefused`` (429) for a network that asks too often, whatever it asks for.
    """
    client, address = client_address(request), fold(typed)
    network = network_of(client)
    if not hit("link-network", network, limit=ASKED_PER_NETWORK, seconds=600).allowed:
        raise SignInRefused(Code.TOO_MANY, "too many links were asked for from this address")
    allowed = (
        hit(f"link-{kind}-from", f"{address} {network}", limit=ASKED_PER_ADDRESS, seconds=3600).allowed
        and hit(f"link-{kind}", address, limit=ASKED_PER_ADDRESS_IN_ALL, seconds=3600).allowed
    )
    if not allowed:
        record_failure(
            code=TOO_MANY_FOR_ADDRESS,
            message=f"Too many links in an hour were asked for ({kind}) for {shown(typed)}",
            address=client,
            target=kind,
        )
        return
    with transaction.atomic():
        outbox.add(kind, {"typed": typed, "client": client})


def note(asked: Asked, *, code: str, message: str, target: str, user: User | None = None) -> None:
    """Write why no link was mailed into the failure log (V-21), that of the person's account if there is one."""
    account_id = user.account_id if user is not None else None
    record_failure(code=code, message=message, address=asked.client, target=target, account_id=account_id)


def shown(typed: str) -> str:
    """Return what was typed, for the failure log: people type a password into the wrong field."""
    return typed[:120] if "@" in typed else "something that is no address"
