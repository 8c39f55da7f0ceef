"""What a test looks at from outside: rows of every table, track IDs on pages, and where support finds them."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import parse_qs, urlsplit

from django.apps import apps
from django.db import connection

from audit.models import AuditEvent, FailureLogEntry
from tests.journeys.person_browser import Page

_TRACK_ID = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){2}\b")

SAML = "/sso/saml/acme-saml/"
OIDC = "/sso/oidc/acme-oidc/login"
CALLBACK = "/sso/oidc/acme-oidc/callback"
CONTINUE = "/sso/continue/"


def rows() -> Counter[str]:
    """Return how many rows each table has."""
    models = [model for model in apps.get_models() if not model._meta.proxy]
    quote = connection.ops.quote_name
    # One statement: tests count often, and there are some sixty tables.
    counted = " UNION ALL ".join(
        f"SELECT '{model._meta.label}', count(*) FROM {quote(model._meta.db_table)}" for model in models
    )
    with connection.cursor() as cursor:
        cursor.execute(counted)
        return Counter(dict(cursor.fetchall()))


def written(before: Counter[str]) -> dict[str, int]:
    """Return which tables have more or fewer rows than before."""
    now = rows()
    return {table: now[table] - before[table] for table in now if now[table] != before[table]}


def track_id_of(page: Page) -> str:
    """Return the one track ID that a page shows; it is also the one in the header."""
    found = set(_TRACK_ID.findall(page.words))
    assert len(found) == 1, f"{found} in: {page.words[:500]}"
    shown = found.pop()
    assert page.headers["X-Track-Id"] == shown
    return shown


def reasons(track_id: str) -> list[str]:
    """Return what support finds under a track ID in the audit trail and the failure log, oldest first."""
    audited = AuditEvent.objects.filter(track_id=track_id).exclude(reason="")
    failed = FailureLogEntry.objects.filter(track_id=track_id)
    found = [*audited.values_list("created_at", "reason"), *failed.values_list("last_seen", "code")]
    return [reason for _, reason in sorted(found)]


def refused_for(page: Page) -> str:
    """Return why a page was refused, found as support would: by the track ID that it shows.

    Never a 5xx, but for the page that says that a provider is down.
    """
    assert 400 <= page.status < 500 or (page.status == 503 and "Retry-After" in page.headers), (
        f"{page.status}: {page.words[:500]}"
    )
    assert "Traceback" not in page.text
    found = reasons(track_id_of(page))
    assert found, f"nothing found for {track_id_of(page)}"
    return found[-1]


def code_in(page: Page) -> str:
    """Return the one-time code in a redirect to the continuation."""
    assert page.status == 303, page.words[:500]
    location = urlsplit(page.headers["Location"])
    assert location.path == CONTINUE
    return parse_qs(location.query)["code"][0]


def fields_of(page: Page) -> dict[str, str]:
    """Return the fields of the form that carries an answer home."""
    return page.form()[2]
