"""One view, two forms: the whole page, or only the fragment that refreshes by itself."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def live(request: HttpRequest, name: str, context: Mapping[str, Any]) -> HttpResponse:
    """``parts/NAME.html`` for a refresh, ``NAME.html`` (which includes it) for a reader."""
    template = f"parts/{name}.html" if request.headers.get("HX-Request") else f"{name}.html"
    return render(request, template, dict(context))
