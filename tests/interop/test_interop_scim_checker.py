"""scim2-tester, the compliance checker of the SCIM community, finds nothing to complain about (P-10)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interop.running_broker import ROOT, RunningBroker

pytestmark = pytest.mark.interop

_SCIM = Path(sys.executable).with_name("scim")
_VERDICT = re.compile(r"^([A-Z]+) (.+)$", re.MULTILINE)


def test_the_checker_passes_every_check(broker: RunningBroker) -> None:
    """P-10: ``scim test`` as its users call it; the token goes by the environment, never on the command line"""
    done = subprocess.run(
        [str(_SCIM), "--url", broker.scim, "test", "--verbose"],
        cwd=ROOT,
        env={**os.environ, "SCIM_CLI_HEADERS": f"Authorization: Bearer {broker.tokens['acme']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
    )
    print(done.stdout[-20_000:])
    verdicts = _VERDICT.findall(done.stdout)
    assert len(verdicts) > 50, done.stdout[-3000:] + done.stderr[-3000:]
    assert [verdict for verdict in verdicts if verdict[0] != "SUCCESS"] == []
    assert done.returncode == 0
