"""What a batch costs: its kernels against papermill's own, its workers against one, Dask, a rerun.

Twenty jobs each, all in one run, the ways taken in turn so that a slow minute of the machine meets
them all. Kernels are compared by processor seconds, of everything that was started for them: the
client, the kernels and the fork server with its one loading of the model. Workers are compared by
the clock, with jobs of two processor seconds each.

The last line is a JSON object of the ratios:

``empty_vs_papermill``
    An empty notebook in a forked kernel, through papermill's own kernel.
``model_load_vs_papermill``
    A notebook that needs a model of several seconds' loading, the one load counted.
``two_workers_wall``
    Two workers, through one.
``dask_vs_pool``
    Two workers of a Dask cluster that are there already, through two threads with kernels.
``unchanged_rerun``
    The batch run again when nothing has changed, through its first run.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from contextlib import chdir
from pathlib import Path

import nbformat
from peers.kernels import kernel_ratios

WORK = """
import hashlib, time
block, until = b"0" * 65536, time.process_time() + seconds
digest = hashlib.sha256()
while time.process_time() < until:
    digest.update(block)
from pathlib import Path
Path(output).write_text(f"{number}")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=2.0, help="of the processor, a job")
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    ratios = dict(kernel_ratios(given.jobs))
    with tempfile.TemporaryDirectory() as name:
        os.environ["WORKBENCH_CACHE"] = str(Path(name) / "cache")
        with chdir(name):
            ratios |= worker_ratios(given.jobs, given.seconds, given.rounds)
    print(json.dumps({key: round(value, 4) for key, value in ratios.items()}))


def notebook(folder: Path) -> Path:
    """Write a notebook that computes for a while and writes its number down."""
    cells = [
        nbformat.v4.new_code_cell(
            'number: int = 0\nseconds: float = 0.1\noutput: str = "out/a.txt"',
            metadata={"tags": ["parameters"]},
        ),
        nbformat.v4.new_code_cell(WORK),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "work.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


def worker_ratios(jobs: int, seconds: float, rounds: int) -> dict[str, float]:
    """Return the ratios of the clock."""
    from workbench.production.batch.batch import batch, chosen_kernel, prepare
    from workbench.production.batch.plan import Ways
    from workbench.production.cluster import ClusterPool

    path = notebook(Path.cwd())
    rows = [{"number": number, "seconds": seconds} for number in range(jobs)]
    batch(rows[:2], path, folder="warm", jobs=2, progress=quiet)  # the fork server is there
    began = time.perf_counter()
    cluster = ClusterPool(None, workers=2)
    print(f"a cluster of two workers starts in {time.perf_counter() - began:.1f} s")
    walls: dict[str, list[float]] = {"one": [], "two": [], "dask": [], "again": []}
    try:
        for number in range(rounds):
            for way, slots in (("one", 1), ("two", 2), ("dask", 2)):
                folder = f"{way}-{number}"
                # Each on two threads' share, so that the work is the same.
                planned = prepare(
                    rows, path, folder=folder, jobs=slots, ways=Ways(kernel=chosen_kernel(None))
                )
                began = time.perf_counter()
                result = planned.run(cluster if way == "dask" else None, progress=quiet)
                walls[way].append(time.perf_counter() - began)
                assert result.ok, result
            began = time.perf_counter()
            result = batch(rows, path, folder=f"two-{number}", jobs=2, progress=quiet)
            walls["again"].append(time.perf_counter() - began)
            assert result.unchanged == jobs, result
    finally:
        cluster.close()
    middle = {way: statistics.median(times) for way, times in walls.items()}
    for way, times in walls.items():
        print(f"{way:>6}: {', '.join(f'{one:.2f}' for one in times)} s")
    return {
        "two_workers_wall": middle["two"] / middle["one"],
        "dask_vs_pool": middle["dask"] / middle["two"],
        "unchanged_rerun": middle["again"] / middle["two"],
    }


def quiet(done: float) -> None:
    """Show nothing."""


if __name__ == "__main__":
    main()
