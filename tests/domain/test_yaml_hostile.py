"""Files made to hurt: each is refused within its bounds, in a process that would be killed past them."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS, MEGABYTES = 30, 400
"""Far above what is needed (some seconds and 150 MB), far below what an unbounded reader would take."""

_READER = """
import sys
from pathlib import Path
from mainstay.catalogue.sources import Invalid, LocatedFlaw, contents, parse
flaws = []
try:
    parse(contents(Path(sys.argv[1])), flaws)
except Invalid as error:
    flaws = error.flaws
print(flaws[0] if flaws else "read")
"""


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES * 2**20, MEGABYTES * 2**20))


def verdict(path: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _READER, str(path)], capture_output=True, text=True, preexec_fn=_limits, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def _laughs() -> bytes:
    rows = [b"a: &a [" + b",".join([b"lol"] * 9) + b"]"]
    rows += [b"%c: &%c [%s]" % (c, c, b",".join([b"*%c" % (c - 1)] * 9)) for c in range(ord("b"), ord("z"))]
    return b"\n".join(rows)


def _big_word_many_times() -> bytes:
    return b"a: &a " + b"x" * 100_000 + b"\nb: [" + b",".join([b"*a"] * 100_000) + b"]"


def _merged_again_and_again() -> bytes:
    wide = b"a0: &a0 {" + b",".join(b"k%d: v" % number for number in range(1000)) + b"}\n"
    return wide + b"".join(b"a%d: &a%d {<<: *a%d, x%d: 1}\n" % (n, n, n - 1, n) for n in range(1, 20_000))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_laughs(), "grows the document past every bound"),
        (_big_word_many_times(), "grows the document past every bound"),
        (_merged_again_and_again(), "grows the document past every bound"),
        (b"[" * 1_900_000, "nested deeper than 50 levels"),
        (b"{a: " * 400_000, "nested deeper than 50 levels"),
        (b"- " * 900_000, "nested deeper than 50 levels"),
        (b"? " * 900_000, "a key must be a word"),
        (b"[" + b"a," * 900_000, "more than 500000 values"),
        (b"a: 1\n" * 390_000, "'a' is written twice"),
        (b'"' + b"a\n\n" * 600_000, "not YAML"),
        (b"!" * 1_900_000, "the tag"),
        (b"&a " * 600_000, "not YAML"),
        (b"\xff" * 1_900_000, "is not UTF-8"),
        (b"\x00" * 1_900_000, "U+0000"),
        (b"%TAG ! x\n" * 200_000, "not YAML"),
        (b"a: |\n" + b" x\n" * 600_000, "read"),
        (b"#" * 1_900_000, "read"),
    ],
    ids=lambda value: repr(value[:12]) if isinstance(value, bytes) else "",
)
def test_a_hostile_file_costs_little(tmp_path: Path, data: bytes, message: str) -> None:
    file = tmp_path / "hostile.yaml"
    file.write_bytes(data)
    assert message in verdict(file)


def test_a_hundred_megabytes_are_not_read(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    with file.open("wb") as stream:
        stream.write(b"a: b\n")
        stream.truncate(100_000_000)
    assert "larger than 2 MB" in verdict(file)


def test_many_files_together_are_bounded(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"{number:02d}.yaml").write_bytes(b"# " + b"x" * 1_900_000)
    assert "all files together are larger than 20 MB" in verdict(tmp_path)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    subprocess.run(["mkfifo", str(tmp_path / "pipe.yaml")], check=True)
    assert "is not a regular file" in verdict(tmp_path)
    (tmp_path / "pipe.yaml").unlink()
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    assert "is not a regular file" in verdict(tmp_path)
