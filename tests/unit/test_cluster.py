"""What a cluster is told and tells, without one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from workbench.errors import (
    JobError,
    ParameterError,
    ServiceError,
    ServiceUnreachable,
    StorageError,
    WorkbenchWarning,
)
from workbench.production.batch.task import Task
from workbench.production.cluster import ClusterPool, away, work
from workbench.production.cluster.attempt import Attempt
from workbench.production.cluster.away import Larder, _renamed
from workbench.production.cluster.depot import Depot
from workbench.production.cluster.parcel import Parcels, input_name
from workbench.production.cluster.places import Places
from workbench.production.cluster.probe import Probe, look_all
from workbench.production.cluster.roster import Roster
from workbench.production.cluster.software import agree, agree_all, here
from workbench.production.cluster.work import Order
from workbench.production.made import Made, made_by
from workbench.storage.receipt import digest, read_receipt, write_receipt

NOTHING = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}


@pytest.mark.parametrize(
    ("address", "keywords", "told"),
    [
        ("host:8786", {}, r"cluster 'host:8786': is neither .* tcp://HOST:8786"),
        ("tcp://host", {}, "is neither the address"),
        ("http://host:8786", {}, "is neither the address"),
        ("no-such-file.json", {}, "is neither the address"),
        ("", {}, "is neither the address"),
        ("tcp://host:8786", {"workers": 2}, "workers=2: are for a cluster on this machine only"),
        (None, {"workers": 0}, "workers=0: must be at least 1"),
        (None, {"resources": {"GPU": 0}}, "resource GPU=0: must be more than 0"),
    ],
)
def test_what_is_no_address_is_refused(address: str | None, keywords: dict, told: str):
    with pytest.raises(ParameterError, match=told):
        ClusterPool(address, **keywords)


def test_a_missing_dask_names_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ServiceError, match=r"media-workbench\[cluster\]"):
        ClusterPool("local")


def test_dask_is_not_loaded_before_it_is_needed():
    code = (
        "import sys, workbench.production.cluster; print({'dask', 'distributed'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_nobody_answers():
    with pytest.raises(ServiceUnreachable, match=r"tcp://127\.0\.0\.1:9: no scheduler answers"):
        ClusterPool("tcp://127.0.0.1:9", wait=0.5)


def versions(python: str, workbench: str | None) -> dict:
    return {"host": {"python": python}, "packages": {"media-workbench": workbench}}


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (versions("3.12.1.final.0", "1.0"), r"tcp://b: has python 3\.12, and here is python 3\.11"),
        (
            versions("3.11.2.final.0", "0.9"),
            r"tcp://b: has workbench 0\.9, and here is workbench 1",
        ),
        (versions("3.11.2.final.0", None), r"tcp://b: has no workbench, and here is workbench 1"),
    ],
)
def test_another_worker_is_refused_with_both_names(found: dict, told: str):
    mine = versions("3.11.7.final.0", "1.0")
    client = SimpleNamespace(
        get_versions=lambda packages: {
            "client": mine,
            "workers": {"tcp://a": mine, "tcp://b": found},
        }
    )
    with pytest.raises(ServiceError, match=told):
        agree_all(client)


def test_the_same_worker_is_not_refused():
    mine = versions("3.11.7.final.0", "1.0")
    patch = versions("3.11.2.final.0", "1.0")  # another patch of Python reads the same
    workers = {"tcp://a": patch, "tcp://went": None}
    agree_all(SimpleNamespace(get_versions=lambda packages: {"client": mine, "workers": workers}))
    agree(here(), "tcp://a")


def test_workers_that_do_not_see_the_folder_are_named(tmp_path: Path):
    probe = Probe.write(tmp_path / "new")
    assert probe.seen()
    client = SimpleNamespace(
        run=lambda seen, on_error: {"tcp://a": seen(), "tcp://b": False, "tcp://c": False}
    )
    with pytest.raises(ServiceError, match=r"new from tcp://b, tcp://c: does not see"):
        look_all(client, probe)
    probe.path.write_text("another")
    assert not probe.seen()
    probe.remove()
    assert not probe.seen()
    assert list((tmp_path / "new").iterdir()) == []


def test_room_is_what_threads_and_resources_leave():
    workers = {
        "a": {"nthreads": 4, "resources": {"GPU": 3}},
        "b": {"nthreads": 1, "resources": {"GPU": 8}},
        "c": {"nthreads": 8, "resources": {}},
    }
    client = SimpleNamespace(scheduler_info=lambda n_workers: {"workers": workers})
    connection = SimpleNamespace(client=client, alive=True, address="x")
    for needs, room in (({}, 13), ({"GPU": 1}, 4), ({"GPU": 2}, 2)):
        roster = Roster(connection, resources=needs, patience=60, each=lambda: None)
        roster.close()
        assert roster.places == room
    workers.clear()
    roster = Roster(connection, resources={"GPU": 1}, patience=-1, each=lambda: None)
    roster.close()
    with pytest.raises(ServiceError, match="no worker with GPU=1 is left"):
        roster.check()


def test_a_late_worker_of_another_version_is_left_out(tmp_path: Path):
    """It stopped the whole batch; its job goes to another, and the person learns which it was."""
    workers = {"tcp://a": {"nthreads": 1}, "tcp://b": {"nthreads": 1}}
    given: list[list[str] | None] = []

    def submit(_: object, order: Order, *, workers: list[str] | None, **__: object) -> object:
        given.append(workers)
        unfit = {"unfit": "tcp://b", "error": ServiceError("has workbench 0.1", subject="tcp://b")}
        reply = unfit if workers is None else {"outcome": {"output": order.task.id}}
        return SimpleNamespace(
            add_done_callback=lambda call: call(None),
            status="finished",
            result=lambda: reply,
            release=lambda: None,
        )

    client = SimpleNamespace(submit=submit, scheduler_info=lambda **_: {"workers": workers})
    connection = SimpleNamespace(alive=True, address="here", client=client)
    roster = Roster(connection, resources={}, patience=60, each=lambda: None)
    roster.close()
    task = Task(id="job_1", name="a", notebook="", executed="", folder=str(tmp_path))
    ways = {"topic": "", "needs": {}, "progress": print, "stops": (), "probe": None, "known": {}}

    def outcome() -> str:
        return Attempt(client, task, roster=roster, parcels=None, **ways).outcome().output

    with pytest.warns(WorkbenchWarning, match=r"tcp://b: has workbench 0\.1; it is given no jobs"):
        assert outcome() == "job_1"
    assert (given, roster.places) == ([None, ["tcp://a"]], 1)
    assert outcome() == "job_1"
    assert given[2:] == [["tcp://a"]]
    del workers["tcp://a"]  # the last that was fit
    given[:] = []
    roster._look()
    roster._unfit.clear()
    with pytest.raises(ServiceError, match=r"^tcp://b: has workbench 0\.1$"):
        outcome()
    assert given == [None]
    given[:] = []
    roster._patience = -1  # over, and a worker of another version is all there is
    with pytest.raises(ServiceError, match=r"^tcp://b: has workbench 0\.1$"):
        outcome()
    assert given == []


# -- files on their way --------------------------------------------------------------------------


def test_paths_move_there_and_back(tmp_path: Path):
    there, root = tmp_path / "it's here", tmp_path / "scratch"
    places = Places(there, root)
    data = str(tmp_path / "data" / "a.txt")
    inputs = [f"{there}/talk.ipynb", f"{there}/in.txt", data]
    notebook = places.here(inputs[0])
    notebook.parent.mkdir(parents=True)
    notebook.write_text(json.dumps(NOTHING))
    task = Task(
        id="job_1",
        name="talk",
        notebook=inputs[0],
        values={
            "plain": "text of a script",
            "same": "in.txt",
            "up": "../data/a.txt",
            "whole": inputs[1],
            "many": [data, "in.txt", 3],
            "folder": str(tmp_path / "data"),
            "number": 2.5,
            "lines": "in.txt\nin.txt",
            "output": "out/a.mp4",
        },
        output=f"{there}/out/a.mp4",
        executed=str(tmp_path / "kept" / "a.ipynb"),
        folder=str(there),
        variables={"LEXICON": data, "PLAIN": "1"},
    )
    moved = places.task(task, inputs)
    assert moved.values == {
        "plain": "text of a script",
        "same": "in.txt",
        "up": f"{root}/else{data}",
        "whole": f"{root}/work/in.txt",
        "many": [f"{root}/else{data}", "in.txt", 3],
        "folder": f"{root}/else{tmp_path}/data",
        "number": 2.5,
        "lines": "in.txt\nin.txt",
        "output": "out/a.mp4",
    }
    assert moved.variables == {"LEXICON": f"{root}/else{data}", "PLAIN": "1"}
    assert moved.output == f"{root}/work/out/a.mp4"
    assert str(places.there(moved.output)) == task.output
    assert str(places.there(moved.executed)) == task.executed


def test_receipts_and_notebooks_name_the_original_paths(tmp_path: Path):
    there, root = tmp_path / "it's here", tmp_path / "scratch"
    places = Places(there, root)
    output, executed = places.here("out/a.txt"), places.here(tmp_path / "kept" / "a.ipynb")
    for path in (output, executed):
        path.parent.mkdir(parents=True)
    output.write_text(f"a text that names {root}/work stays as it is")
    receipt = write_receipt(
        output,
        {"inputs": {f"{root}/work/in.txt": "1", f"{root}/else/d": "2"}, "seen": ["../../else/d"]},
    )
    made = Made.of([output, receipt], job="job_1")
    source = f"text = '{root}/work/in.txt'\n"
    notebook = NOTHING | {
        "metadata": {"workbench": made.to_dict(executed.parent)},
        "cells": [
            {"cell_type": "code", "source": [source], "outputs": [{"text": f"{root}/else/d"}]},
            {"cell_type": "markdown", "source": f"{root}/work"},
        ],
    }
    executed.write_text(json.dumps(notebook))
    found = places.rename_in(executed, made)
    assert read_receipt(output)["inputs"] == {f"{there}/in.txt": "1", "/d": "2"}
    assert (there / "out" / read_receipt(output)["seen"][0]).resolve() == Path("/d")
    assert output.read_text() == f"a text that names {root}/work stays as it is"
    assert found.files[receipt][2] == digest(receipt) != made.files[receipt][2]
    told = json.loads(executed.read_text())
    scope: dict[str, str] = {}
    exec("".join(told["cells"][0]["source"]), scope)  # noqa: S102 - it must still be Python
    assert scope["text"] == f"{there}/in.txt"
    assert told["cells"][0]["outputs"] == [{"text": "/d"}]
    assert told["cells"][1]["source"] == str(there)
    kept = tmp_path / "kept" / "a.ipynb"
    kept.parent.mkdir()
    executed.replace(kept)
    assert set(made_by(kept).files) == {there / "out" / "a.txt", there / "out" / "a.txt.json"}


def test_an_error_names_the_original_paths_and_keeps_the_rest():
    error = JobError("no /s/work/a", subject="/s/else/b", cure="see /s/work/c")
    error.cell, error.expected = 3, True
    told = _renamed(error, Places(Path("/home"), Path("/s")))
    assert str(told) == "/b: no /home/a; see /home/c"
    assert (told.cell, told.expected) == (3, True)


@pytest.fixture
def depot(tmp_path: Path) -> Depot:
    return Depot(str(tmp_path / "store"))


def kept(depot: Depot, path: Path, text: str) -> str:
    path.write_text(text)
    depot.put(path, input_name(digest(path)))
    return digest(path)


def test_a_worker_brings_an_input_once_and_keeps_it_as_it_was(depot: Depot, tmp_path: Path):
    sha256 = kept(depot, tmp_path / "a", "hello")
    larder = Larder(depot, tmp_path / "larder")
    larder.bring(sha256, tmp_path / "1" / "a.txt")
    depot.clear("inputs")
    (tmp_path / "1" / "a.txt").write_text("changed by a notebook")
    larder.bring(sha256, tmp_path / "2" / "a.txt")
    assert (tmp_path / "2" / "a.txt").read_text() == "hello"


def test_a_worker_keeps_no_more_than_it_may(depot: Depot, tmp_path: Path):
    names = [kept(depot, tmp_path / "a", letter * 10) for letter in "abc"]
    larder = Larder(depot, tmp_path / "larder", limit=25)
    for name in (names[0], names[1], names[0], names[2]):
        larder.bring(name, tmp_path / "x")
    assert {path.name for path in (tmp_path / "larder").iterdir()} == {names[0], names[2]}


def test_a_damaged_input_is_refused_and_sent_again(depot: Depot, tmp_path: Path):
    sha256 = kept(depot, tmp_path / "a", "hello")
    (tmp_path / "store" / input_name(sha256)).write_text("jello")
    larder = Larder(depot, tmp_path / "larder")
    with pytest.raises(StorageError, match="is damaged"):
        larder.bring(sha256, tmp_path / "x")
    assert not depot.has(input_name(sha256), 5)
    assert list((tmp_path / "larder").iterdir()) == []


def test_what_was_made_is_placed_whole_or_not_at_all(depot: Depot, tmp_path: Path):
    parcels = Parcels(str(tmp_path / "store"))
    target = tmp_path / "out"
    task = Task(
        id="job_1", name="a", notebook="", executed=str(target / "a.ipynb"), folder=str(tmp_path)
    )
    order = Order(token="t", topic="", task=task, software={})  # noqa: S106 - no secret
    made = {}
    for name in ("a.ipynb", "a.mp4", "a.mp4.json"):
        (tmp_path / name).write_text(f"new {name}")
        depot.put(tmp_path / name, f"made/t/{name}")
        made[str(target / name)] = [f"made/t/{name}", digest(tmp_path / name), 10**18]
    target.mkdir()
    (target / "a.mp4").write_text("old")
    damaged = tmp_path / "store" / "made" / "t" / "a.ipynb"
    whole = damaged.read_text()
    damaged.write_text("cut")
    with pytest.raises(StorageError, match="is damaged"):
        parcels.receive(order, {"outcome": {}, "made": made})
    assert {p.name: p.read_text() for p in target.iterdir()} == {"a.mp4": "old"}
    damaged.write_text(whole)
    (target / "a.failed.ipynb").touch()
    parcels.receive(order, {"outcome": {}, "made": made})
    assert {p.name: p.read_text() for p in target.iterdir()} == {
        name: f"new {name}" for name in ("a.ipynb", "a.mp4", "a.mp4.json")
    }
    assert (target / "a.mp4").stat().st_mtime_ns == 10**18
    parcels.clear(order)
    assert [p for p in (tmp_path / "store").rglob("*") if p.is_file()] == []


def test_an_input_is_sent_once_by_many_jobs_at_once(tmp_path: Path):
    parcels = Parcels(str(tmp_path / "store"))
    puts: list[str] = []
    put = parcels._depot.put
    parcels._depot.put = lambda path, name: (puts.append(name), put(path, name))[1]
    (tmp_path / "talk.ipynb").write_text(json.dumps(NOTHING))
    task = Task(
        id="j", name="a", notebook=str(tmp_path / "talk.ipynb"), executed="", folder=str(tmp_path)
    )
    order = Order(token="t", topic="", task=task, software={})  # noqa: S106 - no secret
    threads = [threading.Thread(target=parcels.send, args=(order,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert puts == [input_name(digest(tmp_path / "talk.ipynb"))]


def test_folders_that_are_at_home_are_on_the_worker_too(tmp_path: Path, monkeypatch):
    """A batch's own folder is there at home, so a notebook need not make it; nor on a worker."""
    home, seen = tmp_path / "home", {}
    (home / "out").mkdir(parents=True)
    (home / "talk.ipynb").write_text(json.dumps(NOTHING))
    task = Task(
        id="j",
        name="a",
        notebook=str(home / "talk.ipynb"),
        output=str(home / "new" / "a.txt"),
        executed=str(home / "out" / "a.ipynb"),
        folder=str(home),
    )
    order = Order(token="t", topic="", task=task, software={})  # noqa: S106 - no secret
    order = Parcels(str(tmp_path / "store")).send(order)

    def perform(task: Task, **_: Any) -> None:
        folders = {"out": Path(task.executed).parent, "new": Path(task.output).parent}
        seen.update({name: folder.is_dir() for name, folder in folders.items()})
        assert not Path(task.executed).is_relative_to(home)
        raise JobError("enough")

    monkeypatch.setattr(away, "perform", perform)
    nothing: dict[str, Any] = {"progress": lambda done: None, "cancel": threading.Event()}
    with pytest.raises(JobError, match="enough"):
        away.perform_away(order, tmp_path / "worker", {}, **nothing)
    assert seen == {"out": True, "new": False}


def test_workers_that_do_not_reach_the_store_are_named(tmp_path: Path):
    def run(looked, where, name, word, on_error):
        """One worker sees it, one sees a folder of its own under that path, one another file."""
        shown = looked(where, name, word)
        return {
            "tcp://a": shown,
            "tcp://b": looked(str(tmp_path / "other"), name, word),
            "tcp://c": looked(where, name, "another word"),
        }

    parcels = Parcels(str(tmp_path / "store"))
    client = SimpleNamespace(run=run)
    told = r"worker tcp://b and 1 more: does not reach the store .*store: .* is not in the store"
    with pytest.raises(ServiceError, match=told):
        parcels.look_all(client)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
    client.run = lambda *given, on_error: {"tcp://a": given[0](*given[1:])}
    parcels.look_all(client)


GUIDE = (Path(__file__).parents[2] / "docs" / "cluster.md").read_text(encoding="utf-8")


def test_the_guide_can_be_read_by_what_it_is_for():
    for source in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL):
        compile(source, "cluster.md", "exec")
    (manifest,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    spec = yaml.safe_load(manifest)["spec"]
    (worker,) = spec["worker"]["spec"]["containers"]
    (scheduler,) = spec["scheduler"]["spec"]["containers"]
    assert worker["image"] == scheduler["image"]
    assert {p["name"] for p in scheduler["ports"]} == {
        p["targetPort"] for p in spec["scheduler"]["service"]["ports"]
    }


@pytest.mark.parametrize("program", ["worker", "scheduler"])
def test_the_guide_names_options_that_dask_has(program: str):
    import importlib

    command = importlib.import_module(f"distributed.cli.dask_{program}").main
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    lines = re.findall(rf"dask {program}([^\n`&]*)", GUIDE)
    named = {word for line in lines for word in re.findall(r"(?<= )--[a-z-]+", line)}
    assert len(named) >= 3
    assert named <= known


def test_a_worker_forgets_the_stops_of_long_ago():
    """Told again of what has ended, it kept each for ever."""
    before = dict(work._stopped)
    try:
        for number in range(3000):
            work.stop(f"job_{number}")
        assert len(work._stopped) == 1000
        assert "job_2999" in work._stopped
    finally:
        work._stopped.clear()
        work._stopped.update(before)
