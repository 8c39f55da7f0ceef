"""Django's registration of ``accounts``."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts and people"

    def ready(self) -> None:
        """Connect what follows a sign-in."""
        from accounts import last_login

        last_login.connect()
