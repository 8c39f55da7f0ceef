"""What our views call for a response: gate, signature, schema, every check."""

from __future__ import annotations

import base64
import ssl
from datetime import UTC, datetime

from timing import job, report

from sso_saml.toolkit import Expected, SamlConfig, validate_response

task = job()
config = SamlConfig(
    idp_entity_id=task["entity_id"],
    sso_url=task["sign_on_url"],
    slo_url=None,
    certificates=(ssl.DER_cert_to_PEM_cert(base64.b64decode(task["certificate"])),),
    sp_entity_id=task["redirect_url"],
    acs_url=task["redirect_url"],
)


def validate() -> str:
    expected = Expected(
        now=datetime.now(UTC), request_id=task["request_id"], acs_urls=(task["redirect_url"],)
    )
    return validate_response(config, task["message"], expected).attributes["email"][0]


report(validate, task["email"], task["seconds"])
