"""The pack for Linux hosts, on this very machine: every threshold can be crossed by name, and none is without."""

import json

import pytest

from mainstay.catalogue import queries
from mainstay.domain.reading import Reading
from mainstay.domain.state import State
from tests.line.looking import apply, complaints, look
from tests.servers import node_exporter, ssh

CATALOGUE = "system: here\ncomponents:\n  host: {{kind: host, address: local, packs: [{{linux-host: {{{0}}}}}]}}\n"
CALM = "cpu_warn: 101%, cpu_crit: 101%, memory_warn: 101%, memory_crit: 101%, swap_warn: 101%, disk_warn: 101%, " \
    "disk_crit: 101%, inodes_warn: 101%, inodes_crit: 101%, io_warn: 101%, network_errors_warn: 1000000, " \
    "security_warn: 1000000, security_for: 1000d, load_warn: 1000000, processes_warn: 1000000"  # fmt: skip
WITHOUT_PATCHES = "checks:\n  host.patches: {enabled: false}\n"
"""apt takes seconds to say what it would install."""

pytestmark = pytest.mark.django_db


def test_the_thresholds_are_those_that_are_promised() -> None:
    apply("system: here\ncomponents:\n  host: {kind: host, address: local, packs: [linux-host]}\n")
    assert {check.name: check.document["warn"] for check in queries.checks("here")} == {
        "host.cpu": ["cpu > 80% for 5m"],
        "host.load": ["load > 2 for 15m", "processes > 5000 for 5m"],
        "host.clock": ["clock_offset > 1s for 10m", "clock_offset < -1s for 10m"],
        "host.memory": ["memory > 90% for 5m", "swap > 60% for 5m"],
        "host.disk": ["disk > 80%", "inodes > 80%"],
        "host.disk-io": ["disk_busy > 90% for 10m"],
        "host.network": ["network_errors > 1 for 5m"],
        "host.patches": ["security > 0 for 7d", "lists_age > 7d"],
    }


def test_no_complaint_below_the_thresholds() -> None:
    apply(CATALOGUE.format(CALM) + WITHOUT_PATCHES)
    found = look(pause=0.2)
    apply(CATALOGUE.format(CALM))
    found["host.patches"] = look()["host.patches"]
    if found["host.patches"][1].blind:  # no apt, or one that never fetched its lists
        assert found.pop("host.patches")[0] is State.UNKNOWN
    assert {name for name, (state, _) in found.items() if state != "ok"} == set()
    for name, (_, reading) in found.items():
        metrics = {text.split()[0] for text in queries.check(f"here/{name}").document["warn"]}
        assert metrics <= reading.values.keys() or name == "host.clock", name


@pytest.mark.parametrize(
    ("parameter", "value", "check"),
    [
        ("cpu_warn", "-1%", "host.cpu"),
        ("cpu_crit", "-1%", "host.cpu"),
        ("load_warn", "-1", "host.load"),
        ("processes_warn", "1", "host.load"),
        ("memory_warn", "1%", "host.memory"),
        ("memory_crit", "1%", "host.memory"),
        ("swap_warn", "-1%", "host.memory"),
        ("disk_warn", "0%", "host.disk"),
        ("disk_crit", "0%", "host.disk"),
        ("io_warn", "-1%", "host.disk-io"),
        ("network_errors_warn", "-1", "host.network"),
        ("security_for", "1ms", "host.patches"),
    ],
)
def test_each_threshold_can_be_crossed_by_name(parameter: str, value: str, check: str) -> None:
    parts = [part for part in CALM.split(", ") if not part.startswith(f"{parameter}:")]
    about_patches = check == "host.patches"
    text = CATALOGUE.format(", ".join([*parts, f"{parameter}: {value}"]))
    apply(text if about_patches else text + WITHOUT_PATCHES)
    assert complaints(pause=0.0 if about_patches else 0.2) == {check}


def elsewhere(pause: float = 0.0, **given: object) -> dict[str, tuple[State, Reading]]:
    """The same machine seen from outside; without its updates, of which a test of their own tells."""
    text = CATALOGUE.format(f"{CALM}, {json.dumps(given)[1:-1]}").replace("local", "127.0.0.1")
    apply(text + WITHOUT_PATCHES)
    found = look(pause)
    assert {name: reading for name, (_, reading) in found.items() if reading.problem} == {}
    return found


def test_over_ssh_on_a_port_of_its_own() -> None:
    with ssh() as door:
        door_words = {"user": door.user, "key_file": str(door.key_file), "host_key": door.host_key, "port": door.port}
        found = elsewhere(**door_words, clock_warn="1h")
        assert {name for name, (state, _) in found.items() if state != "ok"} == set()
        assert {"load", "processes", "clock_offset"} <= found["host.load"][1].values.keys()
        late = elsewhere(**door_words, clock_warn="0s")  # a clock is never right to the last digit
    assert {name for name, (state, _) in late.items() if state != "ok"} == {"host.clock"}


def test_from_its_exporter() -> None:
    with node_exporter() as url:
        found = elsewhere(pause=0.2, exporter=url, clock_warn="1h")
    assert {name for name, (state, _) in found.items() if state != "ok"} == set()
    assert {"cpu", "load", "disk_busy"} <= found["host.cpu"][1].values.keys()
