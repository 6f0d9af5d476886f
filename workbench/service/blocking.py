"""`MediaService` for cells and scripts without ``await``: each call returns when it is done.

The work is awaited on a loop of its own in a thread, so it can be called while a notebook's loop
runs, which `asyncio.run` cannot.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
import inspect
import threading
import weakref
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar, cast

from workbench.progress import bar
from workbench.service.media_service import MediaService
from workbench.service.place import IMAGE_SIZE

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Coroutine
    from types import TracebackType

    from workbench.progress import Report

__all__ = ["SyncMediaService"]

_P = ParamSpec("_P")
_T = TypeVar("_T")

_PATIENCE = 5.0  # seconds for the thread of a loop to end
_TURN = 0.1  # seconds between two looks at the progress, and for an interrupt


def _blocking(
    method: Callable[Concatenate[Any, _P], Coroutine[Any, Any, _T]],
) -> Callable[Concatenate[SyncMediaService, _P], _T]:
    """Return a method that waits for what `method` of the service awaits."""
    reports = "progress" in inspect.signature(method).parameters
    title = method.__name__.replace("_", " ")

    @functools.wraps(method)
    def call(self: SyncMediaService, *arguments: _P.args, **options: _P.kwargs) -> _T:
        if not reports or options.get("progress") is not None:
            return self._wait(method(self.service, *arguments, **options))
        done = [0.0]
        options["progress"] = lambda part: done.__setitem__(0, part)
        with bar(title) as report:
            return self._wait(method(self.service, *arguments, **options), done, report)

    return cast("Callable[Concatenate[SyncMediaService, _P], _T]", call)


class SyncMediaService:
    """What `MediaService` does, without ``await``.

    Parameters
    ----------
    base_url, execution_mode, enable_cache, quality_level, token, store, image_size, timeout
        Those of `MediaService`, which also takes ``at_once``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with SyncMediaService(execution_mode="local", store=folder) as service:
    ...         spoken = service.generate_tts("Hello, world.", "espeak:en-gb")
    ...         round(service.info(spoken.file_id)["duration"], 1) == round(spoken.duration, 1)
    True
    """

    def __init__(
        self,
        base_url: str | None = None,
        execution_mode: str = "remote",
        enable_cache: bool = True,  # noqa: FBT001, FBT002 - as the awaited one
        quality_level: str = "production",
        *,
        token: str | None = None,
        store: str | os.PathLike[str] | None = None,
        image_size: tuple[int, int] = IMAGE_SIZE,
        timeout: float = 300.0,
        at_once: int = 2,
    ) -> None:
        self.service = MediaService(
            base_url,
            execution_mode,
            enable_cache,
            quality_level,
            token=token,
            store=store,
            image_size=image_size,
            timeout=timeout,
            at_once=at_once,
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: Callable[[], object] | None = None
        self._starting = threading.Lock()

    def __repr__(self) -> str:
        return f"Sync{self.service!r}"

    def __enter__(self) -> Self:
        self.health_check()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def mode(self) -> str:
        """``remote`` or ``local``; empty while ``auto`` has not chosen yet."""
        return self.service.mode

    health_check = _blocking(MediaService.health_check)
    upload_file = _blocking(MediaService.upload_file)
    upload_bytes = _blocking(MediaService.upload_bytes)
    upload_from_url = _blocking(MediaService.upload_from_url)
    upload_image_from_url = _blocking(MediaService.upload_image_from_url)
    upload_local_file_if_needed = _blocking(MediaService.upload_local_file_if_needed)
    download_file = _blocking(MediaService.download_file)
    read_file = _blocking(MediaService.read_file)
    delete_file = _blocking(MediaService.delete_file)
    cleanup_files = _blocking(MediaService.cleanup_files)
    list_files = _blocking(MediaService.list_files)
    get_download_url = _blocking(MediaService.get_download_url)
    get_processing_status = _blocking(MediaService.get_processing_status)
    wait_for_processing = _blocking(MediaService.wait_for_processing)
    wait_for_file_ready = _blocking(MediaService.wait_for_file_ready)
    cancel = _blocking(MediaService.cancel)
    generate_tts = _blocking(MediaService.generate_tts)
    generate_tts_direct = _blocking(MediaService.generate_tts_direct)
    transcribe = _blocking(MediaService.transcribe)
    align_script = _blocking(MediaService.align_script)
    merge_audio = _blocking(MediaService.merge_audio)
    trim_pauses = _blocking(MediaService.trim_pauses)
    extend_audio = _blocking(MediaService.extend_audio)
    convert_pcm_to_wav = _blocking(MediaService.convert_pcm_to_wav)
    start_captioned_video_generation = _blocking(MediaService.start_captioned_video_generation)
    generate_captioned_video = _blocking(MediaService.generate_captioned_video)
    start_video_merge = _blocking(MediaService.start_video_merge)
    merge_videos = _blocking(MediaService.merge_videos)
    start_colorkey_overlay = _blocking(MediaService.start_colorkey_overlay)
    add_colorkey_overlay = _blocking(MediaService.add_colorkey_overlay)
    add_overlay = _blocking(MediaService.add_overlay)
    extract_frame = _blocking(MediaService.extract_frame)
    extract_frames = _blocking(MediaService.extract_frames)
    stitch_images = _blocking(MediaService.stitch_images)
    make_image_imperfect = _blocking(MediaService.make_image_imperfect)
    info = _blocking(MediaService.info)
    fonts = _blocking(MediaService.fonts)
    voices = _blocking(MediaService.voices)

    def close(self) -> None:
        """Let go of connections; stop what runs in this process. It may be used again."""
        with self._starting:
            loop, self._loop = self._loop, None
            end, self._end = self._end, None
        if loop is not None and end is not None:
            asyncio.run_coroutine_threadsafe(self.service.close(), loop).result()
            end()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                loop = asyncio.new_event_loop()
                thread = threading.Thread(target=_run, args=(loop,), name="service", daemon=True)
                thread.start()
                self._end = weakref.finalize(self, _stop, loop, thread)
                self._loop = loop
            return self._loop

    def _wait(
        self,
        work: Coroutine[Any, Any, _T],
        done: list[float] | None = None,
        report: Report | None = None,
    ) -> _T:
        over = threading.Event()

        async def watched() -> _T:
            try:
                return await work
            finally:
                over.set()

        future = asyncio.run_coroutine_threadsafe(watched(), self._running())
        try:
            while True:
                # The bar belongs to the cell of this thread, whichever thread does the work.
                with contextlib.suppress(concurrent.futures.TimeoutError):
                    return future.result(_TURN)
                if future.done():
                    return future.result()
                if done is not None and report is not None:
                    report(done[0])
        except BaseException:
            # An interrupt ends the work too: there is time to tell the server, or the thread.
            if not future.done():
                future.cancel()
                over.wait(_PATIENCE)
            raise


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


def _stop(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    with contextlib.suppress(RuntimeError):  # closed before
        loop.call_soon_threadsafe(loop.stop)
    if thread is not threading.current_thread():
        thread.join(_PATIENCE)
