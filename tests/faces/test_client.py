"""A client that a public generator makes from the OpenAPI document works against a served Mainstay."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from mainstay.api.document import document
from tests.faces.served import Served

GENERATOR = Path(sys.prefix) / "openapi" / "bin" / "openapi-python-client"
"""Apart from the other packages; see setup/python.sh."""

STORY = """
import sys
from mainstay_client import AuthenticatedClient
from mainstay_client.api.catalogue import list_systems
from mainstay_client.api.checks import show_check
from mainstay_client.api.incidents import acknowledge, list_incidents, open_incident
from mainstay_client.models import Opened, OpenedCategory, OpenedLevel, Problem, Said

client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2])
print([one.name for one in list_systems.sync(client=client).items])
print(show_check.sync("shop", "home", client=client).kind)
wanted = Opened(system="shop", title="The till is stuck", category=OpenedCategory.BUSINESS, level=OpenedLevel.VALUE_2)
number = open_incident.sync(client=client, body=wanted).id
print(acknowledge.sync(number, client=client, body=Said()).state.value)
print([one.state.value for one in list_incidents.sync(client=client).items])
print(isinstance(show_check.sync("shop", "nothing", client=client), Problem))
"""


def test_every_operation_has_a_name_of_its_own() -> None:
    names = Counter(operation["operationId"] for path in document()["paths"].values() for operation in path.values())
    assert not [name for name, count in names.items() if count > 1]


@pytest.mark.skipif(not GENERATOR.exists(), reason="the generator is not installed; run: make .venv/ready-dev")
def test_a_generated_client_works(tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(document()))
    path = f"{GENERATOR.parent}{os.pathsep}{os.environ['PATH']}"  # it tidies what it wrote by a program beside it
    made = subprocess.run(
        [GENERATOR, "generate", "--path", "openapi.json", "--output-path", "client"],
        cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    left_out = set(re.findall(r"WARNING parsing (\S+ \S+)", made.stdout))
    assert left_out <= {f"POST /api/v1/catalogue/{act}" for act in ("validate", "diff", "apply")}, "which take YAML too"
    (tmp_path / "site").mkdir()
    site = Served(tmp_path / "site")
    token = json.loads(site.call("token", "create", "client", "--role", "operator", "--json"))["token"]
    process = site.start()
    try:
        told = subprocess.run(
            [GENERATOR.parent / "python", "-c", STORY, site.base, token],
            cwd=tmp_path / "client", capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        process.terminate()
        process.wait(20)
    assert told.stdout.splitlines() == ["['shop']", "http", "acknowledged", "['acknowledged']", "True"], told.stderr
