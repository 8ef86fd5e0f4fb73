# Township Care (医养通). `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
PY := $(VENV)/bin/python
SYSTEM_PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; done)
# What the program needs of a Debian system: Qt's libraries, a Chinese font, a display to test on.
DEBIAN := python3-venv fonts-noto-cjk libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1 \
	libfreetype6 libx11-6 libxkbcommon0 libxkbcommon-x11-0 libgssapi-krb5-2 libxcb-cursor0 \
	libxcb-icccm4 libxcb-keysyms1 libxcb-image0 libxcb-render-util0 libxcb-randr0 libxcb-shape0 \
	libxcb-shm0 libxcb-sync1 libxcb-xfixes0 libxcb-xkb1 libx11-xcb1
# What only tests use; where it cannot be had they are skipped and say so. PostgreSQL's programs (the
# tests start a cluster of their own, the system's is not used), and Node.js for an independent FHIR
# server to test against; INDEPENDENT=no leaves that out.
DEBIAN_TESTS := postgresql
INDEPENDENT ?= yes
MEDPLUM := tests/independent/medplum
ifneq ($(INDEPENDENT),no)
DEBIAN_TESTS += $(shell command -v node >/dev/null || echo nodejs) $(shell command -v npm >/dev/null || echo npm)
endif
export INDEPENDENT
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
SEEDS ?= 1000
export PYTHONDONTWRITEBYTECODE ?= 1

.PHONY: help system system-program setup demo gui test lint types imports translations tests bench soak exe exe-windows update-key update-package screenshots clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 16

system: system-program ## install what a Debian system lacks (fonts, Qt's libraries, what tests use)
	@if command -v apt-get >/dev/null; then \
		missing=$$(for p in $(DEBIAN_TESTS); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done); \
		if [ -n "$$missing" ]; then \
			echo "Installing for the tests:" $$missing; \
			$(SUDO) apt-get update -qq && \
			$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing || \
				echo "They could not be installed: the tests that need them are left out."; \
		fi; \
	fi

system-program:
	@if command -v apt-get >/dev/null; then \
		missing=$$(for p in $(DEBIAN); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done); \
		if [ -n "$$missing" ]; then \
			echo "Installing:" $$missing; \
			$(SUDO) apt-get update -qq && \
			$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing || exit 1; \
		fi; \
	else \
		echo "This is no Debian system. Install a Chinese font (Noto Sans CJK), and the libraries of Qt 6"; \
		echo "(EGL, GL, xkbcommon, xcb-cursor), with the system's own package program. On Windows and macOS nothing is needed."; \
	fi

$(VENV)/.installed: pyproject.toml
	@test -n "$(SYSTEM_PYTHON)" || { echo "Python 3.11 or newer is needed (package python3)."; exit 1; }
	$(SYSTEM_PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[server,postgresql,dev]'
	touch $@

$(MEDPLUM)/node_modules/.fetched: $(MEDPLUM)/package-lock.json
	@if [ "$(INDEPENDENT)" = no ] || ! command -v npm >/dev/null; then \
		echo "The tests against an independent FHIR server are left out (they need Node.js and npm)."; \
	else \
		cd $(MEDPLUM) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && \
			touch node_modules/.fetched || \
			echo "The independent FHIR server could not be fetched; the tests against it are left out."; \
	fi

setup: system $(VENV)/.installed $(MEDPLUM)/node_modules/.fetched ## everything that the program and its tests need

demo: setup ## a sample county: server, township and hospital windows; without a display a scripted walk
	$(PY) -m tools.demo

gui: setup ## the desktop program
	$(PY) -m app

test: setup lint types imports translations tests ## all checks and tests

lint:
	$(VENV)/bin/ruff check app tests tools bench
	$(VENV)/bin/ruff format --check app tests tools bench

types:
	$(VENV)/bin/mypy

imports:
	$(VENV)/bin/lint-imports

translations:
	$(PY) -m tools.translations check

tests:
	$(PY) -m pytest -q -n 2

bench: setup ## benchmarks: each figure beside its floor in the same run
	$(PY) -m bench

soak: setup ## SEEDS=10000 seeds of the simulator and 500 kills of real processes; SEED=n runs one again and shortens it
ifdef SEED
	$(PY) -m tests.simulation.soak --seed $(SEED)
else
	$(PY) -m tests.simulation.soak --seeds $(SEEDS)
	TOWNSHIP_CARE_KILL_ROUNDS=$${TOWNSHIP_CARE_KILL_ROUNDS:-500} $(PY) -m pytest -q -m kill --timeout 7200
	CONTROLS=all $(PY) -m pytest -q tests/sync/contract
endif

exe: setup ## the frozen program for the system this runs on, started and checked
	$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[freeze]'
	$(PY) -m PyInstaller --noconfirm --log-level WARN --distpath dist --workpath build/pyinstaller build.spec
	$(PY) -m tools.smoke_frozen dist/TownshipCare

exe-windows: system-program $(VENV)/.installed ## on Debian: the Windows program and its installer, made and tried under Wine
	$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[windows]'
	$(PY) -m tools.windows

update-key: $(VENV)/.installed ## once: the key that updates are signed with (the private half stays outside the project)
	$(PY) -m tools.update_package key

update-package: $(VENV)/.installed ## FOLDER=dist/TownshipCare packed and signed as an update file beside it
	$(PY) -m tools.update_package make $(or $(FOLDER),dist/TownshipCare) $(if $(UPDATE_KEY),--key $(UPDATE_KEY))

screenshots: setup ## the pictures of the user guide
	$(PY) -m tools.screenshots

clean: ## remove what was built
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
