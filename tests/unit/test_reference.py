"""Voices to be cloned: refused without consent, kept with its record, and watched over."""

from __future__ import annotations

import hashlib
import json
import sys
import tomllib
import warnings
from pathlib import Path

import numpy as np
import pytest

from workbench import cli
from workbench.audio import Audio
from workbench.engines.reference import VARIABLE, ReferenceVoice, voices_folder
from workbench.errors import (
    ConsentMissing,
    MediaError,
    MediaNotFound,
    ParameterError,
    StorageError,
    VoiceNotFound,
)

AGREED = {"who": "Ana Gil", "purpose": "the tests of this package", "consent": True}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path


def speech(seconds: float = 5, rate: int = 24_000, loudness: float = 0.3) -> Audio:
    time = np.arange(int(seconds * rate)) / rate
    return Audio(samples=loudness * np.sin(900 * time) * np.sin(9 * time), rate=rate)


def test_a_recording_is_kept_beside_the_record_of_consent():
    voice = ReferenceVoice.record("Ana", speech(), **AGREED, language="es", note="studio")
    assert voice.path == Path("voices/ana.flac")
    assert Audio.read(voice.path).rate == 24_000
    record = tomllib.loads(Path("voices/ana.toml").read_text())
    assert record == {
        "consent": True,
        "who": "Ana Gil",
        "purpose": "the tests of this package",
        "date": voice.date,
        "sha256": hashlib.sha256(voice.path.read_bytes()).hexdigest(),
        "seconds": 5.0,
        "language": "es",
        "note": "studio",
    }
    assert ReferenceVoice.load("ANA") == voice
    assert voice.verify() == voice.path
    assert ReferenceVoice.names() == ["ana"]
    assert voice.consent()["who"] == "Ana Gil"
    json.dumps(voice.consent())


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"consent": False}, "a yes"),
        ({"consent": "yes"}, "a yes"),
        ({"consent": 1}, "a yes"),
        ({"who": " "}, "the name of the person"),
        ({"purpose": ""}, "a purpose"),
        ({"who": "", "purpose": "", "consent": False}, "belongs to and a purpose and a yes"),
    ],
)
def test_without_consent_nothing_is_read(given, named):
    """Cloning a voice took an upload and no question."""
    with pytest.raises(ConsentMissing, match=named) as caught:
        ReferenceVoice.record("ana", "no-such-file.wav", **{**AGREED, **given})
    assert "--i-have-consent" in caught.value.cure
    assert not Path("voices").exists()


@pytest.mark.parametrize(
    ("sound", "problem"),
    [
        (speech(2.9), "lasts 2.9 s"),
        (speech(61, rate=16_000), "lasts 61.0 s"),
        (speech(rate=8_000), "a rate of 8000 Hz"),
        (speech(loudness=0.001), "is silent"),
        (Audio(samples=np.clip(speech().samples * 9, -1, 1), rate=24_000), "is clipped"),
    ],
)
def test_a_recording_in_which_no_voice_can_be_heard_is_refused(sound, problem):
    with pytest.raises(MediaError, match=problem) as caught:
        ReferenceVoice.record("ana", sound, **AGREED)
    assert caught.value.cure
    assert not Path("voices").exists()


def test_a_file_is_decoded_and_a_stereo_one_becomes_mono():
    sound = Audio(samples=np.repeat(speech().samples, 2, axis=1), rate=24_000)
    sound.write("take.ogg")
    voice = ReferenceVoice.record("ana", "take.ogg", **AGREED)
    kept = Audio.read(voice.path)
    assert (kept.channels, kept.rate, round(kept.duration)) == (1, 24_000, 5)
    with pytest.raises(MediaNotFound):
        ReferenceVoice.record("bob", "no-such-file.wav", **AGREED)


def test_a_recording_that_is_damaged_says_so():
    data = speech(20).encode(".wav")
    with pytest.warns(UserWarning, match="s"):
        ReferenceVoice.record("ana", data[: len(data) // 2], **AGREED)


@pytest.mark.parametrize(
    "name",
    ["", "es", "../ana", "a/b", "-ana", "ana.b", "turbo", "default", "x" * 41, "añá", "a\0b"],
)
def test_what_cannot_be_a_name_is_refused(name):
    """A name becomes a file's; and two letters are a language's."""
    with pytest.raises(ParameterError, match="cannot be the name"):
        ReferenceVoice.record(name, speech(), **AGREED)
    with pytest.raises(VoiceNotFound):
        ReferenceVoice.load(name)


@pytest.mark.parametrize("language", ["klingon", "Spanish", "es_ES", "", "e"])
def test_what_cannot_be_a_language_is_refused(language):
    """A voice of the language klingon was recorded, and nothing could speak with it."""
    with pytest.raises(ParameterError, match="is no language tag"):
        ReferenceVoice.record("ana", speech(), **{**AGREED, "language": language})
    assert ReferenceVoice.names() == []


@pytest.mark.parametrize("language", ["es", "ES-mx", "ca", "yue", "zh-hant-tw"])
def test_a_language_that_may_be_spoken_is_taken(language):
    """Another language's name after the + speaks with any voice."""
    voice = ReferenceVoice.record("ana", speech(), **{**AGREED, "language": language})
    assert ReferenceVoice.load("ana").language == voice.language == language.lower()


def test_a_name_that_is_taken_is_not_taken_over():
    first = ReferenceVoice.record("ana", speech(), **AGREED)
    with pytest.raises(ParameterError, match=r"there is such a voice.*--replace.*--remove"):
        ReferenceVoice.record("ana", speech(6), **AGREED)
    assert ReferenceVoice.load("ana") == first
    second = ReferenceVoice.record("ana", speech(6), **AGREED, replace=True)
    assert ReferenceVoice.load("ana") == second != first


def test_a_disk_that_is_full_leaves_the_voice_that_was_there(monkeypatch):
    from workbench.storage import atomic

    first = ReferenceVoice.record("ana", speech(), **AGREED)

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic, "write_bytes", full)
    with pytest.raises(StorageError, match="no space left"):
        ReferenceVoice.record("ana", speech(6), **AGREED, replace=True)
    assert ReferenceVoice.load("ana") == first
    assert first.verify().is_file()


def test_another_recording_under_the_record_is_refused():
    voice = ReferenceVoice.record("ana", speech(), **AGREED)
    voice.path.write_bytes(speech(7).encode(".flac"))
    with pytest.raises(ConsentMissing, match=r"not the recording that Ana Gil agreed to.*sha256"):
        ReferenceVoice.load("ana").verify()
    voice.path.unlink()
    with pytest.raises(ConsentMissing, match="is gone"):
        voice.verify()


@pytest.mark.parametrize(
    ("change", "lacks"),
    [
        (("consent = true", "consent = false"), "consent = true"),
        (("consent = true", ""), "consent = true"),
        (("Ana Gil", ""), "who"),
        (("Ana Gil", " "), "who"),
        (('date = "2', 'day = "2'), "date"),
        (("sha256", "md5"), "sha256"),
        (('language = "en"', 'language = "English!"'), "language"),
        (("=", ":"), "not valid TOML"),
    ],
)
def test_a_record_that_lacks_something_is_no_consent(change, lacks):
    ReferenceVoice.record("ana", speech(), **AGREED)
    path = Path("voices/ana.toml")
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(ConsentMissing, match=lacks):
        ReferenceVoice.load("ana")


def test_a_recording_without_a_record_is_no_voice():
    """As after a crash between the two: the record comes last."""
    voice = ReferenceVoice.record("ana", speech(), **AGREED)
    Path("voices/ana.toml").unlink()
    assert ReferenceVoice.names() == []
    with pytest.raises(VoiceNotFound):
        ReferenceVoice.load("ana")
    assert voice.path.is_file()


def test_a_voice_can_be_removed_and_the_nearest_is_offered():
    voice = ReferenceVoice.record("ana", speech(), **AGREED)
    with pytest.raises(VoiceNotFound, match="did you mean 'ana'"):
        ReferenceVoice.load("anna")
    voice.remove()
    voice.remove()
    assert list(Path("voices").iterdir()) == []


def test_the_folder_is_the_variables_or_the_working_directorys(monkeypatch, here):
    assert voices_folder() == Path("voices")
    monkeypatch.setenv(VARIABLE, str(here / "elsewhere"))
    ReferenceVoice.record("ana", speech(), **AGREED)
    assert (here / "elsewhere" / "ana.flac").is_file()
    assert ReferenceVoice.names(folder=here) == []


def test_a_folder_that_cannot_be_written_is_told(monkeypatch, here):
    (here / "file").write_text("")
    with pytest.raises(StorageError):
        ReferenceVoice.record("ana", speech(), **AGREED, folder=here / "file" / "voices")


# -- the command -------------------------------------------------------------------------------


def command(capsys, monkeypatch, *arguments: object) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["workbench", "clone", *map(str, arguments)])
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    with warnings.catch_warnings():
        warnings.simplefilter("always")  # the command tells them, as to a user
        with pytest.raises(SystemExit) as ended:
            cli.main()
    return (int(ended.value.code or 0), *capsys.readouterr())


def test_the_command_records_lists_shows_and_removes(capsys, monkeypatch):
    speech().write("take.wav")
    given = ("--who", "Ana Gil", "--purpose", "tests", "--i-have-consent", "-l", "es")
    code, out, _ = command(capsys, monkeypatch, "ana", "take.wav", *given)
    assert (code, out) == (0, "voices/ana.flac: 5.0 s; speak with chatterbox:ana\n")
    code, out, _ = command(capsys, monkeypatch)
    assert out.split()[:2] == ["ana", "es"]
    assert "Ana Gil: tests" in out
    _, out, _ = command(capsys, monkeypatch, "ana", "--json")
    assert json.loads(out)["who"] == "Ana Gil"
    code, out, _ = command(capsys, monkeypatch, "ana", "--remove")
    assert (code, out) == (0, "removed voices/ana.flac\n")
    code, _, errors = command(capsys, monkeypatch, "ana")
    assert code == 2
    assert errors.startswith("workbench: ana: there is no such voice")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("ana", "take.wav"), 1, "cannot be cloned without"),
        (("ana", "take.wav", "--who", "Ana", "--purpose", "tests"), 1, "without a yes"),
        (("ana", "--who", "Ana"), 2, "--who: is for a recording"),
        (("--remove",), 2, "--remove: needs the name"),
        (("ana", "take.wav", "--remove"), 2, "--remove: takes a name alone"),
    ],
)
def test_the_command_refuses_what_is_missing(capsys, monkeypatch, arguments, code, said):
    ended, out, errors = command(capsys, monkeypatch, *arguments)
    assert (ended, out) == (code, "")
    assert said in errors
    assert len(errors.splitlines()) == 1


def damage(how: str, name: str = "ana") -> None:
    path = Path(f"voices/{name}.toml")
    if how == "gone":
        path.with_suffix(".flac").unlink()
    else:
        path.write_text(
            path.read_text().replace(*{"who": ("Ana Gil", ""), "toml": ("=", ":")}[how])
        )


DAMAGES = ["who", "toml", "gone"]


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_voice_does_not_hide_the_others(capsys, monkeypatch, how):
    """One broken record was the end of the list."""
    for name in ("ana", "bob"):
        ReferenceVoice.record(name, speech(), **AGREED)
    damage(how)
    code, out, errors = command(capsys, monkeypatch)
    assert (code, out.split()[0], len(out.splitlines())) == (0, "bob", 1)
    assert "ana is left out" in errors
    code, out, _ = command(capsys, monkeypatch, "--json")
    assert (code, [voice["voice"] for voice in json.loads(out)]) == (0, ["bob"])


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_voice_can_be_removed(capsys, monkeypatch, how):
    """It was loaded first, which fails: consent withdrawn could not be acted upon."""
    ReferenceVoice.record("ana", speech(), **AGREED)
    damage(how)
    code, out, errors = command(capsys, monkeypatch, "ANA", "--remove")
    assert (code, out, errors) == (0, "removed voices/ana.flac\n", "")
    assert list(Path("voices").iterdir()) == []
    code, _, errors = command(capsys, monkeypatch, "ana", "--remove")
    assert (code, "there is no such voice" in errors) == (2, True)


def test_what_a_crash_left_of_a_voice_can_be_removed():
    ReferenceVoice.record("ana", speech(), **AGREED)
    Path("voices/ana.toml").unlink()
    assert ReferenceVoice.discard("ana") == Path("voices/ana.flac")
    assert list(Path("voices").iterdir()) == []


@pytest.mark.parametrize("name", ["../ana", "voices/../../ana", "", "es", "a\0b"])
def test_what_is_no_name_removes_nothing(name):
    Path("voices").mkdir()
    for kept in (Path("ana.toml"), Path("ana.flac"), Path("voices/es.toml")):
        kept.write_text("")
    with pytest.raises(VoiceNotFound):
        ReferenceVoice.discard(name)
    assert len(list(Path().rglob("*.*"))) == 3


@pytest.mark.parametrize("how", DAMAGES)
def test_the_cure_that_is_printed_works(capsys, monkeypatch, how):
    """It lacked --replace, and so was refused: there is such a voice."""
    ReferenceVoice.record("ana", speech(), **AGREED)
    speech().write("take.wav")
    damage(how)
    code, _, errors = command(capsys, monkeypatch, "ana")
    assert code == 1
    cure = errors.partition("workbench clone ")[2].partition(",")[0]
    given = cure.replace("FILE", "take.wav").replace("…", "somebody").split()
    code, _, errors = command(capsys, monkeypatch, *given)
    assert (code, errors) == (0, "")
    assert ReferenceVoice.load("ana").verify().is_file()
