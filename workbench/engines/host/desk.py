"""The engines as the host asks them: the isolated worker's desk, and recognisers besides."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.engines import hardware
from workbench.engines.host.address import settings
from workbench.engines.isolated.worker import Desk

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from workbench.audio import Audio

__all__ = ["HostDesk", "computes"]

_GPUS = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg", "/dev/kfd")


class HostDesk(Desk):
    """An engine of the host, and the streams that one client has open.

    Parameters
    ----------
    engine
        A synthesizer or a transcriber.
    cancel
        Set when the client is gone.
    """

    def __init__(self, engine: Any, cancel: threading.Event) -> None:
        super().__init__(engine, Path())  # no shelf: sound goes through the socket
        self._engine = engine
        self._cancel = cancel
        self._sounds: list[Audio] = []
        self.name = str(engine.name)

    def put(self, audio: Audio) -> dict[str, Any]:
        """Lay sound beside the answer."""
        self._sounds.append(audio)
        return {}

    def taken(self) -> list[Audio]:
        """Return the sound that belongs to the answer that was given last."""
        sounds, self._sounds = self._sounds, []
        return sounds

    def transcribe(
        self, arguments: dict[str, Any], audio: Audio, report: Callable[[float], None]
    ) -> dict[str, Any]:
        """Return what is said as plain values."""
        heard = self._engine.transcribe(
            audio,
            language=arguments["language"],
            options=self._engine.options.build(arguments["options"]),
            progress=report,
            cancel=self._cancel,
        )
        told: dict[str, Any] = heard.to_dict()
        return told

    def end(self) -> None:
        """Give up every stream that is not over."""
        for stream in list(self._streams):
            self.close(stream)


def computes() -> bool:
    """Whether models run on a GPU here; torch is only loaded where there may be one."""
    import sys

    asked = settings().get(hardware.VARIABLE, "auto").lower()
    absent = sys.platform == "linux" and not any(Path(device).exists() for device in _GPUS)
    if asked == "cpu" or (asked == "auto" and absent):
        return False
    return hardware.choose() != "cpu"
