"""Whether the DNS says that an e-mail domain is an account's (V-6): one TXT record, looked up when an admin asks and
once a month from then on.

The record stands at ``_sso-verification.<domain>`` and names the account. Its value is no secret: who can write it
into the domain's zone speaks for the domain, and in another account it proves nothing, since the value is another one
there. Only that name is ever asked for. An answer that doesn't come is no answer: what was proven stays so until the
DNS itself says that the record is gone.
"""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

import dns.exception
import dns.name
import dns.resolver
from django.conf import settings

from foundation.secret_tokens import digest

LABEL = "_sso-verification"
_PREFIX = "sso-verification="
_PATIENCE = 5.0  # seconds, for all name servers together
_RECORDS_READ = 50  # of one name; nobody needs more


class Proof(StrEnum):
    """What the DNS says."""

    PROVEN = "proven"
    ABSENT = "absent"  # no such name, no TXT record there, or none that names this account
    UNREACHABLE = "unreachable"  # no name server answered, or not with an answer


def record_name(domain: str) -> str:
    """Return the name at which the record must stand."""
    return f"{LABEL}.{domain}"


def record_value(account_id: UUID, domain: str) -> str:
    """Return the text that proves ``domain`` for this account alone."""
    return f"{_PREFIX}{digest(f'{account_id} {domain}')[:40]}"


def look_up(account_id: UUID, domain: str) -> Proof:
    """Ask the DNS; takes up to five seconds, so never call it inside a transaction."""
    wanted = record_value(account_id, domain).encode()
    try:
        answer = _resolver().resolve(
            dns.name.from_text(f"{record_name(domain)}."), "TXT", lifetime=_PATIENCE, search=False
        )
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return Proof.ABSENT
    except (
        dns.exception.DNSException
    ):  # time-out, SERVFAIL, an answer that can't be read, a name that is too long
        return Proof.UNREACHABLE
    records = [b"".join(record.strings).strip() for record in list(answer)[:_RECORDS_READ]]
    return Proof.PROVEN if wanted in records else Proof.ABSENT


def _resolver() -> dns.resolver.Resolver:
    """Return a resolver without a cache; ``BROKER_DNS_SERVERS`` in place of the machine's own name servers."""
    servers = settings.BROKER_DNS_SERVERS
    resolver = dns.resolver.Resolver(configure=not servers)
    if servers:
        resolver.nameservers = [address for address, _ in servers]
        resolver.nameserver_ports = dict(servers)
    return resolver
