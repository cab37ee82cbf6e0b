# Two commands do everything from a fresh clone: `make demo` and `make test`.
# Both make their own environment in .venv; nothing outside the checkout is touched.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SOURCES := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test checks test-packs bench pictures clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.core ## set up, then render the first song into out/, then one by neural networks
	$(BIN)/nawgraph run graphs/first_song.nawgraph --out out
	$(MAKE) --no-print-directory $(VENV)/.neural
	$(BIN)/nawgraph run graphs/neural_song.nawgraph --out out

test: checks ## set up, then run every check and test

checks: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist loadfile --ignore tests/ui/dpg
	$(BIN)/python -m pytest tests/ui/dpg # one editor at a time: they draw in software

test-packs: $(VENV)/.test ## install every pack of plugins/, or those in PACKS, and test each in its own environment
	sh tools/system-packages packs
	$(BIN)/python tools/test_packs.py $(PACKS)

bench: $(VENV)/.bench ## measure the executor beside Dask and Hamilton, print targets and pass/fail
	$(BIN)/python benchmarks/executor.py

pictures: $(VENV)/.test ## make the pictures of the README and docs anew
	$(BIN)/nawgraph run docs/pictures/pictures.nawgraph --no-cache --out docs/pictures
	$(BIN)/python tools/editor_pictures.py
	$(BIN)/python tools/neural_pictures.py

$(VENV)/.core: $(SOURCES)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install -q -c constraints.txt -e .
	$(BIN)/python -m nawgraph.warm
	touch $@

$(VENV)/.neural: $(VENV)/.core # PyTorch is large: the first song does not wait for it
	$(PIP) install -q -c constraints.txt -e .[neural]
	touch $@

$(VENV)/.test: $(VENV)/.core
	sh tools/system-packages
	$(PIP) install -q -c constraints.txt -e .[editor,neural,demucs,generators,onnx,test]
	touch $@

$(VENV)/.bench: $(VENV)/.test
	$(PIP) install -q -c constraints.txt -e .[bench]
	touch $@

clean: ## remove the environment and everything that was made
	rm -rf $(VENV) out build dist *.egg-info
