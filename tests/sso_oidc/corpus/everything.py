"""All of the corpus: defects by class, and the honest ways beside them."""

from __future__ import annotations

from tests.sso_oidc.corpus import (
    addresses,
    browser_answer,
    direct_answers,
    id_token_claims,
    id_token_signature,
    published,
    slow,
)
from tests.sso_oidc.corpus.case import Case, Variant, Way, twins_of

DEFECTS: dict[str, tuple[Case, ...]] = {
    "signature": id_token_signature.CASES,
    "issuer": id_token_claims.ISSUER,
    "audience": id_token_claims.AUDIENCE,
    "times": id_token_claims.TIMES,
    "subject": id_token_claims.SUBJECT,
    "nonce and hashes": id_token_claims.BINDING,
    "types of claims": id_token_claims.TYPES,
    "fields of the answer": browser_answer.FIELDS,
    "issuer in the answer": browser_answer.NAMES,
    "errors": browser_answer.ERRORS,
    "other sessions and mix-up": browser_answer.SESSIONS,
    "token endpoint": direct_answers.TOKEN_ENDPOINT,
    "userinfo": direct_answers.USERINFO,
    "discovery": published.DISCOVERY,
    "keys and rotation": published.KEY_SETS,
    "addresses": addresses.CASES,
    "slowness": slow.CASES,
}
VARIANTS: tuple[Variant, ...] = (
    *id_token_signature.VARIANTS,
    *id_token_claims.VARIANTS,
    *browser_answer.VARIANTS,
    *direct_answers.VARIANTS,
    *published.VARIANTS,
)
TWINS: tuple[tuple[Case, Way], ...] = tuple(twins_of(case for cases in DEFECTS.values() for case in cases))
