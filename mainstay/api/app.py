"""The API as a whole: its operations, and how every error looks."""

import logging
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.operation import Operation
from ninja.parser import Parser

from mainstay import __version__
from mainstay.api import (
    alerts,
    attachments,
    audit,
    backup_jobs,
    catalogue,
    desk,
    diagnosis,
    drills,
    editing,
    figures,
    files,
    health,
    incident_stats,
    incidents,
    inspections,
    knowledge,
    mutes,
    notices,
    own_copies,
    people,
    plans,
    policy_editing,
    remedies,
    restores,
    reviews,
    rotation_editing,
    runbooks,
    secrets,
)
from mainstay.api.auth import TooFast
from mainstay.api.shapes import problem
from mainstay.catalogue.sources import Invalid
from mainstay.domain.actor import Denied, Unseen
from mainstay.domain.attachment import Unfit

_log = logging.getLogger(__name__)

ABSENT = "There is nothing of that name."


class Reader(Parser):
    """JSON; YAML as the text that it is, for those operations that take a catalogue's file; and forms with files."""

    def parse_body(self, request: HttpRequest) -> Any:
        if (request.content_type or "") in files.YAML_TYPES:
            return {"files": {files.POSTED: request.body.decode()}, "whole": False}
        if (request.content_type or "") == attachments.FORM:
            return attachments.form(request)
        return super().parse_body(request)


class Api(NinjaAPI):
    """Names each operation by its function, for those who generate a client."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__


api = Api(
    title="Mainstay",
    version=__version__,
    description=(
        "Everything that the pages and the command line can do. Errors are RFC 9457 problems. Each operation names "
        "its act (`x-act`), the least role for it (`x-role`) and whose role counts (`x-reach`)."
    ),
    parser=Reader(),
    docs_url=None,
    openapi_url="",
    urls_namespace="api",
)
for part in (
    catalogue,
    files,
    secrets,
    editing,
    mutes,
    incidents,
    incident_stats,
    figures,
    reviews,
    diagnosis,
    knowledge,
    desk,
    inspections,
    policy_editing,
    backup_jobs,
    restores,
    rotation_editing,
    runbooks,
    remedies,
    plans,
    drills,
    notices,
    people,
    audit,
    own_copies,
    alerts,
    health,
):
    api.add_router("/v1/", part.router)


@api.exception_handler(Denied)
def denied(_request: HttpRequest, error: Denied) -> HttpResponse:
    return problem(403, str(error))


@api.exception_handler(AuthenticationError)
def unknown(_request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    answer = problem(401, "Send a valid token: Authorization: Bearer mst_…")
    answer["WWW-Authenticate"] = 'Bearer realm="Mainstay"'
    return answer


@api.exception_handler(TooFast)
def too_fast(_request: HttpRequest, error: TooFast) -> HttpResponse:
    answer = problem(429, str(error))
    answer["Retry-After"] = str(error.wait)
    return answer


@api.exception_handler(Unseen)
def unseen(_request: HttpRequest, _error: Unseen) -> HttpResponse:
    return problem(404, ABSENT)


@api.exception_handler(ObjectDoesNotExist)
@api.exception_handler(Http404)
def absent(_request: HttpRequest, error: Exception) -> HttpResponse:
    """In the same words whether it is not there or may not be seen."""
    told = str(error)
    return problem(404, ABSENT if not told or told.endswith("matching query does not exist.") else told)


@api.exception_handler(ValidationError)
def unfit(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [{"where": ".".join(map(str, item["loc"])), "what": str(item["msg"])} for item in error.errors]
    return problem(422, "; ".join(f"{one['where']}: {one['what']}" for one in errors)[:1000], errors)


@api.exception_handler(Invalid)
def invalid(_request: HttpRequest, error: Invalid) -> HttpResponse:
    return problem(422, "The catalogue has errors.", [flaw.plain() for flaw in error.flaws])


@api.exception_handler(ValueError)
def conflict(_request: HttpRequest, error: ValueError) -> HttpResponse:
    return problem(409, str(error))


@api.exception_handler(HttpError)
def other(_request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, Unfit):
        return problem(413, str(error.__cause__))
    if isinstance(error.__cause__, RequestDataTooBig):
        return problem(413, "The body is too large.")
    return problem(error.status_code, str(error))


@api.exception_handler(Unfit)
def unfit_file(_request: HttpRequest, error: Unfit) -> HttpResponse:
    return problem(413, str(error))


@api.exception_handler(RequestDataTooBig)
def too_large(_request: HttpRequest, _error: RequestDataTooBig) -> HttpResponse:
    return problem(413, "The body is too large.")


@api.exception_handler(OperationalError)
def away(_request: HttpRequest, error: OperationalError) -> HttpResponse:
    _log.warning("the database is away: %s", error)
    answer = problem(503, "The database does not answer; try again.")
    answer["Retry-After"] = "5"
    return answer


@api.exception_handler(Exception)
def broken(request: HttpRequest, error: Exception) -> HttpResponse:
    _log.error("%s %s", request.method, request.path, exc_info=error)
    return problem(500, "Mainstay has a fault here; its log says more.")
