from __future__ import annotations

import hashlib
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hub import Hub, Repository, running_hub

from workbench.engines import weights
from workbench.engines.weights import Model, locate, pull, state
from workbench.engines.weights import fetch as weights_pull
from workbench.engines.weights import hub as weights_hub
from workbench.engines.weights.hub import Hub as Client
from workbench.errors import (
    Cancelled,
    ModelAccess,
    ParameterError,
    StorageError,
    StorageFull,
    VoiceNotFound,
    WeightsCorrupt,
    WeightsMissing,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "hf_never0shown0to0anybody"  # noqa: S105 - of the test
BIG = bytes(range(256)) * 40
FILES = {
    "config.json": b'{"layers": 2}',
    "model.big": BIG,
    "README.md": b"not ours",
    "voices/anna.pt": b"\x80anna" * 300,
    "voices/bert.pt": b"\x80bert" * 300,
}
SMALL = Model(
    name="small",
    repository="someone/small",
    engine="test",
    files=("config.json", "model.big"),
    optional=("extra.txt",),
    voices=("anna", "bert"),
    licence="MIT",
    about="a test",
    size=10_240,
)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Folders of the test's own, no token, and no waiting between two tries."""
    for name in list(os.environ):
        if name.startswith("HF_") or name in {"HUGGING_FACE_HUB_TOKEN", "TRANSFORMERS_OFFLINE"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("WORKBENCH_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.delenv("WORKBENCH_OFFLINE", raising=False)
    monkeypatch.setattr(weights_hub, "_PAUSES", (0.0,) * 4)
    return tmp_path / "models" / "small"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with running_hub({"someone/small": Repository(dict(FILES))}) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.endpoint)
        yield running


def on_disk(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_model_is_fetched_whole_with_a_list_of_its_files(hub: Hub, here: Path):
    heard: list[float] = []
    assert pull(SMALL, progress=heard.append) == here
    found = on_disk(here)
    listed = json.loads(found.pop("workbench-lock.json"))
    assert found == {name: data for name, data in FILES.items() if name != "README.md"}
    assert listed["repository"] == "someone/small"
    assert listed["revision"] == hub.repositories["someone/small"].commit
    assert listed["files"]["model.big"]["size"] == len(BIG)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert locate(SMALL) == here
    hub.asked.clear()
    pull(SMALL)
    assert hub.files_asked() == [], "what is there is not fetched again"
    assert state(SMALL).state == "ready"


def test_only_the_voices_that_are_asked_for(hub: Hub, here: Path):
    pull(SMALL, voices=["anna"])
    assert state(SMALL).voices == ("anna",)
    with pytest.raises(WeightsMissing, match=r"voices/bert\.pt") as caught:
        locate(SMALL, ["voices/bert.pt"])
    assert caught.value.cure == "workbench models pull small --voice bert"
    hub.asked.clear()
    pull(SMALL, voices=["bert"])
    assert hub.files_asked() == ["voices/bert.pt"]
    assert state(SMALL).voices == ("anna", "bert")
    assert locate(SMALL, ["voices/bert.pt", "voices/anna.pt"]) == here
    with pytest.raises(VoiceNotFound, match="did you mean 'anna'"):
        pull(SMALL, voices=["ana"])


@pytest.mark.parametrize("cut", [0, 1, 5000, len(BIG) - 1])
def test_a_line_that_is_cut_is_taken_up_where_it_ended(hub: Hub, here: Path, cut: int):
    hub.trouble.cut, hub.trouble.cuts = cut, 3
    pull(SMALL, voices=["anna"])
    assert (here / "model.big").read_bytes() == BIG
    ranges = {a.range for a in hub.asked if a.range}
    expected = {0: set(), 1: {1, 2}, 5000: {5000, 10_000}, len(BIG) - 1: {len(BIG) - 1}}[cut]
    assert ranges >= {f"bytes={start}-" for start in expected}


def test_what_arrived_before_the_end_of_a_process_is_not_fetched_again(hub: Hub, here: Path):
    """huggingface_hub 2.4 throws it away: 3 GB begin anew after a cut at the last byte."""
    hub.trouble.cut, hub.trouble.cuts = 0, 1000
    with pytest.raises(ModelAccess, match="what has arrived is kept") as caught:
        pull(SMALL)
    assert "small" in str(caught.value)
    with pytest.raises(WeightsMissing):
        locate(SMALL)
    hub.trouble.cuts = 1
    hub.trouble.cut = 4000
    stop = threading.Event()

    def watch(done: float) -> None:
        if done > 0.2:
            stop.set()

    with pytest.raises(Cancelled):
        pull(SMALL, progress=watch, cancel=stop)
    begun = [path.stat().st_size for path in here.rglob("*.incomplete")]
    with pytest.raises(WeightsMissing, match=f"{sum(begun):,} bytes of an unfinished fetch"):
        locate(SMALL)
    size = max(begun)
    assert 1000 < size < len(BIG)
    hub.asked.clear()
    hub.trouble.cuts = 0
    pull(SMALL)
    assert [a.range for a in hub.asked if a.range] == [f"bytes={size}-"] * 2, "and its redirect"
    assert locate(SMALL) == here
    assert not list(here.rglob("*.incomplete"))


def test_nothing_half_there_is_seen_while_it_is_fetched(hub: Hub, here: Path):
    hub.trouble.hold = threading.Event()
    thread = threading.Thread(target=pull, args=(SMALL,))
    thread.start()
    assert hub.half.wait(20)
    assert state(SMALL).state == "absent"
    assert state(SMALL).files == ()
    with pytest.raises(WeightsMissing):
        locate(SMALL)
    hub.trouble.hold.set()
    thread.join()
    assert state(SMALL).state == "ready"


def test_two_that_fetch_at_once_fetch_once(hub: Hub, here: Path):
    hub.trouble.hold = threading.Event()
    threads = [threading.Thread(target=pull, args=(SMALL,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert hub.half.wait(20)
    hub.trouble.hold.set()
    for thread in threads:
        thread.join()
    assert sorted(hub.files_asked()) == sorted(
        ["config.json", "model.big", "voices/anna.pt", "voices/bert.pt"]
    )
    assert locate(SMALL) == here


def test_another_process_that_fetches_is_waited_for_and_may_be_left(hub: Hub, here: Path):
    lock = here.parent / ".locks" / "small"
    lock.parent.mkdir(parents=True)
    code = (
        "import fcntl, sys; f = open(sys.argv[1], 'wb'); fcntl.flock(f, fcntl.LOCK_EX);"
        "print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout.readline() == b"held\n"
        stop = threading.Event()
        timer = threading.Timer(0.05, stop.set)
        timer.start()
        with pytest.raises(Cancelled):
            pull(SMALL, cancel=stop)
        assert not hub.asked
        holder.stdin.close()
    pull(SMALL)
    assert locate(SMALL) == here


def test_wrong_bytes_are_fetched_once_more(hub: Hub, here: Path):
    hub.trouble.wrong = 1
    pull(SMALL, voices=["anna"])
    assert (here / "model.big").read_bytes() == BIG
    assert sorted(hub.files_asked()).count("config.json") == 2, "the first file came twice"


@pytest.mark.parametrize("name", ["config.json", "model.big"])
def test_bytes_that_stay_wrong_are_an_error_and_nothing_stays(hub: Hub, here: Path, name: str):
    """Sizes agree, so the hub's own library takes it: it compares no digest."""
    model = Model(**{**vars(SMALL), "files": (name,), "voices": ()})
    hub.trouble.wrong = 2
    with pytest.raises(WeightsCorrupt, match=f"someone/small/{name}: arrived twice with other"):
        pull(model)
    assert on_disk(here) == {}
    pull(model)
    assert locate(model) == here


def test_a_range_that_the_hub_refuses_begins_anew(hub: Hub, here: Path):
    """HTTP 416 after a change upstream left the hub's own library with nothing but an error."""
    hub.trouble.cut, hub.trouble.cuts, hub.trouble.changed = 3000, 1, 1
    pull(SMALL)
    assert locate(SMALL) == here


def test_a_server_that_knows_no_ranges_sends_all_again(hub: Hub, here: Path):
    hub.trouble.cut, hub.trouble.cuts, hub.trouble.whole = 3000, 1, True
    pull(SMALL)
    assert (here / "model.big").read_bytes() == BIG


def test_a_beginning_that_is_another_file_is_found_out(hub: Hub, here: Path):
    pull(SMALL)
    sha256 = json.loads((here / "workbench-lock.json").read_text())["files"]["model.big"]["sha256"]
    (here / "model.big").unlink()
    part = here / ".partial" / f"{sha256}.incomplete"
    for junk in (b"x" * 100, b"x" * len(BIG), b"x" * (len(BIG) + 1)):
        part.parent.mkdir()
        part.write_bytes(junk)
        pull(SMALL)
        assert (here / "model.big").read_bytes() == BIG
        (here / "model.big").unlink()


def test_an_update_brings_all_files_to_one_commit(hub: Hub, here: Path):
    pull(SMALL)
    newer = {**FILES, "model.big": BIG[::-1], "voices/anna.pt": b"\x80new" * 300}
    hub.repositories["someone/small"].files = newer
    before = weights.digest(SMALL)
    hub.asked.clear()
    pull(SMALL, voices=["bert"])
    assert sorted(hub.files_asked()) == ["model.big", "voices/anna.pt"]
    assert on_disk(here)["voices/anna.pt"] == newer["voices/anna.pt"]
    assert locate(SMALL, ["voices/anna.pt", *SMALL.files]) == here
    assert weights.digest(SMALL) not in {before, "absent"}


@pytest.mark.parametrize("damage", ["one bit", "cut", "empty", "gone"])
def test_what_is_damaged_is_mended(hub: Hub, here: Path, damage: str):
    pull(SMALL)
    path = here / "model.big"
    data = {"one bit": b"\x01" + BIG[1:], "cut": BIG[:50], "empty": b"", "gone": None}[damage]
    path.unlink() if data is None else path.write_bytes(data)
    hub.asked.clear()
    pull(SMALL)
    assert hub.files_asked() == ["model.big"]
    assert locate(SMALL) == here


def test_a_disk_without_room_is_found_out_before_the_first_byte(hub: Hub, here: Path, monkeypatch):
    usage = type("Usage", (), {"free": 1_000_000})
    monkeypatch.setattr(weights_pull.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(StorageFull, match=r"needs 67,\d{3},\d{3} bytes, and 1,000,000 are free"):
        pull(SMALL)
    assert hub.files_asked() == []


def test_a_folder_that_cannot_be_written_is_one_line(hub: Hub, tmp_path: Path):
    (tmp_path / "models").write_text("a file")
    with pytest.raises(StorageError):
        pull(SMALL)


REFUSALS = [
    (401, {"X-Error-Code": "GatedRepo"}, "behind a gate", "page of repository someone/small"),
    (403, {"X-Error-Code": "GatedRepo", "X-Error-Message": f"no, {TOKEN}"}, "gate", "page of"),
    (401, {"X-Error-Code": "RepoNotFound"}, "not on the hub, or is private", "HF_TOKEN"),
    (401, {"X-Error-Message": f"Invalid token {TOKEN}"}, "does not know the token", "HF_TOKEN"),
    (403, {"X-Error-Message": f"{TOKEN} has no right"}, "is refused", "right to read"),
    (404, {"X-Error-Code": "RevisionNotFound"}, "no such revision", ""),
    (404, {"X-Error-Code": "EntryNotFound"}, "lacks a file", ""),
    (404, {}, "not on the hub", ""),
    (429, {"Retry-After": "7200"}, "too often", "wait"),
    (451, {}, "answers 451", ""),
    (302, {"Location": "ftp://x/y"}, "redirected to nowhere", ""),
    (302, {"Location": "http://[::1"}, "cannot be reached", ""),
]


@pytest.mark.parametrize(("status", "headers", "says", "cure"), REFUSALS)
@pytest.mark.parametrize("late", [False, True])
def test_a_refusal_says_what_to_do_and_never_the_token(  # noqa: PLR0917
    hub: Hub, monkeypatch, caplog, capfd, status, headers, says, cure, *, late: bool
):
    """The hub's own library answers with a traceback of forty lines."""
    monkeypatch.setenv("HF_TOKEN", f" {TOKEN}\n")
    caplog.set_level(logging.DEBUG)
    if late:  # the listing comes, the first file does not
        hub.trouble.statuses = []
        original = Client.fetch

        def fetch(self: Client, *args: object) -> str:
            hub.trouble.statuses = [(status, headers)] * 9
            return original(self, *args)

        monkeypatch.setattr(Client, "fetch", fetch)
    else:
        hub.trouble.statuses = [(status, headers)] * 9
    with pytest.raises(ModelAccess) as caught:
        pull(SMALL)
    assert says in str(caught.value)
    assert cure in caught.value.cure
    assert "\n" not in str(caught.value)
    told = "".join(traceback.format_exception(caught.value))
    shown = capfd.readouterr()
    for text in (told, shown.out, shown.err, json.dumps(caught.value.to_dict())):
        assert TOKEN not in text
    if TOKEN not in str(headers):  # what a server sends back is in httpcore's log for bugs
        assert TOKEN not in caplog.text
    assert any(TOKEN in a.headers.get("authorization", "") for a in hub.asked), "it was used"


def test_a_short_wait_that_the_hub_asks_for_is_waited(hub: Hub, here: Path):
    hub.trouble.statuses = [(429, {"Retry-After": "0"}), (503, {}), (500, {})]
    pull(SMALL)
    assert locate(SMALL) == here


def test_a_hub_that_stays_broken_is_given_up(hub: Hub):
    hub.trouble.statuses = [(503, {})] * 20
    with pytest.raises(ModelAccess, match="answers 503"):
        pull(SMALL)
    assert len(hub.asked) == 5


def test_the_token_is_for_the_hub_alone(hub: Hub, here: Path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    hub.elsewhere = True
    pull(SMALL)
    assert {a.host.split(":")[0] for a in hub.asked} == {"127.0.0.1", "localhost"}
    for asked in hub.asked:
        if asked.host.startswith("localhost"):
            assert "authorization" not in asked.headers
        else:
            assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in "".join(map(str, on_disk(here).values()))


def test_the_token_comes_from_where_the_hub_s_own_library_has_it(hub: Hub, monkeypatch, tmp_path):
    def sent() -> str:
        hub.asked.clear()
        with Client() as client:
            client.listing("someone/small")
            assert TOKEN not in repr(client)
        return hub.asked[0].headers.get("authorization", "")

    assert sent() == ""
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf" / "token").write_text(f"{TOKEN}\n")
    assert sent() == f"Bearer {TOKEN}"
    monkeypatch.setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
    assert sent() == ""
    monkeypatch.setenv("HF_TOKEN", "other")
    assert sent() == "Bearer other"


@pytest.mark.parametrize("token", [f"{TOKEN}\n{TOKEN}", f"{TOKEN} x", f"{TOKEN}é"])
def test_a_token_that_cannot_be_sent_is_not_shown(hub: Hub, monkeypatch, token: str):
    """The HTTP library's own error shows it: "Illegal header value b'Bearer hf_…'"."""
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(ModelAccess, match="HF_TOKEN: holds letters that no token has") as caught:
        pull(SMALL)
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    assert not hub.asked


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "WORKBENCH_OFFLINE"])
def test_the_offline_switch_forbids_every_request(hub: Hub, monkeypatch, variable: str):
    """qdrant/fastembed#615: a flag that is looked at in some places only."""
    monkeypatch.setenv(variable, "1")
    with pytest.raises(ModelAccess, match=f"small: is not fetched: {variable} forbids") as caught:
        pull(SMALL)
    assert "models/small" in caught.value.cure
    with pytest.raises(ModelAccess, match="forbids the network"):
        Client()
    assert not hub.asked
    monkeypatch.setenv(variable, "0")
    pull(SMALL)


def test_a_hub_that_is_not_there_is_one_line(monkeypatch):
    with socket.socket() as reserved:  # bound and not listening: refuses at once
        reserved.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{reserved.getsockname()[1]}")
        with pytest.raises(ModelAccess, match=r"127\.0\.0\.1 cannot be reached"):
            pull(SMALL)


@pytest.mark.parametrize("address", ["ftp://hub", "hub.example", "http://", "http:// x"])
def test_an_endpoint_that_is_none_is_told(monkeypatch, address: str):
    monkeypatch.setenv("HF_ENDPOINT", address)
    with pytest.raises(ParameterError, match="HF_ENDPOINT"):
        pull(SMALL)


def test_a_password_in_the_endpoint_is_not_shown(monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        monkeypatch.setenv("HF_ENDPOINT", f"http://me:sesame@127.0.0.1:{port}")
        with pytest.raises(ModelAccess) as caught:
            pull(SMALL)
    assert "sesame" not in "".join(traceback.format_exception(caught.value)) + caplog.text


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b'{"sha": "../x", "siblings": []}',
        b'{"sha": "abcdef", "siblings": [{"rfilename": "model.big", "size": 1}]}',
        b'{"sha": "abcdef", "siblings": [{"rfilename": "m", "size": 1, "blobId": "../x"}]}',
        b"[" * 100_000,
    ],
)
def test_a_listing_that_is_none_is_told(hub: Hub, monkeypatch, body: bytes):
    import hub as module

    monkeypatch.setattr(module._Handler, "_listing", lambda self, *_: self._answer(200, body, {}))
    with pytest.raises(ModelAccess, match="cannot be read"):
        pull(SMALL)


def test_a_file_that_would_lie_outside_is_not_fetched(hub: Hub, here: Path, tmp_path: Path):
    odd = ("voices/../../../evil.pt", "voices/x\\y.pt", "/etc/evil.pt", "voices//z.pt", "voices/.")
    hub.repositories["someone/small"].files |= dict.fromkeys(odd, b"\x80evil")
    model = Model(**{**vars(SMALL), "optional": ("voices/*", "*.pt"), "voices": ()})
    pull(model)
    names = {name for name in on_disk(tmp_path) if "evil" in name or "y.pt" in name}
    assert names == set()
    assert sorted(on_disk(here)) == [
        *("config.json", "model.big", "voices/anna.pt", "voices/bert.pt", "workbench-lock.json")
    ]


def test_a_repository_without_a_file_that_is_needed(hub: Hub, here: Path):
    del hub.repositories["someone/small"].files["model.big"]
    with pytest.raises(ModelAccess, match=r"someone/small: has no model\.big"):
        pull(SMALL)
    assert hub.files_asked() == []


def test_a_model_without_voices_has_none_to_choose(hub: Hub):
    with pytest.raises(ParameterError, match="no voices to choose from"):
        pull("whisper-tiny", voices=["anna"])


def test_no_host_but_the_endpoint_is_asked(hub: Hub, monkeypatch):
    """The hub's own library also asks a host for its statistics and another for its blocks."""
    asked: list[object] = []
    original = socket.getaddrinfo

    def look_up(host: str, *rest: object, **more: object) -> object:
        asked.append(host)
        return original(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    pull(SMALL)
    assert set(asked) == {"127.0.0.1"}


def test_what_the_hub_s_own_library_understands_is_what_this_hub_says(hub: Hub, tmp_path: Path):
    """The stand-in is worth what it has in common with the real one."""
    from huggingface_hub import HfApi, hf_hub_download

    hub.elsewhere = True
    info = HfApi(endpoint=hub.endpoint).model_info("someone/small", files_metadata=True)
    sizes = {sibling.rfilename: sibling.size for sibling in info.siblings}
    assert sizes == {name: len(data) for name, data in FILES.items()}
    for name in ("config.json", "model.big", "voices/anna.pt"):
        path = hf_hub_download(
            "someone/small", name, endpoint=hub.endpoint, cache_dir=tmp_path / "hf" / "hub"
        )
        assert Path(path).read_bytes() == FILES[name]
    hub.asked.clear()
    found = locate(SMALL)
    assert found == tmp_path / "hf/hub/models--someone--small/snapshots" / info.sha
    assert state(SMALL).layout == "cache"
    assert not hub.asked


def test_what_another_program_has_fetched_is_copied_if_it_is_whole(hub: Hub, here: Path, tmp_path):
    sha256 = hashlib.sha256(BIG).hexdigest()
    blob = tmp_path / "hf" / "hub" / "models--someone--small" / "blobs" / sha256
    blob.parent.mkdir(parents=True)
    blob.write_bytes(BIG)
    pull(SMALL)
    assert "model.big" not in hub.files_asked()
    assert (here / "model.big").read_bytes() == blob.read_bytes() == BIG
    weights.remove(SMALL)
    blob.write_bytes(BIG[::-1])
    pull(SMALL)
    assert hub.files_asked().count("model.big") == 1
    assert (here / "model.big").read_bytes() == BIG


KILLED = """
import sys, threading
sys.path.insert(0, sys.argv[1])
from test_weights_pull import SMALL
from workbench.engines.weights import pull
pull(SMALL)
"""


def test_a_process_that_is_killed_leaves_nothing_that_counts_and_loses_nothing(
    hub: Hub, here: Path
):
    """10 of 10 such kills left a torn file in the system before this one."""
    hub.trouble.hold = threading.Event()
    command = [sys.executable, "-c", KILLED, str(Path(__file__).parent)]
    paths = os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parents[2])])
    child = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths})
    for _ in range(2):  # config.json goes through, of model.big one half
        assert hub.half.wait(30)
        if len(hub.files_asked()) > 1:
            break
        hub.half.clear()
        hub.trouble.hold.set()
        hub.trouble.hold = threading.Event()
    part = here / ".partial" / f"{hashlib.sha256(BIG).hexdigest()}.incomplete"
    while not (part.exists() and part.stat().st_size == len(BIG) // 2):
        assert child.poll() is None
        threading.Event().wait(0.01)
    child.kill()
    child.wait()
    hub.trouble.hold.set()
    hub.trouble.hold = None
    with pytest.raises(WeightsMissing, match="unfinished fetch"):
        locate(SMALL)
    assert state(SMALL).files == ()
    hub.asked.clear()
    pull(SMALL)
    assert f"bytes={len(BIG) // 2}-" in {asked.range for asked in hub.asked}
    assert locate(SMALL) == here
