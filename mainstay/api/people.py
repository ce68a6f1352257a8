"""People and tokens."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Router

from mainstay.api import answers
from mainstay.api.auth import actor, needs
from mainstay.api.rows import invited_row, person_row, sitting_row, token_row
from mainstay.api.shapes import Body, Name, Page, Paging, Text, page
from mainstay.catalogue import queries as catalogue
from mainstay.domain.actor import Role
from mainstay.notices import letters
from mainstay.people import actions, queries

router = Router(tags=["people"])

Password = Annotated[Text, Field(max_length=1000)]
OnSystems = dict[Text, answers.RoleName]
"""System name → role there, in place of the general one."""


class PersonIn(Body):
    """Somebody new."""

    username: Annotated[Text, Field(max_length=150)]
    password: Password
    role: answers.RoleName = "viewer"
    systems: OnSystems = Field({}, max_length=1000)
    email: Annotated[Text, Field(max_length=254)] = ""


class InvitationIn(Body):
    """Somebody new who sets the password himself."""

    username: Annotated[Text, Field(max_length=150)]
    role: answers.RoleName = "viewer"
    systems: OnSystems = Field({}, max_length=1000)
    email: Annotated[Text, Field(max_length=254)] = ""


class PersonChange(Body):
    """Only what is given is changed; null as the role on a system: the general one again."""

    role: answers.RoleName | None = None
    systems: dict[Text, answers.RoleName | None] = Field({}, max_length=1000)
    active: bool | None = Field(None, strict=True)
    password: Password | None = None


class TokenIn(Body):
    """Scopes are acts such as ``incident.acknowledge``, or their first words; none means all that the role allows."""

    name: Annotated[Text, Field(min_length=1, max_length=100)]
    role: answers.RoleName = "viewer"
    systems: OnSystems = Field({}, max_length=1000)
    scopes: list[Text] | None = None
    days: int = Field(90, ge=1, le=actions.LONGEST_DAYS, strict=True)


@router.get("/people", response=Page[answers.Person], **needs("person.add"))
def list_people(request: HttpRequest, paging: Query[Paging]) -> Any:
    return page(request, queries.people(), paging, person_row)


@router.post("/people", response=answers.Person, **needs("person.add"))
def add_person(request: HttpRequest, body: PersonIn) -> Any:
    made = actions.add_person(
        username=body.username, password=body.password, role=Role[body.role.upper()], systems=_roles(body.systems),
        email=body.email, actor=actor(request),
    )  # fmt: skip
    return person_row(made)


@router.patch("/people/{username}", response=answers.Person, **needs("person.change"))
def change_person(request: HttpRequest, username: Name, body: PersonChange) -> Any:
    """Another role, another password, or no more access."""
    role = Role[body.role.upper()] if body.role else None
    systems: dict[str, Role | None] = {name: None for name, one in body.systems.items() if one is None}
    systems |= _roles({name: one for name, one in body.systems.items() if one is not None})
    changed = actions.change_person(
        username, role=role, systems=systems, active=body.active, password=body.password, actor=actor(request)
    )
    return person_row(changed)


def _roles(systems: Mapping[str, str]) -> dict[str, Role]:
    catalogue.require_systems(systems)
    return {name: Role[role.upper()] for name, role in systems.items()}


@router.post("/invitations", response=answers.Invited, **needs("person.add"))
def invite(request: HttpRequest, body: InvitationIn) -> Any:
    """Somebody new, who sets the password by a link: mailed through the first SMTP channel, else in the answer."""
    made, text = actions.invite(
        username=body.username, email=body.email, role=Role[body.role.upper()], systems=_roles(body.systems),
        actor=actor(request),
    )  # fmt: skip
    return invited_row(made, letters.post(made, text, "invitation"))


@router.post("/people/{username}/password-link", response=answers.Invited, **needs("person.change"))
def password_link(request: HttpRequest, username: Name) -> Any:
    """A link for a new password, mailed or in the answer; the old password holds until it is used."""
    found, text = actions.password_link(username, actor=actor(request))
    return invited_row(found, letters.post(found, text, "password"))


@router.delete("/people/{username}/second-factor", response=answers.Person, **needs("factor.reset"))
def reset_factors(request: HttpRequest, username: Name) -> Any:
    """Authenticator, passkeys and recovery codes go, all sessions end."""
    return person_row(actions.reset_factors(username, actor=actor(request)))


@router.get("/people/{username}/sessions", response=list[answers.Session], **needs("session.end"))
def list_sessions(request: HttpRequest, username: Name) -> Any:
    return list(map(sitting_row, queries.sittings(queries.person(username), datetime.now(UTC))))


@router.delete("/people/{username}/sessions", response=answers.Ended, **needs("session.end"))
def end_sessions(request: HttpRequest, username: Name) -> Any:
    """Sign somebody out everywhere."""
    return {"ended": actions.end_sessions(username, actor=actor(request))}


@router.get("/tokens", response=Page[answers.Token], **needs("token.create"))
def list_tokens(request: HttpRequest, paging: Query[Paging]) -> Any:
    return page(request, queries.tokens(), paging, token_row)


@router.post("/tokens", response=answers.NewToken, **needs("token.create"))
def create_token(request: HttpRequest, body: TokenIn) -> Any:
    """The text is shown this once."""
    token, text = actions.create_token(
        name=body.name, role=Role[body.role.upper()], systems=_roles(body.systems), scopes=body.scopes, days=body.days,
        actor=actor(request),
    )  # fmt: skip
    return {**token_row(token), "token": text}


@router.delete("/tokens/{name}", response=answers.Token, **needs("token.revoke"))
def revoke_token(request: HttpRequest, name: Name) -> Any:
    """No longer valid from now on; a second time changes nothing."""
    return token_row(actions.revoke_token(name, actor=actor(request)))
