# SPDX-License-Identifier: ISC
# Images that break one rule of the sealed machine each, and one whose behaviour is looked at from outside.
#
#   make hardening  attempts to break the seal: builds these images and runs them under jinn-spt

HARDENING        := $(filter-out note peer,$(patsubst test/hardening/%.c,%,$(wildcard test/hardening/*.c)))
HARDENING_OUT    := $(B)/hardening
HARDENING_STACKS := 4
HARDENING_BYTES  := 16384
# What an image has in its manifest: NAME_DEVICES.
behaviour_DEVICES         := net:service block:disk
write_past_device_DEVICES := block:disk

$(HARDENING_OUT)/note: test/hardening/note.c wire/solo5.c base/bytes.c base/format.c | deps
	@mkdir -p $(@D)
	@$(CC_HOST) $(FLAGS_linux) $< wire/solo5.c base/bytes.c base/format.c -o $@

$(HARDENING_OUT)/peer: test/hardening/peer.c
	@mkdir -p $(@D)
	@$(CC_HOST) $(FLAGS_linux) $< -o $@

$(HARDENING_OUT)/stacks.ld: plat/spt/stacks.ld.sh
	@mkdir -p $(@D)
	@plat/spt/stacks.ld.sh $(HARDENING_STACKS) $(HARDENING_BYTES) >$@

$(HARDENING_OUT)/%.spt: $(B)/spt/test/hardening/%.c.o $(ARCHIVES_spt) $(HARDENING_OUT)/note $(HARDENING_OUT)/stacks.ld \
                        plat/spt/image.ld
	@$(HARDENING_OUT)/note $($*_DEVICES) >$(@:.spt=.note.S)
	@gcc -c $(@:.spt=.note.S) -o $(@:.spt=.note.o)
	@$(LD_SEALED) -T plat/spt/image.ld \
	    -T $(HARDENING_OUT)/stacks.ld -o $(@:.spt=.debug) $< $(@:.spt=.note.o) \
	    --start-group $(ARCHIVES_spt) $(MBEDTLS_GUEST_LIB) $(MUSL_LIB) --end-group
	@strip --strip-all -o $@ $(@:.spt=.debug)

.PHONY: hardening hardening-images
.SECONDARY: $(HARDENING:%=$(B)/spt/test/hardening/%.c.o)
hardening-images: $(HARDENING:%=$(HARDENING_OUT)/%.spt)
test-programs: $(HARDENING_OUT)/peer
hardening: hardening-images tenders $(HARDENING_OUT)/peer
	@test/hardening/run-crashes $(B)/host/jinn-spt $(HARDENING_OUT)
	@test/hardening/run-layout $(B)/host/jinn-spt $(HARDENING_OUT)
	@test/hardening/run-behaviour $(B)/host/jinn-spt $(HARDENING_OUT)
	@test/hardening/run-bad-input $(B)/host/jinn-spt $(HARDENING_OUT)
