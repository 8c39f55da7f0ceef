"""The corpus of misbehaving providers: what one may do wrong in a sign-in, by class, and the honest ways beside it.

Every case is played over the whole HTTP surface, from the login page's link to ``/api/me``, in the code flow and in the
hybrid one. ``python -m tests.sso_oidc.corpus`` prints the classes, the flows and the slowest answers.
"""
