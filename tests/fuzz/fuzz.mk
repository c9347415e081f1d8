# Fuzz targets (tests/fuzz/target_NAME.c): with libFuzzer build/fuzz/fuzz_NAME, with the committed
# inputs alone $(BUILD)/fuzz/replay_NAME.  Included by the Makefile; docs/fuzzing.md has the whole.

CLANG ?= clang
T     ?= 60
FUZZ  ?= $(FUZZ_TARGETS)

FUZZ_TARGETS := $(patsubst tests/fuzz/target_%.c,%,$(sort $(wildcard tests/fuzz/target_*.c)))
FUZZ_OBJECTS := $(patsubst %.c,$(BUILD)/%.o, \
	$(filter-out tests/fuzz/target_% tests/fuzz/replay.c,$(sort $(wildcard tests/fuzz/*.c)))) \
	$(foreach f,$(call below,app),$(call objects_in,$(f))) $(APP_OBJECTS) $(LLHTTP_OBJECTS)
REPLAYS := $(FUZZ_TARGETS:%=$(BUILD)/fuzz/replay_%)
FUZZERS := $(FUZZ_TARGETS:%=$(BUILD)/fuzz/fuzz_%)

# Committed: sound and unsound beginnings, and what once failed.
fuzz_inputs = $(wildcard tests/fuzz/corpus/$(1) tests/fuzz/crashers/$(1))

.PHONY: fuzz fuzzers replay

$(REPLAYS): $(BUILD)/fuzz/replay_%: $(BUILD)/tests/fuzz/target_%.o $(BUILD)/tests/fuzz/replay.o $(FUZZ_OBJECTS)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) -o $@ $^ $(LIBS)

$(FUZZERS): $(BUILD)/fuzz/fuzz_%: $(BUILD)/tests/fuzz/target_%.o $(FUZZ_OBJECTS)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

replay: $(REPLAYS) ## run the fuzz targets over the committed inputs
	$(Q)$(foreach t,$(FUZZ_TARGETS),$(BUILD)/fuzz/replay_$(t) $(call fuzz_inputs,$(t)) &&) true

fuzzers: $(FUZZERS)

fuzz: ## fuzz each target (FUZZ=) for T seconds, with libFuzzer under ASan and UBSan
	$(Q)$(MAKE) -j2 fuzzers CC=$(CLANG) WARN=-w BUILD=build/fuzzing SANITIZE=fuzzer-no-link,address,undefined
	$(Q)scripts/fuzz build/fuzzing $(T) $(FUZZ)
