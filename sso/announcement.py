"""Tell a person once, after a sign-in that changed their roles or spaces, what they now have (L-14).

A change is one of what they may do: a role that is held by another word than before is none, and a group counts when it
grants roles (G-8). What they now have is ``spaces.effective_access``, as on My access.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import User
from spaces.access import AccessChange
from spaces.effective_access import effective_access
from spaces.models import GroupSpaceRole

_NAMED = 50  # spaces with a role


def announce(request: HttpRequest, user: User, change: AccessChange) -> None:
    """Leave the announcement for the next page that ``user`` sees; nothing when ``change`` changed nothing for them."""
    if not _concerns_roles(user, change):
        return
    access = effective_access(user)
    spaces = sorted({f"{space.name} ({role.name})" for space in access.spaces for role in space.roles})
    roles = sorted({role.name for role in access.account_roles})
    if spaces:
        text = _("Your access changed. You now have: %(spaces)s.") % {"spaces": ", ".join(spaces[:_NAMED])}
    else:
        text = _("Your access changed: you are in no space now.")
    if roles:
        text = f"{text} {_('Your roles in the account: %(roles)s.') % {'roles': ', '.join(roles)}}"
    messages.info(request, text)


def _concerns_roles(user: User, change: AccessChange) -> bool:
    spaces = [
        {(grant.space_id, grant.role_id) for grant in grants}
        for grants in (change.add_spaces, change.remove_spaces)
    ]
    roles = [{grant.role_id for grant in grants} for grants in (change.add_roles, change.remove_roles)]
    if spaces[0] != spaces[1] or roles[0] != roles[1]:
        return True
    groups = {grant.group_id for grant in change.add_groups} ^ {
        grant.group_id for grant in change.remove_groups
    }
    if not groups or user.account_id is None:
        return False
    return GroupSpaceRole.objects.for_account(user.account_id).filter(group__in=groups).exists()
