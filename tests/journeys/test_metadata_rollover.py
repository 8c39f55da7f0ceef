"""A provider changes its signing key, and people go on signing in as far as that is safe (S-2, S-7, V-22)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from pytest_django import Settings

from accounts.models import BuiltInAccountRole
from audit.actors import Actor, ActorKind
from simulator.keys import SigningKey, make_key
from simulator.saml_metadata import metadata_xml
from simulator.site import Site
from sso import providers
from sso.models import IdentityProvider
from sso_saml.configuration import SamlValues, save_saml_settings
from sso_saml.metadata_refresh import approve, pending
from sso_saml.models import SamlSettings
from sso_saml.tasks import refresh_provider_metadata
from tests.foundation.local_server import LocalServer, answer
from tests.journeys.conftest import OPERATOR, Company
from tests.journeys.person_browser import PersonBrowser, sign_in
from tests.journeys.seen import SAML, refused_for
from tests.worlds import add_person

NewBrowser = Callable[[], PersonBrowser]


@dataclass
class Rollover:
    """Acme's directory, whose published metadata the test decides."""

    company: Company
    site: Site
    server: LocalServer
    old: SigningKey
    new: SigningKey

    def sign_with(self, key: SigningKey) -> None:
        self.site.keys.roll_saml(self.site.directory.slug, key)

    def publish(self, *keys: SigningKey) -> None:
        """Let the metadata URL name these keys, and a day pass."""
        shown = self.site.saml_key
        self.sign_with(keys[0])
        text = metadata_xml(self.site).decode()
        self.sign_with(shown)
        begin, end = "<md:KeyDescriptor", "</md:KeyDescriptor>"
        first = text[text.index(begin) : text.index(end) + len(end)]
        both = "".join(first.replace(keys[0].certificate_base64, key.certificate_base64) for key in keys)
        self.server.routes["/metadata"] = answer(text.replace(first, both).encode())
        SamlSettings.objects.filter(provider=self.company.saml).update(metadata_tried_at=None)
        refresh_provider_metadata(str(self.company.saml.pk))


@pytest.fixture
def rollover(acme: Company, settings: Settings) -> Iterator[Rollover]:
    site = acme.idp.app.sites["acme"]
    old = site.saml_key
    with LocalServer() as server:
        settings.BROKER_NETWORK_ALLOW_LIST = settings.BROKER_NETWORK_ALLOW_LIST | server.allowed
        values = SamlValues(metadata_url=server.url("/metadata"))
        save_saml_settings(provider=acme.saml, actor=OPERATOR, values=values)
        yield Rollover(acme, site, server, old, make_key("acme-saml"))
    site.keys.roll_saml("acme", old)


def works(browser: PersonBrowser) -> bool:
    sign_in(browser, SAML)
    return bool(browser.me()["authenticated"])


def test_people_sign_in_throughout_a_rollover_that_overlaps(
    rollover: Rollover, new_browser: NewBrowser
) -> None:  # S-7
    rollover.publish(rollover.old)
    assert works(new_browser())
    rollover.publish(rollover.old, rollover.new)
    assert works(new_browser())
    rollover.sign_with(rollover.new)
    assert works(new_browser())
    rollover.publish(rollover.new)
    assert works(new_browser())

    rollover.sign_with(rollover.old)  # whoever finds the old key is too late
    assert refused_for(sign_in(new_browser(), SAML)) == "saml.signature_invalid"


def test_key_that_replaced_all_others_signs_nobody_in_until_it_is_approved(
    rollover: Rollover, new_browser: NewBrowser
) -> None:  # V-22
    rollover.publish(rollover.new)
    assert works(new_browser())  # still with the old key
    rollover.sign_with(rollover.new)
    assert refused_for(sign_in(new_browser(), SAML)) == "saml.signature_invalid"

    admin = add_person(rollover.company.account, "ada", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    actor = Actor(ActorKind.USER, str(admin.pk), admin.user_name)
    waiting = pending(rollover.company.saml)
    assert waiting is not None
    approve(provider=rollover.company.saml, actor=actor, digest=waiting.digest)

    assert works(new_browser())
    rollover.sign_with(rollover.old)
    assert refused_for(sign_in(new_browser(), SAML)) == "saml.signature_invalid"


def test_provider_is_set_up_from_the_url_that_its_vendor_shows(
    acme: Company, new_browser: NewBrowser
) -> None:  # S-2
    provider = IdentityProvider.objects.get(slug="acme-saml")
    IdentityProvider.objects.filter(pk=provider.pk).update(state="draft")
    SamlSettings.objects.filter(provider=provider).delete()
    values = SamlValues(metadata_url=f"{acme.directory}/saml/metadata")
    save_saml_settings(provider=provider, actor=OPERATOR, values=values)

    refresh_provider_metadata(str(provider.pk))
    providers.enable_provider(provider=provider, actor=OPERATOR)
    assert works(new_browser())


def test_outage_of_the_metadata_url_locks_nobody_out(rollover: Rollover, browser: PersonBrowser) -> None:
    rollover.publish(rollover.old)
    rollover.server.routes["/metadata"] = answer(b"", status=500)
    SamlSettings.objects.filter(provider=rollover.company.saml).update(metadata_tried_at=None)
    refresh_provider_metadata(str(rollover.company.saml.pk))

    assert SamlSettings.objects.get(provider=rollover.company.saml).metadata_problem
    assert works(browser)
