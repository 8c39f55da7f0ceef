"""OAuth 2.0 for SCIM: clients of an account get access tokens of one hour at ``/oauth/token`` (V-25)."""
