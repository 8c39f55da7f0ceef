# Everything a newcomer needs: `make run` and `make test`. Each target builds .venv first if it must.
# Settings of one call: PORT=8001 SIMULATOR_PORT=9001 make run; PYTEST_ARGS="tests/scim -x" make test;
# BROKER_TEST_EXAMPLES=20 make test tries twenty times as many random examples.

PYTHON ?= python3
PYTEST_ARGS ?=
FUZZ_MINUTES ?= 10
FUZZ_SEED ?= 1
IN_VENV := .venv/bin/python
EMBEDDED := env -u DATABASE_URL -u REDIS_URL -u CELERY_BROKER_URL
WITHOUT_MACHINERY := -m "not browser and not services and not interop"
ON_SERVICES := -m "services or (not browser and not interop and not any_database)"

.DEFAULT_GOAL := help
.PHONY: help run reset test test-services test-browser test-interop lint format types imports migrations check lock fuzz-saml bench-scim bench-scim-million bench-saml bench-oidc venv venv-dev

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | while IFS='|' read -r name text; do printf '  make %-19s %s\n' "$$name" "$$text"; done

run: venv ## Start everything on this machine with demo data: http://localhost:8000 (Ctrl-C ends it)
	@$(IN_VENV) -m demo

reset: ## Empty var/: database, keys, mails and logs of `make run`
	@$(PYTHON) -m demo reset

test: venv-dev ## The test suite on SQLite; needs no browser and no server
	@$(EMBEDDED) $(IN_VENV) -m pytest -n auto $(WITHOUT_MACHINERY) $(PYTEST_ARGS)

test-services: venv-dev ## What asks the database again, on PostgreSQL and Redis: running ones, else its own
	@$(IN_VENV) scripts/with_services.py $(IN_VENV) -m pytest -n auto $(ON_SERVICES) $(PYTEST_ARGS)

test-browser: venv-dev ## What employees see, in the system's Chromium
	@$(EMBEDDED) $(IN_VENV) -m pytest -n 2 --dist loadfile -m browser $(PYTEST_ARGS)

test-interop: venv-dev ## Checkers, clients and identity providers that others made, against a running server
	@$(EMBEDDED) $(IN_VENV) -m pytest -m interop tests/interop $(PYTEST_ARGS)

lint: venv-dev ## Style and common mistakes (ruff)
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .

format: venv-dev ## Let ruff put the code into shape
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

types: venv-dev ## Types (mypy --strict)
	@.venv/bin/mypy
	@.venv/bin/mypy manage.py scripts/*.py

imports: venv-dev ## Which folder may import which (import-linter)
	@.venv/bin/lint-imports

migrations: venv-dev ## Do the migrations fit the models?
	@$(IN_VENV) manage.py makemigrations --check --dry-run

check: lint types imports migrations test ## All of the above that needs no service and no browser

fuzz-saml: venv-dev ## Mutated SAML responses against the product, FUZZ_MINUTES=10 FUZZ_SEED=1; a violation is kept in var/fuzz
	@$(EMBEDDED) $(IN_VENV) -m tests.fuzz.saml_responses --minutes $(FUZZ_MINUTES) --seed $(FUZZ_SEED)

bench-scim: venv ## Our SCIM server beside two others on one PostgreSQL (bench/README.md); about 15 minutes
	@$(IN_VENV) -m bench.scim $(BENCH_ARGS)

bench-scim-million: venv ## Our SCIM server at 1,000,000 users beside itself at 10,000
	@$(IN_VENV) -m bench.million $(BENCH_ARGS)

bench-saml: venv ## A SAML sign-in beside four libraries, one worker on PostgreSQL; about 4 minutes
	@$(IN_VENV) -m bench.saml $(BENCH_ARGS)

bench-oidc: venv ## The callback of an OpenID Connect sign-in beside stock mozilla-django-oidc; about 3 minutes
	@$(IN_VENV) -m bench.oidc $(BENCH_ARGS)

lock: venv-dev ## Pin all packages of pyproject.toml again, with hashes
	@sh scripts/lock.sh

venv:
	@$(PYTHON) scripts/venv.py

venv-dev:
	@$(PYTHON) scripts/venv.py --dev
