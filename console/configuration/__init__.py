"""``manage.py configure``: one YAML file of partners, accounts and everything of theirs (A-10).

    places, document    the file as YAML nodes that know their line and path
    reading, checks     nodes become typed values; everything that is wrong is reported at once
    schema              every key of the file
    fetched_metadata    what SAML providers publish at their metadata URLs, fetched first
    applying            one transaction that brings the database there; a dry run is the same, rolled back
    difference          what was created and changed, secrets as "changed"

The file acts as the vendor operator: domains, host names and tenant ids in it count as verified (V-6). It creates and
updates what it names, removes nothing, sets passwords only on people whom it creates, and lifts no disable (V-24). What
could lock people out is refused for an account that already has sign-ins (``policy``).
"""

from __future__ import annotations

from pathlib import Path

from console.configuration.document import open_document
from console.configuration.reading import read
from console.configuration.schema import Configuration


def load_configuration(path: Path) -> Configuration:
    """Return the checked content of a file. Raises ``problems.ConfigurationError`` with every problem in it."""
    return read(Configuration, open_document(path))
