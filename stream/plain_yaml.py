"""YAML as it is written: `on`, `3.0`, `007` and dates stay text, a key that stands twice is a fault."""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from stream.errors import ConfigError, Fault


class _PlainLoader(yaml.SafeLoader):
    """The safe loader with three kinds of scalars besides text: null, true and false, and whole numbers."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - the parent's signature
        """A dict; a key that stands twice is an error, since the first would be lost without a word."""
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(None, None, "a key must be plain text", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, "a key stands twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


_PlainLoader.yaml_implicit_resolvers = {}
_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(?:~|null|)$"), ["~", "n", ""])
_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)$"), ["t", "f"])
_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"(?:0|-?[1-9][0-9]*)$"), list("-0123456789"))


def load(path: Path, *, may_be_empty: bool = False) -> dict[str, Any]:
    """The mapping that a YAML file holds; ConfigError with the place of the fault."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _PlainLoader)  # noqa: S506 - derives from SafeLoader
    except OSError as error:
        raise ConfigError(str(path), (Fault("", error.strerror or "can't be read"),)) from None
    except UnicodeDecodeError:
        raise ConfigError(str(path), (Fault("", "not UTF-8"),)) from None
    except yaml.MarkedYAMLError as error:
        raise ConfigError(str(path), (_fault(error),)) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ConfigError(str(path), (Fault("", "not valid YAML"),)) from None
    if content is None and may_be_empty:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(str(path), (Fault("", "must be a mapping"),))
    return {str(key): value for key, value in content.items()}


def _fault(error: yaml.MarkedYAMLError) -> Fault:
    mark = error.problem_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    own = isinstance(error, yaml.constructor.ConstructorError) and error.problem in ("a key stands twice", "a key must be plain text")
    return Fault(where, str(error.problem) if own else "not valid YAML")
