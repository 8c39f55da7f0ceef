"""SCIM 2.0 server at ``/api/scim``: what a customer's directory pushes to us."""
