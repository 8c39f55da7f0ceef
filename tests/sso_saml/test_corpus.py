"""Every attack of the corpus is refused over HTTP for its one reason, and its twin signs in (S-8).

The cases are in ``tests/sso_saml/corpus``; what "refused" and "signs in" mean is in its ``stage``. A twin that several
attacks share is played once.
"""

from __future__ import annotations

import io

import pytest

from audit.models import AuditEvent, FailureLogEntry
from tests.sso_saml.corpus.case import Case, Variant
from tests.sso_saml.corpus.edits import MALLORY
from tests.sso_saml.corpus.everything import ATTACKS, TWINS, VARIANTS
from tests.sso_saml.corpus.for_pytest import stage  # noqa: F401  (a fixture, named by parameters)
from tests.sso_saml.corpus.stage import Visit, post, prepare, refused, welcome
from tests.sso_saml.corpus.standing import rolled_back
from tests.sso_saml.forge import ADA

ALL = [pytest.param(case, id=f"{family}: {case}") for family, cases in ATTACKS.items() for case in cases]
# What only the key could tell, and what anybody could: changed on the way, or signed by a stranger.
LOOK_ALIKE = [
    ("encryption", "key of a stranger"),
    ("encryption", "wrapped key changed"),
    ("encryption", "CBC: first letter changed"),
    ("encryption", "CBC: last byte changed"),
    ("encryption", "CBC: last block cut off"),
    ("encryption", "GCM: tag changed"),
    ("encryption", "inside: nothing"),
    ("encryption", "inside: another element"),
    ("XML, encrypted", "DTD, encrypted"),
    ("keys, encrypted", "another key, encrypted"),
    ("keys, encrypted", "signed name changed, encrypted"),
]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("case", ALL)
def test_attack_is_refused_for_its_one_reason(case: Case, stage: Visit) -> None:  # noqa: F811  # S-8
    refused(case, stage)


@pytest.mark.parametrize("twin", TWINS, ids=str)
def test_twin_of_an_attack_signs_in(twin: Variant) -> None:  # S-8
    welcome(twin)


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_honest_answer_signs_the_right_person_in(variant: Variant) -> None:  # S-1, S-4, S-7
    welcome(variant)


def named(family: str, name: str) -> Case:
    [case] = [case for case in ATTACKS[family] if case.name == name]
    return case


@pytest.mark.parametrize(("family", "name"), LOOK_ALIKE)
def test_stranger_cannot_tell_what_was_wrong_with_a_cipher_text(
    family: str,
    name: str,
    stage: Visit,  # noqa: F811
) -> None:  # S-8
    pages = []
    for case in (named("keys", "another key"), named(family, name)):
        with rolled_back():  # what repeats is counted, not logged again
            page = refused(case, stage).page
        track_id = page.headers.pop("X-Track-Id")
        pages.append((page.status, page.text.replace(track_id, ""), sorted(page.headers)))

    assert pages[0] == pages[1]


def test_nothing_of_an_assertion_is_printed_or_logged(
    lines: io.StringIO,
    capfd: pytest.CaptureFixture[str],
    stage: Visit,  # noqa: F811
) -> None:  # S-8, V-24
    """libxmlsec prints to file descriptor 2 what it can't understand, past every log."""
    pieces: set[str] = set()
    for _, cases in ATTACKS.items():
        for case in cases:
            with rolled_back():
                prepare(case.ground)
                sent = case.attack.answering(stage.request_id)
                text = sent.post()
                pieces |= {text[at : at + 48] for at in (0, len(text) // 2) if len(text) > 200}
                post(stage, sent.but(on_bytes=None, on_post=lambda _, text=text: text))
                messages = str([*FailureLogEntry.objects.values(), *AuditEvent.objects.values()])
                assert MALLORY not in messages
                assert ADA not in messages

    printed = "".join((lines.getvalue(), *capfd.readouterr()))
    assert printed.count("sign_in_refused") > 400  # the log is on
    said = {ADA, MALLORY, "Staff", "_session1", "SAMLResponse", "libxml", "xmlSec", "func="}
    assert {text for text in said | pieces if text in printed} == set()
