"""The page of a SAML provider in the admin: its values as an admin has them, keys, metadata (S-2, S-3, S-7)."""
