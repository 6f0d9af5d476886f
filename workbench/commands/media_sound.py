"""The part of ``workbench media`` that is about sound: what it looks like, how loud it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.commands.output import AsJson, show, warn
from workbench.commands.values import dimensions, loudness_target
from workbench.errors import ParameterError

__all__ = ["add_to"]

Sound = Annotated[Path, typer.Argument(help="A sound or a video.")]
PictureFile = Annotated[Path, typer.Option("--output", "-o", help=".png .jpg or .webp")]
SoundFile = Annotated[Path, typer.Option("--output", "-o", help=".wav .flac .mp3 .ogg …")]
Colour = Annotated[str, typer.Option("--colour", help="#rrggbb or a CSS name.")]
Background = Annotated[str, typer.Option("--background", help="#rrggbb or a CSS name.")]
_INK, _GROUND = "#7aa2f7", "#101826"


def add_to(app: typer.Typer) -> None:
    """Add the commands to the group."""
    for command in (audio, wav, waveform, spectrum, loudness, speed):
        app.command()(command)
    app.command("waveform-video")(waveform_video)


def audio(
    *,
    file: Annotated[Path, typer.Argument(help="A video or a sound.")],
    output: SoundFile,
    encode: Annotated[
        bool, typer.Option("--encode", help="Encode anew even where copying would do.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the sound of a clip into a file of its own."""
    from workbench.media.extract_sound import extract_audio

    made = extract_audio(file, output, copy=not encode)
    how = "copied" if made.copied else "encoded"
    show(made.to_dict(), f"{output}: {made.duration:.2f} s, {made.codec}, {how}", as_json=as_json)


def wav(
    *,
    file: Annotated[Path, typer.Argument(help="Raw samples; - reads standard input.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The .wav file.")],
    rate: Annotated[int, typer.Option("--rate", "-r", help="Hz.")] = 24_000,
    channels: Annotated[int, typer.Option("--channels", "-c", help="1 to 8.")] = 1,
    kind: Annotated[str, typer.Option("--format", "-f", help="s16le, f32le, mulaw …")] = "s16le",
    target_rate: Annotated[
        int | None, typer.Option("--target-rate", help="Hz of the file.")
    ] = None,
    target_channels: Annotated[
        int | None, typer.Option("--target-channels", help="Channels of the file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write raw samples, as speech services return them, as a WAV file."""
    from workbench.media.extract_sound import pcm_to_wav

    raw: Any = sys.stdin.buffer.read() if str(file) == "-" else file
    made = pcm_to_wav(
        raw, output, rate=rate, channels=channels, sample_format=kind,
        target_rate=target_rate, target_channels=target_channels,
    )  # fmt: skip
    text = f"{output}: {made.duration:.2f} s, {made.rate} Hz, {made.channels} channels"
    show(made.to_dict(), text, as_json=as_json)


def waveform(
    *,
    file: Sound,
    output: PictureFile,
    width: Annotated[int, typer.Option("--width", "-w", help="Pixels.")] = 1200,
    height: Annotated[int, typer.Option("--height", help="Pixels.")] = 300,
    colour: Colour = _INK,
    background: Background = _GROUND,
    split: Annotated[bool, typer.Option("--split", help="Left above right.")] = False,
    scale: Annotated[str, typer.Option("--scale", help="linear or db.")] = "linear",
    floor: Annotated[float, typer.Option("--floor", help="dB that db begins at.")] = -60.0,
    normalize: Annotated[
        bool, typer.Option("--normalize", help="The loudest peak reaches the edge.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Draw the waveform of a sound."""
    from workbench.media.soundpictures import waveform_picture

    made = waveform_picture(
        file, output, width=width, height=height, colour=colour, background=background,
        channels="split" if split else "mix", scale=scale, floor=floor, normalize=normalize,
    )  # fmt: skip
    _picture(output, made, as_json=as_json)


def spectrum(
    *,
    file: Sound,
    output: PictureFile,
    width: Annotated[int, typer.Option("--width", "-w", help="Pixels.")] = 1200,
    height: Annotated[int, typer.Option("--height", help="Pixels.")] = 500,
    scale: Annotated[str, typer.Option("--scale", help="mel, log or linear.")] = "mel",
    lowest: Annotated[float, typer.Option("--lowest", help="Hz at the bottom.")] = 40.0,
    highest: Annotated[float | None, typer.Option("--highest", help="Hz at the top.")] = None,
    floor: Annotated[float, typer.Option("--floor", help="dB that is drawn darkest.")] = -90.0,
    window: Annotated[int, typer.Option("--window", help="Samples, 256 to 16384.")] = 2048,
    colours: Annotated[str, typer.Option("--colours", help="magma, viridis, gray …")] = "magma",
    axes: Annotated[bool, typer.Option("--axes/--no-axes", help="Write times and Hz.")] = True,
    as_json: AsJson = False,
) -> None:
    """Draw the spectrum of a sound over time."""
    from workbench.media.spectrum import spectrum_picture

    made = spectrum_picture(
        file, output, width=width, height=height, scale=scale, lowest=lowest, highest=highest,
        floor=floor, window=window, colours=colours, axes=axes,
    )  # fmt: skip
    _picture(output, made, as_json=as_json)


def waveform_video(
    *,
    file: Sound,
    output: Annotated[Path, typer.Option("--output", "-o", help="The .mp4 file.")],
    size: Annotated[str, typer.Option("--size", help="WIDTHxHEIGHT, or 9:16 …")] = "1:1",
    fps: Annotated[float, typer.Option("--fps", help="Frames per second.")] = 30,
    style: Annotated[str, typer.Option("--style", help="scroll or progress.")] = "scroll",
    window: Annotated[float, typer.Option("--window", help="Seconds seen in scroll.")] = 4.0,
    colour: Colour = _INK,
    background: Background = _GROUND,
    as_json: AsJson = False,
) -> None:
    """Make a video of a recording, with its waveform moving."""
    from workbench.media.moving_waveform import waveform_video as make

    made = make(
        file, output, size=dimensions(size, "--size") or (1080, 1080), fps=fps, style=style,
        window=window, colour=colour, background=background,
    )  # fmt: skip
    text = f"{output}: {made.width}x{made.height}, {made.duration:.2f} s"
    show(made.to_dict(), text, as_json=as_json)


def loudness(
    *,
    file: Sound,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it at the target loudness.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", "-t", help="shorts, podcast, audiobook, or LUFS.")
    ] = None,
    true_peak: Annotated[
        float | None,
        typer.Option("--true-peak", help="dBTP that no peak passes; -1, or -2 for .mp3."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how loud a sound is, or write it at a named loudness."""
    from workbench.audio import FORMATS
    from workbench.media.loudness import CODED_PEAK, TRUE_PEAK, normalize
    from workbench.media.loudness import loudness as measure
    from workbench.media.outputs import target as goal_of
    from workbench.media.recording import read_sound

    if (output is None) != (target is None):
        raise ParameterError(
            "needs a --target" if target is None else "needs an --output",
            subject="--output" if target is None else "--target",
        )
    if output is None:
        if true_peak is not None:
            raise ParameterError("is for an --output", subject="--true-peak")
        found = measure(read_sound(file))
        show(found.to_dict(), f"{file}: {found}", as_json=as_json)
        return
    goal_of(output, FORMATS, inputs=[file])
    wanted = loudness_target(str(target), "--target")
    lossless = output.suffix.lower() in {".wav", ".flac"}
    ceiling = true_peak if true_peak is not None else TRUE_PEAK if lossless else CODED_PEAK
    done = normalize(read_sound(file), wanted, true_peak=ceiling)
    done.audio.write(output)
    warn(done.warnings)
    data = {"path": str(output), **done.to_dict()}
    show(data, f"{output}: {done.after} (was {done.before})", as_json=as_json)


def speed(
    *,
    file: Sound,
    output: Annotated[Path, typer.Option("--output", "-o", help=".wav .flac .mp3 or .ogg")],
    factor: Annotated[float, typer.Option("--factor", "-f", help="2 lasts half as long.")],
    as_json: AsJson = False,
) -> None:
    """Make a sound faster or slower at the same pitch."""
    from workbench.audio import FORMATS
    from workbench.media.limits import number
    from workbench.media.outputs import target as goal_of
    from workbench.media.recording import read_sound
    from workbench.media.sounds import change_speed

    number("--factor", factor, 0.25, 4)
    goal_of(output, FORMATS, inputs=[file])
    made = change_speed(read_sound(file), factor)
    made.write(output)
    data = {"path": str(output), "duration": made.duration, "factor": factor}
    show(data, f"{output}: {made.duration:.2f} s", as_json=as_json)


def _picture(output: Path, made: Any, *, as_json: bool) -> None:
    height, width = made.shape[:2]
    data = {"path": str(output), "width": width, "height": height}
    show(data, f"{output}: {width}x{height}", as_json=as_json)
