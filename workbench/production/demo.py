"""The demo: the whole chain on the embedded default, in one call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import ParameterError, suggest
from workbench.production.job import JobResult, run

if TYPE_CHECKING:
    import os

    from workbench.progress import Report

__all__ = ["SCRIPTS", "demo"]

SCRIPTS = {
    "es": (
        "espeak:es",
        """\
Todo empieza con una frase, escrita en una celda de un cuaderno.
La máquina la lee en voz alta, y anota en qué instante suena cada palabra.
Esa palabra se enciende aquí abajo, justo cuando la oyes: ni antes, ni después.
Cambia la voz, cambia el ritmo, y vuelve a escucharla hasta que te guste.
Luego guarda el resultado, y produce cien videos mientras duermes.
Cada archivo lleva su recibo: qué texto, qué voz, qué números lo hicieron.
Así, mañana, podrás hacerlo otra vez, exactamente igual.
""",
    ),
    "en": (
        "espeak:en-us",
        """\
It starts with one sentence, written in a cell of a notebook.
The machine reads it aloud, and notes the instant at which each word is heard.
That word lights up down here, just as you hear it: not before, and not after.
Change the voice, change the pace, and listen again until it sounds right.
Then keep the result, and make a hundred videos while you sleep.
Every file carries its receipt: which text, which voice, and which numbers made it.
So tomorrow you can make it again, exactly as it is today.
""",
    ),
}
"""A voice and a script of about half a minute, by language."""


def demo(
    language: str = "es",
    folder: str | os.PathLike[str] = "out",
    *,
    progress: Report | None = None,
) -> JobResult:
    """Make the demo video, its captions, its receipt and the notebook that made it.

    Parameters
    ----------
    language
        ``es`` or ``en``.
    folder
        Where the files go: ``demo.mp4`` and its companions.
    progress
        Called with the part that is done, 0 to 1; by default a bar is shown.

    Returns
    -------
    JobResult
        ``.output`` is the video, ``.files`` are all that was made.

    Raises
    ------
    ParameterError
        When there is no demo in that language.
    JobError
        When the notebook fails, see `workbench.production.job.run`.
    """
    if language not in SCRIPTS:
        cure = suggest(language, SCRIPTS) or f"there is {' and '.join(SCRIPTS)}"
        raise ParameterError("there is no demo in it", subject=language, cure=cure)
    voice, script = SCRIPTS[language]
    output = str(Path(folder) / "demo.mp4")
    values = {"script": script, "voice": voice, "output": output}
    return run("captioned_short", values, progress=progress)
