"""``make messages``: brings every catalogue of words up to date with the code, and makes what follows from them.

English is the source and stands in the code; Simplified Chinese is written by people in ``zh_Hans/…/{django,cli}.po``;
Traditional Chinese follows from it by OpenCC (words and phrases as Taiwan has them) and ``setup/traditional.txt``.
The catalogues are sorted and name no places, so that moving code changes nothing in them, and hold what is said and
nothing else: what is no longer said goes, what is new stands there empty until somebody translates it.
"""

import ast
import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import typer
import yaml
from babel.messages import mofile, pofile
from babel.messages.catalog import Catalog, Message
from django.utils.translation.template import templatize

from mainstay.cli import main as front
from mainstay.domain.actor import Role
from mainstay.domain.pack import first_words
from mainstay.domain.state import Category, State
from mainstay.monitoring.wording import TRADITIONAL
from setup.traditional import traditional

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "mainstay" / "locale"
WRITTEN, DERIVED = "zh_Hans", "zh_Hant"
DOMAINS = ("django", "cli")
HEAD = (
    "Project-Id-Version: Mainstay", "MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8",
    "Content-Transfer-Encoding: 8bit", "Plural-Forms: nplurals=1; plural=0;",
)  # fmt: skip
CALLS = {
    "_": (), "say": (), "gettext": (), "gettext_lazy": (), "ngettext": ("one", "many"),
    "ngettext_lazy": ("one", "many"),
    "pgettext": ("context",), "pgettext_lazy": ("context",), "npgettext": ("context", "one", "many"),
}  # fmt: skip
"""What each call's arguments before the text are; one or two texts."""
CODES = (
    *("open", "acknowledged", "resolved", "opened", "reopened", "joined", "echo", "root", "rerooted", "merged"),
    *("paused", "resumed", "clock-close", "clock-late", "respond", "resolve", "vendor", "user", "other"),
    *("counting", "resting", "over"),
    *("worse", "relapsed", "recovered", "graded", "regraded", "note", "blind", "test", "digest"),
    *("waiting", "sent", "failed", "checker", "engine", "web"),
    *("full", "incremental", "proved", "unproved"),
    *("asked", "safety", "running", "done", "aborted", "lapsed", "directory", "database", "live"),
    *("untouched", "restored", "between"),
    *("draft", "published", "retired", "fault", "question", "wish", "new", "answered", "closed", "said", "sorted"),
    *("held", "change", "software", "configuration", "capacity", "hardware", "network", "handling", "unknown"),
    *("check", "rule", "runbook", "training", "accepted-risk", "review", "action-again"),
    *("all", "month", "level"),
    *("helped", "void", "remedy-begun", "remedy-helped", "remedy-failed", "remedy-not"),
    *("in-force", "planned", "cancelled", "began", "injected", "raised", "skipped", "wrong-turn", "ended"),
    *("met", "missed"),
    *("last", "daily", "weekly", "monthly", "yearly", "only", "base", "owed"),
)
"""Stored words that the command line shows in the reader's language, besides states, categories and roles."""

Key = tuple[str, str, str]
"""Context, text, plural; empty where there is none."""


@cache
def said(domain: str) -> frozenset[Key]:
    """Everything that the code says to people."""
    return frozenset(_pages() if domain == "django" else _command_line())


def _pages() -> Iterator[Key]:
    for file in sorted((ROOT / "mainstay").rglob("*.py")):
        if "cli" not in file.relative_to(ROOT).parts:
            yield from _calls(ast.parse(file.read_text(encoding="utf-8")))
    for file in sorted((ROOT / "mainstay").rglob("templates/**/*")):
        if file.suffix in (".html", ".txt"):
            yield from _template(file.read_text(encoding="utf-8"))


def _template(text: str) -> Iterator[Key]:
    """Django writes a template's words as calls; the calls are read here one by one."""
    code = templatize(text)
    for found in re.finditer(r"\b(_|gettext|ngettext|pgettext|npgettext)\(", code):
        yield from _calls(_call_at(code, found.start()))


def _call_at(code: str, start: int) -> ast.AST:
    for end in (place.end() for place in re.finditer(r"\)", code[start:])):
        try:
            return ast.parse(code[start : start + end].replace("\n", " "))
        except SyntaxError:
            continue
    raise ValueError(code[start : start + 80])


def _calls(tree: ast.AST) -> Iterator[Key]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in CALLS:
                texts = [one.value for one in arguments if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                if texts:
                    yield _key(name, texts)


def _key(name: str, texts: list[str]) -> Key:
    context = texts.pop(0) if "context" in CALLS[name] else ""
    return context, texts[0], texts[1] if "many" in CALLS[name] else ""


def _command_line() -> Iterator[Key]:
    for name, part in front.PARTS.items():
        yield "", part.summary, ""
        yield from _helps(front.load(name))
    whole = typer.main.get_command(front.app)
    yield from _helps(whole.commands["version"])
    yield from (("", one.help, "") for one in (whole, *whole.params) if getattr(one, "help", ""))
    for file in sorted((ROOT / "mainstay" / "cli").glob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        yield from _calls(tree)
        yield from _columns(tree)
    yield from (("", word, "") for word in (*CODES, *_enumerated()))


def _helps(command: Any) -> Iterator[Key]:
    for one in (command, *command.params):
        if text := getattr(one, "help", "") or "":
            yield "", text, ""
    for inner in getattr(command, "commands", {}).values():
        yield from _helps(inner)


def _columns(tree: ast.AST) -> Iterator[Key]:
    """The heads of tables: names handed to ``print_rows``, there or in a variable called ``columns``."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="print_rows"), args=[_, ast.Tuple(elts=names), *_]):
                yield from _heads(names)
            case ast.Assign(targets=[ast.Name(id="columns")], value=ast.Tuple(elts=names)):
                yield from _heads(names)


def _heads(names: list[ast.expr]) -> Iterator[Key]:
    yield from (("", str(one.value).replace("_", " "), "") for one in names if isinstance(one, ast.Constant))


def _enumerated() -> Iterator[str]:
    yield from (one.value for one in (*State, *Category))
    yield from (one.name.lower() for one in Role)


def path(language: str, domain: str, suffix: str = "po") -> Path:
    """Where a catalogue stands."""
    return LOCALE / language / "LC_MESSAGES" / f"{domain}.{suffix}"


def read(language: str, domain: str) -> Catalog:
    """A catalogue as it is in its file. Raises PoFileError."""
    return pofile.read_po(BytesIO(path(language, domain).read_bytes()), abort_invalid=True)


def key(message: Message) -> Key:
    """A message's identity."""
    text, plural = message.id if isinstance(message.id, tuple) else (message.id, "")
    return message.context or "", text, plural


def words(message: Message) -> str:
    """What stands for it; Chinese has one form for all numbers."""
    return str(message.string if isinstance(message.string, str) else message.string[0])


def written(domain: str) -> dict[Key, str]:
    """What the code says, with the words that people wrote for it; empty where nobody has yet."""
    known = {key(one): words(one) for one in read(WRITTEN, domain) if one.id}
    return {one: known.get(one, "") for one in said(domain)}


def derived(source: dict[Key, str]) -> dict[Key, str]:
    """The same in Traditional Chinese."""
    return {one: traditional(text) for one, text in source.items()}


def po(language: str, entries: dict[Key, str]) -> bytes:
    """A catalogue's file: no date, no place, sorted, a line a text."""
    catalog, out = Catalog(locale=language), BytesIO()
    for (context, text, plural), said_so in sorted(entries.items(), key=lambda one: (one[0][1].lower(), one[0])):
        flags = ["python-format"] if re.search(r"%\(\w+\)", text + plural) else []
        identity, string = ((text, plural), (said_so,)) if plural else (text, said_so)
        catalog.add(identity, string, context=context or None, flags=flags)
    pofile.write_po(out, catalog, width=0, no_location=True, omit_header=True)
    head = "".join(f'"{line}\\n"\n' for line in (f"Language: {language}", *HEAD))
    return f'msgid ""\nmsgstr ""\n{head}\n'.encode() + out.getvalue().strip() + b"\n"


def mo(text: bytes) -> bytes:
    """A catalogue's file compiled; the same for the same text."""
    catalog, out = pofile.read_po(BytesIO(text)), BytesIO()
    catalog.creation_date = catalog.revision_date = datetime(2000, 1, 1, tzinfo=UTC)
    mofile.write_mo(out, catalog)
    return out.getvalue()


def followers() -> dict[Path, str]:
    """Texts in Simplified Chinese whose Traditional form stands beside them: notices, the manual and packs."""
    notices, manual = ROOT / "mainstay/engine/templates/notices", ROOT / "docs/manual"
    pairs = {notices / f"zh.{kind}": notices / f"zh-hant.{kind}" for kind in ("txt", "html")}
    pairs |= {page: manual / "zh-hant" / page.name for page in sorted((manual / "zh").glob("*.md"))}
    texts = {there: traditional(here.read_text(encoding="utf-8")) for here, there in pairs.items()}
    known = json.dumps(of_packs(), ensure_ascii=False, indent=0, sort_keys=True)
    return texts | {TRADITIONAL: f"{known}\n"}


def of_packs() -> dict[str, str]:
    """The Chinese texts of what comes with Mainstay, each with its form in Traditional, where that is another."""
    packs = ROOT / "mainstay" / "packs"
    texts = {text for file in packs.rglob("*.yaml") for text in chinese(yaml.safe_load(file.read_text("utf-8")))}
    texts |= {first_words(file.read_text("utf-8")).get("zh", "") for file in packs.rglob("README.md")}
    return {text: turned for text in texts if (turned := traditional(text)) != text}


def chinese(thing: Any) -> Iterator[str]:
    """What stands under ``zh`` anywhere in it, but where the Traditional form stands beside it."""
    for child in thing.values() if isinstance(thing, dict) else thing if isinstance(thing, list) else ():
        yield from chinese(child)
    if isinstance(thing, dict) and "zh-hant" not in thing and isinstance(text := thing.get("zh"), str):
        yield text


def main() -> int:
    """Write them all; 1 when something waits for its words."""
    waiting = []
    for domain in DOMAINS:
        chinese = written(domain)
        waiting += [f"{domain}: {one[1]}" for one, text in sorted(chinese.items()) if not text]
        for language, entries in ((WRITTEN, chinese), (DERIVED, derived(chinese))):
            text = po(language, entries)
            path(language, domain).parent.mkdir(parents=True, exist_ok=True)
            path(language, domain).write_bytes(text)
            path(language, domain, "mo").write_bytes(mo(text))
    for file, text in followers().items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    print("\n".join([*waiting, f"{len(waiting)} texts wait for their words in {WRITTEN}"]))
    return 1 if waiting else 0


if __name__ == "__main__":
    sys.exit(main())
