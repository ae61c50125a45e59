# SPDX-License-Identifier: ISC
# The guest's libraries: for each target, one archive a folder, in build/TARGET/libNAME.a.

TARGETS       := linux spt hvt sim fuzz
LIBS          := base wire sched sys net store proto
FOLDERS_linux := $(LIBS) arch/x86_64 plat/linux
FOLDERS_spt   := $(LIBS) arch/x86_64 plat/solo5 plat/spt libc
FOLDERS_hvt   := $(LIBS) arch/x86_64 plat/solo5 plat/hvt libc
FOLDERS_sim   := $(LIBS) arch/x86_64 plat/sim
FOLDERS_fuzz  := $(LIBS) arch/x86_64 plat/fuzz

# plat/spt -> libplat.a, arch/x86_64 -> libarch.a, base -> libbase.a; what platforms share is a library of its own
lib_name = lib$(if $(filter plat/solo5,$1),solo5,$(firstword $(subst /, ,$1))).a

# Others' libraries: what sees their headers is built again when they are.
DEPS_LIBS := $(MUSL_LIB) $(MBEDTLS_GUEST_LIB) $(MBEDTLS_HOST_LIB)

define folder_rules # target, folder
OBJECTS_$1_$2 := $$(patsubst %,$(B)/$1/%.o,$$(wildcard $2/*.c $2/*.S))
ARCHIVES_$1 += $(B)/$1/$(call lib_name,$2)
$(B)/$1/$(call lib_name,$2): $$(OBJECTS_$1_$2)
	@rm -f $$@
	@ar rcs $$@ $$^
-include $$(OBJECTS_$1_$2:.o=.d)
endef

define target_rules # target
$(B)/$1/%.c.o: %.c mk/flags.mk $$(DEPS_LIBS) | deps
	@mkdir -p $$(@D)
	@echo "  CC $1 $$<"
	@$$(CC_$1) $$(FLAGS_$1) -MMD -MP -c $$< -o $$@
$(B)/$1/%.S.o: %.S mk/flags.mk | deps
	@mkdir -p $$(@D)
	@$$(CC_$1) $$(FLAGS_$1) -MMD -MP -c $$< -o $$@
$(foreach folder,$(FOLDERS_$1),$(eval $(call folder_rules,$1,$(folder))))
.PHONY: libs-$1
libs-$1: $$(ARCHIVES_$1)
endef
$(foreach target,$(TARGETS),$(eval $(call target_rules,$(target))))
