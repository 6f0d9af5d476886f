from __future__ import annotations

import gc
import os
import sys
import threading
import warnings
import weakref
from importlib.machinery import ModuleSpec
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from workbench.engines import hardware
from workbench.engines.hardware import choose, device_info, prepare_torch, run_with_fallback
from workbench.engines.hardware import memory as hardware_memory
from workbench.errors import DeviceError, ModelError, ParameterError
from workbench.processors import quota, threads

if TYPE_CHECKING:
    from pathlib import Path


class OutOfMemoryError(RuntimeError):
    """As torch names its own."""


class Torch(SimpleNamespace):
    """A torch of as many CUDA devices as a test wants, some of which may fail."""

    def __init__(self, *, cuda: int = 0, mps: bool = False, built: bool = True) -> None:
        self.broken: dict[str, Exception] = {}
        self.driver = ""
        self.tried: list[str] = []
        self.set: list[tuple[str, int]] = []
        self.emptied = 0
        super().__init__(
            __version__="2.13.0",
            __spec__=ModuleSpec("torch", None),
            ones=self._ones,
            nn=SimpleNamespace(functional=SimpleNamespace(conv1d=lambda a, _: a)),
            set_num_threads=lambda n: self.set.append(("within", n)),
            set_num_interop_threads=lambda n: self.set.append(("between", n)),
            backends=SimpleNamespace(
                cuda=SimpleNamespace(is_built=lambda: built),
                mps=SimpleNamespace(is_available=lambda: mps),
            ),
            mps=SimpleNamespace(empty_cache=self._empty),
            cuda=SimpleNamespace(
                is_available=lambda: self._available(cuda),
                device_count=lambda: cuda,
                is_initialized=lambda: cuda > 0,
                empty_cache=self._empty,
                get_device_properties=lambda device: SimpleNamespace(
                    name=f"Card {device[-1]}", total_memory=8 << 30
                ),
            ),
        )

    def _available(self, count: int) -> bool:
        if self.driver:
            warnings.warn(self.driver, UserWarning, stacklevel=1)
        return count > 0 and not self.driver

    def _empty(self) -> None:
        self.emptied += 1

    def _ones(self, *_: int, device: str) -> _Ones:
        self.tried.append(device)
        if device in self.broken:
            raise self.broken[device]
        return _Ones()


class _Ones:
    def __matmul__(self, other: object) -> _Ones:
        return self

    def sum(self) -> _Ones:
        return self

    def item(self) -> float:
        return 512.0


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is remembered and nothing asked for by the environment."""
    for name in ("WORKBENCH_DEVICE", "WORKBENCH_THREADS", "NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(hardware, "_probed", {})
    monkeypatch.setattr(hardware, "_threads_set", [])


def install(monkeypatch: pytest.MonkeyPatch, torch: Torch | None) -> Torch | None:
    monkeypatch.setitem(sys.modules, "torch", torch)
    return torch


# --- the device ---


@pytest.mark.parametrize(
    ("cuda", "mps", "wanted", "expected"),
    [
        (2, False, None, "cuda:0"),
        (2, False, "auto", "cuda:0"),
        (2, False, "", "cuda:0"),
        (2, False, "cuda", "cuda:0"),
        (2, False, " CUDA:1 ", "cuda:1"),
        (2, False, "gpu", "cuda:0"),
        (2, False, "cpu", "cpu"),
        (0, True, None, "mps"),
        (0, True, "gpu", "mps"),
        (0, True, "mps:0", "mps"),
        (2, True, "mps", "mps"),
        (2, True, None, "cuda:0"),
        (0, False, None, "cpu"),
    ],
)
def test_the_best_that_works_or_what_is_asked_for(
    monkeypatch, cuda: int, wanted: str | None, expected: str, *, mps: bool
):
    install(monkeypatch, Torch(cuda=cuda, mps=mps))
    assert choose(wanted) == expected


def test_the_environment_is_asked_when_nothing_else_is_said(monkeypatch):
    install(monkeypatch, Torch(cuda=2))
    monkeypatch.setenv("WORKBENCH_DEVICE", "cuda:1")
    assert choose() == "cuda:1"
    assert choose("cpu") == "cpu"
    assert choose("auto") == "cuda:0"
    monkeypatch.setenv("WORKBENCH_DEVICE", "cuda:7")
    with pytest.raises(DeviceError) as caught:
        choose()
    assert str(caught.value) == (
        "WORKBENCH_DEVICE=cuda:7: cannot be used (there is no cuda:7); "
        "here there are cuda:0, cuda:1, cpu"
    )


@pytest.mark.parametrize("wanted", ["tpu", "cuda:", "cuda:-1", "cuda:x", "gpu:0", "cpu;rm", "cudá"])
def test_a_device_of_no_known_kind_is_a_mistake_of_the_caller(monkeypatch, wanted: str):
    install(monkeypatch, Torch(cuda=1))
    with pytest.raises(ParameterError, match="here there are cuda:0, cpu") as caught:
        choose(wanted)
    assert repr(wanted) in str(caught.value)


def test_a_card_without_kernels_is_found_out_at_once(monkeypatch, caplog):
    """Others fail in the middle of the work: "no kernel image" (chidiwilliams/buzz#1467)."""
    torch = Torch(cuda=2)
    install(monkeypatch, torch)
    torch.broken["cuda:0"] = RuntimeError("CUDA error: no kernel image is available\nCompile with")
    assert choose() == "cuda:1"
    assert "cuda:0 is not used: CUDA error: no kernel image is available" in caplog.text
    with pytest.raises(DeviceError, match="no kernel image") as caught:
        choose("cuda:0")
    assert caught.value.cure == "here there are cuda:1, cpu"
    assert torch.tried.count("cuda:0") == 1, "asked once in a process"


def test_numbers_that_come_back_wrong_are_a_failure(monkeypatch):
    install(monkeypatch, Torch(cuda=1))
    monkeypatch.setattr(_Ones, "item", lambda _: 511.0)
    assert choose() == "cpu"
    with pytest.raises(DeviceError, match=r"8 x 8 x 8 is 511\.0"):
        choose("cuda")


def test_an_old_driver_is_told_in_the_error_and_not_as_a_warning(monkeypatch):
    """Torch warns that the driver is too old and says that there is no device."""
    torch = Torch(cuda=1)
    torch.driver = "CUDA initialization: The NVIDIA driver on your system is too old (found 9000)"
    install(monkeypatch, torch)
    assert choose() == "cpu"
    with pytest.raises(DeviceError, match="driver on your system is too old"):
        choose("cuda")


def test_a_build_without_cuda_says_so(monkeypatch):
    install(monkeypatch, Torch(cuda=0, built=False))
    with pytest.raises(DeviceError, match=r"torch 2\.13\.0 is built without CUDA"):
        choose("cuda")


def test_a_card_that_is_full_now_is_not_given_up_for_good(monkeypatch):
    """One such moment left a program on the CPU for good (TrueMemory#490)."""
    torch = Torch(cuda=1)
    install(monkeypatch, torch)
    torch.broken["cuda:0"] = OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 MiB")
    assert choose() == "cpu"
    torch.broken.clear()
    assert choose() == "cuda:0"


def test_without_torch_there_is_the_cpu_and_what_ctranslate2_sees(monkeypatch):
    install(monkeypatch, None)
    seen = SimpleNamespace(
        __spec__=ModuleSpec("ctranslate2", None), get_cuda_device_count=lambda: 1
    )
    monkeypatch.setitem(sys.modules, "ctranslate2", seen)
    monkeypatch.setattr(hardware, "_try_ctranslate2", lambda _: None)
    assert choose() == "cuda:0"
    assert choose(library="torch") == "cpu"
    with pytest.raises(DeviceError, match="ctranslate2 has no MPS"):
        choose("mps")
    seen.get_cuda_device_count = lambda: 0
    assert choose() == "cpu"
    with pytest.raises(DeviceError, match="torch is not installed"):
        choose("cuda", library="torch")


def test_what_there_is_is_told_without_torch_too(monkeypatch):
    install(monkeypatch, None)
    info = device_info()
    assert info["torch"] is None
    assert info["device"] == "cpu"
    assert info["threads"] >= 1
    install(monkeypatch, Torch(cuda=1))
    assert device_info()["gpus"] == [
        {"device": "cuda:0", "name": "Card 0", "memory": 8 << 30, "problem": ""}
    ]
    monkeypatch.setenv("WORKBENCH_DEVICE", "cuda:3")
    assert "there is no cuda:3" in device_info()["problem"]
    monkeypatch.setenv("NUM_THREADS", "many")
    assert "NUM_THREADS" in device_info()["problem"]


def test_this_machine_has_a_device():
    assert choose("cpu") == "cpu"
    assert device_info()["device"]
    assert not device_info()["problem"]


# --- threads ---


def group(root: Path, told: str, **files: str) -> Path:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(told)
    for name, text in files.items():
        path = root / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


GROUPS = {
    "v2 without a limit": ("0::/\n", {"cpu.max": "max 100000\n"}, None),
    "v2 of the container": ("0::/\n", {"cpu.max": "250000 100000\n"}, 2.5),
    "v2 of the process": ("0::/a/b\n", {"a/b/cpu.max": "150000 100000"}, 1.5),
    "v2 above the process": (
        "0::/a/b\n",
        {"a/b/cpu.max": "400000 100000", "a/cpu.max": "50000 100000", "cpu.max": "max 100000"},
        0.5,
    ),
    "v2 of a path that is the host's": ("0::/docker/1f\n", {"cpu.max": "300000 100000"}, 3.0),
    "v1": (
        "4:cpu,cpuacct:/\n3:memory:/x\n",
        {"cpu/cpu.cfs_quota_us": "200000\n", "cpu/cpu.cfs_period_us": "100000\n"},
        2.0,
    ),
    "v1 without a limit": (
        "4:cpu:/\n",
        {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"},
        None,
    ),
    "v1 under both names, of a container in a container": (
        "4:cpu,cpuacct:/docker/1f\n",
        {
            "cpu,cpuacct/docker/1f/cpu.cfs_quota_us": "90000",
            "cpu,cpuacct/docker/1f/cpu.cfs_period_us": "100000",
        },
        0.9,
    ),
    "another group of that name": (
        "4:cpuset:/\n",
        {"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"},
        None,
    ),
    "rubbish": ("x\n0::/..\n", {"cpu.max": "lots of it"}, None),
    "nothing for ever": ("0::/\n", {"cpu.max": "100000 0"}, None),
}


@pytest.mark.parametrize("name", GROUPS)
def test_the_quota_of_the_control_group(tmp_path: Path, name: str):
    told, files, expected = GROUPS[name]
    assert quota(root=group(tmp_path, told, **files)) == expected


def test_a_machine_without_control_groups_has_no_quota(tmp_path: Path):
    assert quota(root=tmp_path) is None


@pytest.mark.parametrize(
    ("cores", "share", "expected"),
    [(8, "max 100000", 8), (8, "250000 100000", 2), (8, "30000 100000", 1), (2, "800000 1000", 2)],
)
def test_threads_are_the_least_of_cores_and_quota(
    monkeypatch, tmp_path: Path, cores: int, share: str, expected: int
):
    """`os.cpu_count` is 64 in a container that is given 2 of 64 processors."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    root = group(tmp_path, "0::/\n", **{"cpu.max": share})
    assert threads(root=root) == expected
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert threads(root=root) == expected
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert threads(root=root) == 1


def test_what_is_asked_for_wins(monkeypatch, tmp_path: Path):
    root = group(tmp_path, "0::/\n", **{"cpu.max": "200000 100000"})
    monkeypatch.setenv("OMP_NUM_THREADS", "1,4")
    assert threads(root=root) == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert threads(root=root) in {1, 2}
    monkeypatch.setenv("NUM_THREADS", "5")
    assert threads(root=root) == 5
    monkeypatch.setenv("WORKBENCH_THREADS", " 7 ")
    assert threads(root=root) == 7
    monkeypatch.setenv("WORKBENCH_THREADS", "  ")
    assert threads(root=root) == 5


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", "1e3", "٣", "1025", "99999999999"])
def test_a_variable_that_is_no_number_of_threads_is_told(monkeypatch, value: str):
    monkeypatch.setenv("NUM_THREADS", value)
    with pytest.raises(ParameterError, match="NUM_THREADS: must be a whole number of threads"):
        threads()


def test_torch_is_told_its_threads_once_and_never_raises(monkeypatch):
    """A notebook's first cell that runs twice failed: pytorch/pytorch#87960."""
    torch = Torch()

    def between(count: int) -> None:
        raise RuntimeError("cannot set number of interop threads after parallel work has started")

    torch.set_num_interop_threads = between
    install(monkeypatch, torch)
    monkeypatch.setenv("NUM_THREADS", "3")
    for _ in range(3):
        prepare_torch()
    assert torch.set == [("within", 3)], "a number that the user sets later stays"
    monkeypatch.setenv("NUM_THREADS", "2")
    prepare_torch()
    assert torch.set == [("within", 3), ("within", 2)]


@pytest.mark.parametrize("version", ["2.5.1+cu124", "1.13.1", "2.0.0"])
def test_a_torch_that_runs_code_from_weights_is_refused(monkeypatch, version: str):
    """CVE-2025-32434: before 2.6, `weights_only=True` did not keep code from running."""
    torch = Torch()
    torch.__version__ = version
    install(monkeypatch, torch)
    with pytest.raises(ModelError, match="CVE-2025-32434") as caught:
        prepare_torch()
    assert version in str(caught.value)
    for fine in ("2.6.0+cu124", "2.13.0", "3.0.1"):
        torch.__version__ = fine
        prepare_torch()


def test_nothing_is_told_where_there_is_no_torch(monkeypatch):
    install(monkeypatch, None)
    prepare_torch()


# --- out of memory ---


class Engine:
    """Runs out of memory the first so many times."""

    def __init__(self, times: int, error: Exception | None = None) -> None:
        self.times = times
        self.error = error or OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        self.calls: list[tuple[str, int]] = []
        self.freed = 0

    def work(self, device: str, batch: int) -> str:
        self.calls.append((device, batch))
        if len(self.calls) <= self.times:
            raise self.error
        return f"{device} {batch}"

    def free(self) -> None:
        self.freed += 1


ORDER = [("cuda:0", 4), ("cuda:0", 4), ("cuda:0", 2), ("cuda:0", 1), ("cpu", 1)]
NOTES = [
    "",
    "cuda:0 was out of memory: made at the second try, after memory was freed",
    "cuda:0 was out of memory: made 2 at a time instead of 4",
    "cuda:0 was out of memory: made 1 at a time instead of 4",
    "cuda:0 was out of memory: made on the CPU instead, which is slower",
]


@pytest.mark.parametrize("times", range(7))
def test_each_time_the_memory_is_full_less_is_tried(monkeypatch, times: int):
    """The system before this one logged it and gave up, and said that all was well."""
    torch = Torch(cuda=1)
    install(monkeypatch, torch)
    engine = Engine(times)
    if times >= len(ORDER):
        with pytest.raises(DeviceError, match=r"out of memory \(CUDA out of memory. Tried"):
            run_with_fallback(engine.work, device="cuda:0", batch=4, free=engine.free)
        assert engine.calls == ORDER
        return
    outcome = run_with_fallback(engine.work, device="cuda:0", batch=4, free=engine.free)
    assert engine.calls == ORDER[: times + 1]
    assert (outcome.device, outcome.batch) == ORDER[times]
    assert outcome.value == f"{outcome.device} {outcome.batch}"
    assert outcome.notes == ((NOTES[times],) if times else ())
    assert engine.freed == torch.emptied == times


def test_the_device_that_was_full_is_the_first_choice_of_the_next_call():
    """One such moment left a program on the CPU for good (TrueMemory#490)."""
    engine = Engine(2)
    assert run_with_fallback(engine.work, device="cuda:0").device == "cpu"
    outcome = run_with_fallback(engine.work, device="cuda:0")
    assert (outcome.device, outcome.notes) == ("cuda:0", ())


def test_where_the_cpu_is_not_allowed_the_error_says_what_to_do():
    engine = Engine(9)
    with pytest.raises(DeviceError) as caught:
        run_with_fallback(engine.work, device="cuda:0", batch=2, cpu=False)
    assert engine.calls == [("cuda:0", 2), ("cuda:0", 2), ("cuda:0", 1)]
    assert str(caught.value).startswith("cuda:0: is out of memory (CUDA out of memory.")
    assert caught.value.cure.endswith("or allow the CPU")


def test_a_cpu_that_is_full_is_tried_twice():
    engine = Engine(9, RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to"))
    with pytest.raises(DeviceError):
        run_with_fallback(engine.work, device="cpu")
    assert engine.calls == [("cpu", 1), ("cpu", 1)]


@pytest.mark.parametrize(
    "error",
    [
        OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
        RuntimeError("CUDA out of memory"),
        RuntimeError("CUDA failed with error out of memory"),  # CTranslate2
        RuntimeError("MPS backend out of memory (MPS allocated: 9.07 GB)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        MemoryError(),
    ],
)
def test_every_library_says_it_in_words_of_its_own(error: Exception):
    engine = Engine(1, error)
    assert run_with_fallback(engine.work, device="cuda:0").notes


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA error: device-side assert triggered"),
        ValueError("out of memory"),
        KeyboardInterrupt(),
        RuntimeError("CUDA driver version is insufficient for CUDA runtime version"),
    ],
)
def test_every_other_error_passes_at_once(error: BaseException):
    engine = Engine(1, error)
    with pytest.raises(type(error)):
        run_with_fallback(engine.work, device="cuda:0", batch=8)
    assert len(engine.calls) == 1


def test_what_the_failed_work_held_is_gone_before_the_next_try():
    """A traceback keeps the frames of the work, and with them its tensors, in memory.

    A second try inside the handler of the first one's error finds the memory still full.
    """
    tensors: list[weakref.ref[threading.Event]] = []
    alive: list[int] = []

    def work(device: str, batch: int) -> None:
        gc.collect()
        alive.append(sum(tensor() is not None for tensor in tensors))
        tensor = threading.Event()  # any object that can be watched
        tensors.append(weakref.ref(tensor))
        raise OutOfMemoryError("CUDA out of memory")

    with pytest.raises(DeviceError) as caught:
        run_with_fallback(work, device="cuda:0", batch=4)
    assert alive == [0] * 5
    assert caught.value.__context__ is None, "the error would hold them as well"


def test_releasing_needs_no_torch(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    hardware_memory.release()
    assert "torch" not in sys.modules
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace())  # half loaded by another thread
    hardware_memory.release()
