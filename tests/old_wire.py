"""The 24 operations of the older server: what each takes, and the bodies it answers with."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from old_http import Answers, Wrong, missing
from old_works import INFO, VOICES, content

__all__ = ["ROUTES", "Handler"]

M, U = "/api/v1/media", "/api/v1/utils"
NOT_FOUND = (404, {"detail": "Not Found"})


class Handler(Answers):
    """Answers as v0.3.5 did."""

    # -- what there is to ask for

    def route(self, path: str) -> tuple[int, Any]:
        for pattern, methods in ROUTES.items():
            match = re.fullmatch(pattern, path)
            if match is None:
                continue
            if self.command not in methods:
                return 405, {"detail": "Method Not Allowed"}
            return methods[self.command](self, *match.groups())
        return NOT_FOUND

    def _needs(self, *names: str) -> list[str]:
        for name in names:
            if not self.fields.get(name):
                raise missing(name)
        return [self.fields[name] for name in names]

    def _there(self, file_id: str, status: int = 404) -> Path:
        found = self.owner.path(file_id)
        if found is None or not found.is_file():
            raise Wrong(status, {"error": f"File with ID {file_id} not found."})
        return found

    def _take(self, operation: str, kind: str, extension: str) -> tuple[int, Any]:
        file_id = f"{kind}_{uuid.uuid4()}{extension}"
        return 200, {"file_id": self.owner.take(operation, dict(self.fields), file_id)}

    def root(self) -> tuple[int, Any]:
        return 200, {
            "message": "Welcome to the No Code Architects Toolkit API",
            "version": "0.3.5",
            "documentation": "/docs",
            "created_by": "https://example.com",
        }

    def health(self) -> tuple[int, Any]:
        return 200, {"status": "ok"}

    def transcribe(self) -> tuple[int, Any]:
        if "audio_file" not in self.files:
            raise missing("audio_file")
        return 200, {"transcription": " Hello, world.", "duration": 1.0}

    def voices(self) -> tuple[int, Any]:
        return 200, {"voices": list(VOICES)}

    def kokoro(self) -> tuple[int, Any]:
        self._needs("text")
        voice = self.fields.get("voice") or "af_heart"
        if voice not in VOICES:
            told = f"Invalid voice: {voice}. Available voices: {', '.join(VOICES)}"
            return 400, {"error": told}
        return self._take("kokoro", "audio", ".wav")

    def chatterbox(self) -> tuple[int, Any]:
        self._needs("text")
        sample = self.fields.get("sample_audio_id")
        if sample:
            self._there(sample)
            if not sample.endswith(".wav"):
                return 400, {"error": "Sample audio must be a .wav file"}
        return self._take("chatterbox", "audio", ".wav")

    def upload(self) -> tuple[int, Any]:
        (kind,) = self._needs("media_type")
        if kind not in {"image", "video", "audio"}:
            told = {"type": "enum", "loc": ["body", "media_type"], "msg": "Input should be 'image',"
                    " 'video' or 'audio'", "input": kind}  # fmt: skip
            return 422, {"detail": [told]}
        if "file" in self.files:
            name, path = self.files["file"]
            extension = Path(name).suffix
            data: bytes | Path = path
        elif self.fields.get("url"):
            if not self.fields["url"].startswith(("http://", "https://")):
                return 400, {"error": "Invalid URL"}
            extension = Path(urlsplit(self.fields["url"]).path).suffix or ".jpg"
            data = content(f"{kind}_x{extension}")
        else:
            return 200, None
        return 200, {"file_id": self.owner.keep(f"{kind}_{uuid.uuid4()}{extension}", data)}

    def download(self, file_id: str) -> tuple[int, Any]:
        return 200, self._there(file_id)

    def delete(self, file_id: str) -> tuple[int, Any]:
        found = self.owner.path(file_id)
        if found is not None and found.is_file():
            found.unlink()
        return 200, {"status": "success"}

    def status(self, file_id: str) -> tuple[int, Any]:
        return 200, self.owner.status(file_id)

    def merge(self) -> tuple[int, Any]:
        (ids,) = self._needs("video_ids")
        for one in (*ids.split(","), self.fields.get("background_music_id")):
            if one is not None:
                self._there(one)
        return self._take("merge", "video", ".mp4")

    def fonts(self) -> tuple[int, Any]:
        return 200, {"fonts": ["Arial", "DejaVu Sans"]}

    def captioned(self) -> tuple[int, Any]:
        (background,) = self._needs("background_id")
        if self.owner.path(background) is None:
            raise Wrong(500, None)
        self._there(background)
        if not background.startswith("image_"):
            return 400, {"error": "Invalid background image ID."}
        if self.fields.get("audio_id"):
            self._there(self.fields["audio_id"], 400)
        return self._take("captioned", "video", ".mp4")

    def colorkey(self) -> tuple[int, Any]:
        for one in self._needs("video_id", "overlay_video_id"):
            self._there(one)
        return self._take("colorkey", "video", ".mp4")

    def frame(self, video_id: str) -> tuple[int, Any]:
        self._there(video_id)
        return 200, content("image_x.jpg")

    def frames(self) -> tuple[int, Any]:
        self._needs("url")
        names = [f"{uuid.uuid4()}.jpg" for _ in range(int(self.fields.get("amount", 5)))]
        for name in names:
            self.owner.keep(f"image_{name}", content(name))
        ids = names if self.owner.bare else [f"image_{name}" for name in names]
        told = {"message": "Frames extracted", "template_id": "image_x-%02d.jpg"}
        return 200, {**told, "template_path": "/app/media/image/x-%02d.jpg", "image_ids": ids}

    def info(self, tools: str, file_id: str) -> tuple[int, Any]:
        path = self._there(file_id)
        kind = path.parent.name
        fits = kind == tools and path.stat().st_size >= len(content(file_id))
        return 200, INFO[kind] if fits else {}

    def transcript(self) -> tuple[int, Any]:
        if "video_id" not in self.query:
            raise missing("video_id")
        return 404, {"error": "Transcript not found"}

    def stitch(self) -> tuple[int, Any]:
        self._needs("image_urls")
        return 200, content("image_x.jpg")

    def imperfect(self) -> tuple[int, Any]:
        (image_id,) = self._needs("image_id")
        if self.owner.path(image_id) is None:
            raise Wrong(500, None)
        return self._take("imperfect", "image", ".jpg")

    def pcm(self) -> tuple[int, Any]:
        self._there(self._needs("pcm_id")[0], 400)
        return self._take("pcm", "audio", ".wav")


H = Handler
ROUTES: dict[str, dict[str, Any]] = {
    "/": {"GET": H.root, "HEAD": H.root},
    "/health": {"GET": H.health, "HEAD": H.health},
    f"{M}/audio-tools/transcribe": {"POST": H.transcribe},
    f"{M}/audio-tools/tts/kokoro/voices": {"GET": H.voices},
    f"{M}/audio-tools/tts/kokoro": {"POST": H.kokoro},
    f"{M}/audio-tools/tts/chatterbox": {"POST": H.chatterbox},
    f"{M}/storage": {"POST": H.upload},
    f"{M}/storage/([^/]+)": {"GET": H.download, "DELETE": H.delete},
    f"{M}/storage/([^/]+)/status": {"GET": H.status},
    f"{M}/video-tools/merge": {"POST": H.merge},
    f"{M}/fonts": {"GET": H.fonts},
    f"{M}/video-tools/generate/tts-captioned-video": {"POST": H.captioned},
    f"{M}/video-tools/add-colorkey-overlay": {"POST": H.colorkey},
    f"{M}/video-tools/extract-frame/([^/]+)": {"GET": H.frame},
    f"{M}/video-tools/extract-frames": {"POST": H.frames},
    f"{M}/(video|audio)-tools/info/([^/]+)": {"GET": H.info},
    f"{U}/youtube-transcript": {"GET": H.transcript},
    f"{U}/stitch-images": {"POST": H.stitch},
    f"{U}/make-image-imperfect": {"POST": H.imperfect},
    f"{U}/convert/pcm/wav": {"POST": H.pcm},
}
"""The 24 operations: where, and by which method."""
