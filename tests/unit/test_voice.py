from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import ParameterError, StorageError
from workbench.voice import Preset, Voice

if TYPE_CHECKING:
    from pathlib import Path

VOICE = Voice(engine="espeak", name="es")
VALUES = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text()


@pytest.mark.parametrize("text", ["espeak:es", "espeak:en-us+f3", "my-engine_2:Ana (clear), slow"])
def test_a_name_is_read_back_as_written(text: str):
    assert str(Voice.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("es", "names no engine"),
        ("", "names no engine"),
        (":es", "cannot be an engine"),
        ("Espeak:es", "cannot be an engine"),
        ("../espeak:es", "cannot be an engine"),
        ("espeak:", "cannot be a voice"),
        ("espeak:../../etc/passwd", "cannot be a voice"),
        ("espeak:/etc/passwd", "cannot be a voice"),
        ("espeak:es\n", "cannot be a voice"),
        ("espeak:es\0", "cannot be a voice"),
        ("espeak:a:b", "cannot be a voice"),
        ("espeak:" + "a" * 101, "cannot be a voice"),
    ],
)
def test_what_cannot_name_a_voice_is_refused(text: str, told: str):
    with pytest.raises(ParameterError, match=told):
        Voice.parse(text)


@given(st.dictionaries(st.text(min_size=1), VALUES, max_size=4), st.text())
def test_a_preset_comes_back_from_its_text_as_it_was(options: dict, note: str):
    import tomllib

    preset = Preset(name="a", voice=VOICE, options=options, note=note)
    assert Preset.from_dict({"name": "a", **tomllib.loads(preset.toml())}) == preset


def test_a_preset_is_a_file_that_is_replaced_whole(tmp_path: Path):
    folder = tmp_path / "presets"
    first = Preset(name="mi voz", voice=VOICE, options={"rate": 150}, note="línea\nde notas")
    path = first.save(folder)
    assert path == folder / "mi voz.toml"
    assert Preset.load(path) == first
    second = Preset(name="mi voz", voice=VOICE)
    second.save(folder)
    assert Preset.load(path) == second
    assert Preset.names(folder) == ["mi voz"]


def test_names_are_those_of_presets_only(tmp_path: Path):
    for name in ("b.toml", "a.toml", ".wb-1-0a0b0c0d-0a0b0c0d-part.toml", ".hidden.toml", "c.txt"):
        (tmp_path / name).write_text('voice = "espeak:es"')
    assert Preset.names(tmp_path) == ["a", "b"]
    assert Preset.names(tmp_path / "none") == []


@pytest.mark.parametrize("name", ["", "../a", "a/b", ".a", "a\n", "a" * 65, "a\0", "-a"])
def test_a_name_that_cannot_be_a_file_is_refused(name: str):
    with pytest.raises(ParameterError, match="cannot be a preset's name"):
        Preset(name=name, voice=VOICE)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("voice = 'espeak:es'\noptons = 1", r"unknown key 'optons'; did you mean 'options'\?"),
        ("[options]\nrate = 1", "names no voice"),
        ("voice = 3", "names no voice"),
        ("voice = 'es'", "'es' names no engine"),
        ("voice = 'espeak:es'\noptions = 3", r"\[options\] as a table"),
        ("voice = 'espeak:es'\nnote = 3", "note as text"),
        ("voice = ", "not valid TOML"),
        ("\udcff\udcfe", "not valid TOML"),
    ],
)
def test_a_file_that_is_no_preset_is_named(tmp_path: Path, text: str, told: str):
    file = tmp_path / "narrator.toml"
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(ParameterError, match=rf"narrator\.toml: .*{told}"):
        Preset.load(file)


def test_a_preset_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(StorageError, match=r"none\.toml: there is no such preset"):
        Preset.load(tmp_path / "none.toml")
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(StorageError, match=r"folder\.toml: Is a directory"):
        Preset.load(tmp_path / "folder.toml")


def test_a_folder_that_cannot_be_written_is_an_error_of_storage(tmp_path: Path):
    (tmp_path / "presets").write_text("a file")
    with pytest.raises(StorageError):
        Preset(name="a", voice=VOICE).save(tmp_path / "presets")


def test_options_cannot_be_changed_from_outside():
    options = {"rate": 150}
    preset = Preset(name="a", voice=VOICE, options=options)
    options["rate"] = 0
    assert preset.options["rate"] == 150
    with pytest.raises(TypeError):
        preset.options["rate"] = 0  # type: ignore[index]


def test_a_preset_can_go_to_another_process_and_into_a_set():
    preset = Preset(name="a", voice=VOICE, options={"rate": 150, "variant": "f3"})
    assert pickle.loads(pickle.dumps(preset)) == preset  # noqa: S301 - bytes of this very line
    assert copy.deepcopy(preset) == preset
    other = Preset(name="a", voice=VOICE, options={"rate": 151, "variant": "f3"})
    assert len({preset, copy.copy(preset), other}) == 2
