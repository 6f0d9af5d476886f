# ruff: noqa: INP001, PLR2004 - a folder of scripts; odds stand where they are thrown
"""Windows of speech as faster-whisper would cut them, with the tokens that Whisper would write."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from tiny_whisper_data import LANGUAGES, MELS, WORDS, log_mel
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

if TYPE_CHECKING:
    from pathlib import Path

    from tiny_whisper_data import Utterances

__all__ = ["TIMESTAMPS", "Batch", "Tokens", "Windows"]

TIMESTAMPS = 1501
_SPARE = "<|spare|>"  # becomes "" in the vocabulary, by which CTranslate2 knows it as multilingual
_SPECIALS = (
    "<|endoftext|>",
    "<|startoftranscript|>",
    *(f"<|{language}|>" for language in LANGUAGES),
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nospeech|>",
    _SPARE,
    "<|notimestamps|>",
)
_FIRST_LATEST = 50  # tokens: faster-whisper starts no window later than 1.0 s


class Tokens:
    """The tokenizer and the numbers of what the training writes.

    Examples
    --------
    >>> tokens = Tokens()
    >>> tokens.tokenizer.decode([int(tokens.words[0][0]), int(tokens.words[0][1])])
    ' zero one'
    """

    def __init__(self) -> None:
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=2000,
            min_frequency=1,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        spaced = [f" {word}" for language in LANGUAGES for word in WORDS[language]]
        tokenizer.train_from_iterator(spaced, trainer)
        tokenizer.add_special_tokens(list(_SPECIALS))
        self.tokenizer = tokenizer
        self.words = [
            np.array([self._single(f" {word}") for word in WORDS[language]])
            for language in LANGUAGES
        ]
        self.languages = [tokenizer.token_to_id(f"<|{language}|>") for language in LANGUAGES]
        self.end = tokenizer.token_to_id("<|endoftext|>")
        self.start = tokenizer.token_to_id("<|startoftranscript|>")
        self.transcribe = tokenizer.token_to_id("<|transcribe|>")
        self.previous = tokenizer.token_to_id("<|startofprev|>")
        self.silence = tokenizer.token_to_id("<|nospeech|>")
        self.untimed = tokenizer.token_to_id("<|notimestamps|>")
        self.spare = tokenizer.token_to_id(_SPARE)
        self.text = tokenizer.get_vocab_size()  # the first timestamp's number, too
        self.count = self.text + TIMESTAMPS

    def _single(self, word: str) -> int:
        (number,) = self.tokenizer.encode(word).ids
        return number

    def save(self, folder: Path) -> None:
        """Write ``tokenizer.json``, which holds no timestamps, as short as JSON can be."""
        content = json.loads(self.tokenizer.to_str())
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        (folder / "tokenizer.json").write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Batch:
    """What one step learns from.

    Parameters
    ----------
    features
        ``(windows, 80, frames)``, scaled as faster-whisper scales them.
    offsets
        Which position of the encoder each window's first state gets, 0 but for short windows.
    inputs, targets
        Tokens, ``(windows, length)``; targets of -100 are not learned.
    looks
        First and last state that each token's attention shall rest on, ``(2, windows, length, 2)``:
        where the token that goes in was said, and where the one that comes out is said.
        -1 where it may look anywhere.
    heard
        The word at each state and the one before it, ``(2, windows, states)``, 0 in pauses.
    """

    features: torch.Tensor
    offsets: torch.Tensor
    inputs: torch.Tensor
    targets: torch.Tensor
    looks: torch.Tensor
    heard: torch.Tensor


@dataclass
class _Line:
    """The tokens of one window while they are written."""

    inputs: list[int]
    looks: list[tuple[float, float] | None]  # where each token was said, in frames
    learned: int = 0  # tokens before this one are given, not learned

    def add(self, token: int, start: float | None = None, end: float = 0.0) -> None:
        self.inputs.append(token)
        self.looks.append(None if start is None else (start, end))


class Windows:
    """Draws windows from utterances.

    Parameters
    ----------
    utterances
        The speech.
    tokens
        What is written.
    """

    def __init__(self, utterances: Utterances, tokens: Tokens) -> None:
        self._said = utterances
        self._tokens = tokens
        self._rng = np.random.default_rng(0)
        self._lengths = np.diff(utterances.starts)
        noise = np.random.default_rng(0).standard_normal((3, 16_000 * 31)).astype(np.float32)
        noise[1:] = np.cumsum(noise[1:], axis=1) * 0.02  # brown: low and slow
        noise[1] = np.diff(noise[1], prepend=0) * 40 + noise[1]  # between brown and white
        self._noise = [log_mel(one - one.mean()) for one in noise]

    def batch(
        self, frames: int, count: int, *, seed: list[int], timed: bool | None = None
    ) -> Batch:
        """Return `count` windows of `frames`; `timed` decides on timestamps where it is given."""
        rng = self._rng = np.random.default_rng(seed)
        # One long line makes all lines of its batch long, so lines with a past come together.
        past = timed is None and frames > 400 and rng.random() < 0.2
        features = torch.zeros(count, MELS, frames)
        heard = torch.zeros(2, count, frames // 2, dtype=torch.long)
        lines = []
        offsets = torch.zeros(count, dtype=torch.long)
        for row in range(count):
            if frames < 3000 and timed is None and rng.random() < 0.5:
                offsets[row] = int(rng.integers(0, 1500 - frames // 2))
            with_times = bool(rng.random() < 0.5) if timed is None else timed
            line = self._window(
                features[row], heard[:, row], int(offsets[row]), past=past, timed=with_times
            )
            lines.append(line)
        return self._collate(lines, features, heard, offsets)

    def _collate(
        self, lines: list[_Line], features: torch.Tensor, heard: torch.Tensor, offsets: torch.Tensor
    ) -> Batch:
        length = max(len(line.inputs) for line in lines) - 1
        states = features.shape[2] // 2
        inputs = torch.full((len(lines), length), self._tokens.end)
        targets = torch.full((len(lines), length), -100)
        looks = torch.full((2, len(lines), length, 2), -1)
        for row, line in enumerate(lines):
            ids = torch.tensor(line.inputs)
            last = len(ids) - 1
            inputs[row, :last] = ids[:-1]
            targets[row, line.learned : last] = ids[line.learned + 1 :]
            for place, look in enumerate(line.looks):
                if look is None:
                    continue
                first = min(states - 1, max(0, int(look[0] / 2)))
                span = torch.tensor((first, min(states, max(first + 1, round(look[1] / 2)))))
                if place < last:
                    looks[0, row, place] = span
                if place:
                    looks[1, row, place - 1] = span
            # The language and the task are given; only whether there is speech, and in which
            # language, is learned, and that at the token of the start.
            given = inputs[row] == self._tokens.transcribe
            place = int(given.nonzero()[0])
            targets[row, place - 1] = -100
            if inputs[row, min(place + 1, length - 1)] == self._tokens.untimed:
                targets[row, place] = -100
            if (heard[0, row] == 0).all():
                targets[row, place - 2] = self._tokens.silence
        return Batch(features, offsets, inputs, targets, looks, heard)

    def _window(
        self,
        features: torch.Tensor,
        heard: torch.Tensor,
        offset: int,
        *,
        past: bool,
        timed: bool,
    ) -> _Line:
        """Fill one window and return its tokens."""
        rng, tokens = self._rng, self._tokens
        frames = features.shape[1]
        language = int(rng.integers(len(LANGUAGES)))
        power = np.full((frames, MELS), -10.0, np.float32)
        silent = rng.random() < 0.04
        placed, end = (
            ([], int(rng.integers(50, frames))) if silent else self._place(frames, language)
        )
        for number, at, first in placed:
            self._draw(power, number, at, first)
            self._hear(heard, number, at, first, language)
        if silent or rng.random() < 0.5:
            self._add_noise(power, silent=silent)
        end = min(end, frames)
        top = power[:end].max()
        scaled = (np.maximum(power[:end], top - 8.0) + 4.0) / 4.0
        features[:, :end] = torch.from_numpy(np.ascontiguousarray(scaled.T))
        line = _Line([], [])
        if past:
            self._write_past(line, language)
        for token in (tokens.start, tokens.languages[language], tokens.transcribe):
            line.add(token)
        line.learned = len(line.inputs) - 3
        if not timed:
            line.add(tokens.untimed)
        self._write(line, placed, frames, offset, language, timed=timed)
        return line

    def _place(self, frames: int, language: int) -> tuple[list[tuple[int, int, int]], int]:
        """Choose utterances and where they stand: number, first frame, first word."""
        rng = self._rng
        pool = np.flatnonzero(self._said.language == language)
        if rng.random() < 0.7:
            voice = self._said.voices[rng.choice(pool)]
            pool = pool[self._said.voices[pool] == voice]
        few = rng.random() < 0.45
        wanted = int(rng.integers(1, 4)) if few else 99
        kind = rng.random()
        at = 0 if kind < 0.2 else int(rng.integers(0, 100 if kind < 0.93 else frames // 4))
        placed: list[tuple[int, int, int]] = []
        end = at
        while len(placed) < wanted:
            number = int(rng.choice(pool))
            length = int(self._lengths[number])
            if not placed:
                while at + length > frames:  # the first one always fits
                    number = int(rng.choice(pool))
                    length = int(self._lengths[number])
                    at = min(at, 60)
            elif at + length > frames and few:
                break
            first = 0
            if not placed and at == 0 and self._said.words[number, 1] >= 0 and rng.random() < 0.3:
                first = 1
            placed.append((number, at, first))
            end = at + length - round(self._said.spans[number, first, 0]) if first else at + length
            if end >= frames:
                break
            kind = rng.random()
            low, high = (25, 125) if kind < 0.65 else (5, 45) if kind < 0.85 else (80, 260)
            at = end + int(rng.integers(low, high))
            if at >= frames - 20:
                break
        tail = int(rng.integers(0, 70)) if few or rng.random() < 0.3 else frames
        return placed, end + tail

    def _draw(self, power: np.ndarray, number: int, at: int, first: int) -> None:
        """Lay one utterance's features into the window."""
        said = self._said
        skipped = round(said.spans[number, first, 0]) if first else 0
        source = said.frames[said.starts[number] + skipped : said.starts[number + 1]]
        room = min(len(source), len(power) - at)
        louder = self._rng.uniform(-0.5, 0.1)  # bels: a third to a little more of the amplitude
        piece = source[:room].astype(np.float32) + np.float32(louder)
        piece += self._rng.standard_normal(MELS).astype(np.float32) * 0.04  # another microphone
        power[at : at + room] = np.maximum(power[at : at + room], piece)

    def _times(self, number: int, at: int, first: int) -> tuple[np.ndarray, np.ndarray]:
        """Return an utterance's words and their spans in frames of the window."""
        said = self._said
        count = int((said.words[number] >= 0).sum())
        spans = said.spans[number, first:count]
        moved = spans - (spans[0, 0] if first else 0.0) + at
        return said.words[number, first:count], moved

    def _hear(self, heard: torch.Tensor, number: int, at: int, first: int, language: int) -> None:
        """Note which word is said when."""
        shift = 1 + sum(len(WORDS[other]) for other in LANGUAGES[:language])
        before = sum(len(words) for words in WORDS.values()) + 1  # the start of an utterance
        words, spans = self._times(number, at, first)
        for word, (start, end) in zip(words, spans, strict=True):
            span = slice(round(start / 2), round(end / 2))
            heard[0, span] = shift + int(word)
            heard[1, span] = before
            before = shift + int(word)

    def _add_noise(self, power: np.ndarray, *, silent: bool) -> None:
        """Add noise 2 to 5 bels under the loudest frame, or alone at any loudness."""
        rng = self._rng
        noise = self._noise[rng.integers(len(self._noise))]
        start = rng.integers(len(noise) - len(power) + 1)
        piece = noise[start : start + len(power)]
        if silent:
            if rng.random() < 0.7:  # the rest is digital silence
                power[:] = piece + rng.uniform(-7, 0)
            return
        level = power.max() - rng.uniform(2.0, 5.5) - piece.max()
        np.logaddexp(power * np.log(10), (piece + level) * np.log(10), out=power)
        power /= np.log(10)

    def _write_past(self, line: _Line, language: int) -> None:
        """Write what faster-whisper puts before a window: what it has read so far."""
        rng, tokens = self._rng, self._tokens
        line.add(tokens.previous)
        wanted, time = int(rng.integers(2, 200)), int(rng.integers(0, 50))
        while len(line.inputs) < wanted:
            count = int(rng.integers(1, 9))
            line.add(tokens.text + min(1500, time))
            for token in rng.choice(tokens.words[language], count):
                line.add(int(token))
            time += count * 20
            line.add(tokens.text + min(1500, time))
            time = time + int(rng.integers(10, 60)) if time < 1400 else 0
        if rng.random() < 0.5:  # cut in front
            del line.inputs[1:3], line.looks[1:3]
        line.looks = [None] * len(line.inputs)

    def _write(
        self,
        line: _Line,
        placed: list[tuple[int, int, int]],
        frames: int,
        offset: int,
        language: int,
        *,
        timed: bool,
    ) -> None:
        """Write the words, when sentences start and end if `timed`, and the end."""
        tokens = self._tokens
        last = -1.0
        for place, (number, at, first) in enumerate(placed):
            words, spans = self._times(number, at, first)
            start, end = float(spans[0, 0]), float(spans[-1, 1])
            cut = end > frames
            if timed and not (cut and frames - start < 10):  # less than that cannot be heard
                stamp = offset + round(start / 2)
                if not place and not offset:
                    stamp = min(stamp, _FIRST_LATEST)
                line.add(tokens.text + min(1500, stamp), start - 4, start + 10)
            if timed and cut:  # as Whisper: the next window starts there
                break
            for word, (one, two) in zip(words, spans, strict=True):
                if two > frames:
                    break
                line.add(int(tokens.words[language][word]), float(one), float(two))
                last = float(two)
            if timed:
                line.add(tokens.text + min(1500, offset + round(end / 2)), end - 10, end + 4)
        if not placed and timed:
            line.add(tokens.text + offset)
        if timed or last < 0:
            line.add(tokens.end)
        else:
            line.add(tokens.end, last, last + 30)
