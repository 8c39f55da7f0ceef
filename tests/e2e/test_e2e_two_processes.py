"""Two web servers of one deployment: a session that one of them ends is over at the other's next request (rule 10)."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import requests

from demo.places import ROOT
from tests.e2e.running_product import GUS, RunningProduct, _free_port

pytestmark = pytest.mark.browser


@dataclass
class Person:
    """A browser whose requests a load balancer sends to whichever server; ``first`` and ``second`` are their ports."""

    product: RunningProduct
    cookies: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, *, at: int) -> requests.Response:
        """Ask one of the servers, by the name that people know."""
        return self.cookies.get(f"http://localhost:{at}{path}", headers=self._headers, timeout=20)

    @property
    def _headers(self) -> dict[str, str]:
        # A connection that is kept may be closed by the server at the very moment of the next request.
        return {"Host": f"localhost:{self.product.places.port}", "Connection": "close"}

    def post(self, path: str, *, of: str, at: int, **fields: str) -> requests.Response:
        """Send a form that stands on the page ``of``."""
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(of, at=at).text)[0]
        data = {"csrfmiddlewaretoken": token, **fields}
        url = f"http://localhost:{at}{path}"
        return self.cookies.post(url, data, headers=self._headers, timeout=20, allow_redirects=False)

    def is_in(self, *, at: int) -> bool:
        """Ask as an app would."""
        return self.get("/api/me", at=at).status_code == 200

    def sign_in(self, *, at: int) -> None:
        """On Globex's own page, with a password."""
        login = "/login/globex/"
        self.post(login, of=login, at=at, user_name=GUS[0], password=GUS[1])


@pytest.fixture
def second_server(product: RunningProduct) -> Iterator[int]:
    """Another web server of the same deployment; gives its port."""
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "broker.wsgi", "--bind", f"localhost:{port}"]
    command += ["--workers", "1", "--no-control-socket"]
    log = (product.places.logs / "web2.log").open("wb")
    server = subprocess.Popen(
        command, cwd=ROOT, env=product.places.environment(), stdout=log, stderr=subprocess.STDOUT
    )
    deadline = time.monotonic() + 60
    while True:
        try:
            requests.get(f"http://localhost:{port}/healthz", timeout=2)
            break
        except requests.RequestException:
            assert time.monotonic() < deadline, "the second web server did not start"
            time.sleep(0.1)
    yield port
    server.terminate()
    server.wait(20)
    log.close()


def test_session_ended_at_one_server_is_over_at_the_other(
    product: RunningProduct, second_server: int
) -> None:
    # L-13, X-4, design rule 10
    first, second = product.places.port, second_server
    office, phone = Person(product), Person(product)
    office.sign_in(at=first)
    phone.sign_in(at=second)
    for person in (office, phone):
        assert [person.is_in(at=port) for port in (first, second)] == [True, True]
    # one by one, through their rows
    assert office.post("/sessions/end-others/", of="/", at=first).status_code == 302
    assert not phone.is_in(at=second)
    assert [office.is_in(at=port) for port in (second, first)] == [True, True]
    # all at once, by the epoch, from a process of its own
    phone.sign_in(at=second)
    assert phone.is_in(at=second)
    product.manage("shell", "-c", END_ALL)
    assert [office.is_in(at=second), phone.is_in(at=first)] == [False, False]


END_ALL = f"""
from accounts import lifecycle
from accounts.models import EndReason, User
from audit.actors import configuration
user = User.objects.get(user_name="{GUS[0]}")
lifecycle.end_all_sessions(user=user, actor=configuration("tests"), reason=EndReason.ADMIN)
"""
