"""Java contestants: the machine's JDK, artefacts by jgo, and our jobs compiled against them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from bench.peers.cache import call, made
from bench.peers.contestant import Command, NotToBeHad
from stream.devkit import jars
from stream.errors import UsageError

SOURCES = Path(__file__).resolve().parent / "java"
LEAST_JAVA = 17
KAFKA_STREAMS = ("org.apache.kafka:kafka-streams:4.1.0", "com.fasterxml.jackson.core:jackson-databind:2.19.0", "org.slf4j:slf4j-simple:1.7.36")
FLINK_VERSION = "2.2.0"
# All modules by name: what the connector was built with (2.1) would otherwise be mixed in.
_FLINK_MODULES = (
    "annotations", "cep", "clients", "connector-base", "connector-datagen", "core", "core-api", "datastream", "datastream-api", "file-sink-common",
    "hadoop-fs", "json", "metrics-core", "queryable-state-client-java", "rpc-akka-loader", "rpc-core", "runtime", "streaming-java",
    "table-api-bridge-base", "table-api-java", "table-api-java-bridge", "table-common", "table-planner-loader", "table-runtime",
)  # fmt: skip
FLINK = (
    *(f"org.apache.flink:flink-{module}:{FLINK_VERSION}" for module in _FLINK_MODULES),
    "org.apache.flink:flink-connector-kafka:5.0.0-2.2",
    "org.slf4j:slf4j-simple:1.7.36",
)
# Flink's documentation asks for them on Java 17 and newer.
_FLINK_OPENS = tuple(f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in ("lang", "util", "time", "nio", "net", "util.concurrent"))
_JVM = ("-Xmx2g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
# In a process of its own, as stream/devkit/jars.py does for Kafka.
_RESOLVE = """
import json, pathlib, sys, jgo
built = jgo.build(sys.argv[1], cache_dir=pathlib.Path(sys.argv[2]) / "jgo")
jars = sorted(str(jar) for folder in ("jars", "modules") for jar in (built.path / folder).glob("*.jar"))
(pathlib.Path(sys.argv[2]) / "jars.json").write_text(json.dumps(jars), encoding="utf-8")
"""


class Jdk(NamedTuple):
    """A JDK: its commands and its version, such as 17.0.15."""

    java: str
    javac: str
    version: str


def kafka_streams() -> Command:
    """The Kafka Streams job."""
    return _java_job("kafka-streams", "KafkaStreamsJob", KAFKA_STREAMS)


def flink_sql() -> Command:
    """The Flink SQL job, in Flink's local cluster within one JVM."""
    return _java_job("flink-sql", "FlinkSqlJob", FLINK, _FLINK_OPENS)


def find_jdk() -> Jdk:
    """The JDK of JAVA_HOME, or else of the PATH; NotToBeHad where there is none of version 17 or newer."""
    home = os.environ.get("JAVA_HOME")
    javac = shutil.which("javac", path=str(Path(home) / "bin")) if home else shutil.which("javac")
    if javac is None:
        raise NotToBeHad("no JDK on this machine (javac)")
    # Behind the system's links lies the JDK's own folder, with the java of the same version.
    folder = Path(javac).resolve().parent
    said = subprocess.run([javac, "-version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    version = re.search(r"javac (\d+)(\S*)", said.stdout + said.stderr)
    if version is None or int(version[1]) < LEAST_JAVA or not (folder / "java").exists():
        raise NotToBeHad(f"no JDK {LEAST_JAVA} or newer on this machine")
    return Jdk(str(folder / "java"), javac, version[1] + version[2])


def _java_job(name: str, job: str, artefacts: tuple[str, ...], options: tuple[str, ...] = ()) -> Command:
    jdk = find_jdk()
    try:
        jars.require_packages()
    except UsageError as error:
        raise NotToBeHad(str(error)) from None
    libraries = made(f"jars-{name}", artefacts, lambda new: _resolve(new, artefacts))
    class_path = [str(path) for path in json.loads((libraries / "jars.json").read_text(encoding="utf-8"))]
    sources = [SOURCES / f"{job}.java", SOURCES / "FirstRecord.java"]
    ingredients = [jdk.version, *artefacts, *(source.read_text(encoding="utf-8") for source in sources)]
    classes = made(f"classes-{name}", ingredients, lambda new: _compile(new, jdk, sources, class_path))
    path = os.pathsep.join([str(classes), *class_path])
    return Command((jdk.java, *_JVM, *options, "-cp", path, job), f"{_version_of(name, artefacts)}, Java {jdk.version}")


def _version_of(name: str, artefacts: tuple[str, ...]) -> str:
    return f"{name} {artefacts[0].rpartition(':')[2]}"


def _resolve(folder: Path, artefacts: tuple[str, ...]) -> None:
    call(folder, [sys.executable, "-c", _RESOLVE, "+".join(artefacts), str(folder)], "its Java artefacts could not be had")


def _compile(folder: Path, jdk: Jdk, sources: list[Path], class_path: list[str]) -> None:
    command = [jdk.javac, "-nowarn", "--release", str(LEAST_JAVA), "-cp", os.pathsep.join(class_path), "-d", str(folder), *map(str, sources)]
    call(folder, command, "its job could not be compiled")
