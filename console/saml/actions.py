"""Steps on a SAML provider's page that ask first: our keys, and what metadata wants to change (S-7, V-1, V-22)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.admins import refusals
from console.admins.columns import facts
from console.admins.confirmed import ConfirmedActions, button
from console.admins.key_steps import KeySteps
from console.saml.columns import waiting
from console.saml.uploads import certificate_problem
from console.scoping import actor_of
from sso.models import IdentityProvider, ProtocolName
from sso_saml import key_pairs, metadata_refresh
from sso_saml.metadata_texts import REASONS, explain_problem
from sso_saml.provider_config import settings_of

_KEYS = KeySteps("add_next_key", "roll_over_key", "drop_previous_key", key_pairs)


class SamlActions(ConfirmedActions):
    """Mixed into the admin of providers."""

    actions_saml = (
        *("add_next_key", "roll_over_key", "drop_previous_key"),
        *("refresh_metadata", "approve_metadata", "decline_metadata"),
    )

    def offered_saml(self, obj: IdentityProvider) -> frozenset[str]:
        """Return the steps that fit where keys and metadata stand."""
        if obj.protocol != ProtocolName.SAML:
            return frozenset()
        fitting = _KEYS.fitting(key_pairs.pairs_of(obj))
        if settings_of(obj).metadata_url:
            fitting.add("refresh_metadata")
        if metadata_refresh.pending(obj) is not None:
            fitting |= {"approve_metadata", "decline_metadata"}
        return frozenset(fitting)

    add_next_key, roll_over_key, drop_previous_key = _KEYS.buttons(
        add=gettext_lazy(
            "Make the key that follows for %(name)s? Our metadata shows it at once beside the current one; it signs "
            "nothing until you roll over."
        ),
        made=gettext_lazy(
            "Made. Let the provider read our metadata again, or upload the new certificate there."
        ),
        roll_over=gettext_lazy(
            "Sign with the next key from now on? The provider of %(name)s must know it already. The current one still "
            "decrypts until you drop it."
        ),
        drop=gettext_lazy(
            "Forget the previous key of %(name)s? What the provider still encrypts to it can't be read any more."
        ),
    )

    @button(description=gettext_lazy("Refresh now"), url_path="refresh-metadata", icon="sync")
    def refresh_metadata(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Read the metadata URL; the answer says what came of it."""
        provider = self.offered_row(request, object_id, "refresh_metadata")
        if request.method != "POST":
            return self.ask(
                request,
                provider,
                question=_("Read the provider's metadata from its address now?"),
                button=_("Refresh now"),
                details=facts([(_("metadata URL"), settings_of(provider).metadata_url)]),
            )
        self.refresh_and_tell(request, provider)
        return redirect(self.url_of("change", provider.pk))

    @button(description=gettext_lazy("Approve"), url_path="approve-metadata", icon="check")
    def approve_metadata(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take over what waits."""
        question = _("Take over what the metadata says? People sign in by these values from then on.")
        return self._decide(request, object_id, "approve_metadata", question, _("Approve"))

    @button(description=gettext_lazy("Decline"), url_path="decline-metadata", icon="close")
    def decline_metadata(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Leave things as they are."""
        question = _("Leave the settings as they are? The same change isn't brought up again.")
        return self._decide(request, object_id, "decline_metadata", question, _("Decline"))

    def _decide(
        self, request: HttpRequest, object_id: str, name: str, question: str, label: str
    ) -> HttpResponse:
        provider = self.offered_row(request, object_id, name)
        found = metadata_refresh.pending(provider)
        if request.method != "POST":
            # What is shown is what is decided about: anything that came meanwhile has another digest.
            digest = "" if found is None else found.digest
            return self.ask(
                request,
                provider,
                question=question,
                button=label,
                details=waiting(provider),
                hidden={"digest": digest},
            )
        actor, digest = actor_of(request), request.POST.get("digest", "-")[:64] or "-"
        with refusals.as_message(request):
            if name == "approve_metadata":
                metadata_refresh.approve(provider=provider, actor=actor, digest=digest)
                messages.success(request, _("Taken over."))
            else:
                metadata_refresh.decline(provider=provider, actor=actor, digest=digest)
                messages.success(request, _("Declined. Nothing was changed."))
        return redirect(self.url_of("change", provider.pk))

    def refresh_and_tell(self, request: HttpRequest, provider: IdentityProvider) -> None:
        """Read the metadata URL, outside any transaction, and say what came of it."""
        with refusals.as_message(request):
            outcome = metadata_refresh.refresh(provider=provider, actor=actor_of(request))
            for code in outcome.skipped_certificates:
                messages.warning(
                    request, _("A certificate was left out: %(why)s") % {"why": certificate_problem(code)}
                )
            if outcome.problem:
                exactly = f"{outcome.problem} {outcome.detail}".strip()
                messages.error(request, f"{explain_problem(outcome.problem)} ({exactly})")
                if outcome.entity_ids:
                    names = ", ".join(outcome.entity_ids[:20])
                    messages.info(
                        request,
                        _("Enter one of these under Advanced, entity ID in the metadata: %(names)s")
                        % {"names": names},
                    )
            elif outcome.held:
                reasons = " ".join(str(REASONS[reason]) for reason in outcome.held)
                messages.warning(
                    request, _("The metadata waits for your word. %(reasons)s") % {"reasons": reasons}
                )
            elif outcome.changed:
                messages.success(request, _("The metadata was read and its values were taken over."))
            else:
                messages.info(request, _("The metadata was read; nothing had to be changed."))
