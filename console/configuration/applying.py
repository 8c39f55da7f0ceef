"""Bring the database to what a file says, in one transaction (A-10, V-24).

Each step compares, calls the same functions as every other entrance, and notes the difference. Nothing stops at the
first problem: it is noted with its place and the rest is still tried, so that one run reports everything, and then all
of it is rolled back. A dry run is the same, rolled back at the end, so it shows exactly what would happen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from audit.actors import Actor
from audit.refusals import audit_refusal
from console.configuration.accounts import apply_accounts
from console.configuration.difference import Difference
from console.configuration.fetched_metadata import fetch_metadata
from console.configuration.groups import apply_groups
from console.configuration.mapping_roles import apply_mapping_roles
from console.configuration.partners import apply_partners
from console.configuration.policy import apply_policy
from console.configuration.problems import ConfigurationError, Problem
from console.configuration.providers import apply_providers
from console.configuration.run import Run
from console.configuration.schema import Configuration
from console.configuration.shared_providers import apply_shared_providers
from console.configuration.users import apply_users
from console.configuration.vocabulary import apply_vocabulary


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, or in a dry run would be."""

    difference: Difference
    warnings: Sequence[Problem]


def apply_configuration(
    configuration: Configuration, *, actor: Actor, override: bool = False, dry_run: bool = False
) -> Outcome:
    """Apply a file and return what changed. Raises ``ConfigurationError`` with every problem; then nothing changed.

    Refusals are audited, after the rollback, unless it was a dry run: that leaves nothing behind.
    """
    # Before the transaction: nothing is fetched while rows are locked.
    run = Run(actor=actor, override=override, metadata=fetch_metadata(configuration))
    try:
        with transaction.atomic():
            _apply(run, configuration)
            if run.problems:
                raise ConfigurationError(run.problems)
            if dry_run:
                transaction.set_rollback(True)
    except ConfigurationError:
        for refusal in () if dry_run else run.refusals:
            audit_refusal(refusal)
        raise
    return Outcome(run.difference, tuple(sorted(run.warnings, key=lambda warning: warning.place.line)))


def _apply(run: Run, configuration: Configuration) -> None:
    partners = apply_partners(run, configuration.partners)
    accounts = apply_accounts(run, configuration.accounts, partners)
    for state in accounts:
        words = apply_vocabulary(run, state)
        apply_groups(run, state, words)
        apply_mapping_roles(run, state, words)
        apply_users(
            run, state, words
        )  # before providers: a private deployment needs an admin with a password
        apply_providers(run, state, words)
    apply_shared_providers(run, configuration.identity_providers, partners)
    for state in accounts:  # last: policies depend on providers and people
        apply_policy(run, state)
