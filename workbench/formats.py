"""Which container formats are opened, and for how long they may last.

A playlist can pose as a recording and name other files (HLS, ffconcat, DASH, SDP): only a list of
the formats that hold their media themselves stops that, a list of protocols does not
(CVE-2017-9993, CVE-2026-107697). Everything here that opens foreign media passes such a list to
ffmpeg as ``format_whitelist``.
"""

from __future__ import annotations

__all__ = ["CLIP_FORMATS", "LONGEST", "SOUND_FORMATS", "STILL_FORMATS"]

CLIP_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,wav,mp3,flac,ogg,aac,ac3,eac3,aiff,mpegts,avi"
"""Names of libavformat demuxers that hold their media themselves."""

SOUND_FORMATS = f"{CLIP_FORMATS},amr,asf,au,caf,w64"
"""As above, and what telephones and dictation machines write."""

STILL_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
"""Names of Pillow's readers."""

LONGEST = 4 * 3600.0
"""Seconds that a clip, a video or a recording may last."""
