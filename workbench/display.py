"""What a notebook shows for the values of this package.

Values import no widget. When the package is imported in a notebook, `register` tells IPython, by
the names of their types, how they look. A value that plays has two outputs, and the order of who
may show what is the reason for both:

=====================================  ==========================================
a running notebook                     the player; it hides the second output
a notebook reopened, not trusted       the picture, and the sound with transcript
nbconvert, nbviewer                    the same
GitHub, which cuts out sound           the picture
a terminal                             the line of text
=====================================  ==========================================

So the picture stands in one bundle with the widget, and HTML never does: a viewer that takes the
HTML and then cuts the sound out of it would show nothing.

A plan, and a video that has yet to be rendered, are a picture and then a table. The result of a job
is what it made, and then the list of its files. A caption style, a title, a colour and a GIF are
pictures.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError, one_line
from workbench.widgets import stills, tables, tallied, twin
from workbench.widgets.clip import Clip
from workbench.widgets.made import MADE
from workbench.widgets.outputs import flush, sendable
from workbench.widgets.pictures import bundle, with_picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.widgets.outputs import Bundle, Publish
    from workbench.widgets.panel import Panel

__all__ = ["bundle", "plan_bundles", "register", "show", "show_job", "show_plan", "twin_bundle"]


def _batch(result: Any) -> str:
    from workbench.production.report import summary_html
    from workbench.production.report.links import url_of

    # A kernel's folder is its notebook's, and that is what a front end takes an address from.
    return summary_html(result.jobs, report=url_of(str(result.report), str(Path.cwd())))


_PLAYABLE = (
    ("workbench.audio", "Audio"),
    ("workbench.take", "Take"),
    ("workbench.take", "Narration"),
    ("workbench.media.rendered", "RenderedVideo"),
    ("workbench.speech.variants", "Sweep"),
    ("workbench.widgets.panel", "Panel"),  # and so every widget
    *MADE,
)
_PLANNED = (("workbench.media.plan", "Plan"), ("workbench.media.video", "Video"))
_RUN = (("workbench.production.job", "JobResult"),)
_TABLES: dict[tuple[str, str], Callable[[Any], str]] = {
    ("workbench.captions.cues", "Cues"): twin.cue_table,
    ("workbench.recognition", "Recognition"): tables.heard_table,
    ("workbench.production.batch.result", "BatchResult"): _batch,
    ("workbench.speech.tally", "Tally"): tallied.tally_html,
    ("workbench.text.spoken", "Spoken"): tables.spoken_table,
}


def register(shell: Any) -> None:
    """Teach `shell`, a running IPython, how the values look; a terminal stays as it is."""
    if any(kind.__name__ == "TerminalInteractiveShell" for kind in type(shell).__mro__):
        return

    formatter = shell.display_formatter
    by_name = formatter.ipython_display_formatter.for_type_by_name
    for how, kinds in ((show, _PLAYABLE), (show_plan, _PLANNED), (show_job, _RUN)):
        for module, name in kinds:
            by_name(module, name, partial(_shown, shell, how))
    for (module, name), table in _TABLES.items():
        formatter.formatters["text/html"].for_type_by_name(module, name, partial(_html, table))
    for (mime, module, name), drawn in stills.DRAWN.items():
        formatter.formatters[mime].for_type_by_name(module, name, drawn)
    shell.events.register("post_run_cell", flush)


def _html(table: Callable[[Any], str], value: object) -> str:
    return sendable(table(value))


def _shown(shell: Any, how: Callable[[Any, Publish], object], value: object) -> None:
    """Show a value; where it cannot be (its file was removed, say), a line says why."""
    publish = shell.display_pub.publish
    try:
        how(value, publish)
    except WorkbenchError as error:
        told = one_line(f"{type(value).__name__}: {error}", limit=500)
        publish({"text/plain": told}, {}, transient={})


def show(value: object, publish: Publish) -> Panel:
    """Show a widget, or the player of a value that plays: with a picture, then its static twin.

    Parameters
    ----------
    value
        A widget of this package, a `Sweep`, or what `Player.of` takes.
    publish
        Called twice, and again when what the widget shows without a kernel has changed.

    Returns
    -------
    Panel
        The widget shown.
    """
    from workbench.widgets.panel import Panel

    panel = value if isinstance(value, Panel) else _widget_of(value)
    panel.output.show(publish)
    return panel


def _widget_of(value: object) -> Panel:
    from workbench.speech.variants import Sweep

    if isinstance(value, Sweep):
        from workbench.widgets.sweep_grid import SweepGrid

        return SweepGrid(value)
    from workbench.widgets.player import Player

    return Player.of(value)


def show_plan(value: object, publish: Publish) -> None:
    """Show a plan, or a video by its plan: a picture of it, then the table.

    Raises
    ------
    ParameterError
        When the parts do not make a video.
    """
    for data, metadata in plan_bundles(value):
        publish(data, metadata, transient={})


def show_job(value: Any, publish: Publish) -> None:
    """Show what a job made, where it plays, and then all its files and its warnings.

    Raises
    ------
    MediaError
        When the main file is gone or damaged.
    """
    from workbench.production.rebuild_compare import SOUNDS, VIDEOS
    from workbench.production.report.links import url_of

    if value.output is not None and value.output.suffix.lower() in SOUNDS | VIDEOS:
        show(value.output, publish)
    here = str(Path.cwd())
    links = [(path, url_of(str(path), here)) for path in value.files]
    table = sendable(tables.files_list(links, value.warnings))
    publish({"text/plain": str(value), "text/html": table}, {}, transient={})


def plan_bundles(value: Any) -> tuple[Bundle, Bundle]:
    """Return the two outputs of a plan, or of a video by its plan: the picture, then the table.

    Raises
    ------
    ParameterError
        When the parts do not make a video.

    Examples
    --------
    >>> import workbench as wb
    >>> picture, table = plan_bundles(wb.Video("16:9").scene(wb.Colour("navy"), duration=2))
    >>> list(picture[0]), "colour:navy" in table[0]["text/html"]
    (['text/plain', 'image/png'], True)
    """
    plan = value.plan() if hasattr(value, "plan") else value
    first = with_picture({"text/plain": str(plan)}, plan.picture(), 1)
    return first, ({"text/html": sendable(tables.plan_table(plan))}, {})


def twin_bundle(value: object, uid: str) -> Bundle:
    """Return the HTML of a value that plays: the second output; see `workbench.widgets.twin`."""
    return {"text/html": twin.html(Clip.of(value), uid)}, {}
