"""A provider whose metadata URL is a server of the test's, in an account with an admin of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.core import mail

from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from foundation import outbox
from sso import providers
from sso.models import IdentityProvider, ProtocolName, Vendor
from sso_saml.configuration import SamlValues, save_saml_settings
from sso_saml.models import SamlSettings
from tests.foundation.local_server import Behaviour, LocalServer, answer
from tests.sso_saml.forge import IDP, Key, certificate, pem, rsa_key
from tests.sso_saml.metadata_documents import SSO, document, entity, key, role, service
from tests.worlds import OPERATOR, World, found_account

TASK = Actor(ActorKind.SYSTEM, "", "metadata refresh")


def described(
    *keys: Key, entity_id: str = IDP, sso: str = SSO, slo: str | None = None, attributes: str = ""
) -> bytes:
    """A document about one provider with these signing keys."""
    parts = [key(one) for one in keys] + [service("SingleSignOnService", sso)]
    if slo is not None:
        parts.append(service("SingleLogoutService", slo))
    text = role(*parts).replace("<md:IDPSSODescriptor", f"<md:IDPSSODescriptor {attributes}", 1)
    return document(entity(text, entity_id=entity_id))


@dataclass
class Published:
    """The provider, whose metadata is at ``url``; ``publish`` changes what is there."""

    world: World
    provider: IdentityProvider
    server: LocalServer
    told: list[tuple[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.server.url("/metadata")

    @property
    def settings(self) -> SamlSettings:
        return SamlSettings.objects.get(provider=self.provider)

    @property
    def sso_admin(self) -> Actor:
        return Actor(ActorKind.USER, str(self.world.sso_admin.pk), self.world.sso_admin.user_name)

    @property
    def admin(self) -> Actor:
        return Actor(ActorKind.USER, str(self.world.admin.pk), self.world.admin.user_name)

    def publish(self, content: bytes | Behaviour) -> None:
        self.server.routes["/metadata"] = answer(content) if isinstance(content, bytes) else content

    def keys(self) -> set[str]:
        """The names of the ``rsa_key``s that are trusted."""
        pems = {pem(certificate(rsa_key(name))): name for name in ("idp", "next", "third", "mallory")}
        return {pems[row.pem] for row in self.settings.certificates.all()}

    def mails(self) -> list[tuple[str, str]]:
        """Recipient and subject of the mails since the last look."""
        mail.outbox.clear()
        outbox.drain()
        return [(message.to[0], message.subject) for message in mail.outbox]

    def events(self, action: str) -> list[AuditEvent]:
        return list(AuditEvent.objects.filter(action=action, object_label=self.provider.slug))


@contextmanager
def published(django_settings: object, *, enabled: bool = True) -> Iterator[Published]:
    """An enabled provider that trusts ``rsa_key("idp")``, or a draft that has nothing but its metadata URL."""
    with LocalServer() as server:
        django_settings.BROKER_NETWORK_ALLOW_LIST = server.allowed  # type: ignore[attr-defined]
        world = found_account("acme")
        provider = providers.create_provider(
            actor=OPERATOR,
            slug="acme-saml",
            name="Acme Entra",
            protocol=ProtocolName.SAML,
            vendor=Vendor.ENTRA,
            account=world.account,
        )
        values = SamlValues(metadata_url=server.url("/metadata"))
        if enabled:
            values = SamlValues(
                metadata_url=server.url("/metadata"),
                idp_entity_id=IDP,
                sso_url=SSO,
                certificates=(pem(certificate(rsa_key("idp"))),),
            )
        save_saml_settings(provider=provider, actor=OPERATOR, values=values)
        if enabled:
            providers.enable_provider(provider=provider, actor=OPERATOR)
        found = Published(world, provider, server)
        found.publish(described(rsa_key("idp")))
        found.mails()
        yield found
