"""Addresses of the API; ``/metrics`` beside it for Prometheus."""

from django.http import HttpRequest, JsonResponse
from django.urls import path

from mainstay.api.app import api, document
from mainstay.api.metrics import metrics


def openapi(_request: HttpRequest) -> JsonResponse:
    """The document that describes the API; it says nothing that is not public."""
    return JsonResponse(document())


urlpatterns = [
    path("api/openapi.json", openapi, name="openapi"),
    path("api/", api.urls),
    path("metrics", metrics, name="metrics"),
]
