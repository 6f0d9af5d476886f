"""What there is to choose from, without a model, a package or a network."""

from __future__ import annotations

import subprocess
import sys
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from operating import Shop

from workbench.engines import kokoro, registry
from workbench.errors import (
    EngineMissing,
    EngineNotFound,
    FileGone,
    ModelError,
    ParameterError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import ToneEngine

VIDEO = "dQw4w9WgXcQ"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


# -- voices ----------------------------------------------------------------------------------


def test_voices_of_all_engines_are_told_as_they_are_asked_for(shop: Shop, tone: ToneEngine):
    told = shop.do("voices")["voices"]
    engines = {one["engine"] for one in told}
    assert "espeak" in engines
    for one in told:
        assert set(one) == {"name", "engine", "language", "label", "gender"}
        assert one["name"].startswith(f"{one['engine']}:")
    assert len({one["name"] for one in told}) == len(told) > 100
    named = shop.do("voices", engine="tone")["voices"]
    assert [one["name"] for one in named] == ["tone:high", "tone:low"]
    # A voice that is listed is one that is spoken with.
    name = named[1]["name"].partition(":")[2]
    shop.do("speak", text="Hi.", engine="tone", voice=name)
    assert tone.calls == ["Hi."]


def test_voices_are_found_by_their_language(shop: Shop):
    told = shop.do("voices", engine="espeak", language="es")["voices"]
    assert {one["language"] for one in told} >= {"es", "es-419"}
    assert all(one["language"].startswith("es") for one in told)
    assert shop.do("voices", engine="espeak", language="qqq")["voices"] == []


def test_an_engine_that_fails_is_left_out_unless_it_is_the_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tone: ToneEngine
):
    def broken() -> None:
        raise ModelError("does not answer", subject="tone")

    monkeypatch.setattr(tone, "voices", broken)
    monkeypatch.setattr("workbench.speech.voices.engines", lambda: ("espeak", "tone"))
    assert {one["engine"] for one in shop.do("voices")["voices"]} == {"espeak"}
    with pytest.raises(ModelError, match="does not answer"):
        shop.do("voices", engine="tone")


def test_an_engine_that_is_none_is_told(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(EngineNotFound, match="did you mean 'kokoro'"):
        shop.do("voices", engine="kokorro")
    monkeypatch.setattr(kokoro, "find_spec", lambda name: None)
    monkeypatch.delitem(registry._voices.loaded, "kokoro", raising=False)
    with pytest.raises(EngineMissing):
        shop.do("voices", engine="kokoro")


def test_kokoros_voices_are_names_and_need_no_kokoro(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """49 on the older server, and the 5 Japanese that it could not read."""
    monkeypatch.setattr(kokoro, "find_spec", lambda name: None)
    monkeypatch.delitem(registry._voices.loaded, "kokoro", raising=False)
    monkeypatch.setenv("WORKBENCH_MODELS", str(tmp_path / "none"))
    told = shop.do("kokoro_voices")["voices"]
    assert len(told) == len(set(told)) == 54
    assert {"af_heart", "af_bella", "bf_emma", "ef_dora", "jf_alpha", "zf_xiaobei"} <= set(told)


def test_lists_load_neither_torch_nor_an_engine():
    code = (
        "import sys, tempfile, pathlib\n"
        "from workbench.service.operations import Context, perform\n"
        "from workbench.storage.store import Store\n"
        "store = Store(pathlib.Path(tempfile.gettempdir(), 'none'), judge=None)\n"
        "for name in ('kokoro_voices', 'chatterbox_languages', 'voices', 'fonts'):\n"
        "    perform(name, {}, Context(store=store))\n"
        "heavy = {'torch', 'kokoro', 'chatterbox', 'faster_whisper', 'requests'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert not store.folder.exists()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_chatterbox_tells_23_languages(shop: Shop):
    told = shop.do("chatterbox_languages")["languages"]
    assert len(told) == 23
    assert (told["en"], told["es"], told["zh"]) == ("English", "Spanish", "Chinese")


def test_fonts_are_families_that_captions_find(shop: Shop):
    told = shop.do("fonts")["fonts"]
    assert "DejaVu Sans" in told
    assert told == sorted(set(told))


@pytest.mark.parametrize(
    "operation", ["kokoro_voices", "chatterbox_languages", "fonts", "voices", "youtube_transcript"]
)
def test_a_list_takes_no_parameter_that_it_has_not(shop: Shop, operation: str):
    with pytest.raises(ParameterError, match="has no such parameter"):
        shop.do(operation, limit=3)


# -- what is said in a video elsewhere -------------------------------------------------------


@dataclass
class Piece:
    text: str


@dataclass
class Transcript:
    language_code: str
    by: str

    @property
    def is_generated(self) -> bool:
        return self.by == "machine"

    def fetch(self) -> Iterator[Piece]:
        return iter([Piece(f"{self.by}\nin"), Piece(self.language_code)])


class Elsewhere:
    """Stands in for the package youtube-transcript-api 1.x."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.there: dict[str, list[Transcript]] = {}
        self.error: Exception | None = None
        self.session: Any = None
        module = types.ModuleType("youtube_transcript_api")
        module.YouTubeTranscriptApi = self.api  # type: ignore[attr-defined] # made here
        patch.setitem(sys.modules, "youtube_transcript_api", module)

    def api(self, proxy_config: object = None, http_client: object = None) -> Elsewhere:
        assert proxy_config is None
        self.session = http_client
        return self

    def list(self, video_id: str) -> Iterator[Transcript]:
        if self.error is not None:
            raise self.error
        return iter(self.there[video_id])


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    pytest.importorskip("requests", reason="comes with the package that is stood in for")
    return Elsewhere(monkeypatch)


@pytest.mark.parametrize(
    ("there", "told"),
    [
        ([Transcript("en", "machine")], "machine in en"),
        ([Transcript("de", "person"), Transcript("en", "machine")], "machine in en"),
        ([Transcript("en", "machine"), Transcript("en-GB", "person")], "person in en-GB"),
        ([Transcript("es", "machine"), Transcript("fr", "person")], "person in fr"),
    ],
)
def test_what_is_said_is_told_in_english_or_in_what_there_is(
    shop: Shop, elsewhere: Elsewhere, there: list[Transcript], told: str
):
    """Of a video without English the library's short way tells that it has nothing."""
    elsewhere.there[VIDEO] = there
    assert shop.do("youtube_transcript", video_id=VIDEO) == {"video_id": VIDEO, "transcript": told}


def test_nobody_waits_for_ever(shop: Shop, elsewhere: Elsewhere):
    elsewhere.there[VIDEO] = [Transcript("en", "person")]
    shop.do("youtube_transcript", video_id=VIDEO)
    assert elsewhere.session.request.keywords == {"timeout": 20.0}


def test_whatever_fails_is_not_there(shop: Shop, elsewhere: Elsewhere):
    """As for the older server, which answered 404; but no text of somebody else's is passed on."""
    for error in (RuntimeError("/home/me/secret"), KeyError(VIDEO), OSError(111, "refused")):
        elsewhere.error = error
        with pytest.raises(FileGone) as caught:
            shop.do("youtube_transcript", video_id=VIDEO)
        assert caught.value.subject == VIDEO
        assert type(error).__name__ in caught.value.problem
        assert "secret" not in str(caught.value)
    elsewhere.error = None
    elsewhere.there[VIDEO] = []
    with pytest.raises(FileGone):
        shop.do("youtube_transcript", video_id=VIDEO)


def test_without_the_package_it_is_named(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "youtube_transcript_api", None)
    with pytest.raises(EngineMissing) as caught:
        shop.do("youtube_transcript", video_id=VIDEO)
    assert caught.value.cure == "pip install 'media-workbench[serve]'"


@pytest.mark.parametrize(
    "video",
    ["", "short", f"{VIDEO}x", f"{VIDEO[:-1]}\n", "../../../et", "dQw4w9WgXc&", "ｄQw4w9WgXcQ",
     f"https://www.youtube.com/watch?v={VIDEO}", "x" * 100_000],
)  # fmt: skip
def test_what_is_no_video_is_asked_of_nobody(shop: Shop, elsewhere: Elsewhere, video: str):
    with pytest.raises(ParameterError) as caught:
        shop.do("youtube_transcript", video_id=video)
    assert elsewhere.session is None
    assert caught.value.subject == "video_id"
    assert len(str(caught.value)) < 300
