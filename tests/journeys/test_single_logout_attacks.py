"""A logout message that the identity provider did not send, not so, not now or not here, ends nothing (S-7, S-8, L-12).

Every case is an honest message with one thing wrong. It is refused under a code of its own, with a page whose track ID
leads support there, and Mia stays signed in; then the honest twin comes and signs her out.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import quote

import pytest
from django.test import Client
from lxml import etree

from accounts.models import UserSession
from audit.models import FailureLogEntry
from sso import providers
from sso_saml.models import LogoutInFlight, SpentAssertion
from tests.journeys.conftest import OPERATOR, Company
from tests.journeys.logouts import (
    ECDSA,
    SHA1,
    SLO,
    LogoutRecipe,
    at,
    deflate,
    key_of,
    message_in,
    parameters,
    status_in,
)
from tests.journeys.person_browser import HOME, Page, PersonBrowser, sign_in
from tests.journeys.seen import SAML, refused_for
from tests.journeys.test_single_logout import NewBrowser, answer_to, offer_logout, recipe, redirected
from tests.sso_saml.forge import (
    DS,
    SAMLP,
    Seal,
    certificate,
    der_base64,
    ec_key,
    rsa_key,
    sign,
)
from tests.sso_saml.forge import SAML as NS

XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"


@dataclass
class Scene:
    """Mia, signed in by SAML at Acme, whose identity provider offers single logout."""

    company: Company
    browser: PersonBrowser
    honest: LogoutRecipe

    def by_redirect(self, query: str) -> Page:
        return self.browser._get(f"{HOME}{SLO}?{query}")

    def by_post(self, form: dict[str, object]) -> Page:
        return self.browser.post(SLO, form, cross_site=True)


@pytest.fixture
def scene(acme: Company, browser: PersonBrowser) -> Scene:
    offer_logout(acme)
    sign_in(browser, SAML)
    index = UserSession.objects.get().session_index
    return Scene(acme, browser, recipe(acme, session_indexes=(index,)))


Attack = Callable[[Scene], Page]


@dataclass(frozen=True)
class Case:
    name: str
    code: str
    attack: Attack


def turned(name: str, code: str, **changes: object) -> list[Case]:
    """The honest request with knobs turned, by either binding."""
    return [
        Case(f"{name}, by redirect", code, lambda s: s.by_redirect(s.honest.but(**changes).query())),
        Case(f"{name}, by POST", code, lambda s: s.by_post({**s.honest.but(**changes).form()})),
    ]


def query(name: str, code: str, edit: Callable[[str], str]) -> Case:
    """The honest query, edited after it was signed."""
    return Case(name, code, lambda s: s.by_redirect(edit(s.honest.query())))


def signed_query(name: str, code: str, pack: Callable[[bytes], str]) -> Case:
    """A query whose message is packed otherwise, signed as it is."""

    def attack(scene: Scene) -> Page:
        packed = pack(etree.tostring(scene.honest.tree()))
        text = f"SAMLRequest={quote(packed, safe='')}&SigAlg={quote(scene.honest.sig_alg, safe='')}"
        return scene.by_redirect(f"{text}&Signature={quote(scene.honest.signature_of(text), safe='')}")

    return Case(name, code, attack)


def form(name: str, code: str, edit: Callable[[LogoutRecipe, dict[str, object]], object]) -> Case:
    """The honest form, edited after it was made."""

    def attack(scene: Scene) -> Page:
        fields: dict[str, object] = {**scene.honest.form()}
        edit(scene.honest, fields)
        return scene.by_post(fields)

    return Case(name, code, attack)


def without(parameter: str) -> Callable[[str], str]:
    return lambda text: "&".join(part for part in text.split("&") if not part.startswith(f"{parameter}="))


def recoded(text: str) -> str:
    """The same values, percent-encoded with small letters instead of capital ones."""
    first, *others = text.split("%")
    return first + "".join(f"%{part[:2].lower()}{part[2:]}" for part in others)


def b64(document: bytes) -> str:
    return base64.b64encode(document).decode()


def with_doctype(document: bytes) -> bytes:
    return b'<!DOCTYPE x [<!ENTITY a "b">]>' + document


def nested(depth: int) -> Callable[[etree._Element], None]:
    def edit(root: etree._Element) -> None:
        element = etree.Element(f"{{{SAMLP}}}Extensions")
        root.insert(1, element)
        for _ in range(depth):
            element = etree.SubElement(element, "{urn:x}x")

    return edit


def crowded(root: etree._Element) -> None:
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    root.insert(1, extensions)
    for _ in range(500):
        etree.SubElement(extensions, "{urn:x}x")


def same_id_twice(root: etree._Element) -> None:
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    root.insert(1, extensions)
    etree.SubElement(extensions, "{urn:x}x", {"ID": root.get("ID") or ""})


def another_person(root: etree._Element) -> None:
    name_id = root.find(f"{{{NS}}}NameID")
    assert name_id is not None
    name_id.text = "noah@acme.example"


def sign_twice(root: etree._Element) -> None:
    signature = root.find(f"{{{DS}}}Signature")
    assert signature is not None
    root.insert(2, etree.fromstring(etree.tostring(signature)))


def wrapped(scene: Scene) -> Page:
    """The signed request inside a new one that names Mia: what is signed is not what would be read."""
    signed = etree.fromstring(
        base64.b64decode(scene.honest.but(name_id="noah@acme.example").form()["SAMLRequest"])
    )
    outer = scene.honest.but(id="_outer").tree()
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    outer.insert(1, extensions)
    extensions.append(signed)
    return scene.by_post({"SAMLRequest": b64(etree.tostring(outer))})


def wrapped_with_signature_moved(scene: Scene) -> Page:
    """The same, with the signature where it belongs but pointing at the request inside."""
    signed = etree.fromstring(
        base64.b64decode(scene.honest.but(name_id="noah@acme.example").form()["SAMLRequest"])
    )
    signature = signed.find(f"{{{DS}}}Signature")
    assert signature is not None
    outer = scene.honest.but(id="_outer").tree()
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(signed)
    outer.insert(1, signature)
    outer.insert(2, extensions)
    return scene.by_post({"SAMLRequest": b64(etree.tostring(outer))})


def globex_signs(scene: Scene) -> LogoutRecipe:
    return scene.honest.but(key=key_of(scene.company.idp.app.sites["globex"].saml_key))


def shown_key(seal: Seal) -> Seal:
    return replace(seal, shown_certificate=der_base64(certificate(rsa_key("stranger"))))


REQUESTS = [
    # who says it
    query("unsigned", "saml.signature_missing", without("Signature")),
    query("signature without its algorithm", "saml.signature_missing", without("SigAlg")),
    Case(
        "unsigned POST",
        "saml.signature_missing",
        lambda s: s.by_post({"SAMLRequest": b64(etree.tostring(s.honest.tree()))}),
    ),
    *turned("a stranger's key", "saml.signature_invalid", key=rsa_key("stranger")),
    *turned("a stranger's elliptic key", "saml.signature_invalid", key=ec_key("stranger"), sig_alg=ECDSA)[:1],
    Case(
        "a stranger's key shown in KeyInfo",
        "saml.signature_invalid",
        lambda s: s.by_post({**s.honest.but(key=rsa_key("stranger"), seal=shown_key).form()}),
    ),
    Case(
        "the key of another customer's provider",
        "saml.signature_invalid",
        lambda s: s.by_redirect(globex_signs(s).query()),
    ),
    Case(
        "the key of another customer's provider, by POST",
        "saml.signature_invalid",
        lambda s: s.by_post({**globex_signs(s).form()}),
    ),
    *turned("SHA-1", "saml.algorithm", sig_alg=SHA1)[:1],
    Case(
        "SHA-1 signature, by POST",
        "saml.algorithm",
        lambda s: s.by_post({**s.honest.but(seal=lambda seal: replace(seal, signature_method=SHA1)).form()}),
    ),
    Case(
        "SHA-1 digest, by POST",
        "saml.algorithm",
        lambda s: s.by_post(
            {**s.honest.but(seal=lambda seal: replace(seal, digest_method=f"{DS}sha1")).form()}
        ),
    ),
    *turned("no algorithm at all", "saml.algorithm", sig_alg="none")[:1],
    *turned("another issuer", "saml.issuer", issuer="https://evil.example/saml"),
    *turned("no issuer", "saml.issuer", issuer=None),
    # what was signed
    query("query encoded anew after signing", "saml.signature_invalid", recoded),
    query(
        "RelayState swapped", "saml.signature_invalid", lambda q: q.replace("opaque-to-us", "opaque-to-me")
    ),
    query("RelayState taken out", "saml.signature_invalid", without("RelayState")),
    query("message twice", "saml.parameters", lambda q: f"{q}&{q.split('&')[0]}"),
    query("RelayState twice", "saml.parameters", lambda q: f"{q}&RelayState=x"),
    query("SigAlg twice", "saml.parameters", lambda q: f"{q}&SigAlg=x"),
    query("message again in disguise", "saml.parameters", lambda q: f"{q}&SAMLReques%74=x"),
    query("both kinds of message", "saml.parameters", lambda q: f"{q}&SAMLResponse=x"),
    query("SAMLEncoding unknown", "saml.not_deflated", lambda q: f"{q}&SAMLEncoding=urn:none"),
    query("query too long", "saml.too_large", lambda q: f"{q}&x={'y' * 17000}"),
    query("query not percent-encoded", "saml.encoding", lambda q: f"{q}&x=\u00e4"),
    Case(
        "signature is no base64",
        "saml.signature_invalid",
        lambda s: s.by_redirect(f"{without('Signature')(s.honest.query())}&Signature=%2a"),
    ),
    *turned("another person after signing", "saml.signature_invalid", after_signing=another_person)[1:],
    Case("signed request wrapped", "saml.signature_place", wrapped),
    Case("signed request wrapped, signature moved", "saml.reference_uri", wrapped_with_signature_moved),
    *turned("two signatures", "saml.duplicate_id", after_signing=same_id_twice)[1:],
    *turned("signature twice", "saml.signature_place", after_signing=sign_twice)[1:],
    *turned(
        "XSLT among the transforms",
        "saml.transform",
        seal=lambda seal: replace(seal, transforms=(*seal.transforms, XSLT)),
    )[1:],
    *turned("many References", "saml.reference_count", seal=lambda seal: replace(seal, references=50))[1:],
    *turned(
        "an XML signature in a deflated message",
        "saml.signature_place",
        after_signing=lambda root: sign(root, Seal()),
    )[:1],
    # where it was sent
    *turned("an address that ours begins", "saml.destination", destination=f"{HOME}{SLO}/x"),
    *turned("an address that begins ours", "saml.destination", destination=f"{HOME}/sso/saml/acme-saml/"),
    *turned("another host", "saml.destination", destination=f"https://evil.example{SLO}"),
    *turned("no address", "saml.destination", destination=None),
    # when
    *turned("stale", "saml.expired", issued=at(-8)),
    *turned("from the future", "saml.not_yet_valid", issued=at(60)),
    *turned("over by its own word", "saml.expired", not_on_or_after=at(-3)),
    *turned("no moment", "saml.schema", issued=None),
    *turned("a moment that is none", "saml.schema", issued="yesterday"),
    # what it is
    *turned("a DTD", "saml.dtd", on_document=with_doctype),
    *turned("too deep", "saml.too_deep", before_signing=nested(20)),
    *turned("too many nodes", "saml.too_many_nodes", before_signing=crowded),
    *turned("one ID twice", "saml.duplicate_id", before_signing=same_id_twice),
    *turned("no XML", "saml.not_xml", on_document=lambda document: document[:-5]),
    *turned("an older version", "saml.version", version="1.1"),
    *turned("an ID that is none", "saml.bad_id", id="1 2"),
    *turned("too large", "saml.too_large", on_document=lambda document: document + b" " * 70_000),
    signed_query("a bomb", "saml.too_large", lambda d: b64(deflate(d + b" " * 20_000_000))),
    signed_query("not deflated", "saml.not_deflated", b64),
    signed_query("cut off", "saml.not_deflated", lambda d: b64(deflate(d)[:-9])),
    signed_query("something after the end", "saml.not_deflated", lambda d: b64(deflate(d) + b"more")),
    signed_query("no base64", "saml.not_base64", lambda d: "%%%%"),
    signed_query("nothing", "saml.not_base64", lambda d: ""),
    signed_query(
        "a request to sign in",
        "saml.root",
        lambda d: b64(deflate(d.replace(b"LogoutRequest", b"AuthnRequest"))),
    ),
    form("no base64, by POST", "saml.not_base64", lambda r, f: f.update(SAMLRequest="%%")),
    form("RelayState twice, by POST", "saml.parameters", lambda r, f: f.update(RelayState=["a", "b"])),
    form(
        "message twice, by POST", "saml.parameters", lambda r, f: f.update(SAMLRequest=[f["SAMLRequest"]] * 2)
    ),
    form("both kinds, by POST", "saml.parameters", lambda r, f: f.update(SAMLResponse="x")),
    form("nothing, by POST", "saml.parameters", lambda r, f: f.clear()),
    Case("nothing in the query", "saml.binding", lambda s: s.by_redirect("x=1")),
]


@pytest.mark.parametrize("case", REQUESTS, ids=[case.name for case in REQUESTS])
def test_request_with_one_thing_wrong_ends_nothing_and_its_honest_twin_does(scene: Scene, case: Case) -> None:
    # S-7, S-8, V-21
    spent = SpentAssertion.objects.count()
    begun = time.process_time()
    page = case.attack(scene)
    assert time.process_time() - begun < 2
    assert refused_for(page) == case.code
    assert FailureLogEntry.objects.get().target == "acme-saml"
    assert "mia@" not in FailureLogEntry.objects.get().message
    assert page.status == 400
    assert scene.browser.me()["user_name"] == "mia@acme.example"
    assert SpentAssertion.objects.count() == spent
    twin = (
        scene.by_post({**scene.honest.form()})
        if "POST" in case.name
        else scene.by_redirect(scene.honest.query())
    )
    assert status_in(twin) == ["Success"]
    assert scene.browser.me() == {"authenticated": False}


def test_request_counts_once(scene: Scene) -> None:
    # S-8: signed in again, Mia is not signed out by the same message
    text = scene.honest.but(session_indexes=()).query()
    assert status_in(scene.by_redirect(text)) == ["Success"]
    sign_in(scene.browser, SAML)
    assert refused_for(scene.by_redirect(text)) == "saml.replay"
    assert scene.browser.me()["authenticated"] is True


def test_request_counts_once_whatever_binding_brings_it_back(scene: Scene) -> None:
    # S-8
    everywhere = scene.honest.but(session_indexes=())
    assert status_in(scene.by_redirect(everywhere.query())) == ["Success"]
    sign_in(scene.browser, SAML)
    assert refused_for(scene.by_post({**everywhere.form()})) == "saml.replay"
    assert scene.browser.me()["authenticated"] is True


def test_somebody_elses_session_index_ends_nobodys_session(scene: Scene, new_browser: NewBrowser) -> None:
    # S-7: NameID and SessionIndex belong together
    noah = new_browser()
    sign_in(noah, SAML, "noah@acme.example")
    of_noah = UserSession.objects.get(user__user_name="noah@acme.example").session_index
    answer = scene.by_redirect(scene.honest.but(session_indexes=(of_noah,)).query())
    assert status_in(answer) == ["Success"]  # over is what was asked for
    assert FailureLogEntry.objects.get().code == "saml.logout_no_session"
    assert scene.browser.me()["authenticated"] is True
    assert noah.me()["authenticated"] is True
    scene.by_redirect(scene.honest.but(id="_twin").query())
    assert [scene.browser.me()["authenticated"], noah.me()["authenticated"]] == [False, True]


def test_person_of_another_account_is_nobody_to_this_provider(
    scene: Scene, make_company: Callable[..., Company], new_browser: NewBrowser
) -> None:
    # V-2, design rule 4: the answer for another customer's person is the answer for nobody
    from sso.models import Vendor

    make_company("globex", Vendor.OKTA)
    mia_there = new_browser()
    there = "mia@globex.example"
    sign_in(mia_there, "/sso/saml/globex-saml/", user_name=there, email=there, name_id=there)
    assert mia_there.me()["authenticated"] is True
    answers = [
        status_in(
            scene.by_redirect(scene.honest.but(name_id=name, session_indexes=(), id=f"_{name[:3]}").query())
        )
        for name in ("mia@globex.example", "who@nowhere.example")
    ]
    assert answers == [["Requester", "UnknownPrincipal"]] * 2
    assert {entry.code for entry in FailureLogEntry.objects.all()} == {"saml.logout_nobody"}
    assert mia_there.me()["authenticated"] is True
    assert scene.browser.me()["authenticated"] is True


def test_name_of_another_format_or_qualifier_is_another_name(scene: Scene) -> None:
    # Core §3.3.4
    persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
    for number, change in enumerate(
        (
            {"name_id_format": persistent},
            {"name_qualifier": "x"},
            {"sp_name_qualifier": "x"},
            {"name_id": "MIA@acme.example"},
        )
    ):
        answer = scene.by_redirect(scene.honest.but(id=f"_other{number}", **change).query())
        assert status_in(answer) == ["Requester", "UnknownPrincipal"]
        assert scene.browser.me()["authenticated"] is True
    scene.by_redirect(scene.honest.query())
    assert scene.browser.me() == {"authenticated": False}


def test_request_that_names_nobody_by_name_id_is_answered_with_an_error(scene: Scene) -> None:
    def blank(root: etree._Element) -> None:
        element = etree.Element(f"{{{NS}}}NameID")
        element.text = "  "
        root[0].addnext(element)

    answer = scene.by_redirect(scene.honest.but(name_id=None, before_signing=blank).query())
    assert status_in(answer) == ["Requester"]
    assert FailureLogEntry.objects.get().code == "saml.name_id"
    assert scene.browser.me()["authenticated"] is True


def test_soap_is_refused(scene: Scene) -> None:
    # the SOAP binding is not spoken here
    envelope = (
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        + etree.tostring(scene.honest.tree())
        + b"</s:Body></s:Envelope>"
    )
    client = Client(headers={"host": "localhost:8000"})
    for kind in ("text/xml", "application/soap+xml", "text/xml; charset=utf-8"):
        answer = client.post(SLO, envelope, content_type=kind)
        page = Page(f"{HOME}{SLO}", answer.status_code, answer.content.decode(), dict(answer.headers))
        assert refused_for(page) == "saml.binding"
    assert scene.browser.me()["authenticated"] is True


def test_message_to_another_providers_address_is_refused(
    scene: Scene, make_company: Callable[..., Company]
) -> None:
    from sso.models import Vendor

    make_company("globex", Vendor.OKTA)
    assert refused_for(redirected(scene.browser, scene.honest, "/sso/saml/globex-saml/logout")) == (
        "saml.signature_invalid"
    )
    assert (
        refused_for(redirected(scene.browser, scene.honest, "/sso/saml/nowhere/logout")) == "provider.unknown"
    )
    assert scene.browser.me()["authenticated"] is True


def test_disabled_provider_ends_nothing(scene: Scene) -> None:
    providers.disable_provider(provider=scene.company.saml, actor=OPERATOR)
    assert refused_for(scene.by_redirect(scene.honest.query())) == "provider.not_enabled"
    assert refused_for(scene.by_post({**scene.honest.form()})) == "provider.not_enabled"
    assert scene.browser.me()["authenticated"] is True
    providers.enable_provider(provider=scene.company.saml, actor=OPERATOR)
    scene.by_redirect(scene.honest.query())
    assert scene.browser.me() == {"authenticated": False}


def test_parameters_in_another_order_are_the_same_message(scene: Scene) -> None:
    # Bindings §3.4.4.1: the signed order is fixed, the order in the address is not
    parts = scene.honest.query().split("&")
    answer = scene.by_redirect("&".join([*reversed(parts), "lang=de"]))
    assert status_in(answer) == ["Success"]


@pytest.mark.parametrize("style", [str.lower, str.upper])
def test_whatever_way_of_percent_encoding_was_signed_is_accepted(
    scene: Scene, style: Callable[[str], str]
) -> None:
    # Microsoft signs small letters
    honest = scene.honest
    packed = quote(b64(deflate(etree.tostring(honest.tree()))), safe="")
    first, *others = f"SAMLRequest={packed}&SigAlg={quote(honest.sig_alg, safe='')}".split("%")
    text = first + "".join(f"%{style(part[:2])}{part[2:]}" for part in others)
    answer = scene.by_redirect(f"{text}&Signature={quote(honest.signature_of(text), safe='')}")
    assert status_in(answer) == ["Success"]


# --- answers to a logout that began here ------------------------------------------------------------------------------


def as_it_was(text: str) -> str:
    return text


@dataclass(frozen=True)
class AnswerCase:
    """One thing wrong with an answer: a knob of it, or its query after it was signed."""

    name: str
    code: str
    changes: dict[str, object] = field(default_factory=dict)
    edit: Callable[[str], str] = as_it_was


def swap_relay_state(text: str) -> str:
    return f"{without('RelayState')(text)}&RelayState=x"


def rename(root: etree._Element) -> None:
    root.tag = f"{{{SAMLP}}}LogoutRequest"


ANSWERS = [
    AnswerCase("unsigned", "saml.signature_missing", edit=without("Signature")),
    AnswerCase("a stranger's key", "saml.signature_invalid", {"key": rsa_key("stranger")}),
    AnswerCase("SHA-1", "saml.algorithm", {"sig_alg": SHA1}),
    AnswerCase("another issuer", "saml.issuer", {"issuer": "https://evil.example/saml"}),
    AnswerCase("another address", "saml.destination", {"destination": f"{HOME}/logout/"}),
    AnswerCase("no address", "saml.destination", {"destination": None}),
    AnswerCase("stale", "saml.expired", {"issued": at(-8)}),
    AnswerCase("from the future", "saml.not_yet_valid", {"issued": at(60)}),
    AnswerCase("answers another request", "saml.logout_unknown", {"in_response_to": "_other"}),
    AnswerCase("answers nothing", "saml.in_response_to", {"in_response_to": None}),
    AnswerCase("a request in its place", "saml.root", {"after_signing": rename}),
    AnswerCase("RelayState swapped", "saml.signature_invalid", edit=swap_relay_state),
    AnswerCase("no success", "saml.logout_not_done", {"status": ("Responder",)}),
    AnswerCase("partial, by our fault", "saml.logout_not_done", {"status": ("Requester", "PartialLogout")}),
    AnswerCase("partial as the whole", "saml.logout_not_done", {"status": ("PartialLogout",)}),
]


@pytest.mark.parametrize("case", ANSWERS, ids=[case.name for case in ANSWERS])
def test_answer_with_one_thing_wrong_confirms_nothing_and_its_honest_twin_does(
    scene: Scene, case: AnswerCase
) -> None:
    # S-7, L-12: signed out here all the same
    honest = answer_to(scene.browser, scene.company)
    page = scene.by_redirect(case.edit(honest.but(**case.changes).query()))
    assert refused_for(page) == case.code
    assert "has ended too" not in page.words
    if case.name != "RelayState swapped":
        assert "You are signed out" in page.words  # whoever holds our RelayState was
        assert "did not confirm" in page.words
    assert scene.browser.me() == {"authenticated": False}
    assert LogoutInFlight.objects.get().answered_at is None
    twin = scene.browser.open(f"{SLO}?{honest.but(id='_twin').query()}")
    assert "has ended too" in twin.words


def test_answer_to_another_logout_is_not_taken_for_this_one(scene: Scene, new_browser: NewBrowser) -> None:
    # V-16: InResponseTo of one and RelayState of another, both signed by the provider
    noah = new_browser()
    sign_in(noah, SAML, "noah@acme.example")
    to_noah = answer_to(noah, scene.company)
    to_mia = answer_to(scene.browser, scene.company)
    mixed = to_mia.but(relay_state=to_noah.relay_state)
    assert refused_for(scene.by_redirect(mixed.query())) == "saml.logout_unknown"
    assert "has ended too" in scene.browser.open(f"{SLO}?{to_mia.query()}").words


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_answer_brought_to_another_browser_tells_that_one_nothing(
    scene: Scene, new_browser: NewBrowser, binding: str
) -> None:
    # V-16
    honest = answer_to(scene.browser, scene.company)
    victim = new_browser()
    sign_in(victim, SAML, "noah@acme.example")
    if binding == "post":
        page = victim._follow(victim.post(SLO, {**honest.form()}, cross_site=True))
    else:
        page = redirected(victim, honest)
    assert refused_for(page) == "attempt.wrong_browser"
    assert "signed out" not in page.words
    assert victim.me()["user_name"] == "noah@acme.example"


def test_answer_counts_once(scene: Scene) -> None:
    honest = answer_to(scene.browser, scene.company)
    assert "has ended too" in scene.browser.open(f"{SLO}?{honest.query()}").words
    assert refused_for(scene.by_redirect(honest.query())) == "saml.replay"


def test_page_of_a_finished_logout_is_for_the_browser_that_began_it(
    scene: Scene, new_browser: NewBrowser
) -> None:
    answer_to(scene.browser, scene.company)
    row = LogoutInFlight.objects.get()
    assert refused_for(new_browser().open(f"{SLO}?ended={row.pk}")) == "attempt.wrong_browser"
    for wrong in ("", "x", "01a21e16-9b6f-7436-a0d3-28de8dbf0cc2"):
        assert refused_for(scene.browser.open(f"{SLO}?ended={wrong}")) == "saml.logout_unknown"
    assert "did not confirm" in scene.browser.open(f"{SLO}?ended={row.pk}").words


def test_our_own_request_sent_back_to_us_is_refused(scene: Scene) -> None:
    # reflection: our key is none of the provider's
    url = scene.browser.post("/logout/", {}).link("Continue")
    sign_in(scene.browser, SAML)
    assert message_in(url, "SAMLRequest").get("ID")
    assert parameters(url)["Signature"]
    assert refused_for(scene.by_redirect(url.partition("?")[2])) == "saml.signature_invalid"
    assert scene.browser.me()["authenticated"] is True
