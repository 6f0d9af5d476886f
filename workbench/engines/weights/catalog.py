"""The models that the engines use: where they come from, and which files they are made of.

Repositories and files are those that the packages themselves ask for: kokoro 0.9.4 (``model.py``,
``pipeline.py``), chatterbox-tts 0.1.7 (``tts.py``, ``mtl_tts.py``, ``tts_turbo.py``),
faster-whisper 1.2.1 (``utils.py``), misaki 0.9.4 (``en.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING

from workbench.errors import ParameterError, VoiceNotFound, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["KOKORO_VOICES", "MODELS", "Model", "find_model", "models"]

_MB = 1_000_000
_GB = 1_000 * _MB


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model and its files.

    Parameters
    ----------
    name
        What it is called here.
    repository
        Where it is from, as ``owner/name``.
    engine
        Which engine uses it.
    files
        What it cannot do without: names, or patterns of which at least one file is there.
    optional
        Names or patterns of files that are fetched where the repository has them.
    voices
        The voices it has files of their own for.
    voice_file
        Where a voice lies, with ``{}`` for its name.
    needs
        Other models that it is fetched with.
    licence
        The SPDX name.
    about
        What it is for.
    size
        Bytes to fetch, roughly.
    revision
        The branch, tag or commit to fetch.
    """

    name: str
    repository: str
    engine: str
    files: tuple[str, ...]
    optional: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()
    voice_file: str = "voices/{}.pt"
    needs: tuple[str, ...] = ()
    licence: str
    about: str
    size: int
    revision: str = "main"

    @property
    def command(self) -> str:
        """What brings it, or mends it."""
        return f"workbench models pull {self.name}"

    def voice_files(self, voices: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the files of `voices`, of all of them when none is named.

        Raises
        ------
        VoiceNotFound
            When it has no voice of a name.

        Examples
        --------
        >>> find_model("kokoro").voice_files(["af_heart"])
        ('voices/af_heart.pt',)
        """
        for voice in voices:
            if voice not in self.voices:
                hint = suggest(voice, self.voices)
                raise VoiceNotFound(f"is not a voice of {self.name}", subject=voice, cure=hint)
        return tuple(self.voice_file.format(voice) for voice in (voices or self.voices))

    def wants(self, path: str) -> bool:
        """Whether a file of the repository belongs to it, voices left aside.

        Examples
        --------
        >>> model = find_model("whisper-tiny")
        >>> model.wants("vocabulary.json"), model.wants("README.md")
        (True, False)
        """
        return any(fnmatchcase(path, pattern) for pattern in (*self.files, *self.optional))


KOKORO_VOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "en-us": (
            *("af_alloy", "af_aoede", "af_bella", "af_heart", "af_jessica", "af_kore"),
            *("af_nicole", "af_nova", "af_river", "af_sarah", "af_sky"),
            *("am_adam", "am_echo", "am_eric", "am_fenrir", "am_liam", "am_michael"),
            *("am_onyx", "am_puck", "am_santa"),
        ),
        "en-gb": (
            *("bf_alice", "bf_emma", "bf_isabella", "bf_lily"),
            *("bm_daniel", "bm_fable", "bm_george", "bm_lewis"),
        ),
        "es": ("ef_dora", "em_alex", "em_santa"),
        "fr": ("ff_siwis",),
        "hi": ("hf_alpha", "hf_beta", "hm_omega", "hm_psi"),
        "it": ("if_sara", "im_nicola"),
        "ja": ("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo"),
        "pt": ("pf_dora", "pm_alex", "pm_santa"),
        "zh": (
            *("zf_xiaobei", "zf_xiaoni", "zf_xiaoxiao", "zf_xiaoyi"),
            *("zm_yunjian", "zm_yunxi", "zm_yunxia", "zm_yunyang"),
        ),
    }
)
"""The voices of `hexgrad/Kokoro-82M` by language."""

# What faster-whisper itself fetches; the vocabulary is a .txt in some repositories.
_WHISPER_FILES = ("config.json", "model.bin", "tokenizer.json", "vocabulary.*")
_WHISPER = {
    "tiny": ("Systran/faster-whisper-tiny", 78 * _MB),
    "tiny.en": ("Systran/faster-whisper-tiny.en", 78 * _MB),
    "base": ("Systran/faster-whisper-base", 148 * _MB),
    "base.en": ("Systran/faster-whisper-base.en", 148 * _MB),
    "small": ("Systran/faster-whisper-small", 486 * _MB),
    "small.en": ("Systran/faster-whisper-small.en", 486 * _MB),
    "medium": ("Systran/faster-whisper-medium", 1_530 * _MB),
    "medium.en": ("Systran/faster-whisper-medium.en", 1_530 * _MB),
    "large-v1": ("Systran/faster-whisper-large-v1", 3_090 * _MB),
    "large-v2": ("Systran/faster-whisper-large-v2", 3_090 * _MB),
    "large-v3": ("Systran/faster-whisper-large-v3", 3_090 * _MB),
    "large-v3-turbo": ("mobiuslabsgmbh/faster-whisper-large-v3-turbo", 1_620 * _MB),
    "distil-small.en": ("Systran/faster-distil-whisper-small.en", 336 * _MB),
    "distil-medium.en": ("Systran/faster-distil-whisper-medium.en", 792 * _MB),
    "distil-large-v2": ("Systran/faster-distil-whisper-large-v2", 1_520 * _MB),
    "distil-large-v3": ("Systran/faster-distil-whisper-large-v3", 1_520 * _MB),
    "distil-large-v3.5": ("distil-whisper/distil-large-v3.5-ct2", 1_520 * _MB),
}
_ALIASES = {
    "whisper-large": "whisper-large-v3",
    "whisper-turbo": "whisper-large-v3-turbo",
    "spacy": "spacy-english",
    "en_core_web_sm": "spacy-english",
}


def _whisper(size: str, repository: str, weight: int) -> Model:
    only = "English only" if size.endswith(".en") or size.startswith("distil") else "99 languages"
    return Model(
        name=f"whisper-{size}",
        repository=repository,
        engine="whisper",
        files=_WHISPER_FILES,
        optional=("preprocessor_config.json",),
        licence="MIT",
        about=f"speech to text, {only}",
        size=weight,
    )


MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        Model(
            name="kokoro",
            repository="hexgrad/Kokoro-82M",
            engine="kokoro",
            files=("config.json", "kokoro-v1_0.pth"),
            voices=tuple(voice for voices in KOKORO_VOICES.values() for voice in voices),
            needs=("spacy-english",),
            licence="Apache-2.0",
            about="text to speech, 54 voices in nine languages",
            size=356 * _MB,
        ),
        Model(
            name="spacy-english",
            repository="spacy/en_core_web_sm",
            engine="kokoro",
            files=("en_core_web_sm-any-py3-none-any.whl",),
            licence="MIT",
            about="parts of speech, which Kokoro's English pronunciation needs",
            size=13 * _MB,
        ),
        Model(
            name="chatterbox",
            repository="ResembleAI/chatterbox",
            engine="chatterbox",
            files=("ve.safetensors", "t3_cfg.safetensors", "s3gen.safetensors", "tokenizer.json"),
            optional=("conds.pt",),
            licence="MIT",
            about="text to speech in cloned voices, English",
            size=3_200 * _MB,
        ),
        Model(
            name="chatterbox-multilingual",
            repository="ResembleAI/chatterbox",
            engine="chatterbox",
            files=(
                *("ve.pt", "t3_mtl23ls_v2.safetensors", "s3gen.pt"),
                "grapheme_mtl_merged_expanded_v1.json",
            ),
            optional=("conds.pt", "Cangjie5_TC.json"),
            licence="MIT",
            about="text to speech in cloned voices, 23 languages",
            size=3_210 * _MB,
        ),
        Model(
            name="chatterbox-turbo",
            repository="ResembleAI/chatterbox-turbo",
            engine="chatterbox",
            files=(
                *("ve.safetensors", "t3_turbo_v1.safetensors", "s3gen_meanflow.safetensors"),
                "tokenizer*.json",
            ),
            optional=("*.json", "*.txt", "*.model", "conds.pt"),
            licence="MIT",
            about="text to speech in cloned voices, English, faster",
            size=3 * _GB,
        ),
        *(_whisper(size, *about) for size, about in _WHISPER.items()),
    )
}
"""Every model by its name."""


def models() -> tuple[Model, ...]:
    """Return every model, in the order of their engines.

    Examples
    --------
    >>> [model.name for model in models()][:3]
    ['kokoro', 'spacy-english', 'chatterbox']
    """
    return tuple(MODELS.values())


def find_model(name: str | Model) -> Model:
    """Return the model of a name, of a size of Whisper (``tiny``) or of a repository.

    Raises
    ------
    ParameterError
        When there is none, with the nearest names.

    Examples
    --------
    >>> find_model("turbo").name, find_model("Systran/faster-whisper-tiny").name
    ('whisper-large-v3-turbo', 'whisper-tiny')
    >>> find_model("kokorro")
    Traceback (most recent call last):
    workbench.errors.ParameterError: kokorro: is not a model; did you mean 'kokoro'?
    """
    if isinstance(name, Model):
        return name
    wanted = name.strip()
    for plain in (wanted.lower(), f"whisper-{wanted.lower()}"):
        known = _ALIASES.get(plain, plain)
        if known in MODELS:
            return MODELS[known]
    for model in MODELS.values():
        if model.repository.lower() == wanted.lower():
            return model
    shortened = [known.removeprefix("whisper-") for known in MODELS]
    raise ParameterError(
        "is not a model",
        subject=name,
        cure=suggest(wanted, [*MODELS, *shortened]) or "workbench models list shows them all",
    )
