"""``mainstay backup set|retire|set-store|retire-store``: change a policy or a store, and see first what it would do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from mainstay.catalogue import actions, editing_backups, queries
from mainstay.catalogue.editing import Proposal
from mainstay.catalogue.editing_backups import PolicyWriting
from mainstay.catalogue.sources import Invalid
from mainstay.cli.catalogue import INVALID, print_flaws
from mainstay.cli.output import USAGE, AsJson, fail, print_json
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _
from mainstay.domain.difference import Difference
from mainstay.domain.yaml_node import Unreadable, plain
from mainstay.domain.yaml_text import read

Path = Annotated[str, typer.Argument(help="The policy as SYSTEM/NAME.")]
Name = Annotated[str, typer.Argument(help="The store's name.")]
Keys = Annotated[
    list[str] | None,
    typer.Option("--set", help="KEY=VALUE as in YAML, such as keep.last=5; KEY= for the default; may be repeated."),
]
Dry = Annotated[bool, typer.Option("--dry-run", help="Say what would be changed, and change nothing.")]


def add(app: typer.Typer) -> None:
    """Put the commands into the group ``backup``."""
    for name, command in (
        ("set", set_policy), ("retire", retire_policy), ("set-store", set_store), ("retire-store", retire_store),
    ):  # fmt: skip
        app.command(name)(command)


def set_policy(path: Path, keys: Keys = None, dry_run: Dry = False, as_json: AsJson = False) -> None:
    """Make a policy or change it: the named keys, and no other. See first what it would do: mainstay backup preview."""
    actor = acting("catalogue.apply")
    with told(), flaws_told(as_json):
        present, wanted = wanted_policy(path, keys)
        found = editing_backups.policy_proposal(present, wanted)
        done = found.differences
        if not dry_run:
            done = actions.put_policy(present.system.name, present.name, wanted, actor=actor, seen=present.seen)
    tell(found, done, dry_run=dry_run, as_json=as_json)


def retire_policy(path: Path, dry_run: Dry = False, as_json: AsJson = False) -> None:
    """No copy is taken, proved or dropped by it any more. Its copies, their key and the record stay; set again under
    the same name, it takes them up."""
    actor = acting("catalogue.apply")
    with told(), flaws_told(as_json):
        present = _written(path)
        found = editing_backups.policy_retirement(present)
        done = found.differences
        if not dry_run:
            done = actions.retire_policy(present.system.name, present.name, actor=actor, seen=present.seen)
    tell(found, done, dry_run=dry_run, as_json=as_json)


def set_store(name: Name, keys: Keys = None, dry_run: Dry = False, as_json: AsJson = False) -> None:
    """Make a store or change it: the named keys, and no other. Copies that lie where it led before are not moved."""
    actor = acting("catalogue.apply")
    with told(), flaws_told(as_json):
        present = editing_backups.store_writing(name)
        wanted = laid_over(present.own, keys)
        found = editing_backups.store_proposal(present, wanted)
        done = found.differences
        if not dry_run:
            done = actions.put_store(name, wanted, actor=actor, seen=present.seen)
    tell(found, done, dry_run=dry_run, as_json=as_json)


def retire_store(name: Name, as_json: AsJson = False) -> None:
    """Refused while a policy names it. What lies in it stays."""
    actor = acting("catalogue.apply")
    with told(_("there is no store {name}; mainstay backup stores shows all").format(name=name)):
        queries.store(name)
        done = actions.retire("store", name, actor=actor)
    tell(None, done, dry_run=False, as_json=as_json)


def wanted_policy(path: str, keys: list[str] | None) -> tuple[PolicyWriting, dict[str, Any]]:
    """A policy as it is written, and as it shall be; a misspelt pair ends the command."""
    present = _written(path)
    return present, laid_over(present.own, keys)


def _written(path: str) -> PolicyWriting:
    system, _slash, name = path.partition("/")
    return editing_backups.policy_writing(system, name)


def laid_over(own: Mapping[str, Any], keys: list[str] | None) -> dict[str, Any]:
    """What is written, with the named keys changed; a misspelt pair ends the command."""
    found = dict(own)
    for pair in keys or []:
        way, equals, text = pair.partition("=")
        if not equals or not way:
            fail(_("{pair} does not say KEY=VALUE").format(pair=pair))
        _lay(found, way, _value(way, text))
    return found


def _value(way: str, text: str) -> Any:
    try:
        return plain(read(text.encode()))
    except Unreadable as error:
        fail(f"{way}: {error.flaws[0].what}", USAGE)


def _lay(found: dict[str, Any], way: str, value: Any) -> None:
    """``keep.last`` is the key ``last`` in the mapping ``keep``; nothing stands for the default."""
    key, dot, rest = way.partition(".")
    if dot:
        inner = found.get(key)
        below = dict(inner) if isinstance(inner, Mapping) else {}
        _lay(below, rest, value)
        value = below or None
    if value is None:
        found.pop(key, None)
    else:
        found[key] = value


@contextmanager
def flaws_told(as_json: bool) -> Iterator[None]:
    """What is wrong with what was asked for ends the command, all of it told."""
    try:
        yield
    except Invalid as error:
        print_flaws(error.flaws, as_json)
        raise typer.Exit(INVALID) from None


def tell(found: Proposal | None, done: list[Difference], *, dry_run: bool, as_json: bool) -> None:
    """What was done, or would be."""
    lines = found.lines if found else [str(one) for one in done]
    if as_json:
        print_json({"differences": [one.plain() for one in done], "yaml": found.lines if found else []})
        return
    print("\n".join(lines) or _("nothing to do"))
    if done and not dry_run:
        print(_("done; the files are written anew with: mainstay export catalogue"))
