from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench import doctor
from workbench.doctor import Finding, Report, examine
from workbench.engines import registry
from workbench.errors import EngineMissing, FfmpegError, ModelError
from workbench.media.binaries import Binary


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process is started: one ffmpeg is there, and it encodes with everything."""
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
    assert list(report.sections) == ["system", "ffmpeg", "engines", "extras", "folders"]
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
    assert {(f.state, f.cure) for f in extras} == {("absent", "")}


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
