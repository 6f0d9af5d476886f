"""Why a file may not come out the same: what has changed since, and what never repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.production.identity_inputs import file_digest, folder_digest
from workbench.production.identity_versions import ENGINES, machine_facts, versions
from workbench.storage.receipt import place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["Causes", "changes", "never_exact"]

_SHOWN = 12  # digits of a digest
_ENCODERS = ("nvenc", "videotoolbox", "qsv", "vaapi", "amf")
_DEEPEST = 40


class Causes:
    """What is other than it was.

    Attributes
    ----------
    inputs, tools
        A line each.
    missing
        Whether an input is gone, so that the file cannot be made again at all.
    """

    def __init__(self) -> None:
        self.inputs: list[str] = []
        self.tools: list[str] = []
        self.missing = False

    @property
    def all(self) -> tuple[str, ...]:
        """The lines of both."""
        return (*self.inputs, *self.tools)


def changes(receipt: Mapping[str, Any], folder: Path) -> Causes:
    """Return which inputs, versions and machine differ from what a receipt tells.

    Parameters
    ----------
    receipt
        As it was read.
    folder
        Where it lies.
    """
    found = Causes()
    listed = receipt.get("inputs")
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, dict) and isinstance(each.get("path"), str) and each.get("sha256"):
            _input(found, each, folder)
    _tools(found, receipt)
    return found


def _input(found: Causes, each: Mapping[str, Any], folder: Path) -> None:
    path, old = place(each["path"], folder), str(each["sha256"])
    if path.is_file():
        new = file_digest(path)
    elif path.is_dir():
        new = folder_digest(path)
    else:
        found.inputs.append(f"the input {each['path']} is missing (sha256 {old[:_SHOWN]})")
        found.missing = True
        return
    if new != old:
        found.inputs.append(
            f"the input {each['path']} has changed (sha256 {old[:_SHOWN]}, now {new[:_SHOWN]})"
        )


def _tools(found: Causes, receipt: Mapping[str, Any]) -> None:
    then = receipt.get("versions")
    if isinstance(then, dict):
        now = versions(name for name in ENGINES if f"{name} engine" in then)
        for name in sorted({*then, *now}):
            if then.get(name) != now.get(name):
                old, new = then.get(name, "none"), now.get(name, "none")
                found.tools.append(f"{name} was {old}, and is {new}")
    facts = receipt.get("machine")
    if isinstance(facts, dict):
        for name, value in machine_facts().items():
            if facts.get(name) != value:
                found.tools.append(f"the machine's {name} was {facts.get(name)}, and is {value}")


def never_exact(receipt: Mapping[str, Any]) -> tuple[str, ...]:
    """Return why a file may differ even where nothing has changed.

    Examples
    --------
    >>> never_exact({"take": {"voice": "chatterbox:en", "seed": None, "device": "cuda"}})
    ('chatterbox:en was spoken without a seed: it never sounds the same twice', \
'cuda adds in another order each time: its last bits are not exact')
    >>> never_exact({"encoder": {"name": "h264_nvenc"}})
    ('h264_nvenc is a hardware encoder: another driver writes other bytes',)
    """
    told: dict[str, None] = {}
    for each in _tables(receipt, 0):
        voice, device = str(each.get("voice", "")), each.get("device")
        if voice.startswith("chatterbox") and "seed" in each and each["seed"] is None:
            told[f"{voice} was spoken without a seed: it never sounds the same twice"] = None
        if isinstance(device, str) and device not in {"", "cpu"}:
            told[f"{device} adds in another order each time: its last bits are not exact"] = None
        encoder = each.get("encoder")
        name = str(encoder.get("name", "")) if isinstance(encoder, dict) else ""
        if any(kind in name for kind in _ENCODERS):
            told[f"{name} is a hardware encoder: another driver writes other bytes"] = None
        if voice.startswith(("remote", "openai")):
            told[f"{voice} is a server's voice, which may change unseen"] = None
    return tuple(told)


def _tables(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from _tables(each, depth + 1)
    elif isinstance(value, list):
        for each in value:
            yield from _tables(each, depth + 1)
