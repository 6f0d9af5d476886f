from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

import workbench
from workbench import cli, doctor
from workbench.audio import Audio
from workbench.doctor import Finding, Report
from workbench.errors import JobError
from workbench.production import demo as demo_module
from workbench.production import job, notebooks
from workbench.production.job import JobResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Answer = tuple[int, str, str]
    Command = Callable[..., Answer]

COMMANDS = [
    "demo", "say", "caption", "probe", "run", "voices", "doctor", "normalize", "transcribe",
    "align", "clone", "audiobook", "measure", "sweep", "batch", "rebuild", "verify",
    "narrate", "dub",
]  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def command(here: Path, monkeypatch, capsys) -> Iterator[Command]:
    """``workbench ARGUMENTS`` in this process: the exit code, standard output, standard error."""

    def run(*arguments: object, stdin: bytes = b"") -> Answer:
        monkeypatch.setattr(sys, "argv", ["workbench", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return (int(ended.value.code or 0), *capsys.readouterr())

    handler = signal.getsignal(signal.SIGTERM)
    yield run
    signal.signal(signal.SIGTERM, handler)


def write_notebook(folder: Path) -> Path:
    cell = {
        "cell_type": "code",
        "metadata": {"tags": ["parameters"]},
        "source": 'count: int = 3  # 1.., how many\nname: str = "a"\nsure: bool = False',
        "outputs": [],
        "execution_count": None,
    }
    path = folder / "talk.ipynb"
    data = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    path.write_text(json.dumps(data))
    return path


# -- help -------------------------------------------------------------------------------------


def test_without_arguments_it_says_what_it_can_do(command: Command):
    code, out, err = command()
    assert (code, err) == (0, "")
    assert all(f" {name} " in out for name in COMMANDS)
    assert command("--version") == (0, f"{workbench.__version__}\n", "")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(command: Command, name: str):
    code, out, err = command(name, "--help")
    assert (code, err) == (0, "")
    assert "--json" in out
    described = typer.main.get_command(cli.app).commands[name].help  # type: ignore[attr-defined]
    assert described.split(".")[0] in " ".join(out.split())


# -- mistakes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("sya",), 2, "No such command 'sya'"),
        (("--nope",), 2, "No such option"),
        (("doctor", "a\x1b[2J\nb"), 2, r"a\x1b[2J"),
        (("say",), 2, "Missing argument"),
        (("say", "a"), 2, "Missing option"),
        (("say", "a", "-o", "a.aac"), 2, "a.aac: must end in .wav, .flac, .mp3, .ogg"),
        (("say", "", "-o", "a.wav"), 1, "script: has no words to speak"),
        (("say", "-", "-o", "a.wav"), 1, "script: has no words to speak"),
        (("say", "none.txt", "-o", "a.wav"), 2, "none.txt: cannot be read (No such file"),
        (("say", "a", "-o", "a.wav", "-v", "espeak:xx-yy"), 2, "xx-yy: "),
        (("say", "a", "-o", "a.wav", "-v", "espaek:es"), 2, "did you mean 'espeak'?"),
        (("say", "a", "-o", "a.wav", "-O", "rate"), 2, "rate: sets nothing; write it as -O"),
        (("say", "a", "-o", "a.wav", "-O", "rait=100"), 2, "did you mean 'rate'"),
        (("say", "a", "-o", "a.wav", "-O", "rate=1_00"), 2, "rate: must be a whole number"),
        (("say", "a", "-o", "a.wav", "-O", "rate=0200"), 2, "rate: must be a whole number"),
        (("say", "a", "-o", "a.wav", "-O", "rate=NaN"), 2, "rate: must be a whole number"),
        (("say", "a", "-o", "a.wav", "-O", "rate=999"), 2, "rate: must be a whole number"),
        # gap is a keyword of `speak`, not an option of an engine.
        (("say", "a", "-o", "a.wav", "-O", "gap=9"), 2, "gap: is not an option"),
        (("say", "a", "-o", "a.wav", "-O", "cache=0"), 2, "cache: is not an option"),
        (("caption", "a", "-o", "a.mp4"), 2, "a: needs a caption file to draw; add --captions"),
        (("caption", "a", "-o", "a.srt", "-c", "b.srt"), 2, "--captions: is for a video"),
        (("caption", "a", "-o", "a.mp4", "-c", "b.srt", "-v", "es"), 2, "--voice: is for a scr"),
        (("probe", "none.mp4"), 2, "none.mp4: "),
        (("probe", "talk.ipynb"), 1, "talk.ipynb: "),
        (("run", "none.ipynb"), 2, "none.ipynb: there is no such notebook"),
        (("run", "captioned_shrt"), 2, "did you mean 'captioned_short'"),
        (("run", "talk.ipynb", "-p", "count=007"), 2, "count: needs int, not '007'"),
        (("run", "talk.ipynb", "-p", "cuont=1"), 2, "did you mean 'count'"),
        (("run", "talk.ipynb", "-p", "count"), 2, "count: sets nothing; write it as -p"),
        (("run", "talk.ipynb", "--timeout", "0"), 2, "'--timeout'"),
        (("run", "talk.ipynb", "--executed", "talk.ipynb"), 2, "would be written over"),
        (("voices", "-l", "xx"), 2, "xx: no voice speaks it"),
        (("voices", "-e", "espaek"), 2, "did you mean 'espeak'?"),
        (("demo", "-l", "fr"), 2, "fr: there is no demo in it"),
    ],
)
def test_a_mistake_is_one_line_and_a_code(
    command: Command, here: Path, arguments: tuple[str, ...], code: int, told: str
):
    write_notebook(here)
    ended, out, err = command(*arguments)
    assert (ended, out) == (code, "")
    assert err.startswith("workbench: ")
    assert err.endswith("\n")
    assert len(err.splitlines()) == 1
    assert told in err
    ended, out, again = command(*arguments, "--json")
    assert (ended, again) == (code, err)
    error = json.loads(out)["error"]
    assert error["problem"]
    assert set(error) == {"code", "subject", "problem", "cure"}
    assert [path.name for path in here.iterdir()] == ["talk.ipynb"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        # What is named is not there, or cannot be: nothing was begun.
        ("batch none.csv -n captioned_short", 2),
        ("batch -n nope --grid a=b", 2),
        ("run nope", 2),
        ("verify nodir", 2),
        ("verify a.txt", 2),
        ("rebuild none.wav", 2),
        ("rebuild a.txt", 2),
        ("say none.txt -o a.wav", 2),
        ("say a -o a.wav --lexicon none.toml", 2),
        ("say a -o a.wav -v nobody", 2),
        ("caption none.mp4 -c a.srt -o a.mp4", 2),
        ("audiobook none.txt -o a.m4b", 2),
        ("audiobook a.txt -o a.m4b -c none.txt", 2),
        ("transcribe none.wav -o a.srt", 2),
        ("transcribe a.txt -m ./none -o a.srt", 2),
        ("align a.txt none.wav -o a.srt", 2),
        ("measure none.wav", 2),
        ("media gif none.mp4 -o a.gif", 2),
        ("clone ana none.wav --who Ana --purpose tests --i-have-consent", 2),
        ("models pull nope", 2),
        ("kernels remove nope", 2),
        ("kernels stop nope", 2),
        ("kernels install --preload nosuch_module", 2),
        # It is there, and it could not be done.
        ("batch a.txt -n captioned_short --cluster nowhere --dry-run", 2),
        ("verify empty", 1),
        ("probe a.txt", 1),
        ("measure a.txt", 1),
    ],
)
def test_a_code_means_the_same_for_every_command(
    command: Command, here: Path, line: str, code: int
):
    (here / "a.txt").write_text("Hello.")
    (here / "empty").mkdir()
    ended, out, err = command(*line.split())
    assert ended == code, err
    assert len(f"{out}{err}".splitlines()) == 1


def test_a_message_cannot_write_to_the_terminal(command: Command):
    code, _, err = command("probe", "a\x1b[2J\nb.mp4")
    assert code == 2
    assert err.startswith(r"workbench: a\x1b[2J\nb.mp4: ")


def test_input_that_is_no_text_is_said(command: Command):
    code, out, err = command("say", "-", "-o", "a.wav", stdin=b"\xff\xfe\x00")
    assert (code, out) == (1, "")
    assert err == "workbench: standard input: is not UTF-8 text\n"


def test_ctrl_c_is_130_and_a_word(command: Command, monkeypatch):
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(doctor, "examine", interrupted)
    assert command("doctor") == (130, "", "workbench: stopped\n")
    code, out, _ = command("doctor", "--json")
    assert (code, json.loads(out)["error"]["code"]) == (130, "cancelled")


def test_a_request_to_end_is_taken_as_ctrl_c(command: Command, monkeypatch):
    monkeypatch.setattr(doctor, "examine", lambda: signal.raise_signal(signal.SIGTERM))
    assert command("doctor") == (130, "", "workbench: stopped\n")


def test_a_fault_of_ours_is_one_line_and_more_on_request(here: Path, monkeypatch, capsys):
    def broken() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(doctor, "examine", broken)
    monkeypatch.setattr(sys, "argv", ["workbench", "doctor"])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit, match="1"):
        cli.main()
    told = capsys.readouterr().err
    assert told == "workbench: RuntimeError: a bug; WORKBENCH_DEBUG=1 shows where\n"
    monkeypatch.setenv("WORKBENCH_DEBUG", "1")
    with pytest.raises(RuntimeError, match="a bug"):
        cli.main()


@pytest.mark.faults
def test_a_reader_that_goes_away_is_no_error():
    code = "from workbench.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "voices", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        assert child.stderr.read() == b""


# -- what the commands do -----------------------------------------------------------------------


def test_say_writes_sound_and_tells_the_words(command: Command, here: Path):
    arguments = ("say", "Hola.\nAdiós.", "-o", "a b.wav", "-v", "es", "-O", "rate=300")
    code, out, err = command(*arguments, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["path"] == "a b.wav"
    assert [word["text"] for word in told["words"]] == ["Hola.", "Adiós."]
    sound = Audio.read(here / "a b.wav")
    assert sound.duration == pytest.approx(told["duration"], abs=1e-3)
    assert abs(sound.samples).max() > 0.05
    slow = json.loads(command(*arguments[:-1], "rate=100", "--json")[1])
    assert slow["duration"] > 1.5 * told["duration"]
    assert command("say", "Hola.", "-o", "b.mp3")[1].startswith("b.mp3: ")


def test_say_reads_standard_input_and_files(command: Command, here: Path):
    (here / "talk.txt").write_text("Uno.\nDos, tres.", encoding="utf-8")
    for arguments, stdin in ((("-",), b"Uno.\nDos, tres."), (("talk.txt",), b"")):
        told = command("say", *arguments, "-o", "a.wav", "-v", "es", "--json", stdin=stdin)[1]
        assert [w["text"] for w in json.loads(told)["words"]] == ["Uno.", "Dos,", "tres."]


def test_caption_writes_what_is_said(command: Command, here: Path):
    code, out, err = command("caption", "Hola, mundo.", "-o", "a.srt", "-v", "es", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["path"] == "a.srt"
    text = (here / "a.srt").read_text(encoding="utf-8")
    assert text.startswith("1\n00:00:00,")
    assert "Hola, mundo." in text
    assert command("caption", "Hola.", "-o", "a.vtt")[0] == 0
    assert (here / "a.vtt").read_text(encoding="utf-8").startswith("WEBVTT")


def test_probe_says_what_a_file_is(command: Command, here: Path):
    Audio.silence(1.5, 8000).write(here / "a.wav")
    code, out, err = command("probe", "a.wav", "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert (told["kind"], told["duration"]) == ("audio", 1.5)
    assert "\nsound     8000 Hz, " in command("probe", "a.wav")[1]


@pytest.mark.media
def test_probe_tells_a_person_all_that_was_measured(command: Command, here: Path):
    """Chapters, captions, tags and bit rates were in the JSON alone."""
    video = workbench.Video("64x48", fps=10).scene(workbench.Colour("navy"))
    video = video.narrate("One. Two. Three.").chapters([(0, "One"), (1, "Two")])
    (here / "a.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHola\n")
    video = video.captions(cues=here / "a.srt", burn=False, soft=True).tags(title="A\x1b[2J & B")
    video.render(here / "a.mp4")
    rows = command("probe", "a.mp4")[1].splitlines()
    assert rows[0].startswith("a.mp4: video (mov), ")
    assert rows[1].startswith("duration  ")
    assert rows[1].endswith(" kbit/s")
    assert rows[2:6] == [
        "picture   64x48, h264, 10.000 fps",
        "sound     48000 Hz, stereo, aac",
        "captions  1",
        "chapters  2",
    ]
    assert rows[6] == r"title     A\x1b[2J & B"


@pytest.mark.media
def test_caption_draws_into_a_video(command: Command, here: Path):
    from workbench.media.backdrop import backdrop

    picture = backdrop(1, width=320, height=180)
    workbench.Video("320x180").scene(picture, duration=1).render(here / "in.mp4")
    (here / "a.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHola\n")
    code, out, err = command("caption", "in.mp4", "-c", "a.srt", "-o", "out.mp4", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["captions"] == 1
    assert workbench.probe(here / "out.mp4").video.width == 320
    code, out, err = command("caption", "a.srt", "-c", "a.srt", "-o", "b.mp4")
    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 1


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What `run` was asked for; nothing is run."""
    asked: list[dict[str, Any]] = []

    def run(notebook: Path, values: dict[str, Any], **options: Any) -> JobResult:
        asked.append({"notebook": notebook.name, **values, **options})
        files = (Path("out/a.ipynb"), Path("out/a.mp4"))
        return JobResult(notebook=files[0], parameters=values, output=files[1], files=files)

    monkeypatch.setattr(job, "run", run)
    return asked


def test_run_types_parameters_by_the_notebook(command: Command, here: Path, runs):
    write_notebook(here)
    arguments = ("run", "talk.ipynb", "-p", "count=7", "-p", "name=007", "-p", "sure=yes")
    code, out, err = command(*arguments, "--executed", "x.ipynb", "--timeout", "5", "--limit", "9")
    assert (code, out, err) == (0, "out/a.ipynb\nout/a.mp4\n", "")
    assert runs == [
        {
            "notebook": "talk.ipynb",
            "count": 7,
            "name": "007",
            "sure": True,
            "executed": Path("x.ipynb"),
            "timeout": 5.0,
            "limit": 9.0,
        }
    ]
    told = json.loads(command("run", "talk.ipynb", "--json")[1])
    assert told["output"] == "out/a.mp4"


def test_run_explains_a_notebook_without_running_it(command: Command, here: Path, runs):
    write_notebook(here)
    code, out, _ = command("run", "talk.ipynb", "--explain")
    assert code == 0
    assert out.splitlines() == [
        "count: int = 3  # at least 1; how many",
        "name: str = 'a'",
        "sure: bool = False",
    ]
    told = json.loads(command("run", "talk.ipynb", "--explain", "--json")[1])
    assert told[0].items() >= {
        "name": "count", "annotation": "int", "default": 3, "help": "how many",
        "minimum": 1, "maximum": None, "unit": "",
    }.items()  # fmt: skip
    assert runs == []


def test_voices_are_listed_by_language(command: Command):
    code, out, _ = command("voices", "-l", "es", "-e", "espeak")
    assert code == 0
    assert {line.split()[0] for line in out.splitlines()} == {"espeak:es", "espeak:es-419"}
    told = json.loads(command("voices", "-l", "es", "-e", "espeak", "--json")[1])
    assert {voice["language"] for voice in told} == {"es", "es-419"}


def test_doctor_ends_with_1_when_something_needed_is_missing(command: Command, monkeypatch):
    for state, code in (("ok", 0), ("absent", 0), ("bad", 1)):
        finding = Finding(name="ffmpeg", state=state, detail="n9", cure="install it")
        report = Report(sections={"ffmpeg": (finding,)})
        monkeypatch.setattr(doctor, "examine", lambda report=report: report)
        ended, out, err = command("doctor")
        assert (ended, err) == (code, "")
        assert "n9  → install it" in out
        assert json.loads(command("doctor", "--json")[1])["healthy"] is (code == 0)


def test_demo_tells_what_it_made(command: Command, monkeypatch):
    asked = []

    def demo(language: str, folder: Path) -> JobResult:
        asked.append((language, folder))
        files = (Path("out/demo.ipynb"), Path("out/demo.mp4"))
        return JobResult(notebook=files[0], parameters={}, output=files[1], files=files)

    monkeypatch.setattr(demo_module, "demo", demo)
    assert command("demo", "-l", "en", "-o", "out") == (0, "out/demo.ipynb\nout/demo.mp4\n", "")
    assert asked == [("en", Path("out"))]


def test_the_style_acts_on_ass(command: Command, here: Path):
    """It made the lines as long as the style wants, and drew them plain."""
    files = {}
    for style in ("plain", "karaoke"):
        argument = ("caption", "Hello, world.", "-o", f"{style}.ass", "-s", style)
        assert command(*argument)[0] == 0
        files[style] = (here / f"{style}.ass").read_text(encoding="utf-8")
    assert files["plain"].count("Dialogue:") == 1
    assert files["karaoke"].count("Dialogue:") >= 2


@pytest.mark.usefixtures("here")
def test_options_are_listed_and_warnings_are_one_line(command: Command):
    _, told, _ = command("say", "x", "-o", "a.wav", "-O", "help")
    assert "rate=175" in told
    assert "80 to 450 words/min" in told
    listed = json.loads(command("say", "x", "-o", "a.wav", "-O", "help", "--json")[1])
    assert [one["default"] for one in listed if one["name"] == "rate"] == [175]
    code, told, warned = command("say", "Hi \U0001f525", "-o", "a.wav", "--json")
    assert code == 0
    assert len(warned.splitlines()) == 1
    assert warned.startswith("workbench: warning: line 1: ")
    assert json.loads(told)["warnings"]


def test_a_mistake_in_a_notebook_s_parameter_is_a_mistake_of_the_line(command, monkeypatch):
    error = JobError("size: is not a frame size", subject="talk, cell 2")
    error.mistake = True

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(job, "run", fail)
    monkeypatch.setattr(notebooks, "find_notebook", lambda _: Path("talk.ipynb"))
    monkeypatch.setattr("workbench.production.parameters.parameters", lambda _: ())
    assert command("run", "talk")[0] == 2
    error.mistake = False
    assert command("run", "talk")[0] == 1
