"""The result of a blind comparison in words and tables, for the page and the static twin alike."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from workbench.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.speech.compare import Comparison, Tally

__all__ = ["results", "results_html", "tally_html"]

_LEFT = ' style="text-align:left;white-space:pre-wrap"'
_NUMBER = ' style="text-align:left;white-space:nowrap"'
_SMALL = 0.001
_PAIR = 2  # takes

_TEXTS = ("take", "first", "second", "A", "B", "X")  # columns that may be broken into lines
_HELP = {
    "place": "1 for the take that came first",
    "won": "How often it was preferred",
    "lost": "How often the other was preferred",
    "even": "How often no difference was heard",
    "beats an average take": "How likely it is preferred to an average one of these takes",
    "strength": "The logarithm of its strength by Bradley and Terry, 0 for an average take, with "
    "its standard error",
    "preferred": "How often the first was preferred : the second",
    "first preferred, 95 %": "Between which shares the true one lies with 95 % certainty",
    "X recognised": "How often X was recognised, of all trials; half is what guessing gives",
    "share, 95 %": "Between which shares the true one lies with 95 % certainty",
    "p": "How likely so clear a result is if only chance decided; below 0.05 counts as more",
    "p, all pairs": "The same, corrected for how many pairs are tested at once (Holm)",
    "answer": "What was answered",
    "after": "Seconds until the answer",
}


def results(tally: Tally, session: Comparison | None = None) -> dict[str, Any]:
    """Return what is to be shown of a tally: its verdict, a line, tables of text, and notes.

    Parameters
    ----------
    tally
        The result.
    session
        Where it comes from: its trials are listed then, with what stood behind A, B and X.

    Examples
    --------
    >>> import workbench as wb
    >>> from workbench.speech.compare import Comparison
    >>> takes = {"slow": wb.speak("Hello.", rate=120), "fast": wb.speak("Hello.", rate=260)}
    >>> session = Comparison.of(takes, rounds=2, seed=3).answer("A").answer("A")
    >>> shown = results(session.tally(), session)
    >>> shown["about"], [table["title"] for table in shown["tables"]]
    ('2 of 2 trials answered', ['Ranks', 'Pairs', 'Trials'])
    """
    about = f"{tally.answered} of {tally.trials} trials answered"
    if tally.listeners != 1:
        about += f" in {tally.listeners} sessions"
    tables = [_ranks(tally)] if tally.ranks else []
    if tally.pairs:
        tables.append(_recognised(tally) if tally.kind == "abx" else _pairs(tally))
    if session is not None and session.answers:
        tables.append(_trials(session))
    notes = [one_line(warning) for warning in tally.warnings]
    return {"verdict": tally.verdict, "about": about, "tables": tables, "notes": notes}


def tally_html(tally: Tally) -> str:
    """Return a tally as HTML.

    Examples
    --------
    >>> from workbench.speech.tally import count
    >>> tally_html(count([], kind="ab", labels=["<a>", "b"]))[:56]
    '<p><b>Nothing was answered, so nothing is shown.</b></p>'
    """
    return results_html(results(tally))


def results_html(shown: dict[str, Any]) -> str:
    """Return what `results` says as HTML of the elements that survive in any notebook."""
    parts = [f"<p><b>{escape(shown['verdict'])}</b></p><p>{escape(shown['about'])}</p>"]
    tables = "".join(
        f"<p><b>{escape(table['title'])}</b></p>{_table_html(table)}" for table in shown["tables"]
    )
    if tables:
        parts.append(f"<details><summary>Figures</summary>{tables}</details>")
    if shown["notes"]:
        parts.append(f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in shown['notes'])}</ul>")
    return "".join(parts)


def _table_html(table: dict[str, Any]) -> str:
    looks = [_NUMBER if number else _LEFT for number in table["numbers"]]
    head = "".join(f"<th{_LEFT}>{escape(name)}</th>" for name in table["heads"])
    body = "".join(
        "<tr>"
        + "".join(f"<td{look}>{escape(cell)}</td>" for look, cell in zip(looks, row, strict=True))
        + "</tr>"
        for row in table["rows"]
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _ranks(tally: Tally) -> dict[str, Any]:
    rows = [
        {
            "place": str(rank.place),
            "take": one_line(rank.label),
            "won": str(rank.wins),
            "lost": str(rank.losses),
            "even": str(rank.ties),
            "beats an average take": _share(rank.chance),
            "strength": f"{rank.strength:+.2f} ± {rank.error:.2f}",
        }
        for rank in tally.ranks
    ]
    # Of two takes, the average is half made of each, and strengths only say the counts again.
    left_out = ("beats an average take", "strength") if len(rows) == _PAIR else ()
    return _table("Ranks", rows, left_out)


def _pairs(tally: Tally) -> dict[str, Any]:
    rows = [
        {
            "first": one_line(pair.first),
            "second": one_line(pair.second),
            "preferred": f"{pair.wins} : {pair.losses}",
            "even": str(pair.ties),
            "first preferred, 95 %": _between(pair.low, pair.high),
            "p": _p(pair.p),
            "p, all pairs": _p(pair.adjusted),
        }
        for pair in tally.pairs
    ]
    return _table("Pairs", rows, ("p, all pairs",) if len(rows) == 1 else ())


def _recognised(tally: Tally) -> dict[str, Any]:
    rows = [
        {
            "first": one_line(pair.first),
            "second": one_line(pair.second),
            "X recognised": f"{pair.wins} of {pair.decided}",
            "share, 95 %": _between(pair.low, pair.high),
            "p": _p(pair.p),
            "p, all pairs": _p(pair.adjusted),
        }
        for pair in tally.pairs
    ]
    return _table("Pairs", rows, ("p, all pairs",) if len(rows) == 1 else ())


def _trials(session: Comparison) -> dict[str, Any]:
    rows = []
    for i, (trial, answer) in enumerate(zip(session.trials, session.answers, strict=False), 1):
        seconds = "" if answer.seconds is None else f"{answer.seconds:.1f} s"
        x = {"X": f"{one_line(trial.x)} ({trial.right})"} if trial.x else {}
        heard = {"": str(i), "A": one_line(trial.a), "B": one_line(trial.b), **x}
        rows.append({**heard, "answer": answer.choice, "after": seconds})
    return _table("Trials", rows)


def _table(
    title: str, rows: Sequence[dict[str, str]], left_out: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return a table whose columns are the keys of its rows, each with what it means."""
    heads = [name for name in rows[0] if name not in left_out]
    return {
        "title": title,
        "heads": heads,
        "helps": [_HELP.get(name, "") for name in heads],
        "numbers": [name not in _TEXTS for name in heads],
        "rows": [[row[name] for name in heads] for row in rows],
    }


def _share(value: float) -> str:
    return f"{value * 100:.0f} %"


def _between(low: float, high: float) -> str:
    return f"{low * 100:.0f} to {high * 100:.0f} %"


def _p(value: float) -> str:
    return f"< {_SMALL}" if value < _SMALL else f"{value:.3f}"
