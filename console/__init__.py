"""Django admin, ``configure`` and the other commands: what account admins and operators see and change."""
