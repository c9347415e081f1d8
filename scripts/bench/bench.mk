# The measuring servers (scripts/bench/*.c), each one file: build/bench/NAME.  Included by
# the Makefile; alone: make -f scripts/bench/bench.mk bench-tools

BENCH_BUILD ?= build/bench
BENCH_TOOLS := $(patsubst scripts/bench/%.c,$(BENCH_BUILD)/%,$(wildcard scripts/bench/*.c))

.PHONY: bench-tools
bench-tools: $(BENCH_TOOLS) ## build the servers the benchmarks compare with

$(BENCH_BUILD)/%: scripts/bench/%.c scripts/bench/listen.h
	@printf '  %-7s %s\n' CC $@
	@mkdir -p $(@D)
	@$(CC) -std=gnu11 -O2 -g -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
		-Wpointer-arith -Wvla -pthread -o $@ $<
