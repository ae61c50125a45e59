# SPDX-License-Identifier: ISC
# The tenders: small static programs that need nothing but the kernel.
#
#   make tenders  the program that starts spt images, build/host/jinn-spt

# musl's headers, and the kernel's where musl has none.
TENDER_FLAGS   := $(COMMON) $(HARDENED) -O2 -fPIE -fvisibility=hidden -D_GNU_SOURCE -ffunction-sections -fdata-sections \
                  -fcf-protection=none -fno-asynchronous-unwind-tables $(MUSL_CPPFLAGS) \
                  -idirafter /usr/include -idirafter /usr/include/$(shell $(CC_HOST) -print-multiarch 2>/dev/null)
# These run where there is no thread block yet, or no more.
TENDER_BARE    := tender/launch.c tender/report.c tender/syscall.c
TENDER_SOURCES := $(wildcard tender/*.c tender/*.S) wire/elf.c wire/relr.c wire/solo5.c wire/extension.c base/bytes.c base/format.c
TENDER_OBJECTS := $(TENDER_SOURCES:%=$(B)/tender/%.o)

$(TENDER_BARE:%=$(B)/tender/%.o): TENDER_FLAGS += -fno-stack-protector
$(B)/tender/%.o: % | deps
	@mkdir -p $(@D)
	@echo "  CC tender $<"
	@$(CC_HOST) $(TENDER_FLAGS) -MMD -MP -c $< -o $@
-include $(TENDER_OBJECTS:.o=.d)

# Position independent, so that the kernel puts it far above any guest's memory.
$(B)/host/jinn-spt: $(TENDER_OBJECTS) $(MUSL_LIB)
	@mkdir -p $(@D)
	@$(CC_HOST) -static-pie -nostdlib -nostartfiles -Wl,--gc-sections,-z,now,-z,noexecstack,--no-dynamic-linker,-s -o $@ $^ -lgcc

.PHONY: tenders
tenders: $(B)/host/jinn-spt
