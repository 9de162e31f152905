# LOOP's recipes. `make help` lists them.

SHELL := /bin/sh
CARGO ?= cargo
FUZZ_SECONDS ?= 300
CRASH_ROUNDS ?= 300
POWER_ROUNDS ?= 10
PANEL_FRAMES ?= 1000000
API_EXAMPLES ?= 200
API_SEED ?= 1
ARCHITECTURES ?= amd64 arm64

.DEFAULT_GOAL := help
.PHONY: help run test check rust page browser api-fuzz api-types fuzz panel-fuzz crash bench device-test arm-test deb man clean setup-run setup-test setup-bench setup-device setup-arm setup-deb

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup-run ## Build everything and start LOOP with a simulated panel; Ctrl-C stops it
	cd spa && npm run build
	$(CARGO) build --release --package loop-hw --package loop-web
	@tests/tools/run.sh

test: setup-test check page rust browser api-fuzz ## Everything that needs no virtual machine, with short fuzzing
	tests/fuzz.sh 10

check: ## Formats and lints, Rust
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- --deny warnings

page: ## The page: lints, types, unit tests, build
	cd spa && npm run check && npm test && npm run build

rust: ## Rust: unit, property and integration tests over the real programs
	$(CARGO) build --workspace --all-targets
	$(CARGO) test --workspace

browser: ## The page on a running device, in Chromium
	$(CARGO) test --workspace --test browser -- --ignored

api-fuzz: setup-test ## Ask each operation of the interface API_EXAMPLES things, right and wrong ones, from API_SEED
	LOOP_API_EXAMPLES=$(API_EXAMPLES) LOOP_API_SEED=$(API_SEED) \
		$(CARGO) test --workspace --test openapi -- --ignored

fuzz: ## Fuzz each parser of foreign bytes for FUZZ_SECONDS
	tests/fuzz.sh $(FUZZ_SECONDS)

api-types: ## Take over into the page what the handlers say of the interface
	LOOP_REFRESH=1 $(CARGO) test --workspace --test openapi -- the_copy
	cd spa && npm run api

panel-fuzz: ## Drive PANEL_FRAMES random pictures through the panel's driver and compare each
	LOOP_PANEL_FRAMES=$(PANEL_FRAMES) $(CARGO) test --release --package loop-hw --lib campaign

crash: ## Kill the daemons CRASH_ROUNDS times at random moments
	LOOP_CRASH_ROUNDS=$(CRASH_ROUNDS) LOOP_KILL_ROUNDS=$(CRASH_ROUNDS) $(CARGO) test --workspace --test crash --test kill_web

bench: setup-bench ## Memory, throughput, start-up, uploads and the way to the glass, of the release build
	$(CARGO) build --release --workspace
	target/release/bench
	target/release/panel_bench

device-test: setup-device setup-arm setup-deb ## On a virtual device, whose power is cut POWER_ROUNDS times: Debian under QEMU with a pretend board; SCENARIO=name for one
	$(CARGO) build --workspace --all-targets
	systemd/debian/build.sh amd64
	tests/vm/image.sh target/device-test
	LOOP_POWER_ROUNDS=$(POWER_ROUNDS) tests/vm/run.py $(SCENARIO)

arm-test: setup-arm ## The panel's driver, built for a Raspberry Pi's processor and run under its emulation
	tests/vm/run.py aarch64

deb: setup-deb ## Debian packages into target/deb, judged by lintian: ARCHITECTURES, of amd64 and arm64
	systemd/debian/build.sh $(ARCHITECTURES)

man: ## Manual pages and shell completions of loopctl, into target/man
	$(CARGO) build --release --package loopctl
	target/release/loopctl man --dir target/man
	target/release/loopctl completions bash > target/man/loopctl
	target/release/loopctl completions zsh > target/man/_loopctl
	target/release/loopctl completions fish > target/man/loopctl.fish

clean: ## Remove what was built
	$(CARGO) clean
	rm -rf spa/dist spa/node_modules loop-proto/fuzz/target

setup-run:
	@tests/tools/setup.sh run

setup-test:
	@tests/tools/setup.sh test

setup-bench:
	@tests/tools/setup.sh bench

setup-device:
	@tests/tools/setup.sh device

setup-arm:
	@tests/tools/setup.sh arm

setup-deb:
	@tests/tools/setup.sh deb
