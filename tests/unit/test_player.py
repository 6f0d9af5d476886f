from __future__ import annotations

import math
import re
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from traitlets import TraitError

import workbench.widgets.clip as clip_module
from workbench.audio import Audio
from workbench.errors import MediaError, MediaNotFound, ParameterError
from workbench.script import Line
from workbench.take import Narration, Part, Take
from workbench.timing import Word
from workbench.voice import Voice
from workbench.widgets import Clip, Player, twin
from workbench.widgets.waveform import picture

STATIC = Path(clip_module.__file__).parent / "static"


def make_take(text: str = "Hola, esto es una prueba.", seconds: float = 2.0) -> Take:
    rate = 16_000
    sound = (np.sin(np.arange(int(seconds * rate)) / 9) * 0.5).astype(np.float32)
    texts = text.split()
    step = seconds / len(texts)
    words = tuple(Word(text=t, start=i * step, end=(i + 1) * step) for i, t in enumerate(texts))
    return Take(
        text=text,
        audio=Audio(samples=sound, rate=rate),
        words=words,
        voice=Voice.parse("espeak:es"),
        language="es",
        warnings=("the word 'xyz' was spelled out",),
    )


@pytest.fixture
def take() -> Take:
    return make_take()


class Wire:
    """What a player sends, and a way to be its page."""

    def __init__(self, player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
        self.player = player
        self.sent: list[tuple[dict[str, Any], bytes]] = []

        def send(content: dict[str, Any], buffers: Any = None) -> None:
            self.sent.append((content, b"".join(bytes(b) for b in buffers or ())))

        monkeypatch.setattr(player, "send", send)

    def report(self, **state: Any) -> None:
        self.hear({"method": "update", "state": state, "buffer_paths": []})

    def say(self, content: Any) -> None:
        """Say it, and wait for what threads answer."""
        before = set(threading.enumerate())
        self.hear({"method": "custom", "content": content})
        for thread in set(threading.enumerate()) - before:
            thread.join(60)

    def hear(self, data: dict[str, Any]) -> None:
        self.player._handle_msg({"content": {"data": data}, "buffers": []})

    @property
    def kinds(self) -> list[str]:
        return [content["kind"] for content, _ in self.sent]


@pytest.fixture
def wire(take: Take, monkeypatch: pytest.MonkeyPatch) -> Wire:
    return Wire(Player.of(take), monkeypatch)


# -- what is made -----------------------------------------------------------------------------


def test_the_state_of_a_take(take: Take) -> None:
    player = Player.of(take)
    assert player.kind == "audio"
    assert player.duration == 2.0
    assert player.words[1] == {"text": "esto", "start": 0.4, "end": 0.8, "space": True}
    assert player.language == "es"
    assert player.about == "2.0 s, 5 words, espeak:es"
    assert list(player.notes) == ["the word 'xyz' was spelled out"]
    assert re.fullmatch("[0-9a-f]{8}", player.uid)
    assert player.uid != Player.of(take).uid
    peaks = np.frombuffer(player.peaks, np.int8).reshape(-1, 2)
    assert peaks.shape == (4_000, 2)
    assert (peaks.min(), peaks.max()) == (-64, 64)


def test_the_state_holds_no_media(take: Take) -> None:
    player = Player.of(make_take(seconds=60.0))
    state = player.get_state()
    sizes = {k: len(v) for k, v in state.items() if isinstance(v, str | bytes)}
    assert sizes.pop("peaks") == 8_000
    assert sizes.pop("_esm") + sizes.pop("_css") < 80_000
    assert max(sizes.values()) < 200


def test_lines_of_a_narration_begin_where_they_do(take: Take) -> None:
    parts = [
        Part(line=Line(text=take.text, number=i + 1, voice=None), take=take, start=i * 2.5)
        for i in range(3)
    ]
    player = Player.of(Narration(parts=tuple(parts), duration=8.0))
    assert list(player.breaks) == [0, 5, 10]
    assert player.words[5]["start"] == 2.5
    assert player.about == "8.0 s, 3 lines, 15 words, espeak:es"
    assert player.notes[2] == "line 3: the word 'xyz' was spelled out"


def test_cues_and_speed(take: Take) -> None:
    cue = Word(text="Hola, esto es", start=0.0, end=1.0)
    player = Player.of(take, cues=[cue], speed=1.5)
    assert list(player.cues) == [{"text": "Hola, esto es", "start": 0.0, "end": 1.0}]
    assert player.speed == 1.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sped": 2}, "sped: is not an option; did you mean 'speed'?"),
        ({"autoplay": True}, "autoplay: is not an option; the options are cues, words, speed"),
        ({"speed": 9}, "speed: must be 0.25 to 4, not 9"),
        ({"speed": math.nan}, "speed: must be 0.25 to 4, not nan"),
        ({"speed": True}, "speed: must be 0.25 to 4, not True"),
        ({"speed": "fast"}, "speed: must be 0.25 to 4, not 'fast'"),
    ],
)
def test_a_wrong_option_is_refused(take: Take, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as refused:
        Player.of(take, **options)
    assert str(refused.value) == message


def test_what_does_not_play_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="int is nothing that plays"):
        Player.of(3)
    with pytest.raises(MediaNotFound):
        Player.of(tmp_path / "none.mp4")
    (tmp_path / "text.mp4").write_text("not media")
    with pytest.raises(MediaError):
        Player.of(tmp_path / "text.mp4")
    from PIL import Image

    Image.new("RGB", (8, 8)).save(tmp_path / "still.png")
    with pytest.raises(MediaError, match="it does not play"):
        Player.of(tmp_path / "still.png")


def test_a_file_below_the_notebook_has_an_address(
    take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "book"
    (folder / "my out").mkdir(parents=True)
    path = take.save(folder / "my out" / "a.wav")
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.chdir(folder)
    player = Player.of(path)
    assert (player.src, player.duration) == ("my out/a.wav", 2.0)
    assert player.clip.mime == "audio/mpeg"
    assert player.clip.media[:2] in (b"\xff\xfb", b"\xff\xf3", b"ID")
    before = player.version
    make_take(seconds=1.0).save(path)
    assert Player.of(path).version != before
    # The notebook stays where it is when its code changes the directory.
    monkeypatch.chdir(tmp_path)
    assert Player.of(path).src == "book/my out/a.wav"
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "x.ipynb"))
    assert Player.of(path).src == "my out/a.wav"
    assert Player.of(take.save(tmp_path / "above.wav")).src == ""


# -- what the page may say --------------------------------------------------------------------


def test_reports_of_the_page(wire: Wire) -> None:
    wire.report(position=1.5, playing=True, speed=2)
    player = wire.player
    assert (player.position, player.playing, player.speed, player.error) == (1.5, True, 2.0, "")
    wire.report(position=99.0)
    assert player.position == 2.0
    wire.report(position=-1)
    assert player.position == 0.0
    assert wire.sent == []  # a report is no command


@pytest.mark.parametrize(
    "state",
    [
        {"position": None},
        {"position": "1; drop"},
        {"position": math.nan},
        {"position": math.inf},
        {"position": [1]},
        {"playing": "yes"},
        {"speed": 0},
        {"speed": 1e9},
        {"speed": {}},
        {"words": [{"text": "<b>"}]},
        {"src": "../../etc/passwd"},
        {"uid": "x}*{"},
        {"_esm": "alert(1)"},
        {"error": "fine"},
        {"nonsense": 1},
        {"position": 1.0, "duration": 1e9},
    ],
)
def test_nonsense_from_the_page_changes_nothing_and_is_shown(
    wire: Wire, state: dict[str, Any]
) -> None:
    before = wire.player.get_state()
    wire.report(**state)
    assert wire.player.error
    after = wire.player.get_state()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"error"}
    wire.report(position=1.0)
    assert wire.player.position == 1.0


def test_an_exception_in_an_observer_is_shown(wire: Wire) -> None:
    """The old way it only reached the browser's log console: nobody saw it."""

    def fail(_: object) -> None:
        raise RuntimeError("the disk\nis full")

    wire.player.observe(fail, "position")
    wire.report(position=1.0)
    assert wire.player.error == "RuntimeError: the disk\\nis full"


@pytest.mark.parametrize(
    "content",
    [None, 3, "play", [], {}, {"kind": None}, {"kind": "media?"}, {"kind": "media?", "uid": 1}],
)
def test_nonsense_messages_do_no_harm(wire: Wire, content: Any) -> None:
    for _ in range(20):
        wire.say(content)
    assert wire.sent == []


def test_a_closed_player_takes_messages(take: Take) -> None:
    player = Player.of(take)
    player.close()
    data = {"method": "custom", "content": {"kind": "media?", "uid": player.take, "ask": "1"}}
    for _ in range(20):
        player._handle_msg({"content": {"data": data}, "buffers": []})
        player.play()
        player.position = 1.0
        player.position = 0.0
    assert player.error == ""


# -- media ------------------------------------------------------------------------------------


def test_media_are_sent_when_asked_for(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.widgets.panel._PIECE", 500)
    wire.say({"kind": "media?", "uid": wire.player.take, "ask": "abc"})
    count = len(wire.sent)
    assert count > 1
    first = wire.sent[0][0]
    assert first == {
        "kind": "media",
        "ask": "abc",
        "mime": "audio/mpeg",
        "part": 0,
        "parts": count,
    }
    data = b"".join(piece for _, piece in wire.sent)
    assert data == wire.player.clip.media
    assert all(len(piece) <= 500 for _, piece in wire.sent)


def test_sound_is_sent_at_a_constant_rate() -> None:
    """Browsers find a time by proportion: at a variable rate words were missed by up to 0.7 s."""
    noise = Audio(
        samples=(np.random.default_rng(0).normal(size=22_050 * 4) / 9).astype(np.float32),
        rate=22_050,
    )
    sizes = {len(Clip.of(sound).media) for sound in (noise, Audio.silence(4.0, 22_050))}
    assert len(sizes) == 1


def test_media_of_another_clip_are_not_sent(wire: Wire) -> None:
    wire.say({"kind": "media?", "uid": "other", "ask": "abc"})
    assert wire.sent == []


def test_what_is_too_large_is_refused_with_a_reason(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clip_module, "MAX_BYTES", 1_000)
    wire.say({"kind": "media?", "uid": wire.player.take, "ask": "abc"})
    ((content, _),) = wire.sent
    assert (content["kind"], content["ask"]) == ("refused", "abc")
    assert "too much to send through the kernel" in content["text"]
    assert "save it in the notebook's folder" in content["text"]


def test_a_file_that_is_gone_is_refused_with_a_reason(
    take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = Clip(kind="video", duration=1.0, text="x", about="x", path=tmp_path / "x.mp4")
    wire = Wire(Player(clip), monkeypatch)
    wire.say({"kind": "media?", "uid": wire.player.take, "ask": "1"})
    ((content, _),) = wire.sent
    assert content["kind"] == "refused"
    assert "x.mp4: the file is gone" in content["text"]


# -- commands ---------------------------------------------------------------------------------


def test_commands_wait_for_a_page(wire: Wire) -> None:
    """A message to a widget that no page shows yet is lost."""
    wire.player.play()
    wire.player.seek(1.0)
    wire.player.seek(1.5)
    assert wire.sent == []
    wire.say({"kind": "hello", "uid": wire.player.uid})
    assert [content for content, _ in wire.sent] == [
        {"kind": "play"},
        {"kind": "seek", "time": 1.5},
    ]
    wire.player.pause()
    assert wire.kinds[2:] == ["pause"]
    wire.say({"kind": "hello", "uid": wire.player.uid})
    assert len(wire.sent) == 3


def test_setting_a_trait_is_a_command(wire: Wire) -> None:
    wire.say({"kind": "hello", "uid": wire.player.uid})
    wire.player.position = 1.25
    wire.player.playing = True
    wire.player.playing = False
    assert [content for content, _ in wire.sent] == [
        {"kind": "seek", "time": 1.25},
        {"kind": "play"},
        {"kind": "pause"},
    ]


@pytest.mark.parametrize("time", [-1, 2.5, math.nan, math.inf, True])
def test_seek_stays_in_the_clip(wire: Wire, time: float) -> None:
    with pytest.raises(ParameterError, match="must be 0 to 2 seconds"):
        wire.player.seek(time)
    assert wire.player.position == 0.0


def test_load_plays_something_else(wire: Wire) -> None:
    player = wire.player
    uid = player.take
    wire.report(position=1.0, playing=True, speed=1.5)
    player.load(make_take("Something else", seconds=1.0))
    assert player.take != uid
    assert [word["text"] for word in player.words] == ["Something", "else"]
    assert (player.position, player.playing, player.speed, player.duration) == (0, False, 1.5, 1)
    wire.say({"kind": "media?", "uid": uid, "ask": "1"})
    assert wire.sent == []
    with pytest.raises(ParameterError, match="did you mean 'speed'"):
        player.load(make_take(), spede=1)


# -- the front end's source -------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.js")), ids=lambda p: p.name)
def test_text_never_becomes_markup(path: Path) -> None:
    """Captions and file names come from anywhere; stored XSS would steal the server's token."""
    source = path.read_text(encoding="utf-8")
    markup = re.findall(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|DOMParser|"
        r"createContextualFragment|\beval\b|new Function|setTimeout\(\s*[\"'`]|https?://(?!www\.w3)",
        source,
    )
    assert markup == []


def test_the_front_end_needs_no_build() -> None:
    """Both files are sent as they are: one module, no import, one default export."""
    assert "import " not in re.sub(r"//.*|/\*.*?\*/", "", Player._esm, flags=re.DOTALL)
    assert Player._esm.count("export default") == 1


# -- the selection ----------------------------------------------------------------------------


def test_a_selection_and_what_is_said_in_it(wire: Wire) -> None:
    player: Any = wire.player
    assert (player.selection, player.selected_text) == (None, "")
    player.selection = (0.3, 1.0)  # seconds 0.4 to 0.8 are "esto", 0.8 to 1.2 are "es"
    assert player.selected_text == "esto"
    player.selection = (0.3, 1.01)
    assert player.selected_text == "esto es"
    player.selection = (1, 99)
    assert player.selection == (1.0, 2.0)
    player.selection = None
    assert player.selected_text == ""
    assert wire.sent == []  # the page follows the state


def test_the_page_selects_repeats_and_shows_the_spectrum(wire: Wire) -> None:
    wire.report(selection=[0.5, 1.5], loop=True, spectrum=True)
    player: Any = wire.player
    assert (player.selection, player.loop, player.spectrum) == ((0.5, 1.5), True, True)
    wire.report(selection=None, loop=False)
    assert (player.selection, player.loop, player.error) == (None, False, "")
    player.selection = (0.5, 1.5)
    player.load(make_take(seconds=0.4))
    assert player.selection is None


@pytest.mark.parametrize(
    "part",
    [
        (1.0, 1.0),
        (1.5, 1.0),
        (-0.1, 1.0),
        (2.0, 3.0),
        (math.nan, 1.0),
        (0.0, math.inf),
        (1.0,),
        (0.0, 1.0, 2.0),
        ("0", "1"),
        "ab",
        5,
    ],
)
def test_no_part_of_it_is_refused(wire: Wire, part: Any) -> None:
    with pytest.raises(TraitError):
        wire.player.selection = part
    wire.report(selection=part)
    assert wire.player.error
    assert wire.player.selection is None


# -- long recordings --------------------------------------------------------------------------


def test_a_long_recording_is_not_read_while_its_cell_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour took seconds, and 1.4 GB in stereo, before anything was shown."""
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    loud = np.repeat(np.linspace(0.1, 0.9, 130), 8_000) * np.sin(np.arange(130 * 8_000) / 3)
    path = Audio(samples=loud.astype(np.float32), rate=8_000).write(tmp_path / "long.mp3")
    with monkeypatch.context() as patch:
        patch.setattr(Audio, "read", lambda _: pytest.fail("read in the cell"))
        patch.setattr("workbench.media.outline._read", lambda *_: pytest.fail("read in the cell"))
        player = Player.of(path)
        data, _ = player.still()
        html = player.twin()
    assert "image/png" in data
    assert "data:audio/mpeg;base64," in html
    assert not player.exact
    rough = np.frombuffer(player.peaks, np.int8).reshape(-1, 2)
    assert rough.shape == (240, 2)
    assert abs(rough[200:]).max() > 3 * abs(rough[:40]).max()
    wire = Wire(player, monkeypatch)
    wire.say({"kind": "outline?", "uid": player.take, "ask": "1"})
    ((message, data_),) = wire.sent
    assert (message["kind"], message["ask"], message["start"]) == ("outline", "1", 0.0)
    assert message["duration"] == pytest.approx(130, abs=0.2)
    exact = np.frombuffer(data_, np.int8).reshape(-1, 2)
    assert exact.shape == (4_000, 2)
    assert abs(exact[:, 1].astype(int) - np.linspace(0.1, 0.9, 4_000) * 127).mean() < 4
    # It is known from now on, also in another notebook.
    again = Player.of(path)
    assert again.exact
    assert again.peaks == exact.tobytes()


def test_an_outline_that_cannot_be_had_is_refused_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = Clip(kind="video", duration=1.0, text="x", about="x", path=tmp_path / "x.mp4")
    wire = Wire(Player(clip), monkeypatch)
    for kind in ("outline?", "spectrum?"):
        wire.say({"kind": kind, "uid": wire.player.take, "ask": "1"})
    assert [(one["kind"], one["ask"]) for one, _ in wire.sent] == [("refused", "1")] * 2
    assert "x.mp4" in wire.sent[0][0]["text"]


def test_words_that_were_heard_go_with_a_file(take: Take, tmp_path: Path) -> None:
    path = take.save(tmp_path / "a.wav")
    assert Player.of(path).words == []
    player = Player.of(path, words=take.words[:2])
    assert [word["text"] for word in player.words] == ["Hola,", "esto"]
    assert [word.text for word in Clip.of(take, words=take.words[3:]).words] == ["una", "prueba."]


# -- video ------------------------------------------------------------------------------------


@pytest.mark.media
def test_a_video_tells_its_frames_and_whether_it_is_silent(media: Path, tmp_path: Path) -> None:
    sound = Player.of(media / "speech/en_nasa_webb_2v2a2s.mp4")
    assert (sound.kind, sound.silent, sound.exact) == ("video", False, False)
    assert sound.fps == pytest.approx(25.0, abs=0.01)
    silent = Player.of(media / "odd/vfr_screenrec.mp4")
    assert (silent.silent, silent.exact, silent.peaks) == (True, True, b"")


@pytest.mark.media
def test_the_twin_of_a_video_has_a_poster(media: Path) -> None:
    """JupyterLab keeps the attribute of a notebook that it does not trust."""
    import base64
    import io

    from PIL import Image

    html = Player.of(media / "speech/en_nasa_webb_2v2a2s.mp4").twin()
    found = re.search(r'<video [^>]* poster="data:image/png;base64,([^"]+)"', html)
    assert found
    with Image.open(io.BytesIO(base64.b64decode(found[1]))) as image:
        assert image.size == (320, 180)
        assert len(set(np.asarray(image.convert("L")).ravel().tolist())) > 20


def test_a_word_of_two_lines_is_drawn_on_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow measures single lines only; and it measures just what has room, or an hour is slow."""
    from PIL import ImageDraw

    measured: list[str] = []
    real = ImageDraw.ImageDraw.textlength

    def textlength(self: ImageDraw.ImageDraw, text: str, *args: Any, **given: Any) -> float:
        measured.append(text)
        return real(self, text, *args, **given)

    monkeypatch.setattr(ImageDraw.ImageDraw, "textlength", textlength)
    words = [Word(text="two\nlines", start=0.0, end=0.5)]
    words += [Word(text=f"word{i}", start=i, end=i + 1.0) for i in range(1, 3_000)]
    sound = Audio.silence(3_000, 1_000)
    assert picture(sound, words=words, title="of\ntwo").startswith(b"\x89PNG")
    assert "two lines" in measured
    assert "of two" in measured
    assert len(measured) < 300


def test_one_caption_is_one() -> None:
    cue = Word(text="Hello.", start=0.0, end=0.5)
    told = twin.html(Clip.of(Audio.silence(1.0, 8_000), cues=[cue]), "c0ffee")
    assert "<summary>1 caption</summary>" in told
