"""A text spoken in many ways, to be compared: a grid of options, seeds and voices, or a sample."""

from __future__ import annotations

import os
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from workbench.errors import TextError, WorkbenchError
from workbench.paths import file_kind
from workbench.progress import bar
from workbench.script import Line, Script
from workbench.speech.ears import ears
from workbench.speech.grid import Choice, Grid
from workbench.speech.spans import MOST, whole
from workbench.speech.sweep_task import Task
from workbench.speech.sweeping import speak_all
from workbench.speech.variant import Variant, labels
from workbench.speech.variants import Sweep
from workbench.storage.cache import TakeCache
from workbench.text.lexicon import Lexicon

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Mapping

    from workbench.options import Value
    from workbench.progress import Report
    from workbench.speech.sweep_task import Outcome
    from workbench.voice import Preset, Voice

__all__ = ["one_line_of", "sweep"]

_MANY = 25  # variants from which on it is worth showing a bar
_MOST_JOBS = 64


def sweep(
    text: str | Script,
    *,
    voices: str | Voice | Preset | Iterable[str | Voice | Preset] | None = None,
    seeds: int | Iterable[int] | None = None,
    sample: int | None = None,
    sample_seed: int = 0,
    jobs: int | None = None,
    measure: bool = True,
    listener: str | None = None,
    normalize: bool | Mapping[str, bool] = True,
    lexicon: Lexicon | str | os.PathLike[str] | None = None,
    cache: bool = True,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
    **grid: Any,
) -> Sweep:
    """Speak a text with every combination of some voices, seeds and options.

    All that can be wrong with them is found before anything is spoken. Combinations that come to
    the same are spoken once. A variant that fails is kept with its error.

    Parameters
    ----------
    text
        One line of speech, see `workbench.script`.
    voices
        A voice or several, as `workbench.speech.speak.speak` takes them.
    seeds
        Whole numbers, for engines that use chance; others speak once whatever the seeds.
    sample
        Try only so many of the combinations, chosen at random, each at most once.
    sample_seed
        Of that choice: the same one chooses the same.
    jobs
        How many variants are spoken at once, where the engine lets them be, see
        `workbench.speech.sweeping`. None for what the machine has, where it is worth it.
    measure
        Whether each take is measured, see `workbench.speech.measure`.
    listener
        Who writes down what each take says, for its measures: ``stt``, ``stt:base``, see
        `workbench.speech.ears.ears`; None for nobody.
    normalize, lexicon, cache
        As for `workbench.speech.speak.speak`. With the cache, a sweep that was stopped goes on
        where it was, and one that is run again speaks only what is new.
    progress
        Called with the part that is done, 0 to 1, after each variant; by default many variants
        show a bar.
    cancel
        Set it from another thread to stop.
    **grid
        For each option of the engines its values: a list, a range, a `span`
        (`workbench.speech.spans.span`), or one value for all.

    Returns
    -------
    Sweep
        The variants in order: the first voice first, then by the options in the order they are
        given, the seeds last.

    Raises
    ------
    VoiceNotFound, EngineNotFound, EngineMissing
        When a voice is not there.
    ParameterError
        When an option is unknown or a value is not acceptable (also to one engine of several), or
        there are more than 1,000 combinations and no `sample` is asked for.
    TextError
        When the text is not one line that can be spoken.
    Cancelled
        When `cancel` was set.
    WorkbenchError
        When every variant failed: the first one's error.

    Examples
    --------
    >>> found = sweep("Hello, world.", rate=[150, 250], pitch=[30, 60], measure=False)
    >>> [variant.label for variant in found]
    ['rate 150, pitch 30', 'rate 150, pitch 60', 'rate 250, pitch 30', 'rate 250, pitch 60']
    >>> found.best("duration").options
    {'rate': 250, 'pitch': 60}
    """
    line = one_line_of(text)
    if jobs is not None:
        jobs = whole(jobs, "jobs", 1, _MOST_JOBS)
    tried = Grid(voices, seeds=seeds, options=grid)
    order = tried.order(sample=sample, seed=sample_seed)
    task = Task(
        text=line.text,
        cache=TakeCache() if cache else None,
        normalize=normalize,
        lexicon=Lexicon.project() if lexicon is None else Lexicon.of(lexicon),
        measure=measure,
        listener=ears(listener) if listener is not None and measure else None,
    )
    chosen = _distinct(tried, order, task, MOST if sample is None else sample)
    if task.listener is not None:
        task.listener.ready()
    many = progress is None and len(chosen) >= _MANY
    with bar("sweeping") if many else nullcontext(progress) as report:
        choices = [choice for choice, _ in chosen]
        outcomes = speak_all(task, choices, jobs=jobs, report=report, cancel=cancel)
    return _swept(
        line.text, [settings for _, settings in chosen], outcomes, _ways(normalize, lexicon)
    )


def one_line_of(text: str | Script) -> Line:
    """Return the one line of a text, which is all that a variant says."""
    if isinstance(text, str) and file_kind(text):
        raise TextError("looks like a file's name", subject=text, cure="give the text itself")
    script = text if isinstance(text, Script) else Script.parse(text, name="text")
    lines = script.lines
    if len(script.items) != 1 or len(lines) != 1:
        raise TextError(
            f"has {len(lines)} lines and {len(script.items) - len(lines)} pauses",
            subject="sweep",
            cure="a sweep speaks one line: write it as one, or sweep each by itself",
        )
    if lines[0].voice is not None:
        raise TextError(
            f"names the voice {lines[0].voice}", subject="sweep", cure="say voices=[…] instead"
        )
    return lines[0]


def _distinct(
    grid: Grid, order: Iterable[int], task: Task, most: int
) -> list[tuple[Choice, dict[str, Value]]]:
    """Return the choices that differ, in the grid's order, each with its settings.

    A setting that only some of a voice's choices name (a preset's) is told of the others, too.
    """
    found: dict[object, tuple[int, Choice, dict[str, Value]]] = {}
    for index in order:
        choice = grid.at(index)
        speaker = task.speaker(choice.voice, choice.options, choice.seed)
        effective = speaker.options.to_dict()
        same = (str(choice.voice), speaker.seed, tuple(effective.items()))
        if same not in found:
            found[same] = (index, choice, effective)
        if len(found) == most:
            break
    chosen = sorted(found.values(), key=lambda row: row[0])
    named = dict.fromkeys(name for _, choice, _ in chosen for name in choice.options)
    settings: list[tuple[Choice, dict[str, Value]]] = []
    for _, choice, effective in chosen:
        row: dict[str, Value] = {"voice": str(choice.voice)}
        row |= {name: effective[name] for name in named if name in effective}
        if choice.seed is not None:
            row["seed"] = choice.seed
        settings.append((choice, row))
    return settings


def _swept(
    text: str,
    settings: list[dict[str, Value]],
    outcomes: list[Outcome],
    ways: Mapping[str, object],
) -> Sweep:
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    if len(errors) == len(outcomes):
        first: WorkbenchError = errors[0]
        if len(errors) > 1:
            first.add_note(f"all {len(errors)} variants of the sweep failed; this is the first's")
        raise first
    variants = tuple(
        Variant(
            label=label,
            settings=row,
            take=outcome.take,
            measures=outcome.measures,
            error=outcome.error,
        )
        for label, row, outcome in zip(labels(settings), settings, outcomes, strict=True)
    )
    return Sweep(text=text, variants=variants, ways=ways)


def _ways(
    normalize: bool | Mapping[str, bool],  # noqa: FBT001 - as `sweep` was given it
    lexicon: Lexicon | str | os.PathLike[str] | None,
) -> dict[str, object]:
    """Return the arguments that `speak` needs as well, to say the same."""
    ways: dict[str, object] = {}
    if normalize is not True:
        ways["normalize"] = normalize if isinstance(normalize, bool) else dict(normalize)
    if isinstance(lexicon, str | os.PathLike):
        ways["lexicon"] = os.fspath(lexicon)
    return ways
