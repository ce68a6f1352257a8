"""How Mainstay itself is."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router

from mainstay import __version__
from mainstay.api import answers
from mainstay.api.auth import needs
from mainstay.api.rows import pulse_row
from mainstay.monitoring import queries

router = Router(tags=["health"])


@router.get("/health", response=answers.Health, **needs("catalogue.read"))
def health(request: HttpRequest) -> Any:
    """Which processes live."""
    silent = queries.silent_processes(datetime.now(UTC))
    processes = list(map(pulse_row, queries.pulses()))
    return {"version": __version__, "ok": not silent, "silent": silent, "processes": processes}


@router.get("/version", response=answers.Version, **needs("catalogue.read"))
def version(request: HttpRequest) -> Any:
    return {"version": __version__}
