"""The two ways in which the simulator says no.

``Refused`` becomes a visible error page (or a JSON error at the token endpoint) with a code in the manner of
Entra's AADSTS numbers. Nothing is ever redirected when the target of the redirect is what is in doubt, as at
Entra. ``ConfigError`` is raised while a configuration is read and names the key that is wrong.
"""

from __future__ import annotations


class Refused(Exception):
    """A request that a strict identity provider would not serve.

    ``code``: text such as ``AADSTS50011``; ``text``: one sentence for a developer; ``status``: HTTP status of
    the page.
    """

    def __init__(self, code: str, text: str, status: int = 400) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.status = status


class ConfigError(ValueError):
    """The configuration is unusable. ``where`` is the key's path, such as ``directories[0].people[2].id``."""

    code = "simulator_config"

    def __init__(self, where: str, text: str) -> None:
        super().__init__(f"{where}: {text}")
        self.where = where
