"""``mainstay user …`` and ``mainstay token …``."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from mainstay.api.rows import invited_row, person_row, sitting_row, token_row
from mainstay.catalogue import queries as catalogue
from mainstay.cli.output import AsJson, fail, print_one, print_rows
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _
from mainstay.domain.actor import Role
from mainstay.notices import letters
from mainstay.people import actions, queries
from mainstay.people.models import Person

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
        rows,
        ("username", "role", "systems", "active", "second_factor", "email", "last_sign_in"),
        _("nobody yet"),
        as_json=as_json,
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


@user_app.command("invite")
def invite_user(
    username: Name,
    role: RoleOption = "viewer",
    on: OnSystem = None,
    email: Annotated[str, typer.Option(help="Where the link goes.")] = "",
    as_json: AsJson = False,
) -> None:
    """Somebody new, who sets the password by a link that is mailed, or else printed, this once."""
    actor = acting("person.add")
    with told():
        person, text = actions.invite(username=username, email=email, role=_role(role), systems=_given(on), actor=actor)
    _print_posted(person, letters.post(person, text, "invitation"), as_json)


@user_app.command("password-link")
def send_password_link(username: Name, as_json: AsJson = False) -> None:
    """A link for a new password, mailed, or else printed, this once."""
    with told(_("there is nobody called {name}").format(name=username)):
        person, text = actions.password_link(username, actor=acting("person.change"))
    _print_posted(person, letters.post(person, text, "password"), as_json)


def _print_posted(person: Person, posted: letters.Posted, as_json: bool) -> None:
    if posted.sent:
        sentence = _("a link is on its way to {address}").format(address=person.email)
    else:
        words = _("no mail went out ({reason}); hand this link over, it is good once, for {days} days:\n{link}")
        sentence = words.format(reason=posted.reason, days=actions.LINK_DAYS, link=posted.link)
    print_one(invited_row(person, posted), sentence, as_json=as_json)


@user_app.command("reset-factor")
def reset_factor(username: Name, as_json: AsJson = False) -> None:
    """Take the authenticator, the passkeys and the recovery codes away, and end all sessions."""
    with told(_("there is nobody called {name}").format(name=username)):
        person = actions.reset_factors(username, actor=acting("factor.reset"))
    print_one(
        person_row(person), _("{name} signs in with the password alone again").format(name=username), as_json=as_json
    )


@user_app.command("sessions")
def list_sessions(username: Name, as_json: AsJson = False) -> None:
    """Where somebody is signed in."""
    acting("session.end")
    with told(_("there is nobody called {name}").format(name=username)):
        rows = [sitting_row(row) for row in queries.sittings(queries.person(username), datetime.now(UTC))]
    print_rows(rows, ("id", "agent", "address", "opened_at", "seen_at"), _("signed in nowhere"), as_json=as_json)


@user_app.command("end-sessions")
def end_sessions(username: Name, as_json: AsJson = False) -> None:
    """Sign somebody out everywhere."""
    with told(_("there is nobody called {name}").format(name=username)):
        count = actions.end_sessions(username, actor=acting("session.end"))
    print_one({"ended": count}, _("{number} sessions ended").format(number=count), as_json=as_json)


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
