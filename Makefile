# Everything a developer types. Needs Node.js, npm and make. On Linux (x64, arm64) Node.js 20 is enough,
# because the Node.js that Sluice runs on comes with the other packages; elsewhere it must be 24.15 or
# newer. `make` alone prints this list.

export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
# Native builds, should a package ever bring one, must use the headers of that Node.js.
ifeq ($(shell uname -s),Linux)
export npm_config_nodedir := $(CURDIR)/node_modules/node-linux-$(if $(filter x86_64,$(shell uname -m)),x64,arm64)
endif

# Flags that differ from make's own make it go through the shell for every line, and so through PATH.
SHELL := /bin/sh
.SHELLFLAGS := -eu -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

INSTALLED := node_modules/.package-lock.json
INSTALLED_FROM := node_modules/.installed-package-lock.json
GENERATED := docs/configuration.md docs/configuration.schema.json docs/openapi.json ':(glob)lib/**/*.generated.ts' \
  charts/sluice/values.yaml charts/sluice/values.schema.json charts/sluice/README.md \
  ':(glob)charts/sluice/files/*.json'
# A variable of make's command line, as one word for the shell. A variable of the same name in the
# environment does not count: `make run` stays the demo. `~/` is the home folder also for a shell that
# leaves it in `CONFIG=~/x`, as dash and zsh do.
given = $(if $(filter command,$(origin $(1))),$(if $($(1)),'$(subst ','\'',$(patsubst ~/%,$(HOME)/%,$($(1))))'))
# `--flag value` for a variable that was given, else nothing.
flag = $(if $(call given,$(2)),--$(1) $(call given,$(2)))
RUN = $(if $(call given,KUBECONFIG),run $(call flag,kubeconfig,KUBECONFIG),demo) $(call flag,config,CONFIG)

.PHONY: help node run unit test faults fuzz check types lint format house figures cover bench verify manifests cluster recording fmt build image clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

run: $(INSTALLED) ## The demo; with KUBECONFIG=FILE the gateway on that cluster. CONFIG=FILE ARGS="--flag …"
	@exec node bin/sluice.js $(RUN) $(ARGS)

unit: $(INSTALLED) ## Specs that need no control plane and few processes, in half a minute. ARGS=FILE for one file
	@node spec/run.ts unit $(ARGS)

test: $(INSTALLED) ## Every spec, unit to end-to-end on a real control plane; the last line counts them
	@node spec/run.ts $(ARGS)

faults: $(INSTALLED) ## 200 kills and every fault in its long form, about 45 minutes. ARGS="--seed 2 --kills 400"
	@exec node spec/e2e/once/run.ts $(ARGS)

fuzz: $(INSTALLED) ## A million hostile cases of each target, an hour for each at most. ARGS="--target events --seed 2 …"
	@node spec/fuzz/run.ts $(ARGS)

check: types lint format house ## Types, lint, format and the house specs

types: $(INSTALLED)
	@echo 'types: tsc'
	@node node_modules/ts7/bin/tsc --noEmit

lint: $(INSTALLED)
	@echo 'lint: eslint'
	@eslint lib spec tools

format: $(INSTALLED)
	@echo 'format: biome'
	@biome check --colors=off --max-diagnostics=5 lib spec tools bin

house: $(INSTALLED)
	@echo 'house: mocha spec/house'
	@mocha --no-config --forbid-only --reporter dot --timeout 30000 'spec/house/**/*.spec.ts'

figures: $(INSTALLED) ## Every figure of the house beside its limit
	@node spec/house/figures.ts

cover: $(INSTALLED) ## Line coverage of every spec, held to its floors; the pages are in coverage/
	@c8 --src lib --include 'lib/**' --reporter text --reporter html \
	  node spec/run.ts $(ARGS)
	@c8 check-coverage --src lib --include 'lib/**' --lines 90
	@for room in core kit filters delivery config; do \
	  c8 check-coverage --src lib --include "lib/$$room/**" --lines 95; \
	done

bench: $(INSTALLED) ## Measure the gateway beside bare readers, about 35 minutes. ARGS="--only reject --rounds 1"
	@exec node spec/bench/run.ts $(ARGS)

verify: $(INSTALLED) ## Write the generated files again; fails if that leaves a difference
	@node tools/generate.ts
	@git diff --exit-code -- $(GENERATED)

manifests: $(INSTALLED) ## Write deploy/ again: plain manifests and the base for kustomize, from the chart
	@node tools/chart/plain-manifests.ts

cluster: $(INSTALLED) ## A control plane to play with, until Ctrl-C; prints its kubeconfig
	@exec node spec/controlplane/cluster.ts $(ARGS)

recording: $(INSTALLED) ## Record the demo's Events again on a control plane (about a minute)
	@node tools/record-demo.ts

fmt: $(INSTALLED) ## Format every file and sort its imports
	@biome check --write lib spec tools bin

build: $(INSTALLED) ## Compile lib to dist, as the package and the image have it
	@node node_modules/ts7/bin/tsc -p tsconfig.build.json

image: $(INSTALLED) ## The container image, NAME:VERSION and NAME:latest. BUILDER=buildah NAME=sluice ARCH=arm64
	@node tools/image/main.ts $(call flag,builder,BUILDER) $(call flag,name,NAME) $(call flag,arch,ARCH) $(ARGS)

clean: ## Remove what can be made again, but for node_modules
	@rm -rf dist build coverage

# npm warns that the Node.js that runs it is too old for some packages; they run on the other one.
$(INSTALLED): package-lock.json | node
	@command -v npm >/dev/null || { echo 'make: npm is missing; install Node.js, which brings it' >&2; exit 1; }
	@# A checkout of another commit renews the times of files; the same packages need no new installation.
	@cmp -s package-lock.json $(INSTALLED_FROM) || { \
	  echo 'installing packages into node_modules, once: some 120 MB to fetch, 480 MB on disk; half a minute to two'; \
	  npm ci --loglevel=error && cp package-lock.json $(INSTALLED_FROM); \
	}
	@touch $@

node:
	@node -e 'import("./bin/node-needed.js").then((node) => node.mustBeUsable())'
