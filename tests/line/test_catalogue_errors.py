"""A wrong catalogue: every flaw at once, with its place and what would be right."""

import pytest

from mainstay.catalogue.examine import Known, examine
from mainstay.catalogue.sources import Invalid
from mainstay.domain.document import Pack
from mainstay.domain.pack import PackBook

JOB = "{probe: {kind: heartbeat, period: 5m}}"
PACK = PackBook(
    Pack.model_validate(
        {
            "pack": "jobs",
            "title": "Jobs",
            "kinds": ["host"],
            "parameters": {"late": {"default": "5m"}, "tries": {"default": 2}},
            "checks": {
                "nightly": {
                    "probe": {"kind": "heartbeat", "period": "1h"},
                    "warn": "late > $(late)",
                    "failures": "$(tries)",
                }
            },
        }
    ),
    {},
    "jobs/pack.yaml",
)


def messages(text: str, **others: str) -> list[str]:
    files = {"shop.yaml": text.encode()} | {f"{name}.yaml": other.encode() for name, other in others.items()}
    try:
        found = examine(files, books={"jobs": PACK})
    except Invalid as error:
        return list(map(str, error.flaws))
    return [f"{warning} (warning)" for warning in found.warnings]


PARTS = (
    "channels:, calendars:, stores:, help_desk:, teams:, rotations:, escalations:, vendors:, grading:, clocks:, words:"
)
HEAD = "system: shop\n"
HOST = HEAD + "components:\n  h: {kind: host}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [f"1:1: the file holds no keys; write system: name, or one of {PARTS}"]),
        ("- a", [f"1:1: the file holds no keys; write system: name, or one of {PARTS}"]),
        ("sytem: a", [f"1:1: sytem: no key system, nor one of {PARTS}; did you mean 'system'?"]),
        ("chanels: {}", [f"1:1: chanels: no key system, nor one of {PARTS}; did you mean 'channels'?"]),
        ("channels: {}\nowner: x", [
            "2:1: owner: unknown key 'owner'; "
            "known are calendars, channels, clocks, escalations, grading, help_desk, rotations, stores, teams, "
            "vendors, words"
        ]),
        ("clocks: {fast: {level: 4}}", ["1:24: clocks.fast.level.0: 4 is not known; known are 1, 2, 3"]),
        ("clocks: {fast: {respond: soon}}", [
            "1:26: clocks.fast.respond: 'soon' is not a duration; "
            "write a number and ms, s, m, h, d or w, such as 5m or 1h30m"
        ]),
        ("grading: {rich: {money: 5}}", ["1:11: grading.rich.level: the key 'level' is missing"]),
        ("words: {a: {level: 1}}", ["1:9: words.a: the key 'text' is missing"]),
        ("channels: 5", ["1:11: channels: a mapping of names is expected here; write name: {…}"]),
        ("system: My Shop", ["1:9: system: 'My Shop' is not a name; write small letters, digits and hyphens"]),
        ("system: 5", ["1:9: system: 5 is a number where text is expected; write \"5\""]),
        ("system:", ["1:8: system: this is nothing where text is expected; write one word or sentence"]),
        (HEAD + "ownr: me", ["2:1: ownr: unknown key 'ownr'; did you mean 'owner'?"]),
        (
            HEAD + "inspection: {schedul: x}",
            ["2:14: inspection.schedul: unknown key 'schedul'; did you mean 'schedule'?"],
        ),
        (
            HEAD + 'inspection: {schedule: "0 8,20 * * *"}',
            ["2:24: inspection.schedule: '0 8,20 * * *' is due more than once a day; write such as 30 8 * * 1-5 for "
             "weekdays at 08:30"],
        ),
        (
            HEAD + "inspection: {order: [datas], tell: [mail],\n  escalate: [boss],"
            "\n  items: {disk: {section: hardwear}, jobz: {}}}",
            [
                "2:22: inspection.order.0: there is no section 'datas'; did you mean 'data'?",
                "2:37: inspection.tell.0: there is no channel 'mail'",
                "3:14: inspection.escalate.0: there is no channel 'boss'",
                "4:27: inspection.items.disk.section: there is no section 'hardwear'; did you mean 'hardware'?",
                "4:44: inspection.items.jobz: the item 'jobz' is new and has no section; did you mean 'job'?",
                "4:44: inspection.items.jobz: the item 'jobz' is new and has no checks; did you mean 'job'?",
            ],
        ),
        (HEAD + "tier: 4", ["2:7: tier: 4 is not known; known are 1, 2, 3"]),
        (HEAD + "tier: one", ["2:7: tier: 'one' is not known; known are 1, 2, 3"]),
        (HEAD + "title: {en: a, cn: b}", ["2:16: title.cn: unknown key 'cn'; known are en, zh, zh-hant"]),
        (HEAD + "title: [a]", ["2:8: title: this is a list where text is expected; write one word or sentence"]),
        (HEAD + "timezone: Europe/Pari", [
            "2:11: timezone: 'Europe/Pari' is not a time zone; did you mean 'Europe/Paris'?"
        ]),
        (HEAD + "hours: Fry 9:00-18:00", ["2:8: hours: 'Fry' is not a day; write Mon, Tue, Wed, Thu, Fri, Sat or Sun"]),
        (HEAD + "calendar: cn", ["2:11: calendar: there is no calendar 'cn'"]),
        (HEAD + "notify: [ops]", ["2:10: notify.0: there is no channel 'ops'"]),
        (HEAD + "objectives: {rto: 1 hour}", [
            "2:19: objectives.rto: '1 hour' is not a duration; "
            "write a number and ms, s, m, h, d or w, such as 5m or 1h30m"
        ]),
        (HEAD + "objectives: {availability: 101}", [
            "2:28: objectives.availability: 101 does not fit; input should be less than or equal to 100"
        ]),
        (HEAD + "objectives: {rt: 1h}", ["2:14: objectives.rt: unknown key 'rt'; did you mean 'rto'?"]),
        (HEAD + "currency: EURO", ["2:11: currency: 'EURO' does not fit; string should have at most 3 characters"]),
        (HEAD + "checks: [a]", ["2:9: checks: a mapping of names is expected here; write name: {…}"]),
    ],
)  # fmt: skip
def test_the_head_of_a_file(text: str, expected: list[str]) -> None:
    assert messages(text) == [f"shop.yaml:{line}" for line in expected]


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        ("{kind: hots}", ["kind: 'hots' is not known; did you mean 'host'?"]),
        ("{}", ["kind: the key 'kind' is missing"]),
        ("host", [": 'host' is text where a mapping is expected; write key: value"]),
        ("{kind: host, depends_on: [x]}", ["depends_on.0: there is no component 'x'; known are a"]),
        ("{kind: host, depends_on: b}", ["depends_on: 'b' is text where a list is expected; write [one, two]"]),
        ("{kind: host, packs: [job]}", ["packs.0: there is no pack 'job'; did you mean 'jobs'?"]),
        ("{kind: http, packs: [jobs]}", [
            "packs.0: the pack 'jobs' does not fit a component of kind 'http'; it fits host"
        ]),
        ("{kind: host, packs: [{jobs: {lat: 1m}}]}", [
            "packs.0.jobs.lat: the pack has no parameter 'lat'; did you mean 'late'?"
        ]),
        ("{kind: host, packs: [{jobs: {tries: two}}]}", [
            "packs.0.jobs.tries: 'two' is text where a number is expected; the default is 2"
        ]),
        ("{kind: host, packs: [{jobs: {late: soon}}]}", [
            "packs.0.a.nightly.warn.0: 'late > soon' is not a condition; write such as > 80% for 5m, clear < 70%"
        ]),
        ("{kind: host, dsn: '${shop_dsn}'}", [
            "dsn: ${shop_dsn} is not a placeholder; write ${NAME} in capitals, digits and _"
        ]),
        ("{kind: host, dsn: '${SHOP'}", ["dsn: ${SHOP is not a placeholder; write ${NAME} in capitals, digits and _"]),
        ("{kind: host, password: hunter2}", [
            "password: a secret is written in clear; write ${NAME} and give it with: mainstay secret set NAME"
        ]),
        ("{kind: host, dsn: 'postgresql://me:hunter2@db/shop'}", [
            "dsn: a secret is written in clear; write ${NAME} and give it with: mainstay secret set NAME"
        ]),
        ("{kind: host, password: '${PW}', dsn: 'postgresql://me:${PW}@db/shop', url: 'http://u@h/a:b@c'}", []),
    ],
)  # fmt: skip
def test_a_component(component: str, expected: list[str]) -> None:
    found = messages(HEAD + f"components:\n  a: {component}\n")
    assert [message.split(": ", 1)[1] for message in found] == [
        f"components.a.{line}".replace("a.:", "a:") for line in expected
    ]


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("{}", ["probe: the key 'probe' is missing"]),
        ("{probe: {}}", ["probe.kind: the key 'kind' is missing"]),
        ("{probe: {kind: hartbeat}}", ["probe.kind: there is no probe kind 'hartbeat'; did you mean 'heartbeat'?"]),
        ("{probe: {kind: heartbeat, perod: 5m, cron: '* * * * *'}}", [
            "probe.perod: unknown key 'perod'; did you mean 'period'?"
        ]),
        ("{probe: {kind: heartbeat}}", ["probe: write either period: 1h or cron: '30 2 * * *'"]),
        ("{probe: {kind: heartbeat, period: 5}}", [
            'probe.period: 5 is a number where text is expected; write "5"'
        ]),
        ("{probe: {kind: heartbeat, period: '${PERIOD}', grace: soon}}", [
            "probe.grace: 'soon' is not a duration; write a number and ms, s, m, h, d or w, such as 5m or 1h30m"
        ]),
        ("{probe: {kind: heartbeat, period: 5m, on: hh}}", ["probe.on: there is no component 'hh'; did you mean 'h'?"]),
        ("{probe: {kind: heartbeat, period: 5m}, evry: 5m}", ["evry: unknown key 'evry'; did you mean 'every'?"]),
        ("{probe: {kind: heartbeat, period: 5m}, warn: '5'}", [
            "warn.0: '5' is not a condition; write such as > 80% for 5m, clear < 70%"
        ]),
        ("{probe: {kind: heartbeat, period: 5m}, warn: 5}", [
            "warn: 5 is a number where a list is expected; write [one, two]"
        ]),
        ("{probe: {kind: heartbeat, period: 5m}, crit: [late > 5m, lte > 5m]}", [
            "crit.1: heartbeat measures no 'lte'; did you mean 'late'?"
        ]),
        ("{probe: {kind: heartbeat, period: 5m}, category: buisness}", [
            "category: 'buisness' is not known; did you mean 'business'?"
        ]),
        ("{probe: {kind: heartbeat, period: 5m}, failures: many}", [
            "failures: 'many' is text where a whole number is expected; write one without quotes"
        ]),
        ("{probe: {kind: heartbeat, period: 5m}, every: 100ms}", ["every: '100ms' is too often; write 1s or more"]),
        ("{probe: {kind: heartbeat, period: 5m}, every: 5s, timeout: 6s}", [
            "timeout: '6s' is longer than every (5s); make it shorter"
        ]),
        ("{probe: {kind: heartbeat, period: 5m}, every: 5m, missing: 1m}", [
            "missing: '1m' is shorter than every (5m); make it longer"
        ]),
        ("{probe: {kind: heartbeat, period: 5m}, explained_by: [j, h.nightl]}", [
            "explained_by.0: there is no check 'j'; known are h.nightly",
            "explained_by.1: there is no check 'h.nightl'; did you mean 'h.nightly'?",
        ]),
        ("{probe: {kind: heartbeat, period: 5m}, explained_by: [h.nightly]}", []),
        ("nothing", [": 'nothing' is text where a mapping is expected; write key: value"]),
    ],
)  # fmt: skip
def test_a_check(check: str, expected: list[str]) -> None:
    found = messages(HEAD + f"components:\n  h: {{kind: host, packs: [jobs]}}\nchecks:\n  j: {check}\n")
    assert [message.split(": ", 1)[1] for message in found] == [
        f"checks.j.{line}".replace("j.:", "j:") for line in expected
    ]


def test_names() -> None:
    text = HEAD + f"components:\n  DB: {{kind: host}}\nchecks:\n  My check: {JOB}\n  h.nightly: {{every: 5m}}\n"
    assert messages(text) == [
        "shop.yaml:3:3: components.DB: 'DB' is not a name; write small letters, digits and hyphens",
        "shop.yaml:5:3: checks.My check: 'My check' is not a name; write small letters, digits and hyphens",
        "shop.yaml:6:3: checks.h.nightly: no pack gives a check 'h.nightly'",
    ]


def test_circles_are_named_once() -> None:
    text = HEAD + (
        "components:\n"
        "  a: {kind: host, depends_on: [b]}\n"
        "  b: {kind: host, depends_on: [c]}\n"
        "  c: {kind: host, depends_on: [a]}\n"
        "  d: {kind: host, depends_on: [d]}\n"
        "  e: {kind: host, depends_on: [a]}\n"
    )
    assert messages(text) == [
        "shop.yaml:3:31: components.a.depends_on: a → b → c → a is a circle; leave one of them out",
        "shop.yaml:6:31: components.d.depends_on: d → d is a circle; leave one of them out",
    ]


def test_what_is_defined_twice() -> None:
    shared = "calendars: {cn: {}}\n"
    assert messages("system: shop", b="system: shop", c=shared, d=shared) == [
        "b.yaml:1:9: system: 'shop' is defined twice; shop.yaml defines it already",
        "d.yaml:1:13: calendars.cn: 'cn' is defined twice; c.yaml defines it already",
    ]


def test_a_calendar() -> None:
    text = "calendars:\n  cn: {holidays: [2027-01-01, 2027-02-30], workday: []}\n"
    assert messages(HEAD, shared=text) == [
        "shared.yaml:2:31: calendars.cn.holidays.1: '2027-02-30' is not a day; write such as 2027-01-01",
        "shared.yaml:2:44: calendars.cn.workday: unknown key 'workday'; did you mean 'workdays'?",
    ]


def test_a_token_in_an_address_is_only_a_warning() -> None:
    text = HEAD + "components:\n  a: {kind: http, url: 'https://hook.example/robot?access_token=abc'}\n"
    assert messages(text) == [
        "shop.yaml:3:24: components.a.url: the address holds an access token in clear; better write ${NAME} in its "
        "place and give it with: mainstay secret set NAME (warning)"
    ]


def test_everything_is_said_at_once() -> None:
    text = (
        "system: shop\ntimezone: Mars\nonwer: me\ncomponents:\n"
        "  h: {kind: hots, depends_on: [x]}\n  i: {kind: host, depends_on: [x]}\n"
        "checks:\n  a: {probe: {kind: tpc}}\n  b: {every: often}\n"
    )
    found = messages(text, broken="a: [", other="system: other\nnotify: [nobody]\n")
    places = [message.split(" ")[0] for message in found]
    assert places == [
        "broken.yaml:2:1:",
        "other.yaml:2:10:",
        "shop.yaml:2:11:",
        "shop.yaml:3:1:",
        "shop.yaml:5:13:",
        "shop.yaml:6:32:",
        "shop.yaml:8:21:",
        "shop.yaml:9:3:",
        "shop.yaml:9:14:",
    ]


def test_one_file_may_speak_of_what_is_known() -> None:
    known = Known(channels=["ops"], calendars=["cn"])
    files = {"shop.yaml": b"system: shop\nnotify: [ops]\ncalendar: cn\n"}
    assert examine(files, whole=False, known=known, books={}).catalogue.whole is False
