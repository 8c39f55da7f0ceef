"""Every honest way to answer is accepted, and what is read is what the provider signed (S-4, S-7, S-8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from sso_saml.gate import check_encoded
from sso_saml.toolkit import VerifiedAssertion, response_in_response_to, validate_document, validate_response
from tests.sso_saml.forge import (
    ADA,
    DS,
    EMAIL,
    EXC_C14N,
    IDP,
    MORE,
    NOW,
    PASSWORD,
    REQUEST_ID,
    SAML,
    SP,
    XSI,
    Key,
    Recipe,
    Seal,
    at,
    certificate,
    config,
    der_base64,
    ec_key,
    expected,
    rsa_key,
    saml,
    samlp,
)

HONEST = Recipe()
RESPONSE_SIGNED = HONEST.but(sign_assertion=None, sign_response=Seal())
BOTH_SIGNED = HONEST.but(sign_response=Seal())
SIGNING_MODES = pytest.mark.parametrize(
    "recipe", [HONEST, RESPONSE_SIGNED, BOTH_SIGNED], ids=["assertion", "response", "both"]
)


def accept(recipe: Recipe, *keys: Key, **changes: object) -> VerifiedAssertion:
    return validate_response(config(*keys), recipe.post(), expected(**changes))


@SIGNING_MODES
def test_what_the_provider_says_arrives_whole(recipe: Recipe) -> None:  # S-1
    assert accept(recipe) == VerifiedAssertion(
        issuer=IDP,
        assertion_id="_assertion1",
        response_id="_response1",
        in_response_to=REQUEST_ID,
        name_id=ADA,
        name_id_format=EMAIL,
        attributes={"email": (ADA,), "groups": ("Staff", "Ops")},
        session_index="_session1",
        session_not_on_or_after=NOW + timedelta(hours=8),
        authn_instant=NOW - timedelta(minutes=2),
        authn_context=PASSWORD,
        not_on_or_after=NOW + timedelta(minutes=7),
    )


def test_view_finds_the_attempt_first_and_validates_the_same_document() -> None:
    document = check_encoded(HONEST.post())
    before = etree.tostring(document.root)

    assert response_in_response_to(document) == REQUEST_ID
    assert validate_document(config(), document, expected()).name_id == ADA
    assert etree.tostring(document.root) == before


@pytest.mark.parametrize(
    "digest",
    ["http://www.w3.org/2001/04/xmlenc#sha256", f"{MORE}sha384", "http://www.w3.org/2001/04/xmlenc#sha512"],
)
@pytest.mark.parametrize(
    ("key", "method"),
    [
        *((rsa_key("idp"), f"{MORE}rsa-sha{bits}") for bits in (256, 384, 512)),
        *((ec_key("idp"), f"{MORE}ecdsa-sha{bits}") for bits in (256, 384, 512)),
        *(
            (rsa_key("idp"), f"http://www.w3.org/2007/05/xmldsig-more#sha{bits}-rsa-MGF1")
            for bits in (256, 384, 512)
        ),
    ],
)
def test_every_algorithm_of_the_allow_list_works(key: Key, method: str, digest: str) -> None:
    seal = Seal(key=key, signature_method=method, digest_method=digest)

    assert accept(HONEST.but(sign_assertion=seal), key).name_id == ADA


@SIGNING_MODES
def test_any_of_several_certificates_may_have_signed(recipe: Recipe) -> None:  # S-7
    old, new = rsa_key("old"), ec_key("new")

    assert accept(recipe, old, rsa_key("idp"), new).name_id == ADA
    by_new = HONEST.but(sign_assertion=Seal(key=new, signature_method=f"{MORE}ecdsa-sha256"))
    assert accept(by_new, old, rsa_key("idp"), new).name_id == ADA


def test_two_signatures_may_be_of_two_keys_during_a_rollover() -> None:  # S-7
    recipe = HONEST.but(sign_assertion=Seal(key=rsa_key("old")), sign_response=Seal(key=rsa_key("idp")))

    assert accept(recipe, rsa_key("idp"), rsa_key("old")).name_id == ADA


@pytest.mark.parametrize("shown", ["idp", "stranger", "nonsense"])
def test_key_info_makes_no_difference(shown: str) -> None:
    text = "bm9uc2Vuc2U=" if shown == "nonsense" else der_base64(certificate(rsa_key(shown)))

    assert accept(HONEST.but(sign_assertion=Seal(shown_certificate=text))).name_id == ADA


@pytest.mark.parametrize("prefixes", ["xs", "xs xsi", "unknown", "#default samlp saml ds xs xsi"])
@SIGNING_MODES
def test_canonicalisation_may_keep_prefixes(recipe: Recipe, prefixes: str) -> None:
    seal = Seal(prefixes=prefixes)
    changes = {name: seal for name in ("sign_assertion", "sign_response") if getattr(recipe, name)}

    assert accept(recipe.but(**changes)).name_id == ADA


def test_canonicalisation_may_name_comments() -> None:
    with_comments = f"{EXC_C14N}WithComments"
    seal = Seal(canonicalization=with_comments, transforms=(f"{DS}enveloped-signature", with_comments))

    assert accept(HONEST.but(sign_assertion=seal)).name_id == ADA


@pytest.mark.parametrize("algorithm", [EXC_C14N, f"{EXC_C14N}WithComments"])
@SIGNING_MODES
def test_comment_does_not_truncate_the_name(recipe: Recipe, algorithm: str) -> None:  # S-8
    """The person owns ada@acme.example.evil.example and would rather be ada@acme.example."""
    whole = f"{ADA}.evil.example"
    seal = Seal(canonicalization=algorithm, transforms=(f"{DS}enveloped-signature", algorithm))
    changes = {name: seal for name in ("sign_assertion", "sign_response") if getattr(recipe, name)}
    recipe = recipe.but(name_id=whole, attributes=(("email", (whole,)),), **changes)
    commented = recipe.but(
        on_bytes=lambda document: document.replace(b".evil.example", b"<!-- -->.evil<!--x-->.example")
    )

    answer = accept(commented)

    assert answer == accept(recipe)
    assert (answer.name_id, answer.attributes["email"]) == (whole, (whole,))


def test_white_space_and_line_breaks_that_were_signed_stay() -> None:
    recipe = HONEST.but(name_id="ada\r\n", attributes=(("note", (" a\tb\n", "<&>\"'")),))

    answer = accept(recipe)

    assert answer.name_id == "ada\r\n"
    assert answer.attributes["note"] == (" a\tb\n", "<&>\"'")


def test_pretty_printed_response_with_its_signature_amid_white_space() -> None:
    def indent(response: etree._Element) -> None:
        etree.indent(response)

    recipe = BOTH_SIGNED.but(before_signing=indent)

    assert accept(recipe).attributes["groups"] == ("Staff", "Ops")


def test_name_that_repeats_adds_up() -> None:
    """Keycloak sends one Attribute per role."""
    recipe = HONEST.but(
        attributes=(("Role", ("a",)), ("mail", (ADA,)), ("Role", ("b", "c")), ("Role", ("a",)))
    )

    assert accept(recipe).attributes == {"Role": ("a", "b", "c", "a"), "mail": (ADA,)}


def test_nil_is_no_value_and_empty_is_one() -> None:  # J-10
    recipe = HONEST.but(
        attributes=(("none", ()), ("nil", (None,)), ("empty", ("",)), ("mixed", ("x", None, "")))
    )

    assert accept(recipe).attributes == {"none": (), "nil": (), "empty": ("",), "mixed": ("x", "")}


def test_no_attributes_at_all() -> None:
    assert accept(HONEST.but(attributes=())).attributes == {}


def test_value_made_of_elements_counts_as_its_text() -> None:
    def targeted_id(response: etree._Element) -> None:
        value = response.find(f".//{{{SAML}}}AttributeValue")
        assert value is not None
        value.text = "\n  "
        del value.attrib[f"{{{XSI}}}type"]
        saml(value, "NameID", "pairwise-1").tail = "\n"

    assert accept(HONEST.but(before_signing=targeted_id)).attributes["email"] == ("pairwise-1",)


def test_provider_without_a_name_id() -> None:
    """ADFS sends none until a rule says so; whether another attribute will do is the caller's question (J-11)."""
    answer = accept(HONEST.but(name_id=None))

    assert (answer.name_id, answer.name_id_format) == (None, None)


def test_what_is_optional_may_be_absent() -> None:
    answer = accept(
        HONEST.but(
            response_issuer=None,
            destination=None,
            valid_from=None,
            valid_until=None,
            name_id_format=None,
            session_index=None,
            session_until=None,
        )
    )

    assert (answer.name_id_format, answer.session_index, answer.session_not_on_or_after) == (None, None, None)
    assert answer.not_on_or_after == NOW + timedelta(minutes=7)


def test_authentication_context_may_be_a_declaration() -> None:
    def declare(response: etree._Element) -> None:
        context = response.find(f".//{{{SAML}}}AuthnContext")
        assert context is not None
        saml(context, "AuthnContextDeclRef", "urn:x")

    assert accept(HONEST.but(context=None, before_signing=declare)).authn_context is None


@SIGNING_MODES
def test_unsolicited_response_answers_nothing(recipe: Recipe) -> None:  # S-5, V-19
    recipe = recipe.but(response_in_response_to=None, in_response_to=None)

    assert accept(recipe, request_id=None).in_response_to is None


def test_request_may_be_named_in_either_signed_place() -> None:
    assert accept(HONEST.but(response_in_response_to=None)).in_response_to == REQUEST_ID
    assert accept(RESPONSE_SIGNED.but(in_response_to=None)).in_response_to == REQUEST_ID


def test_one_of_several_addresses_is_enough() -> None:  # S-6
    old = "https://eu.broker.example/SSO/SAML2/Consume"
    recipe = BOTH_SIGNED.but(destination=old, recipient=f"{old}?x-rs-key=abc")

    assert accept(recipe, acs_urls=(old, f"{old}?x-rs-key=abc")).name_id == ADA


def test_one_fitting_confirmation_and_audience_among_several_is_enough() -> None:
    def more(response: etree._Element) -> None:
        subject = response.find(f".//{{{SAML}}}Subject")
        assert subject is not None
        holder = saml(subject, "SubjectConfirmation", Method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches")
        subject.insert(1, holder)
        other = saml(subject, "SubjectConfirmation", Method="urn:oasis:names:tc:SAML:2.0:cm:bearer")
        saml(other, "SubjectConfirmationData", Recipient="https://else.example/", NotOnOrAfter=at(60))
        subject.insert(1, other)
        longer = saml(subject, "SubjectConfirmation", Method="urn:oasis:names:tc:SAML:2.0:cm:bearer")
        saml(longer, "SubjectConfirmationData", Recipient=SP, NotOnOrAfter=at(10), InResponseTo=REQUEST_ID)

    recipe = HONEST.but(audiences=(("urn:else", SP), (SP,)), valid_until=at(30), before_signing=more)

    # Replay must be kept out for as long as any of them would let the assertion in.
    assert accept(recipe).not_on_or_after == NOW + timedelta(minutes=12)


def test_understood_conditions_and_extensions_do_no_harm() -> None:
    def more(response: etree._Element) -> None:
        conditions = response.find(f".//{{{SAML}}}Conditions")
        assert conditions is not None
        saml(conditions, "OneTimeUse")
        saml(conditions, "ProxyRestriction", Count="0")
        extensions = samlp(response, "Extensions")
        etree.SubElement(extensions, "{urn:x}hint").text = "x"
        response.insert(1, extensions)

    assert accept(HONEST.but(before_signing=more)).name_id == ADA


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-20T09:28:00Z", datetime(2026, 11, 20, 9, 28, tzinfo=UTC)),
        ("2026-11-20T09:28:00", datetime(2026, 11, 20, 9, 28, tzinfo=UTC)),
        ("2026-11-20T10:28:00+01:00", datetime(2026, 11, 20, 9, 28, tzinfo=UTC)),
        ("2026-11-20T09:28:00.1234567Z", datetime(2026, 11, 20, 9, 28, 0, 123456, tzinfo=UTC)),
        ("2026-11-20T09:28:00.5Z", datetime(2026, 11, 20, 9, 28, 0, 500000, tzinfo=UTC)),
    ],
)
def test_moment_is_read_in_every_form_that_providers_use(written: str, moment: datetime) -> None:
    assert accept(HONEST.but(authenticated=written)).authn_instant == moment


def test_end_of_time_is_a_moment() -> None:
    answer = accept(HONEST.but(confirmed_until="9999-12-31T23:59:59.9999999Z", valid_until=None))

    assert answer.not_on_or_after == datetime.max.replace(tzinfo=UTC)


def test_line_break_in_a_digest_or_signature_is_no_difference() -> None:
    def wrap(signature: etree._Element) -> None:
        for element in signature.iter(f"{{{DS}}}DigestValue"):
            element.text = f"\n{(element.text or '')[:20]}\n{(element.text or '')[20:]}\n"

    assert accept(HONEST.but(sign_assertion=Seal(edit=wrap))).name_id == ADA


@pytest.mark.parametrize(
    "method",
    [
        f"{MORE}rsa-sha256",
        "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
        f"{MORE}ecdsa-sha384",
    ],
)
@pytest.mark.parametrize("position", [0, 1, 2])
def test_the_right_one_of_several_certificates_is_found(method: str, position: int) -> None:
    # S-7: a rollover, whatever the order of the certificates
    ours = ec_key("idp") if "ecdsa" in method else rsa_key("idp")
    keys = [rsa_key("old"), ec_key("older")]
    keys.insert(position, ours)
    recipe = Recipe(sign_assertion=Seal(key=ours, signature_method=method))
    assert validate_response(config(*keys), recipe.post(), expected()).name_id == ADA


STRONG = "urn:oasis:names:tc:SAML:2.0:ac:classes:X509"


@pytest.mark.parametrize("minutes", [-2, 0, 1.9])
def test_person_who_signed_in_afresh_is_let_in(minutes: float) -> None:  # S-7: two minutes of skew
    since = NOW + timedelta(minutes=minutes - 2)
    assert accept(HONEST.but(authenticated=at(-2)), authenticated_since=since).name_id == ADA


def test_one_of_the_contexts_that_were_asked_for_is_enough() -> None:  # S-7
    assert accept(HONEST, contexts=(STRONG, PASSWORD)).authn_context == PASSWORD
