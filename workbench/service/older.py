"""What has to be done differently with the older media server, v0.3.5 and its like.

Its word "ready" means that a file exists; it takes no ids where it wants to hear a recording; it
names files by what they were called, and the frames of a video without their type.
"""

from __future__ import annotations

import asyncio
import mimetypes
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit

from workbench.errors import ParameterError, ServiceError
from workbench.service.answers import json_of
from workbench.service.forms import Form, Source
from workbench.service.transfers import look, read
from workbench.service.wire import MEDIA, file_id, request
from workbench.storage.ids import EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.service.line import Line

__all__ = ["frames", "guessed", "hear", "named", "settled", "voices", "without"]

_SETTLE = 1.0  # seconds between two looks at what may grow
_LONG = 600.0  # seconds in which an operation that answers when it is done may do so


async def settled(line: Line, name: str) -> bool:
    """Return whether a file that is "ready" is whole.

    What has a length in its format tells by that. Anything else is whole when it has the same size
    a second later.
    """
    if name.startswith("video_"):
        # Its prober reads a video only once its index is written, which comes last.
        asked = request("info", {"file_id": name}, ours=False)
        answer = await line.ask(asked.method, asked.path, plain=True)
        told = json_of(answer) if answer.is_success else None
        if isinstance(told, dict) and told.get("duration"):
            return True
    seen = await look(line, name)
    if seen.whole is None:
        await asyncio.sleep(_SETTLE)
        again = await look(line, name)
        return again.whole or (again.whole is None and again.size == seen.size)
    return seen.whole


async def named(
    source: bytes | Path | BinaryIO, media_type: str, name: str, folder: Path
) -> tuple[bytes | Path | BinaryIO, str, str]:
    """Return a file, its type and its name, as an older server wants to be told.

    It believes both: the extension of the id is that of the name, whatever is in the file.

    Parameters
    ----------
    source, media_type, name
        What is sent; type and name may be empty.
    folder
        Where a stream of which nothing is known can be kept meanwhile.

    Raises
    ------
    MediaError
        When it is no media, or not of the type.
    """
    from workbench.media.kinds import kind_of

    name = name or (source.name if isinstance(source, Path) else "")
    if not isinstance(source, Path):
        suffix = Path(name).suffix.lower()
        if (
            media_type
            and suffix in EXTENSIONS.get(media_type, ())
            and not isinstance(source, bytes)
        ):
            return source, media_type, name  # a stream is not kept here without need
        path = folder / "content"
        await asyncio.to_thread(_keep, source, path)
        source = path
    kind, extension = await asyncio.to_thread(kind_of, source, media_type, name)
    return source, kind, f"{Path(name).stem or 'file'}{extension}"


def _keep(source: bytes | BinaryIO, path: Path) -> None:
    with path.open("wb") as file:
        if isinstance(source, bytes):
            file.write(source)
        else:
            shutil.copyfileobj(source, file, 1 << 20)


def guessed(url: str) -> str:
    """Return the type of what an address leads to, by its path.

    Raises
    ------
    ParameterError
        When that does not tell.

    Examples
    --------
    >>> guessed("https://example.org/a.png?size=3")
    'image'
    """
    try:
        kind = (mimetypes.guess_type(urlsplit(url).path)[0] or "").partition("/")[0]
    except ValueError:
        kind = ""
    if kind not in EXTENSIONS:
        raise ParameterError(
            "is needed by an older server", subject="media_type", cure="image, video or audio"
        )
    return kind


async def hear(line: Line, parameters: Mapping[str, Any]) -> Any:
    """Have a recording transcribed: it is sent back, as the older wire takes no ids here."""
    if parameters.get("model"):
        raise without("a choice of models")
    audio_id = file_id(parameters.get("audio_id"))
    content = await read(line, audio_id, judged=True)
    fields = {"language": str(parameters["language"])} if parameters.get("language") else {}
    with Source(content) as sent:
        form = Form(fields, sent, name=audio_id, field="audio_file")
        answer = await line.ask("POST", f"{MEDIA}/audio-tools/transcribe", body=form, seconds=_LONG)
    return json_of(answer)


def frames(told: Any) -> dict[str, Any]:
    """Return the ids of frames with their type, which v0.3.5 leaves out.

    Examples
    --------
    >>> frames({"image_ids": ["a.jpg", "image_b.jpg"]})["image_ids"]
    ['image_a.jpg', 'image_b.jpg']
    """
    told = told if isinstance(told, dict) else {}
    found = [str(one) for one in told.get("image_ids") or ()]
    whole = [one if one.startswith("image_") else f"image_{one}" for one in found]
    return {"image_ids": whole, "sheet_id": told.get("sheet_id")}


async def voices(line: Line, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known here of the voices that an older server lists: it tells their ids."""
    engine = parameters.get("engine")
    if engine not in {None, "kokoro"}:
        raise without(f"voices of {engine}")
    from workbench.engines.kokoro.voices import voices as known

    told = json_of(await line.ask("GET", f"{MEDIA}/audio-tools/tts/kokoro/voices"))
    listed = set(told.get("voices") or ()) if isinstance(told, dict) else set()
    wanted = str(parameters.get("language") or "").lower()
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
            if one.name in listed and (not wanted or f"{one.language}-".startswith(f"{wanted}-"))
        ]
    }


def without(what: str) -> ServiceError:
    """Return the error of an older server that has not something."""
    return ServiceError(
        f"is an older media server, without {what}",
        subject="the server",
        cure="use `workbench serve`, or execution_mode='local'",
    )
