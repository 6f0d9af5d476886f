"""What `binder/` asks of a hub: checked without Docker and without a network."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
BINDER = ROOT / "binder"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def lines(name: str) -> list[str]:
    rows = (BINDER / name).read_text(encoding="utf-8").splitlines()
    return [row for row in rows if row and not row.startswith("#")]


@pytest.fixture(scope="module")
def dockerfile(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What repo2docker makes of a checkout's files, which needs neither Docker nor a network."""
    home = tmp_path_factory.mktemp("checkout")
    shutil.copytree(BINDER, home / "binder")
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, home)
    program = Path(sys.executable).with_name("jupyter-repo2docker")
    done = subprocess.run(
        [program, "--no-build", "--debug", home], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_repo2docker_understands_it(dockerfile: str):
    assert "Building conda environment for python=3.11" in dockerfile
    install = re.search(r"apt-get install --yes --no-install-recommends (.*) && \\", dockerfile)
    assert install is not None
    assert sorted(install[1].split()) == sorted(lines("apt.txt"))
    order = [
        dockerfile.index(row)
        for row in (
            "COPY --chown=0:0 src/ ${REPO_DIR}/",
            'pip install --no-cache-dir -r "binder/requirements.txt"',
            "RUN chmod +x binder/postBuild",
            "RUN ./binder/postBuild",
        )
    ]
    assert order == sorted(order), "the package's files are copied before they are installed"


def test_python_is_one_that_the_package_runs_on():
    version = lines("runtime.txt")[0].removeprefix("python-")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = Requirement(f"x{project['requires-python']}").specifier
    assert version in wanted


def test_the_pins_are_those_of_the_package():
    assert lines("requirements.txt") == ["-r ../requirements/base.txt"]
    assert (BINDER / "../requirements/base.txt").is_file()


def test_post_build_is_a_script_that_takes_its_pins_from_the_tests(tmp_path: Path):
    script = BINDER / "postBuild"
    assert script.stat().st_mode & 0o111, "repo2docker runs it"
    subprocess.run(["bash", "-n", script], check=True)
    told = script.read_text(encoding="utf-8")
    picks = re.search(r"^(sed .*) > \"\$pins\"$", told, re.MULTILINE)
    assert picks is not None
    pins = subprocess.run(
        ["bash", "-c", picks[1]], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    parsed = {Requirement(pin).name for pin in pins}  # markers and all
    assert "voila" in parsed
    written = (ROOT / "requirements" / "test.txt").read_text(encoding="utf-8")
    assert len(pins) == len(re.findall(r"^[A-Za-z0-9._-]+==", written, re.MULTILINE))
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = re.search(r"'\.\[([\w,]+)\]'", told)
    assert asked is not None
    assert set(asked[1].split(",")) == {"dashboard", "serve"}, "the tour starts a server"
    assert set(asked[1].split(",")) <= set(extras["optional-dependencies"])


@pytest.mark.skipif(shutil.which("apt-cache") is None, reason="no apt here")
def test_apt_knows_the_packages():
    lists = Path("/var/lib/apt/lists")
    if not list(lists.glob("*Packages*")):
        pytest.skip("apt has no lists; `apt-get update` fetches them")
    for name in lines("apt.txt"):
        told = subprocess.run(
            ["apt-cache", "policy", name], capture_output=True, text=True, check=True
        ).stdout
        assert re.search(r"Candidate: \d", told), f"{name} is no package: {told!r}"


def badges() -> dict[str, str]:
    return dict(re.findall(r"^\[(binder|colab|dashboard)\]: (\S+)$", README, re.MULTILINE))


def test_links_open_notebooks_that_are_there():
    links = badges()
    assert set(links) == {"binder", "colab", "dashboard"}
    for name, start in (("binder", "lab/tree/"), ("dashboard", "voila/render/")):
        parts = urlsplit(links[name])
        assert parts.netloc == "mybinder.org"
        path = parse_qs(parts.query)["urlpath"][0]
        assert path.startswith(start)
        assert (ROOT / path.removeprefix(start)).is_file(), path
    colab = urlsplit(links["colab"]).path
    assert (ROOT / colab.partition("/blob/main/")[2]).is_file(), colab


def test_the_owner_is_written_in_one_way():
    """Who publishes it has one word to replace, see CONTRIBUTING."""
    owners = set()
    for link in badges().values():
        owners.add("/".join(urlsplit(link).path.strip("/").split("/")[2 - ("colab" in link) :][:2]))
    for name in ("CITATION.cff", "mkdocs.yml", "docs/notebooks.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        owners |= set(re.findall(r"github\.com/([\w.-]+/[\w-]+)", text))
    assert len(owners) == 1, owners
