"""python3-saml as its documentation uses it, strict; the library that our signatures and schema come from."""

from __future__ import annotations

from urllib.parse import urlsplit

from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from timing import job, report

task = job()
address = urlsplit(task["redirect_url"])
settings = OneLogin_Saml2_Settings(
    {
        "strict": True,
        "sp": {
            "entityId": task["redirect_url"],
            "assertionConsumerService": {"url": task["redirect_url"]},
            "NameIDFormat": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        },
        "idp": {
            "entityId": task["entity_id"],
            "singleSignOnService": {"url": task["sign_on_url"]},
            "x509cert": task["certificate"],
        },
        "security": {"wantMessagesSigned": True, "rejectDeprecatedAlgorithm": True},
    }
)
request = {
    "https": "off",
    "http_host": address.netloc,
    "script_name": address.path,
    "get_data": {},
    "post_data": {},
}


def validate() -> str:
    response = OneLogin_Saml2_Response(settings, task["message"])
    if not response.is_valid(request, task["request_id"]):
        return str(response.get_error())
    return str(response.get_attributes()["email"][0])


report(validate, task["email"], task["seconds"])
