"""Our public keys and certificates, as a provider and its administrator fetch them (O-1, O-3)."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from cryptography import x509
from django.db import connection
from django.test.utils import CaptureQueriesContext
from joserfc.jwk import RSAKey

from accounts import privilege
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from foundation.ids import new_id
from sso import providers
from sso.models import IdentityProvider, ProtocolName, Vendor
from sso_oidc import client_keys, published_keys
from sso_oidc.client_assertion import key_id
from sso_oidc.models import ClientKeyPair
from tests.conftest import client_of
from tests.journeys.test_concurrent_first_sign_in import at_once
from tests.sso_oidc.openid_world import JWKS, OPERATOR, ClientCheckingProvider, OpenIdWorld

ALL = "/.well-known/jwks.json"
CERTIFICATE = "/sso/oidc/acme/certificate"
PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}  # RFC 7518 §6.3.2, §6.4


@pytest.fixture
def world(idp: ClientCheckingProvider) -> OpenIdWorld:
    """Acme, which authenticates with a key of its own."""
    return OpenIdWorld(idp, values={"client_authentication": "private_key_jwt", "client_secret": ""})


def another(slug: str, world: OpenIdWorld) -> IdentityProvider:
    made = providers.create_provider(
        actor=OPERATOR,
        slug=slug,
        name=slug,
        protocol=ProtocolName.OIDC,
        vendor=Vendor.OTHER,
        account=world.provider.account,
    )
    client_keys.ensure_key_pair(provider=made, actor=OPERATOR)
    return made


def kids(world: OpenIdWorld, path: str = ALL) -> list[str]:
    return [key["kid"] for key in world.browser.get(path).json()["keys"]]


@pytest.mark.parametrize("path", [ALL, JWKS])
def test_keys_are_published_before_anybody_signs_in(world: OpenIdWorld, path: str) -> None:
    # O-1
    page = world.browser.get(path)
    assert page.status_code == 200
    assert page["Content-Type"] == "application/jwk-set+json"
    [key] = page.json()["keys"]
    assert {name: key[name] for name in ("kty", "use")} == {"kty": "RSA", "use": "sig"}
    assert key["kid"] == RSAKey.import_key({n: key[n] for n in ("kty", "n", "e")}).thumbprint()  # RFC 7638


def test_nothing_private_is_ever_published(world: OpenIdWorld) -> None:
    # design rule 8: neither in the answer nor fetched from the database for it
    client_keys.add_next_key(provider=world.provider, actor=OPERATOR)
    client_keys.roll_over(provider=world.provider, actor=OPERATOR)
    client_keys.add_next_key(provider=world.provider, actor=OPERATOR)
    numbers = [
        RSAKey.import_key(pair.private_key).as_dict(private=True) for pair in ClientKeyPair.objects.all()
    ]
    assert len(numbers) == 3
    for path in (ALL, JWKS, CERTIFICATE):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            text = world.browser.get(path).content.decode()
        assert "PRIVATE" not in text
        assert not any(number[name] in text for number in numbers for name in PRIVATE_MEMBERS & set(number))
        if path == ALL:
            assert not any("private_key" in query["sql"] for query in queries)
    for path in (ALL, JWKS):
        keys = world.browser.get(path).json()["keys"]
        assert len(keys) == 3
        assert all(set(key) == {"kty", "use", "kid", "n", "e"} for key in keys)


def test_private_keys_are_encrypted_in_the_database(world: OpenIdWorld) -> None:
    # design rule 8
    with connection.cursor() as cursor:
        cursor.execute("SELECT private_key FROM sso_oidc_clientkeypair")
        (stored,) = cursor.fetchone()
    assert "PRIVATE" not in stored
    assert "PRIVATE KEY" in ClientKeyPair.objects.get().private_key


def test_one_address_holds_the_keys_of_all_and_each_provider_its_own(world: OpenIdWorld) -> None:
    other = another("globex", world)
    [own], [theirs] = kids(world, JWKS), kids(world, f"/sso/oidc/{other.slug}/jwks.json")
    assert own != theirs
    assert published_keys.key_set_url(other) == "http://localhost:8000/sso/oidc/globex/jwks.json"
    assert published_keys.certificate_url(other) == "http://localhost:8000/sso/oidc/globex/certificate"
    assert kids(world) == [own, theirs]


def test_address_for_all_stays_bounded_whatever_the_number_of_customers(
    world: OpenIdWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the oldest stay, so that nobody who relies on it loses theirs to a newcomer
    [own] = kids(world, JWKS)
    another("globex", world)
    monkeypatch.setattr(published_keys, "MAX_KEYS", 1)
    with CaptureQueriesContext(connection) as queries:
        assert kids(world) == [own]
    assert len([query for query in queries if "clientkeypair" in query["sql"]]) == 1


def test_number_of_queries_does_not_grow_with_the_keys(world: OpenIdWorld) -> None:
    counts: list[int] = []
    for slug in ("", "globex", "initech"):
        if slug:
            another(slug, world)
        with CaptureQueriesContext(connection) as queries:
            assert kids(world)
        counts.append(len(queries))
    assert len(set(counts)) == 1


@pytest.mark.parametrize("path", [ALL, JWKS])
def test_who_asks_again_is_told_that_nothing_changed_until_it_did(world: OpenIdWorld, path: str) -> None:
    page = world.browser.get(path)
    assert page["Cache-Control"] == "public, max-age=300"
    again = world.browser.get(path, headers={"if-none-match": page["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    client_keys.add_next_key(provider=world.provider, actor=OPERATOR)
    assert world.browser.get(path, headers={"if-none-match": page["ETag"]}).status_code == 200


def test_key_set_sets_no_cookie(world: OpenIdWorld) -> None:
    page = client_of("localhost:8000").get(ALL)
    assert page.status_code == 200
    assert not page.cookies


@pytest.mark.parametrize("path", ["/sso/oidc/nobody/jwks.json", "/sso/oidc/nobody/certificate"])
def test_unknown_provider_has_no_keys(world: OpenIdWorld, path: str) -> None:
    assert world.browser.get(path).status_code == 404


def test_stranger_makes_no_key_where_none_is_wanted(idp: ClientCheckingProvider) -> None:
    # V-21: anonymous writes are bounded
    world = OpenIdWorld(idp)
    assert kids(world) == kids(world, JWKS) == []
    assert world.browser.get(CERTIFICATE).status_code == 404
    assert not ClientKeyPair.objects.exists()


def test_certificate_carries_the_key_that_signs_and_the_next_one_on_request(world: OpenIdWorld) -> None:
    # O-3: to be uploaded at Entra
    assert world.browser.get(f"{CERTIFICATE}?key=next").status_code == 404
    client_keys.add_next_key(provider=world.provider, actor=OPERATOR)
    found = []
    for query in ("", "?key=next", "?key=previous"):
        page = world.browser.get(CERTIFICATE + query)
        certificate = x509.load_pem_x509_certificate(page.content)
        assert "attachment" in page["Content-Disposition"]
        assert page["Cache-Control"] == "no-store"
        found.append(certificate.public_key().public_numbers().n)  # type: ignore[union-attr]
    assert found[0] == found[2]  # previous is nobody's to upload
    published = [
        int.from_bytes(base64.urlsafe_b64decode(key["n"] + "=="))
        for key in world.browser.get(JWKS).json()["keys"]
    ]
    assert found[:2] == published


def test_only_those_who_may_configure_a_provider_change_its_keys(world: OpenIdWorld) -> None:
    # V-8
    nobody = Actor(ActorKind.USER, str(new_id()), "somebody")
    changes: list[Callable[..., object]] = [
        client_keys.add_next_key,
        client_keys.roll_over,
        client_keys.drop_previous,
    ]
    for change in changes:
        with pytest.raises(privilege.NotAllowed):
            change(provider=world.provider, actor=nobody)
    assert len(ClientKeyPair.objects.all()) == 1


def test_rollover_takes_its_steps_in_order(world: OpenIdWorld) -> None:
    provider = world.provider
    with pytest.raises(client_keys.ClientKeyRefused, match="no next key"):
        client_keys.roll_over(provider=provider, actor=OPERATOR)
    client_keys.add_next_key(provider=provider, actor=OPERATOR)
    with pytest.raises(client_keys.ClientKeyRefused, match="already"):
        client_keys.add_next_key(provider=provider, actor=OPERATOR)
    client_keys.roll_over(provider=provider, actor=OPERATOR)
    client_keys.add_next_key(provider=provider, actor=OPERATOR)
    with pytest.raises(client_keys.ClientKeyRefused, match="drop it first") as refused:
        client_keys.roll_over(provider=provider, actor=OPERATOR)
    assert refused.value.code == "provider.client_key"
    assert client_keys.drop_previous(provider=provider, actor=OPERATOR)
    assert not client_keys.drop_previous(provider=provider, actor=OPERATOR)
    assert "BEGIN" not in str(list(AuditEvent.objects.values_list("changes", "message")))


def test_whoever_needs_the_first_key_at_once_makes_one(
    transactional_db: None, idp: ClientCheckingProvider
) -> None:
    # O-1: two people sign in while a provider reads our keys
    world = OpenIdWorld(idp, values={"client_authentication": "private_key_jwt", "client_secret": ""})
    ClientKeyPair.objects.all().delete()
    before = AuditEvent.objects.filter(action="provider.client_key_added").count()
    made = at_once(
        *[lambda: client_keys.assertion_key(world.provider).certificate_pem] * 2,
        *[lambda: client_of("localhost:8000").get(JWKS).json()["keys"][0]["kid"]] * 2,
    )
    pair = ClientKeyPair.objects.get()
    assert made == [pair.certificate] * 2 + [key_id(pair.certificate)] * 2
    assert AuditEvent.objects.filter(action="provider.client_key_added").count() == before + 1


def test_two_admins_at_once_make_one_next_key(transactional_db: None, idp: ClientCheckingProvider) -> None:
    world = OpenIdWorld(idp, values={"client_authentication": "private_key_jwt", "client_secret": ""})
    made = at_once(*[lambda: client_keys.add_next_key(provider=world.provider, actor=OPERATOR).pk] * 3)
    assert len([result for result in made if isinstance(result, client_keys.ClientKeyRefused)]) == 2
    assert ClientKeyPair.objects.filter(role="next").count() == 1
