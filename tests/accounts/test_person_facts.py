"""A person's status follows from independent facts, each with its own writer (V-12 to V-14)."""

from __future__ import annotations

import itertools

import pytest
from django.core import mail
from django.utils import timezone

from accounts import lifecycle
from accounts.lifecycle.roles import LastAdminRole, account_role_named
from accounts.lifecycle.status import LastAdmin
from accounts.models import (
    Account,
    ApiToken,
    BuiltInAccountRole,
    Kind,
    Status,
    User,
)
from accounts.privilege import NotAllowed
from accounts.sources import Source
from audit.actors import SYSTEM, Actor, ActorKind, configuration
from audit.models import AuditEvent
from foundation import outbox

pytestmark = pytest.mark.django_db

OPERATOR = configuration("tests")
DIRECTORY = Actor(ActorKind.SCIM, "token", "Entra provisioning")
PROVIDER = Actor(ActorKind.PROVIDER, "provider", "Acme SAML")
PERSON = lifecycle.PersonChanges


@pytest.fixture
def acme() -> Account:
    return lifecycle.create_account(actor=OPERATOR, slug="acme", name="Acme", sso_module=True, sso_ready=True)


def make(account: Account, name: str = "mia", role: BuiltInAccountRole | None = None) -> User:
    user = lifecycle.create_user(
        actor=OPERATOR,
        account=account,
        values=PERSON(user_name=f"{name}@acme.example", email=f"{name}@acme.example"),
    )
    if role is not None:
        granted = account_role_named(account, role)
        lifecycle.grant_account_role(user=user, role=granted, actor=OPERATOR, source=Source.MANUAL)
    return user


def acting(user: User) -> Actor:
    return Actor(ActorKind.USER, str(user.pk), user.user_name)


@pytest.mark.parametrize(
    ("deleted", "disabled", "active", "seen"), list(itertools.product((True, False), repeat=4))
)
def test_status_is_the_strongest_of_the_facts(
    acme: Account, deleted: bool, disabled: bool, active: bool, seen: bool
) -> None:
    # V-12: deleted > disabled > deactivated > pending > active
    now = timezone.now()
    user = User(
        account=acme,
        user_name="mia",
        directory_active=active,
        disabled_at=now if disabled else None,
        deleted_at=now if deleted else None,
        first_login_at=now if seen else None,
    )
    expected = Status.ACTIVE if seen else Status.PENDING
    if not active:
        expected = Status.DEACTIVATED
    if disabled:
        expected = Status.DISABLED
    if deleted:
        expected = Status.DELETED
    assert user.status is expected
    assert user.can_sign_in is user.is_active is (expected in (Status.ACTIVE, Status.PENDING))
    user.save()
    assert User.objects.able_to_sign_in().filter(pk=user.pk).exists() is user.can_sign_in
    assert User.objects.present().filter(pk=user.pk).exists() is not deleted


def test_directory_and_admin_each_write_their_own_fact_alone(acme: Account) -> None:
    # V-12
    user = make(acme)
    with pytest.raises(NotAllowed):
        lifecycle.disable_user(user=user, actor=DIRECTORY)
    with pytest.raises(NotAllowed):
        lifecycle.set_directory_active(user=user, actor=OPERATOR, active=False)
    lifecycle.disable_user(user=user, actor=OPERATOR)
    with pytest.raises(NotAllowed):
        lifecycle.enable_user(user=user, actor=DIRECTORY)
    lifecycle.set_directory_active(user=user, actor=DIRECTORY, active=False)
    lifecycle.set_directory_active(user=user, actor=DIRECTORY, active=True)
    user.refresh_from_db()
    assert user.status is Status.DISABLED


@pytest.mark.parametrize("change", ["deactivate", "disable", "delete"])
def test_leaving_ends_sessions_and_personal_tokens_and_marks_the_accounts_tokens(
    acme: Account, change: str
) -> None:
    # V-14, L-13, P-5
    user = make(acme)
    ApiToken.objects.create(
        account=acme, owner=user, permission="read_self", name="mine", lookup="a" * 12, digest="x"
    )
    ApiToken.objects.create(account=acme, created_by=user, name="ours", lookup="b" * 12, digest="y")
    epoch = user.session_epoch
    if change == "deactivate":
        lifecycle.set_directory_active(user=user, actor=DIRECTORY, active=False)
    elif change == "disable":
        lifecycle.disable_user(user=user, actor=OPERATOR)
    else:
        lifecycle.delete_user(user=user, actor=DIRECTORY)
    user.refresh_from_db()
    assert user.session_epoch > epoch
    assert ApiToken.objects.get(name="mine").revoked_at is not None
    ours = ApiToken.objects.get(name="ours")
    assert ours.is_usable  # it survives its maker, flagged
    assert ours.maker_left_at is not None


def test_saying_the_same_again_changes_nothing_and_writes_no_event(acme: Account) -> None:
    user = make(acme)
    assert lifecycle.set_directory_active(user=user, actor=DIRECTORY, active=False) is True
    events, epoch = AuditEvent.objects.count(), user.session_epoch
    assert lifecycle.set_directory_active(user=user, actor=DIRECTORY, active=False) is False
    assert (
        lifecycle.update_user(user=user, actor=DIRECTORY, values=PERSON(email="mia@acme.example"))
        == frozenset()
    )
    user.refresh_from_db()
    assert (AuditEvent.objects.count(), user.session_epoch) == (events, epoch)


def test_event_of_a_change_tells_old_and_new(acme: Account) -> None:
    # design rule 2
    user = make(acme)
    lifecycle.update_user(user=user, actor=DIRECTORY, values=PERSON(given_name="Mia", phone=""))
    event = AuditEvent.objects.get(action="user.updated")
    assert event.changes == {"given_name": ["", "Mia"]}
    assert (event.actor_kind, event.actor_label) == ("scim", "Entra provisioning")
    assert event.account_id == acme.pk


def test_deleted_persons_name_is_free_and_the_row_is_kept(acme: Account) -> None:
    # V-13, P-5
    old = make(acme)
    lifecycle.delete_user(user=old, actor=DIRECTORY)
    new = make(acme)
    assert new.pk != old.pk
    assert User.objects.filter(user_name="mia@acme.example").count() == 2
    assert lifecycle.delete_user(user=old, actor=DIRECTORY) is False


def test_readmission_is_no_pardon_in_advance(acme: Account) -> None:
    # V-13
    user = make(acme)
    assert lifecycle.readmit_user(user=user, actor=OPERATOR) is False
    lifecycle.delete_user(user=user, actor=DIRECTORY)
    user.refresh_from_db()
    assert user.readmitted_at is None
    with pytest.raises(NotAllowed):
        lifecycle.readmit_user(user=user, actor=DIRECTORY)
    assert lifecycle.readmit_user(user=user, actor=OPERATOR) is True
    assert lifecycle.readmit_user(user=user, actor=OPERATOR) is False


def test_user_name_belongs_to_one_person_of_a_realm_in_any_spelling(acme: Account) -> None:
    # design rule 12
    make(acme, "mia")
    for spelling in ("MIA@acme.example", "  mia@ACME.example", "ｍｉａ@acme.example"):
        with pytest.raises(lifecycle.UserNameTaken):
            lifecycle.create_user(actor=OPERATOR, account=acme, values=PERSON(user_name=spelling))
    globex = lifecycle.create_account(actor=OPERATOR, slug="globex", name="Globex")
    assert lifecycle.create_user(actor=OPERATOR, account=globex, values=PERSON(user_name="mia@acme.example"))
    assert lifecycle.create_user(
        actor=OPERATOR, kind=Kind.OPERATOR, values=PERSON(user_name="mia@acme.example")
    )


@pytest.mark.parametrize("value", ["", "   ", "\u3000", "x" * 255, "a\x00b", "ﷺ" * 20])
def test_user_name_that_cannot_be_stored_is_refused_not_cut(acme: Account, value: str) -> None:
    with pytest.raises(lifecycle.InvalidPerson):
        lifecycle.create_user(actor=DIRECTORY, account=acme, values=PERSON(user_name=value))
    assert not User.objects.exists()


# --- V-14: the last SSO account admin ---------------------------------------------------------------------------------


def test_directory_blocks_the_last_admin_keeps_the_role_and_alarms_whoever_can_help(acme: Account) -> None:
    # V-14
    operator = lifecycle.create_user(
        actor=OPERATOR, kind=Kind.OPERATOR, values=PERSON(user_name="root", email="root@vendor.example")
    )
    colleague = make(acme, "bob", BuiltInAccountRole.ACCOUNT_ADMIN)
    admin = make(acme, "ada", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    lifecycle.delete_user(user=admin, actor=DIRECTORY)
    admin.refresh_from_db()
    assert admin.status is Status.DELETED
    kept = [row.role.built_in for row in admin.account_role_memberships.select_related("role")]
    assert kept == ["sso_account_admin"]
    outbox.drain()
    assert {message.to[0] for message in mail.outbox} == {operator.email, colleague.email}
    assert AuditEvent.objects.filter(action="account.last_sso_admin_blocked").exists()


def test_nobody_is_alarmed_while_another_admin_is_there(acme: Account) -> None:
    # V-14
    make(acme, "bob", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    admin = make(acme, "ada", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    lifecycle.set_directory_active(user=admin, actor=DIRECTORY, active=False)
    assert outbox.drain() == 0
    assert not AuditEvent.objects.filter(action="account.last_sso_admin_blocked").exists()


def test_people_cannot_leave_an_account_without_its_last_admin(acme: Account) -> None:
    # V-14
    admin = make(acme, "ada", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    role = account_role_named(acme, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    me = acting(admin)
    with pytest.raises(LastAdmin):
        lifecycle.disable_user(user=admin, actor=me)
    with pytest.raises(LastAdmin):
        lifecycle.delete_user(user=admin, actor=me)
    with pytest.raises(LastAdminRole):
        lifecycle.revoke_account_role(user=admin, role=role, actor=me, source=Source.MANUAL)
    admin.refresh_from_db()
    assert admin.status is Status.PENDING


# --- V-8: nobody above themselves -------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["update", "password", "disable", "delete", "sessions", "role"])
def test_account_admin_touches_no_sso_account_admin(acme: Account, action: str) -> None:
    # V-8
    boss = make(acme, "boss", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    make(acme, "other", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    admin = acting(make(acme, "ada", BuiltInAccountRole.ACCOUNT_ADMIN))
    member = account_role_named(acme, BuiltInAccountRole.MEMBER)
    attempts = {
        "update": lambda: lifecycle.update_user(
            user=boss, actor=admin, values=PERSON(email="eve@evil.example")
        ),
        "password": lambda: lifecycle.set_password(user=boss, actor=admin, password="correct horse battery"),
        "disable": lambda: lifecycle.disable_user(user=boss, actor=admin),
        "delete": lambda: lifecycle.delete_user(user=boss, actor=admin),
        "sessions": lambda: lifecycle.end_all_sessions(user=boss, actor=admin, reason="admin"),  # type: ignore[arg-type]
        "role": lambda: lifecycle.grant_account_role(
            user=boss, role=member, actor=admin, source=Source.MANUAL
        ),
    }
    with pytest.raises(NotAllowed):
        attempts[action]()
    boss.refresh_from_db()
    assert boss.email == "boss@acme.example"
    assert boss.status is Status.PENDING
    assert not boss.has_usable_password()


@pytest.mark.parametrize("source", [DIRECTORY, PROVIDER])
@pytest.mark.parametrize("role", [BuiltInAccountRole.ACCOUNT_ADMIN, BuiltInAccountRole.SSO_ACCOUNT_ADMIN])
def test_neither_directory_nor_provider_makes_an_admin(
    acme: Account, source: Actor, role: BuiltInAccountRole
) -> None:
    # V-8
    user = make(acme)
    granted = account_role_named(acme, role)
    with pytest.raises(NotAllowed):
        lifecycle.grant_account_role(user=user, role=granted, actor=source, source=Source.CLAIMS)
    assert not user.account_role_memberships.exists()


@pytest.mark.parametrize("kind", [Kind.OPERATOR, Kind.STAFF])
def test_only_operators_make_people_of_the_vendor(acme: Account, kind: Kind) -> None:
    # V-8
    boss = acting(make(acme, "boss", BuiltInAccountRole.SSO_ACCOUNT_ADMIN))
    for actor in (boss, DIRECTORY, PROVIDER):
        with pytest.raises(NotAllowed):
            lifecycle.create_user(actor=actor, account=acme, kind=kind, values=PERSON(user_name="root"))
    assert not User.objects.exclude(kind=Kind.MEMBER).exists()


def test_admin_of_one_account_is_nobody_in_another(acme: Account) -> None:
    # A-1, V-8
    globex = lifecycle.create_account(actor=OPERATOR, slug="globex", name="Globex")
    user = make(globex, "gus")
    boss = acting(make(acme, "boss", BuiltInAccountRole.SSO_ACCOUNT_ADMIN))
    for attempt in (
        lambda: lifecycle.disable_user(user=user, actor=boss),
        lambda: lifecycle.create_group(account=globex, actor=boss, name="Ours now"),
        lambda: lifecycle.update_account(account=globex, actor=boss, values={"name": "Ours"}),
        lambda: lifecycle.create_api_token(account=globex, actor=boss, name="Ours"),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_admin_who_was_disabled_a_moment_ago_may_do_nothing(acme: Account) -> None:
    # V-8: the actor is read anew
    admin = make(acme, "ada", BuiltInAccountRole.ACCOUNT_ADMIN)
    user = make(acme)
    lifecycle.disable_user(user=admin, actor=OPERATOR)
    with pytest.raises(NotAllowed):
        lifecycle.disable_user(user=user, actor=acting(admin))


def test_role_of_another_account_is_given_to_nobody(acme: Account) -> None:
    globex = lifecycle.create_account(actor=OPERATOR, slug="globex", name="Globex")
    theirs = account_role_named(globex, BuiltInAccountRole.MEMBER)
    with pytest.raises(lifecycle.WrongAccount):
        lifecycle.grant_account_role(user=make(acme), role=theirs, actor=OPERATOR, source=Source.MANUAL)


def test_token_needs_single_sign_on_that_works(acme: Account) -> None:
    # P-3
    Account.objects.filter(pk=acme.pk).update(sso_ready=False)
    acme.refresh_from_db()
    with pytest.raises(lifecycle.tokens.SsoNotReady):
        lifecycle.create_api_token(account=acme, actor=OPERATOR, name="Entra")
    assert not ApiToken.objects.exists()
    assert SYSTEM.label == "system"


# --- V-6, V-7: names belong to one ------------------------------------------------------------------------------------


def test_domain_and_host_name_of_one_account_are_refused_to_another_without_saying_whose(
    acme: Account,
) -> None:
    # V-6
    from accounts.lifecycle.tenants import NameBelongsToAnother
    from accounts.models import EmailDomain

    globex = lifecycle.create_account(actor=OPERATOR, slug="globex", name="Globex")
    lifecycle.verify_domain(
        account=acme, actor=OPERATOR, domain="acme.example", method=EmailDomain.Method.OPERATOR
    )
    lifecycle.verify_host_name(account=acme, actor=OPERATOR, host="sso.acme.example")
    for attempt in (
        lambda: lifecycle.verify_domain(
            account=globex, actor=OPERATOR, domain="ACME.example.", method=EmailDomain.Method.OPERATOR
        ),
        lambda: lifecycle.verify_host_name(account=globex, actor=OPERATOR, host="SSO.acme.example."),
        lambda: lifecycle.create_account(actor=OPERATOR, slug="acme", name="Another"),
    ):
        with pytest.raises(NameBelongsToAnother) as refused:
            attempt()
        assert "Acme" not in refused.value.message.replace("ACME", "")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost."])
def test_deployments_own_host_is_no_accounts(acme: Account, host: str) -> None:
    # V-7
    from accounts.lifecycle.tenants import NameBelongsToAnother

    with pytest.raises(NameBelongsToAnother):
        lifecycle.verify_host_name(account=acme, actor=OPERATOR, host=host)
