"""Breaks a copy of the product code in one place at a time and sees whether the test named for it fails: `python -m tests.broken`.

That the tests pass without a breakage is for `make test` to say.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.broken.breakages import BREAKAGES, Breakage

ROOT = Path(__file__).resolve().parents[2]
_FOLDERS = ("stream", "schemas", "tests", "docs", "examples")
_PASSED, _FAILED = 0, 1
"""Exit codes of pytest; any other says that the tests did not run."""


def main() -> int:
    """Exit code: 0 if every breakage is caught, 1 if one is not."""
    with tempfile.TemporaryDirectory(prefix="csat-stream-broken-") as folder:
        copy = Path(folder).resolve()
        _copy_to(copy)
        _require_copy(copy)
        caught = [_is_caught(copy, breakage) for breakage in BREAKAGES]
    return 0 if all(caught) else 1


def _copy_to(copy: Path) -> None:
    for name in _FOLDERS:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)


def _require_copy(copy: Path) -> None:
    """The copy is what gets imported, not the project as it is installed."""
    shown = _python(copy, "-c", "import stream; print(stream.__file__)").stdout.strip()
    if shown != str(copy / "stream" / "__init__.py"):
        raise SystemExit("the copy is not what Python imports")


def _is_caught(copy: Path, breakage: Breakage) -> bool:
    """Whether the test fails; tells it in one line."""
    with _broken(copy, breakage):
        done = _pytest(copy, breakage.test)
    if done.returncode not in (_PASSED, _FAILED):
        raise SystemExit(f"{breakage.test} did not run:\n{done.stdout}{done.stderr}")
    caught = done.returncode == _FAILED
    sys.stdout.write(f"{'caught' if caught else 'MISSED'}  {breakage.name}  by {breakage.test}\n")
    sys.stdout.flush()
    return caught


@contextmanager
def _broken(copy: Path, breakage: Breakage) -> Iterator[None]:
    """The copy with this breakage for the length of a block."""
    file = copy / breakage.file
    sound = file.read_text(encoding="utf-8")
    if sound.count(breakage.old) != 1:
        raise SystemExit(f"{breakage.name}: the snippet stands {sound.count(breakage.old)} times in {breakage.file}, not once")
    file.write_text(sound.replace(breakage.old, breakage.new), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(sound, encoding="utf-8")


def _pytest(copy: Path, node: str) -> subprocess.CompletedProcess[str]:
    options = ("-q", "-x", "-p", "no:cacheprovider", "-p", "tests.broken.quick", "--hypothesis-profile=broken")
    return _python(copy, "-m", "pytest", *options, node)


def _python(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python on the copy, although the project itself is installed too."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH" and not name.startswith("CSAT_")}
    # No compiled files: they go by time and size, and a breakage may change neither.
    environment |= {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
