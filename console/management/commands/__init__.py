"""``configure``, ``create_api_token`` and ``create_admin``; each explains itself with ``--help``."""
