"""SAML at partner level: an IdP-initiated response for one of a partner's accounts (S-6, V-5).

The key in the address says whose entrance this is, and nothing more: the response is verified like any other, against
the one provider of that partner whose entity ID it claims. Which account it concerns is settled later, when the browser
has proved itself (``sso.account_choice``); until then every answer is either the same redirect or the same page.

The key is taken out of the request first of all, so that no log, error page or report of this request can hold it.
"""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest, HttpResponse, QueryDict

from accounts.models import Partner
from accounts.partner_keys import holder_of
from foundation import regions
from foundation.encryption import SecretUnreadable
from foundation.regions import Region
from sso import answers
from sso.account_choice import PARTNER_ENTRANCE
from sso.models import IdentityProvider, ProtocolName, State
from sso.refusals import Code, Refusal, SignInRefused, secret_unreadable
from sso_saml.claims import claims_of
from sso_saml.errors import RefusalCode, SamlRefusal, StatusRefusal, quoted
from sso_saml.gate import CheckedResponse, check_encoded, claimed_in_response_to, claimed_issuer
from sso_saml.messages import VerifiedAssertion
from sso_saml.models import SamlSettings
from sso_saml.provider_config import config_of, settings_of
from sso_saml.response import expectation, park_unsolicited, posted_value, unsolicited_since
from sso_saml.status_pages import code_of
from sso_saml.toolkit import validate_document

KEY = "x-rs-key"
_TARGET = "partner entrance"
_SAME_ISSUER = 5  # providers of one partner with one entity ID that a response is tried with


def take_key(request: HttpRequest) -> str:
    """Return the key that came with the address and remove the whole query from the request; "" for none or two."""
    given = request.GET.getlist(KEY)
    request.META["QUERY_STRING"] = ""
    request.GET = QueryDict()
    return str(given[0]) if len(given) == 1 else ""


def entrance_url(base_url: str, key: str = "") -> str:
    """Return the address to send responses to, with the key where it may be shown (once, to who made it)."""
    return f"{base_url}{PARTNER_ENTRANCE}" + (f"?{KEY}={key}" if key else "")


def receive(request: HttpRequest) -> HttpResponse:
    """Answer the POST to the entrance."""
    provider: IdentityProvider | None = None
    key = take_key(request)
    try:
        region = regions.at_host(request.get_host())
        if region is None:
            raise SignInRefused(Code.WRONG_HOST, f"the response came to {request.get_host()}")
        partner = holder_of(key)
        if partner is None:
            raise SignInRefused(Code.PARTNER_KEY, "the partner's key is missing, unknown or has expired")
        document = check_encoded(posted_value(request, "SAMLResponse"))
        if (answered := claimed_in_response_to(document)) is not None:
            # V-19: unsolicited means that it answers nothing; what we did ask for goes to the Redirect URL.
            raise SamlRefusal(RefusalCode.IN_RESPONSE_TO, f"answers {quoted(answered)}, expected nothing")
        provider, assertion = _verify(partner, document, _addresses(request, region, key), region)
        claims = claims_of(assertion, provider, settings_of(provider).subject_attribute)
        return park_unsolicited(request, provider, assertion, claims)
    except SignInRefused as error:
        return answers.refused(request, error.refusal, provider=provider, target=_TARGET)
    except SamlRefusal as error:
        code = code_of(error) if isinstance(error, StatusRefusal) else error.code.value
        return answers.refused(request, Refusal(code, error.detail), provider=provider, target=_TARGET)
    except SecretUnreadable as error:
        return answers.refused(request, secret_unreadable(error).refusal, provider=provider, target=_TARGET)


def _addresses(request: HttpRequest, region: Region, key: str) -> tuple[str, ...]:
    """Return what Destination and Recipient may be: this region's entrance, with this key or without, nothing else.

    The provider repeats the address as it was typed there, so the spelling of the path that it posted to counts too.
    """
    paths = dict.fromkeys((PARTNER_ENTRANCE, request.path_info))
    urls = [f"{region.base_url}{path}" for path in paths]
    return (*urls, *(f"{url}?{KEY}={key}" for url in urls))


def _verify(
    partner: Partner, document: CheckedResponse, addresses: tuple[str, ...], region: Region
) -> tuple[IdentityProvider, VerifiedAssertion]:
    """Return the partner's provider that vouches for the response. Raises ``SamlRefusal``."""
    claimed = claimed_issuer(document)
    enabled = IdentityProvider.objects.filter(
        partner=partner, protocol=ProtocolName.SAML, state=State.ENABLED
    ).order_by("created_at", "pk")
    # An encrypted assertion in a Response without Issuer names nobody yet; decryption tells.
    named = enabled if claimed is None else enabled.filter(saml_settings__idp_entity_id=claimed)
    refusal = SamlRefusal(RefusalCode.ISSUER, f"no enabled provider of this partner is {quoted(claimed)}")
    for provider in named[:_SAME_ISSUER]:
        try:
            return provider, _verified(provider, document, addresses, region)
        except SamlRefusal as error:
            refusal = error
    raise refusal


def _verified(
    provider: IdentityProvider, document: CheckedResponse, addresses: tuple[str, ...], region: Region
) -> VerifiedAssertion:
    """Verify with the provider's own entity ID of ours, or with the entrance as the audience.

    The entrance is the audience that an administrator would type who was only given that address. It is no provider's
    own, so it doesn't count where a separate entity ID is set, nor where another partner-level provider stands for the
    same identity provider: there an answer meant for one partner would be good for the other (V-6).
    """
    settings = settings_of(provider)
    config = config_of(provider, settings, with_keys=document.holds_ciphertext)
    expected = expectation(
        settings, acs_urls=addresses, request_id=None, authenticated_since=unsolicited_since(settings)
    )
    try:
        return validate_document(config, document, expected)
    except SamlRefusal as error:
        if error.code is not RefusalCode.AUDIENCE or not _known_by_the_entrance(settings):
            raise
    return validate_document(replace(config, sp_entity_id=entrance_url(region.base_url)), document, expected)


def _known_by_the_entrance(settings: SamlSettings) -> bool:
    others = SamlSettings.objects.filter(idp_entity_id=settings.idp_entity_id, provider__account=None)
    return not settings.sp_entity_id and not others.exclude(pk=settings.pk).exists()
