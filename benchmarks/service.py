"""What it costs to ask the service for speech instead of the engine, in this process and by HTTP.

Each round asks the bare engine, the service in this process and a server on loopback for the same
text of about ten seconds, in turn, with caches off. The median of the rounds of each is compared:
wall time, since over HTTP the work is done by other processes. The last line is a JSON object of
the ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from workbench.engines.registry import engine
from workbench.service.blocking import SyncMediaService

TEXT = (
    "The service speaks this text as often as it is asked to, and each time it is spoken anew. "
    "What is measured is the way to the voice and back, not the voice itself."
)
VOICE = {"engine": "espeak", "voice": "en-us"}
TOKEN = "benchmark"  # noqa: S105 - of a server on loopback that lives for a minute


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    espeak = engine("espeak")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, "-m", "workbench", "serve", "--port", "0"]
        command += ["--store", f"{name}/served"]
        server = subprocess.Popen(
            command,
            env={**os.environ, "AUTH_TOKENS": TOKEN},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            url = _address(server)
            with (
                SyncMediaService(
                    execution_mode="local", enable_cache=False, store=folder / "local"
                ) as local,
                SyncMediaService(url, enable_cache=False, token=TOKEN) as remote,
            ):
                ways = {
                    "engine": lambda: espeak.synthesize(TEXT, voice="en-us"),
                    "local": lambda: local.generate_tts_direct(TEXT, VOICE),
                    "http": lambda: remote.generate_tts_direct(TEXT, VOICE),
                }
                times: dict[str, list[float]] = {way: [] for way in ways}
                for round_ in range(rounds + 3):
                    for way, ask in ways.items():
                        started = time.perf_counter()
                        ask()
                        if round_ >= 3:  # the first rounds start workers and open files
                            times[way].append(time.perf_counter() - started)
        finally:
            server.terminate()
            server.wait()
    spoken = espeak.synthesize(TEXT, voice="en-us").duration
    middle = {way: statistics.median(found) for way, found in times.items()}
    print(f"{spoken:.1f} s of speech, {rounds} rounds, load {os.getloadavg()[0]:.1f}")
    for way, seconds in middle.items():
        print(f"{way:8s} {1000 * seconds:7.1f} ms")
    ratios = {
        "local_vs_engine": round(middle["local"] / middle["engine"], 3),
        "http_vs_engine": round(middle["http"] / middle["engine"], 3),
    }
    print(json.dumps(ratios))


def _address(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    for line in server.stdout:
        for word in line.split():
            if word.startswith("http://127.0.0.1:"):
                return word.rstrip("/.,")
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main()
