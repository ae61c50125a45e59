# SPDX-License-Identifier: ISC
# Images that break one rule of the sealed machine each, and one whose behaviour is looked at from outside.
#
#   make hardening  attempts to break the seal: builds these images and runs them under jinn-spt and jinn-hvt
#   make kvm        the same for hvt, hello and the website, on an emulated machine whose KVM is Linux's own

HARDENING        := $(filter-out note peer mutate,$(patsubst test/hardening/%.c,%,$(wildcard test/hardening/*.c)))
HARDENING_OUT    := $(B)/hardening
HARDENING_STACKS := 4
HARDENING_BYTES  := 16384
# What an image has in its manifest: NAME_DEVICES.
behaviour_DEVICES         := net:service block:disk
behaviour_rings_DEVICES   := net:service block:disk features:384
write_past_device_DEVICES := block:disk
hypercalls_DEVICES        := block:disk net:service features:256
system_calls_DEVICES      := block:disk net:service
optional_device_DEVICES   := block:first optional:disk
# All that there can be: the manifest has 64 entries, of which one is Solo5's and, in an image of ours, another one ours.
many_devices_DEVICES      := $(patsubst %,block:disk%,$(shell seq 62))
all_devices_DEVICES       := $(patsubst %,block:disk%,$(shell seq 63)) without:ours
# Those for one target only.
HARDENING_hvt    := hypercalls
HARDENING_spt    := system_calls

# These run on the host.
$(HARDENING_OUT)/note: $(B)/linux/libwire.a $(B)/linux/libbase.a
$(HARDENING_OUT)/note $(HARDENING_OUT)/peer $(HARDENING_OUT)/mutate: $(HARDENING_OUT)/%: $(B)/linux/test/hardening/%.c.o
	@mkdir -p $(@D)
	@$(CC_HOST) -pie $(filter %.o,$^) $(filter %.a,$^) -o $@
-include $(patsubst %,$(B)/linux/test/hardening/%.c.d,note peer mutate)

$(HARDENING_OUT)/stacks.ld: plat/spt/stacks.ld.sh mk/hardening.mk
	@mkdir -p $(@D)
	@plat/spt/stacks.ld.sh $(HARDENING_STACKS) $(HARDENING_BYTES) >$@

$(HARDENING_OUT)/%.note.o: $(HARDENING_OUT)/note mk/hardening.mk
	@$(HARDENING_OUT)/note $($*_DEVICES) >$(@:.o=.S)
	@gcc -c $(@:.o=.S) -o $@

define hardening_rules # target
$(HARDENING_OUT)/%.$1: $(B)/$1/test/hardening/%.c.o $(HARDENING_OUT)/%.note.o $$(ARCHIVES_$1) $(HARDENING_OUT)/stacks.ld \
                       plat/spt/image.ld
	@$(LD_SEALED) -T plat/spt/image.ld -T $(HARDENING_OUT)/stacks.ld -o $$@.debug $$(filter %.o,$$^) \
	    --start-group $$(ARCHIVES_$1) $(MBEDTLS_GUEST_LIB) $(MUSL_LIB) --end-group
	@strip --strip-all -o $$@ $$@.debug
.SECONDARY: $(HARDENING:%=$(B)/$1/test/hardening/%.c.o)
-include $(HARDENING:%=$(B)/$1/test/hardening/%.c.d)
hardening-images: $(patsubst %,$(HARDENING_OUT)/%.$1,$(filter-out $(filter-out $(HARDENING_$1),$(HARDENING_spt) $(HARDENING_hvt)),$(HARDENING)))
endef
$(foreach target,spt hvt,$(eval $(call hardening_rules,$(target))))

.PHONY: hardening hardening-images
.SECONDARY: $(HARDENING:%=$(HARDENING_OUT)/%.note.o)
test-programs: $(HARDENING_OUT)/peer $(HARDENING_OUT)/mutate
hardening: hardening-images tenders $(HARDENING_OUT)/peer $(HARDENING_OUT)/mutate
	@test/hardening/run spt $(B)/host/jinn-spt $(HARDENING_OUT)
	@test/hardening/run hvt $(B)/host/jinn-hvt $(HARDENING_OUT)

# Of hvt's images only, since nothing else needs a KVM. hello and the website are whole appliances.
.PHONY: kvm
kvm:
	@scripts/setup build kvm
	@$(MAKE) -s all hardening-images tenders $(HARDENING_OUT)/peer $(HARDENING_OUT)/mutate
	@for a in hello website; do ./jinn build -q -t hvt appliances/$$a || exit 1; done
	@test/kvm/run $(B)/host/jinn-hvt $(HARDENING_OUT) appliances/hello/dist/hello.hvt appliances/website/dist/website.hvt
