"""The stage outside pytest, for a bench or a fuzzer: an environment and a database of its own, gone afterwards."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import tests.conftest  # noqa: F401  (prepares the environment and starts Django; before anything of the product)


@contextmanager
def rolled_back() -> Iterator[None]:
    """Undo what happens inside."""
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def standing() -> Iterator[None]:
    """Both customers in a fresh database, the clock at ``NOW``, no log."""
    import time_machine
    from django.db import connection
    from django.test.utils import (
        setup_databases,
        setup_test_environment,
        teardown_databases,
        teardown_test_environment,
    )

    from tests.sso_saml.corpus.stage import found_stage
    from tests.sso_saml.forge import NOW

    logging.disable(logging.CRITICAL)
    setup_test_environment()
    made = setup_databases(verbosity=0, interactive=False)
    try:
        with time_machine.travel(NOW, tick=False), rolled_back():
            found_stage()
            yield
    finally:
        connection.close()
        teardown_databases(made, verbosity=0)
        teardown_test_environment()
        logging.disable(logging.NOTSET)
