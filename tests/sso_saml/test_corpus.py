"""Every attack of the corpus is refused over HTTP for its one reason, and its twin signs in (S-8).

The cases are in ``tests/sso_saml/corpus``; what "refused" and "signs in" mean is in its ``stage``. A twin that several
attacks share is played once.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from pytest_django import DjangoDbBlocker

from tests.sso_saml.corpus.case import Case, Variant
from tests.sso_saml.corpus.everything import ATTACKS, TWINS, VARIANTS
from tests.sso_saml.corpus.stage import found_stage, refused, welcome
from tests.sso_saml.corpus.standing import rolled_back
from tests.sso_saml.forge import NOW

ALL = [pytest.param(case, id=f"{family}: {case}") for family, cases in ATTACKS.items() for case in cases]
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def _stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Two customers for all tests here; what each test does to them is rolled back."""
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), rolled_back():
        found_stage()
        yield


@pytest.mark.parametrize("case", ALL)
def test_attack_is_refused_for_its_one_reason(case: Case) -> None:  # S-8
    refused(case)


@pytest.mark.parametrize("twin", TWINS, ids=str)
def test_twin_of_an_attack_signs_in(twin: Variant) -> None:  # S-8
    welcome(twin)


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_honest_answer_signs_the_right_person_in(variant: Variant) -> None:  # S-1, S-4, S-7
    welcome(variant)
