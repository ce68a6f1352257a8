"""Systems, components and channels, as people configured them."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from mainstay.api import answers
from mainstay.api.auth import needs, sight
from mainstay.api.rows import channel_row, component_row, system_row
from mainstay.api.shapes import Name, Page, Paging, Text, page
from mainstay.catalogue import queries
from mainstay.monitoring import queries as monitoring

router = Router(tags=["catalogue"])


@router.get("/systems", response=Page[answers.System], **needs("catalogue.read"))
def list_systems(request: HttpRequest, paging: Query[Paging]) -> Any:
    """The most important first."""
    counts = monitoring.counts()
    return page(request, queries.systems(sight(request)), paging, lambda row: system_row(row, counts.get(row.name)))


@router.get("/systems/{name}", response=answers.System, **needs("catalogue.read"))
def show_system(request: HttpRequest, name: Name) -> Any:
    return system_row(queries.system(name, sight(request)), monitoring.counts().get(name))


@router.get("/components", response=Page[answers.Component], **needs("catalogue.read"))
def list_components(request: HttpRequest, paging: Query[Paging], system: Text | None = None) -> Any:
    return page(request, queries.components(system, sight(request)), paging, component_row)


@router.get("/channels", response=Page[answers.Channel], **needs("catalogue.read"))
def list_channels(request: HttpRequest, paging: Query[Paging]) -> Any:
    return page(request, queries.channels(sight(request)), paging, channel_row)
