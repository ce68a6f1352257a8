"""Packs on disk: ``mainstay/packs/<name>/pack.yaml`` and the workspace's ``packs/<name>/pack.yaml``.

A pack of the workspace takes the place of a pack of the same name that comes with Mainstay.
"""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from mainstay.catalogue.examine_inspection import flaws_of_pack
from mainstay.catalogue.examine_remedies import flaw_of_pack
from mainstay.catalogue.sources import Invalid, LocatedFlaw, contents
from mainstay.domain.complaint import complaints
from mainstay.domain.document import Check, Pack
from mainstay.domain.pack import PackBook, Unfoldable, control_totals, unfold, unfold_remedies
from mainstay.domain.yaml_node import Flaw, Node, Unreadable, locate, plain
from mainstay.domain.yaml_text import read
from mainstay.settings import PACKAGE, WORKSPACE

BUILT_IN = PACKAGE / "packs"
OWN = WORKSPACE / "packs"
MAX_FILE = 256_000


def find(directories: Iterable[Path] = (BUILT_IN, OWN)) -> dict[str, PackBook]:
    """Every pack by its name, later directories winning. Raises Invalid with all that is wrong."""
    books: dict[str, PackBook] = {}
    flaws: list[LocatedFlaw] = []
    for directory in directories:
        for file in sorted(directory.glob("*/pack.yaml")):
            try:
                book = load(file)
            except Invalid as error:
                flaws.extend(error.flaws)
            else:
                books[book.pack.pack] = book
    if flaws:
        raise Invalid(flaws)
    return books


def load(file: Path) -> PackBook:
    """One pack, tried with its own defaults. Raises Invalid. It is read again when anything of it was changed."""
    return _loaded(file, _stamp(file))


def _stamp(file: Path) -> tuple[tuple[str, int, int], ...]:
    """What of a pack is on disk, and since when: path, nanoseconds, bytes."""
    kept = [file, file.with_name("README.md"), *sorted(file.parent.rglob("*.sql"))]
    return tuple(
        (str(path), seen.st_mtime_ns, seen.st_size) for path in kept if path.is_file() for seen in [path.stat()]
    )


@lru_cache(128)
def _loaded(file: Path, _stamp: tuple[tuple[str, int, int], ...]) -> PackBook:
    name = f"{file.parent.name}/{file.name}"
    try:
        node = read(contents(file)[file.name])
    except Unreadable as error:
        raise Invalid([LocatedFlaw(name, flaw) for flaw in error.flaws]) from None
    try:
        pack = Pack.model_validate(plain(node))
    except ValidationError as error:
        raise Invalid(
            [_at(name, node, found.path, found.what, found.right) for found in complaints(error, Pack)]
        ) from None
    if pack.pack != file.parent.name:
        raise Invalid([_at(name, node, ("pack",), f"{pack.pack!r} lies in {file.parent.name}/", "name both alike")])
    book = PackBook(pack, _files_beside(file), name, _readme(file.with_name("README.md")))
    flaws = list(_tried(book, node))
    if flaws:
        raise Invalid(flaws)
    return book


def _files_beside(file: Path) -> dict[str, str]:
    found = {}
    for path in sorted(file.parent.rglob("*.sql")):
        if path.stat().st_size > MAX_FILE:
            raise Invalid([LocatedFlaw(path.name, Flaw(1, 1, "", f"larger than {MAX_FILE // 1000} kB"))])
        found[path.relative_to(file.parent).as_posix()] = path.read_text(encoding="utf-8")
    return found


def _readme(path: Path) -> str:
    if not path.is_file() or path.stat().st_size > MAX_FILE:
        return ""
    return path.read_text(encoding="utf-8", errors="replace")


def _tried(book: PackBook, node: Node) -> Iterable[LocatedFlaw]:
    """A pack must be right with its defaults, whoever uses it."""
    try:
        unfolded = unfold(book, "x", {})
    except Unfoldable as error:
        yield _at(book.source, node, ("checks",), error.what, error.right)
        return
    try:
        control_totals(book, "x", {})
    except Unfoldable as error:
        yield _at(book.source, node, ("totals",), error.what, error.right)
    try:
        lent = unfold_remedies(book, "x", {}, whole=True)
    except Unfoldable as error:
        yield _at(book.source, node, ("remedies",), error.what, error.right)
        lent = {}
    for full, remedy in lent.items():
        if wrong := flaw_of_pack(remedy, unfolded):
            yield _at(book.source, node, ("remedies", full.removeprefix("x.")), wrong, "")
    for full, check in unfolded.items():
        try:
            Check.model_validate(check)
        except ValidationError as error:
            short = full.removeprefix("x.")
            for found in complaints(error, Check):
                yield _at(book.source, node, ("checks", short, *found.path), found.what, found.right)
    for way, what, right in flaws_of_pack(book.pack.inspection):
        yield _at(book.source, node, ("inspection", *way), what, right)


def _at(name: str, node: Node, path: tuple[str | int, ...], what: str, right: str) -> LocatedFlaw:
    where = ".".join(map(str, path))
    return LocatedFlaw(name, Flaw(*locate(node, path, key=True), where, what, right))
