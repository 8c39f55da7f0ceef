"""schemathesis sends what SCIM clients might, and much that none would: no answer is our fault (P-9, V-21)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interop.running_broker import RunningBroker

pytestmark = pytest.mark.interop

_PROGRAM = Path(sys.executable).with_name("schemathesis")
_DOCUMENT = Path(__file__).with_name("scim.openapi.yaml")
_CHECKS = "not_a_server_error,response_schema_conformance"


def test_nothing_that_schemathesis_sends_makes_the_server_fail(broker: RunningBroker, tmp_path: Path) -> None:
    """P-9: never a 5xx; and every refusal is in SCIM's form (P-8)"""
    examples = 40 * int(os.environ.get("BROKER_TEST_EXAMPLES", "1"))
    options = ["--checks", _CHECKS, "--max-examples", str(examples), "--phases", "coverage,fuzzing,stateful"]
    options += [
        "--header",
        f"Authorization: Bearer {broker.tokens['globex']}",
        "--no-color",
        "--warnings",
        "off",
    ]
    done = subprocess.run(
        [str(_PROGRAM), "run", str(_DOCUMENT), "--url", broker.scim, *options],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=1800,
    )
    print(done.stdout[-20_000:])
    assert "Test cases" in done.stdout or "passed" in done.stdout, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.returncode == 0
