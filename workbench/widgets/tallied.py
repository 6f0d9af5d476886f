"""The result of a blind comparison as tables, for the page and for the static twin alike."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from workbench.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.speech.compare import Comparison, Tally

__all__ = ["results", "results_html", "tally_html"]

_LEFT = ' style="text-align:left;white-space:pre-wrap"'
_SMALL = 0.001


def results(tally: Tally, session: Comparison | None = None) -> dict[str, Any]:
    """Return what is to be shown of a tally: a line, tables of text, and notes.

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
    return {"about": about, "tables": tables, "notes": [one_line(w) for w in tally.warnings]}


def tally_html(tally: Tally) -> str:
    """Return a tally as HTML.

    Examples
    --------
    >>> from workbench.speech.tally import count
    >>> tally_html(count([], kind="ab", labels=["<a>", "b"]))
    '<p>0 of 0 trials answered in 0 sessions</p>'
    """
    return results_html(results(tally))


def results_html(shown: dict[str, Any]) -> str:
    """Return what `results` says as HTML of the elements that survive in any notebook."""
    parts = [f"<p>{escape(shown['about'])}</p>"]
    for table in shown["tables"]:
        head = "".join(f"<th{_LEFT}>{escape(name)}</th>" for name in table["heads"])
        body = "".join(
            "<tr>" + "".join(f"<td{_LEFT}>{escape(cell)}</td>" for cell in row) + "</tr>"
            for row in table["rows"]
        )
        whole = f"<table><tr>{head}</tr>{body}</table>"
        title = escape(table["title"])
        if table["folded"]:
            parts.append(f"<details><summary>{title}</summary>{whole}</details>")
        else:
            parts.append(f"<p><b>{title}</b></p>{whole}")
    if shown["notes"]:
        parts.append(f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in shown['notes'])}</ul>")
    return "".join(parts)


def _ranks(tally: Tally) -> dict[str, Any]:
    rows = (
        (
            str(rank.place),
            one_line(rank.label),
            str(rank.wins),
            str(rank.losses),
            str(rank.ties),
            _share(rank.chance),
            f"{rank.strength:+.2f} ± {rank.error:.2f}",
        )
        for rank in tally.ranks
    )
    heads = ("place", "take", "won", "lost", "even", "beats an average take", "strength")
    return _table("Ranks", heads, rows)


def _pairs(tally: Tally) -> dict[str, Any]:
    rows = (
        (
            one_line(pair.first),
            one_line(pair.second),
            f"{pair.wins} : {pair.losses}",
            str(pair.ties),
            _between(pair.low, pair.high),
            _p(pair.p),
            _p(pair.adjusted),
        )
        for pair in tally.pairs
    )
    heads = ("first", "second", "preferred", "even", "first preferred, 95 %", "p", "p, all pairs")
    return _table("Pairs", heads, rows)


def _recognised(tally: Tally) -> dict[str, Any]:
    rows = (
        (
            one_line(pair.first),
            one_line(pair.second),
            f"{pair.wins} of {pair.decided}",
            _between(pair.low, pair.high),
            _p(pair.p),
            _p(pair.adjusted),
        )
        for pair in tally.pairs
    )
    heads = ("first", "second", "X recognised", "share, 95 %", "p", "p, all pairs")
    return _table("Pairs", heads, rows)


def _trials(session: Comparison) -> dict[str, Any]:
    abx = session.kind == "abx"
    rows = []
    for i, (trial, answer) in enumerate(zip(session.trials, session.answers, strict=False), 1):
        seconds = "" if answer.seconds is None else f"{answer.seconds:.1f} s"
        x = (f"{one_line(trial.x)} ({trial.right})",) if abx else ()
        rows.append((str(i), one_line(trial.a), one_line(trial.b), *x, answer.choice, seconds))
    heads = ("", "A", "B", *(("X",) if abx else ()), "answer", "after")
    return _table("Trials", heads, rows, folded=True)


def _table(
    title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]], *, folded: bool = False
) -> dict[str, Any]:
    return {
        "title": title,
        "heads": list(heads),
        "rows": [list(row) for row in rows],
        "folded": folded,
    }


def _share(value: float) -> str:
    return f"{value * 100:.0f} %"


def _between(low: float, high: float) -> str:
    return f"{low * 100:.0f} to {high * 100:.0f} %"


def _p(value: float) -> str:
    return f"< {_SMALL}" if value < _SMALL else f"{value:.3f}"
