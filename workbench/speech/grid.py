"""What a sweep tries: every combination of voices, seeds and options, or a random few of them.

Everything that can be wrong is found here, before a word is spoken: a voice that is not there, an
option that an engine lacks, a value out of its range.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from workbench.engines.registry import engine
from workbench.errors import ParameterError, shown, suggest
from workbench.speech.spans import MOST, Spread, whole
from workbench.speech.voices import resolve
from workbench.voice import Preset, Voice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.options import Option, Value

__all__ = ["Choice", "Grid"]

_SEEDS = 2**32
_SHUFFLED = 100_000  # combinations that are put in a random order; of more, some are drawn
_APART = {"voice": "voices", "seed": "seeds"}  # what has a list of its own


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One combination: who speaks, with which seed and which options.

    Parameters
    ----------
    voice
        The engine and its voice.
    seed
        None where the engine has no chance in it, or it is left to the engine.
    options
        Those that were given, by the grid or by the voice's preset.
    """

    voice: Voice
    seed: int | None
    options: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class _Axes:
    """All the combinations of one voice: the first axis moves slowest, the seeds fastest."""

    voice: Voice
    preset: Mapping[str, Value]
    names: tuple[str, ...]
    values: tuple[tuple[Value, ...], ...]
    seeds: tuple[int | None, ...]

    @property
    def size(self) -> int:
        return math.prod([len(self.seeds), *map(len, self.values)])

    def at(self, index: int) -> Choice:
        """Return the combination of that number."""
        index, seed = divmod(index, len(self.seeds))
        picked: list[Value] = []
        for axis in reversed(self.values):
            index, place = divmod(index, len(axis))
            picked.append(axis[place])
        options = dict(zip(self.names, reversed(picked), strict=True))
        return Choice(voice=self.voice, seed=self.seeds[seed], options={**self.preset, **options})


class Grid:
    """The combinations that a sweep may try.

    Parameters
    ----------
    voices
        A voice or several, as `workbench.speech.speak` takes them; None for the default voice.
    seeds
        Whole numbers; they count only for engines that leave something to chance.
    options
        By name a list, a range or a `Spread` of values, or one value for all.

    Raises
    ------
    VoiceNotFound, EngineNotFound, EngineMissing
        When a voice is not there.
    ParameterError
        When an option is unknown to one of the engines, or a value is out of its range.

    Examples
    --------
    >>> grid = Grid(["espeak:es", "espeak:en-us"], options={"rate": [150, 200], "pitch": 40})
    >>> len(grid), grid.at(1).options
    (4, {'rate': 200, 'pitch': 40})
    >>> Grid(options={"rate": [150], "pich": [40]})
    Traceback (most recent call last):
    workbench.errors.ParameterError: pich: is no option of espeak; did you mean 'pitch'?
    """

    def __init__(
        self,
        voices: object = None,
        *,
        seeds: object = None,
        options: Mapping[str, object] | None = None,
    ) -> None:
        given = dict(options or {})
        found = [resolve(cast("Any", name)) for name in _named(voices)]
        names = dict.fromkeys(voice.engine for voice, _, _ in found)
        known = {name: engine(name).options.describe() for name in names}
        _check_names(given, {name: [o.name for o in specs] for name, specs in known.items()})
        listed = _seeds(seeds)
        self._axes: list[_Axes] = []
        for voice, _, preset in found:
            specs = {option.name: option for option in known[voice.engine]}
            seeded = engine(voice.engine).capabilities.seeded
            axes = _Axes(
                voice=voice,
                preset=preset,
                names=tuple(given),
                values=tuple(_values(value, specs[name]) for name, value in given.items()),
                seeds=listed if seeded else (None,),
            )
            self._axes.append(axes)

    def __len__(self) -> int:
        return sum(axes.size for axes in self._axes)

    @property
    def size(self) -> int:
        """How many combinations there are, however many (`len` ends at 2**63)."""
        return sum(axes.size for axes in self._axes)

    def at(self, index: int) -> Choice:
        """Return the combination of that number, from 0."""
        for axes in self._axes:
            if index < axes.size:
                return axes.at(index)
            index -= axes.size
        raise IndexError(index)

    def order(self, *, sample: int | None = None, seed: int = 0) -> Iterator[int]:
        """Return the numbers of the combinations, each once: in order, or at random.

        Parameters
        ----------
        sample
            None for all of them in order; else they come at random, and the caller stops when
            it has so many.
        seed
            Of the random order: the same one gives the same order.

        Raises
        ------
        ParameterError
            When there are more than `MOST` and no sample is asked for, or the sample or its seed
            is no such number.
        """
        total = self.size
        whole(seed, "sample_seed", 0, _SEEDS - 1)
        if sample is not None:
            whole(sample, "sample", 1, MOST)
            return _shuffled(total, random.Random(seed))  # noqa: S311 - no secret in it
        if total > MOST:
            raise ParameterError(
                f"has {total:,} variants, more than {MOST:,}",
                subject="sweep",
                cure="sample=50 tries a random 50 of them",
            )
        return iter(range(total))


def _shuffled(total: int, chance: random.Random) -> Iterator[int]:
    if total <= _SHUFFLED:
        yield from chance.sample(range(total), total)
        return
    seen: set[int] = set()
    while len(seen) < total:
        index = chance.randrange(total)
        if index not in seen:
            seen.add(index)
            yield index


def _named(voices: object) -> list[object]:
    if voices is None or isinstance(voices, str | Voice | Preset):
        return [voices]
    return _listed(voices, "voices")


def _seeds(seeds: object) -> tuple[int | None, ...]:
    if seeds is None:
        return (None,)
    if isinstance(seeds, Spread):
        raise ParameterError("must be whole numbers", subject="seeds", cure="such as range(1, 6)")
    many = _is_list(seeds)
    listed = _listed(seeds, "seeds") if many else [seeds]
    return tuple(dict.fromkeys(whole(seed, "seeds", 0, _SEEDS - 1) for seed in listed))


def _values(given: object, option: Option) -> tuple[Value, ...]:
    if isinstance(given, Spread):
        return given.values(option)
    listed = _listed(given, option.name) if _is_list(given) else [given]
    return tuple(dict.fromkeys(option.check(value) for value in listed))


def _is_list(given: object) -> bool:
    """Whether something stands for several values. A set does not: it has no order to repeat."""
    ordered = isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping)
    return ordered and not isinstance(given, set | frozenset)


def _listed(given: object, subject: str) -> list[object]:
    if not _is_list(given):
        raise ParameterError(f"must be a list, not {shown(given)}", subject=subject)
    if isinstance(given, np.ndarray):
        given = given.ravel().tolist()
    if isinstance(given, Sequence) and len(given) > MOST:
        raise ParameterError(
            f"has {len(given):,} values, more than {MOST:,}",
            subject=subject,
            cure="span(low, high, count) takes some of a range",
        )
    listed: list[object] = []
    for value in cast("Iterable[object]", given):
        if len(listed) == MOST:
            raise ParameterError(f"has more than {MOST:,} values", subject=subject)
        listed.append(value)
    if not listed:
        raise ParameterError("has no values", subject=subject, cure="give at least one")
    return listed


def _check_names(given: Mapping[str, object], known: Mapping[str, Sequence[str]]) -> None:
    """Refuse an option that one of the engines lacks.

    Raises
    ------
    ParameterError
        With the nearest name, or with the engine that has it.
    """
    for name in given:
        owners = [who for who, names in known.items() if name in names]
        lacking = [who for who in known if who not in owners]
        if not lacking:
            continue
        if owners:
            raise ParameterError(
                f"is no option of {', '.join(lacking)}, only of {', '.join(owners)}",
                subject=name,
                cure="sweep their voices apart",
            )
        if name in _APART:
            cure = f"the keyword is {_APART[name]}=[…]"
        else:
            every = list(dict.fromkeys(option for names in known.values() for option in names))
            others = ("voices", "seeds", "sample", "sample_seed", "jobs", "measure", "listener")
            near = suggest(name, every) or suggest(name, others)
            cure = near or f"the options are {', '.join(every)}"
        raise ParameterError(f"is no option of {', '.join(lacking)}", subject=name, cure=cure)
