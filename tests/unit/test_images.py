"""Foreign pictures in any thread, under any filter of warnings."""

from __future__ import annotations

import io
import logging
import struct
import threading
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from workbench.errors import MediaError, MediaTooLarge, WorkbenchError
from workbench.media.images import decoding
from workbench.media.limits import DEFAULT_LIMITS, Limits
from workbench.media.probe import probe
from workbench.media.stills import load

if TYPE_CHECKING:
    from pathlib import Path

RESOLUTION_UNIT = 296


def coloured(kind: str, **options: Any) -> bytes:
    pixels = np.random.default_rng(4).integers(0, 255, (40, 50, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def odd_tag(tmp_path: Path) -> Path:
    """A TIFF with two units of its resolution: Pillow warns of it, and reads the pixels."""
    data = bytearray(coloured("TIFF", tiffinfo={RESOLUTION_UNIT: 2}))
    place = struct.unpack_from("<I", data, 4)[0] + 2
    while struct.unpack_from("<H", data, place)[0] != RESOLUTION_UNIT:
        place += 12
    struct.pack_into("<I", data, place + 4, 2)
    path = tmp_path / "odd.tif"
    path.write_bytes(data)
    return path


def test_the_odd_picture_is_one_that_pillow_warns_of(odd_tag: Path):
    with pytest.warns(UserWarning, match="too many entries"), Image.open(odd_tag) as image:
        image.getexif()


@pytest.mark.parametrize("action", ["error", "always", "default"])
def test_no_warning_of_pillow_reaches_anybody(odd_tag: Path, action: Any):
    """Where warnings are errors, a picture with an odd tag was called damaged by `load`, and ended
    `probe` in a bare UserWarning; elsewhere a line of Pillow's stood among a notebook's output."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter(action)
        assert probe(odd_tag).kind == "image"
        assert load(odd_tag).shape == (40, 50, 3)
    assert not told


def test_a_warning_of_another_thread_is_still_told():
    """``catch_warnings`` filters for the whole process."""
    inside, seen = threading.Event(), threading.Event()
    quiet: list[str] = []

    def decode() -> None:
        with decoding("a.tif", DEFAULT_LIMITS):
            inside.set()
            seen.wait(10)
            warnings.warn("of this thread", stacklevel=1)
            quiet.append("said")

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        thread = threading.Thread(target=decode)
        thread.start()
        inside.wait(10)
        warnings.warn("of another", stacklevel=1)
        seen.set()
        thread.join()
    assert quiet == ["said"]
    assert [str(each.message) for each in told] == ["of another"]


def test_many_threads_leave_filters_and_the_alarm_as_they_were(odd_tag: Path, tmp_path: Path):
    """Two threads at once left Pillow's alarm off, and warnings ignored, for good."""
    bomb = tmp_path / "bomb.bmp"
    head = struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 30_000, 30_000, 1, 24, *[0] * 6)
    bomb.write_bytes(b"BM" + head)
    alarm = Image.MAX_IMAGE_PIXELS
    wrong: list[BaseException] = []

    def one() -> None:
        try:
            for _ in range(40):
                load(odd_tag)
                with pytest.raises(MediaTooLarge, match="900 megapixels, over the limit of 40"):
                    probe(bomb)
        except BaseException as error:  # noqa: BLE001 - told below
            wrong.append(error)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(odd_tag)
        before = list(warnings.filters)
        threads = [threading.Thread(target=one) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert list(warnings.filters) == before
        with pytest.raises(UserWarning, match="still an error"):
            warnings.warn("still an error", stacklevel=1)
    assert not wrong
    assert alarm == Image.MAX_IMAGE_PIXELS


def test_a_limit_above_pillows_own_is_told_as_pillows(media: Path):
    path = media / "hostile" / "png_30000x30000.png"
    with pytest.raises(MediaTooLarge, match="900 megapixels, over the limit of 179"):
        probe(path, limits=Limits(pixels=2_000_000_000))


@pytest.mark.faults
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("PNG", {}),
        ("JPEG", {}),
        ("GIF", {}),
        ("BMP", {}),
    ],
)
def test_damage_of_any_kind_names_the_file(kind: str, options: dict[str, Any], tmp_path: Path):
    """A damaged WebP ended in ``OSError: could not create decoder object``."""
    whole = coloured(kind, **options)
    path = tmp_path / f"damaged.{kind.lower()}"
    chance = np.random.default_rng(7)
    refused = []
    for turn in range(150):
        data = bytearray(whole[: chance.integers(1, len(whole))] if turn % 3 == 0 else whole)
        for place in chance.integers(0, min(len(data), 100), turn % 5 + 1):
            data[place] = chance.integers(0, 256)
        path.write_bytes(data)
        for read in (probe, load):
            try:
                read(path)
            except WorkbenchError as error:
                refused.append(error)
    assert len(refused) > 40
    assert {(isinstance(e, MediaError), e.subject) for e in refused} == {(True, str(path))}
    assert logging.getLogger("PIL").handlers


def test_errors_of_this_package_pass_as_they_are():
    with pytest.raises(MediaError, match="a: was told"), decoding("b", DEFAULT_LIMITS):
        raise MediaError("was told", subject="a")
    with pytest.raises(MediaError, match="b: is damaged"), decoding("b", DEFAULT_LIMITS):
        raise KeyError(1)
