"""Rows of YAML: its structure is YAML's, what stands in it is typed by the notebook.

YAML itself takes ``007`` for 7, ``1_000`` for 1000, ``no`` for false and ``9:16`` for 556.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args, get_origin

from workbench.errors import ParameterError
from workbench.production.jobfile.json_rows import PARTS, unknown_part
from workbench.production.jobfile.rows import Mistake, Written
from workbench.production.parameters.types import items, kinds
from workbench.production.parameters.written import read_texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.production.parameters import Parameter

__all__ = ["NodeCell", "read_yaml"]

_LARGEST = 1_000_000  # values, aliases written out
_DEEP = 50
_OPEN = 0  # the size of what is being measured
_PLAIN = "tag:yaml.org,2002:"
_NOTHING = {"null", "Null", "NULL", "~"}
_CURE = "write a list of jobs: - name: value"


@dataclass(frozen=True)
class NodeCell:
    """What stands beside a key."""

    node: Any

    def read(self, parameter: Parameter) -> Any:
        """Return what it means: a plain text as on a command line, a quoted one as a text."""
        return parameter.check(_meaning(self.node, parameter.kind))


@dataclass
class _Reading:
    """One file: the mistakes found so far, and how large each part is."""

    mistakes: list[Mistake] = field(default_factory=list)
    sizes: dict[int, int] = field(default_factory=dict)
    circle: Any = None  # a part that holds itself

    def wrong(self, node: Any, problem: str, cure: str = _CURE, *, column: str = "") -> None:
        self.mistakes.append(Mistake(_line(node), column, problem, cure))

    def size(self, node: Any, depth: int = 0) -> int:
        """Return how many values a node is, its aliases written out."""
        known = self.sizes.get(id(node))
        if known is not None:
            if known == _OPEN:
                self.circle = node
            return max(known, 1)
        if depth > _DEEP:
            raise ParameterError("is nested too deeply", subject=str(_line(node)))
        self.sizes[id(node)] = _OPEN
        inside = 1
        for one in _inside(node):
            inside += self.size(one, depth + 1)
        self.sizes[id(node)] = min(inside, _LARGEST + 1)
        return self.sizes[id(node)]

    def fits(self, node: Any) -> bool:
        """Return whether a node can be written out; what keeps it from that is a mistake."""
        size = self.size(node)
        if self.circle is not None:
            self.wrong(self.circle, "holds itself", "write the values out")
        elif size > _LARGEST:
            self.wrong(node, f"stands for more than {_LARGEST:,} values", "use fewer aliases")
        return self.circle is None and size <= _LARGEST

    def pairs(self, node: Any) -> dict[str, Any]:
        """Return the values of a mapping by name, those that ``<<`` brings along last."""
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, value in node.value:
            if key.id != "scalar":
                self.wrong(key, "has a key that is no name")
            elif key.value == "<<" and not key.style:
                for one in value.value if value.id == "sequence" else [value]:
                    if one.id == "mapping":
                        merged = self.pairs(one) | merged
                    else:
                        self.wrong(value, "merges what is no mapping", column="<<")
            elif key.value in found:
                self.wrong(key, "is there twice", "take one of them out", column=key.value)
            else:
                found[key.value] = value
        return merged | found


def read_yaml(text: str) -> tuple[list[Written], list[Mistake]]:
    r"""Return the rows of a list of mappings, or of a mapping with ``defaults`` and ``jobs``.

    Examples
    --------
    >>> rows, mistakes = read_yaml("defaults: {voice: es}\njobs:\n- text: a\n- text: b\n")
    >>> [(row.number, list(row.cells)) for row in rows]
    [(3, ['voice', 'text']), (4, ['voice', 'text'])]
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if (deep := _too_deep(text, loader)) is not None:
            return [], [Mistake(deep, "", "is nested too deeply", _CURE)]
        node = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        told = getattr(error, "problem", None) or str(error)
        number = mark.line + 1 if mark else 1
        return [], [Mistake(number, "", f"is no YAML: {told}", "look at this line")]
    reading = _Reading()
    if node is None:
        return [], []
    try:
        rows = _rows(reading, node) if reading.fits(node) else []
    except ParameterError as error:
        return [], [Mistake(int(error.subject), "", error.problem, _CURE)]
    return rows, reading.mistakes


def _too_deep(text: str, loader: Any) -> int | None:
    """Return the line in which values are nested too deeply, None for none.

    Composing them takes a call in C for each level, and ends the process where they are very many.
    """
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEP:
                return int(event.start_mark.line) + 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None


def _rows(reading: _Reading, node: Any) -> list[Written]:
    shared: dict[str, Any] = {}
    jobs = node
    if node.id == "mapping":
        shared, jobs = _parts(reading, node)
    if jobs is None:
        return []
    if jobs.id != "sequence":
        reading.wrong(jobs, "is no list of jobs")
        return []
    rows = []
    for job in jobs.value:
        if job.id != "mapping":
            reading.wrong(job, "is no mapping of names and values")
            continue
        own = reading.pairs(job)
        cells = {name: NodeCell(one) for name, one in (shared | own).items() if not _empty(one)}
        lines = {name: _line(one) for name, one in shared.items() if name not in own}
        rows.append(Written(number=_line(job), cells=cells, shared=lines))
    return rows


def _parts(reading: _Reading, node: Any) -> tuple[dict[str, Any], Any]:
    """Return the defaults of a file, and its jobs if it has any."""
    parts = reading.pairs(node)
    for name, part in parts.items():
        if name not in PARTS:
            reading.wrong(part, *unknown_part(name))
    given = parts.get("defaults")
    shared: dict[str, Any] = {}
    if given is not None and not _nothing(given):
        if given.id == "mapping":
            shared = reading.pairs(given)
        else:
            reading.wrong(given, "'defaults' must be a mapping")
    if "jobs" not in parts and not reading.mistakes:
        reading.wrong(node, "has no jobs")
    return shared, parts.get("jobs")


def _meaning(node: Any, kind: Any) -> Any:
    """Return the value that a node is for a type."""
    several = kinds(kind)
    if node.id == "sequence":
        inner = next((items(one) for one in several if items(one) is not None), Any)
        bare = list in several
        return [_meaning(one, Any if bare else inner) for one in node.value]
    if node.id == "mapping":
        held = next((get_args(one)[1] for one in several if get_origin(one) is dict), Any)
        reading = _Reading()
        found = {name: _meaning(one, held) for name, one in reading.pairs(node).items()}
        for wrong in reading.mistakes:
            raise ParameterError(f"{wrong.column} {wrong.problem}".strip(), cure=wrong.cure)
        return found
    _known(node)
    return str(node.value) if node.style else _plain(node, kind)


def _plain(node: Any, kind: Any) -> Any:
    """Return the value that a text without quotes is for a type."""
    several, text = kinds(kind), str(node.value)
    if _nothing(node):
        return None
    if kind is Any:
        return _untyped(text)
    if any(items(one) is not None for one in several):
        return text  # one text is no list, and is said to be none
    return read_texts([text], kind)


def _known(node: Any) -> None:
    if not node.tag.startswith(_PLAIN) or node.tag[len(_PLAIN) :].startswith(("python", "binary")):
        raise ParameterError(
            f"has the tag {node.tag}", subject=str(_line(node)), cure="write the value alone"
        )


def _untyped(text: str) -> Any:
    """Return a plain text where any JSON may stand."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _nothing(node: Any) -> bool:
    """Whether nothing stands there, or null."""
    return node.id == "scalar" and not node.style and (node.value in _NOTHING or _empty(node))


def _empty(node: Any) -> bool:
    return node.id == "scalar" and not node.style and node.value == ""


def _inside(node: Any) -> Iterator[Any]:
    if node.id == "sequence":
        yield from node.value
    elif node.id == "mapping":
        for key, value in node.value:
            yield key
            yield value


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1
