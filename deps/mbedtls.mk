# SPDX-License-Identifier: ISC
#
# Compiles Mbed TLS for one side; deps.mk runs it in the source's library folder
# with CC, CFLAGS, SMALL (flags of what is wanted small), OBJ (a folder) and LIB. Which of the files come out empty is the business of
# mbedtls_config.h, so the list is all of them.

names := $(basename $(wildcard *.c))
objects := $(names:%=$(OBJ)/%.o)

$(LIB): $(objects)
	rm -f $@ $@.tmp
	ar rcsD $@.tmp $^
	mv $@.tmp $@

# An image draws a few random numbers by these, so they are compiled for size.
$(OBJ)/hmac_drbg.o $(OBJ)/md.o $(OBJ)/sha256.o $(OBJ)/sha512.o: override CFLAGS := $(CFLAGS) $(SMALL)

$(objects): $(OBJ)/%.o: %.c
	$(CC) $(CFLAGS) -I. -c -o $@ $<
