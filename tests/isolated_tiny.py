"""A tiny engine for an isolated worker: it hums, and does what a text tells it to. numpy alone."""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from workbench.audio import Audio
from workbench.engines.base import Capabilities, VoiceInfo
from workbench.errors import ParameterError, TextError, VoiceNotFound
from workbench.options import Options, option
from workbench.script import tokenize
from workbench.take import Take
from workbench.timing import Word
from workbench.voice import Voice

RATE = 8_000
FRAMES = 1_000  # of a word


@dataclass(frozen=True, kw_only=True)
class TinyOptions(Options):
    height: int = option(200, minimum=100, maximum=400, step=10, unit="Hz", help="Height")


def half_a_line() -> None:
    """Write the beginning of an answer, as a process does that is killed in the middle of it."""
    for descriptor in range(3, 30):
        try:
            is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
            writes = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY
        except OSError:
            continue
        if is_pipe and writes:
            os.write(descriptor, b'{"id": 7, "resu')
            return
    raise AssertionError("there is no pipe to the parent")


class TinyEngine:
    name: ClassVar[str] = "tiny"
    capabilities: ClassVar[Capabilities] = Capabilities(rate=RATE, streaming=True, seeded=True)
    options: ClassVar[type[Options]] = TinyOptions
    version = "1"

    def voices(self) -> tuple[VoiceInfo, ...]:
        return (VoiceInfo(name="hum", language="en", label="Hum"),)

    def find_voice(self, name: str) -> VoiceInfo:
        if name.lower() != "hum":
            raise VoiceNotFound("is not a voice", subject=name, cure="there is hum")
        return self.voices()[0]

    def synthesize(self, text, *, voice, options=None, seed=None):
        self.find_voice(voice)
        self._check(text, options)
        notes = self._obey(text)
        tokens = tokenize(text)
        if not tokens:
            raise TextError("has nothing to speak", subject=text)
        chosen = options or TinyOptions()
        time_line = np.arange(FRAMES * len(tokens)) / RATE
        words = tuple(
            Word(
                text=token.text,
                start=number * FRAMES / RATE,
                end=(number + 1) * FRAMES / RATE,
                space=token.space,
            )
            for number, token in enumerate(tokens)
        )
        return Take(
            text=text,
            audio=Audio(samples=0.3 * np.sin(2 * np.pi * chosen.height * time_line), rate=RATE),
            words=words,
            voice=Voice(engine=self.name, name="hum"),
            language="en",
            engine_version=self.version,
            options=chosen.to_dict(),
            seed=seed,
            warnings=notes,
        )

    def stream(self, text, *, voice, options=None, seed=None):
        self.find_voice(voice)
        self._check(text, options)
        return self._pieces(text, voice, options, seed)

    def _pieces(self, text, voice, options, seed):
        samples = self.synthesize(text, voice=voice, options=options, seed=seed).audio.samples
        for first in range(0, len(samples), FRAMES // 2):
            yield Audio(samples=samples[first : first + FRAMES // 2], rate=RATE)

    def unload(self) -> None:
        pass

    def _check(self, text, options) -> None:
        if not isinstance(text, str):
            raise ParameterError("must be text", subject="text")
        if not isinstance(options, TinyOptions | None):
            raise ParameterError("must be TinyOptions", subject="options")

    def _obey(self, text: str) -> tuple[str, ...]:
        if text == "die":
            sys.stderr.write("the last words\n")
            sys.stderr.flush()
            half_a_line()
            os.kill(os.getpid(), signal.SIGKILL)
        if text == "vanish":
            os.kill(os.getpid(), signal.SIGKILL)
        if text.startswith("sleep "):
            Path(text.removeprefix("sleep ")).write_text(str(os.getpid()))
            time.sleep(600)
        if text == "print":
            print("this is no answer")  # noqa: T201
            os.write(1, b"and neither is this\n")
        if text == "odd":
            raise ZeroDivisionError("one by nothing")
        if text == "where":
            return (str(Path.cwd()), os.environ.get("WORKBENCH_VOICES", "unset"), str(os.getpid()))
        if text == "path":
            return tuple(sys.path)
        return ()


class Broken:
    def __init__(self) -> None:
        raise TextError("is broken from the start", subject="Broken")


class Late:
    def __init__(self) -> None:
        sys.stderr.write("still loading\n")
        sys.stderr.flush()
        time.sleep(600)
