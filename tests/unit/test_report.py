"""The report of a batch: its values, its page, and what it costs."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shlex
import subprocess
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin

import pytest
from batching import Runner, failed_notebook, outcome, task
from small_notebook import small_notebook

from workbench.errors import StorageError
from workbench.ledger import Job, Ledger
from workbench.production.hiding import without_secrets
from workbench.production.parameters import from_strings, parameters
from workbench.production.report import (
    Totals,
    rewrite_report,
    rows_of,
    summary_html,
    write_report,
)
from workbench.production.report.command import command_of, shell_line
from workbench.production.report.failure import failed_cell
from workbench.production.report.links import url_of
from workbench.production.report.write import current, known_report

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Page(HTMLParser):
    """The texts, links and media of a page, and the headings in their order."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.media: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.body = path.read_text(encoding="utf-8")
        self.feed(self.body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "a":
            self.links.append(found.get("href") or "")
        if tag in {"audio", "video", "img", "track"}:
            self.media.append((tag, found))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def says(self, *texts: str) -> list[int]:
        """Return where each text stands; they are all there."""
        whole = " ".join(self.text)
        return [whole.index(text) for text in texts]


def job(number: int, state: str, **more: Any) -> Job:
    parameters = task(Path("/out"), number, **more.pop("task", {})).to_dict()
    given = {"started": 100.0 + number, "finished": 110.0 + number} if state != "queued" else {}
    made = f"job_{number:024x}"
    return Job(id=made, kind="notebook", parameters=parameters, state=state, **{**given, **more})


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    made = Runner(tmp_path)
    yield made
    made.kill()


# -- the values ---------------------------------------------------------------------------------


def test_the_values_tell_all_of_it(tmp_path: Path) -> None:
    clip = tmp_path / "clip-0001.mp4"
    clip.write_bytes(b"film")
    made = task(tmp_path, 1)
    done = Job(
        id=made.id, kind="notebook", parameters=made.to_dict(), state="done", attempts=2,
        result=outcome(made, clip, warnings=("no font",)), started=100.0, finished=106.0,
    )  # fmt: skip
    error = {"code": "job", "subject": "talk", "problem": "fell", "cure": "mend it", "cell": "4"}
    broken = job(2, "failed", error=error, attempts=1)
    write_report(tmp_path, [done, broken], title="two", began=99.0, seconds=20.0)
    found = json.loads((tmp_path / "report.json").read_bytes())
    assert (found["schema"], found["title"]) == (1, "two")
    totals = found["totals"]
    assert totals["states"] == {
        "queued": 0, "running": 0, "done": 1, "failed": 1, "cancelled": 0, "dead": 0,
    }  # fmt: skip
    assert (totals["jobs"], totals["warned"], totals["wall_seconds"]) == (2, 1, 20.0)
    assert (totals["cpu_seconds"], totals["media_seconds"]) == (3.0, 4.0)
    assert totals["real_time_factor"] == 6.0 / 4.0
    first, second = found["jobs"]
    assert first["files"][0]["sha256"] == hashlib.sha256(b"film").hexdigest()
    assert first["files"][0]["path"] == str(clip)
    assert first["files"][0]["bytes"] == 4
    assert (first["attempts"], first["seconds"], first["warnings"]) == (2, 6.0, ["no font"])
    assert first["differs"] == {"speed": 1.0, "output": str(clip)}  # the script is the same
    assert second["error"] == {**error, "cell": 4}  # older ledgers hold a text


def typed(command: str) -> list[str]:
    """Return what a shell makes of a command: its words, and where it is run."""
    script = f'workbench() {{ printf \'%s\\0\' "$@" "$PWD"; }}\n{command}'
    said = subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout
    return [os.fsdecode(word) for word in said.split(b"\0")[:-1]]


def test_a_command_does_the_same_job_again(tmp_path: Path) -> None:
    """It is typed into a shell: nothing in a value is a command of its own."""
    values = {"text": "it's $(rm -rf /)\n`x`; y", "n": [1, 2], "on": True, "none": None}
    row = rows_of([job(1, "failed", task={"values": values, "folder": str(tmp_path)})])[0]
    write_report(tmp_path, [job(1, "failed", task={"values": values, "folder": str(tmp_path)})],
                 title="x")  # fmt: skip
    again = json.loads((tmp_path / "report.json").read_bytes())["jobs"][0]["again"]
    assert typed(again) == [
        "run", row.notebook, "-p", f"text={values['text']}", "-p", "n=1", "-p", "n=2",
        "-p", "on=true", "--executed", row.executed, str(tmp_path.resolve()),
    ]  # fmt: skip
    assert shlex.split(again)[0] == "cd"


def test_what_opens_a_door_is_in_no_report(tmp_path: Path) -> None:
    """The command of the whole hid it, and that of each job did not."""
    secrets = {"api_token": "hunter2", "login": {"password": "hunter2"}, "max_tokens": 3}
    jobs = [
        job(n, "failed", task={"values": {**secrets, "api_token": f"hunter2{n}"}}) for n in (1, 2)
    ]
    write_report(tmp_path, jobs, title="x")
    for name in ("report.json", "report.html"):
        assert "hunter2" not in (tmp_path / name).read_text()
    told = json.loads((tmp_path / "report.json").read_bytes())["jobs"][0]
    assert told["differs"] == {"api_token": "…"}
    assert [w for w in shlex.split(told["again"]) if "=" in w] == [
        "api_token=…", "login=…", "max_tokens=3"
    ]  # fmt: skip
    words = ["--parameter=api_token=a", "-phf_token=b", "text=token=c", "max_tokens=40"]
    assert list(map(without_secrets, words)) == [
        "--parameter=api_token=…", "-phf_token=…", "text=token=c", "max_tokens=40"
    ]  # fmt: skip


@pytest.mark.parametrize("damage", ['{"schema": 1, "jobs": null}', '{"schema": 1, "jobs": [1]}',
                                    "[" * 100_000, "[]", "\xff"])  # fmt: skip
def test_a_damaged_report_is_none(tmp_path: Path, runner: Runner, damage: str) -> None:
    runner.enrol(task(tmp_path, 1))
    (tmp_path / "report.json").write_bytes(damage.encode("latin-1"))
    assert known_report(tmp_path) == {}
    rewrite_report(tmp_path)
    assert len(known_report(tmp_path)["jobs"]) == 1


def test_a_value_that_no_text_means_has_no_command(tmp_path: Path) -> None:
    notebook = small_notebook(tmp_path, "mix: list[str] | str = 'a'")
    (row,) = rows_of(
        [job(1, "failed", task={"notebook": str(notebook), "values": {"mix": "five"}})]
    )
    assert command_of(row) == "", "a text is a list of one"
    (row,) = rows_of([job(1, "failed", task={"notebook": str(notebook), "values": {"mix": ["a"]}})])
    assert "-p mix=a" in command_of(row)


def test_a_command_means_the_same_values(tmp_path: Path) -> None:
    """Also those that a text alone does not tell: no item, an item that looks like a list."""
    cell = {
        "cell_type": "code", "execution_count": None, "outputs": [], "id": "a",
        "metadata": {"tags": ["parameters"]},
        "source": "texts: list[str] = ['x']\nnumber: int | None = 1\nword: str = ''\n"
        "rates: list[float] = []\nwhere: Path | None = 'a'",
    }  # fmt: skip
    book = tmp_path / "n.ipynb"
    book.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4}))
    known = parameters(book)
    ways: list[dict[str, Any]] = [
        {"texts": [], "number": None, "word": "[1]", "rates": [1e-07], "where": None},
        {"texts": ["[1]"], "word": "", "rates": [1.0, 2.5]},
        {"texts": ["a", "", "null"], "number": 7, "where": "b c"},
    ]
    for values in ways:
        (row,) = rows_of([job(1, "failed", task={"values": values, "notebook": str(book)})])
        words = typed(command_of(row).partition(" && ")[2])
        given = [words[i + 1] for i, word in enumerate(words) if word == "-p"]
        assert from_strings(known, given) == values


def test_a_command_is_one_line_from_which_a_shell_makes_its_words() -> None:
    names = ["", "-n", "a b", "it's", '"$(x)" `y` \\', "#a", "~", "*", "!x", "%d%%", "é☃", "a\nb",
             "\x1b[31m'\"$x`", "\u202ex\t", "\\0\n\\", "\r\n", "\n\n", "x\n\n",
             "\udcff.csv"]  # fmt: skip
    again = shell_line(["workbench", *names])
    assert typed(again)[:-1] == names
    kept = [name for name in names if not name.endswith("\n")]
    assert shell_line(kept).isprintable()
    assert len(shlex.split(shell_line(kept))) == len(kept)


def test_what_a_ledger_may_hold_is_never_in_the_way(tmp_path: Path) -> None:
    """Written by another version, or by hand: a report is no place to fail."""
    odd: list[dict[str, Any]] = [
        {"parameters": {}},
        {"parameters": {"values": [1], "row": "2", "name": None, "timeout": "x"}},
        {
            "parameters": {"values": {"a": {"b": [1, None]}}},
            "result": ["x"],
            "error": {"cell": "x"},
        },
        {"parameters": {}, "result": {"files": "no", "states": {"/a": [1]}, "media": True}},
    ]
    jobs = [Job(id=f"job_{i}", kind="k", state="done", **given) for i, given in enumerate(odd)]
    write_report(tmp_path, jobs, title="")
    assert len(json.loads((tmp_path / "report.json").read_bytes())["jobs"]) == len(odd)


def test_what_was_done_on_two_days_has_not_taken_two_days() -> None:
    day = 86_400.0
    old = job(1, "done", started=0.0, finished=2.0)
    jobs = [old, job(2, "done", started=day, finished=day + 2), job(3, "done", started=day + 60,
            finished=day + 63)]  # fmt: skip
    assert Totals.of(rows_of(jobs)).wall == 63
    long = [job(1, "running", started=0.0, finished=None), jobs[1]]
    assert Totals.of(rows_of(long), now=day + 9).wall == day + 9


def test_totals_of_nothing() -> None:
    totals = Totals.of([])
    assert (totals.jobs, totals.wall, totals.rtf, totals.left) == (0, 0.0, None, 0.0)


# -- the page -----------------------------------------------------------------------------------


def test_failures_come_first_with_their_cell(tmp_path: Path) -> None:
    kept = failed_notebook(
        tmp_path / "clip-0003.failed.ipynb",
        "raise ValueError('<b>')",
        ["\x1b[0;31mValueError\x1b[0m", "  File <here>", "\x1b[1mValueError\x1b[0m: <b>"],
        number=7,
    )
    error = {"problem": "ValueError", "subject": "talk", "failed": kept, "cure": f"see {kept}"}
    jobs = [
        job(1, "done"),
        job(2, "done", result={"warnings": ["no letter for ☃"]}),
        job(3, "failed", error=error),
        job(4, "dead", error={"problem": "its kernel died", "cell": "2"}),
        job(5, "cancelled"),
    ]
    page = Page(write_report(tmp_path, jobs, title="night", command="workbench batch jobs.csv"))
    places = page.says(
        "2 done, 1 failed, 1 dead, 1 cancelled", "workbench batch jobs.csv --only-failed",
        "its kernel died", "Cell 2", "Cell 7", "raise ValueError('<b>')",
        "ValueError\n  File <here>\nValueError: <b>", "no letter for ☃", "All jobs",
    )  # fmt: skip
    assert places == sorted(places)
    assert "clip-0003.failed.ipynb" in page.links
    assert "\x1b" not in page.body
    table = page.body[page.body.index("<tbody>") :]
    order = [table.index(f">{name}<") for name in
             ("clip-0004", "clip-0003", "clip-0005", "clip-0002", "clip-0001")]  # fmt: skip
    assert order == sorted(order)


def test_a_warning_of_many_jobs_is_told_once(tmp_path: Path) -> None:
    """A night with one missing letter had two hundred lines of it."""
    font = {"warnings": ["no letter for ☃", "too long"]}
    jobs = [job(n, "done", result=font if n > 1 else {"warnings": ["no"]}) for n in range(1, 15)]
    page = Page(write_report(tmp_path, jobs, title="night"))
    told = page.body[page.body.index("Done, with warnings") : page.body.index("All jobs")]
    assert (told.count("<li>"), told.count("no letter for ☃")) == (3, 1)
    assert "<b>clip-0011</b> row 12 and 3 jobs more" in told


def test_links_lead_to_the_files_whatever_they_are_called(tmp_path: Path) -> None:
    names = [
        "a#b?.mp4", '"><script>.mp4', "50%41 off.mp3", "a:b.png", "line\nbreak.mp4", "  .wav",
        "\udcff\udce9.mp4", "ñ 😀.webm", "javascript:hit().mp4", "&amp;.mp4", "-x.mp4",
    ]  # fmt: skip
    jobs = []
    for number, name in enumerate(names, 1):
        file = tmp_path / name
        file.write_bytes(b"x")
        made = task(tmp_path, number, output=str(file), executed=f"{file}.ipynb", name=name)
        jobs.append(
            Job(
                id=made.id,
                kind="notebook",
                parameters=made.to_dict(),
                state="done",
                result=outcome(made, file),
            )
        )
    page = Page(write_report(tmp_path, jobs, title="names"))
    sources = [found["src"] for tag, found in page.media if tag != "track"]
    base = "file:///base/"
    there = [unquote(urljoin(base, source or "")[len(base) :], errors="surrogateescape")
             for source in sources]  # fmt: skip
    assert there == names
    assert all((tmp_path / name).is_file() for name in there)
    assert page.body.count("<script>") == 1
    assert [tag for tag, _ in page.media].count("video") == 8
    assert all(found.get("preload") == "none" for tag, found in page.media if tag != "img")


def test_links_out_of_the_folder_and_into_stores() -> None:
    assert url_of("/in/x.mp4", "/out/night") == "../../in/x.mp4"
    assert url_of("s3://bucket/x.mp4", "/out") == ""
    assert url_of("https://host/x y.mp4", "/out") == "https://host/x%20y.mp4"
    assert url_of("javascript://x/%0Ahit()", "/out") == ""
    assert url_of("a\0b", "/out") == ""


def test_captions_are_in_the_page_while_there_is_room(tmp_path: Path) -> None:
    """A page from a disk may not load a file's track."""
    jobs = []
    for number in range(1, 13):
        file = tmp_path / f"clip-{number:04}.mp4"
        file.write_bytes(b"x")
        cues = "" if number < 3 else "NOTE " + "x" * 60_000
        file.with_suffix(".vtt").write_text(f"WEBVTT\n\n{cues}")
        made = task(tmp_path, number)
        jobs.append(job(number, "done", task=made.to_dict(), result=outcome(made, file)))
    page = Page(write_report(tmp_path, jobs, title="x"))
    tracks = [found["src"] or "" for tag, found in page.media if tag == "track"]
    assert len(tracks) == 12
    assert tracks[0].startswith("data:text/vtt;base64,")
    assert tracks[11] == "clip-0012.vtt"
    assert len(page.body) < 600_000


def test_the_page_fetches_nothing(tmp_path: Path) -> None:
    page = Page(write_report(tmp_path, [job(1, "done")], title="x"))
    assert "http" not in page.body.replace('http-equiv="', "")
    assert "<link" not in page.body


@pytest.mark.parametrize("broken", [20, 1000])
def test_a_thousand_jobs_are_light(tmp_path: Path, broken: int) -> None:
    kept = failed_notebook(
        tmp_path / "x.failed.ipynb", "x\n" * 9000, ["\x1b[31mline\x1b[0m of a traceback"] * 3000
    )
    error = {"problem": "fell" * 60, "subject": "talk", "cure": "mend" * 60, "failed": kept}
    jobs = []
    for number in range(1, 1001):
        made = task(tmp_path, number, values={"text": f"{number} " * 30, "speed": number})
        if number <= broken:
            jobs.append(job(number, "failed", task=made.to_dict(), error=error))
            continue
        files = [made.output, f"{made.output}.json", made.executed]
        states = {path: [1000, 1, "ab" * 32] for path in files[:2]}
        result = {"files": files, "states": states, "output": made.output,
                  "executed": made.executed, "media": 3.0}  # fmt: skip
        jobs.append(job(number, "done", task=made.to_dict(), result=result))
    began = time.process_time()
    page = write_report(tmp_path, jobs, title="many")
    assert time.process_time() - began < 2.0  # measured: 0.14 s
    assert page.stat().st_size < 2_000_000
    assert page.read_text(encoding="utf-8").count("<tr class=") == 1000


def test_it_is_whole_or_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = write_report(tmp_path, [job(1, "done")], title="first")
    before = page.read_bytes()
    flush, calls = os.fsync, itertools.count(1)

    def full(file: int) -> None:
        if next(calls) == 3:  # the values and their folder are on the disk, the page is to be
            raise OSError(28, "No space left on device")
        flush(file)

    monkeypatch.setattr("workbench.storage.atomic.os.fsync", full)
    with pytest.raises(StorageError, match="no space left"):
        write_report(tmp_path, [job(1, "failed")], title="second")
    assert page.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["report.html", "report.json"]


# -- again, from the ledger alone ---------------------------------------------------------------


def test_it_is_written_again_while_the_batch_runs(tmp_path: Path, runner: Runner) -> None:
    tasks = [task(tmp_path, n) for n in (2, 1, 3)]
    runner.enrol(*tasks)
    runner.take(tasks[0].id, tasks[1].id)
    runner("progress", tasks[0].id, 0.5)
    runner("finish", tasks[1].id, outcome(tasks[1]))
    write_report(tmp_path, [], title="the night", command="workbench batch jobs.csv")
    page = Page(rewrite_report(tmp_path))
    page.says("the night", "1 done, 1 running, 1 queued", "50 %", "It is under way")
    names = [each["name"] for each in json.loads((tmp_path / "report.json").read_bytes())["jobs"]]
    assert names == ["clip-0001", "clip-0002", "clip-0003"]
    runner.kill()
    Page(rewrite_report(tmp_path)).says("To go on, run the batch again", "workbench batch jobs.csv")


def test_a_row_that_was_changed_is_one_row(tmp_path: Path, runner: Runner) -> None:
    """The ledger still knows what the row was; its notebook is the newer one's."""
    old, new = task(tmp_path, 1), task(tmp_path, 1, id="job_new")
    runner.enrol(old)
    runner.take(old.id)
    runner("finish", old.id, outcome(old))
    runner.enrol(new)
    rewrite_report(tmp_path)
    found = json.loads((tmp_path / "report.json").read_bytes())["jobs"]
    assert [(each["id"], each["state"]) for each in found] == [("job_new", "queued")]


def test_a_row_that_was_taken_out_is_no_row(tmp_path: Path, runner: Runner) -> None:
    """The ledger knows it for good, the report of the batch's next run does not tell of it."""
    out, kept, new = (task(tmp_path, n) for n in (1, 2, 3))
    runner.enrol(out, kept)
    report = {"written": "2040-01-01T00:00:00+00:00", "jobs": [{"id": kept.id}]}
    known = Ledger(tmp_path / "batch.sqlite")
    jobs = [replace(job, created=2_208_988_799.0) for job in known.jobs()]
    known.close()  # a second before
    assert [one.id for one in current(jobs, report)] == [kept.id]
    later = replace(jobs[0], id=new.id, parameters=new.to_dict(), created=2_208_988_800.5)
    assert [one.id for one in current([later, *jobs], report)] == [kept.id, new.id]
    assert {one.id for one in current(jobs, {})} == {out.id, kept.id}


def test_a_row_that_was_changed_back_is_what_it_was(tmp_path: Path, runner: Runner) -> None:
    old, new = task(tmp_path, 1), task(tmp_path, 1, id="job_new")
    runner.enrol(old)
    runner.enrol(new)
    known = Ledger(tmp_path / "batch.sqlite")
    jobs = [replace(job, created=1.0) for job in known.jobs()]
    known.close()
    report = {"written": "2040-01-01T00:00:00+00:00", "jobs": [{"id": old.id}]}
    assert [one.id for one in current(jobs, report)] == [old.id]


def test_a_folder_without_a_batch(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="give the folder of a batch"):
        rewrite_report(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_jobs_without_a_notebook_are_kept_apart() -> None:
    jobs = [Job(id=n, kind="k", parameters={}, state="done") for n in ("b", "a")]
    assert [one.id for one in current(jobs, {})] == ["a", "b"]


# -- its parts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"cells": [1]}',
        '{"cells": [{"cell_type": "code", "outputs": 3}]}',
        "\ud800",
    ],
)
def test_a_kept_notebook_may_be_anything(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.ipynb"
    path.write_text(content, encoding="utf-8", errors="surrogatepass")
    assert failed_cell(str(path), 3) is None
    assert failed_cell(str(tmp_path / "none.ipynb"), 3) is None
    assert failed_cell("a\0b") is None


def test_the_cell_of_a_kernel_that_died_is_known_by_its_number(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "code", "execution_count": n, "source": f"cell {n}", "outputs": []}
        for n in (1, 2)
    ]
    path = tmp_path / "x.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    found = failed_cell(str(path), 2)
    assert found is not None
    assert (found.number, found.source, found.traceback) == (2, "cell 2", "")


def test_a_long_traceback_keeps_its_end(tmp_path: Path) -> None:
    lines = [f"line {n}" for n in range(10_000)]
    found = failed_cell(failed_notebook(tmp_path / "x.ipynb", "x", lines), most=1000)
    assert found is not None
    assert len(found.traceback) < 1100
    assert found.traceback.startswith("line 0\n")
    assert found.traceback.endswith("line 9999")


def test_the_summary_names_some() -> None:
    jobs: Sequence[Job] = [job(n, "failed", error={"problem": "<fell>"}) for n in range(1, 31)]
    page = summary_html(jobs)
    assert page.count("<tr>") == 11
    assert "and 20 more" in page
    assert "&lt;fell&gt;" in page
    assert "<fell>" not in page
