"""Draws the page on which a person and their claims are chosen; ``picker`` lists its fields."""

from __future__ import annotations

import json

from simulator.claims import ClaimField, Selection, extra_to_text, fields_of, own_claims, to_text
from simulator.config import NAME_ID_FORMATS, Directory, Person, Values, Vendor
from simulator.pages import Markup, flag, hidden, join, page, render
from simulator.picker import SIGN_CHOICES
from simulator.web import Response


def picker_page(
    directory: Directory,
    *,
    protocol: str,
    application: str,
    action_url: str,
    carried: list[tuple[str, str]],
    login_hint: str | None = None,
    selection: Selection | None = None,
) -> Response:
    """Draw the page.

    ``protocol`` is ``saml`` or ``oidc``; ``carried`` are the hidden fields that hold the request;
    ``login_hint`` selects a person; ``selection`` (after "Show claims") keeps what was edited.
    """
    hinted = directory.person(login_hint)
    person = selection.person if selection else hinted or directory.people[0]
    claims = selection.claims if selection else own_claims(directory, person)
    note = (
        f"The application asked for {login_hint}, who is not in this directory."
        if login_hint and not hinted
        else ""
    )
    body = render(
        "picker",
        directory=directory.name,
        application=application,
        action_url=action_url,
        carried=hidden([*carried, ("loaded_person", person.id)]),
        note=render("note", text=note) if note else Markup(""),
        people=join(_option(directory, each, each.id == person.id) for each in directory.people),
        rows=join(_row(field, claims[field.name]) for field in fields_of(directory.vendor)),
        extra=extra_to_text(selection.extra if selection else person.extra),
        options=_options(directory, protocol, selection),
        not_assigned="AADSTS50105" if directory.vendor is Vendor.ENTRA else "access_denied",
        decline="AADSTS65004" if directory.vendor is Vendor.ENTRA else "access_denied",
    )
    return page(f"Sign in to {application}", body, heading=directory.name)


def _option(directory: Directory, person: Person, selected: bool) -> Markup:
    """The claims travel along so that the script can show them without asking the server."""
    claims = {
        name: {"text": to_text(values), "leave_out": values is None}
        for name, values in own_claims(directory, person).items()
    }
    claims["extra"] = {"text": extra_to_text(person.extra), "leave_out": False}
    return render(
        "picker_person",
        id=person.id,
        label=person.label,
        claims=json.dumps(claims),
        selected=flag("selected", selected),
    )


def _row(field: ClaimField, values: Values) -> Markup:
    text = to_text(values)
    return render(
        "picker_claim_many" if field.many else "picker_claim",
        name=field.name,
        label=field.label,
        hint=field.hint,
        value=text,
        lines=max(1, min(8, text.count("\n") + 1)),
        left_out=flag("checked", values is None),
    )


def _options(directory: Directory, protocol: str, selection: Selection | None) -> Markup:
    minutes = selection.session_minutes if selection else None
    parts = []
    if protocol == "saml":
        parts.append(
            render(
                "picker_saml",
                sign=_choices(SIGN_CHOICES, selection.sign if selection else None),
                name_id_format=_choices(
                    tuple(NAME_ID_FORMATS), selection.name_id_format if selection else None
                ),
                name_id=(selection.name_id if selection else None) or "",
            )
        )
    else:
        parts.append(
            render("picker_oidc", checked=flag("checked", bool(selection and selection.thin_id_token)))
        )
    if directory.vendor is Vendor.ENTRA:
        parts.append(render("picker_overage", checked=flag("checked", bool(selection and selection.overage))))
    session = "SessionNotOnOrAfter" if protocol == "saml" else "session_expiry"
    parts.append(render("picker_session", claim=session, minutes="" if minutes is None else minutes))
    return join(parts)


def _choices(choices: tuple[str, ...], chosen: str | None) -> Markup:
    return join(
        render("picker_choice", value=choice, selected=flag("selected", choice == chosen))
        for choice in choices
    )
