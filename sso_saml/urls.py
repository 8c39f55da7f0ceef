"""Fixed URLs of SAML (design, "Interfaces that stay fixed"). The Redirect URL ends with a slash on purpose: no other
provider's URL can begin with it."""

from __future__ import annotations

from django.urls import path, re_path

from sso_saml.views import MetadataView, PartnerEntranceView, RedirectUrlView, SingleLogoutView

app_name = "sso_saml"


def _in_any_case(path: str) -> str:
    # Letter by letter: Django's reverse() can't read an inline flag.
    return "".join(f"[{letter.lower()}{letter.upper()}]" if letter.isalpha() else letter for letter in path)


urlpatterns = [
    path("sso/saml/<slug:slug>/", RedirectUrlView.as_view(), name="redirect_url"),
    path("sso/saml/<slug:slug>/metadata", MetadataView.as_view(), name="metadata"),
    path("sso/saml/<slug:slug>/logout", SingleLogoutView.as_view(), name="logout"),
    # S-6: what stands in partners' identity providers was typed by hand.
    re_path(
        f"^{_in_any_case('sso/saml2/consume')}/?$", PartnerEntranceView.as_view(), name="partner_entrance"
    ),
]
