"""Two first sign-ins of one person at the same moment make one user (J-13)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import connection

from accounts import lifecycle
from accounts.models import GroupMembership, User
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from spaces.models import SpaceMembership
from sso import apply
from sso.claims import Claims, SubjectSource
from sso.models import FederatedIdentity
from sso.refusals import SignInRefused
from sso.snapshot import SignInState, read_state
from tests.journeys.conftest import ENGINEERS, Company, found_company
from tests.journeys.seen import rows

MIA = Claims(
    issuer="https://idp.acme.example",
    subject="11111111-2222-4333-8444-555555555555|a1c3e5f7-0001-4a00-8000-00000000a001",
    subject_source=SubjectSource.ENTRA_OBJECT_ID,
    external_id="a1c3e5f7-0001-4a00-8000-00000000a001",
    user_name="mia@acme.example",
    email="mia@acme.example",
    space_names=("Trial", "DevOps"),
    space_roles=("Space Member", "Space Developer"),
    groups=(ENGINEERS,),
)
DIRECTORY = Actor(ActorKind.SCIM, "token-of-acme", "Entra provisioning")


def sign_in(company: Company, claims: Claims = MIA, *, oidc: bool = False) -> User:
    provider = company.oidc if oidc else company.saml
    return apply.sign_in(claims=claims, provider_id=provider.pk, account_id=company.account.pk).user


def provisioned(company: Company) -> User:
    values = lifecycle.PersonChanges(user_name="mia@acme.example", external_id=MIA.external_id)
    return lifecycle.provision_user(account=company.account, actor=DIRECTORY, values=values)[0]


def assert_one_mia(company: Company, identities: int = 1) -> User:
    user = User.objects.for_account(company.account).get()
    assert FederatedIdentity.objects.filter(user=user).count() == identities
    assert SpaceMembership.objects.filter(user=user).count() == 2
    assert GroupMembership.objects.filter(user=user).count() == 1
    assert user.account_role_memberships.count() == 1
    assert user.status.value == "active"
    return user


@pytest.fixture
def late_plan(monkeypatch: pytest.MonkeyPatch) -> Callable[[SignInState], None]:
    """Make the next sign-in plan with a snapshot that was read before somebody else wrote."""

    def inject(stale: SignInState) -> None:
        snapshots = iter([stale])
        monkeypatch.setattr(apply, "read_state", lambda *args: next(snapshots, None) or read_state(*args))

    return inject


def test_loser_of_the_race_to_create_finds_whom_the_winner_made(
    acme: Company, late_plan: Callable[[SignInState], None]
) -> None:
    stale = read_state(MIA, acme.saml, acme.account)
    winner = sign_in(acme)
    late_plan(stale)
    assert sign_in(acme) == winner
    assert_one_mia(acme)
    assert not AuditEvent.objects.exclude(reason="").exists()  # nobody was refused anything
    assert AuditEvent.objects.filter(action="user.created").count() == 1


def test_loser_of_the_race_through_the_sister_provider_links_to_the_same_user(
    acme: Company, late_plan: Callable[[SignInState], None]
) -> None:
    # V-3
    stale = read_state(MIA, acme.oidc, acme.account)
    winner = sign_in(acme)
    late_plan(stale)
    assert sign_in(acme, oidc=True) == winner
    assert_one_mia(acme, identities=2)


def test_loser_of_the_race_to_link_a_pending_person_finds_them_linked(
    acme: Company, late_plan: Callable[[SignInState], None]
) -> None:
    # P-4
    pending = provisioned(acme)
    stale = read_state(MIA, acme.saml, acme.account)
    assert sign_in(acme) == pending
    late_plan(stale)
    assert sign_in(acme) == pending
    assert assert_one_mia(acme) == pending


def test_loser_who_saw_half_of_what_the_winner_wrote_plans_again(
    acme: Company, late_plan: Callable[[SignInState], None]
) -> None:
    # PostgreSQL shows each query what is committed by then: the identity wasn't there yet, the person already was
    winner = sign_in(acme)
    late_plan(replace(read_state(MIA, acme.saml, acme.account), identity=None, bound=None))
    assert sign_in(acme) == winner
    assert_one_mia(acme)
    assert not AuditEvent.objects.exclude(reason="").exists()


def test_loser_of_the_race_with_another_subject_is_refused_like_any_recycled_identity(
    acme: Company, late_plan: Callable[[SignInState], None]
) -> None:
    # J-11
    other = replace(MIA, subject="11111111-2222-4333-8444-555555555555|another", external_id="another")
    stale = read_state(other, acme.saml, acme.account)
    sign_in(acme)
    late_plan(stale)
    with pytest.raises(SignInRefused) as refused:
        sign_in(acme, other)
    assert refused.value.refusal.code == "identity.recycled"
    assert_one_mia(acme)


def test_conflict_that_never_ends_is_a_refusal_that_writes_nothing(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = read_state(MIA, acme.saml, acme.account)
    sign_in(acme)
    monkeypatch.setattr(apply, "read_state", lambda *args: stale)
    before = rows()
    with pytest.raises(SignInRefused) as refused:
        sign_in(acme)
    assert refused.value.refusal.code == "sign_in.conflict"
    assert rows() == before


def test_failure_in_the_middle_leaves_nothing_half_written(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    # design rule 1: one transaction
    def fail(**_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(apply, "change_access", fail)
    before = rows()
    with pytest.raises(RuntimeError, match="disk is full"):
        sign_in(acme)
    assert rows() == before


def at_once(*actions: Callable[[], object]) -> list[object]:
    """Run each action in a thread with a connection of its own, all begun together; return results or errors."""
    barrier, results = threading.Barrier(len(actions)), [None] * len(actions)

    def run(number: int, action: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(20)
            results[number] = action()
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return list(results)


@pytest.fixture
def shared_acme(transactional_db: None, idp: object, _allow_idp: None) -> Company:
    """Acme in a database that other connections see."""
    from sso.models import Vendor

    return found_company("acme", idp, Vendor.ENTRA)  # type: ignore[arg-type]


def test_six_tabs_of_a_newcomer_make_one_user(shared_acme: Company) -> None:
    results = at_once(*[lambda: sign_in(shared_acme).pk] * 6)
    assert set(results) == {assert_one_mia(shared_acme).pk}


def test_newcomer_through_both_providers_at_once_is_one_user(shared_acme: Company) -> None:
    saml, oidc = (lambda: sign_in(shared_acme).pk), (lambda: sign_in(shared_acme, oidc=True).pk)
    results = at_once(saml, oidc, saml, oidc)
    assert set(results) == {assert_one_mia(shared_acme, identities=2).pk}


def test_pending_person_in_six_tabs_is_linked_once(shared_acme: Company) -> None:
    pending = provisioned(shared_acme)
    results = at_once(*[lambda: sign_in(shared_acme).pk] * 6)
    assert set(results) == {pending.pk}
    assert_one_mia(shared_acme)


def test_directory_and_first_sign_in_at_once_make_one_user(shared_acme: Company) -> None:
    # J-13 with P-4: whoever comes second finds the other's or is told that the name is taken
    results = at_once(lambda: sign_in(shared_acme).pk, lambda: provisioned(shared_acme).pk)
    user = assert_one_mia(shared_acme)
    errors = [result for result in results if isinstance(result, Exception)]
    assert all(isinstance(error, lifecycle.UserNameTaken) for error in errors)
    assert user.pk in results


def test_person_deactivated_while_signing_in_has_no_session_left(shared_acme: Company) -> None:
    # V-17, L-13: whatever the order, in the end nobody is in
    user = sign_in(shared_acme)
    results = at_once(
        lambda: sign_in(shared_acme).session_epoch,
        lambda: lifecycle.set_directory_active(user=user, actor=DIRECTORY, active=False),
    )
    user.refresh_from_db()
    assert user.status.value == "deactivated"
    assert results[1] is True
    # A sign-in that came first holds an epoch that is over; one that came second was refused.
    assert isinstance(results[0], SignInRefused) or results[0] == user.session_epoch - 1
