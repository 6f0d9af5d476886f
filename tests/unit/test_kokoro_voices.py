"""The voices of Kokoro by name, and blends of them."""

from __future__ import annotations

import pytest

from workbench.engines.kokoro.voices import find, voices
from workbench.errors import ParameterError, VoiceNotFound
from workbench.voice import Voice


def test_there_are_54_voices_each_of_one_language():
    """The server before this one had 49: it offered Japanese, and no voice that speaks it."""
    counts: dict[str, int] = {}
    for voice in voices():
        counts[voice.language] = counts.get(voice.language, 0) + 1
    assert counts == {
        "en-us": 20, "en-gb": 8, "es": 3, "fr": 1, "hi": 4, "it": 2, "ja": 5, "pt": 3, "zh": 8,
    }  # fmt: skip


def test_a_voice_says_its_language_and_gender_by_its_first_letters():
    letters = {"en-us": "a", "en-gb": "b", "es": "e", "pt": "p", "zh": "z", "ja": "j"}
    for voice in voices():
        assert voice.name[0] == letters.get(voice.language, voice.language[0])
        assert voice.name[1] == voice.gender[0]


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("AF_Heart", "af_heart"),
        (" af_heart ", "af_heart"),
        ("af_heart*0.7+am_adam*0.3", "af_heart*0.7+am_adam*0.3"),
        ("af_heart * 7 , am_adam * 3", "af_heart*0.7+am_adam*0.3"),
        ("0.7*af_heart+0.3*am_adam", "af_heart*0.7+am_adam*0.3"),
        ("af_heart+am_adam", "af_heart*0.5+am_adam*0.5"),
        ("af_heart,am_adam,bf_emma", "af_heart*0.334+am_adam*0.333+bf_emma*0.333"),
        ("af_heart+af_heart", "af_heart"),
        ("af_heart*5+am_adam+af_heart*4", "af_heart*0.9+am_adam*0.1"),
        ("af_heart*0.000001+am_adam", "af_heart*0.001+am_adam*0.999"),
        ("es", "ef_dora"),
        ("PT-BR", "pf_dora"),
        ("french", "ff_siwis"),
    ],
)
def test_a_voice_has_one_canonical_name(name, canonical):
    found = find(name)
    assert found.info.name == canonical
    assert find(canonical) == found
    assert sum(weight for _, weight in found.parts) == pytest.approx(1)
    assert Voice(engine="kokoro", name=canonical).name == canonical


def test_any_weights_give_a_name_that_means_itself():
    """Rounding each weight alone makes thousandths that do not add up, and another name of them."""
    for a in range(1, 60, 7):
        for b in (1, 3, 977, 5000):
            found = find(f"af_heart*{a}+am_adam*{b}+bf_emma*1.5+ef_dora*0.25")
            assert find(found.info.name) == found
            assert round(sum(weight for _, weight in found.parts) * 1000) == 1000


def test_the_longest_blend_still_has_a_name_that_a_voice_may_have():
    names = sorted((voice.name for voice in voices()), key=len)[-5:]
    found = find("+".join(names))
    assert Voice(engine="kokoro", name=found.info.name)
    with pytest.raises(VoiceNotFound, match="more than 5"):
        find("+".join([*names, "af_heart"]))


def test_the_first_part_of_a_blend_says_the_language():
    assert find("ef_dora+af_heart").info.language == "es"
    assert find("af_heart+ef_dora").info.language == "en-us"
    assert find("af_heart+ef_dora").info.gender == "female"
    assert find("af_heart+am_adam").info.gender == ""


@pytest.mark.parametrize(
    "name",
    [
        "voices/ef_dora.pt", "/tmp/x.pt", "ef_dora.pt", "../ef_dora", "ef_dora,/etc/passwd",
        "af_heart+x.pt*0.5", "af_heart*0", "af_heart*-1+am_adam", "af_heart*nan+am_adam",
        "af_heart*1e9+am_adam", "af_heart**2", "*", "+", "af_heart+", "ef_dora\x00", "ef_dora\n.pt",
        "af_heart*٣+am_adam", "x" * 10_000,
    ],
)  # fmt: skip
def test_what_is_not_in_the_list_is_refused(name):
    """The package opens any string that ends in ``.pt`` as a file of pickled tensors."""
    with pytest.raises(VoiceNotFound) as caught:
        find(name)
    assert caught.value.cure


def test_a_name_near_none_is_answered_with_the_list():
    with pytest.raises(VoiceNotFound) as caught:
        find("nobody-at-all")
    assert all(voice.name in caught.value.cure for voice in voices())
    with pytest.raises(VoiceNotFound, match="did you mean 'af_heart'"):
        find("af_hart")
    with pytest.raises(ParameterError):
        find(None)
