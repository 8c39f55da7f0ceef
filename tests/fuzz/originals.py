"""Valid responses to mutate, of all variants of the corpus, and the mutants made of them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from lxml import etree

from tests.fuzz import mutations as m
from tests.sso_saml.corpus.case import BOTH_SIGNED, HONEST, RESPONSE_SIGNED, Ground, Variant
from tests.sso_saml.corpus.encrypted import OURS, to_us
from tests.sso_saml.corpus.everything import VARIANTS
from tests.sso_saml.corpus.stage import Visit, prepare
from tests.sso_saml.encryption import Encryption
from tests.sso_saml.forge import SAML, Recipe, certificate, ec_key, pem, rsa_key

LAYERS = ("bytes", "elements", "elements", "attributes", "base64", "form", "mixed", "inside", "signed")
MOST = 3  # mutations of one response
OTHER = "mallory@acme.example"  # whose answer to another request the parts are taken from
ALL_KEYS = Ground(
    certificates=tuple(
        pem(certificate(key)) for key in (rsa_key("idp"), ec_key("idp"), rsa_key("old"), ec_key("new"))
    )
)
DONORS = tuple(
    recipe.but(
        name_id=OTHER, attributes=(("email", (OTHER,)),), response_id="_response9", assertion_id="_assertion9"
    )
    for recipe in (HONEST, RESPONSE_SIGNED, BOTH_SIGNED, to_us())
)


def originals() -> list[Variant]:
    """The variants that one provider accepts side by side; it is set to trust all their keys."""
    prepare(ALL_KEYS)
    usable = [variant for variant in VARIANTS if not variant.ground.settings and not variant.recipe.on_post]
    return [variant for variant in usable if "unasked" not in variant.name]


@dataclass(frozen=True)
class Mutant:
    """One thing to post, and how it came about."""

    form: dict[str, Any]
    person: str | None  # None: whomever the provider itself named, since it signed what was changed
    mutations: tuple[str, ...]
    variant: str


@dataclass
class Makings:
    """Makes mutants for one open sign-in; each original is signed once for it."""

    visit: Visit
    other_request: str
    _documents: dict[int, bytes] = field(default_factory=dict)

    def mutant(self, random: Random, found: list[Variant]) -> Mutant:
        """Mutate one of the originals, once or a few times, at one of its layers."""
        variant = random.choice(found)
        document = self._document(variant.recipe, self.visit.request_id)
        donor = self._document(random.choice(DONORS), self.other_request)
        rounds = random.choice((1, 1, 1, 2, MOST))
        layer = random.choice(LAYERS)
        if layer == "signed":
            return self._signed(random, variant, rounds, donor)
        names, document = self._in_document(random, layer, rounds, document, donor)
        text = base64.b64encode(document).decode()
        if layer == "base64":
            names, text = _chain(random, m.BASE64, rounds, text)
        form: dict[str, object] = {"SAMLResponse": text, "RelayState": self.visit.relay_state}
        if layer == "form":
            names, form = _chain(random, m.FORM, rounds, form)
        return Mutant(form, variant.person, names, variant.name)

    def _signed(self, random: Random, variant: Variant, rounds: int, donor: bytes) -> Mutant:
        """A provider that signs odd things itself."""
        other, names = etree.fromstring(donor), []
        before = variant.recipe.before_signing

        def edit(response: etree._Element) -> None:
            if before:
                before(response)
            for _ in range(rounds):
                table = random.choice((m.ELEMENTS, m.ATTRIBUTES))
                name = random.choice(list(table))
                with suppress(ValueError):  # lxml builds no such thing
                    table[name](random, response, other)
                names.append(f"{name}, then signed")

        document = variant.recipe.but(before_signing=edit).answering(self.visit.request_id).document()
        form = {"SAMLResponse": base64.b64encode(document).decode(), "RelayState": self.visit.relay_state}
        return Mutant(form, None, tuple(names), variant.name)

    def _document(self, recipe: Recipe, request_id: str) -> bytes:
        key = id(recipe)
        if key not in self._documents:
            self._documents[key] = recipe.answering(request_id).document()
        return self._documents[key]

    def _in_document(
        self, random: Random, layer: str, rounds: int, document: bytes, donor: bytes
    ) -> tuple[tuple[str, ...], bytes]:
        if layer in ("base64", "form"):
            return (), document
        names: list[str] = []
        kinds = {"bytes": "b", "elements": "e", "attributes": "a", "inside": random.choice("ea")}.get(
            layer, ""
        )
        for _ in range(rounds):
            kind = kinds or random.choice("bea")
            if kind == "b":
                name = random.choice(list(m.BYTES))
                document = m.BYTES[name](random, document, donor)
            else:
                table = m.ELEMENTS if kind == "e" else m.ATTRIBUTES
                name = random.choice(list(table))
                try:
                    root, other = etree.fromstring(document), etree.fromstring(donor)
                except etree.XMLSyntaxError:  # bytes were changed before
                    break
                try:
                    table[name](random, root, other)
                except ValueError:  # lxml builds no such thing
                    continue
                document = etree.tostring(root)
            names.append(name)
        if layer == "inside":
            with suppress(etree.XMLSyntaxError):  # an attribute that this parser takes for an ID
                document = _encrypted(document)
                names = [f"{name}, then encrypted" for name in names]
        return tuple(names), document


T = TypeVar("T")


def _encrypted(document: bytes) -> bytes:
    root = etree.fromstring(document)
    for assertion in root.findall(f"{{{SAML}}}Assertion"):
        Encryption((OURS,)).replace(assertion, f"{{{SAML}}}EncryptedAssertion")
    return etree.tostring(root)


def _chain(
    random: Random, table: dict[str, Callable[[Random, T], T]], rounds: int, value: T
) -> tuple[tuple[str, ...], T]:
    names = []
    for _ in range(rounds):
        if not value:
            break
        name = random.choice(list(table))
        value = table[name](random, value)
        names.append(name)
    return tuple(names), value
