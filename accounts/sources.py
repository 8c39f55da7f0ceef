"""Who stated a membership: the closed set behind every ``source`` column (design rule 3).

A membership (of a group, a space, an account role) is a row per user, scope, role **and source**. A writer
touches only rows of its own source; what a person effectively has is the union of all of them. The two
exceptions, where a sign-in also removes rows that somebody else wrote, are G-2 (mapped groups) and R-2 (role
mapping switched on).
"""

from __future__ import annotations

from enum import StrEnum


class Source(StrEnum):
    """The owner of one membership row; the values are stored and shown by ``/api/me``."""

    MANUAL = "manual"  # an admin, by hand
    CLAIMS = "claims"  # space, role and group claims of a sign-in (J-3, G-2)
    MAPPING = "mapping"  # mapping roles named by the role_mapping claim
    DIRECTORY = "directory"  # pushed by SCIM (P-12)
    GROUP = "group"  # space roles that a group grants to its members (G-8)
