"""What was lost, counted in what pg_waldump prints."""

import shlex
import subprocess
from pathlib import Path

import pytest

from mainstay.domain.wal_loss import Loss, command, parsed

DUMP = """\
rmgr: Heap        len (rec/tot):     59/    59, tx:        700, lsn: 0/030000F8, prev 0/03000060, desc: INSERT off 1, blkref #0: rel 1663/5/16385 blk 0
rmgr: Transaction len (rec/tot):     34/    34, tx:        700, lsn: 0/03000138, prev 0/030000F8, desc: COMMIT 2026-11-27 10:00:00.000000 UTC
rmgr: Heap        len (rec/tot):     59/    59, tx:        701, lsn: 0/03000160, prev 0/03000138, desc: INSERT+INIT off 1, blkref #0: rel 1663/5/16385 blk 0
rmgr: Heap2       len (rec/tot):     59/    59, tx:        702, lsn: 0/03000170, prev 0/03000160, desc: MULTI_INSERT 3 tuples flags 0x02, blkref #0: rel 1663/5/16385 blk 0
rmgr: Heap        len (rec/tot):     59/    59, tx:        701, lsn: 0/03000180, prev 0/03000170, desc: UPDATE off 9, blkref #0: rel 1663/5/1259 blk 0
rmgr: Heap        len (rec/tot):     59/    59, tx:        703, lsn: 0/03000190, prev 0/03000180, desc: DELETE off 9, blkref #0: rel 1663/5/16385 blk 0
rmgr: Transaction len (rec/tot):     34/    34, tx:        701, lsn: 0/030001A0, prev 0/03000190, desc: COMMIT 2026-11-27 10:00:01.500000 UTC; subxacts: 702
rmgr: Heap        len (rec/tot):     59/    59, tx:        704, lsn: 0/030001B0, prev 0/030001A0, desc: HOT_UPDATE off 9, blkref #0: rel 1663/5/16385 blk 0
rmgr: Transaction len (rec/tot):     34/    34, tx:        704, lsn: 1/000001C0, prev 0/030001B0, desc: COMMIT 2026-11-27 10:00:04.000000 UTC
"""  # noqa: E501 - as the program writes it


@pytest.fixture
def waldump(tmp_path: Path) -> Path:
    """A pg_waldump that prints what the file beside it holds."""
    tool = tmp_path / "pg_waldump"
    tool.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\ncat {tmp_path}/dump\n')
    tool.chmod(0o755)
    return tmp_path


def counted(here: Path, dump: str, since: str, kept: str = "") -> Loss:
    (here / "dump").write_text(dump)
    line = command("/srv/it's data", str(here), since, 3)
    printed = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True).stdout
    return parsed(printed, kept)


@pytest.mark.parametrize(
    ("since", "kept", "loss"),
    [
        ("0/3000148", "", Loss(2, 5, 2.5)),  # of 701 and its part 702: 1 + 3; of 704: 1; 703 was never committed
        ("0/3000148", "2026-11-27 18:00:00.5+08", Loss(2, 5, 3.5)),
        ("0/30001B0", "", Loss(1, 1, 0.0)),
        ("1/1C1", "", Loss(0, 0, 0.0)),
        ("0/0", "", Loss(3, 6, 4.0)),
    ],
)
def test_what_is_behind_a_place(waldump: Path, since: str, kept: str, loss: Loss) -> None:
    assert counted(waldump, DUMP, since, kept) == loss
    asked = shlex.split((waldump / "asked").read_text().replace("'", "\\'"))
    assert "--timeline=3" in asked
    assert asked[:2] == ["--path=/srv/it's", "data/pg_wal"]


def test_a_log_that_cannot_be_read_is_not_one_without_loss(waldump: Path) -> None:
    with pytest.raises(ValueError, match="could not be read"):
        counted(waldump, "", "0/3000148")


def test_a_place_is_a_place() -> None:
    with pytest.raises(ValueError, match="no place in a log"):
        command("/srv", "", "0/1; rm -rf /", 1)
