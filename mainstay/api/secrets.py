"""Secrets: their names, and new values in. A value never comes out."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from mainstay.api import answers
from mainstay.api.auth import actor, needs
from mainstay.api.rows import secret_row
from mainstay.api.shapes import Body, Done, Name, Text
from mainstay.catalogue import actions, queries

router = Router(tags=["secrets"])


class SecretIn(Body):
    """A secret's new value."""

    value: Text


class Secrets(Schema):
    """All of them, and the names that the catalogue asks for and nobody has given."""

    items: list[answers.Secret]
    missing: list[str]


class Rotated(Schema):
    """How many were sealed anew."""

    rotated: int


@router.get("/secrets", response=Secrets, **needs("secret.set"))
def list_secrets(request: HttpRequest) -> Any:
    return {"items": list(map(secret_row, queries.secrets())), "missing": queries.names_without_value()}


@router.put("/secrets/{name}", response=Done, **needs("secret.set"))
def set_secret(request: HttpRequest, name: Name, body: SecretIn) -> Any:
    """A second time with the same value changes nothing."""
    actions.set_secret(name, body.value, actor=actor(request))
    return {}


@router.delete("/secrets/{name}", response=Done, **needs("secret.delete"))
def delete_secret(request: HttpRequest, name: Name) -> Any:
    actions.delete_secret(name, actor=actor(request))
    return {}


@router.post("/secret-keys/rotate", response=Rotated, **needs("secret.rotate"))
def rotate_secrets(request: HttpRequest) -> Any:
    """Seal every value with a new key, and drop the old keys."""
    return {"rotated": actions.rotate_secrets(actor=actor(request))}
