# SPDX-License-Identifier: ISC
# The tenders: small static programs that need nothing but the kernel.
#
#   make tenders  the programs that start spt and hvt images, build/host/jinn-spt and jinn-hvt

# musl's headers, and the kernel's where musl has none.
TENDER_FLAGS   := $(COMMON) $(HARDENED) -O2 -fPIE -fvisibility=hidden -D_GNU_SOURCE -ffunction-sections -fdata-sections \
                  -fcf-protection=none -fno-asynchronous-unwind-tables $(MUSL_CPPFLAGS) \
                  -idirafter /usr/include -idirafter /usr/include/$(shell $(CC_HOST) -print-multiarch 2>/dev/null)
# These run where there is no thread block yet, or no more.
TENDER_BARE    := tender/crash.c tender/launch.c tender/report.c tender/syscall.c tender/xdp.c tender/xdp_call.c
# What both are made of; what only the one is that runs its images in its own process; what only the other.
TENDER_SPT     := tender/launch.S $(patsubst %,tender/%.c,launch main memory report vdso xdp xdp_call xdp_open)
TENDER_SHARED  := $(filter-out $(TENDER_SPT),$(wildcard tender/*.c tender/*.S)) wire/elf.c wire/relr.c wire/solo5.c wire/extension.c \
                  base/bytes.c base/bytes_called.c base/format.c
TENDER_HVT     := $(wildcard tender/hvt/*.c) wire/hvt.c
TENDER_SOURCES := $(TENDER_SHARED) $(TENDER_SPT) $(TENDER_HVT)
TENDER_OBJECTS := $(TENDER_SOURCES:%=$(B)/tender/%.o)

$(TENDER_BARE:%=$(B)/tender/%.o): TENDER_FLAGS += -fno-stack-protector
$(B)/tender/%.o: % mk/flags.mk mk/tender.mk $(MUSL_LIB) | deps
	@mkdir -p $(@D)
	@echo "  CC tender $<"
	@$(CC_HOST) $(TENDER_FLAGS) -MMD -MP -c $< -o $@
-include $(TENDER_OBJECTS:.o=.d)

# Position independent, so that the kernel puts them far above any guest's memory.
$(B)/host/jinn-spt: $(patsubst %,$(B)/tender/%.o,$(TENDER_SHARED) $(TENDER_SPT))
$(B)/host/jinn-hvt: $(patsubst %,$(B)/tender/%.o,$(TENDER_SHARED) $(TENDER_HVT))
$(B)/host/jinn-spt $(B)/host/jinn-hvt: $(MUSL_LIB)
	@mkdir -p $(@D)
	@$(CC_HOST) -static-pie -nostdlib -nostartfiles -Wl,--gc-sections,-z,now,-z,noexecstack,--no-dynamic-linker,-s -o $@ \
		$(filter %.o,$^) $(MUSL_LIB) -lgcc

.PHONY: tenders
tenders: $(B)/host/jinn-spt $(B)/host/jinn-hvt
