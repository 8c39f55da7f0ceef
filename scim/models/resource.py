"""What a directory told us about people and groups beyond the columns of ``accounts`` (P-9, P-11).

``accounts.User`` and ``accounts.Group`` stay the one truth for what they have columns for. A ``UserResource`` keeps the
rest as one JSON document, which is only ever read whole, to answer the directory; ``UserValue`` repeats, a row each,
those parts of it that filters look into, in the form in which they are compared (design rule 11).
"""

from __future__ import annotations

from django.db import models

from accounts.models import Account, Group, User
from accounts.scoping import AccountScopedManager

KEY_LENGTH = 254  # the longest value that can be filtered on, once folded


class UserResource(models.Model):
    """The directory's document about one person, and folded copies of the names that filters compare."""

    user = models.OneToOneField(
        User, primary_key=True, on_delete=models.CASCADE, related_name="scim_resource"
    )
    attributes = models.JSONField(default=dict)  # as in scim.documents, without what User has columns for
    version = models.PositiveIntegerField(
        default=1
    )  # one more with each change of `attributes`; part of the ETag
    display_name_key = models.CharField(max_length=300, blank=True, editable=False)
    given_name_key = models.CharField(max_length=KEY_LENGTH, blank=True, editable=False)
    family_name_key = models.CharField(max_length=KEY_LENGTH, blank=True, editable=False)

    account_lookup = "user__account"
    objects = AccountScopedManager()

    def __str__(self) -> str:
        return f"SCIM document of {self.user_id}"


class UserValue(models.Model):
    """One value of one attribute of a person, made to be found; see ``scim.search_rows``."""

    id = models.BigAutoField(primary_key=True)
    # Left out of its own index: every look-up starts with the composite one below.
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="scim_values", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="scim_values")
    attribute = models.CharField(
        max_length=120
    )  # lower-case path: "emails", "title", "urn:…:user:manager.value"
    value_key = models.CharField(max_length=KEY_LENGTH)  # folded, unless the attribute compares exactly
    type_key = models.CharField(max_length=60, blank=True)  # folded
    is_primary = models.BooleanField(default=False)

    objects = AccountScopedManager()

    class Meta:
        indexes = (models.Index(fields=["account", "attribute", "value_key"], name="scim_value_by_account"),)

    def __str__(self) -> str:
        return f"{self.attribute} of {self.user_id}"


class GroupResource(models.Model):
    """Attributes of undeclared extension schemas that a directory keeps on a group (P-9); most groups have none."""

    group = models.OneToOneField(
        Group, primary_key=True, on_delete=models.CASCADE, related_name="scim_resource"
    )
    attributes = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)

    account_lookup = "group__account"
    objects = AccountScopedManager()

    def __str__(self) -> str:
        return f"SCIM document of {self.group_id}"
