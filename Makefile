# What one does with a checkout; `make` alone lists it.

PYTHON ?= python3
MARIADB_URL ?= mysql://root@127.0.0.1:3306/accredible_test
POSTGRES_URL ?= postgres://postgres@127.0.0.1:5432/accredible_test
REDIS_URL ?= redis://127.0.0.1:6379/15
RABBITMQ_URL ?= amqp://guest:guest@127.0.0.1:5672//
# How long test-endurance makes trouble on each database, and the seed of a run that is to be repeated.
ENDURANCE_MINUTES ?= 10
ENDURANCE_SEED ?=
VENV := .venv
BIN := $(VENV)/bin
# How long soak lasts, and the seed of a run that is to be repeated.
SOAK_MINUTES ?= 60
SOAK_SEED ?=
# A checkout of the Credentials service, the Python that has its requirements, the plugin and those of demo.in, pytest and
# pytest-django, and the settings to run with.
SERVICE ?=
SERVICE_PYTHON ?= $(SERVICE)/.venv/bin/python
SERVICE_SETTINGS ?= credentials.settings.test

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export DJANGO_SETTINGS_MODULE := demo.settings

# Tests run on all processors at once; PARALLEL= runs them one after the other.
PARALLEL ?= -n logical --dist worksteal
# The parts of the plugin that are held to 95 % branch coverage.
COVERED := client sync models delivery rules badges
# What runs on database servers, too: all that has to do with rows.
ON_SERVERS := tests/sync tests/admin tests/rest_api tests/delivery tests/portability tests/badges tests/snapshots \
    tests/receivers tests/test_history.py tests/test_history_in_bulk.py tests/test_secrets.py tests/test_upgrade.py \
    tests/test_going_back.py \
    --ignore-glob='*/test_kill.py' --ignore-glob='*/test_*at_once.py'
SERVICES := -m 'services and not endurance' tests/services
# The languages there are, as their folders are called, and where atlas takes them from.
LANGUAGES := es_419 uk
LOCALE := credentials_accredible/locale
ATLAS_OPTIONS ?=
TRANSLATIONS ?= translations/credentials-accredible/$(LOCALE)
# Without the day of the extraction and the numbers of lines, a catalogue changes when a message does.
MAKEMESSAGES = env -u DJANGO_SETTINGS_MODULE $(CURDIR)/$(BIN)/python -m django makemessages \
    --add-location file --no-obsolete --no-wrap
UNDATED := sed -i -e '/^"POT-Creation-Date: /d' -e '/^"PO-Revision-Date: /d' -e '/^"Project-Id-Version: /d'
FAULT_MATRIX := tests/delivery/test_fault_matrix.py tests/delivery/test_database_away.py

# What a measurement of the tests depends on.
SOURCES := $(shell find credentials_accredible demo tests -name '*.py' -not -path 'tests/packaging/*')
# Each compiled from its .in file; dev holds all of them and goes first, so that the others get the same versions.
COMPILED := base demo test services browser packaging quality docs

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo serve emulator test test-endurance soak test-services test-mariadb test-postgres test-redis test-rabbitmq \
    test-host test-browser screenshots test-wheel coverage quality bench openapi docs extract_translations \
    compile_translations pull_translations check_translations gettext-there chromium-is-there upgrade clean \
    mariadb-answers postgres-answers redis-answers rabbitmq-answers

help: ## List what can be made
	@awk 'BEGIN {FS = ":.*## "} /^[a-z_-]+:.*## / {printf "  %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/demo.stamp ## Show the plugin at work, against an emulated Accredible
	@$(BIN)/python -m demo.story

serve: $(VENV)/demo.stamp ## The same, then serve the admin until Ctrl-C
	@$(BIN)/python -m demo.story --serve $(PORT:%=--port %) $(EMULATOR_PORT:%=--emulator-port %)

emulator: $(VENV)/demo.stamp ## Serve the emulated Accredible alone
	@$(BIN)/python -m demo.emulator $(EMULATOR_PORT:%=--port %)

test: $(VENV)/test.stamp ## Run the tests that need nothing but Python
	@$(BIN)/python -m pytest $(PARALLEL) $(MEASURED)

test-endurance: mariadb-answers postgres-answers redis-answers rabbitmq-answers ## Run the tests that take minutes, and one that kills at random on both servers
	@$(BIN)/python -m pytest $(PARALLEL) -m endurance --ignore tests/services
	@for url in '$(MARIADB_URL)' '$(POSTGRES_URL)'; do \
	    DATABASE_URL="$$url" $(BIN)/python -m pytest $(PARALLEL) -m endurance $(FAULT_MATRIX) || exit 1; done
	@MARIADB_URL='$(MARIADB_URL)' POSTGRES_URL='$(POSTGRES_URL)' TEST_REDIS_URL='$(REDIS_URL)' TEST_RABBITMQ_URL='$(RABBITMQ_URL)' \
	    ENDURANCE_MINUTES='$(ENDURANCE_MINUTES)' ENDURANCE_SEED='$(ENDURANCE_SEED)' \
	    $(BIN)/python -m pytest -m endurance tests/services

soak: mariadb-answers redis-answers ## An hour of mixed work with kills, on MariaDB and Redis: all arrives once, memory is flat
	@MARIADB_URL='$(MARIADB_URL)' TEST_REDIS_URL='$(REDIS_URL)' SOAK_MINUTES='$(SOAK_MINUTES)' SOAK_SEED='$(SOAK_SEED)' \
	    $(BIN)/python -m pytest -m soak tests/services

test-services: test-mariadb test-postgres test-redis test-rabbitmq ## Run the tests that need services: the four below, then several at once
	@MARIADB_URL='$(MARIADB_URL)' POSTGRES_URL='$(POSTGRES_URL)' TEST_REDIS_URL='$(REDIS_URL)' \
	    TEST_RABBITMQ_URL='$(RABBITMQ_URL)' $(BIN)/python -m pytest $(SERVICES) -k 'mariadb and rabbitmq or event_bus'

mariadb-answers: $(VENV)/services.stamp
	@$(BIN)/python -c 'import sys, dj_database_url, MySQLdb; \
	    at = dj_database_url.parse(sys.argv[1]); \
	    MySQLdb.connect(host=at["HOST"], port=int(at["PORT"] or 3306), user=at["USER"], password=at["PASSWORD"])' \
	    '$(MARIADB_URL)' 2>$(VENV)/mariadb.log \
	    || { echo "No MariaDB or MySQL server answers at MARIADB_URL: $$(tail -n 1 $(VENV)/mariadb.log)"; exit 1; }

test-mariadb: mariadb-answers ## Run the tests that need MariaDB or MySQL, at MARIADB_URL
	@MARIADB_URL='$(MARIADB_URL)' $(BIN)/python -m pytest $(PARALLEL) $(SERVICES) -k 'mariadb and not rabbitmq and not event_bus'
	@DATABASE_URL='$(MARIADB_URL)' $(BIN)/python -m pytest $(PARALLEL) $(ON_SERVERS)

postgres-answers: $(VENV)/services.stamp
	@$(BIN)/python -c 'import sys, dj_database_url, psycopg; \
	    at = dj_database_url.parse(sys.argv[1]); \
	    psycopg.connect(host=at["HOST"], port=at["PORT"] or 5432, user=at["USER"], password=at["PASSWORD"], \
	    dbname="postgres", connect_timeout=5)' '$(POSTGRES_URL)' 2>$(VENV)/postgres.log \
	    || { echo "No PostgreSQL server answers at POSTGRES_URL: $$(grep Error $(VENV)/postgres.log | tail -n 1)"; exit 1; }

test-postgres: postgres-answers ## Run the tests that need PostgreSQL, at POSTGRES_URL
	@POSTGRES_URL='$(POSTGRES_URL)' $(BIN)/python -m pytest $(PARALLEL) $(SERVICES) -k 'postgres and not event_bus'
	@DATABASE_URL='$(POSTGRES_URL)' $(BIN)/python -m pytest $(PARALLEL) $(ON_SERVERS)

redis-answers: $(VENV)/test.stamp
	@$(BIN)/python -c 'import sys, redis; redis.Redis.from_url(sys.argv[1], socket_connect_timeout=5).ping()' \
	    '$(REDIS_URL)' 2>$(VENV)/redis.log \
	    || { echo "No Redis answers at REDIS_URL: $$(tail -n 1 $(VENV)/redis.log)"; exit 1; }

test-redis: redis-answers ## Run the tests that need Redis, at REDIS_URL
	@TEST_REDIS_URL='$(REDIS_URL)' $(BIN)/python -m pytest $(SERVICES) -k redis

rabbitmq-answers: $(VENV)/test.stamp
	@$(BIN)/python -c 'import sys, kombu; kombu.Connection(sys.argv[1], connect_timeout=5).connect()' \
	    '$(RABBITMQ_URL)' 2>$(VENV)/rabbitmq.log \
	    || { echo "No RabbitMQ answers at RABBITMQ_URL: $$(tail -n 1 $(VENV)/rabbitmq.log)"; exit 1; }

test-rabbitmq: rabbitmq-answers ## Run the tests that need RabbitMQ, at RABBITMQ_URL
	@TEST_RABBITMQ_URL='$(RABBITMQ_URL)' $(BIN)/python -m pytest $(SERVICES) -k 'rabbitmq and not mariadb'

test-host: ## Run the tests that need the Credentials service, in its checkout at SERVICE
	@test -d '$(SERVICE)/credentials/apps/core' \
	    || { echo "SERVICE has to be a checkout of the Credentials service: see docs/development.rst."; exit 1; }
	@DJANGO_SETTINGS_MODULE='$(SERVICE_SETTINGS)' PYTHONPATH="$(CURDIR):$(SERVICE):$$PYTHONPATH" \
	    $(SERVICE_PYTHON) -m pytest -p no:cacheprovider -o filterwarnings=default tests/host

test-browser: chromium-is-there ## Run the tests that need Chromium and its driver
	@$(BIN)/python -m pytest -m browser

screenshots: chromium-is-there ## Take the pictures of the documentation again, where tests walk through the quick start
	@SCREENSHOTS=docs/pictures $(BIN)/python -m pytest -m browser tests/browser/test_quickstart.py

chromium-is-there: $(VENV)/browser.stamp
	@command -v chromium >/dev/null \
	    || { echo "There is no Chromium (Debian: apt-get install chromium)."; exit 1; }
	@command -v chromedriver >/dev/null \
	    || { echo "There is no chromedriver (Debian: apt-get install chromium-driver)."; exit 1; }

test-wheel: $(VENV)/packaging.stamp ## Try the built wheel in fresh virtualenvs, on Django 4.2 and 5.2
	@$(BIN)/python -m pytest -m packaging tests/packaging

coverage: .coverage ## Run the same tests, and hold six parts of the plugin to 95 % branch coverage
	@for part in $(COVERED); do \
	    $(BIN)/python -m coverage report --include="credentials_accredible/$$part/*" --fail-under=95 || exit 1; \
	done

quality: $(VENV)/quality.stamp ## Check style, types, layers, migrations and PII annotations
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/code_annotations django_find_annotations --config_file .pii_annotations.yml --lint --coverage

gettext-there:
	@command -v xgettext >/dev/null && command -v msgmerge >/dev/null \
	    || { echo "There is no GNU gettext (Debian: apt-get install gettext)."; exit 1; }

extract_translations: $(VENV)/quality.stamp gettext-there ## Write the messages of the code into the catalogue of each language
	@cd credentials_accredible && $(MAKEMESSAGES) -l en $(LANGUAGES:%=-l %)
	@$(UNDATED) $(LOCALE)/*/LC_MESSAGES/django.po

compile_translations: $(VENV)/test.stamp ## Compile the catalogues, which takes nothing but Python
	@$(BIN)/python -m tests.languages.compiling

pull_translations: $(VENV)/quality.stamp gettext-there ## Replace the catalogues with those of Open edX, by atlas, and compile them
	@cd $(LOCALE) && $(CURDIR)/$(BIN)/atlas pull $(ATLAS_OPTIONS) $(TRANSLATIONS):.
	@$(MAKE) --no-print-directory extract_translations compile_translations

check_translations: $(VENV)/quality.stamp gettext-there ## Check that the catalogues have the messages of the code, complete and correct
	@rm -rf build/translations && mkdir -p build/translations && cp -R credentials_accredible build/translations
	@cd build/translations/credentials_accredible && $(MAKEMESSAGES) -v 0 -l en
	@$(UNDATED) build/translations/$(LOCALE)/en/LC_MESSAGES/django.po
	@diff -u $(LOCALE)/en/LC_MESSAGES/django.po build/translations/$(LOCALE)/en/LC_MESSAGES/django.po \
	    || { echo "The code has other messages than the catalogues: make extract_translations."; exit 1; }
	@for language in $(LANGUAGES); do \
	    catalogue=$(LOCALE)/$$language/LC_MESSAGES/django.po; \
	    msgfmt --check --output-file=/dev/null $$catalogue || exit 1; \
	    left=$$(msgattrib --untranslated $$catalogue; msgattrib --only-fuzzy $$catalogue); \
	    [ -z "$$left" ] || { echo "$$left"; echo "$$catalogue: these are not translated, or fuzzy."; exit 1; }; done

bench: $(VENV)/demo.stamp ## Measure what has to stay fast, beside targets and a baseline; ROWS="syncs events" for some
	@MARIADB_URL='$(MARIADB_URL)' $(BIN)/python -m bench $(ROWS)

openapi: $(VENV)/demo.stamp ## Write docs/openapi.yaml, the description of the REST API
	@$(BIN)/python manage.py generate_swagger --overwrite docs/openapi.yaml

docs: $(VENV)/docs.stamp ## Build the documentation; a warning is an error
	@$(BIN)/python -m doc8 --quiet docs *.rst
	@$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build/html
	@echo "Built docs/_build/html/index.html"

upgrade: $(BIN)/python ## Compile requirements/*.txt with the newest versions
	@$(BIN)/python -m pip install -qq -c requirements/dev.txt pip-tools
	@set -e; export CUSTOM_COMPILE_COMMAND='make upgrade'; \
	for name in dev host-sumac; do $(BIN)/pip-compile --upgrade requirements/$$name.in; done; \
	for name in $(COMPILED); do $(BIN)/pip-compile --upgrade -c requirements/dev.txt requirements/$$name.in; done

clean: ## Remove all that was made, the demo's data too
	rm -rf $(VENV) .coverage .demo .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .tox \
	    build dist docs/_build *.egg-info

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	    || { echo "This needs Python 3.11 or newer, and $(PYTHON) is not: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	    || { echo "$(PYTHON) has no venv module with pip in it (Debian: apt-get install python3-venv)."; exit 1; }
	@echo "Setting up $(VENV) (once, about a minute) ..."
	@$(PYTHON) -m venv --clear $(VENV)

$(VENV)/services.stamp: requirements/services.txt requirements/base.in setup.py | $(BIN)/python
	@echo "Installing requirements/services.txt ..."
	@$(BIN)/python -m pip install -qq -r $< 2>$(VENV)/services.log \
	    || { echo "The driver mysqlclient could not be built: it needs a C compiler, pkg-config and the client library" \
	    "(Debian: apt-get install build-essential pkg-config default-libmysqlclient-dev); see $(VENV)/services.log."; exit 1; }
	@$(BIN)/python -m pip install -qq --no-deps -e .
	@touch $@

$(VENV)/%.stamp: requirements/%.txt requirements/base.in setup.py | $(BIN)/python
	@echo "Installing requirements/$*.txt ..."
	@$(BIN)/python -m pip install -qq -r $<
	@$(BIN)/python -m pip install -qq --no-deps -e .
	@touch $@

.coverage: $(SOURCES) $(VENV)/test.stamp
	@$(MAKE) --no-print-directory test MEASURED='--cov --cov-report='
