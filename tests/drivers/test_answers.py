"""The outcome of a delivery is kept in English, without the numbers of the operating system, and said anew."""

from collections.abc import Callable
from ipaddress import ip_network

import pytest
from django.utils.translation import gettext, override

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.saying import said
from mainstay.drivers.answers import heard
from mainstay.drivers.channels import Message, Undelivered, load
from tests.servers import free_port


@pytest.mark.parametrize(
    ("outcome", "chinese"),
    [
        ("127.0.0.1:25: Connection refused", "127.0.0.1:25：对方拒绝连接"),
        ("mail.example:25: no end within 20 s", "mail.example:25：20 秒内未结束"),
        ("cannot connect to 127.0.0.1:1", "无法连接 127.0.0.1:1"),
        ("mail.example refused the account: 535", "mail.example 拒绝了该账号：535"),
        ("mail.example answered 550 no such user", "mail.example 应答 550 no such user"),
        ("the receiver answered 503: busy", "接收方应答 503：busy"),
        ("accepted by mail.example:25 for it@shop.example", "mail.example:25 已接收，收件人：it@shop.example"),
        ("${M} has no value; give it with: mainstay secret set M", "${M} 没有值；请执行 mainstay secret set M 设置"),
        ("what nobody knows: [x]", "what nobody knows: [x]"),
        ("", ""),
    ],
)
def test_an_outcome_is_said_in_the_readers_language(outcome: str, chinese: str) -> None:
    assert heard(outcome) == outcome, "in English as it stands"
    with override("zh-hans"):
        assert said(heard(outcome), gettext) == chinese


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("smtp", lambda port: {"host": "127.0.0.1", "port": port, "sender": "m@shop.example", "to": ["a@b.example"]}),
        ("webhook", lambda port: {"url": f"http://127.0.0.1:{port}/"}),
    ],
)
def test_nobody_is_told_the_number_of_an_error(kind: str, settings: Callable[[int], dict[str, object]]) -> None:
    module = load(kind)
    message = Message("k", "t", "subject", "text", "<p>", network=NetworkPolicy((ip_network("127.0.0.0/8"),)))
    with pytest.raises(Undelivered) as found:
        module.send(module.Settings.model_validate(settings(free_port())), message, 5.0)
    assert "Errno" not in found.value.reason
    with override("zh-hans"):
        assert not said(heard(found.value.reason), gettext).isascii(), found.value.reason
