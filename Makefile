# make run    serves the bot on this machine; the first time it sets everything up
# make test   the whole gate: format, lint, types, structure, dialogue files, tests
# Everything installed lies in the checkout: tools/.venv (uv), .venv (ours), engine/.venv (Rasa's).

PYTHON  ?= python3
UV      := tools/.venv/bin/uv
BIN     := .venv/bin
ARGS    ?=
export UV_NO_PROGRESS := 1
export RASA_TELEMETRY_ENABLED := false

.PHONY: run test check types structure dialogue pytest browser-deps pictures engine locks format clean
.DELETE_ON_ERROR:

run: .venv/.installed engine/.venv/.installed
	@exec $(BIN)/crmbot up $(ARGS)

test: check types structure dialogue pytest

check: .venv/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/.installed
	$(BIN)/mypy

structure: .venv/.installed
	$(BIN)/lint-imports --no-cache

dialogue: .venv/.installed engine/.venv/.installed
	$(BIN)/python tools/validate_dialogue.py

pytest: .venv/.installed engine/.venv/.installed browser-deps
	$(BIN)/python -m pytest $(ARGS)

format: .venv/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# A headless browser and Chinese letters for the browser tests: found, installed as root on Debian, or named.
browser-deps:
	@sh tools/browser_deps.sh

# The pictures of the README, as the browser test takes them.
pictures: .venv/.installed engine/.venv/.installed browser-deps
	$(BIN)/python -m pytest -q tests/browser/test_story.py
	mkdir -p docs/images
	cp build/screenshots/widget.png build/screenshots/console.png docs/images/

engine: engine/.venv/.installed

.venv/.installed: requirements.lock pyproject.toml | $(UV)
	@echo "Installing crmbot's environment (several gigabytes the first time) …"
	$(UV) venv --quiet --allow-existing --python 3.11 .venv
	$(UV) pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

engine/.venv/.installed: engine/requirements.lock | $(UV)
	@echo "Installing Rasa's environment …"
	$(UV) venv --quiet --allow-existing --python 3.10 engine/.venv
	$(UV) pip sync --quiet --require-hashes --python engine/.venv/bin/python engine/requirements.lock
	@touch $@

$(UV): tools/requirements.lock
	@echo "Installing uv into tools/.venv …"
	$(PYTHON) -m venv tools/.venv
	tools/.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tools/requirements.lock
	@touch $@

# Pins everything anew; run it after changing a requirement.
locks: $(UV)
	$(UV) pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python 3.11 --group dev -o requirements.lock pyproject.toml
	$(UV) pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python 3.10 -o engine/requirements.lock engine/requirements.in
	$(UV) pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python 3.11 -o tools/requirements.lock tools/requirements.in

clean:
	rm -rf .venv engine/.venv tools/.venv build .pytest_cache .mypy_cache .ruff_cache .hypothesis
