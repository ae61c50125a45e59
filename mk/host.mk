# SPDX-License-Identifier: ISC
# The host side: the jinn command and its helpers.
#
#   make install PREFIX=/usr/local     the command, its helpers, the libraries, the manual page
#   make uninstall PREFIX=/usr/local   removes them again
#   make tool-test                     the command, its refusals and its network helper

FLAGS_host := $(COMMON) -O2 -fPIE -D_GNU_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong $(MBEDTLS_CPPFLAGS)
LINK_host  := -pie -Wl,-z,relro,-z,now

$(B)/host/%.c.o: %.c mk/flags.mk mk/host.mk $(DEPS_LIBS) | deps
	@mkdir -p $(@D)
	@echo "  CC host $<"
	@$(CC_HOST) $(FLAGS_host) -MMD -MP -c $< -o $@

# ---- jinn: the command, with the pure parts of the library that it shares with the guest ----

# What `jinn zone` checks zones with.
TOOL_DNS     := $(wildcard wire/dns*.c proto/dns_zone*.c) base/addr.c base/err.c base/radix.c \
                $(patsubst %,proto/dns_%.c,arena change cursor find nodes nsec3 order packed sets table) proto/dnssec_nsec3.c
TOOL_SOURCES := $(wildcard tool/*.c tender/debug/*.c) base/bytes.c base/bytes_called.c base/format.c base/values.c wire/solo5.c wire/elf.c wire/relr.c \
                wire/fiber_note.c tender/console.c tender/layout.c $(TOOL_DNS)
TOOL_OBJECTS := $(TOOL_SOURCES:%=$(B)/host/%.o)
-include $(TOOL_OBJECTS:.o=.d)

# What the command needs at run time to build and run images comes with it.
TARGETS_made := linux spt hvt
HELPERS      := $(B)/host/jinn-net $(B)/host/jinn-spt $(B)/host/jinn-hvt
RECIPES      := $(foreach t,$(TARGETS_made),$(B)/$t/flags $(B)/$t/link) $(B)/spt/image.ld $(B)/spt/stacks.ld.sh

jinn: $(TOOL_OBJECTS) $(MBEDTLS_HOST_LIB) | $(HELPERS) $(RECIPES) $(foreach t,$(TARGETS_made),libs-$t)
	@echo "  LINK $@"
	@$(CC_HOST) $(LINK_host) $(TOOL_OBJECTS) $(MBEDTLS_HOST_LIB) -linih -ljansson -lz -lbrotlienc -o $@

# ---- jinn-net: the user-mode network ----

NET_OBJECTS := $(patsubst %,$(B)/host/%.o,$(wildcard tender/usernet/*.c) base/bytes.c base/bytes_called.c base/format.c)
-include $(NET_OBJECTS:.o=.d)
$(B)/host/jinn-net: $(NET_OBJECTS)
	@echo "  LINK $@"
	@$(CC_HOST) $(LINK_host) $^ -lslirp -l:libglib-2.0.so.0 -lseccomp -o $@

# ---- Recipes: how the command compiles and links appliances, one word a line. @ROOT@ has include/, @BUILD@ has
# TARGET/ and deps/; the command fills in the rest (tool/build.c). An appliance's warnings don't stop its build, and it gets
# none that -fno-tree-forwprop alone makes. ----

appliance_flags = $(subst $(B)/deps,@BUILD@/deps,$(filter-out -Werror -I. -Iinclude -fno-tree-forwprop -ffile-prefix-map=%,$(FLAGS_$1))) \
                  -fno-builtin-log -I@ROOT@/include
archive_words   = $(patsubst $(B)/%,@BUILD@/%,$(ARCHIVES_$1))

# What plat/linux/dispatch.c sends to one of two stacks.
DISPATCHED := $(shell sed -n 's/^TWO(\(.*\));$$/\1/p' plat/linux/dispatch.c)
LINK_WORDS_linux = gcc -pie $(DISPATCHED:%=-Wl,--wrap=%) -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,--build-id=none -Wl,-Map=@MAP@ @OBJECTS@ \
                   -Wl,--start-group $(call archive_words,linux) @BUILD@/deps/host/libmbedcrypto.a -Wl,--end-group
# The command writes stacks.ld by stacks.ld.sh for the number and size of stacks that the manifest says.
link_sealed      = $(LD_SEALED) \
                   -T @BUILD@/spt/image.ld -T @SCRATCH@/stacks.ld -Map=@MAP@ @OBJECTS@ \
                   --start-group $(call archive_words,$1) @BUILD@/deps/guest/libmbedcrypto.a \
                   @BUILD@/deps/musl/lib/libc.a $(shell gcc -print-libgcc-file-name 2>/dev/null) --end-group
LINK_WORDS_spt   = $(call link_sealed,spt)
LINK_WORDS_hvt   = $(call link_sealed,hvt)
# A machine for the simulator: all but the platform in one object, whose symbols the command makes local (mk/sim.mk).
LINK_WORDS_sim   = ld -r -u boot -Map=@MAP@ @OBJECTS@ --start-group $(filter-out %/libplat.a,$(call archive_words,sim)) \
                   @BUILD@/deps/host/libmbedcrypto.a --end-group
libs-sim: $(B)/sim/flags $(B)/sim/link

# Two makes at once each write a file of their own.
write_words = mkdir -p $(@D); printf '%s\n' $1 >$@.$$$$; if cmp -s $@.$$$$ $@; then rm $@.$$$$; else mv $@.$$$$ $@; fi
.PHONY: always
$(B)/%/flags: always
	@$(call write_words,$(call appliance_flags,$*))
$(B)/%/link: always
	@$(call write_words,$(LINK_WORDS_$*))
$(B)/spt/image.ld $(B)/spt/stacks.ld.sh: $(B)/spt/%: plat/spt/%
	@mkdir -p $(@D); cp -p $< $@

# ---- For editors: each C file as make compiles it; what several targets share is listed for the first of them ----

commands_of = $(foreach s,$1,$(file >>$(B)/commands,$2 -c $s))
.PHONY: compile_commands.json
compile_commands.json:
	@mkdir -p $(B) $(file >$(B)/commands)
	@$(foreach t,linux spt sim,$(foreach f,$(FOLDERS_$t),$(call commands_of,$(wildcard $f/*.c),$(CC_$t) $(FLAGS_$t))))
	@$(call commands_of,$(wildcard tool/*.c tender/*.c tender/*/*.c),$(CC_HOST) $(FLAGS_host))
	@$(call commands_of,$(wildcard test/unit/*.c test/sim/*.c),$(CC_sim) $(FLAGS_sim))
	@$(call commands_of,$(wildcard fuzz/*.c),$(CC_fuzz) $(FLAGS_fuzz))
	@scripts/compile-commands $(B)/commands >$@

# ---- Installing ----

LIBDIR := $(DESTDIR)$(PREFIX)/lib/jinn
.PHONY: install uninstall
install: all
	@scripts/install-tree '$(DESTDIR)$(PREFIX)' '$(B)' $(TARGETS_made)
uninstall:
	@rm -rf '$(LIBDIR)' '$(DESTDIR)$(PREFIX)/bin/jinn' '$(DESTDIR)$(PREFIX)/share/man/man1/jinn.1' \
		'$(DESTDIR)$(PREFIX)/share/bash-completion/completions/jinn'

# ---- Tests of the command ----

.PHONY: tool-test
tool-test: all
	@test/tool/run.sh
