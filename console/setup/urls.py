"""The two addresses of a setup link: with the token, and the clean one that it leads to (V-24)."""

from __future__ import annotations

from django.urls import path

from console.setup.views import SetupLinkView, SetupView
from sso.setup_links import LINK_URL, PAGE_URL

urlpatterns = [
    path("setup/", SetupView.as_view(), name=PAGE_URL),
    path("setup/<str:token>/", SetupLinkView.as_view(), name=LINK_URL),
]
