"""Keep secrets out of logs: one processor for every log line, and the masking that others use.

Two habits are guarded against (design rule 8, V-24). Request loggers print paths, and with them codes, keys and link
tokens: queries are dropped and the parts of a path that are secret are masked. And somebody one day logs a dictionary
with a token in it: values under telling names are masked whatever the event.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any

MASK = "[masked]"

# Named by suffix as well, so `client_secret`, `x_api_token` and `new_password` are all caught.
_SECRET_NAME = re.compile(
    r"(password|passwd|secret|token|cookie|assertion|samlresponse|samlrequest|id_token|code_verifier"
    r"|private_key|api_key|x-rs-key|relaystate|nonce|session_key|signature)$",
    re.IGNORECASE,
)
# Names of parameters in flight; in the audit trail the same words are plain fields (`state` of a provider).
_SECRET_IN_FLIGHT = frozenset({"code", "state", "key", "sid"})
_SECRET_EXACT = frozenset({"authorization"})
_TOKEN_PATH = re.compile(
    r"^(/(?:[a-z]{2}/)?setup/)[^/]+|^(/invitation/)[^/]+"
    r"|^(/(?:recovery-(?:access|drill|address)|password-reset)/)[^/]+"
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*")
_OUR_TOKEN = re.compile(r"\b(scim|soat|socs|me|pat|inv|set|rec)_[0-9a-f]{12}_[A-Za-z0-9_-]{20,}")

# A partner's key travels in an address (S-6), and providers repeat that address in what they send.
_KEY_IN_ADDRESS = re.compile(r"(?i)(x-rs-key(?:=|%3d|&#61;))[^&\s\"'<>;#]+")

_SHORTEST = 14  # characters of the shortest text that any of these finds: "basic " and eight more


@lru_cache(maxsize=2048)  # field names repeat on every line; whoever makes up names can't make this grow
def is_secret_name(name: str, *, in_flight: bool = True) -> bool:
    """Tell whether a value under this name must not be shown; ``in_flight`` for what a request or log line holds."""
    exact = _SECRET_EXACT | _SECRET_IN_FLIGHT if in_flight else _SECRET_EXACT
    return name.lower() in exact or bool(_SECRET_NAME.search(name))


def mask_text(text: str) -> str:
    """Mask tokens that can be recognised inside free text."""
    if len(text) < _SHORTEST:
        return text
    text = _BEARER.sub(_masked_credential, text)
    if "eyJ" in text:
        text = _JWT.sub(MASK, text)
    if "=" in text or "%" in text:
        text = _KEY_IN_ADDRESS.sub(rf"\g<1>{MASK}", text)
    return _OUR_TOKEN.sub(MASK, text) if "_" in text else text


def _masked_credential(found: re.Match[str]) -> str:
    return f"{found[1]} {MASK}"


def mask_path(path: str) -> str:
    """Return a request path fit for a log: no query, secret path parts masked."""
    path = path.split("?", 1)[0]
    return _TOKEN_PATH.sub(lambda found: f"{found[1] or found[2] or found[3]}{MASK}", path)


def mask_values(value: Any, *, name: str = "", depth: int = 0, in_flight: bool = True) -> Any:
    """Return ``value`` with everything secret masked; containers are copied, never changed."""
    if name and is_secret_name(name, in_flight=in_flight) and value not in (None, "", False):
        return MASK
    if depth > 8:
        return MASK
    if isinstance(value, Mapping):
        return {
            key: mask_values(item, name=str(key), depth=depth + 1, in_flight=in_flight)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [mask_values(item, depth=depth + 1, in_flight=in_flight) for item in value]
    return mask_text(value) if isinstance(value, str) else value


def redact_event(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Structlog processor: mask every value of a log line."""
    for name in list(event):
        if name == "request":
            event[name] = " ".join(mask_path(part) for part in str(event[name]).split(" "))
        elif name in ("path", "request_path", "url"):
            event[name] = mask_path(str(event[name]))
        elif name != "event" or isinstance(event[name], str):
            event[name] = mask_values(event[name], name="" if name == "code" else name)
    return event
