"""Moments in SAML: reading ``xs:dateTime`` and comparing with the clock.

SAML Core §1.3.3: times are UTC. A missing zone is therefore UTC; an explicit offset, which some providers send, is
unambiguous and accepted. Comparisons move our clock by the skew instead of the provider's time, because providers do
send the year 9999.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from sso_saml.errors import RefusalCode, SamlRefusal, quoted

_DATE_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,12}))?(Z|[+-]\d{2}:\d{2})?\Z", flags=re.ASCII
)
_LAST = datetime.max.replace(tzinfo=UTC)


def read_time(value: str, where: str) -> datetime:
    """The aware UTC moment of an ``xs:dateTime``, cut to microseconds. ``where`` names the attribute in a refusal."""
    match = _DATE_TIME.match(value)
    if match:
        seconds, fraction, zone = match.groups()
        text = f"{seconds}.{(fraction or '0')[:6]:0<6}{'+00:00' if zone in (None, 'Z') else zone}"
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise SamlRefusal(RefusalCode.TIME_FORMAT, f"{where} is {quoted(value)}")


def check_begun(not_before: datetime, now: datetime, skew: timedelta, where: str) -> None:
    """Refuse what begins more than ``skew`` from now."""
    if not_before > now + skew:
        raise SamlRefusal(
            RefusalCode.NOT_YET_VALID, f"{where} {not_before:%Y-%m-%dT%H:%M:%SZ} is in the future"
        )


def check_not_over(not_on_or_after: datetime, now: datetime, skew: timedelta, where: str) -> None:
    """Refuse what ended ``skew`` ago or earlier; the end itself does not belong to it."""
    if not_on_or_after <= now - skew:
        raise SamlRefusal(RefusalCode.EXPIRED, f"{where} {not_on_or_after:%Y-%m-%dT%H:%M:%SZ} is over")


def plus_skew(moment: datetime, skew: timedelta) -> datetime:
    """``moment`` + ``skew``, or the last moment that exists."""
    return moment + skew if moment < _LAST - skew else _LAST
