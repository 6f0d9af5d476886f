"""What it costs to ask the service for speech instead of the engine, in this process and by HTTP.

Each round asks the bare engine, the service in this process and a server on loopback for the same
text, in turn, with caches off. The medians of the rounds are compared: wall time, since over HTTP
the work is done by another process. Two engines: espeak, which speaks ten seconds in about as many
milliseconds, so that whatever is added is seen; and, where the extra is installed, a Kokoro of the
real size with weights of chance, which is what the cost is to an engine that computes. The service
does more than the engine: it writes numbers out, checks what was spoken, keeps a file and a record.

The last line is a JSON object of the ratios.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TEXTS = {
    "espeak": "The service speaks this text as often as it is asked to, and each time it is spoken "
    "anew. What is measured is the way to the voice and back, not the voice itself.",
    "kokoro": "El servicio dice este texto tantas veces como se le pide, y cada vez lo dice de "
    "nuevo. Lo que se mide es el camino hasta la voz y de vuelta, no la voz misma. " * 4,
}
VOICES = {"espeak": "en-us", "kokoro": "ef_dora"}
ROUNDS = {"espeak": 40, "kokoro": 5}
TOKEN = "benchmark"  # noqa: S105 - of a server on loopback that lives for a minute


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=0)
    rounds = parser.parse_args().rounds
    ratios = {}
    with tempfile.TemporaryDirectory() as name:
        engines = ["espeak"]
        if all(importlib.util.find_spec(module) for module in ("torch", "kokoro")):
            engines.append("kokoro")
            sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
            from kokoro_model import make

            make(Path(name) / "models" / "kokoro")
        os.environ |= {
            "WORKBENCH_MODELS": f"{name}/models",
            "WORKBENCH_DEVICE": "cpu",
            "WORKBENCH_THREADS": "1",
            "HF_HUB_OFFLINE": "1",
            "AUTH_TOKENS": TOKEN,
        }
        for engine in engines:
            found, seconds = measured(engine, rounds or ROUNDS[engine], Path(name))
            middle = {way: statistics.median(times) for way, times in found.items()}
            print(f"{engine}: {seconds:.1f} s of speech, load {os.getloadavg()[0]:.1f}")
            for way, one in middle.items():
                print(f"  {way:8s} {1000 * one:8.1f} ms")
            for way in ("local", "http"):
                ratios[f"{engine}_{way}"] = round(middle[way] / middle["engine"], 3)
    print(json.dumps(ratios))


def measured(name: str, rounds: int, folder: Path) -> tuple[dict[str, list[float]], float]:
    """Return the seconds of each round of each way, and how long the speech is."""
    from workbench.engines.registry import engine
    from workbench.service.blocking import SyncMediaService

    voice, text = VOICES[name], TEXTS[name]
    bare = engine(name)
    command = [sys.executable, "-m", "workbench", "serve", "--port", "0", "--workers", "1"]
    command += ["--store", str(folder / f"served-{name}")]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        url = address(server)
        with (
            SyncMediaService(
                execution_mode="local", enable_cache=False, store=folder / f"local-{name}"
            ) as local,
            SyncMediaService(url, enable_cache=False, token=TOKEN) as remote,
        ):
            config = {"engine": name, "voice": voice}
            ways = {
                "engine": lambda: bare.synthesize(text, voice=voice),
                "local": lambda: local.generate_tts_direct(text, config),
                "http": lambda: remote.generate_tts_direct(text, config),
            }
            times: dict[str, list[float]] = {way: [] for way in ways}
            for number in range(rounds + 2):
                for way, ask in ways.items():
                    started = time.perf_counter()
                    ask()
                    if number >= 2:  # the first ones start workers and load models
                        times[way].append(time.perf_counter() - started)
    finally:
        server.terminate()
        server.wait()
    return times, bare.synthesize(text, voice=voice).duration


def address(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    for line in server.stdout:
        for word in line.split():
            if word.startswith("http://127.0.0.1:"):
                return word
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main()
