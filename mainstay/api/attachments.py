"""Files of incidents on their way in and out: alike for the API and the pages."""

import base64
import binascii
from collections.abc import Iterable
from typing import Annotated, Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from ninja import Field
from pydantic import BeforeValidator, WithJsonSchema

from mainstay.api.shapes import Body, Text
from mainstay.domain.attachment import UNKNOWN, fits, tame
from mainstay.incidents.actions import File
from mainstay.incidents.models import Attachment
from mainstay.incidents.queries import content

FORM = "multipart/form-data"
FORM_SCHEMA = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
    },
}
_HARMLESS = "default-src 'none'; sandbox"
"""Even if a browser took the bytes for a page, nothing in it would run."""


def _decoded(value: Any) -> bytes:
    if isinstance(value, bytes):  # a part of a form is bytes already
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, binascii.Error, ValueError):
        raise ValueError("this is not base64") from None


Base64 = Annotated[bytes, BeforeValidator(_decoded), WithJsonSchema({"type": "string", "contentEncoding": "base64"})]


class SentFile(Body):
    """A file. As JSON in base64, and then small: a body in JSON may have 2.5 MB; a form may have more."""

    name: Annotated[Text, Field(max_length=255)]
    content: Base64


def taken(files: "Iterable[UploadedFile[Any]]") -> list[File]:
    """The files of a form. Raises Unfit before one that is too large is read into memory."""
    found = []
    for one in files:
        fits(tame(one.name or ""), one.size or 0, 0)
        found.append(File(one.name or "", one.read()))
    return found


def form(request: HttpRequest) -> dict[str, Any]:
    """A form as the body that an operation knows."""
    files = [{"name": one.name[:255], "content": one.content} for one in taken(request.FILES.getlist("files"))]
    return {**request.POST.dict(), "files": files}


def download(found: Attachment, kind: str = UNKNOWN) -> HttpResponse:
    """An incident's."""
    return sent(found.name, content(found), kind)


def sent(name: str, data: bytes, kind: str = UNKNOWN) -> HttpResponse:
    """The bytes, to be kept and not to be opened here: whatever they are, they do not run in our pages' name."""
    answer = HttpResponse(data, content_type=kind)
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    answer["Content-Security-Policy"] = _HARMLESS
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, max-age=86400, immutable"
    return answer
