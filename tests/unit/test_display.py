from __future__ import annotations

import base64
import io
import json
import random
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest
from PIL import Image

import workbench as wb
from workbench import display
from workbench.audio import Audio
from workbench.errors import ParameterError
from workbench.production.job import JobResult
from workbench.recognition import Recognition, Segment
from workbench.take import Take
from workbench.timing import Word
from workbench.voice import Voice
from workbench.widgets import Clip, tables, twin
from workbench.widgets.waveform import picture


def make_take(text: str = "Hola, esto es una prueba.", seconds: float = 2.0) -> Take:
    rate = 16_000
    sound = np.sin(np.arange(int(seconds * rate)) / 9) * 0.5
    sound[len(sound) // 2 :] = 0
    texts = text.split()
    step = seconds / len(texts)
    words = tuple(Word(text=t, start=i * step, end=(i + 1) * step) for i, t in enumerate(texts))
    voice = Voice.parse("espeak:es")
    return Take(text=text, audio=Audio(samples=sound, rate=rate), words=words, voice=voice)


class Tags(HTMLParser):
    """The elements and attributes of some HTML, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, list[str | None]] = {}
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value)

    def handle_data(self, data: str) -> None:
        self.text += data


# -- bundles ----------------------------------------------------------------------------------


def test_a_bundle_is_a_picture_and_a_line() -> None:
    data, metadata = display.bundle(make_take())
    assert data["text/plain"] == "Hola, esto es una prueba. (2.0 s, 5 words, espeak:es)"
    with Image.open(io.BytesIO(base64.b64decode(data["image/png"]))) as image:
        assert image.size == (1440, 240)
    assert metadata == {"image/png": {"width": 720, "height": 120}}
    assert len(data["image/png"]) < 20_000


def test_the_line_stays_one_line() -> None:
    data, _ = display.bundle(make_take("Uno\n\x1b[31mdos " + "tres " * 40))
    assert "\n" not in data["text/plain"]
    assert "\x1b" not in data["text/plain"]
    assert len(data["text/plain"]) < 120


def test_sound_without_words() -> None:
    data, _ = display.bundle(make_take().audio)
    assert data["text/plain"] == "Sound (2.000 s, 16000 Hz, mono)"
    assert "image/png" in data


def test_sound_without_samples() -> None:
    empty = Audio.silence(0, 8_000)
    data, _ = display.bundle(empty)
    assert "image/png" in data
    assert "There is no sound in it." in display.twin_bundle(empty, "abc")[0]["text/html"]


def test_the_twin_plays_what_was_said() -> None:
    take = make_take()
    clip = Clip.of(take)
    data, metadata = display.twin_bundle(clip, "c0ffee")
    assert (list(data), metadata) == (["text/html"], {})
    seen = Tags(data["text/html"])
    assert seen.attributes["class"] == [
        "wb-twin wb-c0ffee",
        f"wb-media-{clip.uid}",
        "wb-transcript",
    ]
    (src,) = seen.attributes["src"]
    assert "source" not in seen.tags  # JupyterLab takes the address of a <source> away
    head, _, data64 = (src or "").partition(",")
    assert head == "data:audio/mpeg;base64"
    heard = Audio.read(_file(base64.b64decode(data64), ".mp3"))
    assert heard.duration == pytest.approx(2.0, abs=0.1)
    # The first half is the tone, the second silence, as it was.
    level = [float(np.abs(heard.cut(*span).samples).max()) for span in ((0.2, 0.8), (1.3, 1.8))]
    assert level[0] == pytest.approx(0.5, abs=0.1)
    assert level[1] < 0.02
    assert "Hola, esto es una prueba." in seen.text


def _file(data: bytes, suffix: str) -> Path:
    import tempfile

    path = Path(tempfile.mkdtemp()) / f"sound{suffix}"
    path.write_bytes(data)
    return path


def test_long_sound_is_not_kept_in_the_notebook() -> None:
    """IPython's Audio makes 38 MB of base64 from ten minutes."""
    seconds = 900
    audio = Audio(samples=np.zeros(seconds * 8_000, np.float32), rate=8_000)
    take = Take(text="x", audio=audio, words=(), voice=Voice.parse("espeak:es"))
    html = twin.html(Clip.of(take), "abc")
    assert len(html) < 1_000
    assert "15:00.0 of sound are too much" in html
    assert "audio" not in Tags(html).tags


def test_noise_that_does_not_fit_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twin, "EMBED_LIMIT", 5_000)
    assert "data:" not in twin.html(Clip.of(make_take()), "abc")


# -- hostile text -----------------------------------------------------------------------------

PIECES = (
    '<img src=x onerror="x">',
    "<script>",
    "</p>",
    '" onmouseover="x',
    "' onload='x",
    "<",
    ">",
    "&",
    "&lt;",
    "-->",
    "<!--",
    "<svg/onload=x>",
    "]]>",
    "word",
    "é",
    "\u202e",
    "javascript:x",
    "</style>",
    "<a href=x>",
)


def test_no_text_adds_an_element_or_an_attribute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raw, 5,000 such texts added 2,364 elements and attributes."""
    chance = random.Random(5)  # noqa: S311
    monkeypatch.setattr(twin, "_embedded", lambda _: "AAAA")  # encoding is not what is tested
    audio = Audio.silence(0.05, 8_000)

    def clip(text: str) -> Clip:
        words = (Word(text=text, start=0.0, end=0.05),)
        return Clip(
            kind="audio",
            duration=0.05,
            text=text,
            about=text,
            words=words,
            breaks=(0,),
            cues=words,
            language=text,
            notes=(text,),
            audio=audio,
        )

    known = Tags(twin.html(clip("x"), "abc"))
    for _ in range(500):
        texts = ["".join(chance.choices(PIECES, k=chance.randint(1, 6))) for _ in range(10)]
        for text in texts:
            seen = Tags(twin.html(clip(text), "abc"))
            assert seen.tags == known.tags, text
            assert set(seen.attributes) == set(known.attributes), text
            assert seen.text.count(text) == 4, text


def test_hostile_file_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setattr(twin, "EMBED_LIMIT", 0)
    known = None
    for i, piece in enumerate(("x", *PIECES)):
        path = tmp_path / f"{piece.replace('/', '_')}{i}.mp4"
        path.write_bytes(b"x")
        clip = Clip(kind="video", duration=1.0, text=path.name, about="", path=path)
        seen = Tags(twin.html(clip, "abc"))
        known = known or seen
        assert seen.tags == known.tags, path
        assert set(seen.attributes) == set(known.attributes), path
        (href,) = seen.attributes["href"]
        assert ":" not in (href or ""), path


# -- captions ---------------------------------------------------------------------------------


def test_a_table_of_captions() -> None:
    cues = [
        Word(text="One & two\nthree", start=0.0, end=1.26),
        Word(text="<i>four</i>", start=61.96, end=3_599.99),
    ]
    seen = Tags(twin.cue_table(cues))
    assert seen.tags.count("tr") == 3
    assert "i" not in seen.tags
    for text in ("One & two\nthree", "<i>four</i>", "0:01.3", "1:02.0", "60:00.0"):
        assert text in seen.text


# -- video ------------------------------------------------------------------------------------


@pytest.fixture
def video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    from workbench.media.rendered import RenderedVideo

    class Rendered(RenderedVideo):
        def poster_png(self, height: int = 640) -> bytes:
            buffer = io.BytesIO()
            noise = np.random.default_rng(1).integers(0, 255, (height, 360, 3), np.uint8)
            Image.fromarray(noise).save(buffer, "PNG")
            return buffer.getvalue()

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    path = tmp_path / "out" / "short 1.mp4"
    path.parent.mkdir()
    path.write_bytes(b"0" * 3_000)
    return Rendered(
        path=path,
        duration=4.0,
        width=1080,
        height=1920,
        words=(Word(text="Hi", start=0, end=1),),
        warnings=("encoded by x264",),
    )


def test_a_rendered_video(video: Any) -> None:
    data, metadata = display.bundle(video)
    assert data["text/plain"] == "short 1.mp4 (4.0 s, 1080x1920)"
    with Image.open(io.BytesIO(base64.b64decode(data["image/png"]))) as image:
        assert image.size == (270, 480)
    assert metadata["image/png"] == {"width": 270, "height": 480}
    assert len(data["image/png"]) < 250_000
    seen = Tags(display.twin_bundle(video, "abc")[0]["text/html"])
    assert seen.attributes["src"] == [
        "data:video/mp4;base64," + base64.b64encode(b"0" * 3_000).decode()
    ]
    assert "encoded by x264" in seen.text
    assert "Hi" in seen.text


def test_a_video_whose_file_is_gone_is_still_named(video: Any) -> None:
    video.path.unlink()
    data, metadata = display.bundle(video)
    assert (data, metadata) == ({"text/plain": "short 1.mp4 (4.0 s, 1080x1920)"}, {})


def test_captions_that_the_picture_shows_are_not_shown_twice(video: Any) -> None:
    assert Clip.of(video).captioned
    assert not Clip.of(video, cues=[Word(text="other", start=0, end=1)]).captioned


def test_a_large_video_is_a_link(video: Any) -> None:
    video.path.write_bytes(b"0" * 2_000_001)
    seen = Tags(display.twin_bundle(video, "abc")[0]["text/html"])
    assert seen.attributes["src"] == ["out/short%201.mp4"]
    assert seen.attributes["href"] == ["out/short%201.mp4"]


def test_a_large_video_elsewhere_is_named(
    video: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video.path.write_bytes(b"0" * 2_000_001)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    seen = Tags(display.twin_bundle(video, "abc")[0]["text/html"])
    assert "src" not in seen.attributes
    assert "short 1.mp4 is too large" in seen.text


# -- the picture ------------------------------------------------------------------------------


def _pixels(png: bytes) -> np.ndarray[Any, Any]:
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGBA")).astype(int)


def _blue(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Where the accent colour is."""
    return (pixels[..., 2] - pixels[..., 0] > 120) & (pixels[..., 3] > 200)


def test_the_picture_is_loud_where_the_sound_is() -> None:
    blue = _blue(_pixels(picture(make_take().audio)))
    half = blue.shape[1] // 2
    heights = blue.sum(axis=0)
    assert heights[40 : half - 40].max() > 150
    assert 2 <= heights[half + 40 : -40].max() <= 6  # silence keeps a thin line


def test_what_was_played_has_its_colour() -> None:
    pixels = _blue(_pixels(picture(make_take().audio, position=0.5)))
    columns = np.flatnonzero(pixels.any(axis=0))
    assert columns.max() / pixels.shape[1] == pytest.approx(0.25, abs=0.02)


def test_words_are_written_where_they_begin() -> None:
    words = [Word(text="Hola", start=0.5, end=1.0), Word(text="你好", start=1.5, end=1.8)]
    audio = Audio.silence(2.0, 8_000)
    plain, lettered = _pixels(picture(audio)), _pixels(picture(audio, words=words))
    dark = lettered[160:210, :, :3].sum(axis=2) < 300
    columns = np.flatnonzero(dark.any(axis=0)) / dark.shape[1]
    assert columns.min() == pytest.approx(0.25, abs=0.02)
    assert columns.max() < 0.35  # what the font has no letters for is not drawn as boxes
    assert not (plain[160:210, :, :3].sum(axis=2) < 300).any()


def test_the_card_is_light_on_any_page() -> None:
    pixels = _pixels(picture(make_take().audio))
    assert pixels[0, 0, 3] == 0
    assert (pixels[20, 30] > 220).all()


def test_the_same_sound_is_the_same_picture_in_any_process() -> None:
    code = (
        "import numpy as np, hashlib; from workbench.audio import Audio;"
        "from workbench.timing import Word; from workbench.widgets.waveform import picture;"
        "a = Audio(samples=np.sin(np.arange(9000) / 7), rate=8000);"
        "w = [Word(text='é', start=0.1, end=0.2)];"
        "print(hashlib.sha256(picture(a, words=w, cues=w)).hexdigest())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert len(runs[0].strip()) == 64


@pytest.mark.parametrize("size", [{"width": 10}, {"height": 1_000_000}])
def test_a_picture_has_limits(size: dict[str, int]) -> None:
    with pytest.raises(ParameterError, match="must be 80 to 4000 pixels"):
        picture(make_take().audio, **size)


# -- IPython ----------------------------------------------------------------------------------


class FakeShell:
    """As much of a kernel's shell as `register` touches, with IPython's own formatters."""

    def __init__(self) -> None:
        from IPython.core.formatters import DisplayFormatter

        self.display_formatter = DisplayFormatter()
        self.published: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = []
        self.display_pub = SimpleNamespace(publish=self.publish)
        self.events = SimpleNamespace(register=lambda name, done: self.hooks.append((name, done)))
        self.hooks: list[tuple[str, Any]] = []

    def publish(
        self, data: dict[str, Any], metadata: dict[str, Any], *, transient: dict[str, Any]
    ) -> None:
        self.published.append((data, metadata, transient))


class TerminalInteractiveShell(FakeShell):
    """Registering does nothing for a shell of this name."""


def test_a_value_at_the_end_of_a_cell_has_two_outputs() -> None:
    shell = FakeShell()
    display.register(shell)
    data, _ = shell.display_formatter.format(make_take())
    assert data == {}  # shown by then: IPython adds nothing
    first, second = shell.published
    assert set(first[0]) == {
        "application/vnd.jupyter.widget-view+json",
        "image/png",
        "text/plain",
    }
    assert set(second[0]) == {"text/html"}
    uid = second[2]["display_id"].removeprefix("wb-")
    assert f'class="wb-twin wb-{uid}"' in second[0]["text/html"]
    json.dumps(shell.published)


def test_a_player_is_shown_with_its_twin_too() -> None:
    from workbench.widgets import Player

    shell = FakeShell()
    display.register(shell)
    player = Player.of(make_take(), speed=1.5)
    shell.display_formatter.format(player)
    first, second = shell.published
    view = first[0]["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == player.model_id
    assert f"wb-{player.uid}" in second[0]["text/html"]


@pytest.mark.parametrize(
    "value", [make_take().audio, wb.Script.parse("x")], ids=["Audio", "Script"]
)
def test_only_what_plays_is_shown(value: object) -> None:
    shell = FakeShell()
    display.register(shell)
    data, _ = shell.display_formatter.format(value)
    assert len(shell.published) == (2 if isinstance(value, Audio) else 0)
    assert ("text/plain" in data) == (not isinstance(value, Audio))


def test_captions_are_a_table_in_a_notebook() -> None:
    shell = FakeShell()
    display.register(shell)
    cues = wb.caption(make_take())
    data, _ = shell.display_formatter.format(cues)
    assert Tags(data["text/html"]).tags.count("tr") == len(list(cues)) + 1
    assert data["text/plain"] == repr(cues)
    assert shell.published == []
    torn = cues.replace("Hola", "half \ud83d")
    data, _ = shell.display_formatter.format(torn)
    assert "half ?" in data["text/html"].encode().decode()


def test_the_result_of_a_batch_links_its_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is seen from the notebook, whatever the folder is called."""
    from workbench.ledger import Job
    from workbench.production.batch.result import BatchResult

    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "out" / 'a#b "c"'
    shell = FakeShell()
    display.register(shell)
    jobs = (Job(id="job_1", kind="notebook", parameters={}, state="done"),)
    result = BatchResult(
        title="x",
        folder=folder,
        jobs=jobs,
        earlier=frozenset(),
        seconds=1,
        report=folder / "report.html",
    )
    data, _ = shell.display_formatter.format(result)
    assert "1 done" in data["text/html"]
    assert '<a href="out/a%23b%20%22c%22/report.html">The whole report</a>' in data["text/html"]


def test_the_result_of_a_job_is_what_it_made_and_the_list_of_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was a line of a hundred digests."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "out" / "<b>"
    folder.mkdir(parents=True)
    sound, captions = folder / "a.wav", folder / "a.srt"
    make_take().audio.write(sound)
    captions.write_bytes(b"1" * 25)
    shell = FakeShell()
    display.register(shell)
    made: dict[str, Any] = {"notebook": folder / "a.ipynb", "parameters": {}}
    result = JobResult(output=sound, files=(sound, captions), warnings=("1 < 2",), **made)
    shell.display_formatter.format(result)
    player, twin, listed = shell.published
    assert "application/vnd.jupyter.widget-view+json" in player[0]
    assert Tags(twin[0]["text/html"]).tags.count("audio") == 1
    assert listed[0]["text/plain"] == str(result) == f"a: {sound}, 1 more file, 1 warning"
    assert '<a href="out/%3Cb%3E/a.srt">a.srt</a>, 25 B</li>' in listed[0]["text/html"]
    assert "<li>1 &lt; 2</li>" in listed[0]["text/html"]

    shell.published.clear()
    shell.display_formatter.format(JobResult(output=captions, files=(captions,), **made))
    ((data, *_),) = shell.published
    assert ("a.srt" in data["text/html"], data["text/plain"]) == (True, f"a: {captions}")


def test_a_terminal_stays_as_it_is() -> None:
    shell = TerminalInteractiveShell()
    display.register(shell)
    take = make_take()
    data, _ = shell.display_formatter.format(take)
    assert data == {"text/plain": repr(take)}


def test_the_import_loads_neither_ipython_nor_widgets() -> None:
    code = "import sys, workbench; print(sorted({m.split('.')[0] for m in sys.modules}))"
    command = [sys.executable, "-c", code]
    names = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    for name in ("IPython", "ipywidgets", "anywidget", "PIL", "matplotlib"):
        assert f"'{name}'" not in names


def test_the_picture_loads_no_widget_and_no_matplotlib() -> None:
    code = (
        "import sys, workbench.display as d; from workbench.audio import Audio;"
        "v = Audio.silence(1, 8000); d.bundle(v); d.twin_bundle(v, 'a');"
        "print(sorted({m.split('.')[0] for m in sys.modules}))"
    )
    command = [sys.executable, "-c", code]
    names = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert "'PIL'" in names
    for name in ("IPython", "ipywidgets", "anywidget", "matplotlib"):
        assert f"'{name}'" not in names


# -- tables -----------------------------------------------------------------------------------


def test_what_was_heard_is_a_table_of_harmless_cells():
    segment = Segment(start=1, end=2.5, text=" <img src=x onerror=1> & co", flags=("fast",))
    heard = Recognition(
        segments=(segment,), language="en", language_probability=0.87, duration=3,
        model="whisper-small", warnings=("decoded 2.0 of 3.0 s <b>",),
    )  # fmt: skip
    tags = Tags(tables.heard_table(heard))
    assert {"img", "b"} & set(tags.tags) == set()
    assert "<img src=x onerror=1> & co" in tags.text
    assert "decoded 2.0 of 3.0 s <b>" in tags.text
    for told in ("1.00", "2.50", "en (87 %)", "whisper-small", "fast"):
        assert told in tags.text


def test_how_a_text_is_spoken_is_a_table_of_changes():
    tags = Tags(tables.spoken_table(wb.normalize("<b>$5</b> & 3 kg 🎉", "en")))
    assert "b" not in tags.tags
    for told in ("$5", "five dollars", "money", "three kilograms", "🎉", "emoji"):
        assert told in tags.text


def test_a_notebook_shows_both_tables():
    shown = {}

    class Formatter:
        def for_type_by_name(self, module: str, name: str, function: Any) -> None:
            shown[module, name] = function

    class Formatters:
        ipython_display_formatter = Formatter()
        formatters: ClassVar = {"text/html": Formatter(), "image/png": Formatter()}

    events = SimpleNamespace(register=lambda *_: None)
    display.register(
        SimpleNamespace(display_formatter=Formatters(), display_pub=None, events=events)
    )
    for value in (wb.normalize("$5", "en"), Recognition(segments=(), language="", duration=0)):
        kind = type(value)
        assert "<" in shown[kind.__module__, kind.__name__](value)


# -- what the builder and the toolbox return ------------------------------------------------------

HOSTILE = "<img src=x onerror=1>'\"&.mp4"


@pytest.fixture(scope="module")
def clip_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second of red with a tone, under a hostile name."""
    import lavfi

    path = tmp_path_factory.mktemp("made") / HOSTILE
    lavfi.clip(path, "red", size="64x48", seconds=0.5)
    return path


def published(value: object) -> list[dict[str, Any]]:
    """What a notebook is sent for a value at the end of a cell."""
    shell = FakeShell()
    display.register(shell)
    data, _ = shell.display_formatter.format(value)
    json.dumps(shell.published)
    return [one[0] for one in shell.published] + ([data] if data else [])


@pytest.mark.media
def test_what_a_tool_made_is_played(clip_file: Path) -> None:
    """Merged, Trimmed and the others showed a line of their fields."""
    from workbench.media.merging import Merged
    from workbench.media.moving_waveform import WaveformVideo
    from workbench.media.trimming import Trimmed

    size = {"width": 64, "height": 48, "fps": 10}
    made = {
        "2 clips, encoded: <b>why</b>": Merged(
            path=clip_file, duration=0.5, copied=False, reason="<b>why</b>", starts=(0, 1), **size
        ),
        "cut at 1.000 and 1.500 s, copied": Trimmed(
            path=clip_file, start=1, end=1.5, duration=0.5, copied=True
        ),
        "0.5 s, 64x48": WaveformVideo(path=clip_file, duration=0.5, **size),
    }
    for told, value in made.items():
        first, second = published(value)
        with Image.open(io.BytesIO(base64.b64decode(first["image/png"]))) as image:
            red, green, _ = np.asarray(image.convert("RGB"))[24, 32]
        assert red > 200
        assert green < 60
        page = Tags(second["text/html"])
        assert set(page.tags) <= {"div", "video", "p", "small", "a"}
        assert told in page.text
        assert told in first["text/plain"]


@pytest.mark.media
def test_a_sound_taken_out_shows_its_outline(tmp_path: Path) -> None:
    """Of M4A too, which libsndfile does not read."""
    tone = make_take().audio
    path = tmp_path / "a.m4a"
    wb.audiobook(path, tone, progress=lambda _: None)
    clip = Clip.of(path)
    assert clip.audio is not None
    assert clip.duration == pytest.approx(2, abs=0.1)
    extracted = wb.media.extract_audio(path, tmp_path / "b.m4a", progress=lambda _: None)
    first, second = published(extracted)
    assert {"image/png", "text/plain"} <= set(first)
    assert "aac, copied" in Tags(second["text/html"]).text


@pytest.mark.media
def test_an_audiobook_lists_its_chapters(tmp_path: Path) -> None:
    tone = make_take().audio
    book = wb.audiobook(
        tmp_path / "b.m4b", [tone, tone], chapters=["<b>One</b>", "Two"], progress=lambda _: None
    )
    _, page = published(book)
    seen = Tags(page["text/html"])
    assert "b" not in seen.tags
    for told in ("00:00 <b>One</b>", "00:03 Two", "2 chapters", "LUFS"):
        assert told in seen.text


def test_a_mix_and_a_loudness_are_players_of_their_sound() -> None:
    from workbench.media.loudness import Loudness, Normalized
    from workbench.media.mix import Mixed

    level = Loudness(integrated=-16.0, range=1.0, true_peak=-2.0)
    about: dict[str, Any] = {
        "audio": make_take().audio, "before": level, "after": level, "gain_db": 1.0, "limited": 2.0,
        "warnings": ("<i>loud</i>",),
    }  # fmt: skip
    for value in (Normalized(**about), Mixed(**about, stems={"<i>voice</i>": about["audio"]})):
        first, second = published(value)
        assert "image/png" in first
        seen = Tags(second["text/html"])
        assert "i" not in seen.tags
        assert "-16.0 LUFS, 1.0 LU, -2.0 dBTP (was " in seen.text
        assert "limited by 2.0 dB" in seen.text
        assert "<i>loud</i>" in seen.text
    assert "of <i>voice</i>" in seen.text


def test_a_file_that_is_gone_is_a_line(tmp_path: Path) -> None:
    from workbench.media.trimming import Trimmed

    gone = Trimmed(path=tmp_path / "gone.mp4", start=0, end=1, duration=1, copied=True)
    (only,) = published(gone)
    assert set(only) == {"text/plain"}
    assert "gone.mp4: " in only["text/plain"]


def test_a_plan_is_a_picture_and_a_table() -> None:
    """GitHub shows the picture; the table holds what a file was called and a title says."""
    video = wb.Video("320x180", fps=10).scene(wb.Colour("navy"), duration=2)
    video = video.title("<b>Hello</b> & co", end=1.5)
    for value in (video, video.plan()):
        first, second = published(value)
        assert set(first) == {"text/plain", "image/png"}
        assert base64.b64decode(first["image/png"]) == video.plan().picture()
        assert first["text/plain"] == str(video.plan())
        seen = Tags(second["text/html"])
        assert seen.tags.count("tr") == 3
        assert "b" not in seen.tags
        for told in ("<b>Hello</b> & co", "colour:navy", "2.00", "1.50", "320x180, 10 fps"):
            assert told in seen.text


def test_a_video_without_scenes_says_so() -> None:
    (only,) = published(wb.Video("9:16"))
    assert only == {"text/plain": "Video: video: has no scenes; add one: .scene('a.jpg')"}


def test_the_line_of_a_video_holds_no_pixels() -> None:
    """It was 28 kB for a picture of 64x64, and 36 MB for the landscape of the demo."""
    picture = np.zeros((64, 64, 3), np.uint8)
    assert repr(wb.Video("9:16").scene(picture)) == "Video('9:16', 30 fps, 1 scene)"


@pytest.mark.media
def test_looks_are_pictures(tmp_path: Path) -> None:
    def shown(value: object) -> np.ndarray[Any, Any]:
        (only,) = published(value)
        assert only["text/plain"] == repr(value)
        png = only["image/png"]
        with Image.open(
            io.BytesIO(base64.b64decode(png) if isinstance(png, str) else png)
        ) as image:
            return np.asarray(image.convert("RGB")).astype(int)

    assert (shown(wb.Colour("#ff0000")) == (255, 0, 0)).all()
    assert len(np.unique(shown(wb.Gradient(("navy", "teal")))[:, :, 1])) > 20
    lime = shown(wb.Style(name="x", colour="#00ff00", size=12, position="center", outline_width=0))
    assert (lime[:, :, 1] - lime[:, :, 0] > 150).sum() > 500
    assert shown(wb.Title(text="One", end=2)).std() > 20


def test_a_gif_moves_where_it_is_small(tmp_path: Path) -> None:
    from workbench.media.animation import Gif

    path = tmp_path / "<b>.gif"
    Image.new("P", (4, 4)).save(path)
    made = Gif(path=path, duration=1, width=4, height=4, frames=1, size=path.stat().st_size)
    (only,) = published(made)
    seen = Tags(only["text/html"])
    assert seen.tags == ["img", "p", "small"]
    data = (seen.attributes["src"][0] or "").partition("base64,")[2]
    assert base64.b64decode(data) == path.read_bytes()
    path.unlink()
    assert "text/html" not in published(made)[0]
