"""The pages of a SAML provider in the admin: its values as an admin has them, its keys, its metadata (S-2, S-3, S-7)."""
