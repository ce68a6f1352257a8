"""Dates, numbers, money and durations as each reader writes them: on pages, and in mail."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from mainstay.monitoring.wording import format_seconds, format_value

AT = datetime(2026, 11, 26, 12, 30, 5, tzinfo=UTC)


def shown(text: str, **values: object) -> str:
    return Template(text).render(Context(values))


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("en", "26 Nov 2026, 20:30:05 CST"),
        ("zh-hans", "2026年11月26日 20:30:05 CST"),
        ("zh-hant", "2026年11月26日 20:30:05 CST"),
    ],
)
def test_an_exact_time(language: str, wanted: str) -> None:
    with translation.override(language), timezone.override(ZoneInfo("Asia/Shanghai")):
        assert f'title="{wanted}"' in shown("{% when at %}", at=AT)
        assert f'title="{wanted}"' in shown("{% clock at %}", at=AT)
        assert shown('{{ at|date:"DATETIME_FORMAT" }}', at=AT) == wanted[: -len(":05 CST")]


def test_no_page_writes_dates_in_one_form_for_all() -> None:
    """What machines read, such as the value of a field, may."""
    templates = Path(__file__).resolve().parents[2] / "mainstay" / "web" / "templates"
    machines = re.compile(r"""(?:value|datetime)=(["']).*?\1""")
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
        (0.2304, "230 ms", "230 ms", "230 ms"), (5.5, "5.5 s", "5.5 s", "5.5 s"),
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
