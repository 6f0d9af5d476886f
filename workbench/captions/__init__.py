"""Captions: words with times become cues, and cues become SRT, WebVTT, ASS and TTML."""
