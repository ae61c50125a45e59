# SPDX-License-Identifier: ISC
# Machines for the simulator, and tests that need more than a unit test's one program.
#
#   make sim      simulations: several appliances on a virtual network
#
# A machine is one relocatable object: an appliance's sources with the library OS that they use, where only the entry
# sim_boot_NAME is left to see and plat_* to resolve. So each machine of a process has its own copy of all state.

# All that lies above the platform.
MACHINE_ARCHIVES := $(filter-out %/libplat.a,$(ARCHIVES_sim))

# $(eval $(call sim_machine,NAME,SOURCES)): build/machines/NAME.o, whose int sim_boot_NAME(int, char **) goes to
# sim_machine_add. The sources hold what `jinn build` would write: unikernel_main, plat_devices and so on.
define sim_machine
$(B)/machines/$1.o: $(2:%=$(B)/sim/%.o) $(MACHINE_ARCHIVES)
	@mkdir -p $$(@D)
	@echo "  MACHINE $1"
	@ld -r -u boot -o $$@.all $(2:%=$(B)/sim/%.o) --start-group $(MACHINE_ARCHIVES) $(B)/deps/host/libmbedcrypto.a \
		--end-group
	@objcopy --redefine-sym boot=sim_boot_$1 --keep-global-symbol=sim_boot_$1 $$@.all $$@
	@rm $$@.all
-include $(2:%=$(B)/sim/%.d)
endef

# test/sim/NAME.c is a cmocka program; each test/sim/NAME/MACHINE.c one machine in it, MACHINE.sim_boot_MACHINE.
SIMS := $(patsubst test/sim/%.c,%,$(wildcard test/sim/*.c))
machines_of = $(patsubst test/sim/$1/%.c,%,$(wildcard test/sim/$1/*.c))

define sim_rules # test
$(foreach machine,$(call machines_of,$1),$(eval $(call sim_machine,$(machine),test/sim/$1/$(machine).c)))
$(B)/sims/$1: test/sim/$1.c $(patsubst %,$(B)/machines/%.o,$(call machines_of,$1)) $(ARCHIVES_sim)
	@mkdir -p $$(@D)
	@echo "  SIM $1"
	@$(CC_sim) $(FLAGS_sim) $$(filter %.c %.o,$$^) -o $$@ $(LINK_sim) -lcmocka -lm
endef
$(foreach test,$(SIMS),$(eval $(call sim_rules,$(test))))

.PHONY: sim
sim test-programs: $(SIMS:%=$(B)/sims/%)
sim:
	@scripts/run-units $^

# test/linux/NAME.c tests plat/linux/NAME.c alone: a whole platform would bring its own main.
$(B)/test/linux-%: test/linux/%.c plat/linux/%.c $(ARCHIVES_sim) | deps
	@mkdir -p $(@D)
	@echo "  TEST $@"
	@$(CC_sim) $(FLAGS_sim) $(filter %.c,$^) -o $@ $(B)/sim/libbase.a $(B)/deps/host/libmbedcrypto.a -lcmocka
unit test-programs: $(patsubst test/linux/%.c,$(B)/test/linux-%,$(wildcard test/linux/*.c))
