"""A stand-in identity provider and SCIM client, for demos, integration work and tests. Never for production.

It plays the customer's side of single sign-on: a SAML 2.0 identity provider, an OpenID Provider and a SCIM
client, each in the dialect of a vendor (Entra, Okta, or plain). It signs in anybody who is listed in its
configuration, with any claims that are typed into its page, so it must never face a network that others use.

It talks to the product over HTTP only and imports nothing of it. How a request travels:

    server.py / any WSGI server -> app.py (routes) -> saml_idp.py | oidc_idp.py | oidc_endpoints.py |
    provision.py
                                                      |
    picker.py (form) + picker_page.py (HTML) -> Selection -> dialects.py -> saml_response.py | oidc_tokens.py

    config.py (dataclasses), config_file.py (YAML), keys.py (RSA keys on disk), scim_client.py + push.py
    (SCIM)

Start it with ``python -m simulator --config demo/simulator.yaml``; in a test with
``simulator.server.serve_in_thread(config)``. ``simulator.forms`` fills its pages in without a browser.
"""
