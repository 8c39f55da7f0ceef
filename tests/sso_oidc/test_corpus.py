"""Every misbehaviour of the corpus is refused over HTTP for its one reason, in both flows, and its twin signs in.

The cases are in ``tests/sso_oidc/corpus``; what "refused" and "signs in" mean is in its ``stage``. A twin that several
cases share is played once.
"""

from __future__ import annotations

import pytest

from tests.sso_oidc.corpus.case import Case, Variant, Way
from tests.sso_oidc.corpus.everything import DEFECTS, TWINS, VARIANTS
from tests.sso_oidc.corpus.for_pytest import stage  # noqa: F401  (a fixture, named by parameters)
from tests.sso_oidc.corpus.stage import Stage, refused, twin_signs_in, welcome

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("case", "way"),
    [
        pytest.param(case, way, id=f"{family}: {case}: {way}")
        for family, cases in DEFECTS.items()
        for case in cases
        for way in case.ways
    ],
)
def test_misbehaving_provider_is_refused_for_its_one_reason(
    case: Case,
    way: Way,
    stage: Stage,  # noqa: F811
) -> None:  # O-1, O-5, O-6
    refused(case, way, stage)


@pytest.mark.parametrize(
    ("case", "way"), [pytest.param(case, way, id=f"{case}: {way}") for case, way in TWINS]
)
def test_twin_of_a_defect_signs_in(case: Case, way: Way, stage: Stage) -> None:  # noqa: F811  # O-1, O-6
    twin_signs_in(case, way, stage)


@pytest.mark.parametrize(
    ("variant", "way"),
    [pytest.param(variant, way, id=f"{variant}: {way}") for variant in VARIANTS for way in variant.ways],
)
def test_honest_provider_signs_the_right_person_in(
    variant: Variant,
    way: Way,
    stage: Stage,  # noqa: F811
) -> None:  # O-1, O-6
    welcome(variant, way, stage)
