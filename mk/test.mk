# SPDX-License-Identifier: ISC
# Tests. Each test/unit/NAME.c is one cmocka program on the sim platform; each fuzz/NAME.c one libFuzzer target.
#
#   make unit     unit tests and packet transcripts under ASan and UBSan
#   make fuzz     builds the fuzz targets; `make fuzz-run SECONDS=60` runs each for a while; FUZZ=stack only that one;
#                 SEED=1 takes the same way each time, 0 another
#   make fuzz-coverage FUZZ='stack tcp ether': what their corpora reach of net/

UNITS   := $(patsubst test/unit/%.c,%,$(wildcard test/unit/*.c))
FUZZERS := $(or $(FUZZ),$(patsubst fuzz/%.c,%,$(wildcard fuzz/*.c)))
SECONDS ?= 5
SEED    ?= 0

# Groups, because the archives need each other.
LINK_sim  = -Wl,--start-group $(ARCHIVES_sim) $(B)/deps/host/libmbedcrypto.a -Wl,--end-group
LINK_fuzz = -Wl,--start-group $(ARCHIVES_fuzz) $(B)/deps/host/libmbedcrypto.a -Wl,--end-group

$(B)/test/%: test/unit/%.c $(ARCHIVES_sim) | deps
	@mkdir -p $(@D)
	@echo "  TEST $*"
	@$(CC_sim) $(FLAGS_sim) -MMD -MP -MF $@.d -MT $@ $< -o $@ $(LINK_sim) -lcmocka -lm
-include $(UNITS:%=$(B)/test/%.d)

# Everything is built first, so that the suites only run. A goal of its own, since what is installed decides what is built.
.PHONY: test test-programs
test:
	@scripts/setup build test
	@$(MAKE) -s test-programs
	@MAKE='$(MAKE) -s' scripts/run-tests unit sim hardening tool-test
test-programs: all hardening-images

.PHONY: unit fuzz fuzz-run fuzz-coverage
unit test-programs: $(UNITS:%=$(B)/test/%)
unit:
	@scripts/run-units $^

$(B)/fuzzers/%: fuzz/%.c $(ARCHIVES_fuzz) | deps
	@mkdir -p $(@D)
	@echo "  FUZZ $*"
	@$(CC_fuzz) $(FLAGS_fuzz) -fsanitize=fuzzer -MMD -MP -MF $@.d -MT $@ $< -o $@ $(LINK_fuzz) -lm
-include $(patsubst fuzz/%.c,$(B)/fuzzers/%.d,$(wildcard fuzz/*.c))
fuzz: $(FUZZERS:%=$(B)/fuzzers/%)
fuzz-run: fuzz
	@scripts/run-fuzzers $(SECONDS) $(SEED) $(FUZZERS:%=$(B)/fuzzers/%)
fuzz-coverage:
	@scripts/fuzz-coverage $(FUZZERS)
