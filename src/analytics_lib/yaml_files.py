"""YAML that people write: plain values only, a key once, nothing by reference, errors that name the line."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import yaml

from analytics_lib.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LARGEST_FILE = 1_000_000
_DEEPEST = 50
# The same safe loader written in C, where there is one: it builds plain values only.
_PLAIN: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> object:
    """What a YAML file holds; null for an empty one.

    Raises:
        RequestError: If it is not one document of plain values, names a key twice, or is over 1 MB.
    """
    if path.stat().st_size > _LARGEST_FILE:
        raise RequestError(f"{path} is larger than {_LARGEST_FILE:,} bytes; such a file is short.")
    try:
        text = path.read_text(encoding="utf-8")
        _check_shape(text)
        return cast("object", yaml.load(text, Loader=_UniqueKeys))  # noqa: S506  # safe, see above
    except (yaml.YAMLError, ValueError) as error:
        raise RequestError(f"{path} cannot be read as YAML: {error}") from error


def _check_shape(text: str) -> None:
    """Refuse references, and what would be built by more calls within calls than there may be."""
    depth = 0
    for event in yaml.parse(text, Loader=_PLAIN):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError("references (*name) are not allowed; write the value where it is used.")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise yaml.YAMLError(f"more than {_DEEPEST} values lie within each other; write it flatter.")


class _UniqueKeys(_PLAIN):  # type: ignore[valid-type, misc]  # whichever loader there is
    """YAML of plain values in which a key stands once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:  # noqa: FBT001, FBT002  # PyYAML's own signature
        """The mapping, unless it has a key twice."""
        seen: set[object] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.YAMLError(f"line {key_node.start_mark.line + 1}: a key is one plain value.")
            key = self.construct_object(key_node)
            if key in seen:
                raise yaml.YAMLError(f"line {key_node.start_mark.line + 1}: {key!r} is given twice.")
            seen.add(key)
        return cast("dict[object, object]", super().construct_mapping(node, deep))


def key_lines(path: Path) -> dict[tuple[str, ...], int]:
    """The line on which each key of a YAML file stands, from 1, by the keys that lead to it.

    Raises:
        RequestError: As ``read_yaml``.
    """
    read_yaml(path)
    root = yaml.compose(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)
    return dict(_lines_below(root, ()))


class Problems:
    """What is wrong with a file, each problem with the line of the key it is about."""

    def __init__(self, path: Path, root: str) -> None:
        """Of the file at ``path``, below its key ``root``."""
        self._path, self._root, self._lines = path, root, key_lines(path)
        self._found: set[tuple[int, str]] = set()

    def note(self, problem: object, *keys: str) -> None:
        """Note a problem with the key that ``keys`` lead to, below the root."""
        here = (self._root, *keys)
        line = next(self._lines[here[:end]] for end in range(len(here), 0, -1) if here[:end] in self._lines)
        self._found.add((line, f"line {line}: {'.'.join(keys)}: {problem}"))

    def refuse(self) -> None:
        """Raise ``RequestError`` with all of them, if there are any."""
        if self._found:
            told = "\n".join(f"  {text}" for _, text in sorted(self._found))
            raise RequestError(f"{self._path} has {len(self._found)} problem(s):\n{told}")


def _lines_below(node: yaml.Node | None, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*above, str(key.value))
            yield here, key.start_mark.line + 1
            yield from _lines_below(value, here)
