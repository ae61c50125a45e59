# SPDX-License-Identifier: ISC
# The tenders: small static programs that need nothing but the kernel.
#
#   make tenders  build/host/jinn-spt

TENDER_FLAGS   := $(COMMON) $(HARDENED) -O2 -fPIE -D_GNU_SOURCE -D_FORTIFY_SOURCE=2 -ffunction-sections -fdata-sections \
                  -fcf-protection=none
# These run where there is no thread block any more.
TENDER_BARE    := tender/launch.c tender/report.c
TENDER_SOURCES := $(wildcard tender/*.c tender/*.S) wire/elf.c wire/solo5.c wire/extension.c base/bytes.c
TENDER_OBJECTS := $(TENDER_SOURCES:%=$(B)/tender/%.o)

$(TENDER_BARE:%=$(B)/tender/%.o): TENDER_FLAGS += -fno-stack-protector -U_FORTIFY_SOURCE
$(B)/tender/%.o: %
	@mkdir -p $(@D)
	@echo "  CC tender $<"
	@$(CC_HOST) $(TENDER_FLAGS) -MMD -MP -c $< -o $@
-include $(TENDER_OBJECTS:.o=.d)

# static-pie: the kernel puts it far above any guest's memory.
$(B)/host/jinn-spt: $(TENDER_OBJECTS)
	@mkdir -p $(@D)
	@$(CC_HOST) -static-pie -Wl,--gc-sections,-z,relro,-z,now,-z,noexecstack,-s -o $@ $^

.PHONY: tenders
tenders: $(B)/host/jinn-spt
