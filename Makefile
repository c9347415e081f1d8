# littled: build, test, install.  `make help` lists the targets.

MAKEFLAGS += --no-print-directory

PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
PYTHON  ?= /usr/bin/python3
V       ?= 0
SANITIZE ?=

VERSION := $(shell sed -n 's/^\#define LTD_VERSION "\(.*\)"$$/\1/p' include/littled/version.h)

comma   := ,
BUILD   := build$(if $(SANITIZE),/san-$(subst $(comma),-,$(SANITIZE)))
Q       := $(if $(filter 1,$(V)),,@)
say      = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$(1)' '$(2)';)

WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla
CFLAGS  ?= -O2 -g
CFLAGS  += -fno-omit-frame-pointer
SANFLAGS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all)
CPPFLAGS += -D_GNU_SOURCE -Iinclude -Isrc -Itests/unit -I$(LLHTTP_INCLUDE)
COMPILE  = $(CC) -std=gnu11 $(WARN) $(CFLAGS) $(SANFLAGS) $(CPPFLAGS) -MMD -MP -pthread

# llhttp: the system's shared library where there is one; on Debian 12 the C sources of
# package node-llhttp, compiled here.  Its strict mode must be asked for in that version.
LLHTTP_SOURCES := $(wildcard /usr/share/llhttp/*.c)
ifneq ($(LLHTTP_SOURCES),)
LLHTTP_INCLUDE := /usr/share/include/llhttp
LLHTTP_OBJECTS := $(patsubst /usr/share/llhttp/%.c,$(BUILD)/llhttp/%.o,$(LLHTTP_SOURCES))
else
LLHTTP_INCLUDE := /usr/include
LLHTTP_LIBS    := $(shell pkg-config --libs libllhttp 2>/dev/null || echo -lllhttp)
endif

LIBS       := $(LLHTTP_LIBS) -lev -linih -ljson-c -lz -lncursesw -ltinfo -lseccomp -ldl -lm -pthread
CHECK_LIBS := $(shell pkg-config --libs check 2>/dev/null)

FOLDERS := $(shell awk '!/^\#/ && NF == 2 { print $$2 }' src/FLOORS)
# $(call below,FOLDER): the folder itself and every folder on a lower floor; apps stand on app/.
floors_below = $(shell awk -v of=$(1) '!/^\#/ && NF == 2 { floor[$$2] = $$1; order[n++] = $$2 } \
        END { for (i = 0; i < n; i++) if (floor[order[i]] < floor[of]) printf "%s ", order[i] }' src/FLOORS)
below = $(1) $(if $(filter apps,$(1)),app $(call floors_below,app),$(call floors_below,$(1)))
TESTED  := $(FOLDERS) apps

objects_in  = $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard src/$(1)/*.c)))
APP_OBJECTS := $(call objects_in,apps)
PAGE_OBJECT := $(BUILD)/src/proc/page_files.o
ALL_OBJECTS := $(foreach f,$(FOLDERS),$(call objects_in,$(f))) $(APP_OBJECTS) $(PAGE_OBJECT) \
	$(LLHTTP_OBJECTS)
MAIN_OBJECT := $(BUILD)/src/main.o

LITTLED := $(BUILD)/littled
UNITS   := $(foreach f,$(TESTED),$(if $(wildcard tests/unit/$(f)/test_*.c),$(BUILD)/unit/$(f)))

.DEFAULT_GOAL := all
.PHONY: all help setup run demo check quick lint format clean unit system short \
	sanitized docs programs FORCE

all: $(LITTLED) ## build the server (build/littled)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z_.-]+:.*## / { printf "  %-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo '  Variables: V=1 (say each command), SANITIZE=address,undefined|thread, PREFIX=, DESTDIR='

# --- the server ------------------------------------------------------------

$(LITTLED): $(MAIN_OBJECT) $(ALL_OBJECTS) src/exports.map
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) $(LDFLAGS) -Wl,--dynamic-list=src/exports.map -o $@ \
		$(filter %.o,$^) $(LIBS)

$(BUILD)/llhttp/%.o: /usr/share/llhttp/%.c
	$(call say,CC,llhttp/$*.c)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -w $(CFLAGS) $(SANFLAGS) -DLLHTTP_STRICT_MODE=1 -I$(LLHTTP_INCLUDE) -c -o $@ $<

$(BUILD)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) -c -o $@ $<

# --- the statistics page: one file, made once for all builds; the assembler includes it --------

PAGE  := build/web
PAGES := $(addprefix $(PAGE)/,page.html page.html.gz policy tag)

$(PAGE)/packages: web/package.json web/package-lock.json scripts/get-packages
	$(call say,NPM,$(PAGE))
	$(Q)scripts/get-packages $(PAGE)

$(PAGES) &: $(wildcard web/*.html web/*.css web/*.js) scripts/make-page $(PAGE)/packages
	$(call say,PAGE,$(PAGE)/page.html)
	$(Q)$(PYTHON) scripts/make-page $(PAGE)

$(PAGE_OBJECT): src/proc/page_files.S $(PAGES)
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -Wa,-I$(PAGE) -c -o $@ $<

# --- unit tests: one program a folder, linked with its floor and those below ----

define unit_rule
$(BUILD)/unit/$(1): $$(patsubst %.c,$(BUILD)/%.o,$$(sort $$(wildcard tests/unit/$(1)/*.c))) \
		$(BUILD)/tests/unit/unit.o $$(foreach f,$$(call below,$(1)),$$(call objects_in,$$(f))) \
		$$(if $$(filter app proc cmd,$(1)),$(APP_OBJECTS)) $$(if $$(filter proc cmd,$(1)),$(PAGE_OBJECT)) \
		$(LLHTTP_OBJECTS)
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CC) $(CFLAGS) $(SANFLAGS) -Wl,--dynamic-list=src/exports.map -o $$@ $$(filter %.o,$$^) $(CHECK_LIBS) $(LIBS)
unit-$(1): $(BUILD)/unit/$(1)
	$$(Q)$$<
endef
$(foreach f,$(TESTED),$(eval $(call unit_rule,$(f))))

# Tests that leave nothing to the next need no process of their own, which a sanitizer searches for
# leaks at its end: nine tenths of the time.
UNFORKED := $(if $(SANITIZE),apps cmd conf http metrics proc)
unit_command = $(if $(filter $(notdir $(1)),$(UNFORKED)),CK_FORK=no )$(1)

# Two programs at a time; what each says stays together.
unit: $(UNITS) replay ## run the unit tests, and the fuzz targets over the committed inputs
	$(Q)printf '%s\n' $(foreach u,$(UNITS),'$(call unit_command,$(u))') | xargs -P 2 -I '{}' sh -c \
		'said=$$({} 2>&1); status=$$?; printf "%s\n" "$$said"; exit $$status'

include tests/fuzz/fuzz.mk

# --- tests -----------------------------------------------------------------

# Whatever a sanitizer finds ends the process that did it with a status no test expects.
export ASAN_OPTIONS  ?= detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:exitcode=99
export UBSAN_OPTIONS ?= print_stacktrace=1
export TSAN_OPTIONS  ?= second_deadlock_stack=1:history_size=4:exitcode=99
export LITTLED_TEST_SANITIZE := $(SANITIZE)

PYTEST := LITTLED=$(abspath $(LITTLED)) CC='$(CC)' PYTHONDONTWRITEBYTECODE=1 \
	$(PYTHON) -m pytest -q -ra -p no:cacheprovider tests/system
BUILD_ALL := $(MAKE) -j2 programs

programs: $(LITTLED) $(UNITS) $(REPLAYS)

# Most wait most of the time: they run side by side, and then those that must be alone.  Under the
# thread sanitizer all compute most of the time.
SIDE_BY_SIDE := $(if $(filter thread,$(SANITIZE)),,-n 4 --dist loadfile)

define run_system
$(Q)status=0; \
	$(PYTEST) $(SIDE_BY_SIDE) -m '$(1)not alone' || status=1; \
	$(PYTEST) -m '$(1)alone' || status=1; \
	exit $$status
endef

system: $(LITTLED) ## run the tests of the running server (pytest)
	$(call run_system)

short: $(LITTLED) # the system tests that say most in the least time
	$(call run_system,short and )

# The unit tests and a short system suite under each sanitizer.
sanitized: ## units and short system tests under the sanitizers
	$(Q)for s in address,undefined thread; do \
		echo "--- SANITIZE=$$s"; \
		$(BUILD_ALL) SANITIZE=$$s && $(MAKE) unit SANITIZE=$$s && $(MAKE) short SANITIZE=$$s || exit 1; \
	done

# The libraries the Makefile looks for may only be there once set-up is done: hence $(MAKE).
check: setup ## set up, build and pass every test; SANITIZE=: all of it under that sanitizer
	$(Q)$(BUILD_ALL)
	$(Q)$(MAKE) lint
	$(Q)$(MAKE) unit
	$(Q)$(MAKE) system
ifeq ($(SANITIZE),)
	$(Q)$(MAKE) sanitized
endif

quick: ## lint, units and system tests, no set-up, no sanitizers
	$(Q)$(BUILD_ALL)
	$(Q)$(MAKE) lint
	$(Q)$(MAKE) unit
	$(Q)$(MAKE) system

LINTS := check-format check-layers check-places check-banned check-lengths check-scripts \
	'check-headers $(CC) $(CPPFLAGS)' 'check-docs $(LITTLED)'

lint: $(LITTLED) ## format, layers, places, banned calls, lengths, scripts, headers alone, stale documents
	$(Q)status=0; for l in $(LINTS); do \
		scripts/$$l || { status=1; echo "lint: $${l%% *} fails" >&2; }; \
	done; exit $$status

format: ## have clang-format write every C file anew
	$(Q)find src include tests docs -name '*.[ch]' | xargs clang-format -i

docs: $(LITTLED) ## regenerate conf/littled.ini.example and conf/REFERENCE.md
	$(Q)$(LITTLED) --print-reference example >$(BUILD)/example.new
	$(Q)$(LITTLED) --print-reference markdown >$(BUILD)/markdown.new
	$(Q)mv $(BUILD)/example.new conf/littled.ini.example
	$(Q)mv $(BUILD)/markdown.new conf/REFERENCE.md

# --- use -------------------------------------------------------------------

setup: ## install what is missing (apt packages)
	$(Q)scripts/setup

run: setup ## build and serve the workload app on 127.0.0.1:8000
	$(Q)$(MAKE) -j2 all
	@exec scripts/run $(LITTLED)

demo: setup ## build, put a real load on the server, and show what it says of itself
	$(Q)$(MAKE) -j2 all
	@exec $(PYTHON) scripts/demo $(LITTLED)

include make/install.mk

clean: ## remove everything built
	rm -rf build compile_commands.json

# --- measuring --------------------------------------------------------------

include scripts/bench/bench.mk
include scripts/load/load.mk

# --- for editors -----------------------------------------------------------

SOURCES := $(sort $(wildcard src/*.c src/*/*.c tests/unit/*.c tests/unit/*/*.c))

compile_commands.json: Makefile $(SOURCES) ## what clangd and clang-tidy want to know
	$(call say,GEN,$@)
	$(Q){ echo '['; separator=; for c in $(SOURCES); do \
		printf '%s{ "directory": "%s", "file": "%s", "command": "%s -c %s" }' \
			"$$separator" '$(CURDIR)' $$c '$(COMPILE)' $$c; separator=','; \
	done; echo ']'; } >$@

-include $(shell find $(BUILD) -path $(BUILD)/deb -prune -o -name '*.d' -type f -print 2>/dev/null)
