"""The functions below all pages, called as each actor: what no page offers is refused there too (V-8, design rule 2).

calls      what a row is, who acts, who stands how high
people     what is done to a person of each rank
oneself    what only the person does
access     roles, groups, spaces
mapping    mapping roles, authorization, planned changes of access
tenants    accounts, partners, credentials
guests     invitations, guests and their roles
providers  identity providers, their keys and metadata
exempt     functions that take an actor and are in no row, each with the reason
"""

from tests.privilege_table.functions.access import CALLS as _ACCESS
from tests.privilege_table.functions.calls import Call
from tests.privilege_table.functions.guests import CALLS as _GUESTS
from tests.privilege_table.functions.mapping import CALLS as _MAPPING
from tests.privilege_table.functions.oneself import CALLS as _ONESELF
from tests.privilege_table.functions.people import CALLS as _PEOPLE
from tests.privilege_table.functions.providers import CALLS as _PROVIDERS
from tests.privilege_table.functions.tenants import CALLS as _TENANTS

CALLS: tuple[Call, ...] = (
    *_PEOPLE,
    *_ONESELF,
    *_ACCESS,
    *_MAPPING,
    *_TENANTS,
    *_GUESTS,
    *_PROVIDERS,
)
