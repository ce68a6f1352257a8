"""The robots of group chats, posted to by ourselves: DingTalk, WeCom, Feishu, Lark, Slack.

The first four refuse with HTTP 200 and a code in the body, which Apprise reads of two of them and hands on of none; and
Feishu's signature it does not know. A hook address is accepted as its service's page shows it, or in Apprise's form. A
robot that demands a signature has its secret appended: ``&secret=…`` at DingTalk, ``?secret=…`` at Feishu and Lark.

https://open.dingtalk.com/document/robots/custom-robot-access
https://developer.work.weixin.qq.com/document/path/91770
https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
https://api.slack.com/messaging/webhooks
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from mainstay.drivers.channels import Message, Undelivered
from mainstay.drivers.channels._posting import delivered


@dataclass(frozen=True, slots=True)
class Service:
    """``longest`` is in bytes of text. ``busy`` are the codes by which it asks for patience: too much at once, or
    trouble of its own; every other (wrong token, signature, keyword, address) will be said again."""

    name: str
    longest: int
    busy: frozenset[int]
    request: Callable[["Robot", str], tuple[str, dict[str, Any]]]
    codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Robot:
    """One hook. ``token`` is what of its address must stay secret, as ``secret`` must."""

    service: Service
    token: str
    secret: str = ""
    mobiles: tuple[str, ...] = ()


def robot(url: str) -> Robot | None:
    """Whose hook this is; None for an address that is none of these."""
    parts = urlsplit(url)
    host, query = parts.hostname or "", {name: values[0] for name, values in parse_qs(parts.query).items()}
    ends = parts.path.rstrip("/").rpartition("/")[2]
    if host == "oapi.dingtalk.com" and "access_token" in query:
        return Robot(DINGTALK, query["access_token"], query.get("secret", ""))
    if host == "qyapi.weixin.qq.com" and "key" in query:
        return Robot(WECOM, query["key"])
    if host in _FEISHU and "/hook/" in parts.path:
        return Robot(_FEISHU[host], ends, query.get("secret", ""))
    if host == "hooks.slack.com" and parts.path.startswith("/services/"):
        return Robot(SLACK, parts.path.removeprefix("/services/"))
    return _in_form_of_apprise(url)


def _in_form_of_apprise(url: str) -> Robot | None:
    scheme, _, rest = url.partition("://")
    user, _, place = rest.partition("?")[0].rpartition("@")
    token, *mobiles = filter(None, place.split("/"))  # not by urlsplit, which writes a host in small letters
    if scheme == "dingtalk":
        return Robot(DINGTALK, token, user, tuple(mobiles))
    return Robot(_SCHEMES[scheme], token) if scheme in _SCHEMES and not user else None


def tell(robot: Robot, message: Message, timeout: float) -> str:
    """The receiver's answer. Raises Undelivered with its own reason."""
    service = robot.service
    url, content = service.request(robot, with_key(f"{message.subject}\n{message.text}", message.key, service.longest))
    body = json.dumps(content, ensure_ascii=False).encode()
    return delivered(
        url, body, ["Content-Type: application/json; charset=utf-8"], message, timeout,
        secrets=[robot.token, robot.secret], judge=lambda status, answer: _judge(service, status, answer),
    )  # fmt: skip


def with_key(text: str, key: str, longest: int) -> str:
    """The text and the key as its last line, together at most ``longest`` bytes: the text gives way, never the key."""
    text = text.rstrip().removesuffix(key).rstrip()
    room = longest - len(f"\n{key}".encode())
    data = text.encode()
    if len(data) > room:
        text = data[: room - len("…".encode())].decode("utf-8", "ignore") + "…"
    return f"{text}\n{key}"


def _judge(service: Service, status: int, answer: str) -> None:
    if service is SLACK:
        if status == 200 and answer.strip() != "ok":
            raise Undelivered(f"an answer that is not Slack's: {answer}")
        return
    try:
        said = json.loads(answer)
    except ValueError:
        said = None
    code = next((said[name] for name in service.codes if name in said), None) if isinstance(said, dict) else None
    if code:
        words = next((said[name] for name in service.words if said.get(name)), "no reason given")
        raise Undelivered(f"refused with {code}: {words}", retry=code in service.busy)
    if code is None and 200 <= status < 300:  # a proxy's page, a login of the network: not taken
        raise Undelivered(f"an answer that is not {service.name}'s: {answer}")


def _dingtalk(robot: Robot, text: str) -> tuple[str, dict[str, Any]]:
    query = {"access_token": robot.token}
    if robot.secret:
        at = str(round(time.time() * 1000))
        query |= {"timestamp": at, "sign": _signed(robot.secret, f"{at}\n{robot.secret}")}
    content = {"msgtype": "text", "text": {"content": text}, "at": {"atMobiles": robot.mobiles, "isAtAll": False}}
    return f"https://oapi.dingtalk.com/robot/send?{urlencode(query)}", content


def _wecom(robot: Robot, text: str) -> tuple[str, dict[str, Any]]:
    url = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?{urlencode({'key': robot.token})}"
    return url, {"msgtype": "text", "text": {"content": text}}


def _feishu(host: str) -> Callable[[Robot, str], tuple[str, dict[str, Any]]]:
    def request(robot: Robot, text: str) -> tuple[str, dict[str, Any]]:
        content: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
        if robot.secret:
            at = str(int(time.time()))
            content |= {"timestamp": at, "sign": _signed(f"{at}\n{robot.secret}", "")}
        return f"https://{host}/open-apis/bot/v2/hook/{quote(robot.token)}", content

    return request


def _slack(robot: Robot, text: str) -> tuple[str, dict[str, Any]]:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"https://hooks.slack.com/services/{quote(robot.token)}", {"text": escaped}


def _signed(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


_ERRCODE = {"codes": ("errcode",), "words": ("errmsg",)}
_CODE = {"codes": ("code", "StatusCode"), "words": ("msg", "StatusMessage")}

DINGTALK = Service("DingTalk", 18_000, frozenset({-1, 130101, 410100}), _dingtalk, **_ERRCODE)
WECOM = Service("WeCom", 2_048, frozenset({-1, 45009, 45033}), _wecom, **_ERRCODE)
FEISHU = Service("Feishu", 18_000, frozenset({11232, 99991400}), _feishu("open.feishu.cn"), **_CODE)
LARK = Service("Lark", 18_000, FEISHU.busy, _feishu("open.larksuite.com"), **_CODE)
SLACK = Service("Slack", 18_000, frozenset(), _slack)

_FEISHU = {"open.feishu.cn": FEISHU, "open.larksuite.com": LARK}
_SCHEMES = {"wecombot": WECOM, "feishu": FEISHU, "lark": LARK}
