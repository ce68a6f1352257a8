"""Files that people send: no name does harm, no type is believed, and what is too much is refused."""

import pytest

from mainstay.domain.attachment import LARGEST, LONGEST_NAME, MOST, Unfit, fits, sniff, tame


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"RIFF....WAVE", "text/plain"),
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "text/plain"),
        (b"<!doctype html><script>alert(1)</script>", "text/plain"),
        ("日志 ok\n\ttab\x1b[0m".encode(), "text/plain"),
        (b"\x00\x01", "application/octet-stream"),
        (b"\xff\xfe\x41", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_the_type_is_what_is_inside(content: bytes, kind: str) -> None:
    assert sniff(content) == kind


@pytest.mark.parametrize(
    ("name", "tamed"),
    [
        ("screen.png", "screen.png"),
        ("屏幕 截图.png", "屏幕 截图.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\fakepath\\x.txt", "x.txt"),
        ("a\r\nSet-Cookie: b=1.txt", "aSet-Cookie_ b=1.txt"),
        ("invoice\u202egnp.exe", "invoicegnp.exe"),
        ('a"<b>.png', "a__b_.png"),
        ("..", "file"),
        ("", "file"),
        ("\0", "file"),
        (".htaccess", "htaccess"),
    ],
)
def test_no_name_does_harm(name: str, tamed: str) -> None:
    assert tame(name) == tamed


@pytest.mark.parametrize("name", ["x" * 500, "x" * 500 + ".png", "x." + "y" * 500])
def test_no_name_is_too_long(name: str) -> None:
    assert 0 < len(tame(name)) <= LONGEST_NAME
    assert not name.endswith(".png") or tame(name).endswith(".png")


@pytest.mark.parametrize(
    ("size", "before", "why"),
    [
        (1, 0, ""),
        (LARGEST, 0, ""),
        (LARGEST, MOST - LARGEST, ""),
        (0, 0, "a.png is empty"),
        (LARGEST + 1, 0, "a.png has 10.1 MB; a file may have 10 MB at most"),
        (3 * LARGEST, 0, "a.png has 30 MB; a file may have 10 MB at most"),
        (LARGEST, MOST - LARGEST // 2, "a.png has 10 MB, and this incident has room for 5.0 MB more of 50 MB in all"),
    ],
)
def test_what_fits(size: int, before: int, why: str) -> None:
    if not why:
        fits("a.png", size, before)
        return
    with pytest.raises(Unfit) as told:
        fits("a.png", size, before)
    assert str(told.value) == why
