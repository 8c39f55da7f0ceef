"""The page of an OpenID Connect provider in the admin: values in the vendor's words, keys, tenants (O-1, O-3)."""
