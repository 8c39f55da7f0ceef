"""Metadata is taken over from its URL as far as it moves no trust; the rest waits for an admin (S-2, S-7, V-1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.privilege import NotAllowed
from sso.models import FederatedIdentity
from sso.providers import ProviderInvalid
from sso_saml import metadata_refresh, tasks
from sso_saml.configuration import SamlValues, save_saml_settings
from sso_saml.metadata_proposals import NothingWaits
from sso_saml.metadata_refresh import RefreshOutcome, approve, decline, pending, refresh
from sso_saml.metadata_schedule import due_providers
from sso_saml.metadata_verdict import HoldReason
from sso_saml.models import SamlSettings
from tests.foundation.local_server import answer
from tests.sso_saml.forge import IDP, certificate, der_base64, ec_key, pem, rsa_key
from tests.sso_saml.metadata_documents import POST, SSO, document, entity, key, role, service
from tests.sso_saml.published_metadata import TASK, Published, described
from tests.worlds import OPERATOR, add_identity

OLD, NEXT, MALLORY = rsa_key("idp"), rsa_key("next"), rsa_key("mallory")


def by_task(acme: Published) -> RefreshOutcome:
    return refresh(provider=acme.provider, actor=TASK)


def test_draft_is_filled_in_from_its_metadata_url(draft: Published) -> None:  # S-2, S-3
    draft.publish(
        described(OLD, slo="https://idp.acme.example/slo", attributes='WantAuthnRequestsSigned="true"')
    )
    outcome = refresh(provider=draft.provider, actor=draft.sso_admin)

    assert (outcome.problem, outcome.held) == ("", ())
    saved = draft.settings
    assert (saved.idp_entity_id, saved.sso_url, saved.slo_url) == (IDP, SSO, "https://idp.acme.example/slo")
    assert saved.sign_requests
    assert draft.keys() == {"idp"}
    assert saved.metadata_refreshed_at is not None


def test_draft_follows_its_metadata_wherever_it_goes(draft: Published) -> None:
    by_task(draft)
    draft.publish(described(NEXT, entity_id="urn:other", sso="https://other.example/"))

    assert by_task(draft).held == ()
    assert (draft.settings.idp_entity_id, draft.keys()) == ("urn:other", {"next"})


def test_provider_that_takes_only_post_is_asked_by_post(draft: Published) -> None:  # S-7
    draft.publish(document(entity(role(key(OLD), service("SingleSignOnService", SSO, POST)))))
    by_task(draft)

    assert (draft.settings.request_binding, draft.settings.sso_post_url) == ("post", SSO)


def test_same_metadata_again_changes_nothing(acme: Published) -> None:
    version = acme.provider.version
    for _ in range(2):
        assert by_task(acme).changed == frozenset()
    acme.provider.refresh_from_db()
    assert acme.provider.version == version
    assert pending(acme.provider) is None
    assert acme.mails() == []


def test_key_beside_a_trusted_one_is_added_and_an_old_one_goes_by_itself(acme: Published) -> None:  # S-7
    acme.publish(described(OLD, NEXT))
    assert by_task(acme).changed == {"certificates"}
    assert acme.keys() == {"idp", "next"}

    acme.publish(described(NEXT))
    assert by_task(acme).changed == {"certificates"}
    assert acme.keys() == {"next"}
    event = max(acme.events("provider.updated"), key=lambda one: one.created_at)
    assert (event.actor_kind, event.actor_label) == ("system", "metadata refresh")
    assert acme.mails() == []


def test_certificate_renewed_for_the_same_key_moves_no_trust(acme: Published) -> None:
    renewed = certificate(OLD, datetime(2040, 1, 1, tzinfo=UTC))
    acme.publish(document(entity(role(key(der_base64(renewed)), service("SingleSignOnService", SSO)))))

    assert by_task(acme).changed == {"certificates"}
    assert [row.pem for row in acme.settings.certificates.all()] == [pem(renewed)]


def test_other_path_on_the_same_host_is_taken_over(acme: Published) -> None:
    acme.publish(described(OLD, sso="https://idp.acme.example/v2/sso", slo="https://idp.acme.example/slo"))

    assert by_task(acme).changed == {"sso_url", "slo_url"}
    acme.publish(described(OLD))
    by_task(acme)
    assert acme.settings.slo_url == ""  # no longer published, no longer told who signs out


def test_all_keys_replaced_at_once_wait_for_an_admin(acme: Published) -> None:  # V-22
    acme.publish(described(MALLORY, sso="https://idp.acme.example/v2"))
    outcome = by_task(acme)

    assert (outcome.changed, outcome.held) == (frozenset(), (HoldReason.KEYS,))
    assert (acme.keys(), acme.settings.sso_url) == ({"idp"}, SSO)
    assert acme.mails() == [("sso@acme.example", "Acme Entra: changed metadata waits for approval")]
    by_task(acme)
    assert acme.mails() == []  # the same again is no news
    assert len(acme.events("provider.metadata_held")) == 1

    waiting = pending(acme.provider)
    assert waiting is not None
    shown = {difference.name: difference for difference in waiting.differences}
    assert shown["sso_url"].old == (SSO,)
    assert shown["sso_url"].new == ("https://idp.acme.example/v2",)
    (line,) = shown["certificates"].new
    assert "CN=idp.acme.example, 2020-01-01 – 2036-01-01, SHA-256 " in line
    assert "-----BEGIN" not in str(waiting)

    changed = approve(provider=acme.provider, actor=acme.sso_admin, digest=waiting.digest)
    assert changed == {"certificates", "sso_url"}
    assert acme.keys() == {"mallory"}
    assert pending(acme.provider) is None
    assert acme.events("provider.metadata_approved")[0].actor_label == "sso@acme.example"


def test_two_step_swap_through_an_unknown_key_still_needs_one_that_is_trusted(acme: Published) -> None:
    acme.publish(described(MALLORY, NEXT))
    assert by_task(acme).held == (HoldReason.KEYS,)
    acme.publish(described(OLD, entity_id="urn:evil"))
    assert by_task(acme).held == (HoldReason.ENTITY_ID,)
    assert (acme.keys(), acme.settings.idp_entity_id) == ({"idp"}, IDP)
    assert len(acme.mails()) == 2  # two different wishes


def test_approved_entity_id_suspends_identities_until_the_directory_is_confirmed(
    acme: Published,
) -> None:  # V-1
    add_identity(acme.world.employee, acme.provider)
    acme.publish(described(OLD, entity_id="urn:other"))
    assert by_task(acme).held == (HoldReason.ENTITY_ID,)
    assert acme.settings.idp_entity_id == IDP

    approve(provider=acme.provider, actor=acme.sso_admin)
    assert acme.settings.idp_entity_id == "urn:other"
    assert acme.provider.identities_suspended_at is not None
    assert FederatedIdentity.objects.filter(provider=acme.provider, closed_at=None).exists()


def test_sign_on_at_another_host_waits_while_keys_roll_over(acme: Published) -> None:  # V-23
    acme.publish(described(OLD, NEXT, sso="https://evil.example/sso"))
    outcome = by_task(acme)

    assert (outcome.changed, outcome.held) == ({"certificates"}, (HoldReason.SIGN_ON_HOST,))
    assert (acme.settings.sso_url, acme.keys()) == (SSO, {"idp", "next"})
    acme.publish(described(NEXT, sso="https://evil.example/sso"))
    by_task(acme)
    assert (acme.settings.sso_url, acme.keys()) == (SSO, {"next"})


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/slo",
        "https://idp.acme.example:8443/slo",
        "https://idp.acme.example.evil.example/",
    ],
)
def test_logout_at_another_host_waits(acme: Published, elsewhere: str) -> None:  # V-23
    acme.publish(described(OLD, slo=elsewhere))

    assert by_task(acme).held == (HoldReason.LOGOUT_HOST,)
    assert acme.settings.slo_url == ""


def test_declined_metadata_is_not_brought_up_again_until_it_changes(acme: Published) -> None:
    acme.publish(described(MALLORY))
    by_task(acme)
    decline(provider=acme.provider, actor=acme.sso_admin)
    acme.mails()

    by_task(acme)
    assert (pending(acme.provider), acme.mails(), acme.keys()) == (None, [], {"idp"})
    acme.publish(described(MALLORY, NEXT))
    by_task(acme)
    assert pending(acme.provider) is not None
    assert len(acme.mails()) == 1


def test_admin_who_changed_their_mind_refreshes_by_hand(acme: Published) -> None:
    acme.publish(described(NEXT))
    by_task(acme)
    decline(provider=acme.provider, actor=acme.sso_admin)

    refresh(provider=acme.provider, actor=acme.sso_admin)
    assert pending(acme.provider) is not None


def test_metadata_that_returned_to_what_is_trusted_waits_no_longer(acme: Published) -> None:
    acme.publish(described(MALLORY))
    by_task(acme)
    acme.publish(described(OLD))
    by_task(acme)

    assert pending(acme.provider) is None
    with pytest.raises(NothingWaits):
        approve(provider=acme.provider, actor=acme.sso_admin)
    assert acme.keys() == {"idp"}


def test_click_approves_only_what_was_shown(acme: Published) -> None:  # V-22
    acme.publish(described(NEXT))
    by_task(acme)
    shown = pending(acme.provider)
    assert shown is not None
    acme.publish(described(MALLORY))
    by_task(acme)

    for decide in (approve, decline):
        with pytest.raises(NothingWaits):
            decide(provider=acme.provider, actor=acme.sso_admin, digest=shown.digest)
    assert acme.keys() == {"idp"}


def test_account_admin_without_sso_rights_neither_refreshes_nor_decides(acme: Published) -> None:  # V-8
    acme.publish(described(MALLORY))
    by_task(acme)
    for attempt in (refresh, approve, decline):
        with pytest.raises(NotAllowed):
            attempt(provider=acme.provider, actor=acme.admin)
    assert acme.keys() == {"idp"}
    assert pending(acme.provider) is not None


def test_settings_saved_during_the_fetch_win(acme: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch = metadata_refresh.fetch_description

    def meanwhile(*args: object, **options: object) -> object:
        found = fetch(*args, **options)  # type: ignore[arg-type]
        by_hand = SamlValues(certificates=(pem(certificate(ec_key("by hand"))),))
        save_saml_settings(provider=acme.provider, actor=acme.sso_admin, values=by_hand)
        return found

    monkeypatch.setattr(metadata_refresh, "fetch_description", meanwhile)
    acme.publish(described(OLD, NEXT))
    outcome = by_task(acme)

    assert outcome.problem == "metadata.superseded"
    assert [row.pem for row in acme.settings.certificates.all()] == [pem(certificate(ec_key("by hand")))]


def test_failed_refresh_keeps_everything_and_tells_admins_only_when_it_lasts(acme: Published) -> None:
    by_task(acme)
    acme.publish(answer(b"secret page of the server", status=503))

    def failing_after(days: float) -> list[tuple[str, str]]:
        now = timezone.now()
        rows = SamlSettings.objects.filter(provider=acme.provider)
        rows.update(
            metadata_refreshed_at=now - timedelta(days=days), metadata_tried_at=now - timedelta(days=1)
        )
        outcome = by_task(acme)
        assert outcome.problem == "http.status"
        return acme.mails()

    told = [("sso@acme.example", "Acme Entra: its metadata can't be refreshed")]
    assert [failing_after(days) for days in (0.5, 1.5, 2.5)] == [[], [], []]
    assert [failing_after(days) for days in (3.5, 4.5, 9.5)] == [told, [], []]
    assert failing_after(10.5) == told  # and once a week
    assert acme.settings.metadata_problem == f"http.status: 127.0.0.1:{acme.server.port} 503"
    assert (acme.keys(), acme.settings.sso_url) == ({"idp"}, SSO)

    acme.publish(described(OLD))
    by_task(acme)
    assert acme.settings.metadata_problem == ""


def test_new_metadata_url_begins_with_a_clean_slate(acme: Published) -> None:
    acme.publish(described(MALLORY))
    by_task(acme)
    acme.server.routes["/elsewhere"] = answer(b"", status=404)
    SamlSettings.objects.filter(provider=acme.provider).update(
        metadata_refreshed_at=timezone.now() - timedelta(days=20)
    )
    elsewhere = SamlValues(metadata_url=acme.server.url("/elsewhere"))
    save_saml_settings(provider=acme.provider, actor=OPERATOR, values=elsewhere)
    acme.mails()

    assert pending(acme.provider) is None
    assert by_task(acme).problem == "http.status"
    assert acme.mails() == []  # its first failure, whatever the old address did


def test_refresh_without_a_url_is_refused(acme: Published) -> None:
    save_saml_settings(provider=acme.provider, actor=OPERATOR, values=SamlValues(metadata_url=""))
    with pytest.raises(ProviderInvalid):
        refresh(provider=acme.provider, actor=acme.sso_admin)


def test_every_provider_with_a_url_gets_a_job_of_its_own_a_day(
    acme: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued: list[str] = []
    monkeypatch.setattr(tasks.refresh_provider_metadata, "delay", queued.append)
    acme.publish(described(OLD, NEXT))

    assert tasks.refresh_metadata() == 1
    assert queued == [str(acme.provider.pk)]
    tasks.refresh_provider_metadata(queued[0])
    tasks.refresh_provider_metadata(queued[0])  # delivered twice: asked once
    assert acme.server.paths() == ["/metadata"]
    assert acme.keys() == {"idp", "next"}
    assert tasks.refresh_metadata() == 0

    tried = SamlSettings.objects.filter(provider=acme.provider)
    tried.update(metadata_tried_at=timezone.now() - timedelta(hours=18, minutes=59))
    assert due_providers() == []
    tried.update(metadata_tried_at=timezone.now() - timedelta(hours=23, minutes=1))
    assert due_providers() == [acme.provider.pk]
    tried.update(metadata_url="")
    assert due_providers() == []


def test_refresh_is_in_the_schedule(settings: object) -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["refresh-saml-metadata"]  # type: ignore[attr-defined]
    assert entry["task"] == tasks.refresh_metadata.name
