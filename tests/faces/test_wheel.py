"""The wheel, installed where there is no checkout: packs, templates, translations and static files are inside."""

import re
import site
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faces.running import Workspace, until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its ``mainstay``; the libraries are those of the tests, so that nothing need be fetched again."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    install = [
        str(folder / "venv/bin/python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    return folder / "venv/bin/mainstay"


def test_it_runs_from_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    libraries = {"PYTHONPATH": site.getsitepackages()[0]}
    outside = Workspace(tmp_path, [str(installed)], libraries)
    where = [str(installed.parent / "python"), "-c", "import mainstay; print(mainstay.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, env=outside.environment, capture_output=True, text=True, check=True)
    assert found.stdout.startswith(str(installed.parents[1])), "the installed one, not the checkout"

    outside.done("init", "shop")
    inside = Workspace(tmp_path / "shop", [str(installed)], libraries)
    inside.done("validate")
    inside.done("apply")
    names = {check["path"].partition("/")[2] for check in inside.json("check", "list")["items"]}
    assert "host.cpu" in names, "the packs are inside"
    with inside.up():
        status, page = inside.get("/sign-in/")
        assert status == 200
        static = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.decode()))
        assert static
        for address in static:
            status, content = inside.get(address)
            assert (status, bool(content)) == (200, True), address
        until(lambda: all(check["state"] != "unknown" for check in inside.json("check", "list")["items"]))
    listing = "from mainstay.web.manual import folder; print(len(list(folder().rglob('*.md'))))"
    python = [str(installed.parent / "python"), "-c", listing]
    settings = {**inside.environment, "DJANGO_SETTINGS_MODULE": "mainstay.settings"}
    done = subprocess.run(python, cwd=tmp_path, env=settings, capture_output=True, text=True, check=True)
    assert int(done.stdout) > 30, "the manual is inside, in its three editions"
    assert "业务" in inside.done("--lang", "zh", "--help"), "the translations are inside"
    assert '"system"' in inside.done("schema")
