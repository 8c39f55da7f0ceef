"""The recorded request sequences of real SCIM clients, where they lie beside this repository (P-8)."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.interop.running_broker import ROOT, RunningBroker

pytestmark = pytest.mark.interop

_RUNNER = ROOT.parent / "shared" / "scim-corpus" / "run_corpus.py"


@pytest.mark.skipif(not _RUNNER.exists(), reason="no ../shared/scim-corpus beside this clone")
def test_every_recorded_client_gets_what_it_needs(broker: RunningBroker) -> None:
    """P-6, P-8: with a second account's token, so that the case about two customers runs too"""
    tokens = ["--token", broker.tokens["acme"], "--token-b", broker.tokens["globex"]]
    done = subprocess.run(
        [sys.executable, str(_RUNNER), "--base", broker.scim, *tokens, "-v"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
    )
    print(done.stdout[-20_000:])
    verdicts = [
        line.split()[0]
        for line in done.stdout.splitlines()
        if line.split()[:1] in (["PASS"], ["FAIL"], ["SKIP"])
    ]
    assert verdicts
    assert set(verdicts) == {"PASS"}
    assert done.returncode == 0
