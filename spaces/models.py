"""Spaces, their roles, who holds them by whose word, what guests hold, and mapping roles (J, G-8, R-1, R-6).

Change memberships only through ``spaces.access``, what guests hold only through ``spaces.guest_roles``. Names compare
exactly (two spaces may differ by case alone, J-6), so they are unique as they are spelt.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, AccountRole, Group, GuestAccess, User
from accounts.models.role import SOURCE_CHOICES
from accounts.scoping import AccountScopedManager
from accounts.sources import Source
from foundation.ids import new_id


class BuiltInSpaceRole(models.TextChoices):
    """Space roles that every account has."""

    MEMBER = "space_member", "Space Member"
    ADMIN = "space_admin", "Space Admin"


class Space(models.Model):
    """A part of an account in which people hold roles."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="spaces")
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AccountScopedManager()

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=["account", "name"], name="space_name_once_per_account"),
        )

    def __str__(self) -> str:
        return self.name


class SpaceRole(models.Model):
    """A role that can be held in any space of the account."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="space_roles")
    name = models.CharField(max_length=120)
    built_in = models.CharField(max_length=20, choices=BuiltInSpaceRole.choices, blank=True, editable=False)

    objects = AccountScopedManager()

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=["account", "name"], name="space_role_name_once_per_account"),
            models.UniqueConstraint(
                fields=["account", "built_in"],
                condition=~models.Q(built_in=""),
                name="built_in_space_role_once",
            ),
        )

    def __str__(self) -> str:
        return self.name


class SpaceMembership(models.Model):
    """A person holds a role in a space, and who says so (design rule 3)."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="space_memberships")
    space = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="memberships")
    role = models.ForeignKey(SpaceRole, on_delete=models.PROTECT, related_name="memberships")
    source = models.CharField(max_length=10, choices=SOURCE_CHOICES)
    granted_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    account_lookup = "space__account"
    objects = AccountScopedManager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user", "space", "role", "source"], name="space_role_once_per_source"
            ),
            models.CheckConstraint(
                condition=models.Q(source__in=[source.value for source in Source]), name="space_source_known"
            ),
        )
        indexes = (models.Index(fields=["space", "user"], name="space_member_by_space"),)

    def __str__(self) -> str:
        return f"{self.user}: {self.role} in {self.space} ({self.source})"


class GroupSpaceRole(models.Model):
    """A group grants its members a role in a space (G-8)."""

    id = models.BigAutoField(primary_key=True)
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="space_grants")
    space = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="group_grants")
    role = models.ForeignKey(SpaceRole, on_delete=models.PROTECT, related_name="group_grants")
    granted_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    account_lookup = "group__account"
    objects = AccountScopedManager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["group", "space", "role"], name="group_grant_once"),)

    def __str__(self) -> str:
        return f"{self.group}: {self.role} in {self.space}"


class GuestSpaceRole(models.Model):
    """A guest holds a role in a space of the account that they visit, by hand and as long as their access (R-6).

    No ``SpaceMembership``: those are the account's own people's, which sign-ins, mapping roles and directories change.
    """

    id = models.BigAutoField(primary_key=True)
    access = models.ForeignKey(GuestAccess, on_delete=models.CASCADE, related_name="space_roles")
    space = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="guest_roles")
    role = models.ForeignKey(SpaceRole, on_delete=models.PROTECT, related_name="guest_roles")
    granted_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    account_lookup = "access__account"
    objects = AccountScopedManager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["access", "space", "role"], name="guest_space_role_once"),
        )

    def __str__(self) -> str:
        return f"{self.role} in {self.space}"


class GuestAccountRole(models.Model):
    """A guest holds an account role of the account that they visit; never a built-in one (V-8)."""

    id = models.BigAutoField(primary_key=True)
    access = models.ForeignKey(GuestAccess, on_delete=models.CASCADE, related_name="account_roles")
    role = models.ForeignKey(AccountRole, on_delete=models.PROTECT, related_name="guest_roles")
    granted_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    account_lookup = "access__account"
    objects = AccountScopedManager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["access", "role"], name="guest_account_role_once"),)

    def __str__(self) -> str:
        return str(self.role)


class MappingRole(models.Model):
    """A name that a provider may send in ``role_mapping``, and what it stands for (R-1). Case-sensitive."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="mapping_roles")
    name = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AccountScopedManager()

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=["account", "name"], name="mapping_role_name_once"),)

    def __str__(self) -> str:
        return self.name


class MappingScope(models.Model):
    """One scope of a mapping role: the account (``space`` empty) or a space; each at most once (R-1)."""

    id = models.BigAutoField(primary_key=True)
    mapping_role = models.ForeignKey(MappingRole, on_delete=models.CASCADE, related_name="scopes")
    space = models.ForeignKey(
        Space, null=True, blank=True, on_delete=models.CASCADE, related_name="mapping_scopes"
    )

    account_lookup = "mapping_role__account"
    objects = AccountScopedManager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["mapping_role", "space"], name="mapping_space_scope_once"),
            models.UniqueConstraint(
                fields=["mapping_role"], condition=models.Q(space=None), name="mapping_account_scope_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.mapping_role}: {self.space or _('account')}"


class MappingScopeRole(models.Model):
    """One role that a scope gives: an account role in the account scope, a space role in a space."""

    id = models.BigAutoField(primary_key=True)
    scope = models.ForeignKey(MappingScope, on_delete=models.CASCADE, related_name="roles")
    account_role = models.ForeignKey(
        AccountRole, null=True, blank=True, on_delete=models.CASCADE, related_name="mapping_scopes"
    )
    space_role = models.ForeignKey(
        SpaceRole, null=True, blank=True, on_delete=models.CASCADE, related_name="mapping_scopes"
    )

    account_lookup = "scope__mapping_role__account"
    objects = AccountScopedManager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(account_role__isnull=False, space_role__isnull=True)
                | models.Q(account_role__isnull=True, space_role__isnull=False),
                name="mapping_scope_role_is_one",
            ),
            models.UniqueConstraint(fields=["scope", "account_role"], name="mapping_account_role_once"),
            models.UniqueConstraint(fields=["scope", "space_role"], name="mapping_space_role_once"),
        )

    def __str__(self) -> str:
        return str(self.account_role or self.space_role)
