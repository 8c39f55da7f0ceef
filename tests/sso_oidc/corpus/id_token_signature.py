"""Who signed an ID token, with what, and what its header asks for (RFC 8725; O-6)."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, RSAKey

from sso_oidc.errors import OidcCode as C
from tests.foundation.local_server import answer
from tests.sso_oidc.corpus.case import Case, Variant, Way
from tests.sso_oidc.corpus.provider import SECRET, Token
from tests.sso_oidc.corpus.scene import Scene
from tests.sso_oidc.misbehaving_provider import (
    OTHER_RSA,
    RSA,
    PrivateKey,
    part,
    public,
    sign,
    sign_with_hmac,
)

EC256 = ECKey.generate_key("P-256", {"kid": "ec-256"})
EC384 = ECKey.generate_key("P-384", {"kid": "ec-384"})


def _weak() -> RSAKey:
    # Libraries refuse to make one, and with good reason.
    numbers = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
    pem = numbers.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with warnings.catch_warnings(action="ignore"):
        return RSAKey.import_key(pem, {"kid": "weak"})


WEAK = _weak()
PEM = RSA.public_key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
Claims = dict[str, Any]


@dataclass(frozen=True)
class Sealed:
    """Signed with this key, algorithm and header; ``published`` are the keys in the provider's key set."""

    key: PrivateKey = field(default_factory=lambda: RSA)
    alg: str = "RS256"
    header: tuple[tuple[str, Any], ...] = ()
    published: tuple[PrivateKey, ...] = field(default_factory=lambda: (RSA,))
    members: tuple[tuple[str, Any], ...] = ()  # added to each published key
    announced: tuple[str, ...] = ("RS256", "ES256", "PS256")
    both: bool = False  # both tokens of a hybrid sign-in

    def __call__(self, scene: Scene) -> None:
        scene.provider.jwks = public(*self.published, **dict(self.members))
        scene.provider.document["id_token_signing_alg_values_supported"] = list(self.announced)
        for token in Token if self.both else (scene.way.token,):
            scene.provider.sealed_by[token] = lambda claims: sign(
                claims, self.key, alg=self.alg, **dict(self.header)
            )


@dataclass(frozen=True)
class Forged:
    """Whatever ``make`` makes of the claims, in place of the token."""

    make: Callable[[Claims], str] = field(compare=False)
    extra_keys: tuple[str, ...] = ()

    def __call__(self, scene: Scene) -> None:
        for key in self.extra_keys:
            scene.provider.jwks["keys"].append(json.loads(key))
        scene.provider.sealed_by[scene.way.token] = self.make


def unsigned(alg: str, signature: str) -> Forged:
    """A token that says it needs no signature."""
    return Forged(lambda claims: f"{part({'alg': alg, 'kid': 'rsa-1'})}.{part(claims)}.{signature}")


def hmac_with(secret: bytes, kid: str = "rsa-1", *keys: str) -> Forged:
    """A token with HS256."""
    return Forged(lambda claims: sign_with_hmac(claims, secret, kid), keys)


def header(**members: Any) -> Sealed:
    """Properly signed, with more in the header."""
    return Sealed(header=tuple(members.items()))


def strangers(**members: Any) -> Sealed:
    """Signed by a stranger under our provider's key name, with more in the header."""
    return Sealed(OTHER_RSA, header=(("kid", "rsa-1"), *members.items()))


def changed(change: Callable[[list[str], Claims], list[str]]) -> Forged:
    """Properly signed, then changed: ``change`` gets the three parts."""
    return Forged(lambda claims: ".".join(change(sign(claims, RSA).split("."), claims)))


def body(text: bytes) -> Forged:
    """Properly signed, but with this in place of the claims."""
    return Forged(lambda claims: sign(text.replace(b"CLAIMS", json.dumps(claims)[1:-1].encode()), RSA))


def evil_key_set(scene: Scene, name: str) -> None:
    """A key set at the evil server, to which a header points."""
    scene.evil.server.routes["/stolen"] = answer(public(OTHER_RSA, kid="rsa-1"))
    strangers(**{name: scene.evil.server.url("/stolen")})(scene)


def evil_was_not_asked(scene: Scene) -> None:
    """Nobody followed the header."""
    assert "/stolen" not in scene.evil.server.paths()


@dataclass(frozen=True)
class PointsToEvil:
    """A header that names where its key is."""

    name: str

    def __call__(self, scene: Scene) -> None:
        evil_key_set(scene, self.name)


OCT = json.dumps({"kty": "oct", "k": part(b"everybody reads this"), "kid": "oct-1", "alg": "HS256"})
TOO_LONG = {Way.FRONT: C.RESPONSE}
ONLY_PS = (("alg", "PS256"),)
CASES = (
    Case("alg none, no signature", "O-6", C.MALFORMED, unsigned("none", "")),
    Case("alg none, some signature", "O-6", C.ALGORITHM, unsigned("none", "AA")),
    Case("alg nOnE", "O-6", C.ALGORITHM, unsigned("nOnE", "AA")),
    Case("alg empty", "O-6", C.ALGORITHM, unsigned("", "AA")),
    Case("HMAC keyed with the public key", "O-6", C.ALGORITHM, hmac_with(PEM)),
    Case("HMAC keyed with the modulus", "O-6", C.ALGORITHM, hmac_with(str(RSA.as_dict()["n"]).encode())),
    Case("HMAC keyed with the client secret", "O-6", C.ALGORITHM, hmac_with(SECRET.encode())),
    Case(
        "HMAC with a published symmetric key",
        "O-6",
        C.ALGORITHM,
        hmac_with(b"everybody reads this", "oct-1", OCT),
    ),
    Case(
        "algorithm that the provider does not announce",
        "O-6",
        C.ALGORITHM,
        Sealed(alg="PS256", announced=("RS256",)),
        Sealed(alg="PS256", announced=("RS256", "PS256")),
    ),
    Case("signed by a stranger under the key's name", "O-6", C.SIGNATURE, strangers()),
    Case(
        "signed by a stranger under a name of its own",
        "O-6",
        C.UNKNOWN_KEY,
        Sealed(OTHER_RSA),
        Sealed(OTHER_RSA, published=(RSA, OTHER_RSA)),
    ),
    Case(
        "signature of something else",
        "O-6",
        C.SIGNATURE,
        changed(lambda parts, _: [*parts[:2], sign({"sub": "x"}, RSA).split(".")[2]]),
    ),
    Case(
        "claims changed after signing",
        "O-6",
        C.SIGNATURE,
        changed(lambda parts, claims: [parts[0], part({**claims, "sub": "root"}), parts[2]]),
    ),
    Case(
        "header changed after signing",
        "O-6",
        C.SIGNATURE,
        changed(lambda parts, _: [part({"alg": "RS256", "kid": "rsa-1", "typ": "JWT", "x": 1}), *parts[1:]]),
    ),
    Case(
        "signature cut short",
        "O-6",
        C.SIGNATURE,
        changed(lambda parts, _: [*parts[:2], parts[2][:100]]),
    ),
    Case(
        "key brought along (jwk)",
        "O-6",
        C.SIGNATURE,
        strangers(jwk=OTHER_RSA.as_dict(private=False)),
        header(jwk=OTHER_RSA.as_dict(private=False)),
    ),
    Case("address of a key set (jku)", "O-6", C.SIGNATURE, PointsToEvil("jku"), look=evil_was_not_asked),
    Case("address of a certificate (x5u)", "O-6", C.SIGNATURE, PointsToEvil("x5u"), look=evil_was_not_asked),
    Case(
        "certificate brought along (x5c)",
        "O-6",
        C.SIGNATURE,
        strangers(x5c=["bm90IGEgY2VydGlmaWNhdGU=" * 40]),
        header(x5c=["bm90IGEgY2VydGlmaWNhdGU=" * 40]),
    ),
    Case("kid that is a number", "O-6", C.MALFORMED, header(kid=1)),
    Case(
        "no kid, several keys",
        "O-6",
        C.UNKNOWN_KEY,
        Sealed(header=(("kid", None),), published=(RSA, OTHER_RSA)),
        Sealed(header=(("kid", None),)),
    ),
    Case("demands an extension (crit)", "O-6", C.MALFORMED, header(crit=["exp"], exp=1)),
    Case("unencoded payload (b64)", "O-6", C.MALFORMED, header(crit=["b64"], b64=False)),
    Case("access token in its place", "O-6", C.MALFORMED, header(typ="at+jwt"), header(typ="jwt")),
    Case("logout token in its place", "O-6", C.MALFORMED, header(typ="logout+jwt")),
    Case("RSA of 1024 bits", "O-6", C.UNKNOWN_KEY, Sealed(WEAK, published=(RSA, WEAK))),
    Case(
        "key for encryption",
        "O-6",
        C.KEYS,
        Sealed(members=(("use", "enc"),)),
        Sealed(members=(("use", "sig"),)),
    ),
    Case(
        "key not meant to verify",
        "O-6",
        C.KEYS,
        Sealed(members=(("key_ops", ["encrypt"]),)),
        Sealed(members=(("key_ops", ["verify"]),)),
    ),
    Case(
        "key whose private half was published",
        "O-6",
        C.KEYS,
        Sealed(members=(("d", RSA.as_dict(private=True)["d"]),)),
    ),
    Case(
        "key reserved for another algorithm",
        "O-6",
        C.UNKNOWN_KEY,
        Sealed(members=ONLY_PS),
        Sealed(alg="PS256", members=ONLY_PS, both=True),
    ),
    Case(
        "key of another curve",
        "O-6",
        C.UNKNOWN_KEY,
        Sealed(EC256, "ES256", (("kid", "ec-384"),), (RSA, EC256, EC384)),
        Sealed(EC256, "ES256", (), (RSA, EC256, EC384)),
    ),
    Case("five parts (encrypted)", "O-6", C.MALFORMED, Forged(lambda _: "a.b.c.d.e")),
    Case("two parts", "O-6", C.MALFORMED, Forged(lambda claims: ".".join(sign(claims, RSA).split(".")[:2]))),
    Case("line break in the token", "O-6", C.MALFORMED, Forged(lambda claims: sign(claims, RSA) + "\n")),
    Case("200,000 characters", "O-6", C.MALFORMED, Forged(lambda _: "A" * 200_000), codes=TOO_LONG),
    Case("claims that are a list", "O-6", C.MALFORMED, body(b"[]")),
    Case("claims that are no UTF-8", "O-6", C.MALFORMED, body(b'{"sub": "\xff"}')),
    Case("a claim twice", "O-6", C.MALFORMED, body(b'{"sub": "root", CLAIMS}'), body(b"{CLAIMS}")),
    Case(
        "a claim with NUL",
        "O-6",
        C.MALFORMED,
        body(b'{CLAIMS, "x": "a\\u0000b"}'),
        body(b'{CLAIMS, "x": "ab"}'),
    ),
    Case("a claim that is NaN", "O-6", C.MALFORMED, body(b'{CLAIMS, "x": NaN}'), body(b'{CLAIMS, "x": 1.5}')),
    Case(
        "alg twice in the header",
        "O-6",
        C.MALFORMED,
        changed(lambda parts, _: [part(b'{"alg":"RS256","alg":"none","kid":"rsa-1"}'), *parts[1:]]),
    ),
    Case(
        "claims nested 30,000 deep",
        "O-6",
        C.MALFORMED,
        body(b'{CLAIMS, "x": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"),
        body(b'{CLAIMS, "x": [[[]]]}'),
    ),
)
VARIANTS = (
    Variant("ES256", "O-6", Sealed(EC256, "ES256", (), (RSA, EC256))),
    Variant("PS256", "O-6", Sealed(alg="PS256")),
    Variant("two keys of one name", "O-6", Sealed(published=(OTHER_RSA, RSA), members=(("kid", "rsa-1"),))),
    Variant("header without typ", "O-6", header(typ=None)),
)
