"""Django's settings, all of them from the environment (or ``.env``), with working defaults for one machine.

Each module below covers one subject and can be read alone; ``environment`` is where variables are read and checked,
and ``.env.example`` lists them all. Unset, everything runs embedded: SQLite, a cache in the database, Celery over the
file system, data in ``var/`` (design rule 11). What is unsafe to run with is refused by ``broker.checks``.
"""

from broker.settings.environment import *  # noqa: F403
from broker.settings.framework import *  # noqa: F403
from broker.settings.interface import *  # noqa: F403
from broker.settings.oauth import *  # noqa: F403
from broker.settings.observability import *  # noqa: F403
from broker.settings.security import *  # noqa: F403
from broker.settings.services import *  # noqa: F403
