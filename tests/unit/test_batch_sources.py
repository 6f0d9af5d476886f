"""Everything that is wrong with the rows of a batch is told at once, before anything begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_notebook import small_notebook

from workbench.errors import ParameterError
from workbench.ledger import BatchLedger, Entry, owner_name
from workbench.media.outputs import keep_inputs
from workbench.production.batch import batch as preparing
from workbench.production.batch.batch import prepare
from workbench.production.batch.owning import own
from workbench.production.batch.plan import Mistakes, Plan
from workbench.production.batch.sources import plan_of
from workbench.production.made import Made

SAMPLE = "is not given, and its default is only a sample"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    for name in ("a.jpg", "bed.mp3", "one.txt", "a.pdf", "words.srt"):
        (tmp_path / name).write_text("Hola.")
    for name in ("talks", "out.mp4", "out.mp3"):
        (tmp_path / name).mkdir()
    return tmp_path


def wrong(source: Any, notebook: Any = "captioned_short", **more: Any) -> list[tuple[int, str]]:
    with pytest.raises(Mistakes) as caught:
        plan_of(source, notebook, **more)
    assert all(one.problem and one.cure for one in caught.value.mistakes)
    return [(one.row, one.column) for one in caught.value.mistakes]


def told(source: Any, notebook: Any = "captioned_short", **more: Any) -> list[str]:
    with pytest.raises(Mistakes) as caught:
        plan_of(source, notebook, **more)
    return [str(one) for one in caught.value.mistakes]


def jobs(text: str, name: str = "jobs.csv") -> str:
    Path(name).write_text(text)
    return name


def outputs(made: Plan) -> list[str]:
    return [Path(task.output).name for task in made.tasks]


# -- what would make the sample ----------------------------------------------------------------


@pytest.mark.parametrize("empty", ["", "   ", '"  "', '" \t"'])
def test_an_empty_text_is_no_sample(empty: str):
    """An empty cell spoke the notebook's own sentence, in two hundred copies."""
    found = told(jobs(f"text,voice\nHola.,espeak:es\n{empty},espeak:en-us\n"), "narrate")
    cure = "write the text, or the path of a file (.txt, .md, .epub)"
    assert found == [f"row 3, text: {SAMPLE}; {cure}"]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("- voice: espeak:es\n- text:\n- text: '  '\n", "jobs.yaml"),
        ('[{"voice": "espeak:es"},\n{"text": ""},\n{"text": "\\n"}]', "jobs.json"),
        ('{"voice": "espeak:es"}\n{"text": ""}\n{"text": " "}\n', "jobs.jsonl"),
    ],
)
def test_an_empty_text_is_no_sample_in_any_file(content: str, name: str):
    assert wrong(jobs(content, name), "narrate") == [(1, "text"), (2, "text"), (3, "text")]


def test_a_column_that_is_not_there_is_told_of_once():
    content = "voice\nespeak:es\nespeak:en-us\n"
    (found,) = told(jobs(content), "narrate")
    assert found.startswith("text: is given in no row, and its default is only a sample; write")
    assert wrong(jobs("txt\nHola.\n", "x.csv"), "narrate") == [(1, "txt")]
    assert len(plan_of("jobs.csv", "narrate", values={"text": "Hola."}).tasks) == 2
    assert len(plan_of("jobs.csv", "narrate", axes={"text": ["Hola.", "Bye."]}).tasks) == 4
    assert len(plan_of(None, "narrate", axes={"voice": ["espeak:es"]}).tasks) == 1


@pytest.mark.parametrize(
    ("notebook", "row", "column"),
    [
        ("audiobook", {"title": "a"}, "sources"),
        ("audiobook", {"sources": []}, "sources"),
        ("audiobook", {"sources": ["Hola.", ""]}, "sources"),
        ("dub", {"fastest": 1.2}, "captions"),
        ("transcribe", {"language": "es"}, "media"),
        ("voice_sweep", {"seeds": 2}, "text"),
    ],
)
def test_every_job_notebook_has_a_sample_that_is_none(
    notebook: str, row: dict[str, Any], column: str
):
    assert wrong([row], notebook) == [(1, column)]


def test_a_notebook_of_ones_own_says_by_its_types_what_is_a_sample(here: Path):
    cell = 'from pathlib import Path\nsaid: str | Path = "One."\nnote: str = "Two."\nn: int = 1'
    own = small_notebook(here, cell)
    assert wrong([{"note": "x"}], own) == [(1, "said")]
    assert len(plan_of([{"said": "x", "note": ""}], own).tasks) == 1


# -- all at once -------------------------------------------------------------------------------

SEEDED: list[tuple[str, str]] = [
    ("script", ""),
    ("script", "  "),
    ("script", "talks"),
    ("script", "talks/monday"),
    ("script", "hola.tx"),
    ("script", "nope.txt"),
    ("script", "a.pdf"),
    ("script", "[voice:espeak:nobody] Hola."),
    ("voice", "espeak:nobody"),
    ("voice", "expeak:es"),
    ("voice", "kokoro:af_heart"),
    ("voice", "narator"),
    ("images", "b.jpg"),
    ("images", "a.jpg;talks"),
    ("images", "colour:nosuch"),
    ("images", "gradient:navy"),
    ("intro", "no.mp4"),
    ("outro", "talks"),
    ("logo", "logo.png"),
    ("music", "bed.mp"),
    ("size", "1080x1921"),
    ("size", "9:17"),
    ("transition", "fad"),
    ("loudness", "-90"),
    ("loudness", "tiktok"),
    ("font", "no/such.ttf"),
    ("duck", "61"),
    ("name", "../up"),
    ("output", "out.mp4"),
    ("output", "made/a.mp3"),
]


def thousand(*, seeded: bool) -> str:
    columns = (
        "name script voice images intro outro logo music size transition loudness font duck fps"
    )
    names = [*columns.split(), "output"]
    rows = []
    for number in range(1000):
        row = dict.fromkeys(names, "") | {
            "name": f"talk{number}", "script": f"Hola {number}.", "voice": "espeak:es",
            "images": "a.jpg;colour:navy", "music": "bed.mp3", "size": "1080x1920", "fps": "25",
            "output": f"made/{number}.mp4",
        }  # fmt: skip
        if seeded and not number % 31 and number // 31 < len(SEEDED):
            column, cell = SEEDED[number // 31]
            row[column] = cell
        rows.append(",".join(f'"{row[name]}"' for name in names))
    return "\n".join([",".join(names), *rows])


def test_thirty_mistakes_in_a_thousand_rows_are_all_told_with_their_cure():
    """Of those that only planning finds most were not, and the night's kernels met them."""
    found = wrong(jobs(thousand(seeded=True)))
    assert found == [(2 + 31 * n, column) for n, (column, _) in enumerate(SEEDED)]
    assert len(found) == 30


def test_a_row_with_a_mistake_is_still_looked_at():
    """Its voice and its name were not, until the first mistake was mended."""
    text = "name,script,voice,fps,music,output\n../up,talks/x,espeak:x,many,no.mp3,a.mp3\n"
    columns = {"name", "script", "voice", "fps", "music", "output"}
    found = wrong(jobs(text))
    assert (len(found), {column for _, column in found}) == (6, columns)
    row = {"name": 3, "script": "Hola.", "voice": "espeak:x", "fps": "x", "fsp": 1}
    assert sorted(wrong([row])) == [(1, "fps"), (1, "fsp"), (1, "name"), (1, "voice")]
    assert wrong([{"text": "a", "best": "loudnes"}], "voice_sweep") == [(1, "best")]


def test_mistakes_of_a_grid_and_of_shared_values_are_told_with_those_of_the_rows():
    found = told(
        [{"script": "Hola."}, {"script": "talks"}],
        values={"fps": "x", "size": "9:16"},
        axes={"voice": ["espeak:es"], "vioce": ["a"], "preset": ["drat", "fast"]},
    )
    assert [one.partition(": ")[0] for one in found] == [
        "fps", "vioce", "preset", "preset", "row 2, script",
    ]  # fmt: skip


def test_a_mistake_that_rows_share_is_told_of_once():
    text = (
        "defaults: {voice: espeak:x}\njobs:\n- text: a\n- text: b\n- {text: c, voice: espeak:y}\n"
    )
    assert wrong(jobs(text, "a.yaml"), "narrate") == [(1, "voice"), (5, "voice")]
    rows = [{"text": "a"}, {"text": "b"}]
    assert wrong(rows, "narrate", values={"voice": "espeak:x"}) == [(0, "voice")]


def test_messages_are_headed_by_the_file_as_it_was_typed():
    """Those of planning had its name without the suffix."""
    for cell in ("many", "25"):
        with pytest.raises(Mistakes, match=r"^jobs\.csv: has \d mistake") as caught:
            plan_of(jobs(f"script,voice,fps\na,espeak:x,{cell}\n"), "captioned_short")
        assert caught.value.subject == "jobs.csv"


def test_names_cannot_write_to_the_terminal():
    text = 'name,script\n"a\x1b[2J\u202eb/c",Hola.\n'
    (found,) = told(jobs(text))
    assert r"\x1b[2J\u202e" in found
    assert found.isprintable()


# -- outputs -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"output": "out.mp3"}, "out.mp3: is a folder"),
        ({"output": "one.txt"}, "must end in .wav, .flac"),
        ({"output": "bed.mp3/a.mp3"}, "lies in bed.mp3, which is a file"),
        ({"output": "./x/../bed.mp3", "text": "bed.mp3"}, "is the name of a mp3, not a text"),
        ({"language": "fr", "text": "Hola."}, "fr: espeak:es speaks es"),
        ({"lexicon": "a.pdf"}, "a.pdf"),
        ({"text": "Hola.\n[voice:espeak:xx] Sí."}, "line 2 names the voice espeak:xx, which"),
        ({"text": "[pause 1s]"}, "no words to speak"),
        ({"verify": "stt"}, "verify"),
        ({"loudness": -90.0}, "must be"),
    ],
)
def test_what_narrate_would_refuse_is_refused_before_it_starts(row: dict[str, Any], problem: str):
    assert problem in " ".join(told([{"text": "Hola.", **row}], "narrate"))


CUES = "00:00:01,000 --> 00:00:02,000\nAna: Hola."


@pytest.mark.parametrize(
    ("notebook", "row", "problem"),
    [
        ("audiobook", {"sources": ["Uno."], "chapter_titles": ["A", "B"]}, "2 titles for 1 chap"),
        ("audiobook", {"sources": ["Uno.", "no.epub"]}, "no such file as no.epub"),
        ("audiobook", {"sources": ["bad.epub"]}, "bad.epub: is not a whole EPUB"),
        ("audiobook", {"sources": ["empty.md"]}, "empty.md: has no words"),
        ("audiobook", {"sources": ["Uno."], "cover": "talks"}, "talks: is not a plain file"),
        ("dub", {"text": CUES, "voices": ["Ana"]}, "Ana: names no speaker and voice"),
        ("dub", {"text": CUES, "voices": ["Ben=espeak:es"]}, "Ben: is no speaker of the captions"),
        ("dub", {"text": "no times"}, "holds no captions"),
        ("dub", {"text": CUES, "output": "a.mp4"}, "there is none to lay the voice over"),
        ("dub", {"text": CUES, "language": "fr"}, "fr: espeak:es speaks es"),
        ("transcribe", {"media": "talks", "script": "Hi."}, "talks: is not a plain file"),
        ("transcribe", {"media": "bed.mp3", "engine": "script"}, "needs to know what is said"),
        (
            "transcribe",
            {"media": "bed.mp3", "engine": "whisper", "model": "smal"},
            ", model: 'smal' is not a Whisper",
        ),
        ("transcribe", {"media": "bed.mp3", "model": "smal"}, ", model: 'smal' is not a Whisper"),
        ("transcribe", {"media": "bed.mp3"}, ", engine: config.json, model.bin, tok"),
        (
            "transcribe",
            {"media": "bed.mp3", "model": "tiny"},
            ", model: config.json, model.bin, tok",
        ),
        (
            "transcribe",
            {"media": "bed.mp3", "script": "a", "output": "a.doc"},
            "must end in .srt, .vtt",
        ),
        ("voice_sweep", {"text": "One.\nTwo."}, "has 2 lines"),
        ("voice_sweep", {"text": "One.", "options": ["rate"]}, "rate: is not written as an axis"),
        ("voice_sweep", {"text": "One.", "options": ["ratte=1"]}, "ratte: is no option of espeak"),
        ("voice_sweep", {"text": "One.", "best": "loudnes"}, "loudnes: is no column"),
        ("voice_sweep", {"text": "One.", "output": "a.pdf"}, "a.pdf: must end in .html"),
        ("voice_sweep", {"text": "One.", "listener": "nobody"}, "nobody"),
    ],
)
def test_what_a_job_notebook_would_refuse_is_refused_before_it_starts(
    notebook: str, row: dict[str, Any], problem: str
):
    Path("bad.epub").write_bytes(b"PK")
    Path("empty.md").write_text("---\n\n")
    (found,) = told([row], notebook)
    assert problem in found


def test_an_output_may_be_none_of_its_inputs_nor_the_notebook(here: Path):
    cell = "from pathlib import Path\nbed: Path | None = None\noutput: Path = 'a.mp3'"
    own = small_notebook(here, cell)
    rows = [
        {"bed": "bed.mp3", "output": "./talks/../bed.mp3"},
        {"output": f"{own.stem}.wav"},
        {"bed": "bed.mp3", "output": "made/bed.mp3"},
    ]
    assert told(rows, own) == [
        "row 1, output: ./talks/../bed.mp3: is what bed reads; choose another name",
        f"row 2, output: {own.name}: would be written over; choose another name",
    ]


@pytest.mark.parametrize(
    ("notebook", "row"),
    [
        ("dub", {"captions": "words.srt", "output": "./words.wav"}),
        ("transcribe", {"media": "bed.mp3", "script": "one.txt", "output": "talks/../one.srt"}),
    ],
)
def test_the_files_beside_an_output_are_none_of_its_inputs(notebook: str, row: dict[str, Any]):
    """The captions that were to be spoken were written over by those that were heard."""
    Path("words.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nHola.\n")
    (found,) = told([row], notebook)
    assert found.startswith(f"row 1, output: {row['output']}: would write over ")
    assert len(plan_of([{**row, "output": f"made/{row['output'][-7:]}"}], notebook).tasks) == 1


def test_no_way_of_writing_a_path_hides_that_an_input_would_be_written_over(
    here: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOME", str(here))
    (here / "link").symlink_to(here / "talks")
    for output, read in (("~/film.wav", "~/film.srt"), ("link/film.wav", "talks/film.srt")):
        with pytest.raises(ParameterError, match="would write over"):
            keep_inputs(output, ["srt"], None, "Hola.", read)
    keep_inputs("film.wav", ["srt"], "link/film.srt", "~nobody/film.srt")


def test_an_output_that_cannot_be_is_a_mistake_of_its_row():
    rows = [{"text": "Hola.", "output": "/"}, {"text": "a", "output": f"{'a' * 300}/b.html"}]
    found = told(rows, "voice_sweep")
    assert "row 1, output: /: is a folder; name a file in it" in found
    assert any(one.startswith("row 2, output: ") and "file name too long" in one for one in found)


def test_a_mistake_of_a_grid_names_the_notebook_it_is_one_for():
    hears = {"media": "bed.mp3", "script": "a", "notebook": "transcribe"}
    rows = [{"text": "Hola.", "notebook": "narrate"}, hears, hears | {"script": "b"}]
    (found,) = told(rows, axes={"gap": [0.5, 0.7]})
    assert found.startswith("row 2, gap: transcribe: is not a parameter of this notebook")
    (found,) = told(rows[1:], axes={"gap": [0.5, 0.7]})
    assert found.startswith("gap: is not a parameter of this notebook")


def test_all_mistakes_of_a_grid_are_told_at_once():
    """Those of one axis hid those of another, and those of a grid alone were of a row 2."""
    axes = {"fps": ["5", "999"], "size": ["1:1", "zz"], "voice": ["espeak:es", "nobody"]}
    found = sorted(told(None, values={"script": "Hola."}, axes=axes))
    assert [one.partition(":")[0] for one in found] == ["fps", "size", "voice"]
    assert all(what in one for what, one in zip(("999", "zz", "nobody"), found, strict=True))
    rows = [{"script": "Hola.", "transition": "fade"}, {"script": "Hola.", "font": "no.ttf"}]
    found = told(rows, axes={"fps": [5, 10], "size": ["1:1", "zz"]})
    assert [one.partition(":")[0] for one in found] == ["size", "row 2, font"]


def test_a_grid_of_a_row_with_an_output_is_a_mistake_with_its_cure():
    row = {"text": "Hola.", "output": "a.mp3"}
    (found,) = told([row], "narrate", axes={"voice": ["espeak:es", "espeak:en-us"]})
    assert found.startswith("row 1, output: would be written by every point of the grid; leave it")
    assert len(plan_of([row], "narrate", axes={"voice": ["espeak:es"]}).tasks) == 1


def test_two_job_files_of_one_name_do_not_share_a_folder():
    """The one's files were written over the other's, in out/jobs."""
    table, other = jobs("text\nHola.\n"), jobs("- text: Hola.\n", "jobs.yaml")
    own(plan_of(table, "narrate"))
    prepare(table, "narrate")
    prepare(other, "narrate", folder="out/jobs")
    with pytest.raises(ParameterError) as caught:
        prepare(other, "narrate")
    Path("sub").mkdir()
    Path("link").symlink_to(".")
    for same in (f"sub/../{table}", f"link/{table}"):
        prepare(same, "narrate")
    assert str(caught.value) == (
        "jobs.yaml: would leave its files in out/jobs, where those of jobs.csv are; "
        "rename it, or name another folder (--folder)"
    )
    Path(table).unlink()
    prepare(other, "narrate")


def test_nothing_is_written_over_that_another_job_file_or_grid_made(
    monkeypatch: pytest.MonkeyPatch,
):
    """A second grid replaced the files of the first, and q.csv those of p.csv, without a word."""
    kept: dict[Path, str] = {}

    def did(plan: Plan) -> None:
        ledger = BatchLedger(plan.folder / "batch.sqlite")
        for task in plan.tasks:
            ledger.enrol([Entry(id=task.id, kind="notebook", parameters=task.to_dict())])
            ledger.take(owner_name(), {task.id})
            ledger.finish(task.id, owner_name(), {})
            kept[Path(task.executed)] = task.id
        ledger.close()

    monkeypatch.setattr(preparing, "made_by", lambda path: Made(job=kept.get(path, "")))
    grid = {"voice": ["espeak:es", "espeak:en-us"]}
    did(prepare(None, "narrate", values={"text": "one.txt"}, grid=grid).plan)
    Path("one.txt").write_text("Otra vez.")  # the same grid, made again
    prepare(None, "narrate", values={"text": "one.txt"}, grid=grid)
    for other in ({"text": "Adiós."}, {"text": "one.txt", "gap": 0.7}):
        with pytest.raises(
            ParameterError,
            match=r"narrate-1\.mp3, which was made with other parameters, and 1 more; .* remove ",
        ):
            prepare(None, "narrate", values=other, grid=grid)
    prepare(None, "narrate", values={"text": "Adiós."}, grid=grid, folder="out/other")

    p, q = jobs("name,text\nuno,Hola.\n", "p.csv"), jobs("name,text\nuno,Adiós.\n", "q.csv")
    did(prepare(p, "narrate", folder="out/pq").plan)
    with pytest.raises(
        ParameterError, match=r"uno\.mp3 \(row 2\), which was made for p\.csv; name"
    ):
        prepare(q, "narrate", folder="out/pq")
    jobs("name,text\ndos,Adiós.\n", "q.csv")
    did(prepare(q, "narrate", folder="out/pq").plan)
    jobs("name,text\nuno,Otra vez.\n", "p.csv")
    prepare(p, "narrate", folder="out/pq")


def test_another_folders_batch_is_told_of_and_its_files_in_ours_are_kept(
    monkeypatch: pytest.MonkeyPatch,
):
    """The ledger that knows of a file may be anywhere; its notebook says who made it."""
    made: dict[Path, Made] = {}
    monkeypatch.setattr(preparing, "made_by", made.get)
    first = prepare(jobs("name,text,output\nuno,Hola.,shared/uno.wav\n", "p.csv"), "narrate")
    for task in first.plan.tasks:
        made[Path(task.executed)] = Made(job=task.id, source=task.source)
    rows = "name,text,output\nuno,Adiós.,shared/uno.wav\n"
    again = prepare(jobs(rows, "p.csv"), "narrate")  # the file that made it
    assert (again.replaced, "writes over" in str(again.estimate)) == ((), False)
    other = prepare(jobs(rows, "q.csv"), "narrate")  # a row names the place
    assert other.replaced == ("shared/uno.wav, made for p.csv",)
    assert str(other.estimate).startswith("1 job to do; writes over shared/uno.wav, made for p.csv")
    assert other.estimate.to_dict()["replaced"] == other.replaced
    with pytest.raises(
        ParameterError, match=r"uno\.mp3 \(row 2\), which was made for p\.csv; name"
    ):
        prepare(jobs(rows.replace(",shared/uno.wav", ",").replace("output", "gap"), "q.csv"),
                "narrate", folder="shared")  # fmt: skip
    Path("p.csv").unlink()  # nobody's any more
    assert prepare(jobs(rows, "q.csv"), "narrate", folder="shared").replaced == ()


# -- names of grids ----------------------------------------------------------------------------


def test_names_of_a_grid_never_clash():
    """They were cut at 120 letters, and two points became one file."""
    titles = ["x" * 200 + "1", "x" * 200 + "2", "a/b", "a_b", "a\nb", "語" * 100]
    made = plan_of([{"name": "talk", "script": "Hola."}], "captioned_short", axes={"title": titles})
    names = [task.name for task in made.tasks]
    assert len(set(names)) == len(titles)
    assert all(name.isprintable() and len(name.encode()) <= 200 for name in names)
    assert names[3] == "talk-a_b"
    short = plan_of(
        [{"name": "talk", "script": "Hola."}], "captioned_short", axes={"title": titles[:1]}
    )
    assert outputs(short) == [f"{names[0]}.mp4"], "it does not depend on the others"


# -- values of other types ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"source": 3}, "source: must be a job file or a list of rows, not int"),
        ({"source": {"text": "a"}}, "source: must be a job file or a list of rows, not dict"),
        ({"source": [{"text": "a"}], "folder": 3}, "folder: must be the path of a folder, not 3"),
        ({"source": [{"text": "a"}], "axes": 3}, "grid: must be values by name, not int"),
        ({"source": []}, "has no jobs"),
        ({"source": [3, None]}, "row 1: is 3, and no job"),
        ({"source": [{3: "a", "text": "a"}]}, "3: is not a parameter"),
        ({"source": [{"text": "a", "notebook": 3}]}, "3: is not said"),
        ({"source": [{"text": "a"}], "values": ["voice"]}, "values: must be values by name"),
        ({"source": [{"text": "a"}], "axes": ["voice"]}, "grid: must be values by name"),
        ({"source": None, "axes": {"voice": "espeak:es"}}, "must be a list of values"),
        ({"source": None, "axes": {}}, "has no jobs"),
    ],
)
def test_values_of_another_type_are_a_mistake_with_a_name(given: dict[str, Any], problem: str):
    with pytest.raises(ParameterError, match=problem):
        plan_of(given.pop("source"), "narrate", **given)
