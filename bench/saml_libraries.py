"""The same signed response, parsed and validated by each library in a process of its own, one after the other."""

from __future__ import annotations

import base64
import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from bench.environments import python_with
from bench.parties.party import PartyFailed, run
from bench.people import user_name
from bench.places import PEERS, ROOT, WORK
from bench.saml_responses import ENTITY_ID, SIGN_ON_URL, Asked, Provider

SOURCE = PEERS / "saml"
_NODE = WORK / "saml_node"
PERSON = 99_999_999


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one validation, in milliseconds."""

    count: int
    median: float
    p95: float
    cpu: float


def measure_libraries(seconds: float) -> dict[str, Cost | str]:
    """The cost by library; why there is none, where one can't be installed here."""
    task = WORK / "saml-response.json"
    task.write_text(json.dumps(_job(seconds)), encoding="utf-8")
    found: dict[str, Cost | str] = {}
    for name, run_it in LIBRARIES.items():
        try:
            found[name] = Cost(**json.loads(run_it(task).splitlines()[-1]))
        except PartyFailed as problem:
            found[name] = " ".join(str(problem).split())[-200:]
    return found


def _job(seconds: float) -> dict[str, object]:
    provider = Provider()
    asked = Asked("_bench5f0c1e9d2b7a4d63", "http://localhost:8000/sso/saml/bench/")
    return {
        "message": base64.b64encode(provider.answer(PERSON, asked)).decode(),
        "email": user_name(PERSON),
        "request_id": asked.request_id,
        "redirect_url": asked.redirect_url,
        "entity_id": ENTITY_ID,
        "sign_on_url": SIGN_ON_URL,
        "certificate": provider.certificate,
        "seconds": seconds,
    }


def _here(script: str) -> Callable[[Path], str]:
    environment = {"PYTHONPATH": str(ROOT)}
    return lambda task: run([sys.executable, SOURCE / script, task], folder=WORK, environment=environment)


def _pysaml2(task: Path) -> str:
    if shutil.which("xmlsec1") is None:
        raise PartyFailed("the program xmlsec1 is not installed")
    python = python_with(ROOT / "var" / "interop" / "pysaml2", requirements=SOURCE / "pysaml2.txt")
    return run([python, "-W", "ignore", SOURCE / "pysaml2_sp.py", task], folder=WORK, environment={})


def _node(library: str) -> Callable[[Path], str]:
    def run_it(task: Path) -> str:
        _install_node()
        return run(["node", "node.mjs", library, task], folder=_NODE, environment={"NODE_ENV": "production"})

    return run_it


def _install_node() -> None:
    wanted, stamp = (SOURCE / "package.json").read_text(), _NODE / "installed"
    _NODE.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "node.mjs"):
        shutil.copy(SOURCE / name, _NODE / name)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if shutil.which("npm") is None:
        raise PartyFailed("npm is not installed")
    options = ["--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"]
    run(["npm", "install", *options], folder=_NODE, environment={})
    stamp.write_text(wanted)


OURS, LIBRARY = "this server's", "python3-saml"
LIBRARIES: Mapping[str, Callable[[Path], str]] = MappingProxyType(
    {
        OURS: _here("ours.py"),
        LIBRARY: _here("python3_saml.py"),
        "pysaml2": _pysaml2,
        "@node-saml/node-saml": _node("node-saml"),
        "@boxyhq/saml20": _node("saml20"),
    }
)
