"""What opens a door is for no receipt and no report: those are shown around."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["MARK", "is_secret", "without_secrets"]

MARK = "…"
"""What stands in the place of a secret in a report."""

_SECRET = re.compile(r"token|secret|passw|credential|(?:^|_)(?:api_?)?key(?:$|_)", re.IGNORECASE)
_ASSIGNED = re.compile(r"(-p|-g|--parameter=|--grid=)?(\w+)=(.*)", re.DOTALL)
_SHORT_KEY = 16


def is_secret(name: str, value: Any) -> bool:
    """Return whether a parameter is a secret, or holds one, by its name.

    A switch, a number of tokens and the key of a song only sound like one.

    Examples
    --------
    >>> is_secret("api_key", "hunter2"), is_secret("max_tokens", 400), is_secret("key", "C minor")
    (True, False, False)
    """
    if isinstance(value, dict) and any(is_secret(str(key), one) for key, one in value.items()):
        return True
    if not value or not _SECRET.search(name):
        return False
    if isinstance(value, int | float):
        return not isinstance(value, bool) and "tokens" not in name.lower()
    # The keys of services have 20 letters and more.
    return not (name.lower() == "key" and isinstance(value, str) and len(value) < _SHORT_KEY)


def without_secrets(word: str) -> str:
    """Return a word of a command line, its value hidden where that is a secret.

    Examples
    --------
    >>> without_secrets("-papi_key=hunter2"), without_secrets("text=a=b")
    ('-papi_key=…', 'text=a=b')
    """
    found = _ASSIGNED.fullmatch(word)
    if found is None:
        return word
    number = found[3].isascii() and found[3].isdigit()
    if not is_secret(found[2], len(found[3]) if number else found[3]):
        return word
    return f"{found[1] or ''}{found[2]}={MARK}"
