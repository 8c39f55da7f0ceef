"""Why a SAML message was refused: one exception, one closed set of codes.

Everything in ``sso_saml`` that reads what an identity provider (or an attacker in its place) sent ends in a value or in
``SamlRefusal``. The code is what tests, the audit trail and the error page refer to, so a code never changes its name.
The detail is for the audit trail only: it is bounded, one line, and never holds the assertion; whatever it quotes of
the message went through ``quoted``. The person who signs in sees neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import wraps
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")

MAX_DETAIL = 300  # characters
MAX_QUOTE = 120  # characters


class RefusalCode(StrEnum):
    """The checks that a message can fail. Grouped in the order in which they run."""

    # bytes
    TOO_LARGE = "saml.too_large"
    NOT_BASE64 = "saml.not_base64"
    ENCODING = "saml.encoding"  # not UTF-8
    DTD = "saml.dtd"
    PROCESSING_INSTRUCTION = "saml.processing_instruction"
    NOT_XML = "saml.not_xml"
    XINCLUDE = "saml.xinclude"
    TOO_DEEP = "saml.too_deep"
    TOO_MANY_NODES = "saml.too_many_nodes"
    # structure
    ROOT = "saml.root"
    VERSION = "saml.version"
    BAD_ID = "saml.bad_id"
    DUPLICATE_ID = "saml.duplicate_id"
    ASSERTION_COUNT = "saml.assertion_count"
    ASSERTION_PLACE = "saml.assertion_place"
    STATUS = "saml.status"  # the provider itself says that the sign-in failed
    ENCRYPTED = "saml.encrypted"  # holds something that cannot be decrypted here
    NOT_ENCRYPTED = "saml.not_encrypted"  # and the provider's settings want it encrypted
    # shape of a signature
    SIGNATURE_PLACE = "saml.signature_place"
    SIGNATURE_SHAPE = "saml.signature_shape"
    REFERENCE_COUNT = "saml.reference_count"
    REFERENCE_URI = "saml.reference_uri"
    TRANSFORM = "saml.transform"
    ALGORITHM = "saml.algorithm"
    KEY_INFO = "saml.key_info"
    # the signature itself
    SIGNATURE_MISSING = "saml.signature_missing"
    SIGNATURE_INVALID = "saml.signature_invalid"
    SCHEMA = "saml.schema"
    # what the signed content says
    ISSUER = "saml.issuer"
    DESTINATION = "saml.destination"
    IN_RESPONSE_TO = "saml.in_response_to"
    TIME_FORMAT = "saml.time_format"
    NOT_YET_VALID = "saml.not_yet_valid"
    EXPIRED = "saml.expired"
    CONDITIONS = "saml.conditions"
    AUDIENCE = "saml.audience"
    SUBJECT_CONFIRMATION = "saml.subject_confirmation"
    RECIPIENT = "saml.recipient"
    AUTHN_STATEMENT = "saml.authn_statement"
    AUTHN_NOT_FRESH = "saml.authn_not_fresh"  # signed in before we asked to sign in afresh
    AUTHN_CONTEXT = "saml.authn_context"  # none of those asked for
    NAME_ID = "saml.name_id"
    REPLAY = "saml.replay"  # the assertion was used before
    # anything that a check did not foresee
    UNEXPECTED = "saml.unexpected"


class SamlRefusal(Exception):
    """A message was refused. ``code`` is stable; ``detail`` is for the audit trail, at most 300 characters."""

    def __init__(self, code: RefusalCode, detail: str = "") -> None:
        self.code = code
        self.detail = _one_line(detail, MAX_DETAIL)
        super().__init__(f"{code.value}: {self.detail}" if self.detail else code.value)


class StatusRefusal(SamlRefusal):
    """The provider answered with an error instead of an assertion.

    ``status_codes`` are the URIs from the outermost to the innermost; ``status_message`` is the provider's free text
    (Entra puts its AADSTS number there). Such answers are rarely signed: good for choosing an error page, for nothing
    else.
    """

    def __init__(self, status_codes: Iterable[str], status_message: str) -> None:
        self.status_codes = tuple(_one_line(code, MAX_QUOTE) for code in status_codes)
        self.status_message = _one_line(status_message, MAX_DETAIL)
        codes = " / ".join(code.rsplit(":", 1)[-1] for code in self.status_codes)
        super().__init__(
            RefusalCode.STATUS, f"{codes or 'no status code'}; {self.status_message}".rstrip("; ")
        )


def quoted(value: str | None) -> str:
    """What the message said, fit for a detail: in quotes, one line, cut at 120 characters; ``nothing`` for ``None``."""
    return "nothing" if value is None else f'"{_one_line(value, MAX_QUOTE)}"'


def only_refusals(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Decorate a function that reads what strangers sent: every other exception becomes ``saml.unexpected``."""

    @wraps(function)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return function(*args, **kwargs)
        except SamlRefusal:
            raise
        except Exception as error:
            kind = type(error).__name__
        # Raised out here, without the foreign exception as its context: that one's text may quote the assertion.
        raise SamlRefusal(RefusalCode.UNEXPECTED, kind)

    return guarded


def _one_line(text: str, limit: int) -> str:
    line = "".join(character if character.isprintable() else " " for character in text[: limit + 1])
    return line if len(text) <= limit else f"{line[: limit - 1]}…"
