"""Systems, components, channels, the catalogue as code, secrets."""

from typing import Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema

from mainstay.api.auth import actor
from mainstay.api.shapes import Done, Page, Paging, Row, page
from mainstay.catalogue import actions, examine, export, queries
from mainstay.catalogue.models import Channel, Component, System
from mainstay.catalogue.schema import schema as catalogue_schema

router = Router(tags=["catalogue"])


class Files(Schema):
    """The whole catalogue: file name → YAML text."""

    files: dict[str, str]


class Value(Schema):
    """A secret's new value; it is never given back."""

    value: str


def system_row(row: System) -> Row:
    return {
        "name": row.name, "title": row.title, "tier": row.tier, "timezone": row.timezone, "owner": row.owner,
        "objectives": row.objectives, "source": row.source,
    }  # fmt: skip


def component_row(row: Component) -> Row:
    return {
        "system": row.system.name, "name": row.name, "title": row.title, "kind": row.kind,
        "depends_on": [other.name for other in row.depends_on.all()],
    }  # fmt: skip


def channel_row(row: Channel) -> Row:
    return {"name": row.name, "kind": row.kind, "language": row.document.get("language", "en")}


@router.get("/systems", response=Page)
def list_systems(request: HttpRequest, paging: Query[Paging]) -> Any:
    actor(request, "catalogue.read")
    return page(request, queries.systems(), paging, system_row)


@router.get("/systems/{name}", response=dict[str, Any])
def show_system(request: HttpRequest, name: Path[str]) -> Any:
    actor(request, "catalogue.read")
    return system_row(queries.system(name))


@router.get("/components", response=Page)
def list_components(request: HttpRequest, paging: Query[Paging], system: str | None = None) -> Any:
    actor(request, "catalogue.read")
    return page(request, queries.components(system).prefetch_related("depends_on"), paging, component_row)


@router.get("/channels", response=Page)
def list_channels(request: HttpRequest, paging: Query[Paging]) -> Any:
    actor(request, "catalogue.read")
    return page(request, queries.channels(), paging, channel_row)


@router.get("/catalogue", response=Files)
def export_catalogue(request: HttpRequest) -> Any:
    actor(request, "catalogue.read")
    return {"files": export.files()}


@router.get("/catalogue/schema", response=dict[str, Any])
def show_schema(request: HttpRequest) -> Any:
    actor(request, "catalogue.read")
    return catalogue_schema()


def _examined(body: Files) -> examine.Examined:
    return examine.examine({name: text.encode() for name, text in body.files.items()}, known=queries.known())


@router.post("/catalogue/validate", response=dict[str, Any])
def validate_catalogue(request: HttpRequest, body: Files) -> Any:
    actor(request, "catalogue.read")
    return {"ok": True, "warnings": [flaw.plain() for flaw in _examined(body).warnings]}


@router.post("/catalogue/diff", response=dict[str, Any])
def diff_catalogue(request: HttpRequest, body: Files) -> Any:
    actor(request, "catalogue.read")
    return {"differences": [one.plain() for one in queries.differences(_examined(body).catalogue)]}


@router.post("/catalogue/apply", response=dict[str, Any])
def apply_catalogue(request: HttpRequest, body: Files) -> Any:
    who = actor(request, "catalogue.apply")
    return {"differences": [one.plain() for one in actions.apply(_examined(body).catalogue, actor=who)]}


@router.get("/secrets", response=list[dict[str, Any]])
def list_secrets(request: HttpRequest) -> Any:
    actor(request, "secret.set")
    return [{"name": row.name, "set_at": row.set_at, "set_by": row.set_by} for row in queries.secrets()]


@router.put("/secrets/{name}", response=Done)
def set_secret(request: HttpRequest, name: Path[str], body: Value) -> Any:
    actions.set_secret(name, body.value, actor=actor(request))
    return {}


@router.delete("/secrets/{name}", response=Done)
def delete_secret(request: HttpRequest, name: Path[str]) -> Any:
    actions.delete_secret(name, actor=actor(request))
    return {}


@router.post("/secret-keys/rotate", response=dict[str, int])
def rotate_secrets(request: HttpRequest) -> Any:
    return {"rotated": actions.rotate_secrets(actor=actor(request))}
