# Every target does its own set-up: Python 3.11 or newer and make are all it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
MINIMA := $(addprefix tests/,derivations/test_solve_digits.py numerics/test_results.py numerics/test_plots.py numerics/test_precise_flow.py \
	theory/asymptotics/test_constant_catalogue.py theory/symbolic/test_models.py theory/symbolic/test_codegen.py)
NOTEBOOKS := $(patsubst %.py,%.ipynb,$(wildcard notebooks/*.py))

.PHONY: report book figures notebooks docs test slow minima mutants lint bench stages peers scaling generate lock clean

report: $(READY)  ## derive, solve, predict, compare: report/index.html
	$(BIN)/phase-retrieval report

book: $(READY)  ## every derivation, step by step: book/index.html and book/book.tex
	$(BIN)/phase-retrieval book

figures: $(READY)  ## the six figures of the paper: figures/*.pdf (three minutes)
	mkdir -p figures
	for number in 1 2 3 4 5 6; do $(BIN)/phase-retrieval figure $$number --output figures/figure$$number.pdf || exit 1; done

notebooks: $(VENV)/.jupyter $(NOTEBOOKS)  ## the notebooks in Jupyter; those that are there already keep your edits
	@find notebooks -name '*.py' | while read -r text; do \
		if [ "$$text" -nt "$${text%.py}.ipynb" ]; then \
			echo "$${text%.py}.ipynb is yours and kept: remove it for the newer $$text"; fi; done
	$(BIN)/jupyter lab notebooks

$(VENV)/.jupyter: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[notebooks,jupyter]"
	touch $@

notebooks/%.ipynb: | notebooks/%.py $(VENV)/.jupyter
	$(BIN)/jupytext --quiet --to ipynb --output $@ notebooks/$*.py

docs: $(READY)  ## guide and reference: docs/index.html
	$(BIN)/python -m derivations.guide docs

test: $(READY)  ## all tests that need no browser
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile

slow: $(READY)  ## the slow tests, which the others stand for in a reduced size (25 minutes of processor time)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile -m slow

minima: $(READY)  ## a part of the tests on the oldest versions that pyproject.toml allows (two minutes)
	$(PYTHON) -m venv .minima
	$(BIN)/uv pip install --quiet --python .minima/bin/python --resolution lowest-direct --editable ".[test]"
	OMP_NUM_THREADS=1 .minima/bin/python -m pytest -n auto --dist loadfile -W ignore::DeprecationWarning $(MINIMA)

SEED ?= 0
COUNT ?= 200
mutants: $(READY)  ## small changes of the code that no test notices (hours; SEED and COUNT choose them)
	$(BIN)/python tests/mutants.py --seed $(SEED) --count $(COUNT)

lint: $(READY)  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)  ## every stage beside its peer and its floor, and networks beside CVODE, as ratios (ten minutes)
	OMP_NUM_THREADS=1 $(BIN)/python tests/benchmarks/dashboard.py

stages: $(READY)  ## all benchmarks, timed
	$(BIN)/python -m pytest tests/benchmarks --benchmark-only -o addopts="--import-mode=importlib"

peers: $(READY)  ## the solver against general stiff integrators, side by side (five minutes)
	$(BIN)/python -m pytest tests/benchmarks/test_peers.py tests/benchmarks/test_network_peers.py --benchmark-only --benchmark-columns=median,rounds \
		-o addopts="--import-mode=importlib"

scaling: $(READY)  ## time against the dimension and the horizon: figures/scaling.svg
	$(BIN)/python tests/benchmarks/scaling.py

generate: $(READY)  ## rewrite the generated modules from the derivations
	$(BIN)/python -m theory.symbolic.codegen numerics/generated/phase_retrieval.py
	$(BIN)/python -m theory.symbolic.codegen numerics/generated/phase_retrieval.js

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[test,peers,notebooks,docs,cluster,dev]"
	touch $@

lock:  ## pin the versions that are installed now
	$(BIN)/python -m pip freeze --exclude-editable | grep -v '^pip==' > constraints.txt

clean:
	rm -rf $(VENV) .minima report figures book docs
