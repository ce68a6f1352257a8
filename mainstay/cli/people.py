"""``mainstay user …`` and ``mainstay token …``."""

import sys
from typing import Annotated

import typer

from mainstay.api.rows import person_row, token_row
from mainstay.catalogue import queries as catalogue
from mainstay.cli.output import AsJson, fail, print_one, print_rows
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _
from mainstay.domain.actor import Role
from mainstay.people import actions, queries

user_app = typer.Typer(no_args_is_help=True)
token_app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The name to sign in with.")]
RoleOption = Annotated[str, typer.Option("--role", help="none, viewer, operator, approver or administrator.")]
OnSystem = Annotated[
    list[str] | None,
    typer.Option("--on", help="system=role: another role on one system, or none; may be repeated."),
]
FromInput = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    app.add_typer(user_app, name="user")
    app.add_typer(token_app, name="token")


def _role(name: str) -> Role:
    if name.upper() not in Role.__members__:
        fail(_("{name} is no role; write none, viewer, operator, approver or administrator").format(name=repr(name)))
    return Role[name.upper()]


def _roles(pairs: list[str] | None) -> dict[str, Role | None]:
    """``system=general`` takes back what was set."""
    found: dict[str, Role | None] = {}
    for pair in pairs or []:
        name, equals, role = pair.partition("=")
        if not (name and equals and role):
            fail(_("{pair} does not say system=role").format(pair=repr(pair)))
        found[name] = None if role == "general" else _role(role)
    catalogue.require_systems(name for name, one in found.items() if one is not None)
    return found


def _given(pairs: list[str] | None) -> dict[str, Role]:
    return {name: role for name, role in _roles(pairs).items() if role is not None}


def _password(from_input: bool) -> str:
    if from_input:
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt(_("Password"), hide_input=True, confirmation_prompt=True))


@user_app.command("add")
def add_user(
    username: Name,
    role: RoleOption = "viewer",
    on: OnSystem = None,
    email: Annotated[str, typer.Option(help="Where notices for this person go.")] = "",
    password_stdin: FromInput = False,
    as_json: AsJson = False,
) -> None:
    """Somebody new; the password is asked for."""
    actor = acting("person.add")
    with told():
        person = actions.add_person(
            username=username, password=_password(password_stdin), role=_role(role), systems=_given(on), email=email,
            actor=actor,
        )  # fmt: skip
    print_one(person_row(person), _("{name} may sign in as {role}").format(name=username, role=role), as_json=as_json)


@user_app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """Everybody."""
    acting("person.add")
    rows = [person_row(row) for row in queries.people()]
    print_rows(
        rows, ("username", "role", "systems", "active", "email", "last_sign_in"), _("nobody yet"), as_json=as_json
    )


@user_app.command("change")
def change_user(
    username: Name,
    role: Annotated[
        str | None, typer.Option("--role", help="none, viewer, operator, approver or administrator.")
    ] = None,
    on: Annotated[
        list[str] | None,
        typer.Option("--on", help="system=role; system=general takes it back; may be repeated."),
    ] = None,
    active: Annotated[bool | None, typer.Option("--active/--inactive", help="May sign in, or no more.")] = None,
    password: Annotated[bool, typer.Option("--password", help="Ask for a new one.")] = False,
    password_stdin: FromInput = False,
    as_json: AsJson = False,
) -> None:
    """Another role, another password, or no more access."""
    actor = acting("person.change")
    with told():
        systems = _roles(on)
    new = _password(password_stdin) if password or password_stdin else None
    with told(_("there is nobody called {name}").format(name=username)):
        person = actions.change_person(
            username, role=_role(role) if role else None, systems=systems, active=active, password=new, actor=actor
        )
    print_one(person_row(person), _("{name} is changed").format(name=username), as_json=as_json)


@token_app.command("create")
def create_token(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    role: RoleOption = "viewer",
    on: OnSystem = None,
    scope: Annotated[list[str] | None, typer.Option(help="An act, or its first word; may be repeated.")] = None,
    days: Annotated[int, typer.Option(help="How long it is valid.")] = 90,
    as_json: AsJson = False,
) -> None:
    """A token; its text is shown this once."""
    with told():
        token, text = actions.create_token(
            name=name, role=_role(role), systems=_given(on), scopes=scope, days=days, actor=acting("token.create")
        )
    print_one({**token_row(token), "token": text}, text, as_json=as_json)


@token_app.command("list")
def list_tokens(as_json: AsJson = False) -> None:
    """Every token, without its text."""
    acting("token.create")
    columns = ("id", "name", "role", "systems", "scopes", "created_by", "expires_at", "used_at", "revoked_at")
    print_rows([token_row(row) for row in queries.tokens()], columns, _("no tokens yet"), as_json=as_json)


@token_app.command("revoke")
def revoke_token(token: Annotated[str, typer.Argument(help="The token's id.")], as_json: AsJson = False) -> None:
    """No longer valid from now on."""
    with told(_("there is no token {token}; mainstay token list shows all").format(token=token)):
        row = token_row(actions.revoke_token(token, actor=acting("token.revoke")))
    print_one(row, _("token {token} is revoked").format(token=token), as_json=as_json)
