"""Django's registration of ``scim``."""

from django.apps import AppConfig


class ScimConfig(AppConfig):
    name = "scim"
    verbose_name = "SCIM"

    def ready(self) -> None:
        """Connect what follows changes made elsewhere."""
        from scim import receivers  # noqa: F401  (connects on import)
