"""Dates, numbers, money and durations as each reader writes them: on pages, and in mail."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.template.loader import render_to_string
from django.utils import timezone, translation

from mainstay.catalogue.kinds import metrics, probe_kinds
from mainstay.monitoring.evidence import table
from mainstay.monitoring.wording import explain, format_seconds, format_value, metric_title, say_limits, zone_mark
from mainstay.web.schedules import in_words, schedule

AT = datetime(2026, 11, 26, 12, 30, 5, tzinfo=UTC)


def shown(text: str, **values: object) -> str:
    return Template(text).render(Context(values))


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("en", "26 Nov 2026, 20:30:05 UTC+8"),
        ("zh-hans", "2026年11月26日 20:30:05 UTC+8"),
        ("zh-hant", "2026年11月26日 20:30:05 UTC+8"),
    ],
)
def test_an_exact_time(language: str, wanted: str) -> None:
    with translation.override(language), timezone.override(ZoneInfo("Asia/Shanghai")):
        assert f'title="{wanted}"' in shown("{% when at %}", at=AT)
        assert f'title="{wanted}"' in shown("{% clock at %}", at=AT)
        assert shown('{{ at|date:"DATETIME_FORMAT" }}', at=AT) == wanted[: -len(":05 UTC+8")]


def test_no_page_writes_dates_in_one_form_for_all() -> None:
    """What machines read, such as the value of a field, may."""
    templates = Path(__file__).resolve().parents[2] / "mainstay" / "web" / "templates"
    machines = re.compile(r"""(?:value|datetime|min|max)=(["']).*?\1""")
    found = [
        f"{path.name}: {one}"
        for path in sorted(templates.rglob("*.html"))
        for one in re.findall(r"""date:["'][YymndjF][^"']*""", machines.sub("", path.read_text(encoding="utf-8")))
        if one[6:] not in ("j",)  # the number of a day in a month that is named above it
    ]
    assert found == []


@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant"])
def test_money_and_figures_are_in_groups_of_three(language: str) -> None:
    with translation.override(language):
        assert shown("{{ it|amount }}", it=1234567.891) == "1,234,567.89"
        assert shown("{{ it|amount }}", it=-5) == "-5.00"
        assert format_value(1234567, "1") == "1,234,567"
        assert format_value(0.25, "%") == "0.25 %"
        assert format_value(1.5 * 1024**3, "B") == "1.5 GiB"
        assert format_value(1.2e-7, "1") == "1.2e-07"
        assert shown("{{ it|percent }}", it=0.99995) == "99.99 %"
        assert shown("{{ it|percent }}", it=0.5) == "50 %"
        assert shown("{{ it|percent }}", it=0.12345) == "12.35 %"


def test_another_language_would_have_its_own_signs() -> None:
    """What decides is Django's table of formats, so a language that is added later brings its own."""
    with translation.override("de"):
        assert shown("{{ it|amount }}", it=1234567.891) == "1.234.567,89"
        assert format_value(0.25, "%") == "0,25 %"


@pytest.mark.parametrize(
    ("seconds", "english", "simplified", "other"),
    [
        (0.2304, "230 ms", "230 ms", "230 ms"), (5.5, "5.5 s", "5.5 秒", "5.5 秒"),
        (5400, "1h30m", "1小时30分", "1小時30分"), (90000, "1d1h", "1天1小时", "1天1小時"),
        (8 * 86400, "1w1d", "1周1天", "1周1天"),
    ],
)  # fmt: skip
def test_durations(seconds: float, english: str, simplified: str, other: str) -> None:
    for language, wanted in (("en", english), ("zh-hans", simplified), ("zh-hant", other)):
        with translation.override(language):
            assert format_seconds(seconds) == wanted


@pytest.mark.parametrize(
    ("language", "wanted"), [("en", ("days ago", " d ")), ("zh-hans", ("天前", " 天 ")), ("zh-hant", ("天前", " 天 "))]
)
def test_how_long_ago_and_how_long_it_runs(language: str, wanted: tuple[str, str]) -> None:
    ago = datetime.now(UTC) - timedelta(days=3)
    with translation.override(language):
        assert wanted[0] in shown("{% when at %}", at=ago)
        assert f"3{wanted[1]}00:00:0" in shown("{% clock at %}", at=ago)


def test_no_moment_of_a_story_is_cut_out_of_its_text() -> None:
    """``{% when_told %}`` shows it on the reader's clock."""
    templates = Path(__file__).resolve().parents[2] / "mainstay" / "web" / "templates"
    assert [path.name for path in sorted(templates.rglob("*.html")) if ".at|slice" in path.read_text("utf-8")] == []
    with translation.override("zh-hans"), timezone.override(ZoneInfo("Asia/Shanghai")):
        text = shown("{% when_told at %}", at="2026-11-26T12:30:05+00:00")
        assert 'title="2026年11月26日 20:30:05 UTC+8"' in text


@pytest.mark.parametrize(
    ("zone", "mark"),
    [("UTC", "UTC"), ("Asia/Shanghai", "UTC+8"), ("Asia/Kolkata", "UTC+5:30"), ("America/Chicago", "UTC-6")],
)
def test_a_zone_is_told_by_its_distance(zone: str, mark: str) -> None:
    """CST is Shanghai as well as Chicago."""
    assert zone_mark(AT.astimezone(ZoneInfo(zone))) == mark


@pytest.mark.parametrize(("days", "year"), [(1, False), (40, False), (900, True)])
def test_what_is_to_come_has_its_year_where_that_is_another(days: int, year: bool) -> None:
    """A copy of the future is a fault, and its year is what shows it."""
    at = datetime.now(UTC) + timedelta(days=days)
    for language in ("en", "zh-hans", "zh-hant"):
        with translation.override(language):
            assert (str(at.year) in shown("{% when at %}", at=at).partition(">")[2]) is year


@pytest.mark.parametrize(
    ("cron", "english", "chinese"),
    [
        ("0 2 * * *", "every day at 02:00", "每天 02:00"),
        ("30 3 * * 0", "every Sunday at 03:30", "每星期日 03:30"),
        ("30 3 * * 7", "every Sunday at 03:30", "每星期日 03:30"),
        ("0 4 1 * *", "on day 1 of every month at 04:00", "每月 1 日 04:00"),
        ("0 22 * * mon-fri", "every Monday – Friday at 22:00", "每星期一 – 星期五 22:00"),
        ("0 22 * * 1,3", "every Monday, Wednesday at 22:00", "每星期一、星期三 22:00"),
        ("15 * * * *", "every hour at minute 15", "每小时第 15 分"),
        ("*/20 * * * *", "every 20 minutes", "每 20 分钟"),
        ("0 */6 * * *", "every 6 hours at minute 0", "每 6 小时，第 0 分"),
        ("0 2 1 1 *", "0 2 1 1 *", "0 2 1 1 *"),
        ("0 2 1 * 1", "0 2 1 * 1", "0 2 1 * 1"),
        ("0 2 * * 1#1", "0 2 * * 1#1", "0 2 * * 1#1"),
        ("", "", ""),
    ],
)
def test_a_schedule_in_words(cron: str, english: str, chinese: str) -> None:
    for language, wanted in (("en", english), ("zh-hans", chinese)):
        with translation.override(language):
            assert in_words(cron) == wanted
            assert (f'title="{cron}"' in schedule(cron)) is (wanted != cron), "the line itself on hover"


def test_evidence_has_its_figures_right_and_whole_numbers_as_they_are() -> None:
    """An order's number is no amount; what floating point adds is noise; a decimal that came as a text is a figure."""
    rows = [
        {"order": 20261127, "sum": 687555542.0699999, "kept": "1234.50", "who": "ann", "none": None},
        {"order": 20261128, "sum": -1234567.5, "kept": "-9.00", "who": None, "none": None},
    ]
    made = table(rows, "en")
    assert [one.figures for one in made.columns] == [True, True, True, False, False]
    assert [[text for text, _figure in row] for row in made.rows] == [
        ["20261127", "687,555,542.07", "1,234.50", "ann", "–"], ["20261128", "-1,234,567.50", "-9.00", "–", "–"],
    ]  # fmt: skip
    page = render_to_string("parts/evidence_rows.html", {"rows": rows})
    assert '<th class="num">sum</th>' in page
    assert '<td class="num">687,555,542.07</td>' in page
    assert "<td>ann</td>" in page
    assert table([], "en").columns == []
    assert table([{"a": {"en": "open", "zh": "未结"}}], "zh").rows == [[("未结", False)]]


@pytest.mark.parametrize("kind", probe_kinds())
def test_every_metric_has_a_title_in_both_languages(kind: str) -> None:
    named = [name for name in metrics(kind) if name != "*"]
    for name in named:
        with translation.override("en"):
            english = metric_title(kind, name)
        with translation.override("zh-hans"):
            chinese = metric_title(kind, name)
            assert chinese == "TTL" or any("一" <= letter <= "鿿" for letter in chinese), (name, chinese)
        assert "_" not in english, name
    assert metric_title(kind, "what the target named") == "what the target named"


@pytest.mark.parametrize(
    ("message", "english", "chinese"),
    [
        ({"metric": "behind", "value": 999999, "unit": "s", "condition": "behind > 12h", "kind": "backup"},
         "lag of the second site: 1w4d14h; the limit: above 12h", "异地副本滞后：1周4天14小时；阈值：高于 12小时"),
        ({"metric": "cpu", "value": 93, "unit": "%", "condition": "> 90% for 5m", "kind": "host"},
         "processor use: 93 %; the limit: above 90 % for 5m", "CPU 使用率：93 %；阈值：高于 90 %，持续 5分"),
        ({"metric": "stuck", "value": 56, "condition": "stuck > 0"}, "stuck: 56; the limit: above 0", None),
        ({"metric": "x", "value": 1, "condition": "no condition"}, "x: 1; the limit: no condition", None),
    ],
    ids=["of another site", "bare, held", "kept before kinds were", "never one"],
)  # fmt: skip
def test_a_reason_names_its_metric_as_people_do(message: dict[str, object], english: str, chinese: str | None) -> None:
    with translation.override("en"):
        assert explain(message) == english
    if chinese:
        assert explain(message, "zh-hans") == chinese


def test_limits_on_a_sheet_are_words() -> None:
    said = say_limits(["behind > 12h", "> 24h"], ["behind > 48h"], "backup", "s")
    assert said == "lag of the second site above 2d; lag of the second site above 12h; above 1d"
    assert say_limits([], []) == "–"
    assert say_limits(["orders > 5"], [], "sql", "1") == "orders above 5"
