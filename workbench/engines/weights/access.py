"""May the hub be asked, under which address, as whom, and what its refusals mean."""

from __future__ import annotations

import os
import re
import threading
from http import HTTPStatus
from pathlib import Path

from workbench.engines.weights.places import hub_home
from workbench.errors import ModelAccess, ParameterError, one_line

__all__ = ["endpoint", "offline", "refusal", "unanswered", "user_token"]

_TRUE = {"1", "on", "yes", "true"}
_OFFLINE = ("WORKBENCH_OFFLINE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


def offline() -> str:
    """Return the variable that forbids the network, empty when none does.

    Examples
    --------
    >>> import os
    >>> os.environ["WORKBENCH_OFFLINE"] = "1"
    >>> offline()
    'WORKBENCH_OFFLINE'
    >>> del os.environ["WORKBENCH_OFFLINE"]
    """
    return next((v for v in _OFFLINE if os.environ.get(v, "").strip().lower() in _TRUE), "")


def endpoint() -> str:
    """Return the address of the hub: ``HF_ENDPOINT``, or what the hub's own library has.

    Raises
    ------
    ParameterError
        When the variable holds no address.
    """
    named = os.environ.get("HF_ENDPOINT", "").strip()
    if not named:
        from huggingface_hub import constants

        named = constants.ENDPOINT
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", named):
        raise ParameterError("is not the address of a hub", subject="HF_ENDPOINT")
    return named.rstrip("/")


def user_token() -> str:
    """Return the token of the user, as the hub's own library finds it; empty without one.

    Raises
    ------
    ModelAccess
        When it has letters that no token has.
    """
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        if os.environ.get(name, "").strip():
            return _checked_token(os.environ[name], name)
    if os.environ.get("HF_HUB_DISABLE_IMPLICIT_TOKEN", "").strip().lower() in _TRUE:
        return ""
    named = os.environ.get("HF_TOKEN_PATH")
    path = Path(named).expanduser() if named else hub_home() / "token"
    try:
        return _checked_token(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError):
        return ""


def _checked_token(text: str, source: str) -> str:
    # A header that cannot be sent would be shown whole in the error of the HTTP library.
    token = text.strip()
    if not re.fullmatch(r"[\x21-\x7e]*", token):
        raise ModelAccess(
            "holds letters that no token has", subject=source, cure="set it again, without spaces"
        )
    return token


def unanswered(address: str, seconds: float) -> str:
    """Return why a server does not answer within some seconds, empty when it does.

    Any answer is one, a refusal too. The address's name may take longer to look up than any
    library's timeout says, so it is asked by a thread that is left alone then.

    Examples
    --------
    >>> unanswered("http://127.0.0.1:9", 5)
    'Connection refused'
    """
    import httpx

    said = [f"no answer within {seconds:g} s"]

    def ask() -> None:
        try:
            httpx.head(address, timeout=seconds)
            said.append("")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            text = one_line(str(error) or type(error).__name__, limit=120)
            said.append(re.sub(r"^\[Errno -?\d+\] ", "", text))

    thread = threading.Thread(target=ask, name="workbench-hub", daemon=True)
    thread.start()
    thread.join(seconds + 1)
    return said[-1]


def refusal(status: int, code: str, said: str, repository: str, *, token: bool) -> ModelAccess:
    """Return what a refusal means, and what to do about it."""
    if code == "GatedRepo":
        problem = f"is behind a gate ({said or status})"
        cure = f"accept its terms on the page of repository {repository}, " + (
            "with the account of your token" if token else "and set HF_TOKEN to your token"
        )
    elif code == "RepoNotFound" or (status == HTTPStatus.NOT_FOUND and not code):
        problem = "is not on the hub, or is private"
        cure = "look at HF_ENDPOINT and HF_TOKEN"
    elif code == "RevisionNotFound":
        problem, cure = "has no such revision", "leave it away"
    elif code == "EntryNotFound":
        problem, cure = "lacks a file that is asked for", "try again"
    elif status == HTTPStatus.TOO_MANY_REQUESTS:
        problem = "has been asked for too often"
        cure = "wait some minutes" + ("" if token else ", or set HF_TOKEN to your token")
    elif status == HTTPStatus.UNAUTHORIZED:
        problem = "is refused: the hub " + ("does not know the token" if token else "wants a token")
        cure = "set HF_TOKEN to your token"
    elif status == HTTPStatus.FORBIDDEN:
        problem = f"is refused by the hub ({said or status})"
        cure = "give your token the right to read it"
    else:
        problem, cure = (
            f"cannot be had: the hub answers {status} {said}".rstrip(),
            "try again later",
        )
    return ModelAccess(problem, subject=repository, cure=cure)
