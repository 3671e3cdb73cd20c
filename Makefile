# Everything happens in .venv, which the first target that needs it sets up; afterwards that costs nothing.
#   PYTHON       the Python to set it up with, when it is not python3
#   ARGS         what `make run` hands to the editor: make run ARGS=resources/examples/hello-context.catenary
#   PYTEST_ARGS  what `make test` hands to pytest

READY := .venv/ready
BIN := .venv/bin

.PHONY: help setup run test bench format clean

help:
	@echo "make run      open the editor on the default example (without a display: run it, write pictures)"
	@echo "make test     run every check: ruff, pyright, pytest"
	@echo "make bench    measure: start-up, canvas, runs"
	@echo "make format   format the code and sort its imports"
	@echo "make setup    only set up .venv"
	@echo "make clean    remove .venv and everything else that was made"

setup: $(READY)

$(READY): pyproject.toml requirements.lock .ci/setup
	@PYTHON="$(PYTHON)" .ci/setup

run: $(READY)
	@$(BIN)/catenary $(ARGS)

test: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/python -m pytest $(PYTEST_ARGS)

bench: $(READY)
	@for program in tests/bench/bench_*.py; do echo "== $$program"; $(BIN)/python "$$program" || exit 1; done

format: $(READY)
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .ruff_cache .hypothesis out
	find . -name __pycache__ -prune -exec rm -rf {} +
