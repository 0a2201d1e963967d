# Every target makes what it needs, the virtual environment included. `make` alone lists them.
.POSIX:

VENV = .venv
PYTHON = $(VENV)/bin/python
PIP = $(PYTHON) -m pip --disable-pip-version-check
PYTEST = $(PYTHON) -m pytest --hypothesis-seed=0
WORKERS = 2

# The benchmarks have an environment of their own, for the peers are many times the size of what we need ourselves.
# TORCH=torch==2.13.0+cpu takes a build without CUDA where a package index has one. ONLY=deriving runs one group.
BENCH_VENV = .venv-bench
BENCH_PYTHON = $(BENCH_VENV)/bin/python
BENCH_PIP = $(BENCH_PYTHON) -m pip --disable-pip-version-check
BENCH = $(BENCH_VENV)/stamp-bench
TORCH = torch
PEERS = casadi symengine jax $(TORCH) autograd micrograd xlsxwriter 'dask[array,distributed]'
ONLY =

# A stamp says that the environment holds what pyproject.toml asks for.
RUN = $(VENV)/stamp-run
TEST = $(VENV)/stamp-test

.PHONY: help demo reproductions test test-all test-peers lint format types workbooks bench clean
.NOTPARALLEL:

help:
	@echo 'make demo        every output of one example into ./symbackprop-demo'
	@echo 'make reproductions   the published examples in the layouts of their authors, into build/'
	@echo 'make test        lint, types, and the tests with a seeded sample of each property'
	@echo 'make test-all    the tests that are marked full, at their full counts'
	@echo 'make test-peers  those that need Dask, JAX or torch, in the environment of the benchmarks'
	@echo 'make lint        ruff: rules and formatting'
	@echo 'make format      ruff: format, and mend what it can'
	@echo 'make types       mypy, strict'
	@echo 'make workbooks   build workbooks/ anew from examples/'
	@echo 'make bench       the benchmarks against the peers (ONLY=deriving: one group of them)'
	@echo 'make clean       remove what builds, tests and the demo left (not .venv, .venv-bench)'

demo: $(RUN)
	$(PYTHON) -m symbackprop demo

reproductions: $(RUN)
	$(PYTHON) examples/reproductions.py

test: lint types
	$(PYTEST) -n $(WORKERS)

test-all: $(TEST)
	SYMBACKPROP_FULL=1 $(PYTEST) -n $(WORKERS) -m full tests

# Dask's two worker processes and JAX's devices: too large for every machine that runs the other tests.
test-peers: $(BENCH)
	$(BENCH_PIP) install --quiet 'pytest>=8.2' 'hypothesis>=6.100'
	$(BENCH_PYTHON) -m pytest -p no:cacheprovider tests/test_scaling.py tests/test_compiled.py \
		tests/test_compiled_arguments.py tests/test_adapters_arrays.py tests/test_adapters_torch.py

lint: $(TEST)
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check

format: $(TEST)
	$(PYTHON) -m ruff check --fix
	$(PYTHON) -m ruff format

types: $(TEST)
	$(PYTHON) -m mypy

workbooks: $(RUN)
	$(PYTHON) workbooks/build.py

bench: $(BENCH)
	$(BENCH_PYTHON) benchmarks/run.py $(ONLY)

clean:
	rm -rf build dist symbackprop-demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -path './$(VENV)*' -prune -o -path ./.git -prune -o -type d -name __pycache__ -exec rm -rf {} +

$(RUN): pyproject.toml $(PYTHON)
	$(PIP) install --quiet --editable '.[all]'
	@touch $@

$(TEST): pyproject.toml $(PYTHON)
	$(PIP) install --quiet --editable '.[test]'
	@touch $@ $(RUN)

# A peer that cannot be installed is named, here and in the results; the others are measured.
$(BENCH): pyproject.toml $(BENCH_PYTHON)
	$(BENCH_PIP) install --quiet --editable '.[bench]'
	@for peer in $(PEERS); do \
		$(BENCH_PIP) install --quiet "$$peer" || echo "$$peer cannot be installed here: it is left out" >&2; \
	done
	@touch $@

$(BENCH_PYTHON): $(PYTHON)
	$(PYTHON) -m venv --clear $(BENCH_VENV)

# The first Python that is new enough and can make an environment. Each candidate is run, since a name on the PATH may
# be a stub that leads nowhere.
$(PYTHON):
	@old=''; bare=''; chosen=''; \
	for name in python3.14 python3.13 python3.12 python3.11 python3 python; do \
		"$$name" -c '' >/dev/null 2>&1 || continue; \
		if ! "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then old="$$old $$name"; \
		elif ! "$$name" -c 'import ensurepip, venv' >/dev/null 2>&1; then bare="$$bare $$name"; \
		else chosen=$$name; break; fi; \
	done; \
	if [ -n "$$chosen" ]; then \
		echo "making $(VENV) with $$chosen"; \
		"$$chosen" -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }; \
	elif [ -n "$$bare" ]; then \
		echo "these Pythons lack the modules venv and ensurepip:$$bare" >&2; \
		echo 'install them (Debian, Ubuntu: apt-get install python3-venv) and call make again' >&2; \
		exit 1; \
	else \
		echo "symbackprop needs Python 3.11 or newer, and there is none on the PATH (too old:$${old:- none})" >&2; \
		exit 1; \
	fi
