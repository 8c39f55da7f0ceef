"""The attack corpus: everything of S-8 and of the facts that were measured, by class, and the honest ways beside it.

Nothing here uses the library under test: messages are made with lxml and ``cryptography`` (``tests.sso_saml.forge``).
``python -m tests.sso_saml.corpus`` prints the classes and the slowest answers.
"""
