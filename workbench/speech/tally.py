"""What the answers of a blind comparison say: wins, how likely they are by chance, and ranks."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import one_line, shown
from workbench.speech.chance import binomial_interval, binomial_p, holm
from workbench.speech.ranking import bradley_terry
from workbench.speech.trials import NONE, pairs_of
from workbench.speech.verdict import LEVEL, verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workbench.speech.trials import Answer, Trial

__all__ = ["PairTally", "Rank", "Tally", "count"]

_EVEN = 1e-6  # of strengths that share a place
_NORMAL = 1.96  # standard errors that hold 95 %


@dataclass(frozen=True, kw_only=True)
class PairTally:
    """How two takes came out against each other.

    Parameters
    ----------
    first, second
        Their labels.
    wins, losses
        How often the first was preferred, and the second; in ABX, how often X was recognised, and
        how often not.
    ties
        How often no difference was heard; these say nothing about which is better and are left out
        of `p` and of the interval (the sign test).
    p
        How likely so uneven a count is if only chance decided; see
        `workbench.speech.chance.binomial_p`. Two-sided for a preference, one-sided for ABX.
    adjusted
        The same, where several pairs are tested at once (Holm 1979).
    low, high
        Between which shares of the wins the true share lies with 95 % (Clopper and Pearson 1934).
    """

    first: str
    second: str
    wins: int
    losses: int
    ties: int
    p: float
    adjusted: float
    low: float
    high: float

    @property
    def decided(self) -> int:
        """How many answers tell the two apart."""
        return self.wins + self.losses

    @property
    def share(self) -> float | None:
        """The wins out of all that were decided; None for none."""
        return self.wins / self.decided if self.decided else None


@dataclass(frozen=True, kw_only=True)
class Rank:
    """Where a take stands among all that it was compared with.

    Parameters
    ----------
    place
        From 1, the best.
    label
        The take.
    wins, losses, ties
        Over all its pairs.
    strength
        Its logarithm in the model of Bradley and Terry, 0 for an average take; see
        `workbench.speech.ranking`.
    error
        The standard error of `strength`.
    chance
        How likely it is preferred to an average take.
    """

    place: int
    label: str
    wins: int
    losses: int
    ties: int
    strength: float
    error: float
    chance: float

    @property
    def interval(self) -> tuple[float, float]:
        """Between which strengths the true one lies with 95 %, near enough."""
        return self.strength - _NORMAL * self.error, self.strength + _NORMAL * self.error


@dataclass(frozen=True, kw_only=True, repr=False)
class Tally:
    """The result of one or of several sessions.

    Parameters
    ----------
    kind
        ``ab`` or ``abx``.
    listeners
        How many sessions it is of.
    answered, trials
        How many trials were answered, and how many there were to be.
    pairs
        A row for each pair of takes that was heard.
    ranks
        A row for each take, the best first; none for ABX, which asks for no preference.
    warnings
        What stands in the way of taking the numbers at their word.
    """

    kind: str
    listeners: int
    answered: int
    trials: int
    pairs: tuple[PairTally, ...]
    ranks: tuple[Rank, ...]
    warnings: tuple[str, ...] = ()

    @property
    def best(self) -> str | None:
        """The label of the take of the first place; None where there is none, or two share it."""
        first = [rank.label for rank in self.ranks if rank.place == 1]
        return first[0] if len(first) == 1 else None

    @property
    def verdict(self) -> str:
        """The result in words; see `workbench.speech.verdict`."""
        return verdict(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Tally:
        """Return the result that `to_dict` described."""
        pairs = tuple(PairTally(**row) for row in data["pairs"])
        ranks = tuple(Rank(**row) for row in data["ranks"])
        rest = {**data, "warnings": tuple(data["warnings"])}
        return cls(**{**rest, "pairs": pairs, "ranks": ranks})

    def __repr__(self) -> str:
        first = f", first {shown(self.best, limit=40)}" if self.best else ""
        return f"Tally({self.kind}: {self.answered} of {self.trials} trials answered{first})"

    def __str__(self) -> str:
        done = f"{self.answered} of {self.trials} trials answered"
        lines = [
            self.verdict,
            done if self.listeners == 1 else f"{self.listeners} sessions, {done}",
        ]
        lines += [
            f"{rank.place}. {one_line(rank.label)}: {rank.wins} won, {rank.losses} lost, "
            f"{rank.ties} even; beats an average take {rank.chance:.0%}"
            for rank in self.ranks
        ]
        for pair in self.pairs:
            if self.kind == "abx":
                told = f"{pair.wins} of {pair.decided} right"
            else:
                told = f"{pair.wins} : {pair.losses}, {pair.ties} even"
            lines.append(
                f"{one_line(pair.first)} / {one_line(pair.second)}: {told}, p = {pair.p:.3g}"
            )
        return "\n".join([*lines, *(f"note: {warning}" for warning in self.warnings)])


def count(
    sessions: Iterable[Sequence[tuple[Trial, Answer | None]]], *, kind: str, labels: Sequence[str]
) -> Tally:
    """Return what the answers of the sessions, taken together, say.

    Parameters
    ----------
    sessions
        Of each listener, the trials with their answers, None for those without.
    kind
        ``ab`` or ``abx``.
    labels
        Of all the takes, in their order.

    Examples
    --------
    >>> from workbench.speech.trials import Answer, schedule
    >>> trials = schedule(["old", "new"], kind="ab", rounds=6, seed=1)
    >>> new = [(t, Answer(trial=t.uid, choice="A" if t.a == "new" else "B")) for t in trials]
    >>> tally = count([new], kind="ab", labels=["old", "new"])
    >>> tally.best, tally.pairs[0].p
    ('new', 0.03125)
    """
    heard = [list(session) for session in sessions]
    answers = [(trial, said) for session in heard for trial, said in session if said is not None]
    counts = _counts(answers)
    rows = [(pair, counts[pair]) for pair in pairs_of(labels) if pair in counts]
    sided = "greater" if kind == "abx" else "two"
    ps = [binomial_p(c["win"], c["win"] + c["loss"], sided=sided) for _, c in rows]
    pairs = tuple(
        _pair(pair, c, p, adjusted)
        for (pair, c), p, adjusted in zip(rows, ps, holm(ps), strict=True)
    )
    ranks, drawn = _ranks(pairs, labels) if kind == "ab" and answers else ((), False)
    return Tally(
        kind=kind,
        listeners=len(heard),
        answered=len(answers),
        trials=sum(len(session) for session in heard),
        pairs=pairs,
        ranks=ranks,
        warnings=tuple(_warnings(heard, answers, drawn=drawn)),
    )


def _counts(
    answers: Iterable[tuple[Trial, Answer]],
) -> dict[tuple[str, str], Counter[str]]:
    """Return for each pair that was heard, either way round, how often what came out."""
    counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    turned = {"win": "loss", "loss": "win", "tie": "tie"}
    for trial, said in answers:
        if said.choice == NONE:
            end = "tie"
        else:
            end = "win" if said.choice == (trial.right or "A") else "loss"
        counts[trial.a, trial.b][end] += 1
        counts[trial.b, trial.a][end if trial.x else turned[end]] += 1
    return dict(counts)


def _pair(pair: tuple[str, str], counts: Counter[str], p: float, adjusted: float) -> PairTally:
    wins, losses = counts["win"], counts["loss"]
    low, high = binomial_interval(wins, wins + losses)
    return PairTally(
        first=pair[0],
        second=pair[1],
        wins=wins,
        losses=losses,
        ties=counts["tie"],
        p=p,
        adjusted=adjusted,
        low=low,
        high=high,
    )


def _ranks(pairs: Sequence[PairTally], labels: Sequence[str]) -> tuple[tuple[Rank, ...], bool]:
    """Return the takes in their order, and whether their strengths had to be drawn together."""
    at = {label: i for i, label in enumerate(labels)}
    table = [[0.0] * len(labels) for _ in labels]
    sums: dict[str, Counter[str]] = {label: Counter() for label in labels}
    for pair in pairs:
        one, other = at[pair.first], at[pair.second]
        table[one][other] = pair.wins + pair.ties / 2
        table[other][one] = pair.losses + pair.ties / 2
        sums[pair.first].update(win=pair.wins, loss=pair.losses, tie=pair.ties)
        sums[pair.second].update(win=pair.losses, loss=pair.wins, tie=pair.ties)
    found = bradley_terry(table)
    order = sorted(labels, key=lambda label: -found.logs[at[label]])
    ranks: list[Rank] = []
    for number, label in enumerate(order, 1):
        strength = found.logs[at[label]]
        shared = ranks and ranks[-1].strength - strength < _EVEN
        ranks.append(
            Rank(
                place=ranks[-1].place if shared else number,
                label=label,
                wins=sums[label]["win"],
                losses=sums[label]["loss"],
                ties=sums[label]["tie"],
                strength=strength,
                error=found.errors[at[label]],
                chance=found.against_average(at[label]),
            )
        )
    return tuple(ranks), found.regularised


def _warnings(
    sessions: Sequence[Sequence[tuple[Trial, Answer | None]]],
    answers: Sequence[tuple[Trial, Answer]],
    *,
    drawn: bool,
) -> Iterable[str]:
    missing = sum(said is None for session in sessions for _, said in session)
    if missing:
        yield (
            f"{missing} trials have no answer: p-values hold for a number of trials that was fixed "
            "beforehand, not for who stops when the result pleases"
        )
    if drawn:
        yield (
            "a take won or lost all that it was in, or was not heard: the ranks count a tie more "
            "for each pair, without which there is no strength"
        )
    said = Counter(answer.choice for _, answer in answers)
    bias = binomial_p(said["A"], said["A"] + said["B"])
    if bias < LEVEL:
        yield (
            f"A was chosen {said['A']} times and B {said['B']} (p = {bias:.2g}): it may be the "
            "side that decided"
        )
    if len(sessions) > 1:
        yield (
            "answers of several listeners are counted as if each were given on its own: where "
            "listeners differ, p-values are too small"
        )
