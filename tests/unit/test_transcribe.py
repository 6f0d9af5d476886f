"""A recording of any kind becomes words, from Python and on the command line."""

from __future__ import annotations

import io
import json
import re
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest
from whisper_model import bare, say

import workbench as wb
from workbench import cli
from workbench.audio import Audio
from workbench.captions.cues import Cues
from workbench.engines import registry
from workbench.engines.espeak.engine import EspeakEngine
from workbench.errors import (
    EngineNotFound,
    MediaError,
    MediaNotFound,
    ParameterError,
    WeightsMissing,
)
from workbench.options import Options
from workbench.recognition import Recognition, Segment
from workbench.speech import transcribe as module
from workbench.speech.transcribe import transcribe
from workbench.timing import Word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEXT = "red green blue seven"


class EarOptions(Options):
    """The options of the test recogniser; none."""


class Ear:
    """A recogniser that hears what it is told to, and remembers what it was given."""

    name: ClassVar[str] = "ear"
    options: ClassVar[type[Options]] = EarOptions
    version = "1"

    def __init__(self) -> None:
        self.given: list[tuple[Audio, dict[str, Any]]] = []
        self.segments = (
            Segment(
                start=0.5,
                end=1.5,
                text="Hello, world.",
                words=(
                    Word(text="Hello,", start=0.5, end=0.9),
                    Word(text="world.", start=1.0, end=1.5),
                ),
            ),
        )

    def transcribe(self, audio: Audio, **keywords: Any) -> Recognition:
        self.given.append((audio, keywords))
        if keywords["progress"] is not None:
            keywords["progress"](1.0)
        return Recognition(
            segments=self.segments, language="en", duration=audio.duration, warnings=("doubtful",)
        )

    def unload(self) -> None:
        """Nothing stays loaded."""


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Ear:
    ear = Ear()
    monkeypatch.setitem(registry._ears.loaded, "ear", ear)
    return ear


# -- from Python ----------------------------------------------------------------------------------


@pytest.mark.model
def test_every_kind_of_source_is_heard_alike(tiny_whisper, tmp_path):
    sound = say(TEXT).audio.resample(16_000)
    path = sound.write(tmp_path / "said.wav")
    take = EspeakEngine().synthesize(TEXT, voice="en-us")
    with path.open("rb") as file:
        sources = [str(path), path, path.read_bytes(), file, sound]
        found = [transcribe(one, model=tiny_whisper.name, language="en") for one in sources]
    found.append(
        transcribe(sound.samples[:, 0], rate=16_000, model=tiny_whisper.name, language="en")
    )
    texts = {tuple(word.text for word in heard.words) for heard in found}
    assert len(texts) == 1
    assert [bare(text) for text in next(iter(texts))] == TEXT.split()
    heard = transcribe(take, model=tiny_whisper.name, language="en")
    assert [bare(word.text) for word in heard.words] == TEXT.split()
    assert {heard.declared for heard in found} == {sound.duration}


def test_the_recogniser_gets_the_sound_and_the_call(ear, tmp_path):
    path = Audio.silence(2, 44_100, 2).write(tmp_path / "a.flac")
    told: list[float] = []
    transcribe(path, engine="ear", language="es", progress=told.append)
    ((audio, keywords),) = ear.given
    assert (audio.rate, audio.channels, audio.duration) == (16_000, 1, 2.0)
    assert keywords["language"] == "es"
    assert type(keywords["options"]) is EarOptions
    assert told == [1.0]


def test_a_damaged_recording_says_so_first(ear):
    """The library's decoder returns 3.7 of 11 s without a word."""
    data = Audio.silence(4, 16_000).encode(".wav")
    heard = transcribe(data[: len(data) // 2], engine="ear")
    assert heard.duration == pytest.approx(2.0, abs=0.01)
    assert heard.declared == 4.0
    assert heard.warnings == ("decoded 2.0 of 4.0 s: it is damaged or cut short", "doubtful")


@pytest.mark.parametrize(("seconds", "bars"), [(59, 0), (61, 1)])
def test_a_long_recording_shows_a_bar(ear, monkeypatch, seconds, bars):
    shown, moved = [], []

    @contextmanager
    def bar(title: str) -> Iterator[Callable[[float], None]]:
        shown.append(title)
        yield moved.append

    monkeypatch.setattr(module, "bar", bar)
    sound = Audio.silence(seconds, 8_000)
    transcribe(sound, engine="ear")
    assert (len(shown), len(moved)) == (bars, bars)
    transcribe(sound, engine="ear", progress=moved.append)
    assert len(shown) == bars


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"engine": "whisperr"}, EngineNotFound, "did you mean 'whisper'"),
        ({"beamsize": 3}, ParameterError, "did you mean 'beam_size'"),
        ({"beam_size": 0}, ParameterError, "beam_size: must be"),
        ({"model": "smal"}, ParameterError, "did you mean 'small'"),
        ({"model": "small"}, WeightsMissing, "workbench models pull whisper-small"),
    ],
)
def test_a_mistake_is_told_before_anything_is_decoded(monkeypatch, tmp_path, options, error, told):
    monkeypatch.setenv("WORKBENCH_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    path = tmp_path / "no sound.wav"
    path.write_bytes(b"no sound at all")
    with pytest.raises(error, match=told):
        transcribe(path, **options)


def test_a_path_is_looked_at_before_the_weights(monkeypatch, tmp_path):
    """Somebody who misspelt a path was told to fetch half a gigabyte of weights first."""
    monkeypatch.setenv("WORKBENCH_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    for path, told in ((tmp_path / "none.wav", "no such file"), (tmp_path, "not a plain file")):
        for source in (path, str(path)):
            with pytest.raises(MediaNotFound, match=told):
                transcribe(source)


@pytest.mark.parametrize("source", [np.zeros(8), Audio.silence(1, 8_000)])
def test_the_rate_is_called_as_the_caller_calls_it(ear, source):
    """The message spoke of array_rate, which `transcribe` does not have."""
    rate = 8_000 if isinstance(source, Audio) else None
    with pytest.raises(ParameterError, match=r"^rate: ") as caught:
        transcribe(source, engine="ear", rate=rate)
    assert caught.value.subject == "rate"


def test_a_recording_without_sound_is_told(ear, media):
    with pytest.raises(MediaError, match="has no sound"):
        transcribe(media / "odd" / "vfr_screenrec.mp4", engine="ear")
    assert ear.given == []


def test_a_stream_can_be_chosen(ear, media):
    for stream in (0, 1):
        transcribe(media / "speech" / "en_nasa_webb_2v2a2s.mp4", engine="ear", stream=stream)
    (first, _), (second, _) = ear.given
    assert first != second


def test_what_is_heard_can_be_captioned(ear):
    cues = wb.caption(transcribe(Audio.silence(3, 8_000), engine="ear"))
    assert cues.text == "Hello, world."
    assert cues.language == "en"


# -- on the command line --------------------------------------------------------------------------


@pytest.fixture
def command(tmp_path, monkeypatch, capsys) -> Iterator[Callable[..., tuple[int, str, str]]]:
    """``workbench ARGUMENTS`` in this process: the exit code, standard output and error."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["workbench", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return (int(ended.value.code or 0), *capsys.readouterr())

    handler = signal.getsignal(signal.SIGTERM)
    yield run
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def wav(tmp_path) -> Path:
    return Audio.silence(3, 16_000).write(tmp_path / "a.wav")


@pytest.mark.model
@pytest.mark.parametrize("language", ["en", "es"])
def test_the_command_writes_captions_of_a_recording(tiny_whisper, command, tmp_path, language):
    """Two sentences, a pause of three seconds: two cues, each at its time."""
    texts = {"en": (TEXT, "one two three"), "es": ("rojo verde azul siete", "uno dos tres")}
    first, second = (say(text, language).audio for text in texts[language])
    gap = Audio.silence(3, first.rate)
    Audio.join([first, gap, second]).write(tmp_path / "said.wav")
    arguments = ("transcribe", "said.wav", "-m", tiny_whisper.name, "-O", "min_silence=500")
    code, out, err = command(*arguments, "-o", "said.srt")
    assert (code, err) == (0, "")
    assert re.fullmatch(r"said\.srt: 2 captions, 7 words in \d+\.\d s, (en|es)\n", out)
    cues = Cues.read(tmp_path / "said.srt")
    assert [[bare(word) for word in cue.text.split()] for cue in cues] == [
        text.split() for text in texts[language]
    ]
    assert cues[0].start < 0.2
    assert cues[1].start == pytest.approx(first.duration + 3, abs=0.5)
    code, out, err = command(*arguments, "-l", language)
    assert (code, bare(out.split()[0])) == (0, texts[language][0].split()[0])


@pytest.mark.model
def test_the_command_aligns_a_script_with_its_recording(tiny_whisper, command, tmp_path):
    """The captions have the script's spelling and its lines, at the recording's times."""
    (tmp_path / "script.txt").write_text("Red, GREEN: blue —\nseven!\n", encoding="utf-8")
    said = say(TEXT)
    said.audio.write(tmp_path / "said.wav")
    code, out, err = command(
        "align", "script.txt", "said.wav", "-o", "c.vtt", "-m", tiny_whisper.name, "-l", "en"
    )
    assert (code, err, out) == (0, "", "c.vtt: 2 captions, 100% heard\n")
    cues = Cues.read(tmp_path / "c.vtt")
    assert [cue.text for cue in cues] == ["Red, GREEN: blue —", "seven!"]
    assert cues[1].start == pytest.approx(said.starts[3], abs=0.15)


@pytest.mark.parametrize("suffix", [".srt", ".vtt", ".ass", ".ttml", ".json", ".txt"])
def test_the_command_writes_every_format(ear, command, wav, suffix):
    code, out, err = command("transcribe", wav.name, "-e", "ear", "-o", f"out{suffix}")
    assert (code, err) == (0, "workbench: warning: doubtful\n")
    assert out.startswith(f"out{suffix}: ")
    text = Path(f"out{suffix}").read_text(encoding="utf-8")
    assert "Hello, world." in text
    if suffix == ".json":
        assert Recognition.from_dict(json.loads(text)).text == "Hello, world."
    elif suffix != ".txt":
        (cue,) = Cues.read(f"out{suffix}")
        assert (cue.start, cue.text) == (0.5, "Hello, world.")


def test_the_command_prints_text_or_json(ear, command, wav):
    code, out, _ = command("transcribe", wav.name, "-e", "ear")
    assert (code, out) == (0, "Hello, world.\n")
    code, out, _ = command("transcribe", wav.name, "-e", "ear", "--json", "-o", "a.srt")
    data = json.loads(out)
    assert (data["path"], data["text"], data["duration"]) == ("a.srt", "Hello, world.", 3.0)


def test_the_command_passes_on_what_it_is_told(ear, command, wav, media):
    assert command("transcribe", wav.name, "-e", "ear", "-l", "es")[0] == 0
    assert ear.given[0][1]["language"] == "es"
    video = media / "speech" / "en_nasa_webb_2v2a2s.mp4"
    for stream in (0, 1):
        assert command("transcribe", video, "-e", "ear", "--stream", stream)[0] == 0
    assert ear.given[1][0] != ear.given[2][0]
    assert command("align", "Hello, world.", wav.name, "-e", "ear", "-l", "en", "-o", "a.srt") == (
        0, "a.srt: 1 captions, 100% heard\n", "workbench: warning: doubtful\n",
    )  # fmt: skip
    assert ear.given[-1][1]["language"] == "en"


def test_a_script_on_standard_input_is_aligned(ear, command, wav):
    """The dash was taken for the script itself, and every word of the recording left out."""
    code, out, _ = command(
        "align", "-", wav.name, "-e", "ear", "-o", "a.srt", stdin=b"Hello,\nworld!\n"
    )
    assert (code, out) == (0, "a.srt: 2 captions, 100% heard\n")
    assert [cue.text for cue in Cues.read("a.srt")] == ["Hello,", "world!"]


@pytest.mark.parametrize(
    ("script", "code", "notes"),
    [
        ("Hello, world.", 0, 0),
        ("Hello, green world. Bye!", 0, 0),
        ("Hello, green garden. Bye!", 0, 1),
        ("One two three four five six seven eight nine ten, hello.", 1, 0),
        ("Something else altogether.", 1, 0),
    ],
)
def test_the_script_of_another_recording_is_told(ear, command, wav, *, script, code, notes):
    """Captions of another text were written, at made-up times, without a word."""
    ended, out, err = command("align", script, wav.name, "-e", "ear", "-o", "a.srt", "--json")
    assert ended == code
    if code:
        assert "a.wav: is not what the script says" in err
        assert not Path("a.srt").exists()
        return
    told = json.loads(out)["warnings"]
    assert told[0] == "doubtful"
    assert len(told) == 1 + notes
    assert err.splitlines() == [f"workbench: warning: {note}" for note in told]
    if notes:
        assert told[1] == "a.wav: only 25% of the script was heard in it"


def test_a_recogniser_without_times_of_words_aligns_as_well(ear, command, wav):
    ear.segments = (Segment(start=0.5, end=1.5, text="Hello, world."),)
    code, out, _ = command("align", "Hello, world!", wav.name, "-e", "ear", "-o", "a.srt")
    assert (code, out) == (0, "a.srt: 1 captions, 100% heard\n")


def test_words_without_times_share_those_of_their_segment(ear, command, wav):
    ear.segments = (
        Segment(start=0.5, end=1.5, text="Hello, world."),
        Segment(start=2.0, end=2.5, text="Bye."),
    )
    code, out, _ = command("transcribe", wav.name, "-e", "ear", "-o", "a.srt")
    assert (code, out) == (0, "a.srt: 2 captions, 0 words in 3.0 s, en\n")
    cues = Cues.read("a.srt")
    assert [(cue.start, cue.text) for cue in cues] == [(0.5, "Hello, world."), (2.0, "Bye.")]


def test_a_silent_recording_has_no_captions_and_is_no_failure(ear, command, wav):
    ear.segments = ()
    for suffix in (".srt", ".vtt", ".txt", ".json"):
        code, out, _ = command("transcribe", wav.name, "-e", "ear", "-o", f"a{suffix}")
        assert code == 0
        assert out.endswith("0 words in 3.0 s, en\n")
        assert Path(f"a{suffix}").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("transcribe",), 2, "Missing argument"),
        (("transcribe", "a.wav"), 2, "workbench models pull whisper-small"),
        (("transcribe", "none.wav"), 2, "none.wav: there is no such file"),
        (("align", "a", "none.wav", "-o", "a.srt"), 2, "none.wav: there is no such file"),
        (("transcribe", "none.wav", "-e", "ear"), 2, "none.wav: there is no such file"),
        (("transcribe", "a.wav", "-e", "eer"), 2, "did you mean 'ear'?"),
        (
            ("transcribe", "a.wav", "-o", "a.doc"),
            2,
            "a.doc: must end in .srt, .vtt, .ass, .ttml, .dfxp, .json, .txt",
        ),
        (("transcribe", "a.wav", "-O", "beamsize=2"), 2, "did you mean 'beam_size' or"),
        (("transcribe", "a.wav", "-O", "beam_size=0"), 2, "beam_size: must be a whole number"),
        (("transcribe", "a.wav", "-m", "smal"), 2, "did you mean 'small'"),
        (("transcribe", "a.wav", "-e", "ear", "--stream", "3"), 2, "stream: must be a whole"),
        (("align", "a", "a.wav", "-o", "a.json"), 2, "a.json: must end in .srt, .vtt, .ass"),
        (("align", "none.txt", "a.wav", "-o", "a.srt"), 2, "none.txt: cannot be read"),
    ],
)
def test_a_mistake_is_one_line(ear, command, wav, monkeypatch, *, arguments, code, told):
    monkeypatch.setenv("WORKBENCH_MODELS", str(wav.parent))
    monkeypatch.setenv("HF_HOME", str(wav.parent))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    if "eer" in arguments:
        points = {"ear": None}
        monkeypatch.setattr(registry._ears, "points", lambda: points)
    found, out, err = command(*arguments)
    assert (found, out) == (code, "")
    assert told in err
    assert err.count("\n") == 1


def test_the_options_are_listed(command):
    code, out, _ = command("transcribe", "a.wav", "-O", "help")
    assert code == 0
    assert "beam_size=5" in out
    assert "vad=True" in out
