from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench.widgets.clip as clip_module
from workbench.audio import Audio
from workbench.errors import MediaError, MediaNotFound, ParameterError
from workbench.script import Line
from workbench.take import Narration, Part, Take
from workbench.timing import Word
from workbench.voice import Voice
from workbench.widgets import Clip, Player

STATIC = Path(clip_module.__file__).parent / "static"


def make_take(text: str = "Hola, esto es una prueba.", seconds: float = 2.0) -> Take:
    rate = 16_000
    sound = np.sin(np.arange(int(seconds * rate)) / 9) * 0.5
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
        self.hear({"method": "custom", "content": content})
        if self.player._sending is not None:
            self.player._sending.join(60)

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
    assert sizes.pop("_esm") + sizes.pop("_css") < 30_000
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
        ({"autoplay": True}, "autoplay: is not an option; the options are cues, speed"),
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
    assert wire.player.error == ""


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
    data = {"method": "custom", "content": {"kind": "media?", "uid": player.uid, "ask": "1"}}
    for _ in range(20):
        player._handle_msg({"content": {"data": data}, "buffers": []})
        player.play()
        player.position = 1.0
        player.position = 0.0
    assert player.error == ""


# -- media ------------------------------------------------------------------------------------


def test_media_are_sent_when_asked_for(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.widgets.player._PIECE", 500)
    wire.say({"kind": "media?", "uid": wire.player.uid, "ask": "abc"})
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
    noise = Audio(samples=np.random.default_rng(0).normal(size=22_050 * 4) / 9, rate=22_050)
    sizes = {len(Clip.of(sound).media) for sound in (noise, Audio.silence(4.0, 22_050))}
    assert len(sizes) == 1


def test_media_of_another_clip_are_not_sent(wire: Wire) -> None:
    wire.say({"kind": "media?", "uid": "other", "ask": "abc"})
    assert wire.sent == []


def test_what_is_too_large_is_refused_with_a_reason(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clip_module, "MAX_BYTES", 1_000)
    wire.say({"kind": "media?", "uid": wire.player.uid, "ask": "abc"})
    ((content, _),) = wire.sent
    assert (content["kind"], content["ask"]) == ("refused", "abc")
    assert "too much to send through the kernel" in content["text"]
    assert "save it in the notebook's folder" in content["text"]


def test_a_file_that_is_gone_is_refused_with_a_reason(
    take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = Clip(kind="video", duration=1.0, text="x", about="x", path=tmp_path / "x.mp4")
    wire = Wire(Player(clip), monkeypatch)
    wire.say({"kind": "media?", "uid": wire.player.uid, "ask": "1"})
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
    uid = player.uid
    wire.report(position=1.0, playing=True, speed=1.5)
    player.load(make_take("Something else", seconds=1.0))
    assert player.uid != uid
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
