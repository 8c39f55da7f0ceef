"""Every change that the admin offers, as the request that its form or button sends, with who may make it (V-8).

forms       what a row is, and how its request is made
people      persons: details, status, sessions, what waits for an admin, forged flags
access      roles, groups, spaces
mapping     mapping roles
accounts    accounts, partners, credentials
guests      invitations, guests and their roles
providers   identity providers
everything  all that the admin takes by POST
exempt      addresses that are in no row of the table, each with the reason
"""

from tests.privilege_table.pages.access import CHANGES as _ACCESS
from tests.privilege_table.pages.accounts import CHANGES as _ACCOUNTS
from tests.privilege_table.pages.forms import FormChange
from tests.privilege_table.pages.guests import CHANGES as _GUESTS
from tests.privilege_table.pages.mapping import CHANGES as _MAPPING
from tests.privilege_table.pages.people import CHANGES as _PEOPLE
from tests.privilege_table.pages.providers import CHANGES as _PROVIDERS

CHANGES: tuple[FormChange, ...] = (
    *_PEOPLE,
    *_ACCESS,
    *_MAPPING,
    *_ACCOUNTS,
    *_GUESTS,
    *_PROVIDERS,
)
