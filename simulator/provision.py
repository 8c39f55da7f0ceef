"""The page ``/<directory>/provision``: push people and groups to a SCIM server and see each request and
answer.

Fields: ``base_url``, ``token`` (blank: the token of the configured file, sent to the configured base URL
only), ``dialect`` (``entra``/``okta``), ``compliant`` (``1``: Entra's aadOptscim062020), ``okta_app``
(``oin``/``aiw``), ``person``, ``group``, ``action`` (the values of ``provisioning.Push``), and ``email``,
``given_name``, ``family_name``, ``display_name``, ``user_name`` (blank: the person's own) to push something
changed.

A form from another site is refused, and a token from the configuration never travels to an address from a
form.
"""

from __future__ import annotations

from typing import TypeVar

from simulator.config import Directory, DirectoryGroup, Vendor
from simulator.errors import Refused
from simulator.pages import Markup, flag, join, page, render
from simulator.picker import chosen_person
from simulator.provisioning import EDITABLE, GROUP_ACTIONS, NEEDS_PERSON, PERSON_ACTIONS, Push, changed, run
from simulator.scim_client import Exchange, NotProvisioned, OktaApp, ScimFailure, ScimPusher
from simulator.scim_dialects import Dialect
from simulator.site import Site
from simulator.web import Params, Request, Response

T = TypeVar("T", Push, Dialect, OktaApp)
LABELS = {action: action.replace("-", " ").capitalize() for action in Push}


def show(site: Site, request: Request) -> Response:
    """The empty page."""
    return _draw(site, request.query, Markup(""))


def push(site: Site, request: Request) -> Response:
    """A button was pressed."""
    if not request.is_from_own_page(site.urls.base):
        raise Refused("AADSTS90023", "This form was sent from another site.", 403)
    form = request.form
    action = _choice(form, "action", Push)
    original = chosen_person(site.directory, form) if action in NEEDS_PERSON else None
    edits = {name: (form.one(name) or "").strip() or None for name in EDITABLE}
    person = changed(original, edits) if original else None
    group = _group(site.directory, form) if action in GROUP_ACTIONS else None
    pusher = _pusher(site, form)
    try:
        run(pusher, action, person, group, original.user_name if original else None)
        outcome = render("provision_done", text=f"{LABELS[action]}: done.")
    except (ScimFailure, NotProvisioned) as error:
        outcome = render("provision_failed", text=f"{LABELS[action]}: {error}")
    exchanges = join(_exchange(number, each) for number, each in enumerate(pusher.exchanges, 1))
    return _draw(site, form, join([outcome, exchanges]))


def _pusher(site: Site, form: Params) -> ScimPusher:
    target = site.directory.scim
    base_url = (form.one("base_url") or (target.base_url if target else "")).rstrip("/")
    if not base_url.startswith(("http://", "https://")):
        raise Refused("AADSTS90102", "Fill in the SCIM base URL.")
    token = form.one("token")
    if not token and target is not None and base_url == target.base_url:
        token = target.token()
    if not token:
        raise Refused(
            "AADSTS900144", "Fill in the SCIM token; the configured one is used for the configured URL only."
        )
    dialect = _choice(form, "dialect", Dialect)
    okta_app = _choice(form, "okta_app", OktaApp) if form.one("okta_app") else OktaApp.OIN
    try:
        return ScimPusher(base_url, token, dialect, compliant=form.one("compliant") == "1", okta_app=okta_app)
    except ValueError as error:
        raise Refused("AADSTS90013", "The token holds characters that no HTTP header can carry.") from error


def _group(directory: Directory, form: Params) -> DirectoryGroup:
    group = directory.group(form.one("group"))
    if group is None:
        raise Refused("AADSTS90013", "This directory has no such group.")
    return group


def _choice(form: Params, name: str, kind: type[T]) -> T:
    value = form.one(name) or ""
    if value not in set(kind):
        raise Refused("AADSTS90013", f"{name} must be one of {', '.join(kind)}.")
    return kind(value)


def _draw(site: Site, form: Params, result: Markup) -> Response:
    directory = site.directory
    target = directory.scim
    dialect = form.one("dialect") or (Dialect.OKTA if directory.vendor is Vendor.OKTA else Dialect.ENTRA)
    body = render(
        "provision",
        directory=directory.name,
        action_url=site.urls.provision,
        result=result,
        base_url=form.one("base_url") or (target.base_url if target else ""),
        token_hint="blank: the configured token" if target and target.token_file else "",
        dialects=_options([(each, each) for each in Dialect], dialect),
        okta_apps=_options([(each, each) for each in OktaApp], form.one("okta_app")),
        compliant=flag("checked", form.one("compliant") == "1"),
        people=_options([(each.id, each.label) for each in directory.people], form.one("person")),
        groups=_options([(each.id, each.name) for each in directory.groups], form.one("group")),
        edits=join(render("provision_edit", name=name, value=form.one(name) or "") for name in EDITABLE),
        person_buttons=_buttons((*PERSON_ACTIONS, Push.TEST)),
        group_buttons=_buttons(GROUP_ACTIONS),
    )
    return page(f"Provision {directory.name}", body, heading=directory.name)


def _options(choices: list[tuple[str, str]], chosen: str | None) -> Markup:
    return join(
        render("provision_option", value=value, label=label, selected=flag("selected", value == chosen))
        for value, label in choices
    )


def _buttons(actions: tuple[Push, ...]) -> Markup:
    return join(render("provision_button", action=action, label=LABELS[action]) for action in actions)


def _exchange(number: int, exchange: Exchange) -> Markup:
    return render(
        "provision_exchange",
        number=number,
        request=exchange.request_text,
        status=exchange.status or "no answer",
        answer=exchange.answer,
    )
