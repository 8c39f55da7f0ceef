"""Spaces, their roles and who holds them; ``spaces.access`` is the only code that changes access."""
