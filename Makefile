# evdesk: everything a person or CI needs. `make run` and `make test` work on a machine with Python 3.11+, make and git.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
DEMO ?=
WORKERS ?= 4
N ?= 100000

.PHONY: run test check static bench shots docs peers fuzz clean help

help:
	@echo "make run     set everything up and show the simulated site (without a screen: in the terminal)"
	@echo "make test    run the tests"
	@echo "make check   format, lint, types, floors, docs, then the tests: the same as CI"
	@echo "make bench   run the benchmarks and write docs/benchmarks.md"
	@echo "make fuzz    random sites, mutated frames and handshakes against the balancer and the protocol code (N=1000000 for the long run)"
	@echo "make shots   render every page of the desk into docs/img"
	@echo "make docs    write docs/api.md from the API's own tables"
	@echo "make peers   install the third-party OCPP client the tests use (needs npm)"
	@echo "make clean   remove everything that was made"

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c "import sys; sys.exit('evdesk needs Python 3.11 or newer, this is ' + sys.version.split()[0]) if sys.version_info < (3, 11) else 0"
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

run: $(VENV)/.installed
	@test -z "$$DISPLAY$$WAYLAND_DISPLAY" || $(PY) packaging/check_system.py --window || true
	@$(BIN)/evdesk demo $(DEMO)

test: $(VENV)/.installed
	@$(PY) packaging/check_system.py
	QT_QPA_PLATFORM=offscreen $(PY) -m pytest -q -n $(WORKERS) --dist worksteal

static: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(PY) docs/make_api.py --check
	$(PY) docs/make_findings.py --check
	$(PY) docs/make_quirks.py --check
	$(PY) docs/make_messages.py --check
	$(PY) docs/make_simulator.py --check
	$(PY) -m pytest -q tests/test_floors.py

check: static test

bench: $(VENV)/.installed
	$(PY) benchmarks/run.py

fuzz: $(VENV)/.installed
	$(PY) -m tests.fuzz --frames $(N) --handshakes $$(( $(N) / 10 )) --sites $$(( $(N) / 10 ))

shots: $(VENV)/.installed
	QT_QPA_PLATFORM=offscreen $(BIN)/evdesk shots docs/img

docs: $(VENV)/.installed
	$(PY) docs/make_api.py
	$(PY) docs/make_findings.py
	$(PY) docs/make_quirks.py
	$(PY) docs/make_messages.py
	$(PY) docs/make_simulator.py
	$(PY) docs/make_phasors.py

peers:
	cd tests/peers && npm install --no-audit --no-fund --no-package-lock

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/peers/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
