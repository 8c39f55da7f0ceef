"""The form of a mapping role: a name, roles in the account, and rows of a space with roles in it (R-1).

Every scope at most once, with at least one role; at least one scope. It works without scripts: more rows come by a
button, and a row without a space is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.models import Account, AccountRole
from spaces.models import MappingRole, MappingScopeRole, Space, SpaceRole

BLANK_ROWS = 2
MOST_ROWS = 500
PREFIX = "spaces"


@dataclass(frozen=True, slots=True)
class Known:
    """An account's spaces and space roles by id, read once for all rows."""

    spaces: dict[str, Space]
    roles: dict[str, SpaceRole]

    @staticmethod
    def choices(rows: Mapping[str, Space | SpaceRole]) -> list[tuple[str, str]]:
        """Return them for a field."""
        return [(key, row.name) for key, row in rows.items()]


class MappingRoleForm(forms.Form):
    """Name and account scope."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=MappingRole._meta.get_field("name").max_length,
        help_text=gettext_lazy(
            "Exactly as the provider sends it in role_mapping; upper and lower case count."
        ),
        widget=UnfoldAdminTextInputWidget,
    )
    account_roles = forms.ModelMultipleChoiceField(
        AccountRole.objects.none(), label="", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account_roles"].queryset = AccountRole.objects.for_account(account)  # type: ignore[attr-defined]


class SpaceScopeForm(forms.Form):
    """One space and its roles; ``known`` is what the account has."""

    space = forms.ChoiceField(label=gettext_lazy("Space"), required=False, widget=UnfoldAdminSelectWidget)
    roles = forms.MultipleChoiceField(label="", required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, known: Known, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known
        no_space = ("", _("no space"))
        self.fields["space"].choices = [no_space, *known.choices(known.spaces)]  # type: ignore[attr-defined]
        self.fields["roles"].choices = known.choices(known.roles)  # type: ignore[attr-defined]

    def clean_space(self) -> Space | None:
        """Return the space itself."""
        return self.known.spaces.get(self.cleaned_data["space"])

    def clean_roles(self) -> list[SpaceRole]:
        """Return the roles themselves."""
        return [self.known.roles[key] for key in self.cleaned_data["roles"]]

    def clean(self) -> dict[str, Any]:
        """A row is whole or empty."""
        cleaned = super().clean() or {}
        space, roles = cleaned.get("space"), cleaned.get("roles")
        if space is not None and not roles:
            self.add_error("roles", _("Choose at least one role in this space."))
        if space is None and roles and "space" not in self.errors:
            self.add_error("space", _("Choose the space of these roles."))
        return cleaned


class SpaceScopes(forms.BaseFormSet):  # type: ignore[type-arg]  # takes none at run time
    """The rows."""

    def clean(self) -> None:
        """Each space at most once."""
        seen = set()
        for form in self.forms:
            space = form.cleaned_data.get("space") if form.is_valid() else None
            if space is not None and space in seen:
                form.add_error("space", _("This space is named twice; give its roles in one place."))
            seen.add(space)


_Rows = forms.formset_factory(
    SpaceScopeForm, formset=SpaceScopes, extra=BLANK_ROWS, max_num=MOST_ROWS, absolute_max=MOST_ROWS
)


def rows_form(
    account: Account, data: QueryDict | None = None, *, initial: list[dict[str, Any]] | None = None
) -> SpaceScopes:
    """Return the rows, with the account's spaces and roles as choices."""
    known = Known(
        {str(row.pk): row for row in Space.objects.for_account(account)},
        {str(row.pk): row for row in SpaceRole.objects.for_account(account)},
    )
    return cast("SpaceScopes", _Rows(data, initial=initial, prefix=PREFIX, form_kwargs={"known": known}))


def initial_of(role: MappingRole | None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what the form and its rows hold before anybody typed."""
    if role is None:
        return {}, []
    account_roles: list[Any] = []
    spaces: dict[Any, list[Any]] = {}
    given = MappingScopeRole.objects.for_account(role.account).filter(scope__mapping_role=role)
    for row in given.select_related("scope__space").order_by("scope__space__name", "pk"):
        if row.scope.space_id is None:
            account_roles.append(row.account_role_id)
        else:
            spaces.setdefault(str(row.scope.space_id), []).append(str(row.space_role_id))
    rows = [{"space": space, "roles": roles} for space, roles in spaces.items()]
    return {"name": role.name, "account_roles": account_roles}, rows
