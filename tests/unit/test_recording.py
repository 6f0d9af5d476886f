"""The sound of a recording in pieces is the sound of it as a whole."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from faults.processes import gone

from workbench.audio import Audio
from workbench.errors import Cancelled, MediaError
from workbench.media.recording import read_sound, stream_sound

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.media


@pytest.mark.parametrize("channels", [1, 2, 6, 9])
@pytest.mark.parametrize("frames", [1, 16_384, 16_385, 100_000])
def test_pieces_joined_are_the_whole(tmp_path: Path, channels: int, frames: int):
    path = tmp_path / "a.wav"
    grains = np.random.default_rng(1).normal(size=(frames, channels)) * 0.1
    soundfile.write(path, grains, 22_050, subtype="FLOAT")
    pieces = list(stream_sound(path))
    assert Audio.join(pieces) == read_sound(path)
    assert len(pieces) == -(-frames // 16_384)
    assert {(piece.rate, piece.channels) for piece in pieces} == {(22_050, min(channels, 2))}


def test_damage_is_told_where_it_is_come_to(media: Path):
    path = media / "broken" / "truncated_jfk.flac"
    for reading in (read_sound, lambda file: list(stream_sound(file))):
        with pytest.raises(MediaError):
            reading(path)


def test_whoever_stops_reading_leaves_no_decoder(tmp_path: Path):
    path = Audio.silence(60, 48_000).write(tmp_path / "a.wav")
    pieces = stream_sound(path)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined] # a generator
    assert gone()
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        next(stream_sound(path, cancel=cancel))
