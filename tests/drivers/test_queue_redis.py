"""Queues in Redis: a real server with every kind of key, and servers whose answers are none."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Reading
from mainstay.drivers.probes import Reach
from mainstay.drivers.probes.queue import Probe, Settings
from mainstay.drivers.queue_redis import Line, moment
from tests.drivers.looker import Looker
from tests.drivers.test_http import certificate
from tests.servers import redis

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"),))


def look(url: str, timeout: float = 5.0, network: NetworkPolicy = LOOPBACK, **settings: Any) -> Reading:
    reach = Reach(timeout, network, {"url": url}, lambda _key, make: make())
    return Probe(Settings.model_validate({"source": "redis", "key": "jobs", **settings}), reach).read()


def fault(reading: Reading) -> Fault | None:
    return reading.problem.fault if reading.problem else None


def words(reading: Reading) -> str:
    return reading.problem.detail if reading.problem else ""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with redis() as address:
        yield address


@pytest.fixture
def ask(url: str) -> Iterator[Callable[..., Any]]:
    """Says something to the server; what was there before is gone."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as sock, closing(Line(sock, "")) as line:
        line.ask("FLUSHALL")
        yield line.ask


def job(minutes: float) -> str:
    return f'{{"job": {{"at": "{(datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()}"}}, "id": 1}}'


def entry(seconds: float) -> str:
    return f"{int((time.time() - seconds) * 1000)}-0"


def about(seconds: float) -> Any:
    return pytest.approx(seconds, abs=30)


def test_what_is_not_there_is_empty(url: str, ask: Callable[..., Any]) -> None:
    assert look(url).values == {"depth": 0, "age": 0}


@pytest.mark.parametrize("push", ["LPUSH", "RPUSH"])
def test_a_list_from_either_end(url: str, ask: Callable[..., Any], push: str) -> None:
    for minutes in (20, 10, 5):
        ask(push, "jobs", job(minutes))
    assert look(url).values == {"depth": 3}, "a list by itself has no age"
    assert look(url, age_field="$.job.at").values == {"depth": 3, "age": about(1200)}


@pytest.mark.parametrize(
    ("element", "said"),
    [
        ("plain", "is not JSON"),
        ("[" * 9999, "is not JSON"),
        ('{"id": 7}', "no time at"),
        ('{"at": true}', "no time at"),
    ],
)
def test_a_list_whose_elements_tell_no_time(url: str, ask: Callable[..., Any], element: str, said: str) -> None:
    ask("LPUSH", "jobs", element)
    reading = look(url, age_field="at")
    assert (fault(reading), reading.values) == (Fault.CONTENT, {"depth": 1})
    assert said in words(reading)
    assert "plain" not in words(reading), "what waits in a queue is nobody's business here"


def test_a_set_and_a_sorted_set(url: str, ask: Callable[..., Any]) -> None:
    ask("SADD", "names", "a", "b")
    ask("ZADD", "due", time.time_ns() // 1_000_000 - 90_000, "late", int(time.time()) * 1000 + 60_000, "later")
    ask("ZADD", "ranks", 1, "first", 2, "second")
    assert look(url, key="names").values == {"depth": 2}
    assert look(url, key="due").values == {"depth": 2, "age": about(90)}
    assert look(url, key="ranks", scores="ranks").values == {"depth": 2}
    wrong = look(url, key="ranks")
    assert (fault(wrong), wrong.values, wrong.blind) == (Fault.SETUP, {"depth": 2}, True)


def test_a_stream(url: str, ask: Callable[..., Any]) -> None:
    for seconds in (300, 200, 100):
        ask("XADD", "jobs", entry(seconds), "order", "7")
    assert look(url).values == {"depth": 3, "age": about(300)}


def test_the_work_of_a_group(url: str, ask: Callable[..., Any]) -> None:
    """Redis keeps what was acknowledged: only the group knows what is still to be done."""
    for seconds in (400, 300, 200, 100):
        ask("XADD", "jobs", entry(seconds), "order", "7")
    ask("XGROUP", "CREATE", "jobs", "packers", "0")
    first, second = ask("XREADGROUP", "GROUP", "packers", "alice", "COUNT", 2, "STREAMS", "jobs", ">")[0][1]
    handed = {"unacknowledged": 2, "ready": 2, "depth": 4, "consumers": 1}
    assert look(url, group="packers").values == {**handed, "age": about(400)}
    ask("XACK", "jobs", "packers", first[0].decode())
    assert look(url, group="packers").values["age"] == about(300)
    ask("XACK", "jobs", "packers", second[0].decode())
    assert look(url, group="packers").values == {**handed, "unacknowledged": 0, "depth": 2, "age": about(200)}
    for number, _ in ask("XREADGROUP", "GROUP", "packers", "alice", "STREAMS", "jobs", ">")[0][1]:
        ask("XACK", "jobs", "packers", number.decode())
    assert look(url, group="packers").values == {
        "unacknowledged": 0, "ready": 0, "depth": 0, "consumers": 1, "age": 0,
    }  # fmt: skip
    assert fault(look(url, group="nobody")) is Fault.MISSING


def test_a_lag_that_redis_itself_does_not_know_is_not_made_up(url: str, ask: Callable[..., Any]) -> None:
    numbers = [entry(seconds) for seconds in (400, 300, 200, 100)]
    for number in numbers:
        ask("XADD", "jobs", number, "order", "7")
    ask("XGROUP", "CREATE", "jobs", "packers", numbers[0])
    ask("XDEL", "jobs", numbers[2])
    reading = look(url, group="packers")
    assert reading.problem is None
    assert reading.values == {"unacknowledged": 0, "consumers": 0, "age": about(300)}


@pytest.mark.parametrize(
    ("command", "settings", "said"),
    [
        (("SET", "jobs", "7"), {}, "is a string, no list"),
        (("HSET", "jobs", "a", "b"), {}, "is a hash, no list"),
        (("LPUSH", "jobs", "a"), {"group": "packers"}, "group is for a stream"),
        (("SADD", "jobs", "a"), {"age_field": "at"}, "age_field is for a list"),
    ],
)
def test_what_is_no_queue(
    url: str, ask: Callable[..., Any], command: tuple[str, ...], settings: dict[str, Any], said: str
) -> None:
    ask(*command)
    reading = look(url, **settings)
    assert (fault(reading), reading.blind) == (Fault.SETUP, True)
    assert said in words(reading)


def test_another_database_and_the_account(ask: Callable[..., Any], url: str) -> None:
    ask("SELECT", 3)
    ask("LPUSH", "jobs", "a")
    assert look(url.removesuffix("/0") + "/3").values == {"depth": 1}
    ask("ACL", "SETUSER", "watch", "on", ">secret", "~jobs", "+type", "+llen", "+select")
    for where in (url.replace("redis://", "redis://watch:secret@"), url):
        named = {} if "@" in where else {"user": "watch", "password": "secret"}
        assert look(where.removesuffix("/0") + "/3", **named).values == {"depth": 1}
    wrong = look(url, user="watch", password="password is wrong")
    assert fault(wrong) is Fault.AUTH
    denied = look(url, user="watch", password="secret", key="other")
    assert fault(denied) is Fault.AUTH


def test_a_server_with_a_password() -> None:
    with redis("secret") as address:
        assert look(address).values == {"depth": 0, "age": 0}
        bare = address.replace(":secret@", "")
        assert fault(look(bare)) is Fault.AUTH
        assert fault(look(bare, password="wrong")) is Fault.AUTH


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("redis://127.0.0.1:1", Fault.REFUSED),
        ("redis://10.1.2.3", Fault.DENIED),
        ("redis://169.254.169.254", Fault.DENIED),
        ("redis://no-such-host.invalid", Fault.UNRESOLVED),
        ("http://127.0.0.1", Fault.SETUP),
        ("redis://127.0.0.1:port", Fault.SETUP),
        ("redis://127.0.0.1/jobs", Fault.SETUP),
        ("", Fault.SETUP),
    ],
)
def test_where_nobody_may_or_can_be_asked(where: str, expected: Fault) -> None:
    assert fault(look(where)) is expected


def test_tls(tmp_path: Path) -> None:
    context = certificate(tmp_path)
    with saying(b"+none\r\n", context=context) as port:
        trusted = look(f"rediss://localhost:{port}", ca_file=str(tmp_path / "cert.pem"))
        strange = look(f"rediss://localhost:{port}")
        assert (trusted.problem, fault(strange)) == (None, Fault.TLS)
        assert fault(look(f"rediss://localhost:{port}", ca_file=str(tmp_path / "none.pem"))) is Fault.SETUP
    with saying(b"+none\r\n") as port:
        assert fault(look(f"rediss://localhost:{port}", 1.0)) is Fault.TLS


@contextmanager
def saying(*answers: bytes, pause: float = 0.0, again: bool = False, context: Any = None) -> Iterator[int]:
    """Gives one answer a question, the last one ``again`` without end; then holds the line."""
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def talk(line: socket.socket) -> None:
        with line:
            for answer in answers:
                line.recv(4096)
                line.sendall(answer)
            while again and not over.is_set():
                line.sendall(answers[-1])
                over.wait(pause)
            over.wait()

    def each() -> None:
        while not over.is_set():
            line, _ = server.accept()
            threading.Thread(target=one, args=(line,), daemon=True).start()

    def one(line: socket.socket) -> None:
        try:
            talk(context.wrap_socket(line, server_side=True) if context else line)
        except OSError:
            line.close()

    thread = threading.Thread(target=each)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        over.set()
        socket.create_connection(server.getsockname()).close()
        thread.join()
        server.close()


ZSET, STREAM, LIST = b"+zset\r\n", b"+stream\r\n", b"+list\r\n"
HOSTILE: dict[str, tuple[dict[str, Any], list[bytes], bool, set[Fault]]] = {
    "silence": ({}, [b""], False, {Fault.TIMEOUT}),
    "another protocol": ({}, [b"SSH-2.0-OpenSSH_9.2\r\n"], False, {Fault.PROTOCOL}),
    "a line without end": ({}, [b"+" + b"x" * 9999], True, {Fault.PROTOCOL}),
    "a slow drip": ({}, [b"+"], True, {Fault.TIMEOUT}),
    "a text of a gigabyte": ({}, [b"$1000000000\r\n", b"x" * 65_536], True, {Fault.TOO_LARGE}),
    "a list of a billion": ({}, [b"*1000000000\r\n" + b":1\r\n" * 400_000], False, {Fault.TOO_LARGE, Fault.TIMEOUT}),
    "lists in lists": ({}, [b"*1\r\n" * 5000], False, {Fault.PROTOCOL}),
    "no number": ({}, [LIST, b":many\r\n"], False, {Fault.PROTOCOL}),
    "a number of thousands of digits": ({}, [LIST, b":" + b"9" * 4000 + b"\r\n"], False, {Fault.PROTOCOL}),
    "a text for a number": ({}, [LIST, b"+3\r\n"], False, {Fault.PROTOCOL}),
    "a number for a name": ({}, [b":1000000000\r\n"], False, {Fault.PROTOCOL}),
    "a score that is none": ({}, [ZSET, b":1\r\n", b"*2\r\n$1\r\na\r\n$3\r\nnan\r\n"], False, {Fault.SETUP}),
    "entries that are none": ({}, [STREAM, b":1\r\n", b"*1\r\n*-1\r\n"], False, {Fault.PROTOCOL}),
    "an entry without time": ({}, [STREAM, b":1\r\n", b"*1\r\n*2\r\n$1\r\nx\r\n*0\r\n"], False, {Fault.PROTOCOL}),
    "a group that is none": (
        {"group": "a"}, [STREAM, b"*1\r\n:0\r\n", b"*1\r\n*1\r\n$1\r\na\r\n"], False, {Fault.PROTOCOL},
    ),
    "an element too long": ({"age_field": "at"}, [LIST, b":1\r\n", b"$2000000\r\n"], False, {Fault.TOO_LARGE}),
    "a time beyond all bounds": (
        {"age_field": "at"}, [LIST, b":1\r\n", *[b'$408\r\n{"at":1%s}\r\n' % (b"0" * 400)] * 2], False,
        {Fault.CONTENT},
    ),
    "another node": ({}, [b"-MOVED 3999 127.0.0.1:6381\r\n"], False, {Fault.SETUP}),
    "still loading": ({}, [b"-LOADING Redis is loading the dataset in memory\r\n"], False, {Fault.STATUS}),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_server_costs_little(name: str, looker: Looker) -> None:
    settings, answers, again, faults = HOSTILE[name]
    with saying(*answers, again=again, pause=0.3 if name == "a slow drip" else 0.0) as port:
        url = f"redis://127.0.0.1:{port}"
        seen = looker.look("queue", 1.0, {"source": "redis", "key": "jobs", **settings}, url=url)
    assert seen.fault in faults, seen
    seen.cost_little(1.0)


def test_the_password_is_never_said() -> None:
    with saying(b"-ERR hunter2 is not the word\r\n") as port:
        reading = look(f"redis://127.0.0.1:{port}", password="hunter2")
    assert fault(reading) is Fault.QUERY
    assert words(reading) == "Redis says ERR … is not the word"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1_700_000_000, 1.7e9), (1_700_000_000_000, 1.7e9), (1.7e15, 1.7e9), (1.7e18, 1.7e9), ("1700000000", 1.7e9),
        ("2023-11-14T22:13:20Z", 1.7e9), ("2023-11-15 06:13:20+08:00", 1.7e9), ("2023-11-14T22:13:20", 1.7e9),
        (5, None), (-1, None), (True, None), (None, None), ("soon", None), ("inf", None), ("nan", None), ([], None),
    ],
)  # fmt: skip
def test_times_as_queues_write_them(value: Any, expected: float | None) -> None:
    assert moment(value) == expected
