"""Texts that do harm where one is taken for code, and every place that makes HTML of texts."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import workbench as wb
from workbench.captions.cues import Cue, Cues
from workbench.captions.editing import problems
from workbench.ledger import Job
from workbench.production.parameters import Parameter
from workbench.production.report import summary_html
from workbench.production.report.links import url_of
from workbench.production.report.row import rows_of
from workbench.recognition import Recognition, Segment
from workbench.speech import measures_html
from workbench.speech.line_flags import Flag, LineFlags
from workbench.speech.measures import Measures, MeasureTable
from workbench.speech.review import Review
from workbench.speech.sweep_table import html_table
from workbench.speech.tally import count
from workbench.speech.variant import Variant
from workbench.speech.variants import Sweep
from workbench.take import Narration, Part
from workbench.text.spoken import Change
from workbench.timing import Word
from workbench.widgets import cue_table, line_rows, tables, tallied, tuner_twin, twin
from workbench.widgets.audition import audition
from workbench.widgets.board import Board
from workbench.widgets.clip import Clip
from workbench.widgets.form import Form
from workbench.widgets.settings import Settings
from workbench.widgets.tuning import Mark, TunedTake, Tuning

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.take import Take

UID = "c0ffee00"
MOST = 20  # texts that a maker takes at a time

_PIECES = (
    "<script>hit()</script>",
    "</script><script>hit()</script>",
    "<img src=x onerror=hit()>",
    "<svg/onload=hit()>",
    "<svg><style><img src=x onerror=hit()></style></svg>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=hit()>",
    "<iframe srcdoc='<script>hit()</script>'>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?php",
    "</",
    "<",
    ">",
    "&",
    "&lt;b&gt;",
    "&#60;b&#62;",
    "&NotALetter",
    '"',
    "'",
    "`",
    "=",
    '" onmouseover="hit()',
    "' onfocus='hit()' autofocus='",
    "\" style=\"background:url('javascript:hit()')",
    "javascript:hit()",
    "data:text/html,<script>hit()</script>",
    "</p></div></table></td></tr></details></style></textarea></title></template>",
    "</audio><b>",
    "<base href=//x>",
    "<plaintext>",
    "<textarea>",
    "<style>*{display:none}</style>",
    "<a href=javascript:hit()>x</a>",
    "{{hit()}}",
    "${hit()}",
    "$$x$$",
    "\\(x\\)",
    "\\[x\\]",
    "**x** _y_ `z`",
    "[x](javascript:hit())",
    "![x](x)",
    "{% raw %}",
    "سلام",
    "\u202eabc\u202c",
    "\u2066x",
    "\u200b\u200d\ufeff",
    "e\u0301",
    "👩‍👩‍👧",
    "𝒳",
    "\ud800",
    "\udfff",
    "\udc80",
    "\ufffe\uffff",
    "\x00",
    "\x0b\x0c\x1b[31m",
    "\x7f\x85",
    "\n",
    "\r\n",
    "\t",
    "\u2028",
    " ",
    "a word",
    "x" * 300,
)


def texts(number: int, seed: int = 1) -> list[str]:
    """Return that many hostile texts, the same for the same seed: joined pieces and odd letters."""
    drawn = random.Random(seed)  # noqa: S311 - to draw examples
    made = []
    for _ in range(number):
        parts = drawn.choices(_PIECES, k=drawn.randint(1, 4))
        letters = [chr(drawn.choice((drawn.randrange(0x250), drawn.randrange(0x11000))))]
        made.append("".join([*parts, *letters * drawn.randint(0, 1)]))
    return made


def harmless(number: int) -> list[str]:
    """Return as many texts of letters alone."""
    return [f"text {i}" for i in range(number)]


_TEXT = Parameter(name="p", annotation="str", default="")
_DRAWN: dict[int, str] = {}  # pictures hold no element, and are slow to draw
_spoken = wb.speak("Yes.").parts[0].take


def _take(text: str, *more: str) -> Take:
    word = Word(text=text, start=0.0, end=0.1)
    return replace(_spoken, text=text, words=(word,), warnings=more, flags=more, language=text)


def _words(said: list[str]) -> tuple[Word, ...]:
    return tuple(Word(text=t, start=i, end=i + 1) for i, t in enumerate(said))


def _clip(said: list[str], **more: Any) -> Clip:
    words = _words(said)
    facts: dict[str, Any] = {
        "text": said[0],
        "about": said[1],
        "language": said[2],
        "notes": tuple(said),
    }
    return Clip(kind="audio", duration=99, words=words, cues=words, **facts, **more)


def _file(said: list[str]) -> str:
    name = said[0].replace("/", "").replace("\0", "")[:60].encode(errors="replace").decode()
    return twin.html(_clip(said, path=Path.cwd() / f"{name}.mp4"), UID)


def _narration(said: list[str]) -> Narration:
    parts, start = [], 0.0
    for number, text in enumerate(said, 1):
        take = _take(text, *said[:2])
        parts.append(Part(line=wb.Line(text=text, number=number), take=take, start=start))
        start += take.duration
    return Narration(parts=tuple(parts), duration=start)


def _board(said: list[str]) -> str:
    review = Review.of(_narration(said[:10]))
    for part, note in zip(review.narration.parts, said[10:], strict=True):
        review = review.annotate(part, note)
    flags = [
        LineFlags(number=i, text=t, flags=(Flag(kind="warning", text=t),), cer=0.5, heard=t)
        for i, t in enumerate(said[:10], 1)
    ]
    return line_rows.board_html(review, flags, _clip(said), UID)


def _cues(said: list[str]) -> str:
    cues = Cues(
        cues=tuple(
            Cue(start=word.start, end=word.end, lines=((word,),), speaker=word.text)
            for word in _words(said)
        ),
        language=said[0],
    )
    return cue_table.twin(cues, problems(cues), _clip(said), UID)


def _sweep(said: list[str]) -> str:
    variants = [
        Variant(
            label=text,
            settings={"voice": "espeak:en-us", said[1]: text},
            take=_take(text),
            measures=Measures(duration=1) if number == 0 else None,
        )
        for number, text in enumerate(said)
    ]
    return html_table(Sweep(text=said[0], variants=tuple(variants)))


def _tuning(said: list[str]) -> str:
    settings = Settings.of("Hello.", "espeak:en-us")
    takes = [TunedTake(id=i, settings=settings, take=_take(t)) for i, t in enumerate(said[:10], 1)]
    marks = {i: Mark(note=note, star=i % 3 == 0) for i, note in enumerate(said[10:], 1)}
    tuning = Tuning(settings=settings, takes=tuple(takes), marks=marks)
    clips = dict.fromkeys(range(1, 11), _clip(said))
    return tuner_twin.html(tuning, UID, clips, code=said[0], drawn=_DRAWN)


def _audition(said: list[str]) -> str:
    audio = _spoken.audio
    sounds = {f"{i}{t}": replace(audio, rate=audio.rate + i) for i, t in enumerate(said[:2])}
    panel = audition(sounds, rounds=1, seed=1, ties=True, listener=said[2])
    while not panel.finished:
        panel.answer("A")
    return panel.twin()


def _heard(said: list[str]) -> str:
    segments = [Segment(start=i, end=i + 1, text=t, flags=(t,)) for i, t in enumerate(said)]
    return tables.heard_table(
        Recognition(
            segments=tuple(segments),
            language=said[0],
            duration=99,
            engine=said[1],
            model=said[2],
            device=said[3],
            warnings=tuple(said),
        )
    )


def _normalized(said: list[str]) -> str:
    changes = [Change(start=0, end=0, original=t, spoken=t, rule=t) for t in said]
    whole: Any = SimpleNamespace(
        spoken=said[0], changes=changes, notes=tuple(said), language=said[1]
    )
    return tables.spoken_table(whole)


def _jobs(said: list[str]) -> list[Job]:
    """Return a job for each text, in turn failed, dead, stopped and done."""
    return [
        Job(
            id=f"{number}{text}",
            kind="notebook",
            parameters={"name": text, "row": number, "values": {text: text}, "output": text},
            state=("failed", "dead", "cancelled", "done")[number % 4],
            error=dict.fromkeys(("subject", "problem", "cure", "cell", "failed"), text),
        )
        for number, text in enumerate(said)
    ]


def _batch(said: list[str]) -> str:
    return summary_html(
        _jobs(said), most=MOST, report=url_of("/out/" + said[0].replace("\0", ""), "/")
    )


def _batch_board(said: list[str]) -> str:
    """Return the twin of a board whose ledger says so; its folder's name is a text too."""
    name = said[0].replace("/", "").replace("\0", "")[:60].encode(errors="replace").decode()
    jobs = rows_of(_jobs(said))
    shown: Any = SimpleNamespace(title=name, jobs=jobs, note=said[0], uid=UID)
    return Board.twin(shown)


def _form(said: list[str]) -> str:
    """Return the twin of a form whose title, help, values and files are texts."""
    known = [replace(_TEXT, name=f"p{i}", help=text) for i, text in enumerate(said)]
    values = {one.name: text for one, text in zip(known, said, strict=True)}
    shown: Any = SimpleNamespace(
        title=said[0], about=said[1], known=known, command=said[2], uid=UID,
        made=[{"path": text} for text in said], _values=values, _player=None,
    )  # fmt: skip
    return Form.twin(shown)


def _plan(said: list[str]) -> str:
    rows = [SimpleNamespace(name=t, start=0, end=1, detail=t) for t in said]
    plan: Any = SimpleNamespace(rows=rows, summary=said[0])
    return tables.plan_table(plan)


TWINS: dict[str, Callable[[list[str]], str]] = {
    "clip": lambda said: twin.html(_clip(said), UID),
    "file": _file,
    "cue table": lambda said: twin.cue_table(_words(said)),
    "board": _board,
    "cue editor": _cues,
    "sweep": _sweep,
    "tuner": _tuning,
    "audition": _audition,
    "tally": lambda said: tallied.tally_html(count([], kind="ab", labels=said)),
    "heard": _heard,
    "normalized": _normalized,
    "plan": _plan,
    "batch": _batch,
    "board of a batch": _batch_board,
    "form": _form,
    "measures": lambda said: measures_html.table(
        MeasureTable.of((t, Measures(duration=1)) for t in said)
    ),
}
"""By name, what makes HTML of `MOST` texts, in every place where a text can stand."""
