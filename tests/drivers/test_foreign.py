"""What real libraries say when something fails is known, so that it can be said in the reader's language."""

import asyncio
import os
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mainstay.domain.reading import Reading
from mainstay.domain.saying import Saying, said
from mainstay.drivers.foreign import known, os_words
from tests.drivers.test_http import OK, Answer, ask, certificate, look, reach, says, serving, whole


async def silent(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(5)


async def gone(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    line: socket.socket = writer.get_extra_info("socket")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def marked(text: str) -> str:
    """What can be said in another language, put into marks."""
    return f"«{text}»"


def shown(reading: Reading) -> str:
    assert reading.problem is not None
    return said(reading.problem.detail, marked)


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (silent, "«no answer within 0.3 s»"),
        (gone, "«Empty reply from server»"),
        (reset, "«the conversation broke off: «Connection reset by peer»»"),
        (says(OK + b"Content-Length: 9\r\n\r\nx"), "«the answer broke off, 8 bytes are missing»"),
        (says(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"), "«Maximum (3) redirects followed»"),
    ],
    ids=["silent", "gone", "reset", "short", "round-and-round"],
)
def test_what_libcurl_says_of_a_server(answer: Answer, wanted: str) -> None:
    assert shown(ask(answer, 0.3 if answer is silent else 5.0, redirects=3, contains="y")) == wanted


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("http://127.0.0.1:1/", "«cannot connect to 127.0.0.1:1»"),
        ("http://no-such-name.invalid/", "«Could not resolve host: no-such-name.invalid»"),
    ],
)
def test_what_libcurl_says_of_the_way(url: str, wanted: str) -> None:
    assert shown(asyncio.run(look("http", reach(5.0), url=url))) == wanted


@pytest.mark.parametrize(
    ("name", "days", "trusted", "wanted"),
    [
        ("localhost", -1, True, "«certificate has expired»"),
        ("localhost", 60, False, "«self-signed certificate»"),
        ("elsewhere.example", 60, True, "«"),
    ],
)
def test_what_openssl_says_of_a_certificate(tmp_path: Path, name: str, days: float, trusted: bool, wanted: str) -> None:
    context, ca = certificate(tmp_path, name, days), str(tmp_path / "cert.pem") if trusted else ""

    async def run() -> list[Reading]:
        async with serving(says(whole(b"")), context) as port:
            by_probe = await look("tls", reach(5.0), host="localhost", port=port, ca_file=ca)
            return [by_probe, await look("http", reach(5.0), url=f"https://localhost:{port}/", ca_file=ca)]

    for reading in asyncio.run(run()):
        assert shown(reading).startswith("«")
        assert wanted in shown(reading)


def test_what_openssl_says_of_what_is_not_tls() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async def run() -> Reading:
        async with serving(plain) as port:
            return await look("http", reach(5.0), url=f"https://localhost:{port}/")

    assert shown(asyncio.run(run())) == "«TLS connect error: «wrong version number»»"


def errors(folder: Path) -> Iterator[Callable[[], object]]:
    yield lambda: socket.create_connection(("127.0.0.1", 1), 5)
    yield (folder / "none").read_text
    yield lambda: os.scandir(folder / "none")
    yield folder.read_text


def test_what_the_operating_system_says(tmp_path: Path) -> None:
    for act in errors(tmp_path):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - whichever it is, its words are what is asked for
            act()
        assert isinstance(os_words(caught.value), Saying), caught.value


def test_what_is_not_known_stays_as_it_is() -> None:
    assert known("ORA-00942: table or view does not exist") == "ORA-00942: table or view does not exist"
    assert not isinstance(known("something else"), Saying)
