"""SAML 2.0 service provider: from a POSTed response to ``Claims``."""
