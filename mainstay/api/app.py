"""The API as a whole: its operations, who may ask, and how every error looks."""

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from mainstay import __version__
from mainstay.api import alerts, audit, catalogue, checks, incidents, notices, people
from mainstay.api.auth import PageAuth, TokenAuth
from mainstay.api.shapes import problem
from mainstay.catalogue.sources import Invalid
from mainstay.domain.actor import Denied

api = NinjaAPI(
    title="Mainstay",
    version=__version__,
    description="Everything that the pages and the command line can do. Errors are RFC 9457 problems.",
    auth=[TokenAuth(), PageAuth(csrf=True)],
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api",
)
for router in (
    catalogue.router,
    checks.router,
    incidents.router,
    notices.router,
    people.router,
    audit.router,
    alerts.router,
):
    api.add_router("/v1/", router)


@api.exception_handler(Denied)
def denied(_request: HttpRequest, error: Denied) -> HttpResponse:
    return problem(403, "Forbidden", str(error))


@api.exception_handler(AuthenticationError)
def unknown(_request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    answer = problem(401, "Unauthorized", "Send a valid token: Authorization: Bearer mst_…")
    answer["WWW-Authenticate"] = 'Bearer realm="Mainstay"'
    return answer


@api.exception_handler(ObjectDoesNotExist)
@api.exception_handler(Http404)
def absent(_request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(404, "Not Found", str(error) or "There is nothing of that name.")


@api.exception_handler(ValidationError)
def unfit(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [{"where": ".".join(map(str, item["loc"])), "what": str(item["msg"])} for item in error.errors]
    return problem(422, "Unprocessable Content", "; ".join(f"{e['where']}: {e['what']}" for e in errors)[:1000], errors)


@api.exception_handler(Invalid)
def invalid(_request: HttpRequest, error: Invalid) -> HttpResponse:
    return problem(422, "Unprocessable Content", "The catalogue has errors.", [flaw.plain() for flaw in error.flaws])


@api.exception_handler(ValueError)
def conflict(_request: HttpRequest, error: ValueError) -> HttpResponse:
    return problem(409, "Conflict", str(error))


@api.exception_handler(HttpError)
def other(_request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, "Error", str(error))


def document() -> OpenAPISchema:
    """The OpenAPI document, with the problems that every operation may answer."""
    found = api.get_openapi_schema()
    answers = {
        "401": "no valid token", "403": "the role or the token's scopes do not allow it", "404": "nothing of that name",
        "409": "its state does not allow it", "422": "the request does not fit",
    }  # fmt: skip
    shape: dict[str, Any] = {"application/problem+json": {"schema": _PROBLEM}}
    for path in found["paths"].values():
        for operation in path.values():
            for status, text in answers.items():
                operation["responses"].setdefault(int(status), {"description": text, "content": shape})
    return found


_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "detail": {"type": "string"}, "errors": {"type": "array", "items": {"type": "object"}},
    },
}  # fmt: skip
