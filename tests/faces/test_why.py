"""Why a look failed, as a Chinese reader has it: on a page and in a mail. What a foreign system says stays as it is."""

import errno
import html
import os
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import asyncssh
import pycurl
import pytest
from django.test import Client
from django.utils import translation

from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import Channel, Check
from mainstay.checker.rounds import _unfit
from mainstay.domain import heartbeat, state_machine
from mainstay.domain.actor import Role
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Problem, Reading, late
from mainstay.drivers import curl, ssh
from mainstay.drivers.connect import NO_HOST, NotConnected, failed, literal
from mainstay.drivers.database import Unread, connect
from mainstay.drivers.named_programs import named
from mainstay.drivers.probes import Reach, file, plugin, smtp
from mainstay.drivers.probes.integrity import _broken
from mainstay.drivers.queue_rabbitmq import RabbitMQ
from mainstay.drivers.rows import Rows
from mainstay.drivers.statement import Refused, examined
from mainstay.engine.wording import compose
from mainstay.incidents.actions import follow
from mainstay.line import Outcome, message
from mainstay.monitoring.models import Standing, StateChange
from mainstay.monitoring.wording import explain, in_codes
from mainstay.notices.models import Delivery
from tests.faces.test_web import person
from tests.line.looking import apply

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"),))
DOOR = ssh.Door("10.0.0.9", "ops")
Made = Callable[[Path], Problem | None]


def reach(folder: Path, timeout: float = 5.0) -> Reach:
    return Reach(timeout, LOOPBACK, {}, lambda _key, make: make(), (str(folder),))


def refused(act: Callable[[], Any]) -> Problem:
    with pytest.raises((NotConnected, Unread)) as caught:
        act()
    found: Problem = caught.value.problem  # type: ignore[union-attr]
    return found


def no_statement(text: str) -> Problem:
    with pytest.raises(Refused) as caught:
        examined(text, "postgres")
    return Unread(Fault.QUERY, caught.value.args[0]).problem


def refused_by_mail(_folder: Path) -> Problem:
    probe = smtp.Probe(smtp.Settings(host="mx", port=25, user="ops", password="hidden-word"), None)  # type: ignore[arg-type]
    with pytest.raises(smtp._Amiss) as caught:
        smtp._accepted((554, b"no hidden-word here"), smtp._answers("EHLO"), (250,))

    class NoBounds:
        def problem(self, _error: Exception, _where: str) -> None:
            return None

    return probe._problem(caught.value, NoBounds())  # type: ignore[arg-type]


def beaten(*beats: heartbeat.Beat) -> Problem | None:
    return heartbeat.look(heartbeat.Expectation(60, 60, period=60), beats, 0.0, 1000.0).problem


def rabbit(status: int, body: bytes) -> Problem | None:
    queue = RabbitMQ("http://mq", "/", "orders", user="", password="", ca_file="", network=LOOPBACK, seconds=1)
    return queue._judge(status, body).problem


def transferred(code: int, text: str) -> Problem:
    return curl.problem(code, text)


TABLE: list[tuple[str, Made]] = [
    ("未在限时内响应：5 秒内无应答", lambda _: late(5.0)),
    ("检查项配置有误，无法执行：没有主机：请在探测或其组件中填写", lambda _: NO_HOST),
    ("检查项配置有误，无法执行：ValueError", lambda _: _unfit("ValueError").problem),
    ("连接被拒绝：db:5432：对方拒绝连接", lambda _: refused_by(errno.ECONNREFUSED)),
    ("网络不可达：db:5432：没有到主机的路由", lambda _: refused_by(errno.EHOSTUNREACH)),
    ("169.254.169.254 是链路本地地址或元数据地址，一律不连接",
     lambda _: refused(lambda: literal("169.254.169.254", 80, LOOPBACK))),
    ("10.1.1.1 不在允许的网段内；管理员可在", lambda _: refused(lambda: literal("10.1.1.1", 80, LOOPBACK))),
    ("无法连接 db:80",
     lambda _: transferred(7, "Failed to connect to db port 80 after 0 ms: Could not connect to server")),
    ("2.5 秒内无应答",
     lambda _: transferred(28, "Operation timed out after 2500 milliseconds with 0 bytes received")),
    ("无法解析主机名 shop.example", lambda _: transferred(6, "Could not resolve host: shop.example")),
    ("证书有问题：证书已过期",
     lambda _: transferred(pycurl.E_PEER_FAILED_VERIFICATION, "SSL certificate problem: certificate has expired")),
    ("会话中断：连接被对方重置", lambda _: transferred(56, "Recv failure: Connection reset by peer")),
    ("它说的话 as it is", lambda _: transferred(1, "它说的话 as it is")),
    ("退出码 3", lambda _: beaten(heartbeat.Beat(990, heartbeat.Word.FAIL, 3))),
    ("任务报告自身失败", lambda _: beaten(heartbeat.Beat(990, heartbeat.Word.FAIL))),
    ("从未收到上报；应不晚于 1970-01-01 00:01:00 UTC", lambda _: beaten()),
    ("最近一次上报 1970-01-01 00:00:10 UTC；下一次应不晚于",
     lambda _: beaten(heartbeat.Beat(10, heartbeat.Word.SUCCESS))),
    ("已运行 16m30s，超过允许的 1m", lambda _: beaten(heartbeat.Beat(10, heartbeat.Word.START))),
    ("数据不符合规则：1 行", lambda _: _broken(Rows(("id",), [{"id": 1}], more=False))),
    ("数据不符合规则：超过 2 行", lambda _: _broken(Rows(("id",), [{"id": 1}, {"id": 2}], more=True))),
    ("没有与 {folder}/*.dump 匹配的文件",
     lambda folder: file.Probe(file.Settings(path=f"{folder}/*.dump"), reach(folder)).read().problem),
    ("{folder}/none：文件或目录不存在",
     lambda folder: file.Probe(file.Settings(directory=f"{folder}/none"), reach(folder)).read().problem),
    ("{folder} 中没有程序 check_x，请安装", lambda folder: found(named("check_x", [str(folder)]))),
    ("被信号 9 终止：x", lambda _: plugin._judged(-9, b"x", 0.1).problem),
    ("DISK CRITICAL - free space", lambda _: plugin._judged(2, b"DISK CRITICAL - free space", 0.1).problem),
    ("mx:25：对 EHLO 的应答为 554 no … here", refused_by_mail),
    ("10.0.0.9 拒绝了用户 ops", lambda _: ssh.problem_of(asyncssh.PermissionDenied("no"), DOOR)[0]),
    ("10.0.0.9 的主机密钥与预先固定的不一致",
     lambda _: ssh.problem_of(asyncssh.HostKeyNotVerifiable("no"), DOOR)[0]),
    ("10.0.0.9：输出超过 2 MB", lambda _: ssh.problem_of(ssh.TooMuch(), DOOR)[0]),
    ("没有/ 的队列 orders", lambda _: rabbit(404, b"")),
    ("状态码 500，应为 200", lambda _: rabbit(500, b"")),
    ("/ 的队列 orders的状态为 down", lambda _: rabbit(200, b'{"state": "down"}')),
    ("dsn：请写 postgresql://", lambda _: refused(lambda: connect("oracle://x", LOOPBACK, 1.0))),
    ("UPDATE 不是 SELECT 语句", lambda _: no_statement("update x set a = 1")),
]  # fmt: skip


def refused_by(number: int) -> Problem:
    return failed(OSError(number, os.strerror(number)), "db:5432").problem


def found(problem: str | Problem) -> Problem:
    assert isinstance(problem, Problem)
    return problem


@pytest.fixture
def failing(db: None, tmp_path: Path) -> list[tuple[str, dict[str, Any]]]:
    """A check for each row, its failure stored by the line; with what a Chinese reader should have."""
    checks = "".join(f"  c{place}: {{probe: {{kind: heartbeat, period: 1h}}}}\n" for place in range(len(TABLE)))
    apply(f"system: shop\nchecks:\n{checks}")
    Channel.objects.create(name="mail", kind="smtp", document={"language": "zh"})
    specs = {spec.path: spec for spec in catalogue.specs()}
    now, rows = datetime.now(UTC), []
    for place, (wanted, made) in enumerate(TABLE):
        reading = Reading(problem=made(tmp_path))
        spec = specs[f"shop/c{place}"]
        stored = message(Outcome(spec, 0.0, reading, state_machine.judge_alone(reading, spec.rule, 0.0)))
        Standing.objects.create(
            check_of_id=spec.id, state="critical", since=now, looked_at=now, updated_at=now, message=stored
        )
        rows.append((wanted.format(folder=tmp_path), stored))
    return rows


def test_a_page_says_it_in_chinese(failing: list[tuple[str, dict[str, Any]]]) -> None:
    who = person(Role.VIEWER)
    chinese = seen(who, "zh-CN")
    assert [wanted for wanted, _ in failing if wanted not in chinese] == []
    english = seen(who, "en")
    assert "no answer in time: no answer within 5 s" in english
    assert "DISK CRITICAL - free space" in english
    assert "5 秒內無應答" in seen(who, "zh-TW")


def seen(who: Client, language: str) -> str:
    return html.unescape(who.get("/systems/shop/?size=100", headers={"accept-language": language}).content.decode())


def test_a_mail_says_it_in_chinese(failing: list[tuple[str, dict[str, Any]]]) -> None:
    check = Check.objects.get(name="c0")
    change = StateChange.objects.create(check_of=check, at=datetime.now(UTC), before="ok", after="critical")
    follow([change], change.at)
    delivery = Delivery.objects.select_related("notice").get()
    for wanted, stored in failing:
        StateChange.objects.update(message=stored)
        told = compose(delivery, "zh")
        assert wanted in told.text
        assert wanted in html.unescape(told.html)


def test_what_was_stored_before_reads_as_it_did() -> None:
    before = {"fault": "refused", "detail": "nobody listens at db:5432"}
    with translation.override("zh-hans"):
        assert explain(before) == "连接被拒绝：nobody listens at db:5432"
    assert in_codes(before) == before


def test_programs_have_the_detail_in_english(failing: list[tuple[str, dict[str, Any]]]) -> None:
    assert in_codes(failing[0][1])["detail"] == "no answer within 5 s"
    with translation.override("zh-hans"):
        assert in_codes(failing[0][1])["detail"] == "no answer within 5 s"
