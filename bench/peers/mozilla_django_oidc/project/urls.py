"""The library's three paths, as its documentation includes them."""

from django.http import HttpResponse
from django.urls import include, path

urlpatterns = [
    path("oidc/", include("mozilla_django_oidc.urls")),
    path("up", lambda request: HttpResponse("up")),
]
