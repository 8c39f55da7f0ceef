"""Django's registration of ``broker``: start-up checks and the table of the embedded cache."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class BrokerConfig(AppConfig):
    name = "broker"
    verbose_name = "Identity broker"

    def ready(self) -> None:
        """Register the system checks, and make the cache's table together with the other tables."""
        from broker import cache_table, checks

        checks.register_all()
        # Django sends the signal for apps with models only, which this one isn't.
        migrated = apps.get_app_config("foundation")
        post_migrate.connect(cache_table.create, sender=migrated, dispatch_uid="broker.cache_table")
