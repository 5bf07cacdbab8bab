# What a person runs here. Needed on the machine: make and Python 3.11 or later, with venv.
# The rest comes by hash-checked lock into .venv; each stamp in .venv/stamps says what is already there.
# Options for a command go in ARGS: make demo ARGS="--participants 50"

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
STAMPS := .venv/stamps
UV := VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv --no-progress
PEER_IN_JAVA := benchmarks/kafka_streams/target/kafka-streams-peer.jar
# Much of the time is waiting, so that two processes gain on two cores too. A file stays whole; long ones come first.
IN_PARALLEL := --numprocesses 2 --dist loadfile --no-loadscope-reorder
FAST := tests/unit tests/properties tests/contracts tests/architecture

.PHONY: help demo up check lint test fuzz bench wheel lock clean
.DELETE_ON_ERROR:

help:
	@echo "make demo    a hybrid colloquium of 300 people, played through everything at 60 times its speed"
	@echo "make up      Passerelle on this machine, with its own Kafka, at one address"
	@echo "make check   format, lint, types, import contracts and the fast tests: before each commit"
	@echo "make test    everything: also real Kafka, the browser, and processes killed in mid-work"
	@echo "make fuzz    100,000 changed and forged deliveries and 5,000 odd calls thrown at the bridge"
	@echo "make bench   the benchmarks, which print their figures"
	@echo "make wheel   what a deployment installs, in dist/"
	@echo "make lock    resolve the dependencies again and pin them by hash"
	@echo "make clean   remove .venv, .venv-bench and what tools have cached here"

demo: $(STAMPS)/run
	@exec $(BIN)/passerelle demo $(ARGS)

up: $(STAMPS)/run
	@exec $(BIN)/passerelle up $(ARGS)

check: lint
	$(BIN)/pytest $(IN_PARALLEL) $(FAST) $(ARGS)

lint: $(STAMPS)/dev
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

test: lint
	tests/install_packages.sh
	$(BIN)/pytest $(IN_PARALLEL) $(ARGS)

fuzz: $(STAMPS)/dev
	$(BIN)/python -m tests.fuzz.long_run $(ARGS)

bench: $(STAMPS)/dev $(STAMPS)/bench $(PEER_IN_JAVA)
	$(BIN)/python -m benchmarks $(ARGS)

# By way of the source distribution, so that nothing left over in the work tree gets in.
wheel: $(STAMPS)/run
	$(UV) build --quiet --no-build-isolation --clear --out-dir dist

# An existing pin stays unless it must move; `make lock ARGS=--upgrade` moves them all.
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $(ARGS)
lock: $(STAMPS)/bootstrap
	$(COMPILE) --extra dev --extra analysis --extra postgresql --output-file requirements/dev.lock pyproject.toml
	$(COMPILE) --constraints requirements/dev.lock --extra postgresql --output-file requirements/run.lock pyproject.toml
	$(COMPILE) --constraints requirements/dev.lock --output-file requirements/bootstrap.lock requirements/bootstrap.in
	$(COMPILE) --output-file requirements/bench.lock requirements/bench.in

clean:
	rm -rf .venv .venv-bench benchmarks/kafka_streams/target build dist passerelle.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The stamps. pip brings uv and the build backend; uv does the rest in a tenth of the time.
$(STAMPS)/bootstrap: requirements/bootstrap.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "Passerelle needs Python 3.11 or later: install it, or say where it is with PYTHON=…" >&2; exit 1; }
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/run: requirements/run.lock pyproject.toml $(STAMPS)/bootstrap
	$(UV) pip install --quiet --require-hashes -r $<
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(STAMPS)/dev: requirements/dev.lock pyproject.toml $(STAMPS)/bootstrap
	$(UV) pip sync --quiet --require-hashes $<
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@ $(STAMPS)/run

# The benchmark's peers want other versions than Passerelle does, so they have an environment to themselves.
$(STAMPS)/bench: requirements/bench.lock $(STAMPS)/bootstrap
	$(UV) venv --quiet --clear --python $(BIN)/python .venv-bench
	VIRTUAL_ENV=$(CURDIR)/.venv-bench $(BIN)/uv --no-progress pip sync --quiet --require-hashes $<
	@touch $@

# A benchmark without Kafka Streams is still a benchmark: it says so and goes on.
$(PEER_IN_JAVA): benchmarks/kafka_streams/pom.xml $(wildcard benchmarks/kafka_streams/src/main/java/passerelle/peer/*.java)
	@if command -v javac >/dev/null && command -v mvn >/dev/null; then \
		mvn --quiet --batch-mode --file $< package || echo "Kafka Streams takes no part in the benchmark" >&2; \
	else \
		echo "Kafka Streams takes no part in the benchmark: it needs javac (a JDK) and mvn (Maven)" >&2; \
	fi
