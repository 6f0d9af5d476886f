from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workbench import doctor
from workbench.doctor import Finding, Report, examine
from workbench.engines import registry
from workbench.errors import EngineMissing, FfmpegError, ModelError
from workbench.media.binaries import Binary

INFO: dict[str, Any] = {
    "device": "cpu",
    "problem": "",
    "platform": "linux x86_64",
    "cores": 8,
    "quota": None,
    "threads": 8,
    "torch": None,
    "ctranslate2": "4.8.5",
    "gpus": [],
}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No process is started and no torch: one ffmpeg is there, and it encodes with everything."""
    monkeypatch.setenv("WORKBENCH_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setattr(doctor, "device_info", lambda: INFO)
    binary = Binary(path=Path("/opt/ffmpeg"), origin="embedded", version="9.0", lacks=())
    monkeypatch.setattr(doctor, "ffmpeg", lambda: binary.path)
    monkeypatch.setattr(doctor, "binaries", lambda: (binary,))
    monkeypatch.setattr(doctor, "works", lambda _: "")


def found(report: Report, section: str, name: str) -> Finding:
    return next(f for f in report.sections[section] if f.name == name)


@pytest.mark.media
def test_this_machine_has_what_the_package_needs():
    report = examine()
    assert report.healthy, report.text()
    assert found(report, "ffmpeg", "libx264").detail == "encodes"
    assert "(in use)" in report.text()
    assert found(report, "engines", "espeak").state == "ok"
    assert json.loads(json.dumps(report.to_dict()))["healthy"] is True


@pytest.mark.usefixtures("quick")
def test_every_finding_has_a_line_and_a_state():
    report = examine()
    sections = ["system", "ffmpeg", "engines", "weights", "extras", "folders"]
    assert list(report.sections) == sections
    findings = [f for rows in report.sections.values() for f in rows]
    assert len(report.text().splitlines()) == len(findings) + len(report.sections)
    assert {f.state for f in findings} <= {"ok", "absent", "bad"}
    assert all(f.cure for f in findings if f.state == "bad")
    assert found(report, "ffmpeg", "embedded").detail.endswith("/opt/ffmpeg (in use)")


@pytest.mark.usefixtures("quick")
def test_an_extra_that_is_not_there_is_no_fault(monkeypatch):
    monkeypatch.setattr(doctor, "find_spec", lambda _: None)
    report = examine()
    assert report.healthy
    extras = report.sections["extras"]
    assert [f.name for f in extras] == ["kokoro", "chatterbox", "serve", "cluster", "s3"]
    assert {f.state for f in extras} == {"absent"}
    for finding in extras:
        used = finding.name in {"kokoro", "chatterbox"}
        assert ("nothing here needs it" in finding.detail) is not used
        assert finding.cure == (f"pip install 'media-workbench[{finding.name}]'" if used else "")


@pytest.mark.usefixtures("quick")
def test_the_device_is_what_models_run_on(monkeypatch):
    report = examine()
    device = found(report, "system", "device")
    assert (device.state, device.detail) == ("ok", "cpu, 8 threads, no torch, linux x86_64")
    card = {"device": "cuda:0", "name": "Card", "memory": 8 << 30, "problem": ""}
    old = {"device": "cuda:1", "name": "Old", "memory": 4 << 30, "problem": "no kernel image"}
    info = INFO | {"device": "cuda:0", "torch": "2.13.0", "quota": 1.5, "threads": 1}
    monkeypatch.setattr(doctor, "device_info", lambda: info | {"gpus": [card, old]})
    report = examine()
    assert report.healthy
    assert found(report, "system", "device").detail == (
        "cuda:0, 1 of 8 threads, limited to 1.5 by the control group, torch 2.13.0, linux x86_64"
    )
    assert found(report, "system", "cuda:0").detail == "Card, 8.0 GiB, computes"
    assert found(report, "system", "cuda:1").state == "absent"
    monkeypatch.setattr(doctor, "device_info", lambda: INFO | {"problem": "cuda:7: cannot be used"})
    report = examine()
    assert not report.healthy
    assert "WORKBENCH_DEVICE" in found(report, "system", "device").cure


@pytest.mark.usefixtures("quick")
def test_weights_that_nobody_fetched_are_no_fault_and_damaged_ones_are(tmp_path: Path):
    report = examine()
    assert report.healthy
    assert {f.name: f.cure for f in report.sections["weights"]} == {
        "kokoro": "workbench models pull kokoro",
        "chatterbox": "workbench models pull chatterbox",
        "whisper": "workbench models pull whisper-small",
    }
    home = tmp_path / "models" / "whisper-tiny"
    home.mkdir(parents=True)
    for name in ("config.json", "model.bin", "tokenizer.json"):
        (home / name).write_bytes(b"{}")
    report = examine()
    tiny = found(report, "weights", "whisper-tiny")
    assert (tiny.state, tiny.cure) == ("absent", "workbench models pull whisper-tiny")
    assert tiny.detail == f"{home}  lacks vocabulary.*"
    assert "whisper" not in {f.name for f in report.sections["weights"]}
    (home / "vocabulary.txt").write_bytes(b"a")
    tiny = found(examine(), "weights", "whisper-tiny")
    assert (tiny.state, tiny.detail) == ("ok", f"{home}  0 MB")
    (home / "model.bin").write_bytes(b"")
    report = examine()
    assert not report.healthy
    assert found(report, "weights", "whisper-tiny").detail.startswith(f"{home}  model.bin ")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("error", "state", "healthy"),
    [
        (EngineMissing("needs a package", cure="pip install it"), "absent", True),
        (ModelError("does not load", cure="install it again"), "bad", False),
    ],
)
def test_an_engine_is_asked_to_load(monkeypatch, error: ModelError, state: str, *, healthy: bool):
    def engine(name: str) -> object:
        if name == "shout":
            raise error
        return registry.engine(name)

    monkeypatch.setattr(doctor, "engines", lambda: ("espeak", "shout"))
    monkeypatch.setattr(doctor, "engine", engine)
    report = examine()
    shout = found(report, "engines", "shout")
    assert (shout.state, shout.detail, shout.cure) == (state, error.problem, error.cure)
    assert found(report, "engines", "espeak").state == "ok"
    assert report.healthy is healthy


@pytest.mark.usefixtures("quick")
def test_a_machine_without_ffmpeg_is_told_what_to_do(monkeypatch):
    def none() -> Path:
        raise FfmpegError("there is none on this machine", subject="ffmpeg")

    lacking = Binary(path=Path("/usr/bin/ffmpeg"), origin="PATH", version="5.1", lacks=("ass",))
    monkeypatch.setattr(doctor, "ffmpeg", none)
    monkeypatch.setattr(doctor, "binaries", lambda: (lacking,))
    report = examine()
    assert not report.healthy
    assert found(report, "ffmpeg", "PATH").state == "absent"
    assert found(report, "ffmpeg", "PATH").detail == "5.1  /usr/bin/ffmpeg  lacks ass"
    assert found(report, "ffmpeg", "ffmpeg").cure == "pip install 'imageio-ffmpeg>=0.8'"


@pytest.mark.usefixtures("quick")
def test_only_the_encoder_that_is_needed_makes_a_fault(monkeypatch):
    broken = {"libx264": "", "h264_nvenc": "Cannot load libcuda.so.1 | and more"}
    monkeypatch.setattr(doctor, "works", lambda name: broken.get(name, ""))
    report = examine()
    assert report.healthy
    assert found(report, "ffmpeg", "h264_nvenc").detail == "Cannot load libcuda.so.1"
    broken["libx264"] = "Unknown encoder"
    assert not examine().healthy


@pytest.mark.usefixtures("quick")
def test_a_folder_that_cannot_be_written_is_a_fault(monkeypatch, tmp_path: Path):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "file" / "takes"))
    report = examine()
    assert not report.healthy
    cache = found(report, "folders", "take cache")
    assert (cache.state, cache.cure) == ("bad", "make it writable")
    assert found(report, "folders", "temporary files").state == "ok"
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]
