"""What the older server cannot do by itself, done with what it can."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, ServiceError
from workbench.service import transfers
from workbench.service.answers import json_of
from workbench.service.wire import MEDIA, request
from workbench.storage.ids import FileId

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

    from workbench.service.line import Line

__all__ = ["transcribe", "type_of", "voices"]

_LONG = 600.0  # seconds in which a recording may be listened to


async def transcribe(line: Line, parameters: Mapping[str, Any]) -> Any:
    """Send a recording that the server has: the older wire takes no ids here."""
    audio_id = str(FileId.parse(parameters["audio_id"]))
    content = await transfers.read(line, audio_id, None)
    language = parameters.get("language")
    answer = await line.ask(
        "POST",
        f"{MEDIA}/audio-tools/transcribe",
        fields={"language": language} if language else {},
        file=("audio_file", (audio_id, content)),
        seconds=_LONG,
    )
    return json_of(answer)


async def voices(line: Line, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known here of the voices an older server lists: it tells their ids."""
    if parameters.get("engine") not in {None, "kokoro"}:
        raise ServiceError(f"has no engine {parameters['engine']}", subject="the server")
    from workbench.engines.kokoro.voices import voices as known

    asked = request("kokoro_voices", {}, ours=False)
    listed = set(json_of(await line.ask(asked.method, asked.path))["voices"])
    wanted = (parameters.get("language") or "").lower()
    return {
        "voices": [
            {
                "name": f"kokoro:{one.name}",
                "engine": "kokoro",
                "language": one.language,
                "label": one.label,
                "gender": one.gender,
            }
            for one in known()
            if one.name in listed and f"{one.language}-".startswith(f"{wanted}-" * bool(wanted))
        ]
    }


async def type_of(source: bytes | Path | BinaryIO, name: str) -> str:
    """Return the type of a file that an older server wants to be told."""
    from workbench.media.kinds import kind_of
    from workbench.storage.atomic import workspace

    if isinstance(source, Path):
        return (await asyncio.to_thread(kind_of, source, "", name))[0]
    if not isinstance(source, bytes):
        raise ParameterError(
            "is needed for a stream, by an older server", subject="media_type",
            cure="image, video or audio",
        )  # fmt: skip
    with workspace() as folder:
        path = folder / "content"
        path.write_bytes(source)
        return (await asyncio.to_thread(kind_of, path, "", name))[0]
