"""What the README and the pages in `docs/` show is true: settings, events, scores, commands, targets, names and links."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from schemas.deadletters import DeadLetterClass
from schemas.essence import Rated
from schemas.read import Reader
from schemas.scores import Score
from stream.kpis.registry import all_metrics
from stream.settings import Settings, load

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DEFINITIONS = (ROOT / "docs/definitions.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "examples/README.md"]


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def test_the_first_settings_file_is_accepted(tmp_path: Path) -> None:
    """The csat.yaml of the README loads, and says what the README says it says."""
    shown, _ = blocks(README, "yaml")
    path = tmp_path / "csat.yaml"
    path.write_text(shown, encoding="utf-8")
    settings = load(path)
    assert settings.kafka.bootstrap_servers == "kafka-1:9092,kafka-2:9092"
    assert settings.targets.first_response["chat"] == 120_000
    assert settings.segments == Settings().segments
    assert settings.windows == Settings().windows


def test_the_event_is_accepted() -> None:
    """The rating shown in the README is read as one."""
    shown, _ = blocks(README, "json")
    ticket, essence = Reader(Settings().scale_rules).read(b"T-1", shown.encode(), ())
    assert ticket == "T-1"
    assert isinstance(essence, Rated)
    assert essence.score == 5


def test_the_score_is_one_that_the_stream_would_publish() -> None:
    """Its shape is the contract's, and value, mean and interval follow from its counts."""
    from stream.kpis.csat import KPI, moved_score

    _, shown = blocks(README, "json")
    score = Score.model_validate_json(shown)
    ratings = [Rated(0, "", "", "csat", star, 1, 5) for star in range(1, 6) for _ in range(score.counts[f"star_{star}"])]
    cells = {100: score.counts["satisfied"], 101: score.counts["rated"], 107: sum(map(moved_score, ratings))}
    cells |= {101 + star: score.counts[f"star_{star}"] for star in range(1, 6)}

    class Sums(dict[int, int]):
        def __missing__(self, _: int) -> int:
            return 0

    reading = KPI.metrics[0].read(Sums(cells))
    assert reading is not None
    assert (reading.value, reading.n, reading.low, reading.high) == (score.value, score.n, score.low, score.high)
    assert (dict(reading.counts), dict(reading.stats)) == (score.counts, score.stats)


def test_every_command_shown_exists() -> None:
    """`csat-stream NAME` in any page is a command of the program."""
    done = subprocess.run([sys.executable, "-m", "stream.cli", "--help"], capture_output=True, text=True, check=True)
    known = set(re.findall(r"^ +(\w+) {2,}", done.stdout, flags=re.MULTILINE))
    shown = {name for page in PAGES for name in re.findall(r"csat-stream ([a-z]+)\b(?! *=)", page.read_text(encoding="utf-8")) if name in known}
    lines = [line for block in blocks(README, "console") for line in block.splitlines() if line.startswith("$ ")]
    assert all(line.removeprefix("$ .venv/bin/").removeprefix("$ ").split()[1] in known for line in lines)
    assert all(cell.split()[0] in known for cell in re.findall(r"^\| `csat-stream ([^`]*)`", README, flags=re.MULTILINE))
    assert {"worker", "try", "recompute", "import", "scores", "rebuild"} <= shown


def test_every_make_target_shown_exists() -> None:
    """The README lists the targets of the Makefile, all of them."""
    listed = re.search(r"`make` lists the targets: (.*?)\. `docker", README, flags=re.DOTALL)
    assert listed
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, flags=re.MULTILINE)) - {"help"}
    assert set(re.findall(r"`([a-z-]+)`", listed[1])) == targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file of the repository."""
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_every_metric_is_defined_and_in_the_readme() -> None:
    """A metric of the registry stands in the definitions; the README names it or its family."""
    for _, metric in all_metrics():
        family = metric.name.removesuffix("_provisional")
        assert f"`{family}`" in DEFINITIONS, metric.name
        assert f"`{family}`" in README, metric.name


def test_every_class_of_dead_letters_is_defined() -> None:
    """The table of the definitions has the classes of the contract, in the order in which they are judged."""
    table = DEFINITIONS.partition("| class | meaning |")[2].partition("\n\n")[0]
    shown = re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE)
    assert shown == [str(kind) for kind in DeadLetterClass]


def test_defaults_named_in_the_definitions_are_those_of_the_settings() -> None:
    """Where a definition gives the value of a setting in brackets, it is the default."""
    shown = dict(re.findall(r"`(life_gap|max_open_age|min_group|min_n|future|lateness)` \((\d+(?: [dhm])?)\)", DEFINITIONS))
    defaults = Settings().model_dump(mode="json")
    assert {name: value.replace(" ", "") for name, value in shown.items()} == {name: str(defaults[name]) for name in shown}
    assert set(shown) == {"life_gap", "max_open_age", "min_group", "min_n", "future", "lateness"}


def test_the_folders_of_the_architecture_exist() -> None:
    """Every folder and file named in the architecture page is there."""
    named = re.findall(r"`((?:stream|schemas|engine|state)/[\w./]*)`", ARCHITECTURE)
    assert named
    for name in named:
        assert (ROOT / name).exists() or (ROOT / "stream" / name).exists(), name


def test_topics_shown_are_the_default_ones() -> None:
    """The pictures and texts name the topics that the settings name."""
    known = set(Settings().topics.model_dump().values())
    for page in (README, ARCHITECTURE):
        assert set(re.findall(r"support\.[a-z]+(?:\.[a-z]+)?\.v1", page)) <= known


@pytest.mark.kafka
def test_the_example_prints_what_the_readme_shows(tmp_path: Path) -> None:
    """The README's `try` is run word for word (with this Python's command); the lines shown come first."""
    shown = next(block for block in blocks(README, "console") if " try " in block)
    command, *lines = shown.strip().splitlines()
    words = command.removeprefix("$ .venv/bin/csat-stream ").split()
    done = subprocess.run(
        [sys.executable, "-m", "stream.cli", *words, "--out", str(tmp_path / "scores.jsonl")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[: len(lines) - 1] == lines[:-1]
    scores = [json.loads(line) for line in (tmp_path / "scores.jsonl").read_text(encoding="utf-8").splitlines()]
    assert all(Score.model_validate(score, strict=False).n for score in scores)


def test_docker_compose_names_commands_that_exist() -> None:
    """The services run the worker and create the topics."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    text = json.dumps(services)
    assert "apache/kafka:4.1.0" in text
    assert "worker" in text
    assert '"topics", "create"' in text
