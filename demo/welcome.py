"""What ``make run`` prints when everything is up: where things are, who can sign in, and three things to try."""

from __future__ import annotations

from demo.places import Places
from demo.prepare import ADMIN, DemoSecrets

_TEXT = """
  Product              {base}/login/
  Administration       {base}/admin/
  Identity provider    {simulator}/          (a stand-in for Entra; signs in anyone)
  SCIM                 {base}/api/scim
  SCIM token           {token}

  Operator             {admin}   password  {password}
  Account admin        ada@acme.example      password  analytical-engine-1843
  Other customer       gus@globex.example    password  difference-engine-1822
  Employees of Acme    mia@  noah@  lena@  omar@acme.example   (sign in at the identity provider, no password)

  Three things to try
  1. Open {base}/login/, type mia@acme.example and continue at the identity provider: Mia is created
     just in time, with the spaces and groups that the directory says. {base}/ shows where each came from.
  2. Open {simulator}/acme/provision and push Noah by SCIM: in the administration he is pending until he
     signs in for the first time. Deactivate him there, and his open session ends with his next click.
  3. Sign in as ada@acme.example, open {base}/admin/, and read the audit trail; as gus@globex.example
     you will find nothing of Acme.

  Mails are not sent: they are files in {mails}, and told here as they come
  Logs: {logs}    Start afresh: make reset    End: Ctrl-C
"""


def welcome(places: Places, secrets: DemoSecrets) -> str:
    """Return the text."""
    return _TEXT.format(
        base=places.base_url,
        simulator=places.simulator_url,
        token=secrets.scim_token,
        admin=ADMIN,
        password=secrets.admin_password,
        logs=places.logs,
        mails=places.mails,
    )
