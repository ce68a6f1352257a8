"""Channels to a receiver on loopback: what arrives there, what a refusal says, and what may not be said or reached.

The group robots stand at their services' own host names, which no test can have: ``post`` as the channel calls it is
handed another address, ``http://127.0.0.1:PORT/<host>/…`` for ``https://<host>/…``, and is the real one otherwise.
"""

import hashlib
import hmac
import json
import threading
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mainstay.domain.network import NetworkPolicy
from mainstay.drivers import curl
from mainstay.drivers.channels import Message, Undelivered, alertmanager, apprise, webhook
from mainstay.drivers.channels._robots import with_key
from tests import servers

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"),))
TEXT = "下单页面打不开\nSystem 商城 <app> & db"
KEY = "0123456789abcdef0123"


class Hook(ThreadingHTTPServer):
    """Keeps what is posted and answers as it is told; while ``hangs`` is set it does not."""

    daemon_threads = True

    def __init__(self) -> None:
        self.posted: list[tuple[str, dict[str, str], bytes]] = []
        self.status, self.answer = 200, "ok"
        self.hangs = threading.Event()
        super().__init__(("127.0.0.1", 0), _Posted)

    @property
    def where(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def only(self) -> tuple[str, dict[str, str], bytes]:
        (one,) = self.posted
        return one

    def handle_error(self, request: object, client_address: object) -> None:
        """Who hung up does not wait for an answer."""


class _Posted(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((self.path, dict(self.headers.items()), body))
        if self.server.hangs.is_set():
            self.rfile.read(1)
            return
        said = self.server.answer.encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    server = Hook()

    def post(url: str, *rest: Any, **more: Any) -> tuple[int, str]:
        return curl.post(url.replace("https://", f"http://{server.where}/"), *rest, **more)

    monkeypatch.setattr("mainstay.drivers.channels._posting.post", post)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def message(text: str = TEXT, network: NetworkPolicy = LOOPBACK, **facts: Any) -> Message:
    return Message(KEY, "incident-7", "[New] 商城", f"{text}\n{KEY}\n", "<p>", facts, network=network)


def told(*urls: str, **about: Any) -> str:
    return apprise.send(apprise.Settings(urls=list(urls)), message(**about), 5.0)


DINGTALK = "https://oapi.dingtalk.com/robot/send?access_token=5d1cAbc"
WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a-4f"
FEISHU = "https://open.feishu.cn/open-apis/bot/v2/hook/aa11-Bb"
LARK = "https://open.larksuite.com/open-apis/bot/v2/hook/cc22"
SLACK = "https://hooks.slack.com/services/T0/B0/xyzXYZ"
GOOD = {
    DINGTALK: '{"errcode":0,"errmsg":"ok"}',
    WECOM: '{"errcode":0,"errmsg":"ok"}',
    FEISHU: '{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}',
    LARK: '{"code":0,"data":{},"msg":"success"}',
    SLACK: "ok",
}


def said(body: bytes) -> str:
    """The text in any of the forms, as its reader sees it."""
    content = json.loads(body)
    match content:
        case {"msgtype": "text", "text": {"content": str(text)}} | {"msg_type": "text", "content": {"text": str(text)}}:
            return text
        case {"text": str(text)}:
            return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return f"{content['title']}\n{content['message']}"


@pytest.mark.parametrize("url", GOOD)
def test_a_pasted_hook_is_told(hook: Hook, url: str) -> None:
    hook.answer = GOOD[url]
    assert told(url) == "taken by 1 address"
    path, headers, body = hook.only()
    assert f"https:/{path}" == url
    assert headers["Content-Type"].startswith("application/json")
    assert said(body) == f"[New] 商城\n{TEXT}\n{KEY}"


@pytest.mark.parametrize(
    ("url", "as_pasted"),
    [
        ("dingtalk://5d1cAbc/", DINGTALK),
        ("wecombot://693a-4f", WECOM),
        ("feishu://aa11-Bb/", FEISHU),
        ("lark://cc22/", LARK),
    ],
)
def test_a_form_of_apprise_is_told_as_well(hook: Hook, url: str, as_pasted: str) -> None:
    hook.answer = GOOD[as_pasted]
    told(url)
    assert f"https:/{hook.only()[0]}" == as_pasted


def test_what_only_apprise_knows_is_told(hook: Hook) -> None:
    told(f"json://{hook.where}/take")
    assert said(hook.only()[2]) == f"[New] 商城\n{TEXT}\n{KEY}"


@pytest.mark.parametrize(
    ("url", "status", "answer", "reason", "retry"),
    [
        (DINGTALK, 200, '{"errcode":310000,"errmsg":"keywords not in content"}', "310000: keywords not in", False),
        (DINGTALK, 200, '{"errcode":300005,"errmsg":"token is not exist"}', "300005: token is not exist", False),
        (DINGTALK, 200, '{"errcode":130101,"errmsg":"send too fast"}', "130101: send too fast", True),
        ("dingtalk://t/", 200, '{"errcode":310000,"errmsg":"sign not match"}', "(DingTalk): refused with", False),
        (WECOM, 200, '{"errcode":93000,"errmsg":"invalid webhook url"}', "93000: invalid webhook url", False),
        (WECOM, 200, '{"errcode":45009,"errmsg":"api freq out of limit"}', "45009: api freq", True),
        (WECOM, 200, '{"errcode":-1,"errmsg":"system busy"}', "-1: system busy", True),
        (FEISHU, 200, '{"code":19024,"msg":"Key Words Not Found"}', "19024: Key Words Not Found", False),
        (FEISHU, 400, '{"code":19001,"msg":"param invalid: token"}', "19001: param invalid", False),
        (FEISHU, 400, '{"code":11232,"msg":"frequency limited"}', "11232: frequency limited", True),
        (LARK, 200, '{"code":19021,"msg":"sign match fail"}', "(Lark): refused with 19021: sign match fail", False),
        (SLACK, 404, "no_service", "404: no_service", False),
        (SLACK, 429, "rate_limited", "429: rate_limited", True),
        (SLACK, 200, "<html>Sign in to this network", "not Slack's: <html>Sign in", True),
        (WECOM, 200, "<html>Sign in to this network", "not WeCom's: <html>Sign in", True),
        (WECOM, 502, "<html>Bad gateway", "502: <html>Bad gateway", True),
        (WECOM, 200, '{"errcode":93000,"errmsg":"no key 693a-4f"}', "no key …", False),
        ("nonsense://x", 200, "", "(nonsense): it is in no form that is known", False),
    ],
)  # fmt: skip
def test_a_refusal_is_one_and_says_why(
    hook: Hook, url: str, status: int, answer: str, reason: str, retry: bool
) -> None:
    hook.status, hook.answer = status, answer
    with pytest.raises(Undelivered) as found:
        told(url)
    assert reason in found.value.reason
    assert found.value.retry is retry


def test_a_refusal_that_apprise_heard_says_why(hook: Hook) -> None:
    hook.status = 500
    with pytest.raises(Undelivered, match="error=500"):
        told(f"json://{hook.where}/")


def test_the_second_of_two_refuses(hook: Hook) -> None:
    hook.answer = GOOD[DINGTALK]
    with pytest.raises(Undelivered, match=r"address 2 \(Slack\)"):
        told(DINGTALK, SLACK)
    assert len(hook.posted) == 2


def test_robots_that_demand_a_signature_get_one(hook: Hook) -> None:
    hook.answer = GOOD[DINGTALK]
    told(f"{DINGTALK}&secret=SECabc")
    query = parse_qs(urlsplit(hook.posted.pop()[0]).query)
    (at,), (sign,) = query["timestamp"], query["sign"]
    assert sign == b64encode(hmac.digest(b"SECabc", f"{at}\nSECabc".encode(), "sha256")).decode()
    assert int(at) > 1_700_000_000_000, "in milliseconds"
    hook.answer = GOOD[FEISHU]
    told(f"{FEISHU}?secret=shared")
    content = json.loads(hook.only()[2])
    assert content["sign"] == b64encode(hmac.digest(f"{content['timestamp']}\nshared".encode(), b"", "sha256")).decode()
    assert b"shared" not in hook.only()[2], "the secret itself stays here"


@pytest.mark.parametrize(("url", "most"), [(WECOM, 2_048), (DINGTALK, 18_000), ("json", apprise.LONGEST)])
def test_a_long_text_gives_way_to_the_key(hook: Hook, url: str, most: int) -> None:
    hook.answer = GOOD.get(url, "ok")
    told(url if url != "json" else f"json://{hook.where}/", text="商" * 800)
    told(url if url != "json" else f"json://{hook.where}/", text="城" * 8_000)
    shorter, longer = (said(body).removeprefix("[New] 商城\n") for _, _, body in hook.posted)
    assert shorter.endswith(f"\n{KEY}")
    assert longer.endswith(f"城…\n{KEY}")
    assert len(longer.encode()) <= most
    assert shorter.count(KEY) == longer.count(KEY) == 1
    assert ("…" in shorter) == (most < 2_400)


@pytest.mark.parametrize("room", range(40, 60))
def test_no_character_is_cut(room: int) -> None:
    short = with_key("a商城" * 20, KEY, room)
    assert len(short.encode()) <= room
    assert short.endswith(f"…\n{KEY}")
    assert set(short.removesuffix(f"…\n{KEY}")) <= set("a商城")


@pytest.mark.parametrize("url", ["json", WECOM])
def test_nothing_is_sent_where_notices_may_not_go(hook: Hook, url: str) -> None:
    with pytest.raises(Undelivered, match="lies in no allowed network"):
        told(url if url != "json" else f"json://{hook.where}/", network=NetworkPolicy((ip_network("10.0.0.0/8"),)))
    assert not hook.posted


@pytest.mark.parametrize(("url", "reason"), [("json", "no end in time"), (WECOM, "no answer within")])
def test_a_receiver_that_hangs_is_left(hook: Hook, url: str, reason: str) -> None:
    hook.hangs.set()
    with pytest.raises(Undelivered, match=reason) as found:
        apprise.send(apprise.Settings(urls=[url if url != "json" else f"json://{hook.where}/"]), message(), 0.3)
    assert found.value.retry


# A signed webhook


def is_genuine(header: str, secret: bytes, body: bytes) -> bool:
    """As a receiver would judge by the manual: HMAC-SHA256 of "<time>.<body>"."""
    parts = dict(part.split("=", 1) for part in header.split(","))
    assert abs(int(parts["t"]) - time.time()) < 300
    expected = hmac.HMAC(secret, f"{parts['t']}.".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(parts["v1"], expected)


def test_a_webhook_is_signed(hook: Hook) -> None:
    settings = webhook.Settings(url=f"http://{hook.where}/take", secret="between us", headers={"X-Desk": "4711"})
    assert webhook.send(settings, message(incident=7, level=1), 5.0) == "200 ok"
    path, headers, body = hook.only()
    assert (path, headers["Idempotency-Key"], headers["X-Desk"]) == ("/take", KEY, "4711")
    content = json.loads(body)
    assert {"key": KEY, "incident": 7, "level": 1, "subject": "[New] 商城"}.items() <= content.items()
    assert is_genuine(headers["Mainstay-Signature"], b"between us", body)
    assert not is_genuine(headers["Mainstay-Signature"], b"between us", body.replace(b'"level": 1', b'"level": 3'))
    assert not is_genuine(headers["Mainstay-Signature"], b"a guess", body)


@pytest.mark.parametrize(("status", "retry"), [(301, False), (401, False), (408, True), (429, True), (503, True)])
def test_a_webhook_that_is_not_taken(hook: Hook, status: int, retry: bool) -> None:
    hook.status, hook.answer = status, "between us is wrong"
    settings = webhook.Settings(url=f"http://{hook.where}/", secret="between us")
    with pytest.raises(Undelivered) as found:
        webhook.send(settings, message(), 5.0)
    assert found.value.reason == f"the receiver answered {status}: … is wrong"
    assert found.value.retry is retry


# Alertmanager's webhook


def shape(value: Any) -> Any:
    """Keys and kinds of value; of labels and annotations only that they are words by words."""
    match value:
        case dict() if value and all(isinstance(one, str) for one in value.values()) and "status" not in value:
            return "words"
        case dict():
            return {key: shape(one) for key, one in value.items()} or "words"
        case list():
            return [shape(one) for one in value]
    return type(value).__name__


@pytest.fixture
def genuine(hook: Hook) -> Callable[[], dict[str, Any]]:
    """What a real Alertmanager posts about one alert."""

    def posted() -> dict[str, Any]:
        with servers.alertmanager(f"http://{hook.where}/", "token") as address:
            now = datetime.now(UTC)
            alert = {"labels": {"alertname": "DiskFull"}, "annotations": {"summary": "full"},
                     "startsAt": now.isoformat(), "endsAt": (now + timedelta(hours=1)).isoformat()}  # fmt: skip
            request = urllib.request.Request(
                f"{address}/api/v2/alerts", json.dumps([alert]).encode(), {"Content-Type": "application/json"}
            )
            urllib.request.urlopen(request, timeout=10).close()
            deadline = time.monotonic() + 30
            while not hook.posted and time.monotonic() < deadline:
                time.sleep(0.02)
            found: dict[str, Any] = json.loads(hook.posted.pop()[2])
            return found

    return posted


def test_an_alert_is_what_a_real_alertmanager_posts(hook: Hook, genuine: Callable[[], dict[str, Any]]) -> None:
    theirs = genuine()
    hook.posted.clear()
    settings = alertmanager.Settings(url=f"http://{hook.where}/", token="mst_1", labels={"site": "hz"})
    about: dict[str, Any] = {
        "incident": 7, "word": "opened", "level": 1, "state": "open", "category": "system", "system_name": "shop",
        "began": "2026-03-01T08:00:00Z", "link": "https://mainstay.example/incidents/7/",
    }  # fmt: skip
    alertmanager.send(settings, message(**about), 5.0)
    alertmanager.send(settings, message(**about | {"state": "resolved", "ended": "2026-03-01T09:00:00Z"}), 5.0)
    (_, headers, opened), (_, _, ended) = hook.posted
    assert (headers["Authorization"], headers["Idempotency-Key"]) == ("Bearer mst_1", KEY)
    firing, resolved = json.loads(opened), json.loads(ended)
    assert shape(firing) == shape(resolved) == shape(theirs)
    assert (firing["version"], firing["status"], resolved["status"]) == (theirs["version"], "firing", "resolved")
    (alert,) = firing["alerts"]
    assert {"severity": "severe", "mainstay_system": "shop", "site": "hz"}.items() <= alert["labels"].items()
    assert (alert["startsAt"], alert["endsAt"]) == ("2026-03-01T08:00:00Z", "0001-01-01T00:00:00Z")
    assert resolved["alerts"][0]["endsAt"] == "2026-03-01T09:00:00Z"
    assert resolved["alerts"][0]["fingerprint"] == alert["fingerprint"], "the same alert, now over"
