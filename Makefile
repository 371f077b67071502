.PHONY: run test lint fmt lock coverage ci

PYTHON = python3
BIN = .venv/bin
TEMPLATES = find templates clinic patients treatments -name '*.html' -print0

run: ## the demo clinic on http://127.0.0.1:8000/
	$(PYTHON) manage.py demo

test: ## the tests; make test ARGS="-x -k follow_up"
	$(PYTHON) manage.py test $(ARGS)

lint: .venv/dev ## everything a machine can say without running the tests
	PATH="$(CURDIR)/$(BIN):$$PATH" .ci/lint

fmt: .venv/dev ## write the code the way lint wants it
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	$(TEMPLATES) | xargs -0r $(BIN)/djade --target-version 5.2 || true
	$(TEMPLATES) | xargs -0r $(BIN)/djhtml --tabwidth 2

coverage: .venv/dev ## which lines and branches no test walks
	$(BIN)/coverage run -m pytest $(ARGS)
	$(BIN)/coverage report

lock: ## compile requirements.txt and requirements-dev.txt anew (needs uv); UP="--upgrade" takes the newest
	uv pip compile --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command "make lock" $(UP) requirements.in -o requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command "make lock" $(UP) requirements-dev.in -o requirements-dev.txt

ci: ## what the CI machine does
	.ci/run

.venv/dev: requirements.txt requirements-dev.txt
	$(PYTHON) manage.py test --version
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	touch $@
