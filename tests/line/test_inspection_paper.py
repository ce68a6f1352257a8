"""A sheet on paper and in a spreadsheet: read back, in both languages."""

import io
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from django.utils import dateformat
from openpyxl import load_workbook
from pypdf import PdfReader

from mainstay.catalogue.models import Check
from mainstay.drivers.pdf import Unprintable, pdf
from mainstay.drivers.workbook import Grid, workbook
from mainstay.inspection import actions, queries
from mainstay.inspection.documents import document
from mainstay.inspection.models import Sheet
from tests.line.inspected import ANN, countersign, line, made
from tests.printing import press

pytestmark = pytest.mark.django_db


def pages(data: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]


@pytest.fixture
def signed(bad_day: dict[str, Check]) -> Sheet:
    sheet = made()
    actions.remark(sheet.pk, line(sheet, "books").place, "会计已知 <b>", actor=ANN)
    actions.raise_incident(sheet.pk, line(sheet, "names").place, actor=ANN)
    actions.remark(sheet.pk, line(sheet, "night-backup").place, "looked at by hand", actor=ANN)
    actions.sign(sheet.pk, "all seen", actor=ANN)
    countersign(sheet)
    return queries.sheet(sheet.pk)


WORDS = {
    "en": ["Daily inspection", "Online shop", "Asia/Shanghai", "Debits equal credits", "critical", "not watched",
           "Signed by", "Countersigned", "Incident"],
    "zh": ["每日巡检", "网上商城", "Asia/Shanghai", "借贷平衡", "严重", "未监测", "签署人", "复核", "故障"],
    "zh-hant": ["每日巡檢", "Asia/Shanghai", "嚴重", "未監測", "簽署人", "複核", "故障"],
}  # fmt: skip


LIMITS = {
    "en": "processor use above 80 % for 5m", "zh": "CPU 使用率 高于 80 %，持续 5分",
    "zh-hant": "CPU 使用率 高於 80 %，持續 5分",
}  # fmt: skip
DAYS = {"en": "j M Y", "zh": "Y年n月j日", "zh-hant": "Y年n月j日"}


@pytest.mark.parametrize("language", ["en", "zh", "zh-hant"])
def test_the_pdf_says_it_all(signed: Sheet, language: str) -> None:
    press()
    data = document([signed], "pdf", language).data
    found = pages(data)
    text = "".join(found)
    for word in WORDS[language]:
        assert word in text, word
    for word in ("会计已知 <b>", "ann", "ben", "31.5 %", "=1+1", "all seen"):
        assert word in text, word
    assert "".join(LIMITS[language].split()) in "".join(text.split()), "in words, on as many lines as it takes"
    assert signed.digest in text.replace("\n", "")
    day = dateformat.format(signed.day, DAYS[language])
    assert f"{day}, " in text or f"{day} " in text, "a moment"
    assert signed.day.isoformat() not in text.replace(str(signed), "")
    for number, page in enumerate(found, 1):
        assert f"{number} / {len(found)}" in page
    size = PdfReader(io.BytesIO(data)).pages[0].mediabox
    assert (round(size.width), round(size.height)) == (595, 842), "A4"


@pytest.mark.parametrize(("language", "form"), [("zh", "SC"), ("zh-hant", "TC")])
def test_chinese_is_printed_in_the_form_of_its_readers(signed: Sheet, language: str, form: str) -> None:
    press()
    (page, *_) = PdfReader(io.BytesIO(document([signed], "pdf", language).data)).pages
    used = {str(font["/BaseFont"]) for font in page["/Resources"]["/Font"].values()}  # type: ignore[index]  # a PDF's own objects
    cjk = {name for name in used if "CJK" in name}
    assert cjk
    assert all(form in name for name in cjk), cjk


def test_one_that_is_not_signed_says_so(bad_day: dict[str, Check]) -> None:
    press()
    text = "".join(pages(document([made(), made()], "pdf", "en").data))
    assert text.count("Not signed yet") == 2


def test_the_spreadsheet_is_typed_and_nothing_is_a_formula(signed: Sheet) -> None:
    book = load_workbook(io.BytesIO(document([signed], "xlsx", "en").data))
    page = book[book.sheetnames[0]]
    facts = {row[0].value: row[1].value for row in page.iter_rows(max_row=16)}
    assert facts["System"] == "shop · tier 2"
    assert facts["Digest (SHA-256)"] == signed.digest
    top = next(row[0].row for row in page.iter_rows() if row[0].value == "No.")
    names = [cell.value for cell in page[top]]
    rows = {row[3].value: dict(zip(names, row, strict=True)) for row in page.iter_rows(min_row=top + 1)}
    cpu = rows["Processor"]
    assert (cpu["Value"].value, cpu["Value"].data_type, cpu["Yesterday"].value) == (12.25, "n", 31.5)
    assert isinstance(cpu["Last look"].value, datetime)
    assert "=1+1" in rows["Debits equal credits"]["Evidence"].value
    assert not [cell.coordinate for row in page.iter_rows() for cell in row if cell.data_type == "f"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-2", "@SUM(A1)", "\t=1", "plain"])
def test_text_stays_text(text: str) -> None:
    page = load_workbook(io.BytesIO(workbook([Grid("a/b", [], ["x"], [[text]])]))).active
    assert page is not None
    assert page["A3"].value == text
    assert page["A3"].data_type == "s"
    assert bool(page["A3"].quotePrefix) is (text != "plain")


def test_what_xml_cannot_hold_and_what_is_too_long_is_cut() -> None:
    grids = [Grid("same", [], ["x"], [["a\x00b\x0b"], ["y" * 40_000]]), Grid("same", [], [], [])]
    book = load_workbook(io.BytesIO(workbook(grids)))
    assert book.sheetnames == ["same", "same 2"]
    assert book["same"]["A3"].value == "a\ufffdb\ufffd"
    assert len(book["same"]["A4"].value) == 32_767


def test_html_is_escaped_and_whole(signed: Sheet) -> None:
    text = document([signed], "html", "zh").data.decode()
    assert "会计已知 &lt;b&gt;" in text
    assert 'lang="zh-Hans"' in text


def test_without_its_libraries_the_press_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A WeasyPrint that cannot find Pango, as its import says it on such a machine."""
    (tmp_path / "weasyprint.py").write_text("raise OSError(\"cannot load library 'libpango-1.0-0'\")\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(Unprintable, match=r"apt-get install libpango-1\.0-0"):
        pdf("<p>x</p>")


def test_without_a_chinese_font_nothing_is_printed_as_boxes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    press()
    (tmp_path / "fc-list").write_text('#!/bin/sh\ncase "$1" in "$HAS"*) echo some font;; esac\n')
    (tmp_path / "fc-list").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for has, text in ((":lang=zh-tw", "<p>巡检</p>"), (":lang=zh-cn", '<html lang="zh-Hant"><p>巡檢</p>')):
        monkeypatch.setenv("HAS", has)
        with pytest.raises(Unprintable, match="fonts-noto-cjk"):
            pdf(text)
    assert pdf("<p>plain</p>").startswith(b"%PDF-")


def test_a_press_that_never_ends_is_ended() -> None:
    with pytest.raises(Unprintable, match="not ready within"):
        pdf("<p>x</p>", timeout=0.01)


def test_the_press_fetches_nothing(tmp_path: Path) -> None:
    press()
    secret = tmp_path / "secret.txt"
    secret.write_text("do not print")
    here = secret.as_uri()
    html = f'<link rel="stylesheet" href="{here}"><img src="{here}"><a rel="attachment" href="{here}">x</a>'
    command = [sys.executable, "-m", "mainstay.drivers.press"]
    done = subprocess.run(command, input=html.encode(), capture_output=True, check=True)
    assert b"do not print" not in done.stdout
    assert not PdfReader(io.BytesIO(done.stdout)).attachments
