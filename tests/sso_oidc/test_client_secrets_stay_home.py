"""Nothing that would let a reader of the log act as us is written there (design rule 8)."""

from __future__ import annotations

import io

import pytest

from audit.models import AuditEvent, FailureLogEntry
from sso_oidc.models import ClientKeyPair
from tests.foundation.local_server import answer
from tests.sso_oidc.misbehaving_provider import CLIENT_SECRET
from tests.sso_oidc.openid_world import JWKS, PAR, ClientCheckingProvider, OpenIdWorld


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "private_key_jwt"])
@pytest.mark.parametrize("fails_at", ["", PAR, "/token"])
def test_credentials_and_pushed_requests_are_written_nowhere(
    idp: ClientCheckingProvider, lines: io.StringIO, method: str, fails_at: str
) -> None:
    idp.offer_pushed_requests()
    idp.method = method
    world = OpenIdWorld(idp, values={"client_authentication": method})
    idp.known_keys = world.browser.get(JWKS).json()
    if fails_at == PAR:
        idp.server.routes[PAR] = answer({"error": "invalid_request"}, status=400)
        assert world.browser.get("/sso/oidc/acme/login").status_code == 400
    else:
        asked = world.leave()
        if fails_at:
            idp.server.routes["/token"] = answer({"error": "server_error"}, status=500)
        world.come_back(asked)
        assert world.is_in == (not fails_at)
    sent = [request.form for request in idp.server.requests if request.method == "POST"]
    assert sent
    secrets = {CLIENT_SECRET, "p%3Ass+w%C3%B6rd%26"}
    for form in sent:
        names = ("client_assertion", "code_verifier", "state", "nonce", "client_secret")
        secrets |= {form[name] for name in names if name in form}
    for pair in ClientKeyPair.objects.all():
        secrets |= set(pair.private_key.splitlines()[1:-1])
    log = lines.getvalue()
    assert "request_finished" in log  # the log is on
    kept = str([*AuditEvent.objects.values(), *FailureLogEntry.objects.values()])
    for secret in secrets:
        assert secret not in log, f"{secret[:12]}… is in the log"
        assert secret not in kept
