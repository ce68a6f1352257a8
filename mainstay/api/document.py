"""The OpenAPI document: what ninja knows of the operations, and the problems that each may answer."""

from functools import cache
from typing import Any

from mainstay.api.app import api
from mainstay.api.attachments import FORM, FORM_SCHEMA
from mainstay.api.files import YAML_TYPES
from mainstay.api.shapes import Problem

_ALWAYS = {
    401: "no valid token",
    403: "the role, or the token's scopes, do not allow it",
    422: "the request does not fit; errors says where",
    429: "too many requests; Retry-After says when to try again",
}
_ABSENT = {404: "nothing of that name"}
_WRITES = {409: "its state does not allow it"}
_WITH_BODY = {400: "the body cannot be read", 413: "the body is too large"}


@cache
def document() -> dict[str, Any]:
    """Made once; it says nothing that is not public."""
    found: dict[str, Any] = dict(api.get_openapi_schema(path_prefix="api/"))
    found["components"]["schemas"]["Problem"] = Problem.json_schema()
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            _describe(path, method, operation)
    return found


def _describe(path: str, method: str, operation: dict[str, Any]) -> None:
    answers = dict(_ALWAYS)
    if "{" in path or method != "get":
        answers |= _ABSENT
    if method != "get":
        answers |= _WRITES
    if "requestBody" in operation:
        answers |= _WITH_BODY
    shape = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    given = {str(status): answer for status, answer in operation["responses"].items()}
    given |= {str(status): {"description": text, "content": shape} for status, text in answers.items()}
    given["429"]["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}}
    operation["responses"] = dict(sorted(given.items()))
    if operation.pop("x-yaml", False):
        for kind in YAML_TYPES:
            operation["requestBody"]["content"][kind] = {"schema": {}}
    if operation.pop("x-form", False):
        operation["requestBody"]["content"][FORM] = {"schema": FORM_SCHEMA}
