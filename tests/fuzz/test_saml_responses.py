"""A few seconds of the fuzzer, and that it would notice what it looks for; ``make fuzz-saml`` runs it for minutes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fuzz.saml_responses import Fuzzer
from tests.sso_saml.corpus.edits import MALLORY
from tests.sso_saml.corpus.for_pytest import stage  # noqa: F401  (a fixture for all tests here)

SEED = 20261120
pytestmark = pytest.mark.django_db


def test_whatever_happens_to_a_response_it_is_refused_or_signs_the_same_person_in(
    tmp_path: Path,
) -> None:  # S-8
    report = Fuzzer(SEED, tmp_path).run(0, lambda number: number < 120)

    assert report.violations == []
    assert report.executions == 120
    assert sum(report.accepted.values()) > 0
    assert len(report.refused) > 5
    assert list(tmp_path.iterdir()) == []


def test_session_of_somebody_else_is_a_violation_and_is_kept(tmp_path: Path) -> None:
    fuzzer = Fuzzer(SEED, tmp_path)
    fuzzer.originals = [replace(variant, person=MALLORY) for variant in fuzzer.originals]

    report = fuzzer.run(0, lambda number: number < 60)

    assert report.violations
    [first, *_] = sorted(tmp_path.iterdir())
    kept = json.loads(first.read_text())
    assert "signed in" in kept["wrong"]
    assert f"--seed {SEED} --first" in kept["repeat"]
    assert kept["form"]["RelayState"]
