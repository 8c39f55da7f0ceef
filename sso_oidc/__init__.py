"""OpenID Connect relying party: from a callback to ``Claims``."""
