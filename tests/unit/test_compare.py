"""Blind comparisons: the schedule, the matched sounds, a session from first answer to tally."""

from __future__ import annotations

import copy
import io
import itertools
import math
import pickle
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

import workbench as wb
from workbench.audio import Audio
from workbench.errors import ParameterError
from workbench.speech.compare import Comparison, Tally, pool
from workbench.speech.loudness import loudness, true_peak
from workbench.speech.matched import CEILING, LOUDEST, Levels, blind_wav, levels
from workbench.speech.trials import Answer, Trial, schedule

if TYPE_CHECKING:
    from pathlib import Path


def tone(
    level: float = 0.5, *, seconds: float = 1.0, rate: int = 16_000, pitch: float = 440
) -> Audio:
    times = np.arange(round(seconds * rate), dtype=np.float32) / rate
    wave = level * np.sin(2 * np.pi * pitch * times)
    return Audio(samples=wave.astype(np.float32), rate=rate)


TAKES = {"one": tone(0.1), "two": tone(0.5, pitch=550), "three": tone(0.9, pitch=660)}


def prefer(session: Comparison, order: str) -> Comparison:
    """Answer all that is left for whoever stands first in `order`, a list of labels by comma."""
    places = order.split(",")
    while (trial := session.current) is not None:
        better = min(trial.a, trial.b, key=places.index)
        session = session.answer("A" if better == trial.a else "B")
    return session


# -- the schedule -----------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 3, 5])
def test_every_pair_is_heard_equally_often_and_from_both_sides(count: int) -> None:
    labels = [f"take {i}" for i in range(count)]
    trials = schedule(labels, kind="ab", rounds=4, seed=3)
    met = Counter(frozenset((t.a, t.b)) for t in trials)
    assert met == Counter({frozenset(p): 4 for p in itertools.combinations(labels, 2)})
    sides = Counter((t.a, t.b) for t in trials)
    assert set(sides.values()) == {2}
    assert len(sides) == count * (count - 1)


def test_each_round_has_every_pair_once_so_that_an_early_end_is_nearly_balanced() -> None:
    trials = schedule(list("abcd"), kind="ab", rounds=5, seed=9)
    for first in range(0, 30, 6):
        assert len({frozenset((t.a, t.b)) for t in trials[first : first + 6]}) == 6


def test_the_order_is_random_recorded_and_can_be_made_again() -> None:
    def order(seed: int, kind: str = "abx") -> list[tuple[str, str, str]]:
        return [(t.a, t.b, t.x) for t in schedule(list("abcd"), kind=kind, rounds=4, seed=seed)]

    assert order(1) == order(1)
    assert len({tuple(order(seed)) for seed in range(50)}) == 50
    session = Comparison.of(TAKES)
    again = schedule(session.labels, kind="ab", rounds=session.rounds, seed=session.seed)
    assert [(t.a, t.b) for t in again] == [(t.a, t.b) for t in session.trials]


def test_x_is_tossed_for_and_not_balanced() -> None:
    """Were X balanced, who counts could tell the last ones."""
    shares = [
        sum(t.x == t.a for t in schedule(["a", "b"], kind="abx", rounds=16, seed=seed))
        for seed in range(200)
    ]
    assert 7.5 < np.mean(shares) < 8.5
    assert 1.6 < np.std(shares) < 2.4  # a fair coin has 2
    for trial in schedule(["a", "b"], kind="abx", rounds=16, seed=1):
        assert trial.right == ("A" if trial.x == trial.a else "B")


def test_uids_say_nothing_and_never_repeat() -> None:
    one, two = (schedule(["a", "b"], kind="ab", rounds=100, seed=1) for _ in range(2))
    assert len({t.uid for t in (*one, *two)}) == 200  # the same seed, and other uids


# -- the sounds -------------------------------------------------------------------------------


def test_all_are_equally_loud_and_none_is_clipped() -> None:
    speech = wb.speak("Good evening.", voice="espeak:en-us")
    takes: dict[str, Any] = {**TAKES, "speech": speech}
    found = Comparison.of(takes)
    measured = {label: loudness(sound) for label, sound in found.heard.items()}
    assert found.levels.loudness is not None
    for label in found.labels:
        assert measured[label] == pytest.approx(found.levels.loudness, abs=0.1), label
        peak = true_peak(found.heard[label])
        assert peak is not None
        assert peak <= CEILING + 0.01, label
    assert found.levels.loudness <= LOUDEST
    gains = found.levels.gains
    assert gains["one"] - gains["two"] == pytest.approx(20 * math.log10(5), abs=0.2)


@pytest.mark.media
def test_another_meter_agrees(media: Path) -> None:
    """Recordings and synthetic speech of other rates, as ffmpeg's ebur128 measures them."""
    from workbench.media.loudness import loudness as measured

    files = sorted((media / "speech").glob("*.wav"))[:3]
    takes: dict[str, Any] = {file.name: file for file in files}
    for voice in ("espeak:en-us", "espeak:es"):
        takes[voice] = wb.speak(
            "A sentence that is long enough for a meter to settle on.", voice=voice
        )
    found = Comparison.of(takes)
    shown = [measured(sound) for sound in found.heard.values()]
    assert len(shown) >= 3
    levels_ = [one.integrated for one in shown]
    assert max(levels_) - min(levels_) < 0.1
    assert max(one.true_peak for one in shown) < CEILING + 0.1


def test_the_take_with_the_least_room_decides() -> None:
    """A click of full scale in a quiet sound: raised like the others it would be clipped."""
    spiky = tone(0.02).samples.copy()
    spiky[8_000] = 1.0
    found = Comparison.of({"even": tone(0.5), "spiky": Audio(samples=spiky, rate=16_000)})
    peak = true_peak(found.heard["spiky"])
    assert peak == pytest.approx(CEILING, abs=0.05)
    assert found.levels.loudness is not None
    assert found.levels.loudness < -30
    assert loudness(found.heard["even"]) == pytest.approx(found.levels.loudness, abs=0.1)


def test_a_very_quiet_take_is_matched_although_the_gate_moves() -> None:
    """Its second half lies below the gate of -70 LUFS before the gain, and above it after."""
    rng = np.random.default_rng(1)
    quiet = np.concatenate([tone(8e-4).samples[:, 0], 1.8e-4 * rng.standard_normal(16_000)])
    found = Comparison.of({"quiet": Audio(samples=quiet, rate=16_000), "loud": tone(0.8)})
    heard = {label: loudness(sound) for label, sound in found.heard.items()}
    assert heard["quiet"] == pytest.approx(heard["loud"], abs=0.1)


def test_rate_channels_and_length_give_nothing_away() -> None:
    wide = Audio(samples=np.stack([tone(rate=48_000).samples[:, 0]] * 2, axis=1), rate=48_000)
    found = Comparison.of(
        {"narrow": tone(seconds=0.7, rate=8_000), "wide": wide, "long": tone(seconds=1.5)}
    )
    shapes = {(sound.rate, sound.samples.shape) for sound in found.heard.values()}
    assert shapes == {(48_000, (72_000, 2))}
    narrow = found.heard["narrow"].samples
    assert np.abs(narrow[:33_000]).max() > 0.1  # its own 0.7 s
    assert not narrow[34_000:].any()  # then silence


def test_the_files_of_one_trial_differ_in_every_byte_that_could_tell_x() -> None:
    sound = tone(0.5)
    a, x = blind_wav(sound), blind_wav(sound)
    assert len(a) == len(x)
    assert a != x
    read, rate = soundfile.read(io.BytesIO(a))
    assert rate == 16_000
    error = read - sound.samples[:, 0]
    assert np.abs(error).max() <= 1.6 / 32_768  # two steps of dither, half a step of rounding
    assert abs(error.mean()) < 0.1 / 32_768


def test_loudness_can_be_left_as_it_is() -> None:
    found = Comparison.of(TAKES, match=False)
    assert found.levels.loudness is None
    assert set(found.levels.gains.values()) == {0.0}
    assert np.array_equal(found.heard["one"].samples, TAKES["one"].samples)


def test_a_sound_too_short_for_the_meter_is_matched_all_the_same() -> None:
    found = Comparison.of(
        {"blip": tone(0.05, seconds=0.2), "tone": tone(0.5, seconds=0.2, pitch=500)}
    )
    levels_ = [np.sqrt(np.mean(s.samples**2)) for s in found.heard.values()]
    assert levels_[0] == pytest.approx(levels_[1], rel=0.03)


@pytest.mark.parametrize(
    ("takes", "problem"),
    [
        ({"a": tone(), "b": Audio.silence(1, 16_000)}, "silent"),
        ({"a": tone(), "b": Audio.silence(0, 16_000)}, "no sound"),
        ({"a": tone(), "b": tone()}, "same sound"),
        ({"a": tone()}, "two takes"),
        ([tone()], "two takes"),
        (tone(), "two takes"),
        ([], "two takes"),
        ({"a": tone(), "b": 3}, "nothing that can be heard"),
        (3, "nothing that can be heard"),
        ({"a": tone(), "": tone(0.3)}, "text of 1"),
        ({"a": tone(), " ": tone(0.3)}, "text of 1"),
        ({"a": tone(), 3: tone(0.3)}, "text of 1"),
        ({"a": tone(), "b" * 2_000: tone(0.3)}, "text of 1"),
        ({str(i): tone(i / 200) for i in range(1, 102)}, "2 to 100"),
    ],
)
def test_what_cannot_be_compared_is_refused(takes: Any, problem: str) -> None:
    with pytest.raises(ParameterError, match=problem):
        Comparison.of(takes)


@pytest.mark.parametrize(
    ("options", "subject"),
    [
        ({"kind": "abc"}, "kind"),
        ({"kind": 3}, "kind"),
        ({"rounds": 0}, "rounds"),
        ({"rounds": 2.0}, "rounds"),
        ({"rounds": 5_000}, "rounds"),
        ({"seed": -1}, "seed"),
        ({"seed": "x"}, "seed"),
        ({"ties": 1}, "ties"),
        ({"ties": True, "kind": "abx"}, "ties"),
        ({"listener": 5}, "listener"),
    ],
)
def test_what_is_no_session_is_refused(options: dict[str, Any], subject: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Comparison.of(TAKES, **options)
    assert caught.value.subject == subject


def test_takes_of_a_list_are_called_by_what_they_are(tmp_path: Any) -> None:
    path = tone(0.3, pitch=300).write(tmp_path / "old.wav")
    hello = wb.speak("Hello.", voice="espeak:en-us")
    bye = wb.speak("Good bye.", voice="espeak:en-us")
    found = Comparison.of([path, hello, bye.parts[0].take, tone()])
    assert found.labels == ("old.wav", "espeak:en-us 1", "espeak:en-us 2", "take")


# -- a session --------------------------------------------------------------------------------


def test_an_answer_goes_to_the_current_trial_and_can_be_taken_back() -> None:
    session = Comparison.of(TAKES, rounds=2, seed=5)
    assert (session.remaining, session.finished) == (6, False)
    first = session.current
    assert first is not None
    one = session.answer("B", trial=first.uid, seconds=2.34567)
    assert (one.remaining, one.answers[0]) == (
        5,
        Answer(trial=first.uid, choice="B", seconds=2.346),
    )
    assert session.answers == ()  # a value: what was there stays
    assert one.undo() == session
    with pytest.raises(ParameterError, match="no answer to take back"):
        session.undo()
    with pytest.raises(ParameterError, match="not the trial"):  # a second click, too late
        one.answer("A", trial=first.uid)
    done = prefer(session, "one,two,three")
    assert (done.remaining, done.finished, done.current) == (0, True, None)
    with pytest.raises(ParameterError, match="finished"):
        done.answer("A")


def test_an_early_end_can_be_undone_too() -> None:
    session = Comparison.of(TAKES, rounds=2).answer("A").stop()
    assert (session.finished, session.remaining, session.current) == (True, 0, None)
    assert session.undo().remaining == 5
    assert session.stop() == session


@pytest.mark.parametrize("choice", ["a", "X", "none", "", None, 1])
def test_a_choice_that_is_none_is_refused(choice: Any) -> None:
    with pytest.raises(ParameterError, match="must be A or B"):
        Comparison.of(TAKES).answer(choice)


@pytest.mark.parametrize("seconds", [-1, math.nan, math.inf, "3", True])
def test_seconds_that_are_no_time_are_refused(seconds: Any) -> None:
    with pytest.raises(ParameterError):
        Comparison.of(TAKES).answer("A", seconds=seconds)


def test_defaults_suit_the_number_of_takes() -> None:
    def trials(count: int, kind: str = "ab") -> int:
        takes = {str(i): tone(i / 10) for i in range(1, count + 1)}
        return len(Comparison.of(takes, kind=kind).trials)

    assert [trials(n) for n in (2, 3, 4, 5)] == [12, 12, 12, 20]
    assert trials(2, "abx") == 16


def test_a_session_survives_copies_and_pickles() -> None:
    session = Comparison.of(TAKES, seed=1).answer("A")
    assert len(session.heard) == 3
    for other in (copy.deepcopy(session), pickle.loads(pickle.dumps(session))):  # noqa: S301
        assert other == session
        assert other.answer("B").heard.keys() == session.heard.keys()
    assert "one" in repr(session)
    assert hash(session) == hash(copy.deepcopy(session))


def test_levels_go_through_plain_values() -> None:
    found = levels(TAKES)
    assert Levels.from_dict(found.to_dict()) == found
    assert Trial.from_dict(Trial(uid="0" * 16, a="x", b="y").to_dict()).b == "y"


# -- the tally --------------------------------------------------------------------------------


def test_who_always_won_is_first_and_p_is_exact() -> None:
    session = prefer(Comparison.of(TAKES, rounds=6, seed=2), "two,one,three")
    tally = session.tally()
    assert [rank.label for rank in tally.ranks] == ["two", "one", "three"]
    assert [rank.place for rank in tally.ranks] == [1, 2, 3]
    assert tally.best == "two"
    assert [(r.wins, r.losses, r.ties) for r in tally.ranks] == [(12, 0, 0), (6, 6, 0), (0, 12, 0)]
    assert {pair.p for pair in tally.pairs} == {2 / 64}
    assert {pair.adjusted for pair in tally.pairs} == {6 / 64}
    by_pair = {(p.first, p.second): (p.wins, p.losses) for p in tally.pairs}
    assert by_pair == {("one", "two"): (0, 6), ("one", "three"): (6, 0), ("two", "three"): (6, 0)}
    assert any("a tie more" in warning for warning in tally.warnings)


def test_ties_are_left_out_of_p_and_are_halves_in_the_ranks() -> None:
    session = Comparison.of({k: TAKES[k] for k in ("one", "two")}, rounds=10, seed=4, ties=True)
    for number in range(10):
        trial = session.current
        assert trial is not None
        won = "A" if trial.a == "one" else "B"
        lost = "B" if won == "A" else "A"
        session = session.answer((["none"] * 4 + [won] * 5 + [lost])[number])
    tally = session.tally()
    pair = tally.pairs[0]
    assert (pair.wins, pair.losses, pair.ties, pair.decided) == (5, 1, 4, 6)
    assert pair.p == 2 * (1 + 6) / 64
    assert pair.share == pytest.approx(5 / 6)
    # 7 : 3 with ties as halves.
    assert tally.ranks[0].strength - tally.ranks[1].strength == pytest.approx(math.log(7 / 3))


def test_takes_that_nobody_could_tell_apart_share_a_place() -> None:
    session = Comparison.of(TAKES, rounds=2, ties=True)
    while not session.finished:
        session = session.answer("none")
    tally = session.tally()
    assert [rank.place for rank in tally.ranks] == [1, 1, 1]
    assert tally.best is None
    assert {pair.p for pair in tally.pairs} == {1.0}


def test_abx_counts_who_is_recognised_and_ranks_nobody() -> None:
    session = Comparison.of({k: TAKES[k] for k in ("one", "two")}, kind="abx", seed=8)
    for number in range(16):
        trial = session.current
        assert trial is not None
        wrong = "B" if trial.right == "A" else "A"
        session = session.answer(trial.right if number < 12 else wrong)
    tally = session.tally()
    pair = tally.pairs[0]
    assert (pair.wins, pair.losses) == (12, 4)
    assert pair.p == 2517 / 65536
    assert pair.low == pytest.approx(0.4762, abs=1e-4)
    assert tally.ranks == ()
    assert "12 of 16 right" in str(tally)


def test_who_stops_early_is_told_what_p_is_worth() -> None:
    session = Comparison.of(TAKES, rounds=6).answer("A").stop()
    assert any("17 trials have no answer" in w for w in session.tally().warnings)
    assert not any(
        "no answer" in w for w in prefer(Comparison.of(TAKES), "one,two,three").tally().warnings
    )


def test_who_always_says_a_is_found_out() -> None:
    session = Comparison.of(TAKES, rounds=4)
    while not session.finished:
        session = session.answer("A")
    tally = session.tally()
    assert {(pair.wins, pair.losses) for pair in tally.pairs} == {(2, 2)}  # sides are balanced
    assert any("A was chosen 12 times" in warning for warning in tally.warnings)


def test_an_empty_tally_says_nothing() -> None:
    tally = Comparison.of(TAKES).tally()
    assert (tally.answered, tally.pairs, tally.ranks, tally.best) == (0, (), (), None)


def test_a_tally_goes_through_plain_values() -> None:
    tally = prefer(Comparison.of(TAKES, rounds=2), "three,two,one").tally()
    assert Tally.from_dict(tally.to_dict()) == tally
    told = str(tally)
    assert repr(tally) == "Tally(ab: 6 of 6 trials answered, first 'three')"
    assert "1. three" in told
    assert "p = " in told


# -- several listeners ------------------------------------------------------------------------


def test_sessions_are_pooled() -> None:
    ann = prefer(Comparison.of(TAKES, rounds=4, listener="Ann"), "one,two,three")
    ben = prefer(Comparison.of(TAKES, rounds=2, listener="Ben"), "two,one,three")
    tally = pool([ann, ben])
    assert (tally.listeners, tally.answered) == (2, 18)
    by_pair = {(p.first, p.second): (p.wins, p.losses) for p in tally.pairs}
    assert by_pair == {("one", "two"): (4, 2), ("one", "three"): (6, 0), ("two", "three"): (6, 0)}
    assert any("several listeners" in warning for warning in tally.warnings)


def test_only_sessions_of_the_same_kind_and_takes_are_pooled() -> None:
    session = Comparison.of(TAKES)
    others = {**TAKES, "three": tone(0.8, pitch=660)}
    for sessions, problem in (
        ([], "at least one"),
        ([session, session.answer("A")], "twice"),
        ([session, Comparison.of(TAKES, kind="abx")], "abx"),
        ([session, Comparison.of(others)], "other takes"),
    ):
        with pytest.raises(ParameterError, match=problem):
            pool(sessions)
