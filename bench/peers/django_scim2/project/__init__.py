"""The smallest project around stock django-scim2."""
