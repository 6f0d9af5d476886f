"""What the page of a tuner may ask for: each message does what a method of the tuner does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError
from workbench.voice import Preset
from workbench.widgets.blend import with_share

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.widgets.tuner import Tuner

__all__ = ["obey"]


def obey(panel: Tuner, kind: str, content: Mapping[str, Any]) -> None:
    """Do what a message asks for.

    Raises
    ------
    ParameterError
        When there is no such message.
    WorkbenchError
        As the method that it stands for.
    """
    if kind not in _ORDERS:
        raise ParameterError(f"{kind!r} is no message of this widget", subject="message")
    _ORDERS[kind](panel, content)


def _share(panel: Tuner, content: Mapping[str, Any]) -> None:
    panel.blend(with_share(panel.chosen["blend"], str(content["voice"]), content["share"]))


def _generate(panel: Tuner, content: Mapping[str, Any]) -> None:
    if content["changes"]:
        panel.change(**content["changes"])
    panel.start()


def _keep(panel: Tuner, content: Mapping[str, Any]) -> None:
    """Keep a preset; where there is one of that name, the page has to ask first."""
    name = str(content["name"]).strip()
    replace = content["replace"] is True
    if not replace and panel.settings.preset(name).name in Preset.names():
        panel.send({"kind": "exists", "name": name})
        return
    panel.keep(name, content["take"], note=str(content["note"]), replace=replace)


_ORDERS: dict[str, Callable[[Tuner, Mapping[str, Any]], object]] = {
    "audition": lambda panel, said: panel.hear(str(said["voice"])),
    "change": lambda panel, said: panel.change(**said["changes"]),
    "delete": lambda panel, said: panel.delete(said["take"]),
    "engine": lambda panel, said: panel.change_engine(str(said["name"])),
    "generate": _generate,
    "keep": _keep,
    "note": lambda panel, said: panel.note(said["take"], said["text"]),
    "open": lambda panel, said: panel.open_preset(str(said["name"])),
    "redo": lambda panel, _: panel.redo(),
    "reset": lambda panel, said: panel.reset(str(said["name"])),
    "restore": lambda panel, said: panel.restore(said["take"]),
    "share": _share,
    "star": lambda panel, said: panel.star(said["take"], said["on"]),
    "undo": lambda panel, _: panel.undo(),
    "use": lambda panel, said: panel.use(said["take"]),
}
