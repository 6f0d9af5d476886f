"""Presets, names and choices: no process runs here."""

from __future__ import annotations

import json
import os
import pickle
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import Cancelled, FfmpegError, ParameterError, StorageFull
from workbench.media.encoders import (
    CANDIDATES,
    NAMES,
    PRESETS,
    X264,
    blamed,
    choose,
    fallback,
    find_preset,
    trial,
    works,
)
from workbench.media.encoders.table import find_encoder, settings

SIDES = st.integers(8, 2048).map(lambda half: 2 * half)
HARDWARE = [name for name in CANDIDATES if not name.startswith("lib")]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Encoders answer from a table instead of from trials; what was asked is noted."""
    state = {"asked": [], "broken": {}, "lasting": True}

    def answer(name, width, height, cancel):
        state["asked"].append((name, width, height))
        return state["broken"].get(name, ""), state["lasting"]

    monkeypatch.setattr(trial, "_try", answer)
    monkeypatch.setattr(trial, "_known", {})
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    return state


def restart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what the process knows, as a new one would."""
    monkeypatch.setattr(trial, "_known", {})


# -- sizes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preset", "size", "wanted"),
    [
        ("draft", (1080, 1920), (540, 960)),
        ("draft", (1920, 1080), (960, 540)),
        ("draft", (2160, 3840), (540, 960)),
        ("draft", (720, 1280), (360, 640)),
        ("draft", (16, 16), (16, 16)),
        ("preview", (1080, 1920), (720, 1280)),
        ("preview", (1080, 1080), (720, 720)),
        ("preview", (640, 360), (640, 360)),
        ("production", (1080, 1350), (1080, 1350)),
        ("production", (4096, 2160), (4096, 2160)),
    ],
)
def test_a_preset_has_its_size(preset, size, wanted):
    assert PRESETS[preset].scaled(*size) == wanted


@given(width=SIDES, height=SIDES, preset=st.sampled_from(list(PRESETS)))
def test_sizes_are_even_and_keep_the_aspect_and_never_grow(width, height, preset):
    got = PRESETS[preset].scaled(width, height)
    assert not got[0] % 2
    assert not got[1] % 2
    assert got[0] <= width
    assert got[1] <= height
    short, long = sorted(got)
    assert long == pytest.approx(short * max(width, height) / min(width, height), abs=1.001)
    if PRESETS[preset].side:
        assert short <= max(16, PRESETS[preset].side)


@pytest.mark.parametrize(
    "size", [(0, 100), (100, -2), (float("nan"), 100), (100, 9000), (True, 64)]
)
def test_no_size_is_refused(size):
    with pytest.raises(ParameterError):
        PRESETS["draft"].scaled(*size)


def test_presets_differ_in_work_and_hold_nothing_of_the_speech():
    """The old system's drafts spoke 1.5 times as fast; its bitrates and speeds were never read."""
    assert list(PRESETS) == ["draft", "preview", "production"]
    rows = [preset.to_dict() for preset in PRESETS.values()]
    for name in ("speed", "crf", "audio"):
        assert len({row[name] for row in rows}) == 3, name
    assert set(rows[0]) == {"name", "scale", "side", "speed", "crf", "audio"}
    for name in CANDIDATES:
        seen = {str(settings(name, preset).options) for preset in PRESETS.values()}
        assert len(seen) == 3, name


# -- names ------------------------------------------------------------------------------------


def test_short_names_and_those_of_ffmpeg_mean_the_same():
    for short, name in NAMES.items():
        assert find_encoder(short) == find_encoder(name) == name
    assert {find_encoder(name) for name in NAMES} <= set(CANDIDATES)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("x246", "x264"),
        ("nvec", "nvenc"),
        ("h264_nvenk", "h264_nvenc"),
        ("Auto", "auto"),
        ("", "auto, x264"),
        ("libx264 -f null /etc/passwd", "auto, x264"),
        ("copy", "auto, x264"),
        (None, "auto, x264"),
    ],
)
def test_an_unknown_encoder_is_refused_with_a_hint(name, hint, answers):
    with pytest.raises(ParameterError) as caught:
        choose("production", width=64, height=64, encoder=name)
    assert caught.value.subject == "encoder"
    assert hint in caught.value.cure
    with pytest.raises(ParameterError):
        works(name)
    assert not answers["asked"]


@pytest.mark.parametrize(("name", "hint"), [("darft", "'draft'"), ("", ""), ([], ""), (None, "")])
def test_an_unknown_preset_is_refused_with_a_hint(name, hint):
    with pytest.raises(ParameterError) as caught:
        choose(name, width=64, height=64)
    assert "draft, preview, production" in caught.value.problem
    assert hint in caught.value.cure
    assert find_preset(PRESETS["draft"]) is PRESETS["draft"]


# -- settings ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CANDIDATES)
def test_every_encoder_is_set_whole(name):
    for preset in PRESETS.values():
        made = settings(name, preset)
        options = made.options
        assert options["c:v"] == made.name == name
        assert made.hardware == (name in HARDWARE)
        assert made.preset == preset.name
        assert made.codec == ("hevc" if "hevc" in name or name == "libx265" else made.codec)
        assert (options.get("tag:v") == "hvc1") == (made.codec == "hevc")
        assert options["colorspace"] == options["color_primaries"] == "bt709"
        # Frames reach the card either as they are or by an upload, never both.
        assert ("pix_fmt" in options) == (not made.upload)
        assert bool(made.upload) == name.endswith("_vaapi") == bool(made.global_options)
        json.dumps(made.to_dict())
        assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301 - our own bytes


def test_the_default_is_what_production_takes(answers):
    chosen = choose(width=1080, height=1920)
    assert dict(chosen.options) == X264
    assert (X264["c:v"], X264["pix_fmt"], chosen.note) == ("libx264", "yuv420p", "")
    assert X264["x264-params"] == "chroma-qp-offset=-4"
    assert not answers["asked"], "x264 needs no trial"


def test_one_thread_is_asked_for_in_each_encoders_own_way():
    x264 = settings("libx264", PRESETS["draft"])
    assert x264.single().options == {**x264.options, "threads": "1"}
    assert "threads" not in x264.options
    x265 = settings("libx265", PRESETS["draft"]).single().options["x265-params"]
    assert "cbqpoffs=-4" in x265
    assert x265.endswith("pools=none:frame-threads=1")
    assert settings("libsvtav1", PRESETS["draft"]).single().options["svtav1-params"] == "lp=1"
    for name in HARDWARE:
        assert settings(name, PRESETS["draft"]).single() == settings(name, PRESETS["draft"])


# -- choices ----------------------------------------------------------------------------------


def test_a_draft_takes_the_first_hardware_that_works_at_its_size(answers):
    answers["broken"] = {"h264_nvenc": "no card", "h264_videotoolbox": "no Mac"}
    for preset in ("draft", "preview"):
        assert choose(preset, width=540, height=960).name == "h264_qsv"
    assert answers["asked"] == [
        (name, 540, 960) for name in ("h264_nvenc", "h264_videotoolbox", "h264_qsv")
    ]
    choose("draft", width=64, height=64)
    assert answers["asked"][-1] == ("h264_qsv", 64, 64), "another size is another question"


def test_without_hardware_a_draft_takes_x264_and_says_nothing(answers):
    answers["broken"] = dict.fromkeys(HARDWARE, "no device")
    chosen = choose("draft", width=540, height=960)
    assert (chosen.name, chosen.note, chosen.hardware) == ("libx264", "", False)
    assert chosen.options["preset"] == PRESETS["draft"].speed
    assert chosen.options["crf"] == PRESETS["draft"].crf


def test_what_was_asked_for_and_does_not_work_is_told(answers):
    answers["broken"] = {"h264_nvenc": "Cannot load libcuda.so.1"}
    chosen = choose("preview", width=720, height=1280, encoder="nvenc")
    assert chosen.note == (
        "h264_nvenc does not work here (Cannot load libcuda.so.1); libx264 is used"
    )
    assert (chosen.name, chosen.preset) == ("libx264", "preview")
    assert chosen.options["crf"] == PRESETS["preview"].crf
    assert choose("preview", width=720, height=1280, encoder="x265").name == "libx265"


def test_a_failure_at_work_falls_back_and_is_remembered(answers):
    """The old system's comment promised a fallback to x264, and no code did it."""
    chosen = choose("draft", width=540, height=960, encoder="nvenc")
    assert chosen.name == "h264_nvenc"
    error = FfmpegError("OpenEncodeSessionEx failed: out of memory | more", subject="ffmpeg")
    assert blamed(chosen, error)
    instead = fallback(chosen, error)
    assert (instead.name, instead.preset) == ("libx264", "draft")
    assert instead.note == (
        "h264_nvenc failed (OpenEncodeSessionEx failed: out of memory); libx264 is used"
    )
    asked = len(answers["asked"])
    choose("draft", width=540, height=960, encoder="nvenc")
    assert len(answers["asked"]) == asked + 1, "what failed is asked again"


@pytest.mark.parametrize(
    "error", [Cancelled("stopped"), StorageFull("full"), ParameterError("bad"), OSError("no")]
)
def test_what_is_not_the_encoders_fault_is_no_reason_to_fall_back(error):
    assert not blamed(settings("h264_nvenc", PRESETS["draft"]), error)
    assert not blamed(settings("libx264", PRESETS["draft"]), FfmpegError("failed"))


# -- memory -----------------------------------------------------------------------------------


def test_an_answer_is_kept_for_this_process_and_the_next(answers, monkeypatch):
    for _ in range(3):
        assert works("h264_nvenc", 64, 64) == ""
        restart(monkeypatch)
    assert len(answers["asked"]) == 1
    assert trial.memory_file() == Path(os.environ["WORKBENCH_CACHE"]) / "encoders.json"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    works("h264_nvenc", 64, 64)
    assert len(answers["asked"]) == 2, "another card is another question"


def test_without_a_named_folder_it_lies_beside_the_takes(monkeypatch):
    named = trial.memory_file().name
    monkeypatch.delenv("WORKBENCH_CACHE")
    assert trial.memory_file().parent.name == "workbench"
    assert trial.memory_file().name == named


def test_a_refusal_is_kept_for_a_day(answers, monkeypatch):
    now = [1_800_000_000.0]
    monkeypatch.setattr(trial.time, "time", lambda: now[0])
    answers["broken"] = {"h264_nvenc": "no card"}
    assert works("h264_nvenc", 64, 64) == "no card"
    works("libx265", 64, 64)
    answers["broken"] = {}  # the driver is installed
    for later, asked in ((3600, 2), (86_000, 2), (86_500, 3)):
        restart(monkeypatch)
        monkeypatch.setattr(trial.time, "time", lambda later=later: now[0] + later)
        assert works("h264_nvenc", 64, 64) == ("" if asked == 3 else "no card")
        assert works("libx265", 64, 64) == ""
        assert len(answers["asked"]) == asked


def test_a_busy_machine_is_no_lasting_answer(answers, monkeypatch):
    answers["broken"], answers["lasting"] = {"libx265": "did not finish within 30 s"}, False
    assert works("libx265", 64, 64)
    assert works("libx265", 64, 64)
    assert len(answers["asked"]) == 1
    restart(monkeypatch)
    answers["broken"] = {}
    assert works("libx265", 64, 64) == ""


@pytest.mark.faults
@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\xff\x00\xfe",
        b"[]",
        b"null",
        b'{"format": 1}',
        b'{"format": 2, "entries": {}}',
        b'{"format": 1, "entries": []}',
        b'{"format": 1, "entries": {"a": 1}}',
        b'{"format": 1, "entries": {"a": {"problem": "", "when": "soon"}}}',
        b'{"format": 1, "entries": {"a": {"when": 1}}}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_memory_is_none(answers, damage, monkeypatch):
    works("libx265", 64, 64)
    whole = trial.memory_file().read_bytes()
    trial.memory_file().write_bytes(damage)
    restart(monkeypatch)
    assert works("libx265", 64, 64) == ""
    assert len(answers["asked"]) == 2
    assert json.loads(trial.memory_file().read_bytes())["entries"].keys() == (
        json.loads(whole)["entries"].keys()
    )


@pytest.mark.faults
def test_a_folder_that_cannot_be_written_costs_time_and_no_answer(answers, tmp_path, monkeypatch):
    (tmp_path / "plain").write_text("a file where a folder should be")
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "plain"))
    assert works("libx265", 64, 64) == ""
    restart(monkeypatch)
    assert works("libx265", 64, 64) == ""
    assert len(answers["asked"]) == 2


def test_the_memory_does_not_grow_without_end(answers, monkeypatch):
    monkeypatch.setattr(trial, "_MOST", 5)
    for width in range(64, 84, 2):
        works("libx265", width, 64)
    kept = json.loads(trial.memory_file().read_bytes())["entries"]
    assert len(kept) == 5
    assert any("82, 64" in mark for mark in kept)


def test_many_threads_ask_once(answers):
    threads = [threading.Thread(target=works, args=("libx265", 64, 64)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers["asked"]) == 1


def test_waiting_for_another_trial_can_be_cancelled(answers):
    stop = threading.Event()
    stop.set()
    with trial._turn(), pytest.raises(Cancelled):
        works("libx265", 64, 64, cancel=stop)
    assert works("libx265", 64, 64) == ""


@pytest.mark.parametrize("size", [(63, 64), (64, 0), (64, 10_000), ("64", 64), (64.5, 64)])
def test_a_size_that_no_encoder_takes_is_refused(answers, size):
    with pytest.raises(ParameterError):
        works("libx264", *size)
    assert not answers["asked"]
