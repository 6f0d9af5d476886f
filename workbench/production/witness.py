"""What a kernel notes of a run: a text that runs inside of it, before the first cell.

It needs nothing but Python, since the notebook's kernel may work in another folder than this
process. See `workbench.production.claims` for what is made of it.
"""

from __future__ import annotations

__all__ = ["watch_threads", "watch_warnings", "watch_writes"]


def watch_threads(notes: str) -> None:
    """Note exceptions in threads: they must not pass for success."""
    import contextlib
    import threading

    show = threading.excepthook

    def hook(args: threading.ExceptHookArgs) -> None:
        if args.exc_type is not SystemExit:
            line = f"{args.exc_type.__name__}: {args.exc_value}\n"
            with (
                contextlib.suppress(OSError),  # no space, or the run is over
                open(notes, "a", encoding="utf-8", errors="replace") as file,  # noqa: PTH123
            ):
                file.write(line)
        show(args)

    threading.excepthook = hook


def watch_warnings(notes: str) -> None:
    """Note warnings that are shown: those of workbench, and those that a cell itself gives."""
    import contextlib
    import json
    import os
    import warnings
    from typing import Any

    show = warnings.showwarning
    cells = f"ipykernel_{os.getpid()}"  # in the name under which ipykernel compiles a cell

    def hook(message: Any, category: type[Warning], filename: str, *rest: Any, **more: Any) -> None:
        ours = any(one.__name__ == "WorkbenchWarning" for one in category.__mro__)
        if ours or (category is UserWarning and cells in filename):
            with (
                contextlib.suppress(OSError),  # it must not fail what it warns of
                open(notes, "a", encoding="utf-8") as file,  # noqa: PTH123
            ):
                file.write(f"{json.dumps(str(message))}\n")
        show(message, category, filename, *rest, **more)

    warnings.showwarning = hook


def watch_writes(notes: str) -> None:
    """Note files that this process, or one forked from it, opens for writing or gives a name.

    What another program writes, or a library in C, is not seen.
    """
    import os
    import sys
    import threading
    from typing import Any

    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    noting = threading.local()
    seen: set[str] = set()

    def note(name: Any, *, opened: bool) -> None:
        path = os.path.abspath(os.fsdecode(name))  # noqa: PTH100 - now: the notebook may move
        if path in seen:
            return
        seen.add(path)
        if opened and os.path.isdir(path):  # noqa: PTH112 - of a file without a name in it
            return
        # Not kept open: who closes all files of a forked process would have us write elsewhere.
        handle = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, os.fsencode(path) + b"\0")
        finally:
            os.close(handle)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            flags = args[2]
            if not isinstance(flags, int) or not flags & writing:
                return
            name = args[0]
        elif event in {"os.rename", "os.link"}:
            name = args[1]
        else:
            return
        if isinstance(name, int) or getattr(noting, "now", False):
            return
        noting.now = True
        try:
            note(name, opened=event == "open")
        except Exception:  # noqa: BLE001, S110 - an exception here would forbid the notebook to write
            pass
        finally:
            noting.now = False

    sys.addaudithook(hook)
