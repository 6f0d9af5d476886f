from __future__ import annotations

import json
import socket
import tomllib
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from workbench import doctor
from workbench.doctor import Finding, Report, examine
from workbench.engines import registry
from workbench.engines.hardware.drivers import nvidia_driver
from workbench.engines.weights.access import unanswered
from workbench.errors import EngineMissing, FfmpegError, ModelError
from workbench.media.binaries import Binary

ROOT = Path(__file__).parents[2]
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


@pytest.fixture(autouse=True)
def hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is asked anything over a network: the hub answers."""
    for name in ("WORKBENCH_OFFLINE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.test")
    monkeypatch.setattr(doctor, "unanswered", lambda *_: "")


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
    extras = report.sections["extras"][:-1]
    assert [f.name for f in extras] == [*doctor._EXTRAS]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {f.name for f in extras} <= set(project["optional-dependencies"])
    for finding in extras:
        assert finding.state == "absent"
        assert "need" in finding.detail
        assert finding.cure == f"pip install 'media-workbench[{finding.name}]'"


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
        "hub": "",
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
    assert (tiny.state, tiny.detail) == ("ok", f"{home}  7 B")
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


@pytest.mark.usefixtures("quick")
def test_weights_that_cannot_be_fetched_are_told_with_the_reason(monkeypatch, tmp_path: Path):
    """The old guide: "check the internet connection, wait 5 to 10 minutes"."""
    hub = found(examine(), "weights", "hub")
    assert (hub.state, hub.cure) == ("ok", "")
    assert hub.detail == "hub.test answers, without a token, which gated models want"
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("HF_ENDPOINT", "https://me:password@mirror.test")
    monkeypatch.setattr(doctor, "unanswered", lambda *_: "Connection refused")
    report = examine()
    hub = found(report, "weights", "hub")
    assert report.healthy, "what is here works without a hub"
    assert (hub.state, hub.detail) == ("absent", "mirror.test does not answer (Connection refused)")
    assert "HTTPS_PROXY" in hub.cure
    assert str(tmp_path / "models") in hub.cure
    assert not {"hf_secret", "password"} & set(report.text().replace(":", " ").split())
    assert "secret" not in report.text()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    hub = found(examine(), "weights", "hub")
    assert hub.detail == "not asked: HF_HUB_OFFLINE is set"
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", "nowhere")
    assert found(examine(), "weights", "hub").state == "bad"


@pytest.mark.usefixtures("quick")
def test_an_environment_without_pip_works_and_is_told(monkeypatch):
    """The old guide: "No module named pip" is normal, wait."""
    assert found(examine(), "system", "pip").state == "ok"
    real = doctor.find_spec
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name == "pip" else real(name))
    report = examine()
    pip = found(report, "system", "pip")
    assert report.healthy
    assert (pip.state, pip.cure) == ("absent", "uv pip install …, or python -m ensurepip")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("driver", "library", "torch", "hidden", "said", "cure"),
    [
        (False, False, None, None, "no driver of NVIDIA is loaded", ""),
        (True, False, None, None, "libcuda.so.1 is not to be found", "--gpus all"),
        (True, True, "2.13.0+cpu", None, "torch 2.13.0+cpu was built without CUDA", "gpu.md"),
        (True, True, "2.13.0+cu130", "", "CUDA_VISIBLE_DEVICES='' hides every card", "unset"),
        (True, True, "2.13.0+cu130", "-1", "CUDA_VISIBLE_DEVICES='-1' hides", "unset"),
        (True, True, "2.13.0+cu130", "0", "torch 2.13.0+cu130 finds no card", "gpu.md"),
        (True, True, None, None, "CTranslate2 finds no card", "gpu.md"),
    ],
)
def test_where_the_way_to_a_card_ends(monkeypatch, *, driver, library, torch, hidden, said, cure):
    """The old guide: "check nvidia-smi"."""
    monkeypatch.setattr(doctor, "nvidia_driver", lambda: driver)
    monkeypatch.setattr(doctor, "nvidia_library", lambda: library)
    monkeypatch.setattr(doctor, "device_info", lambda: INFO | {"torch": torch})
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if hidden is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    report = examine()
    gpu = found(report, "system", "gpu")
    assert report.healthy
    assert gpu.state == "absent"
    assert said in gpu.detail
    assert cure in gpu.cure


@pytest.mark.usefixtures("quick")
def test_memory_and_disk_that_run_out_are_told(monkeypatch):
    monkeypatch.setattr(doctor, "room", lambda: 300_000_000)
    monkeypatch.setenv("MEM_LIMIT", "2000000000")
    disk = namedtuple("disk", "free")  # noqa: PYI024 - shaped as the library's
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: disk(5_000_000))
    report = examine()
    memory = found(report, "system", "memory")
    assert memory.detail == "300 MB free of the 2 GB of MEM_LIMIT"
    assert (memory.state, bool(memory.cure)) == ("absent", True)
    assert found(report, "folders", "working folder").detail.endswith("  5 MB free")
    assert found(report, "folders", "working folder").cure == "make room: videos need it"


@pytest.mark.usefixtures("quick")
def test_a_jupyterlab_that_cannot_draw_widgets_is_told(monkeypatch, tmp_path: Path):
    assert found(examine(), "extras", "widgets").state == "ok"
    (tmp_path / "labextensions" / "anywidget").mkdir(parents=True)
    monkeypatch.setattr(
        "jupyter_core.paths.jupyter_path", lambda *sub: [str(tmp_path.joinpath(*sub))]
    )
    widgets = found(examine(), "extras", "widgets")
    assert widgets.state == "absent"
    assert "does not find @jupyter-widgets/jupyterlab-manager: cells show text" in widgets.detail


def test_the_driver_is_looked_for_where_systems_keep_it(tmp_path: Path):
    assert not nvidia_driver(root=tmp_path)
    (tmp_path / "proc" / "driver" / "nvidia").mkdir(parents=True)
    (tmp_path / "proc" / "driver" / "nvidia" / "version").write_text("NVRM version: 580")
    assert nvidia_driver(root=tmp_path)


def test_an_answer_is_waited_for_no_longer_than_it_may_take():
    with socket.socket() as server:  # it takes the connection, and says nothing
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert unanswered(f"http://127.0.0.1:{server.getsockname()[1]}", 0.2)
    assert unanswered("http://[", 1)
