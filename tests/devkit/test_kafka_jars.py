"""Kafka's jars: found in the cache, or one clear error where they can't be had."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stream.devkit import jars
from stream.devkit.ports import free_ports
from stream.errors import CsatStreamError


@pytest.fixture
def no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fresh home, and a proxy that nobody listens for."""
    (port,) = free_ports(1)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")


@pytest.mark.usefixtures("no_network")
def test_no_network_is_one_clear_error(tmp_path: Path) -> None:
    """The error names the remedy and where the details are; nothing counts as cached."""
    pytest.importorskip("jgo")
    with pytest.raises(CsatStreamError, match="check the network") as caught:
        jars.class_path(tmp_path / "cache")
    assert str(tmp_path / "cache" / "download.log") in str(caught.value)
    assert "ProxyError" in (tmp_path / "cache" / "download.log").read_text(encoding="utf-8")
    assert not jars.is_cached(tmp_path / "cache")


@pytest.mark.usefixtures("no_network")
def test_a_full_cache_needs_no_network(tmp_path: Path) -> None:
    """Jars that are all there are taken; when one is gone, the cache is not full any more."""
    one, other = tmp_path / "one.jar", tmp_path / "other.jar"
    for jar in (one, other):
        jar.touch()
    (tmp_path / "jars.json").write_text(json.dumps([str(one), str(other)]), encoding="utf-8")
    assert jars.class_path(tmp_path) == f"{one}:{other}"
    other.unlink()
    assert not jars.is_cached(tmp_path)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """The error says which folder, and how to choose another."""
    (tmp_path / "file").touch()
    with pytest.raises(CsatStreamError, match="XDG_CACHE_HOME"):
        jars.class_path(tmp_path / "file" / "cache")


def test_the_cache_moves_with_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """XDG_CACHE_HOME is where it is kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert jars.cache_folder() == tmp_path / "csat-stream" / f"kafka-{jars.KAFKA_VERSION}"
