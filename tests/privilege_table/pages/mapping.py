"""Mapping roles on the admin's pages: SSO account admins alone (V-8, R-1)."""

from __future__ import annotations

from accounts.lifecycle.roles import account_role_named
from accounts.models import BuiltInAccountRole
from spaces.models import MappingRole
from tests.console.admin_pages import Fields, address_of, page
from tests.privilege_table.cast import Cast
from tests.privilege_table.pages.forms import SSO_ADMINS, FormChange, Sent, chosen, fresh, gone, pressed

_SSO = BuiltInAccountRole.SSO_ACCOUNT_ADMIN


def _mapping_fields(cast: Cast) -> Fields:
    powerful = account_role_named(cast.acme.account, _SSO)
    return {"name": "mine", "account_roles": [str(powerful.pk)], "spaces-TOTAL_FORMS": "0", "_save": "1"} | {
        "spaces-INITIAL_FORMS": "0"
    }


def _mapping_added(cast: Cast) -> Sent:
    # An operator says for which account in the address.
    return f"{page(MappingRole, 'add')}?account={cast.acme.account.pk}", _mapping_fields(cast)


def _mapping_changed(cast: Cast) -> Sent:
    return address_of(cast.acme.mapping_role), _mapping_fields(cast)


def _mapping(cast: Cast) -> MappingRole:
    return cast.acme.mapping_role


CHANGES: tuple[FormChange, ...] = (
    FormChange(
        "make a mapping role",
        SSO_ADMINS,
        lambda cast: MappingRole.objects.filter(account=cast.acme.account, name="mine").exists(),
        "mapping_role.saved",
        _mapping_added,
    ),
    FormChange(
        "change a mapping role",
        SSO_ADMINS,
        lambda cast: fresh(_mapping(cast)).name == "mine",
        "mapping_role.saved",
        _mapping_changed,
    ),
    FormChange(
        "delete a mapping role",
        SSO_ADMINS,
        gone(_mapping),
        "mapping_role.deleted",
        pressed(_mapping, "delete"),
    ),
    FormChange(
        "delete a mapping role from the list",
        SSO_ADMINS,
        gone(_mapping),
        "mapping_role.deleted",
        chosen("delete_selected", _mapping, MappingRole),
    ),
)
