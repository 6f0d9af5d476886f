"""The encoders that are known, and how each is set at each preset."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, suggest
from workbench.media.encoders.presets import PRESETS, RenderPreset

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CANDIDATES", "NAMES", "X264", "Encoder", "find_encoder", "settings"]


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """A video encoder with its settings, ready for a command line.

    Parameters
    ----------
    name
        As ffmpeg calls it.
    options
        Output options of ffmpeg, without dashes, ``c:v`` and (unless frames are uploaded)
        ``pix_fmt`` among them.
    codec
        ``h264``, ``hevc`` or ``av1``.
    preset
        The name of the preset it is set for.
    hardware
        Whether it is a part of a graphics card or processor.
    note
        What a person should know, a sentence; empty when it is what was asked for.
    upload
        The pixel format in which frames go to the device, by the filters ``format`` and
        ``hwupload`` at the end of the graph; empty when the encoder takes frames from memory.
    global_options
        What comes before the inputs.
    """

    name: str
    options: Mapping[str, Any]
    codec: str = "h264"
    preset: str = "production"
    hardware: bool = False
    note: str = ""
    upload: str = ""
    global_options: tuple[str, ...] = ()

    def single(self) -> Encoder:
        """Return it held to one thread; hardware has none to hold.

        Several such encoders at once fill the cores with less work than one that shares its frames
        out among threads.
        """
        options = dict(self.options)
        for name, value in _KINDS[self.name].single.items():
            joined = name in options and name.endswith("-params")
            options[name] = f"{options[name]}:{value}" if joined else value
        return replace(self, options=options)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**vars(self), "options": dict(self.options)}


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """What is known of an encoder before a preset is chosen."""

    name: str
    codec: str
    base: Mapping[str, Any]
    levels: Mapping[str, Mapping[str, Any]]
    pixels: str = "yuv420p"
    hardware: bool = True
    upload: str = ""
    single: Mapping[str, str] = field(default_factory=dict)


# ffmpeg 9 takes these from the frames (the filter setparams), older ones from here.
_TAGS = {
    "color_primaries": "bt709",
    "color_trc": "bt709",
    "colorspace": "bt709",
    "color_range": "tv",
}
_HIGH = {"profile:v": "high"}
_APPLE = {"tag:v": "hvc1"}  # without it QuickTime and Safari do not play HEVC


def _levels(name: str, draft: Any, preview: Any, production: Any) -> dict[str, dict[str, Any]]:
    values = zip(PRESETS, (draft, preview, production), strict=True)
    return {preset: {name: value} for preset, value in values}


def _software() -> tuple[_Kind, ...]:
    return (
        _Kind(
            name="libx264",
            codec="h264",
            # A lit word changes its colour and not its shape: at the usual offset a tint of gold
            # stayed on the word before (89 of 255 at worst, 52 with this), for 8 % more bytes.
            base={**_HIGH, "x264-params": "chroma-qp-offset=-4"},
            levels={p.name: {"preset": p.speed, "crf": p.crf} for p in PRESETS.values()},
            hardware=False,
            single={"threads": "1"},
        ),
        _Kind(
            name="libx265",
            codec="hevc",
            # The offsets as for x264. Closed groups of pictures: a player may begin at any key.
            base={
                **_APPLE,
                "x265-params": "log-level=error:open-gop=0:info=0:cbqpoffs=-4:crqpoffs=-4",
            },
            levels={
                "draft": {"preset": "ultrafast", "crf": 25},
                "preview": {"preset": "ultrafast", "crf": 22},
                "production": {"preset": "superfast", "crf": 24},
            },
            hardware=False,
            single={"x265-params": "pools=none:frame-threads=1", "threads": "1"},
        ),
        _Kind(
            name="libsvtav1",
            codec="av1",
            base={},
            levels={
                "draft": {"preset": 12, "crf": 44},
                "preview": {"preset": 10, "crf": 44},
                "production": {"preset": 8, "crf": 46},
            },
            hardware=False,
            single={"svtav1-params": "lp=1"},
        ),
    )


def _nvenc(codec: str, quality: tuple[int, int, int], base: Mapping[str, Any]) -> _Kind:
    levels = _levels("cq", *quality)
    for preset, speed in zip(levels, ("p1", "p3", "p5"), strict=True):
        levels[preset]["preset"] = speed
    # b:v=0 leaves the size to the quality asked for: the default is 2 Mbit/s whatever the picture.
    held = {"rc": "vbr", "b:v": 0, "tune": "hq", "spatial-aq": 1}
    if codec == "av1":
        held = {name: value for name, value in held.items() if name != "spatial-aq"}
    return _Kind(name=f"{codec}_nvenc", codec=codec, base={**held, **base}, levels=levels)


def _hardware() -> tuple[_Kind, ...]:
    """Return the settings by each maker's own guide; only a machine that has one can measure it."""
    h264, hevc = _HIGH, _APPLE
    amf = {"usage": "transcoding", "rc": "cqp"}
    kinds = [
        _nvenc("h264", (28, 26, 23), h264),
        _nvenc("hevc", (30, 28, 25), hevc),
        _nvenc("av1", (38, 35, 31), {}),
    ]
    for codec, base, step in (("h264", h264, 0), ("hevc", hevc, 2)):
        kinds += [
            _Kind(  # q:v, 1 to 100, is for Apple's own processors: on others the trial says so
                name=f"{codec}_videotoolbox",
                codec=codec,
                base={**base, "g": 250},
                levels=_levels("q:v", 50, 55, 65),
            ),
            _Kind(
                name=f"{codec}_qsv",
                codec=codec,
                base={**base, "preset": "medium", "g": 250},
                levels=_levels("global_quality", 28 + step, 26 + step, 23 + step),
                pixels="nv12",
            ),
            _Kind(
                name=f"{codec}_vaapi",
                codec=codec,
                base={**base, "rc_mode": "CQP", "g": 250},
                levels=_levels("qp", 28 + step, 26 + step, 22 + step),
                pixels="",
                upload="nv12",
            ),
            _Kind(
                name=f"{codec}_amf",
                codec=codec,
                base={**base, **amf, "g": 250},
                levels={
                    preset: {"quality": quality, "qp_i": qp - 2, "qp_p": qp}
                    for preset, quality, qp in (
                        ("draft", "speed", 28 + step),
                        ("preview", "balanced", 26 + step),
                        ("production", "quality", 23 + step),
                    )
                },
            ),
        ]
    return tuple(kinds)


_KINDS = {kind.name: kind for kind in (*_software(), *_hardware())}

CANDIDATES = tuple(_KINDS)
"""Every encoder that is known, as ffmpeg calls it; `workbench doctor` tries them all."""

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "x264": "libx264",
        "x265": "libx265",
        "av1": "libsvtav1",
        "nvenc": "h264_nvenc",
        "videotoolbox": "h264_videotoolbox",
        "qsv": "h264_qsv",
        "vaapi": "h264_vaapi",
        "amf": "h264_amf",
    }
)
"""Short names for them; the hardware ones mean H.264, which plays everywhere."""


def find_encoder(name: str) -> str:
    """Return ffmpeg's name of an encoder.

    Raises
    ------
    ParameterError
        When it is not known.

    Examples
    --------
    >>> find_encoder("nvenc"), find_encoder("libx265")
    ('h264_nvenc', 'libx265')
    """
    found = NAMES.get(str(name), str(name))
    if found not in _KINDS:
        hint = suggest(str(name), ["auto", *NAMES, *CANDIDATES])
        raise ParameterError(
            f"{name!r} is not an encoder",
            subject="encoder",
            cure=hint or f"use auto, {', '.join(NAMES)}, or a name of ffmpeg such as hevc_nvenc",
        )
    return found


def settings(name: str, preset: RenderPreset, note: str = "") -> Encoder:
    """Return an encoder as a preset sets it, whether it works here or not.

    Parameters
    ----------
    name
        As ffmpeg calls it, one of `CANDIDATES`.
    preset
        Which settings.
    note
        What to tell a person of the choice.
    """
    kind = _KINDS[name]
    options = {"c:v": name, **kind.levels[preset.name], **kind.base, **_TAGS}
    if kind.pixels:
        options["pix_fmt"] = kind.pixels
    device = ("-vaapi_device", _render_node()) if kind.upload else ()
    return Encoder(
        name=name,
        options=options,
        codec=kind.codec,
        preset=preset.name,
        hardware=kind.hardware,
        note=note,
        upload=kind.upload,
        global_options=device,
    )


def _render_node() -> str:
    """Return the first device that renders, or the name the first one would have."""
    nodes = sorted(Path("/dev/dri").glob("renderD*"))
    return str(nodes[0]) if nodes else "/dev/dri/renderD128"


X264: dict[str, Any] = dict(settings("libx264", PRESETS["production"]).options)
"""What production takes; ``docs/encoders.md`` has the reasons."""
