"""The addresses of a setup link: the one with the token, the clean one that it leads to, and its test (V-24, V-18)."""

from __future__ import annotations

from django.urls import path

from console.setup.views import SetupLinkView, SetupTestView, SetupView
from sso.setup_links import LINK_URL, PAGE_URL

urlpatterns = [
    path("setup/", SetupView.as_view(), name=PAGE_URL),
    path("setup/test/", SetupTestView.as_view(), name="setup_test"),
    path("setup/<str:token>/", SetupLinkView.as_view(), name=LINK_URL),
]
