"""Every attack of the corpus is refused over HTTP for its one reason, and its twin signs in (S-8).

The cases are in ``tests/sso_saml/corpus``; what "refused" and "signs in" mean is in its ``stage``.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from tests.sso_saml.corpus.case import Case, Variant
from tests.sso_saml.corpus.everything import ATTACKS, VARIANTS
from tests.sso_saml.corpus.stage import found_stage, play, welcome
from tests.sso_saml.forge import NOW


@pytest.fixture(scope="module", autouse=True)
def _stage(django_db_setup: None, django_db_blocker: object) -> Iterator[None]:
    """Two customers for all tests here; each test's own changes are rolled back."""
    from django.db import transaction

    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), transaction.atomic():  # type: ignore[attr-defined]
        found_stage()
        yield
        transaction.set_rollback(True)


def of(family: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", ATTACKS[family], ids=str)


ALL = [pytest.param(case, id=f"{family}: {case}") for family, cases in ATTACKS.items() for case in cases]


@pytest.mark.django_db
@pytest.mark.parametrize("case", ALL)
def test_attack_is_refused_for_its_one_reason_and_its_twin_signs_in(case: Case) -> None:  # S-8
    play(case)


@pytest.mark.django_db
@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_honest_answer_signs_the_right_person_in(variant: Variant) -> None:  # S-1, S-4, S-7
    welcome(variant)
