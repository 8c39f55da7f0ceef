#!/usr/bin/env python3
"""Django's command line for the identity broker: ``./manage.py help`` lists the commands.

Our own are ``configure FILE`` (load a YAML file of accounts and providers), ``create_admin`` and
``create_api_token``; each explains itself with ``--help``.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command named on the command line with the settings of ``broker.settings``."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "broker.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit(
            "Django is not installed for this Python. `make venv` builds .venv; then use .venv/bin/python."
        ) from error
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
