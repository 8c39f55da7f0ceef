"""Whatever stands at a metadata URL, only good metadata changes anything, and nothing bad is repeated (V-23)."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from lxml import etree
from pytest_django import Settings

from audit.models import AuditEvent
from sso.models import IdentityProvider
from sso.providers import ProviderInvalid
from sso_saml import metadata_fetch
from sso_saml.configuration import SamlValues, save_saml_settings
from sso_saml.metadata_refresh import refresh
from tests.foundation.local_server import Behaviour, Visit, answer
from tests.sso_saml.forge import IDP, Seal, certificate, ec_key, pem, rsa_key, sign
from tests.sso_saml.metadata_documents import document, entity, key, role, service
from tests.sso_saml.published_metadata import TASK, Published, described
from tests.worlds import OPERATOR

FEDERATION = rsa_key("federation")
BOMB = (
    '<!DOCTYPE md [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><md>&i;</md>"
).encode()


def drip(visit: Visit) -> None:
    visit.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
    visit.drip(described(rsa_key("next")), pause=0.05)


def endless(visit: Visit) -> None:
    visit.raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    for _ in range(400):
        visit.raw(b"<" + b"a" * 16383)


def redirect(location: str) -> Behaviour:
    return answer(b"", status=302, headers={"Location": location})


def signed(owner: object = FEDERATION) -> bytes:
    root = etree.fromstring(described(rsa_key("idp"), rsa_key("next")))
    root.set("ID", "_federation")
    sign(root, Seal(key=owner))  # type: ignore[arg-type]
    return etree.tostring(root)


def at(location: str) -> bytes:
    return document(entity(role(key(rsa_key("idp")), service("SingleSignOnService", location))))


BAD: list[tuple[str, bytes | Behaviour, str]] = [
    ("drips", drip, "http.timeout"),
    ("endless", endless, "http.too_large"),
    ("announces too much", answer(b"", headers={"Content-Length": "3000000"}), "http.too_large"),
    ("too large by a byte", described(rsa_key("next")).ljust(2 * 1024 * 1024 + 1), "http.too_large"),
    ("redirects inside", redirect("http://169.254.169.254/latest/meta-data/"), "http.redirect"),
    ("redirects to a file", redirect("file:///etc/passwd"), "http.redirect"),
    ("redirects to itself", redirect("/metadata"), "http.redirect"),
    ("is gone", answer(b"secret words", status=404), "http.status"),
    ("compressed", answer(b"\x1f\x8b", headers={"Content-Encoding": "gzip"}), "http.connection"),
    ("no XML", b"secret words of an internal page", "metadata.unsafe_xml"),
    ("a web page", b"<html><body>secret words</body></html>", "metadata.no_identity_provider"),
    ("DTD bomb", BOMB, "metadata.unsafe_xml"),
    (
        "external entity",
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        "metadata.unsafe_xml",
    ),
    (
        "expired",
        described(rsa_key("next"), attributes='validUntil="2020-01-01T00:00:00Z"'),
        "metadata.expired",
    ),
    ("no keys", described(), "metadata.no_signing_certificate"),
    ("plain http", at("http://idp.acme.example/sso"), "metadata.bad_url"),
    ("private sign-on", at("https://10.1.2.3/sso"), "metadata.bad_url"),
    ("metadata service", at("https://169.254.169.254/"), "metadata.bad_url"),
]


@pytest.mark.parametrize(("content", "code"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_answer_changes_nothing_and_is_told_in_our_words(
    acme: Published, monkeypatch: pytest.MonkeyPatch, content: bytes | Behaviour, code: str
) -> None:
    monkeypatch.setattr(metadata_fetch, "SECONDS", 1.0)
    acme.publish(content)
    begun = time.monotonic()
    outcome = refresh(provider=acme.provider, actor=TASK)

    assert outcome.problem == code
    assert time.monotonic() - begun < 5
    assert (acme.settings.idp_entity_id, acme.keys()) == (IDP, {"idp"})
    assert acme.settings.metadata_problem.startswith(code)
    seen = f"{outcome} {acme.settings.metadata_problem} {list(AuditEvent.objects.values())}"
    assert "secret" not in seen.replace("client_secret", "")
    assert "passwd" not in seen
    assert acme.server.paths() == ["/metadata"]  # no redirect was followed

    acme.publish(described(rsa_key("idp"), rsa_key("next")))  # the twin
    assert refresh(provider=acme.provider, actor=TASK).changed == {"certificates"}


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://idp.acme.example/metadata",
        "http://idp.acme.example/metadata",
        "https://127.0.0.1/metadata",
        "https://169.254.169.254/latest/",
        "https://[::1]/metadata",
        "https://user:password@idp.acme.example/metadata",
        "https://idp.acme.example/metadata#fragment",
        "https://2130706433/metadata",
    ],
)
def test_metadata_url_is_https_and_public(acme: Published, url: str) -> None:  # V-23
    with pytest.raises(ProviderInvalid):
        save_saml_settings(provider=acme.provider, actor=acme.sso_admin, values=SamlValues(metadata_url=url))
    assert acme.settings.metadata_url == acme.url


def test_customers_admin_reaches_no_allow_listed_address_in_a_shared_deployment(
    acme: Published, settings: Settings
) -> None:  # V-23
    IdentityProvider.objects.filter(pk=acme.provider.pk).update(private_network=False)
    assert refresh(provider=acme.provider, actor=acme.sso_admin).problem == "http.not_https"
    assert acme.server.requests == []

    settings.BROKER_DEPLOYMENT = "private"
    assert refresh(provider=acme.provider, actor=acme.sso_admin).problem == ""


def test_what_a_document_names_marks_no_provider_private(acme: Published, settings: Settings) -> None:  # V-23
    public = SamlValues(metadata_url="https://idp.acme.example/metadata")
    save_saml_settings(provider=acme.provider, actor=OPERATOR, values=public)
    IdentityProvider.objects.filter(pk=acme.provider.pk).update(private_network=False)
    inside = SamlValues(sso_url=acme.url)  # allow-listed, as an operator may type it

    with pytest.raises(ProviderInvalid):
        save_saml_settings(provider=acme.provider, actor=TASK, values=inside)
    assert not IdentityProvider.objects.get(pk=acme.provider.pk).private_network
    save_saml_settings(provider=acme.provider, actor=OPERATOR, values=inside)
    assert IdentityProvider.objects.get(pk=acme.provider.pk).private_network


def ask_for_signature(acme: Published) -> None:
    save_saml_settings(
        provider=acme.provider,
        actor=acme.sso_admin,
        values=SamlValues(metadata_certificate=pem(certificate(FEDERATION))),
    )


def tampered() -> bytes:
    return signed().replace(b"/sso", b"/evil")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (lambda: described(rsa_key("idp"), rsa_key("next")), "metadata.not_signed"),
        (lambda: signed(rsa_key("mallory")), "metadata.bad_signature"),
        (lambda: signed(rsa_key("idp")), "metadata.bad_signature"),
        (lambda: signed(ec_key("federation")), "metadata.bad_signature"),
        (tampered, "metadata.bad_signature"),
    ],
    ids=["unsigned", "unrelated key", "the provider's own key", "wrong kind of key", "tampered"],
)
def test_metadata_not_signed_by_the_given_certificate_is_refused(
    acme: Published, content: Callable[[], bytes], code: str
) -> None:
    ask_for_signature(acme)
    acme.publish(content())

    assert refresh(provider=acme.provider, actor=TASK).problem == code
    assert acme.keys() == {"idp"}
    acme.publish(signed())  # the twin
    assert refresh(provider=acme.provider, actor=TASK).changed == {"certificates"}


def test_aggregate_asks_which_entity_and_takes_the_one_that_was_chosen(draft: Published) -> None:
    three = [described(rsa_key(name), entity_id=f"urn:{name}") for name in ("next", "third", "mallory")]
    draft.publish(document(*(etree.tostring(etree.fromstring(one)[0]).decode() for one in three)))
    outcome = refresh(provider=draft.provider, actor=draft.sso_admin)

    assert outcome.problem == "metadata.several_entities"
    assert outcome.entity_ids == ("urn:mallory", "urn:next", "urn:third")
    assert draft.settings.idp_entity_id == ""

    choice = SamlValues(metadata_entity_id="urn:third")
    save_saml_settings(provider=draft.provider, actor=draft.sso_admin, values=choice)
    assert refresh(provider=draft.provider, actor=draft.sso_admin).problem == ""
    assert (draft.settings.idp_entity_id, draft.keys()) == ("urn:third", {"third"})


def test_provider_in_use_is_found_in_an_aggregate_that_grew(acme: Published) -> None:
    ours, other = (
        described(rsa_key("idp"), rsa_key("next")),
        described(rsa_key("mallory"), entity_id="urn:other"),
    )
    acme.publish(document(*(etree.tostring(etree.fromstring(one)[0]).decode() for one in (other, ours))))

    assert refresh(provider=acme.provider, actor=TASK).changed == {"certificates"}
    assert acme.keys() == {"idp", "next"}


def test_entity_that_left_the_aggregate_keeps_what_it_had(acme: Published) -> None:
    save_saml_settings(
        provider=acme.provider, actor=acme.sso_admin, values=SamlValues(metadata_entity_id=IDP)
    )
    acme.publish(described(rsa_key("mallory"), entity_id="urn:other"))

    assert refresh(provider=acme.provider, actor=TASK).problem == "metadata.unknown_entity"
    assert (acme.settings.idp_entity_id, acme.keys()) == (IDP, {"idp"})


def test_our_own_redirect_url_as_entity_id_is_refused_and_audited(draft: Published) -> None:  # S-2
    own = "http://localhost:8000/sso/saml/acme-saml/"
    draft.publish(described(rsa_key("idp"), entity_id=own))
    outcome = refresh(provider=draft.provider, actor=draft.sso_admin)

    assert outcome.problem == "provider.invalid"
    assert "Microsoft Entra Identifier" in outcome.detail
    assert draft.settings.idp_entity_id == ""
    assert AuditEvent.objects.filter(reason="provider.invalid", actor_label="sso@acme.example").count() == 1
