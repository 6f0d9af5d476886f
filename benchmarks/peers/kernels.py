"""What a forked kernel costs beside a stock one, for notebooks run by papermill.

Two notebooks, 20 jobs each, forked and stock in turn: an empty one, and one that needs a model of
several seconds' loading (torch, faster-whisper, transformers, and a network of 24 layers). Only the
name of the kernel differs: both go through `papermill.execute_notebook` in this process.

Processor seconds are counted, of everything that works for a way: this process while it waits for
that way, its children, and for the forked way the fork server from its start, with all it loads,
and the kernels it has forked, which are not children of this process. A server's own figures are
read from /proc when a kernel has ended, so that it has waited for all of them.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

JOBS = 20
EMPTY = "pass"
MODEL = """
import fork_model
assert fork_model.model(fork_model.torch.zeros(1, 8, 256)).shape == (1, 8, 256)
"""
# Weights are drawn, as reading them would be: a model of about 300 MB in 32 bits.
SOURCE = """
import torch
import faster_whisper
from transformers import LlamaConfig, LlamaModel

torch.manual_seed(0)
layer = torch.nn.TransformerEncoderLayer(256, 8, 2048, batch_first=True)
model = torch.nn.TransformerEncoder(layer, 24).eval()
config = LlamaConfig(hidden_size=1024, intermediate_size=2816, num_hidden_layers=4, vocab_size=8000)
llama = LlamaModel(config).eval()
"""


@dataclass
class Way:
    """A kernel, and what it has cost."""

    kernel: str
    here: float = 0.0
    children: float = 0.0
    servers: float = 0.0
    walls: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Of all processes."""
        return self.here + self.children + self.servers


def kernel_ratios(jobs: int = JOBS) -> dict[str, float]:
    """Return the processor seconds of forked kernels through those of stock ones."""
    logging.disable(logging.WARNING)  # of a stock kernel's ports, at each start
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="wbk-", dir="/tmp") as name:
        folder = Path(name)
        (folder / "fork_model.py").write_text(SOURCE)
        path = [name, *filter(None, [os.environ.get("PYTHONPATH")])]
        os.environ |= {
            "JUPYTER_PATH": str(folder / "jupyter"),
            "WORKBENCH_KERNELS": str(folder / "s"),
            "PYTHONPATH": os.pathsep.join(path),
            "HF_HUB_OFFLINE": "1",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
        try:
            return {
                "empty_vs_papermill": compared("empty", EMPTY, (), jobs, folder),
                "model_load_vs_papermill": compared("model", MODEL, ("fork_model",), jobs, folder),
            }
        finally:
            os.environ.clear()
            os.environ.update(before)
            logging.disable(logging.NOTSET)


def compared(label: str, code: str, preload: tuple[str, ...], jobs: int, folder: Path) -> float:
    """Run a notebook both ways, in turn; return forked to stock."""
    import nbformat
    import papermill
    from nbformat.v4 import new_code_cell, new_notebook

    from workbench.production.kernels.running import running, stop
    from workbench.production.kernels.spec import kernelspec, spec_manager

    spec = folder / "jupyter" / "kernels" / "workbench" / "kernel.json"
    spec.parent.mkdir(parents=True, exist_ok=True)
    spec.write_text(json.dumps(kernelspec(preload)))
    spec_manager()  # makes the provisioner known where the package was installed before it had one
    notebook = new_notebook(cells=[new_code_cell(code)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    source = folder / f"{label}.ipynb"
    nbformat.write(notebook, source)

    ways = [Way("workbench"), Way("python3")]
    known: dict[Path, int] = {}
    pids: list[int] = []
    servers: dict[int, float] = {}  # more than one when code changes meanwhile
    for _ in range(jobs):
        for way in ways:
            here, children, began = own(), reaped(), time.perf_counter()
            papermill.execute_notebook(
                source, folder / "done.ipynb", kernel_name=way.kernel, progress_bar=False
            )
            way.walls.append(time.perf_counter() - began)
            way.here += own() - here
            way.children += reaped() - children
            if way is ways[0]:
                sockets = {path: path.stat().st_ino for path in (folder / "s").glob("*.sock")}
                if sockets != known:  # asking costs the server some milliseconds
                    known, pids = sockets, [server["pid"] for server in running()]
                servers |= {pid: spent(pid) for pid in pids}
    ways[0].servers = sum(servers.values())
    stop()
    print(f"{label}: {jobs} jobs each way, {len(servers)} server, load {os.getloadavg()[0]:.1f}")
    for way in ways:
        wall = sorted(way.walls)[len(way.walls) // 2]
        print(
            f"  {way.kernel:10s} {way.seconds:7.2f} CPU s = {way.here:.2f} client + "
            f"{way.children:.2f} children + {way.servers:.2f} server and forked kernels; "
            f"median {wall:.2f} s wall"
        )
    return round(ways[0].seconds / ways[1].seconds, 3)


def own() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def reaped() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def spent(pid: int) -> float:
    """Return the processor seconds of a process and of the children it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
