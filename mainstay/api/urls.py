"""Addresses of the API; ``/metrics`` beside it for Prometheus."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import URLPattern, path, re_path
from django.views.decorators.csrf import csrf_exempt

from mainstay.api import pagerduty
from mainstay.api.app import api
from mainstay.api.document import document
from mainstay.api.metrics import metrics
from mainstay.api.shapes import problem

View = Callable[..., HttpResponseBase]


def openapi(_request: HttpRequest) -> JsonResponse:
    """The document that describes the API."""
    return JsonResponse(document())


@csrf_exempt  # nothing is done here
def nothing(request: HttpRequest) -> HttpResponseBase:
    """Below /api/ even a wrong address is answered by a problem."""
    return problem(404, f"There is nothing at {request.path}; /api/openapi.json says what there is.")


def _told(view: View) -> View:
    """HEAD is GET without its body; a method that an address does not know is a problem like others."""

    @csrf_exempt  # ninja's sign-in by cookie looks at the CSRF token itself
    def telling(request: HttpRequest, *args: Any, **words: Any) -> HttpResponseBase:
        if request.method == "HEAD":
            request.method = "GET"
        answer = view(request, *args, **words)
        if answer.status_code != 405:
            return answer
        known = problem(405, f"{request.method} is not for this address, but {answer['Allow']}.")
        known["Allow"] = answer["Allow"]
        return known

    return telling


_found, _application, _namespace = api.urls
_operations = [one for one in _found if isinstance(one, URLPattern) and one.name != "api-root"]
for _one in _operations:
    _one.callback = _told(_one.callback)

urlpatterns = [
    path("api/openapi.json", openapi, name="openapi"),
    path("api/", (_operations, _application, _namespace)),
    re_path(r"^api/", nothing),
    path("metrics", metrics, name="metrics"),
    path("v2/enqueue", pagerduty.enqueue, name="pagerduty"),
    path("v2/change/enqueue", pagerduty.enqueue_change, name="pagerduty-change"),
]
