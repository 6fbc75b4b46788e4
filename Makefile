# Everything runs in .venv, which is made from the lock files at first use. `make` alone lists the targets.
PY := .venv/bin/python
# Tests that run at once: many of them wait for a server. Those that count what a fault loses run alone, afterwards.
WORKERS ?= 4
.DEFAULT_GOAL := help
.PHONY: help texts demo test check format bench truth faults lock reference dashboards stack-secrets audit sbom previews boards influxdb2 clean

help:  ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 16

demo: .venv/.ready  ## show all of it on this machine: broker, simulated hospitals, live readings, alarms
	@$(PY) -m collector demo

test: .venv/.ready-dev  ## run every test; on Debian as root, install the servers they need
	@scripts/servers.sh
	$(PY) -m pytest -n $(WORKERS) --dist worksteal -m "not faults and not influxdb2"
	$(PY) -m pytest -m faults

check: .venv/.ready-dev  ## lint, format, types, import direction
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports --no-logo

format: .venv/.ready-dev  ## format the code
	$(PY) -m ruff check --fix --exit-zero --quiet .
	$(PY) -m ruff format .

bench: .venv/.ready-dev  ## measure speed and memory, and print the table
	@scripts/servers.sh
	$(PY) -m bench

truth: .venv/.ready-dev  ## are the alarms true: 30 simulated site-years with every fault (hours; ARGS=--quick for a look)
	$(PY) -m bench.truth $(ARGS)

faults: .venv/.ready-dev  ## kill, cut and fill, with the full load
	@scripts/servers.sh
	OXYGRID_FULL=1 $(PY) -m pytest -m faults

influxdb2: .venv/.ready-dev  ## the same with InfluxDB 2 (INFLUXD2=path of its influxd; beside it influx, for the stack's tokens)
	@scripts/servers.sh
	@test -x "$(INFLUXD2)" || { echo 'INFLUXD2 has to name the program influxd of InfluxDB 2: make influxdb2 INFLUXD2=/path/to/influxd' >&2; exit 2; }
	INFLUXD2=$(INFLUXD2) $(PY) -m pytest -m influxdb2

previews: .venv/.ready-dev  ## draw the dashboards from a real database (needs influxdb and chromium)
	@scripts/servers.sh
	$(PY) -m bench.preview

boards: .venv/.ready-dev  ## time the dashboards' queries with 200 hospitals (ARGS="--copies 10" for 50)
	@scripts/servers.sh
	$(PY) -m bench.boards $(ARGS)

reference: .venv/.ready-dev  ## write the generated pages of docs/reference
	$(PY) -m collector.reference

texts: .venv/.ready-dev  ## take new texts into collector/locale and compile it; says what is not translated
	$(PY) scripts/texts.py

dashboards: .venv/.ready-dev  ## build the Grafana dashboards into dashboards/out
	$(PY) -m collector dashboards build

lock:  ## write the lock files anew from pyproject.toml (UPGRADE=1 takes newer versions)
	@scripts/lock.sh

stack-secrets: .venv/.ready  ## make passwords and certificates for docker-compose.yml (as root; HOST="name address")
	@$(PY) -m collector.access.stack --folder stack/secrets --host $(HOST)

audit:  ## is anything in the lock files known to be vulnerable (needs uv)
	@scripts/audit.sh

sbom:  ## write what a release is made of, as CycloneDX (needs uv)
	@scripts/audit.sh sbom

clean:  ## remove .venv and caches (data stays)
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.ready: pyproject.toml requirements.lock scripts/setup.sh
	@scripts/setup.sh

.venv/.ready-dev: pyproject.toml requirements.lock requirements-dev.lock scripts/setup.sh
	@scripts/setup.sh dev
