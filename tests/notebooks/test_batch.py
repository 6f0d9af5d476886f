"""A batch of real notebooks: made once, and again when something it is made of has changed."""

from __future__ import annotations

import json
import os
import shlex
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from typer.testing import CliRunner

import workbench as wb
from workbench.cli import app
from workbench.errors import Cancelled, ParameterError, WorkbenchWarning
from workbench.production.batch.batch import prepare
from workbench.production.batch.estimate import estimate
from workbench.production.batch.plan import Mistakes
from workbench.production.batch.watching import changes
from workbench.production.kernels import available
from workbench.production.report import rewrite_report

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.notebook

CELL = """
from pathlib import Path
text: Path = "a.txt"
times: int = 1  # 1..9
output: str = "out/a.txt"
"""
WORK = """
with open("runs.log", "a") as log:
    log.write(f"{output}\\n")
said = text.read_text()
if said == "boom":
    raise ZeroDivisionError("division by zero")
if said == "die":
    import os; os._exit(3)
Path(output).write_text(said * times)
"""


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache" / "takes"))
    cells = [
        nbformat.v4.new_code_cell(CELL, metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(WORK),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = tmp_path / "echo.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.txt").write_text(name)
    return path


ROWS = [{"name": name, "text": f"{name}.txt"} for name in ("a", "b", "c")]


def do(
    notebook: Path, rows: list[dict[str, Any]] | Path | None = None, **ways: Any
) -> wb.BatchResult:
    quiet: dict[str, Any] = {"folder": "out", "jobs": 2, "progress": lambda done: None}
    return wb.batch(ROWS if rows is None else rows, notebook, **quiet | ways)


def runs() -> list[str]:
    """Which jobs ran since the last look."""
    log = Path("runs.log")
    found = log.read_text().splitlines() if log.is_file() else []
    log.unlink(missing_ok=True)
    return sorted(Path(line).stem for line in found)


def made(result: wb.BatchResult) -> Mapping[str, str]:
    return {job.parameters["name"]: job.state for job in result.jobs}


def test_one_edit_makes_one_file_again(notebook: Path):
    first = do(notebook)
    assert (first.ok, first.unchanged, runs()) == (True, 0, ["a", "b", "c"])
    assert [Path(path).read_text() for path in first.outputs] == ["a", "b", "c"]

    again = do(notebook)
    assert (again.ok, again.unchanged, runs()) == (True, 3, [])
    assert again.counts == {"done": 3}

    Path("b.txt").write_text("B")
    edited = do(notebook)
    assert (edited.unchanged, runs()) == (2, ["b"])
    assert Path("out/b.txt").read_text() == "B"

    Path("out/c.txt").unlink()  # somebody removed what was made
    Path("out/a.txt").write_text("x")  # or wrote over it
    assert (do(notebook).unchanged, runs()) == (1, ["a", "c"])
    assert Path("out/a.txt").read_text() == "a"

    os.utime("out/a.txt", ns=(1, 1))  # touched, and still the same
    assert (do(notebook).unchanged, runs()) == (3, [])


def told(folder: str) -> list[str]:
    """Return the names in a batch's report; its board and the report made anew say the same."""

    def names() -> list[str]:
        report = json.loads(Path(folder, "report.json").read_bytes())
        return sorted(job["name"] for job in report["jobs"])

    found = names()
    with wb.board(folder) as panel:
        assert sum(panel.counts.values()) == len(found)
    rewrite_report(folder)
    assert names() == found
    return found


def test_a_row_that_is_taken_out_is_told_of_no_more(notebook: Path):
    do(notebook)
    assert told("out") == ["a", "b", "c"]
    do(notebook, ROWS[:2])
    assert told("out") == ["a", "b"]
    do(notebook, ROWS[1:])  # c is there as it was made
    assert (told("out"), runs()) == (["b", "c"], ["a", "b", "c"])


def test_two_job_files_in_one_folder_share_the_report(notebook: Path):
    files = [Path("one.csv"), Path("two.csv")]
    for file, name in zip(files, "ab", strict=True):
        file.write_text(f"name,text\n{name},{name}.txt\n")
        do(notebook, file, folder="both")
    assert told("both") == ["a", "b"]
    assert "two, one: 2 done" in Path("both/report.html").read_text()
    files[0].unlink()
    do(notebook, files[1], folder="both")
    assert told("both") == ["b"]


def test_who_else_made_an_output_is_told_before_it_is_written_over(notebook: Path):
    one, two = Path("one.csv"), Path("two.csv")
    one.write_text("text,output\na.txt,shared/x.txt\n")
    two.write_text("text,output\nb.txt,shared/x.txt\n")
    do(notebook, one, folder=None)
    with pytest.warns(WorkbenchWarning, match=r"writes over shared/x\.txt, made for one\.csv"):
        do(notebook, two, folder=None)
    assert Path("shared/x.txt").read_text() == "b"
    with pytest.raises(
        ParameterError, match=r"over shared/x\.txt \(row 2\), which was made for two\.csv"
    ):
        do(notebook, one, folder="shared")
    assert Path("shared/x.txt").read_text() == "b"
    # The ledger of the first knows it as done, and it is the other's now.
    with pytest.warns(WorkbenchWarning, match=r"writes over shared/x\.txt, made for two\.csv"):
        do(notebook, one, folder=None)
    assert Path("shared/x.txt").read_text() == "a"
    Path("own.txt").write_text("precious")
    one.write_text("text,output\na.txt,own.txt\n")
    with pytest.warns(WorkbenchWarning, match=r"writes over own\.txt, made by no batch"):
        do(notebook, one, folder=None)


def test_in_one_folder_no_job_file_takes_a_place_back(notebook: Path):
    """Each wrote over the other's, every night."""
    one, two = Path("one.csv"), Path("two.csv")
    one.write_text("name,text\nx,a.txt\n")
    two.write_text("name,text\nx,b.txt\n")
    do(notebook, one)
    for file in Path("out").glob("x.*"):
        file.unlink()  # as the refusal says
    do(notebook, two)
    with pytest.raises(ParameterError, match=r"over out/x\.txt \(row 2\), which was made for two"):
        do(notebook, one)
    assert Path("out/x.txt").read_text() == "b"


def test_a_report_tells_of_files_that_go_and_come_though_nothing_is_done(notebook: Path):
    def states() -> set[str]:
        report = json.loads(Path("out/report.json").read_bytes())
        return {job["state"] for job in report["jobs"]}

    do(notebook, ROWS[:1])
    Path("out/a.txt").rename("kept")
    do(notebook, ROWS[:1], only_failed=True)
    assert states() == {"queued"}
    Path("kept").rename("out/a.txt")
    assert do(notebook, ROWS[:1], only_failed=True).ok
    assert (states(), runs()) == ({"done"}, ["a"])


def test_what_only_failed_leaves_out_is_told_everywhere(notebook: Path):
    """Files that were gone counted as made, and an edited row was in no report."""
    do(notebook)
    Path("out/a.txt").unlink()
    Path("b.txt").write_text("edited")
    plan = prepare(ROWS, notebook, folder="out", only_failed=True)
    assert str(plan.estimate) == "0 jobs to do, 1 unchanged, 2 not made yet and left out"
    result = do(notebook, only_failed=True)
    assert (result.ok, result.unmade, result.counts) == (False, 2, {"done": 1})
    assert result.told == "1 done, 2 not made"
    report = json.loads(Path("out/report.json").read_bytes())
    states = {job["name"]: job["state"] for job in report["jobs"]}
    assert states == {"a": "queued", "b": "queued", "c": "done"}
    assert "run the batch again" in Path("out/report.html").read_text()


def test_a_failure_does_not_stop_the_rest_and_is_told_with_its_cell(notebook: Path):
    Path("a.txt").write_text("boom")
    Path("b.txt").write_text("die")
    result = do(notebook, retries=0)
    assert made(result) == {"a": "dead", "b": "dead", "c": "done"}
    boom, die = (job.error or {} for job in result.jobs[:2])
    assert (boom["code"], boom["cell"]) == ("job", 3), "with the cell of the parameters"
    assert "ZeroDivisionError" in boom["problem"]
    assert (die["code"], die["cell"]) == ("kernel_died", 3)
    report = json.loads((result.folder / "report.json").read_text())
    assert [job["name"] for job in report["jobs"]][:2] == ["a", "b"], "failures first"
    page = result.report.read_text()
    assert page.index("ZeroDivisionError") < page.index("c.txt")
    assert runs() == ["a", "b", "c"]

    Path("a.txt").write_text("mended")
    mended = do(notebook, retries=0, only_failed=True)
    # Another text is another job, in the place of the one that failed.
    assert (made(mended), runs()) == ({"a": "done", "b": "dead", "c": "done"}, ["a", "b"])
    done = do(notebook, retries=0)
    assert (made(done), runs()) == ({"a": "done", "b": "dead", "c": "done"}, ["b"])


def test_a_job_that_was_run_alone_is_found_done(notebook: Path):
    Path("b.txt").write_text("boom")
    do(notebook, retries=0)
    Path("b.txt").write_text("b")
    report = json.loads(Path("out/report.json").read_bytes())
    again = next(job["again"] for job in report["jobs"] if job["name"] == "b")
    words = shlex.split(again.partition(" && ")[2])
    assert CliRunner().invoke(app, words[1:]).exit_code == 0
    assert runs() == ["a", "b", "b", "c"]
    assert str(prepare(ROWS, notebook, folder="out").estimate) == "0 jobs to do, 3 unchanged"
    done = do(notebook)
    assert (done.counts, done.unchanged, runs()) == ({"done": 3}, 3, [])


def test_a_failure_tells_of_the_file_of_an_earlier_run(notebook: Path):
    """A nightly upload would have sent yesterday's."""
    Path("jobs.csv").write_text("name,text\na,a.txt\nb,b.txt\n")
    assert command("jobs.csv", "-n", str(notebook), "-o", "out", "--yes")[0] == 0
    Path("b.txt").write_text("boom")
    words = ("jobs.csv", "-n", str(notebook), "-o", "out", "--yes", "--retries", "0")
    code, _, err = command(*words)
    told = f"{Path('out/b.txt').absolute()} is of an earlier run"
    assert (code, err.count("is of an earlier run"), told in err) == (1, 1, True)
    assert '<a href="b.txt">b.txt</a> is of an earlier run.' in Path("out/report.html").read_text()
    report = json.loads(Path("out/report.json").read_bytes())
    assert {job["name"]: job["outdated"] for job in report["jobs"]} == {"a": False, "b": True}
    Path("out/b.txt").unlink()
    assert "earlier run" not in command(*words)[2]


def test_a_mistake_of_the_input_is_not_tried_again_and_shows_its_cell(notebook: Path):
    cells = nbformat.read(notebook, 4)
    cells.cells[1].source = "import workbench as wb\nraise wb.TextError('is empty', subject='a')"
    nbformat.write(cells, notebook)
    result = do(notebook, ROWS[:1])
    (job,) = result.jobs
    assert (job.state, job.attempts) == ("failed", 1)
    assert [path.name for path in Path("out").glob("a*")] == ["a.failed.ipynb"]
    assert "raise wb.TextError" in result.report.read_text(), "the cell that failed"


def test_all_mistakes_are_found_before_a_kernel_starts(notebook: Path):
    rows = [{"text": "a.txt", "times": 1}, {"texts": "a.txt"}, {"times": 10}, {"text": "no.txt"}]
    with pytest.raises(Mistakes) as caught:
        do(notebook, rows)
    assert {mistake.row for mistake in caught.value.mistakes} >= {2, 3}
    assert "text" in caught.value.mistakes[0].cure
    assert runs() == []
    assert not Path("out").exists()


def test_a_grid_is_all_combinations(notebook: Path):
    rows = [{"name": "a", "text": "a.txt"}, {"name": "b", "text": "b.txt"}]
    result = do(notebook, rows, grid={"times": [1, 3]})
    assert [Path(path).name for path in result.outputs] == [
        "a-1.txt", "a-3.txt", "b-1.txt", "b-3.txt",
    ]  # fmt: skip
    assert Path("out/b-3.txt").read_text() == "bbb"


def test_it_can_be_stopped_and_gone_on_with(notebook: Path):
    cells = nbformat.read(notebook, 4)
    cells.cells[1].source = "import time\nopen('waits', 'w').close()\n" + (
        "while text.read_text() == 'b': time.sleep(0.05)\n" + WORK
    )
    nbformat.write(cells, notebook)
    stop = threading.Event()

    def watch(done: float) -> None:
        if done > 0.3 and Path("waits").exists() and Path("out/c.ipynb").exists():
            stop.set()

    with pytest.raises(Cancelled):
        do(notebook, progress=watch, cancel=stop)
    assert Path("out/report.html").is_file(), "it tells what was done by then"
    assert "b" not in runs()
    Path("b.txt").write_text("go on")
    result = do(notebook)
    assert (result.ok, result.unchanged, runs()) == (True, 2, ["b"])


def test_an_estimate_is_what_was_measured(notebook: Path):
    from workbench.production.batch.batch import prepare

    planned = prepare(ROWS, notebook, folder="out", jobs=2)
    assert planned.estimate.seconds is None, "nothing like it was measured yet"
    do(notebook)
    more = [{"name": str(number), "text": "a.txt", "times": 2} for number in range(20)]
    told = prepare(more, notebook, folder="out", jobs=2).estimate
    assert (told.jobs, told.unchanged) == (20, 0)
    assert told.seconds is not None
    one = estimate(prepare(more, notebook, jobs=1).plan, prepare(more, notebook).todo, 1)
    assert one.seconds == pytest.approx(2 * told.seconds)
    assert told.bytes is not None
    assert told.fits


def test_watching_does_again_what_changes(notebook: Path):
    from workbench.production.batch.batch import prepare

    Path("jobs.csv").write_text("name,text\na,a.txt\nb,b.txt\n")
    stop = threading.Event()
    seen: list[Any] = []
    for found in changes(
        lambda: prepare("jobs.csv", notebook, folder="out", jobs=2),
        [Path("jobs.csv")],
        stop,
        every=0.01,
    ):
        if isinstance(found, Exception):
            seen.append(type(found).__name__)
            Path("jobs.csv").write_text("name,text\na,a.txt\n")
        else:
            found.run(progress=lambda done: None)
            watched = {Path(path).name for path in found.kept}  # to be taken away by nobody
            assert watched >= {"a.txt", "a.txt.json", "a.ipynb"}
            seen.append(runs())
            if len(seen) == 1:
                Path("a.txt").write_text("edited")
            elif len(seen) == 2:
                Path("jobs.csv").write_text("name,text\na,a.txt\nb,b.txt,c\n")
            else:
                stop.set()
    assert seen == [["a", "b"], ["a"], "Mistakes", []]


def command(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["batch", *arguments], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def test_the_command(notebook: Path):
    Path("jobs.csv").write_text("name,text,times\na,a.txt,2\nb,b.txt,3\n")
    code, out, _ = command("jobs.csv", "-n", "echo.ipynb", "-o", "made", "--dry-run")
    assert (code, runs(), Path("made").exists()) == (0, [], False)
    assert "2 jobs to do" in out
    code, out, _ = command("jobs.csv", "-n", "echo.ipynb", "-o", "made", "--json")
    told = json.loads(out)
    assert (code, told["counts"]) == (0, {"done": 2})
    assert Path("made/b.txt").read_text() == "bbb"
    code, out, _ = command("-n", "echo.ipynb", "-o", "g", "-p", "text=c.txt", "--grid", "times=1,2")
    assert (code, Path("g/echo-2.txt").read_text()) == (0, "cc")
    code, out, _ = command("-n", "echo.ipynb", "-p", "text=c.txt", "-g", "times=1,2", "--dry-run")
    assert [line.split("  ")[-1] for line in out.splitlines()[:2]] == ["times=1", "times=2"]
    Path("a.txt").write_text("boom")
    code, _, err = command("jobs.csv", "-n", "echo.ipynb", "-o", "made", "--retries", "0")
    assert code == 1
    assert "a: dead after 1 attempt: echo, cell 3: ZeroDivisionError" in err


def test_mistakes_of_the_file_and_of_the_plan_are_told_together(notebook: Path):
    Path("jobs.csv").write_text("name,text,times\n../up,a.txt,1\nb,b.txt,10\nc,no.txt,1\n")
    with pytest.raises(Mistakes) as caught:
        do(notebook, "jobs.csv")
    assert [(mistake.row, mistake.column) for mistake in caught.value.mistakes] == [
        (2, "name"), (3, "times"), (4, "text"),
    ]  # fmt: skip


def test_texts_that_look_like_paths_of_people_are_texts(notebook: Path):
    cells = nbformat.read(notebook, 4)
    cells.cells[0].source += '\nnote: str = ""\n'
    nbformat.write(cells, notebook)
    rows = [{"name": "a", "text": "a.txt", "note": "~5 minutes to go, then the rest"}]
    assert do(notebook, rows).ok
    assert do(notebook, [{**rows[0], "times": 2, "note": ""}]).ok


def test_what_another_job_left_in_the_same_place_is_not_taken_for_this_one(notebook: Path):
    cells = nbformat.read(notebook, 4)
    cells.cells[0].source = "number: int = 1"
    cells.cells[1].source = "print(number)"
    nbformat.write(cells, notebook)
    for number in (1, 2, 1):
        result = do(notebook, [{"name": "a", "number": number}])
        assert (result.ok, result.unchanged) == (True, 0)
        shown = json.loads(Path("out/a.ipynb").read_text())["cells"][-1]["outputs"]
        assert "".join(shown[0]["text"]) == f"{number}\n"


def test_a_job_whose_input_changes_after_planning_is_told(notebook: Path):
    from workbench.production.batch.batch import prepare

    planned = prepare(ROWS, notebook, folder="out", jobs=1)
    Path("b.txt").write_text("edited meanwhile")
    result = planned.run(progress=lambda done: None)
    assert made(result) == {"a": "done", "b": "failed", "c": "done"}
    assert "changed after the batch was planned" in (result.jobs[1].error or {})["problem"]
    assert do(notebook).ok
    assert Path("out/b.txt").read_text() == "edited meanwhile"


@pytest.mark.skipif(not available(), reason="kernels are forked on Linux only")
def test_a_forked_kernel_shows_values_as_a_stock_one_does(notebook: Path):
    """The package was imported before there was a notebook to show anything in."""
    cells = nbformat.read(notebook, 4)
    cells.cells[1].source = WORK + "import workbench as wb\nwb.speak('Yes.', voice='espeak:es')"
    nbformat.write(cells, notebook)
    kinds = []
    for kernel in ("workbench", "python3"):
        assert do(notebook, ROWS[:1], kernel=kernel, folder=kernel, jobs=1).ok
        shown = json.loads(Path(f"{kernel}/a.ipynb").read_text())["cells"][-1]["outputs"]
        kinds.append([sorted(output.get("data", {})) for output in shown])
    assert kinds[0] == kinds[1]
    assert any("image/png" in kind for kind in kinds[0])
    assert any("text/html" in kind for kind in kinds[0])
