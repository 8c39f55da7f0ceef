"""Django's registration of ``accounts``."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts and people"

    def ready(self) -> None:
        """Connect what follows a sign-in, and the handlers of the outbox."""
        from accounts import last_login
        from accounts.lifecycle import inviting  # noqa: F401  (registers on import)

        last_login.connect()
