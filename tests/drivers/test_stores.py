"""Stores: a directory, another host over SFTP, a bucket of S3. A real sshd and a real S3 server (SeaweedFS)."""

import os
import time
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mainstay.domain.network import NetworkPolicy, Service
from mainstay.drivers import stores
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.restic import Restic
from mainstay.drivers.stores import Unreachable, below, directory, s3, sftp
from tests import servers
from tests.quick_keys import quicken
from tests.servers import program as installed

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"),))
NOWHERE = NetworkPolicy(())


def quiet(*_: object) -> None:
    """Nobody wants to know."""


def round_trip(store: Any, tmp_path: Path, there: Path | None = None) -> Restic:
    """Make a repository there, save, look through, restore. ``there``: where its files are, if they can be had."""
    installed("restic")
    run, data = tmp_path / "run", tmp_path / "data"
    run.mkdir()
    data.mkdir()
    (data / "orders").write_bytes(os.urandom(100_000))
    store.reach()
    one = Restic(store.place("shop/nightly", run), "a key", host="h", cache=None)
    one.make()
    if there is not None:
        quicken(there / "shop/nightly", "a key")
    end = time.monotonic() + 60
    saved = one.save(data, ["run=1"], end, quiet)
    assert one.check(end, all_data=True) == ""
    one.load(saved.identifier, tmp_path / "target", end)
    assert (tmp_path / "target" / "orders").read_bytes() == (data / "orders").read_bytes()
    return one


@pytest.fixture(scope="module")
def door() -> Iterator[servers.SSH]:
    with servers.ssh() as one:
        yield one


@pytest.fixture(scope="module")
def bucket() -> Iterator[servers.S3]:
    with servers.s3() as one:
        yield one


def over_ssh(door: servers.SSH, there: Path, /, **other: Any) -> sftp.Settings:
    given = {
        "address": "127.0.0.1", "port": door.port, "user": door.user, "key": door.key_file.read_text(),
        "host_key": door.host_key, "path": str(there),
    }  # fmt: skip
    return sftp.Settings(**{**given, **other})


def in_bucket(server: servers.S3, /, **other: Any) -> s3.Settings:
    given = {
        "endpoint": server.endpoint, "bucket": server.bucket, "access_key": server.access_key,
        "secret_key": server.secret_key, "path": "mainstay",
    }  # fmt: skip
    return s3.Settings(**{**given, **other})


def test_all_kinds_are_known() -> None:
    assert stores.kinds() == ["directory", "s3", "sftp"]
    assert all(stores.load(kind).Store for kind in stores.kinds())


@pytest.mark.parametrize("path", ["", "/", "..", "a/../b", "a b", "a/.hidden", "a\nb", "日本"])
def test_a_repository_lies_below_its_store(path: str) -> None:
    with pytest.raises(ValueError, match="repository"):
        below("/srv", path)
    assert below("/srv/", "shop/db-1.x") == "/srv/shop/db-1.x"


# Directory


def test_a_directory_holds_copies(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    store = directory.Store(directory.Settings(path=str(tmp_path / "root")), NOWHERE)
    round_trip(store, tmp_path, tmp_path / "root")
    assert (tmp_path / "root/shop/nightly/config").exists()
    assert (store.free("shop/nightly") or 0) > 0
    assert [path.name for path in (tmp_path / "root").iterdir()] == ["shop"]


def test_a_directory_that_is_not_there_or_not_mounted_is_said(tmp_path: Path) -> None:
    gone = directory.Store(directory.Settings(path=str(tmp_path / "gone")), NOWHERE)
    plain = directory.Store(directory.Settings(path=str(tmp_path), mounted=True), NOWHERE)
    for store, words in ((gone, "no directory"), (plain, "mounted")):
        for act in (store.reach, lambda store=store: store.place("a", tmp_path), lambda store=store: store.free("a")):
            with pytest.raises(Unreachable, match=words):
                act()
    with pytest.raises(ValidationError):
        directory.Settings(path="relative")


# SFTP


def test_another_host_holds_copies(door: servers.SSH, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    store = sftp.Store(over_ssh(door, tmp_path / "there"), LOOPBACK)
    round_trip(store, tmp_path, tmp_path / "there")
    assert (tmp_path / "there/shop/nightly/config").exists()
    assert (store.free("shop/nightly") or 0) > 0
    files = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"key", "known_hosts", "config"}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["shop"]


def test_another_host_key_is_refused_by_us_and_by_restic(door: servers.SSH, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "run").mkdir()
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUmqSMdwGAcSy6dEGuCzdcxG5xMprPE0/9a3mqpAwOb"
    store = sftp.Store(over_ssh(door, tmp_path / "there", host_key=other), LOOPBACK)
    with pytest.raises(Unreachable, match="host key"):
        store.reach()
    with pytest.raises(ToolFailed) as caught:
        Restic(store.place("shop", tmp_path / "run"), "k", host="h", cache=None).make()
    assert caught.value.code == "refused"
    assert not list((tmp_path / "there").iterdir())


def test_what_is_wrong_over_ssh_is_said(door: servers.SSH, tmp_path: Path) -> None:
    nobody = servers.free_port()
    cases = {
        "denied": (over_ssh(door, tmp_path), NOWHERE, "allowed network"),
        "metadata": (over_ssh(door, tmp_path, address="169.254.169.254"), LOOPBACK, "metadata"),
        "closed": (over_ssh(door, tmp_path, port=nobody), LOOPBACK, "refused"),
        "no directory": (over_ssh(door, tmp_path / "none"), LOOPBACK, "make the directory"),
        "no key": (over_ssh(door, tmp_path, key="not a key"), LOOPBACK, "private key"),
        "another account": (over_ssh(door, tmp_path, user="nobody"), LOOPBACK, "refused"),
    }
    for name, (settings, network, words) in cases.items():
        with pytest.raises(Unreachable, match=words) as caught:
            sftp.Store(settings, network).reach()
        assert "PRIVATE" not in str(caught.value), name
    with pytest.raises(Unreachable, match="allowed network"):
        sftp.Store(over_ssh(door, tmp_path), NOWHERE).place("shop", tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [("user", "-oProxyCommand=x"), ("address", "a b"), ("path", "/a\nProxyCommand x"), ("host_key", "x")],
)
def test_settings_cannot_say_more_to_ssh_than_they_should(door: servers.SSH, name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        over_ssh(door, Path("/srv"), **{name: value})


def test_the_private_key_does_not_show(door: servers.SSH, tmp_path: Path) -> None:
    assert "PRIVATE" not in repr(over_ssh(door, tmp_path))


# S3


def test_a_bucket_holds_copies(bucket: servers.S3, tmp_path: Path) -> None:
    store = s3.Store(in_bucket(bucket), LOOPBACK)
    one = round_trip(store, tmp_path)
    assert store.free("shop/nightly") is None
    assert bucket.secret_key not in repr(one.place)
    assert one.place.address == f"s3:{bucket.endpoint}/{bucket.bucket}/mainstay/shop/nightly"


def test_what_is_wrong_with_a_bucket_is_said(bucket: servers.S3, tmp_path: Path) -> None:
    servers.program("restic")
    nobody = f"http://127.0.0.1:{servers.free_port()}"
    cases = {
        "denied": (in_bucket(bucket), NOWHERE, "allowed network"),
        "metadata": (in_bucket(bucket, endpoint="http://169.254.169.254"), LOOPBACK, "metadata"),
        "closed": (in_bucket(bucket, endpoint=nobody), LOOPBACK, "onnect"),
        "no bucket": (in_bucket(bucket, bucket="nothing"), LOOPBACK, "make it"),
        "wrong key": (in_bucket(bucket, secret_key="wrong-secret"), LOOPBACK, "keys"),
    }
    for name, (settings, network, words) in cases.items():
        with pytest.raises(Unreachable, match=words) as caught:
            s3.Store(settings, network).reach()
        assert settings.secret_key not in str(caught.value), name
    own = replace_own(bucket)
    for network in (NOWHERE, own):
        with pytest.raises(Unreachable):
            s3.Store(in_bucket(bucket), network).place("shop", tmp_path)
    wrong = s3.Store(in_bucket(bucket, secret_key="wrong-secret"), LOOPBACK)
    with pytest.raises(ToolFailed) as refused:
        Restic(wrong.place("shop", tmp_path), "k", host="h", cache=None).make()
    assert refused.value.code == "refused"


def replace_own(bucket: servers.S3) -> NetworkPolicy:
    """A policy by which the endpoint is a service of Mainstay itself."""
    port = int(bucket.endpoint.rpartition(":")[2])
    return NetworkPolicy(LOOPBACK.allowed, (Service(ip_network("127.0.0.0/8"), port),))


# From one to another


def test_a_copy_goes_from_a_directory_to_a_bucket(bucket: servers.S3, tmp_path: Path) -> None:
    installed("restic")
    for name in ("data", "first", "run"):
        (tmp_path / name).mkdir()
    (tmp_path / "data" / "orders").write_bytes(os.urandom(100_000))
    first_store = directory.Store(directory.Settings(path=str(tmp_path / "first")), LOOPBACK)
    second_store = s3.Store(in_bucket(bucket, path="other"), LOOPBACK)
    end = time.monotonic() + 120
    first, second = (
        Restic(store.place("shop", tmp_path / "run"), f"key {number}", host="h", cache=None)
        for number, store in enumerate((first_store, second_store))
    )
    first.make()
    quicken(tmp_path / "first/shop", "key 0")
    saved = first.save(tmp_path / "data", ["run=1"], end, quiet)
    second.make(first)
    there = first.forward(saved.identifier, second, end)
    second.load(there.identifier, tmp_path / "target", end)
    assert (tmp_path / "target/orders").read_bytes() == (tmp_path / "data/orders").read_bytes()
