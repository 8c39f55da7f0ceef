"""Django's registration of ``foundation``."""

from django.apps import AppConfig


class FoundationConfig(AppConfig):
    name = "foundation"
    verbose_name = "Foundation"

    def ready(self) -> None:
        """Register the outbox's mail handler."""
        from foundation import mail  # noqa: F401
