"""Every notebook of the tour, and the dashboard, run by papermill in Spanish.

With their defaults they speak English, see `test_defaults`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.notebooks.executed import NOTEBOOKS, Cells, by_papermill, outputs, said

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.notebook, pytest.mark.media]

SPANISH: dict[str, dict[str, Any]] = {
    "01_say": {
        "text": "¡Hola! Esto es el taller, y cada palabra que oyes sabe su instante.",
        "voice": "espeak:es",
        "slowly": "Con calma. No hay prisa.",
        "written": "El Dr. Soto pagó 25,50 € el 3/5/2026, un 21 % más que en 1999.",
        "lines": ["Buenos días. Aquí están las noticias.", "Y eso fue todo por hoy."],
    },
    "02_tune": {
        "text": "Bienvenidos de nuevo al canal. Hoy miramos voces.",
        "voice": "espeak:es",
        "calm_rate": 140,
        "lively_rate": 200,
        "name": "narradora",
        "note": "La voz del canal",
        "closing": "Desde ahora, esta es la narradora.",
    },
    "03_compare": {
        "sentence": "Cada mañana el puerto despierta antes que el pueblo.",
        "voices": ["espeak:es", "espeak:es-419"],
        "preset_name": "puerto",
        "closing": "Y así suena desde ahora.",
    },
    "04_captions": {
        "sample": "Oye cada palabra",
        "voices": ["espeak:es", "espeak:es-419"],
        "lines": [
            "Bienvenidos de nuevo. Hoy dos voces hablan de subtítulos.",
            "Y cada una tiene su propio color.",
        ],
        "found": "hablan de",
        "put": "comentan",
        "title": "Cómo se afina una voz",
        "detail": "Primera parte: el oído",
        "role": "Científica del habla",
    },
    "05_video": {
        "voice": "espeak:es",
        "lines": [
            "Tres colinas y una voz.",
            "Cada línea tiene su propia escena.",
            "Y la última dice adiós.",
        ],
        "title": "Tres colinas",
        "detail": "Un paseo por el constructor",
        "role": "Colinas",
        "found": "adiós",
        "put": "hasta luego",
        "mended_line": "Y la última saluda y dice adiós.",
        "own": ["Primero, las colinas.", "Luego, el cielo."],
    },
    "06_batch": {
        "texts": ["Buenos días a todos.", "Buenas noches a todos."],
        "voice": "espeak:es",
        "edited": "Buenas noches a todas.",
        "line": "Una línea en dos voces.",
        "voices": ["espeak:es", "espeak:es-419"],
    },
    "07_service": {
        "text": "Las mismas cinco llamadas, se haga donde se haga el trabajo.",
        "voice": "espeak:es",
        "lines": ["Una línea.", "Otra línea.", "Y una tercera."],
    },
    "tuner": {"text": "Hola, esto es una prueba.", "voice": "espeak:es"},
}
# What a cell shows when the values have acted: its id, and texts that it says in this order.
SHOWN = {
    "01_say": {
        "first": ["13 words, espeak:es"],
        "options": ["Con calma. No hay prisa.", "espeak:es"],
        "spoken-1": ["language='es'", "doctor"],
        "captions": ["es)"],
    },
    "02_tune": {
        "keep": ["narradora", "espeak", "'es'", "140"],
        "code": ['voice="narradora"'],
        "speak": ["Desde ahora", "espeak:es"],
    },
    "03_compare": {
        "sweep": ["6 variants", "Cada mañana"],
        "keep": ['voice = "espeak:es', "Y así suena desde ahora."],
    },
    "04_captions": {
        "edit-script": ["Bienvenidos", "comentan", "0 problems"],
        "files": ["same text: True", "same text: True", "same text: True"],
        "problems": ["[]"],
    },
    "05_video": {
        "scenes": ["espeak:es: Tres colinas", "espeak:es: Y la última dice adiós."],
        "sound": ["Tres colinas", "espeak:es", "3 cues"],
        "mend": ["3 lines, 1 accepted"],
        "own": ["espeak:es: Primero, las colinas.", "espeak:es: Luego, el cielo."],
        "again": ["of 5 pieces were there already"],
        "mended": ["mended.mp4", "3 captions"],
        "loudness": ["-14."],
    },
    "06_batch": {
        "cell-03": ["talk-1,Buenos días a todos.,espeak:es"],
        "cell-05": [" mistakes: ", "did you mean 'text'"],
        "cell-07": ["2 done"],
        "cell-11": ["2 done (2 unchanged)", "2 done (1 unchanged)"],
        "cell-13": ["2 takes"],
        "cell-15": ["ok"],
    },
    "07_service": {
        "local": ["'Las'", "'mismas'"],
        "remote": ["('local', 'remote')", "'Las'"],
        "jobs": ["'ready'"],
        "openai": ["(200, 'audio/mpeg', True)"],
    },
    "tuner": {"panel": ["Hola, esto es una prueba.", 'voice="espeak:es"']},
}


def test_every_notebook_but_the_jobs_is_here():
    """Those have tests of their own, in both languages: `test_jobs`, `test_short`."""
    found = {path.stem for path in NOTEBOOKS.glob("*/*.ipynb") if path.parent.name != "jobs"}
    assert found == set(SPANISH) == set(SHOWN)


@pytest.mark.parametrize("name", sorted(SPANISH))
def test_it_runs_in_spanish(name: str, tmp_path: Path, forked: str):
    (path,) = NOTEBOOKS.glob(f"*/{name}.ipynb")
    done = tmp_path / "executed.ipynb"
    by_papermill(path, done, SPANISH[name], kernel=forked)
    cells = outputs(done)
    for cell, wanted in SHOWN[name].items():
        shown, place = said(cells[cell]), 0
        for text in wanted:
            assert text in shown[place:], f"{cell}: {text}"
            place = shown.index(text, place) + len(text)
    if name == "07_service":
        _both_ways_refuse_alike(cells)


def _both_ways_refuse_alike(cells: Cells) -> None:
    errors = [line for line in said(cells["errors"]).splitlines() if "voice_not_found" in line]
    local, remote = errors
    assert local.removeprefix("local") == remote.removeprefix("remote")
    assert said(cells["await"]).rstrip().endswith("local")
