"""What ``accounts`` tells the floors above, inside the transaction that changed it.

Receivers write in that same transaction or not at all; a receiver that fails rolls the change back.
"""

from __future__ import annotations

from django.dispatch import Signal

# A person was deleted: `spaces` drops their roles, `sso` closes their identities (V-13). Arguments: user, actor.
person_deleted = Signal()

# A person was marked as deleted, but what they had waits for an admin (P-13): `sso` closes their identities at once.
# `person_deleted` follows when the deletion is carried out. Arguments: user, actor.
person_deletion_held = Signal()

# Such a person is back: `sso` opens again what it closed since (the moment of
# the deletion). Arguments: user, actor, since.
person_restored = Signal()

# A new account exists and needs what every account has. Arguments: account, actor.
account_created = Signal()

# An account's own columns changed: `sso` ends setup links where single sign-on is off. Arguments: account, actor,
# changed (names of columns).
account_changed = Signal()

# A person was created (``created``), or their columns changed. Arguments: user, actor, changed (names of columns).
person_changed = Signal()

# A guest who may still come accepted another invitation, which took the first one's place: `spaces` lets them keep what
# they hold there. Arguments: before, after (rows of GuestAccess), actor.
guest_access_renewed = Signal()
