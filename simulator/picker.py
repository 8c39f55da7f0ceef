"""The form on which a person and their claims are chosen: reading it. (``picker_page`` draws it.)

It is a plain POST form, so a test may send it without a browser. Fields:

    person            object id, user name or e-mail of the person (required) user_name, email, given_name,
    family_name, display_name, timezone    one text each space_name, space_role, groups, role_mapping    one
    value per line object_id, tenant_id                            Entra only leave_out         repeated:
    names of claims to leave out altogether (absent, not empty) extra             further claims,
    ``name=value`` per line, the value text or JSON overage           ``1``: too many groups to list (Entra:
    groups.link, hasgroups, _claim_names) session_minutes   length of the session at the identity provider;
    blank: not said sign              SAML: ``assertion``, ``response`` or ``both``; blank: as the vendor does
    name_id_format    SAML: ``email``, ``persistent``, ``transient``, ``unspecified``; blank: as asked or as
    the vendor does name_id           SAML: value of the NameID; blank: as the format says thin_id_token
    OpenID Connect: ``1``: profile, e-mail, groups and further claims only at userinfo action
    ``continue``, ``load`` (show the person's claims), ``decline`` or ``not_assigned`` loaded_person     the
    person whose claims the page shows (sent by the page itself)

A claim field that is not sent has the person's own value. When ``loaded_person`` is sent, a field that still
shows that person's own value counts as not edited, so choosing somebody else on the page brings that person's
values with it.
"""

from __future__ import annotations

from enum import StrEnum

from simulator.claims import (
    ClaimField,
    Selection,
    extra_from_text,
    extra_to_text,
    fields_of,
    from_text,
    own_claims,
    to_text,
)
from simulator.config import NAME_ID_FORMATS, Directory, Person, Values
from simulator.errors import Refused
from simulator.web import Params

SIGN_CHOICES = ("assertion", "response", "both")
MAX_SESSION_MINUTES = 60 * 24 * 365


class Action(StrEnum):
    """The buttons of the page."""

    CONTINUE = "continue"
    LOAD = "load"
    DECLINE = "decline"
    NOT_ASSIGNED = "not_assigned"


def chosen_action(form: Params) -> Action:
    """Which button was pressed; a form without one (Enter key, test client) means Continue."""
    value = form.one("action") or Action.CONTINUE
    if value not in set(Action):
        raise Refused("AADSTS90013", "The form names no known action.")
    return Action(value)


def chosen_person(directory: Directory, form: Params) -> Person:
    person = directory.person(form.one("person"))
    if person is None:
        raise Refused("AADSTS50034", "This directory has no such person.")
    return person


def read_selection(directory: Directory, form: Params) -> Selection:
    """Read the form. Raises ``Refused`` on an unknown person, choice or malformed further claim."""
    person = chosen_person(directory, form)
    loaded = directory.person(form.one("loaded_person"))
    own = own_claims(directory, person)
    shown = own_claims(directory, loaded) if loaded else None
    left_out = set(form.all("leave_out"))
    claims = {
        field.name: _sent_claim(field, form, left_out, own[field.name])
        if shown is None
        else _edited_claim(field, form, left_out, own[field.name], shown[field.name])
        for field in fields_of(directory.vendor)
    }
    return Selection(
        person=person,
        claims=claims,
        extra=_extra(form, person, loaded),
        overage=form.one("overage") == "1",
        session_minutes=_minutes(form.one("session_minutes")),
        sign=_choice(form, "sign", SIGN_CHOICES),
        name_id_format=_choice(form, "name_id_format", tuple(NAME_ID_FORMATS)),
        name_id=form.one("name_id") or None,
        thin_id_token=form.one("thin_id_token") == "1",
    )


def _text_of(form: Params, name: str) -> str | None:
    sent = form.all(name)
    return "\n".join(sent).replace("\r\n", "\n") if sent else None


def _sent_claim(field: ClaimField, form: Params, left_out: set[str], own: Values) -> Values:
    """The claim when a client made the form up: what is sent counts, what is not is the person's own."""
    text = _text_of(form, field.name)
    if field.name in left_out:
        return None
    return own if text is None else from_text(text, field.many)


def _edited_claim(field: ClaimField, form: Params, left_out: set[str], own: Values, shown: Values) -> Values:
    """The claim when the page sent the form: only what differs from what it showed is an edit."""
    text = _text_of(form, field.name)
    leave_out = field.name in left_out
    text_edited = text is not None and text != to_text(shown)
    box_edited = leave_out != (shown is None)
    if not text_edited and not box_edited:
        return own
    # Typing into a field that was left out means to send it, even when the box was not cleared.
    if leave_out and (box_edited or not text):
        return None
    return from_text(text or "", field.many)


def _extra(form: Params, person: Person, loaded: Person | None) -> dict[str, object]:
    if "extra" not in form:
        return dict(person.extra)
    text = (form.one("extra") or "").replace("\r\n", "\n")
    if loaded is not None and text == extra_to_text(loaded.extra):
        return dict(person.extra)
    return extra_from_text(text)


def _minutes(text: str | None) -> int | None:
    if not text or not text.strip():
        return None
    if not text.strip().isdecimal() or not 1 <= int(text[:10]) <= MAX_SESSION_MINUTES:
        raise Refused("AADSTS90013", "The session length must be a number of minutes.")
    return int(text)


def _choice(form: Params, name: str, choices: tuple[str, ...]) -> str | None:
    value = form.one(name) or None
    if value is not None and value not in choices:
        raise Refused("AADSTS90013", f"{name} must be one of {', '.join(choices)}.")
    return value
