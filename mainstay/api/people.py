"""People and tokens."""

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema

from mainstay.api.auth import actor
from mainstay.api.shapes import Page, Paging, Row, page
from mainstay.domain.actor import Role
from mainstay.people import actions, queries
from mainstay.people.models import Person, Token

router = Router(tags=["people"])

RoleName = Literal["viewer", "operator", "approver", "administrator"]


class PersonIn(Schema):
    """Somebody new."""

    username: str
    password: str
    role: RoleName = "viewer"
    email: str = ""


class PersonChange(Schema):
    """Only what is given is changed."""

    role: RoleName | None = None
    active: bool | None = None
    password: str | None = None


class TokenIn(Schema):
    """Scopes are acts such as ``incident.acknowledge``, or their first words; none means all that the role allows."""

    name: str
    role: RoleName = "viewer"
    scopes: list[str] | None = None
    days: int = 90


def role_of(name: str) -> Role:
    """The role of a name that the schema has allowed."""
    return Role[name.upper()]


def person_row(row: Person) -> Row:
    return {
        "username": row.username, "email": row.email, "role": Role(row.role).name.lower(), "active": row.is_active,
        "last_sign_in": row.last_login,
    }  # fmt: skip


def token_row(row: Token) -> Row:
    return {
        "id": row.pk, "name": row.name, "role": Role(row.role).name.lower(), "scopes": row.scopes,
        "created_at": row.created_at, "created_by": row.created_by, "expires_at": row.expires_at,
        "used_at": row.used_at, "revoked_at": row.revoked_at,
    }  # fmt: skip


@router.get("/people", response=Page)
def list_people(request: HttpRequest, paging: Query[Paging]) -> Any:
    actor(request, "person.add")
    return page(request, queries.people(), paging, person_row)


@router.post("/people", response=dict[str, Any])
def add_person(request: HttpRequest, body: PersonIn) -> Any:
    who = actor(request)
    return person_row(
        actions.add_person(
            username=body.username, password=body.password, role=role_of(body.role), email=body.email, actor=who
        )
    )


@router.patch("/people/{username}", response=dict[str, Any])
def change_person(request: HttpRequest, username: Path[str], body: PersonChange) -> Any:
    who = actor(request)
    role = role_of(body.role) if body.role else None
    return person_row(actions.change_person(username, role=role, active=body.active, password=body.password, actor=who))


@router.get("/tokens", response=Page)
def list_tokens(request: HttpRequest, paging: Query[Paging]) -> Any:
    actor(request, "token.create")
    return page(request, queries.tokens(), paging, token_row)


@router.post("/tokens", response=dict[str, Any])
def create_token(request: HttpRequest, body: TokenIn) -> Any:
    token, text = actions.create_token(
        name=body.name, role=role_of(body.role), scopes=body.scopes, days=body.days, actor=actor(request)
    )
    return {**token_row(token), "token": text}


@router.delete("/tokens/{number}", response=dict[str, Any])
def revoke_token(request: HttpRequest, number: Path[str]) -> Any:
    return token_row(actions.revoke_token(number, actor=actor(request)))
