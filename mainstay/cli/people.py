"""``mainstay user …`` and ``mainstay token …``."""

import sys
from typing import Annotated

import typer

from mainstay.api.people import person_row, role_of, token_row
from mainstay.cli.catalogue import shell_actor
from mainstay.cli.output import AsJson, fail, print_json, print_one, print_rows
from mainstay.domain.actor import Denied, Role
from mainstay.people import actions, queries
from mainstay.people.models import Person, Token

user_app = typer.Typer(help="People who may sign in.", no_args_is_help=True)
token_app = typer.Typer(help="Tokens for programs.", no_args_is_help=True)

RoleOption = Annotated[str, typer.Option("--role", help="viewer, operator, approver or administrator")]
FromInput = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    app.add_typer(user_app, name="user")
    app.add_typer(token_app, name="token")


def _role(name: str) -> Role:
    if name.upper() not in Role.__members__:
        fail(f"{name!r} is no role; write viewer, operator, approver or administrator")
    return role_of(name)


def _password(from_input: bool) -> str:
    if from_input:
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


@user_app.command("add")
def add_user(
    username: str,
    role: RoleOption = "viewer",
    email: Annotated[str, typer.Option()] = "",
    password_stdin: FromInput = False,
    as_json: AsJson = False,
) -> None:
    """Somebody new; the password is asked for."""
    try:
        person = actions.add_person(
            username=username, password=_password(password_stdin), role=_role(role), email=email, actor=shell_actor()
        )
    except actions.Refused as error:
        fail(str(error))
    print_one(person_row(person), f"{username} may sign in as {role}", as_json=as_json)


@user_app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """Everybody."""
    rows = [person_row(row) for row in queries.people()]
    print_rows(rows, ("username", "role", "active", "email", "last_sign_in"), "nobody yet", as_json=as_json)


@user_app.command("change")
def change_user(
    username: str,
    role: Annotated[str | None, typer.Option("--role")] = None,
    active: Annotated[bool | None, typer.Option("--active/--inactive")] = None,
    password: Annotated[bool, typer.Option("--password", help="Ask for a new one.")] = False,
    password_stdin: FromInput = False,
    as_json: AsJson = False,
) -> None:
    """Another role, another password, or no more access."""
    new = _password(password_stdin) if password or password_stdin else None
    try:
        person = actions.change_person(
            username, role=_role(role) if role else None, active=active, password=new, actor=shell_actor()
        )
    except Person.DoesNotExist:
        fail(f"there is nobody called {username}")
    except actions.Refused as error:
        fail(str(error))
    print_one(person_row(person), f"{username} is changed", as_json=as_json)


@token_app.command("create")
def create_token(
    name: str,
    role: RoleOption = "viewer",
    scope: Annotated[list[str] | None, typer.Option(help="An act, or its first word; may be repeated.")] = None,
    days: Annotated[int, typer.Option(help="How long it is valid.")] = 90,
    as_json: AsJson = False,
) -> None:
    """A token; its text is shown this once."""
    try:
        token, text = actions.create_token(name=name, role=_role(role), scopes=scope, days=days, actor=shell_actor())
    except (actions.Refused, Denied) as error:
        fail(str(error))
    if as_json:
        print_json({**token_row(token), "token": text})
    else:
        print(text)


@token_app.command("list")
def list_tokens(as_json: AsJson = False) -> None:
    """Every token, without its text."""
    columns = ("id", "name", "role", "scopes", "created_by", "expires_at", "used_at", "revoked_at")
    print_rows([token_row(row) for row in queries.tokens()], columns, "no tokens yet", as_json=as_json)


@token_app.command("revoke")
def revoke_token(number: str, as_json: AsJson = False) -> None:
    """No longer valid from now on."""
    try:
        token = actions.revoke_token(number, actor=shell_actor())
    except Token.DoesNotExist:
        fail(f"there is no token {number}")
    print_one(token_row(token), f"token {number} is revoked", as_json=as_json)
