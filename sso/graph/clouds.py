"""Which hosts belong together in each of Microsoft's clouds (learn.microsoft.com/graph/deployments).

Only the host of a provider's own address chooses, by this list: no URL from a token, an assertion or a discovery
document is ever called with credentials. A stand-in (the simulator, tests) is an address that the deployment's
allow-list holds and that an operator marked as this provider's; its Graph is at ``/graph`` of the same host and port,
so nothing can be reached through it that the provider could not reach before.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from foundation.http import AllowList, OutboundError
from foundation.outbound_target import Target


@dataclass(frozen=True, slots=True)
class Cloud:
    """Origins without a slash at the end. ``is_microsoft`` is false for a stand-in."""

    login: str
    graph: str
    is_microsoft: bool = True

    def token_endpoint(self, tenant_id: str) -> str:
        """Return where a tenant hands out tokens."""
        return f"{self.login}/{tenant_id}/oauth2/v2.0/token"


GLOBAL = Cloud("https://login.microsoftonline.com", "https://graph.microsoft.com")
US_GOVERNMENT = Cloud("https://login.microsoftonline.us", "https://graph.microsoft.us")
CHINA = Cloud("https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn")
_BY_HOST = {
    "login.microsoftonline.com": GLOBAL,
    "login.microsoft.com": GLOBAL,
    "login.windows.net": GLOBAL,
    "sts.windows.net": GLOBAL,
    "login.microsoftonline.us": US_GOVERNMENT,
    "login.partner.microsoftonline.cn": CHINA,
    "login.chinacloudapi.cn": CHINA,
    "sts.chinacloudapi.cn": CHINA,
}


def cloud_of(address: str, allow: AllowList) -> Cloud | None:
    """Return the cloud of a provider's address (issuer or sign-on URL), None when it is none of Microsoft's.

    ``allow`` is what this very provider may reach (``sso.private_networks.allow_list_of``).
    """
    try:
        target = Target.parse(address, allow)
    except OutboundError:
        return None
    known = _BY_HOST.get(target.host) if target.port == 443 else None
    if known is None and target.allow_listed:
        parts = urlsplit(address)
        origin = f"{parts.scheme}://{parts.netloc}"
        return Cloud(origin, f"{origin}/graph", is_microsoft=False)
    return known
