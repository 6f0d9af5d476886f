# Two commands for everyone: `make demo` and `make test`. Both need Python 3.11 or 3.12 and make,
# and put all else into .venv.

PYTHON ?= $(shell for p in python3.11 python3.12 python3; do \
	command -v $$p >/dev/null 2>&1 && \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' && \
	echo $$p && break; done)
BIN := .venv/bin
UV := $(BIN)/uv
LANGUAGE ?= es
# Optional engines the tests run with; `make test EXTRAS=` leaves torch out.
EXTRAS ?= kokoro
PYTEST := $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help demo test test-all check format lock bench lab docs dist binder clean browser

help:
	@echo "make demo      a captioned short in out/ (LANGUAGE=en for English)"
	@echo "make test      every check and test that needs no GPU and no weights"
	@echo "make test-all  the long matrices too"
	@echo "make check     ruff and mypy"
	@echo "make lab       JupyterLab with the tour"
	@echo "make bench     the benchmarks, a JSON line of ratios each"
	@echo "make docs      the site, in out/site"
	@echo "make dist      wheel and sdist, in dist/, the same bytes every time"
	@echo "make binder    whether binder/ makes an image, without Docker"
	@echo "make lock      renew the pins in requirements/"

.venv/ready: requirements/uv.txt
	@test -n "$(PYTHON)" || { echo "workbench needs Python 3.11 or 3.12 on PATH" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) cannot make environments: install its venv package (Debian: python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/base: .venv/ready requirements/base.txt requirements/build.txt pyproject.toml
	@echo "installing into .venv: 0.8 GB, of which what the cache of uv lacks is downloaded"
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/base.txt
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/build.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

.venv/test: .venv/base requirements/test.txt
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/test.txt
	@touch $@

# torch has a wheel for each kind of hardware, so it is not pinned by hash: pip chooses.
.venv/kokoro: .venv/test requirements/kokoro.txt requirements/torch-constraints.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements/kokoro.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements/torch-constraints.txt torch
	@touch $@

demo: .venv/base
	$(BIN)/workbench demo --language $(LANGUAGE)

# In a container or CI as root, the tests bring their browser, a font with Chinese letters and the
# system's ffmpeg, which is an older one;
# elsewhere they use yours.
browser:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		! dpkg -s chromium fonts-noto-cjk ffmpeg curl >/dev/null 2>&1; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk ffmpeg curl >/dev/null; \
	fi

check: .venv/test $(EXTRAS:%=.venv/%)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: .venv/test browser check
	$(PYTEST) -m "not slow"

test-all: .venv/test browser check
	$(PYTEST)

format: .venv/test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/ready
	@printf "torch ; sys_platform == 'never'\n" > .venv/no-torch.txt
	@printf "python-dateutil<3\n" > .venv/s3.txt  # botocore's bound, so that the extra s3 fits the base
	$(UV) pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-header --generate-hashes -c .venv/s3.txt pyproject.toml -o requirements/base.txt
	$(UV) pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-header --generate-hashes --extra test --extra serve --extra s3 -c requirements/base.txt pyproject.toml -o requirements/test.txt
	printf 'hatchling\neditables\n' | $(UV) pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-header --generate-hashes -c requirements/test.txt - -o requirements/build.txt
	printf 'kokoro>=0.9.4,<0.10\nsympy\nnetworkx\nmpmath\n' | $(UV) pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-header --generate-hashes --override .venv/no-torch.txt -c requirements/test.txt - -o requirements/kokoro.txt
	echo moviepy==2.2.1 | $(UV) pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-header --generate-hashes - -o requirements/bench.txt
	echo uv | $(UV) pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-header --generate-hashes - -o requirements/uv.txt

# What the benchmarks are compared with has an environment of its own, apart from the package's.
.venv-bench/ready: .venv/ready requirements/bench.txt
	$(UV) venv --quiet --clear --python $(BIN)/python .venv-bench
	$(UV) pip install --quiet --python .venv-bench/bin/python --require-hashes -r requirements/bench.txt
	@touch $@

bench: .venv/test .venv-bench/ready
	@for file in benchmarks/*.py; do echo "$$file"; $(BIN)/python $$file || exit 1; done

lab: .venv/base
	$(BIN)/jupyter lab --ServerApp.root_dir=notebooks

docs: .venv/test
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir out/site

# The sdist first and the wheel from it, with the pinned hatchling, as a publisher does.
dist: .venv/test
	rm -rf dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || echo 1700000000) \
		$(BIN)/python -m build --no-isolation --outdir dist .

binder: .venv/test
	$(BIN)/jupyter-repo2docker --no-build . > /dev/null
	$(PYTEST) -q tests/unit/test_binder.py

clean:
	rm -rf .venv .venv-bench out build dist
