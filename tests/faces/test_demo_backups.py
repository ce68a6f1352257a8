"""The demo asks for its first copies and their proofs, and goes on when there can be none."""

from typing import Any

import pytest

from mainstay.cli import demo_backups
from mainstay.cli.demo_watch import Watch


class Told(Watch):
    """Answers by a list a path, one after the other; the last goes on."""

    def __init__(self, **answers: list[list[dict[str, Any]]]) -> None:
        super().__init__("", "")
        self.answers, self.asked = answers, list[tuple[str, str]]()

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((path, body["policy"]))
        return {}

    def all(self, path: str) -> list[dict[str, Any]]:
        what, _, policy = path.removeprefix("/backups/").partition("?policy=meridian/")
        told = self.answers.get(f"{policy}_{what}", [[]])
        return told.pop(0) if len(told) > 1 else told[0]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


def test_each_has_its_copy_and_its_proof(capsys: pytest.CaptureFixture[str]) -> None:
    def proof(policy: str, verdict: str) -> dict[str, Any]:
        return {"policy": f"meridian/{policy}", "verdict": verdict}

    watch = Told(
        attachments_copies=[[], [{"id": 1}]], attachments_proofs=[[], [], [proof("attachments", "unproved")]],
        nightly_proofs=[[], [proof("nightly", "proved")]],
    )  # fmt: skip
    demo_backups.ask(watch)
    demo_backups.follow(watch)
    assert watch.asked == [
        ("/backups/jobs", "meridian/nightly"), ("/backups/jobs", "meridian/attachments"),
        ("/backups/proofs", "meridian/attachments"),
    ]  # fmt: skip
    assert "meridian/nightly proved, meridian/attachments unproved" in capsys.readouterr().err


def test_what_is_missing_is_said_and_the_demo_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    job = {"policy": "meridian/nightly", "act": "backup", "code": "missing", "problem": "restic is not on this machine"}
    demo_backups.follow(Told(nightly_jobs=[[{**job, "code": "", "problem": ""}], [job]]))
    assert "meridian/nightly: backup: restic is not on this machine" in capsys.readouterr().err
