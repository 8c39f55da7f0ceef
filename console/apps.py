"""Django's registration of ``console``, and of Django's admin with the site of ``console.admin_site``."""

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class ConsoleConfig(AppConfig):
    name = "console"
    verbose_name = "Console"

    def ready(self) -> None:
        """Register every class of the admin by name."""
        from django.contrib import admin

        from console.admins import register_all

        register_all(admin.site)


class ConsoleAdminConfig(SimpleAdminConfig):
    """Django's admin without autodiscovery: no library's ``admin.py`` slips an unscoped list in (A-1)."""

    default = False
    default_site = "console.admin_site.ConsoleSite"
