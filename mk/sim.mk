# SPDX-License-Identifier: ISC
# Machines for the simulator, and tests that need more than a unit test's one program.
#
#   make sim      simulations: several appliances on a virtual network
#   make sim-soak the same with SIM_SEEDS seeds (50) of each weather and of power cuts, and crowds of 100,000;
#                 JINN_SEED=N build/sims/campaign replays one
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

# The machine of the larger simulations, and copies of it: each has its own name and its own state.
PEERS := $(patsubst %,$(B)/machines/peer%.o,1 2 3 4 5 6)
$(eval $(call sim_machine,peer,$(wildcard test/sim/peer/*.c)))
$(PEERS): $(B)/machines/peer%.o: $(B)/machines/peer.o
	@objcopy --redefine-sym sim_boot_peer=sim_boot_peer$* $< $@

# The name server as `jinn build` makes it, with the zones of test/sim/updater, and copies of it: one for each time it is switched
# on. And the machine that sends it updates.
define nameserver # role
$(B)/machines/$1/dist/nameserver.sim: jinn $(wildcard appliances/nameserver/*.[ch] test/sim/updater/$1/*) \
                                      appliances/nameserver/jinn.ini $(MACHINE_ARCHIVES) | libs-sim
	@echo "  MACHINE $1"
	@rm -rf $(B)/machines/$1 && mkdir -p $(B)/machines/$1
	@cp appliances/nameserver/jinn.ini $(wildcard appliances/nameserver/*.[ch]) $(B)/machines/$1
	@cp -r test/sim/updater/$1 $(B)/machines/$1/zones
	@./jinn build -q -t sim $(B)/machines/$1
$(patsubst %,$(B)/machines/$1%.o,1 2 3 4 5 6): $(B)/machines/$1%.o: $(B)/machines/$1/dist/nameserver.sim
	@objcopy --redefine-sym sim_boot_nameserver=sim_boot_$1$$* $$< $$@
NAMESERVERS += $(patsubst %,$(B)/machines/$1%.o,1 2 3 4 5 6)
endef
$(foreach role,primary secondary,$(eval $(call nameserver,$(role))))
$(eval $(call sim_machine,updater,$(wildcard test/sim/updater/*.c)))

# test/sim/NAME.c is a cmocka program; each test/sim/NAME/MACHINE.c one machine in it, MACHINE.sim_boot_MACHINE.
# Those of PEER_SIMS are played by peers on a world (test/sim/world).
SIMS := $(patsubst test/sim/%.c,%,$(wildcard test/sim/*.c))
PEER_SIMS := campaign bounds crowd
machines_of = $(patsubst test/sim/$1/%.c,%,$(wildcard test/sim/$1/*.c))
world_of = $(if $(filter $1,$(PEER_SIMS)),$(B)/sim/test/sim/world/world.c.o $(PEERS)) \
           $(if $(filter $1,dns_power),$(NAMESERVERS) $(B)/machines/updater.o)

define sim_rules # test
$(foreach machine,$(call machines_of,$1),$(eval $(call sim_machine,$(machine),test/sim/$1/$(machine).c)))
$(B)/sims/$1: $(B)/sim/test/sim/$1.c.o $(patsubst %,$(B)/machines/%.o,$(call machines_of,$1)) $(call world_of,$1) $(ARCHIVES_sim)
	@mkdir -p $$(@D)
	@echo "  SIM $1"
	@$(CC_sim) $(FLAGS_sim) $$(filter %.o,$$^) -o $$@ $(LINK_sim) -lcmocka -lm
-include $(B)/sim/test/sim/$1.c.d
endef
$(foreach test,$(SIMS),$(eval $(call sim_rules,$(test))))
-include $(B)/sim/test/sim/world/world.c.d

.PHONY: sim sim-soak
sim-soak: $(PEER_SIMS:%=$(B)/sims/%) $(B)/sims/dns_power $(B)/test/tcp_crowd
	@for sim in $^; do CROWD=100000 SIM_SEEDS=$${SIM_SEEDS:-50} $$sim || exit 1; done
sim test-programs: $(SIMS:%=$(B)/sims/%)
sim:
	@scripts/run-units $^

# test/linux/NAME.c tests plat/linux/NAME.c alone: a whole platform would bring its own main.
$(B)/test/linux-%: $(B)/sim/test/linux/%.c.o $(B)/sim/plat/linux/%.c.o $(ARCHIVES_sim)
	@mkdir -p $(@D)
	@echo "  TEST $@"
	@$(CC_sim) $(FLAGS_sim) $(filter %.o,$^) -o $@ $(B)/sim/libbase.a $(B)/deps/host/libmbedcrypto.a -lcmocka
# The host's sockets as an image for linux has them: the platform but its main, the library's own stack beside them.
HOST_TESTS  := $(patsubst test/linux/%.c,$(B)/test/linux-%,$(wildcard test/linux/host_*.c))
HOST_TESTED := $(filter-out %/main.c %/kv.c %/block.c,$(wildcard plat/linux/*.c))
$(HOST_TESTS): $(B)/test/linux-%: $(B)/sim/test/linux/%.c.o $(HOST_TESTED:%=$(B)/sim/%.o) $(ARCHIVES_sim)
	@mkdir -p $(@D)
	@echo "  TEST $@"
	@$(CC_sim) $(FLAGS_sim) $(DISPATCHED:%=-Wl,--wrap=%) $(filter %.o,$^) -o $@ -Wl,--start-group \
		$(filter-out %/libplat.a,$(ARCHIVES_sim)) $(B)/deps/host/libmbedcrypto.a -Wl,--end-group -lcmocka
-include $(patsubst %,$(B)/sim/%.d,$(wildcard test/linux/*.c plat/linux/*.c))
.SECONDARY: $(patsubst %,$(B)/sim/%.o,$(wildcard test/linux/*.c plat/linux/*.c))
unit test-programs: $(patsubst test/linux/%.c,$(B)/test/linux-%,$(wildcard test/linux/*.c))
