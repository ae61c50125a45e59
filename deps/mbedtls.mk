# SPDX-License-Identifier: ISC
#
# Compiles Mbed TLS for one side; deps.mk runs it in the source's library folder
# with CC, CFLAGS, SMALL (flags of what is wanted small), CONFIG (the folder of our configurations), OBJ (a folder) and
# LIB. Which of the files come out empty is the business of mbedtls_config.h, so the list is all of them.

names := $(filter-out hmac_drbg,$(basename $(wildcard *.c)))
objects := $(names:%=$(OBJ)/%.o)
random := $(OBJ)/random/hmac_drbg.o $(OBJ)/random/md.o

$(LIB): $(objects) $(OBJ)/random.o
	rm -f $@ $@.tmp
	ar rcsD $@.tmp $^
	mv $@.tmp $@

# Every image draws random numbers, and most want nothing else. So the generator has a directory of hashes of its own, which
# leads to SHA-256 alone. Nobody else sees it, but for what the generator is to be started with.
$(OBJ)/random.o: $(random)
	ld -r -o $@.tmp $^
	objcopy --redefine-sym mbedtls_md_info_from_type=random_md_info_from_type --wildcard \
		--keep-global-symbol='mbedtls_hmac_drbg_*' --keep-global-symbol=random_md_info_from_type $@.tmp
	mv $@.tmp $@

# Small: what is called once a packet or a message, and of the curves what is outside of the innermost loops (4 KB; a signature takes 5 %
# longer).
$(addprefix $(OBJ)/,md.o sha1.o sha256.o sha512.o ecp.o): override CFLAGS := $(CFLAGS) $(SMALL)

$(objects): $(OBJ)/%.o: %.c
	$(CC) $(CFLAGS) -I. -c -o $@ $<
$(random): $(OBJ)/random/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(SMALL) -DMBEDTLS_CONFIG_FILE='"$(CONFIG)/mbedtls_random_config.h"' -I. -c -o $@ $<
