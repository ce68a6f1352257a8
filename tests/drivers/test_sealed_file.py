"""A sealed file: opens with its key alone, and not at all once it is altered, cut, lengthened or put together anew."""

import io
import os
from pathlib import Path

import pytest

from mainstay.domain.own_copy import Unfit
from mainstay.drivers import sealed_file
from mainstay.drivers.sealed_file import MAGIC, PIECE, Opening, Sealing

KEY = os.urandom(32)
RING = sealed_file.with_ring(lambda _: KEY)
PLAIN = os.urandom(PIECE) * 2 + b"the end"


def sealed(plain: bytes = PLAIN, step: int = 100_000) -> bytes:
    out = io.BytesIO()
    sealing = Sealing(out, {"version": "0.1.0"}, sealed_file.by_key("0001-ab", KEY))
    for start in range(0, len(plain), step):
        sealing.write(plain[start : start + step])
    sealing.close()
    return out.getvalue()


def opened(content: bytes, key: sealed_file.Key = RING) -> bytes:
    with io.BufferedReader(Opening(io.BytesIO(content), key)) as reader:
        return reader.read()


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_file, "_COST", 1 << 14)


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE])
def test_it_comes_back(size: int) -> None:
    plain = os.urandom(size)
    assert opened(sealed(plain)) == plain


def test_no_word_of_it_can_be_read() -> None:
    content = sealed(b"a secret of the shop" * 1000)
    assert b"secret" not in content
    assert content != sealed(b"a secret of the shop" * 1000), "never twice alike"


@pytest.mark.parametrize("tenth", range(10))
def test_one_altered_bit_anywhere_is_found(tenth: int) -> None:
    content = bytearray(sealed())
    content[(len(content) - 1) * tenth // 9] ^= 1
    with pytest.raises(Unfit):
        opened(bytes(content))


def pieces() -> tuple[bytes, list[bytes]]:
    content = sealed()
    start = len(content) - len(PLAIN) - 3 * 16
    return content[:start], [content[at : at + PIECE + 16] for at in range(start, len(content), PIECE + 16)]


@pytest.mark.parametrize("kept", [0, 5, len(MAGIC), len(MAGIC) + 3, len(MAGIC) + 10, 300, -1, -16, -24])
def test_a_file_cut_short_anywhere_is_found(kept: int) -> None:
    with pytest.raises(Unfit):
        opened(sealed()[:kept])


def test_pieces_are_held_to_their_number_and_place() -> None:
    head, (one, two, last) = pieces()
    other = pieces()[1][1]
    assert opened(head + one + two + last) == PLAIN
    for wrong in (
        [one, two],
        [one, last],
        [two, one, last],
        [one, one, two, last],
        [one, other, last],
        [one, two, last, last],
        [],
    ):
        with pytest.raises(Unfit):
            opened(head + b"".join(wrong))


def test_a_passphrase_opens_what_it_sealed_and_nothing_else(cheap: None, tmp_path: Path) -> None:
    path = tmp_path / "x"
    with path.open("wb") as out:
        sealing = Sealing(out, {"version": "0.1.0"}, sealed_file.by_passphrase("correct horse"))
        sealing.write(b"content")
        sealing.close()
    assert opened(path.read_bytes(), sealed_file.opening("correct horse")) == b"content"
    with pytest.raises(Unfit, match="another passphrase"):
        opened(path.read_bytes(), sealed_file.opening("correct horsf"))
    with pytest.raises(Unfit, match="sealed with a passphrase"):
        opened(path.read_bytes())
    assert sealed_file.header(path)["version"] == "0.1.0"
    assert "correct" not in path.read_bytes().decode("latin-1")


@pytest.mark.parametrize("told", [b'"n": 9999999999999', b'"n": 16385', b'"n": "x"', b'"n": -1'])
def test_no_header_makes_us_spend_all_memory(cheap: None, told: bytes) -> None:
    out = io.BytesIO()
    Sealing(out, {}, sealed_file.by_passphrase("correct horse")).close()
    header = out.getvalue().replace(b'"n": 16384', told)
    length = header.index(b'"}}') + 3 - len(MAGIC) - 4
    with pytest.raises(Unfit, match="header is damaged"):
        opened(header[: len(MAGIC)] + length.to_bytes(4, "big") + header[len(MAGIC) + 4 :], sealed_file.opening("x"))


@pytest.mark.parametrize(
    "content",
    [
        b"", b"PK\x03\x04", MAGIC + b"\xff\xff\xff\xff{}", MAGIC + b"\0\0\0\x02[]", MAGIC + b"\0\0\0\x02{}",
        MAGIC + b'\0\0\0\x0f{"key": "scry"}',
    ],
)  # fmt: skip
def test_what_is_no_copy_is_refused(content: bytes) -> None:
    for key in (RING, sealed_file.opening("x")):
        with pytest.raises(Unfit):
            opened(content, key)
