# SPDX-License-Identifier: ISC
#
# Third-party code: fetched as Debian source packages, checked, and built with
# our flags into $(DEPS). What the rest of the build uses:
#
#   $(MUSL_LIB)           the guest's C library; depend on it for its headers too
#   $(MUSL_CPPFLAGS)      headers of musl and of the compiler, nothing of the host's
#   $(MBEDTLS_GUEST_LIB)  Mbed TLS for guests
#   $(MBEDTLS_HOST_LIB)   Mbed TLS for host programs
#   $(MBEDTLS_CPPFLAGS)   its headers, configured; the same for both
#   $(DEPS_ORIGINS)       name, version and sums of each source, for the images
#   $(DEPS_GUEST_CFLAGS)  how guest code of third parties is compiled

MUSL_SOURCE    := musl '1.2.3*' bookworm
MBEDTLS_SOURCE := mbedtls '3.6.*' trixie
SODIUM_SOURCE  := libsodium '1.0.18*' bookworm
BEARSSL_SOURCE := bearssl '0.6*' bookworm

B ?= build
DEPS := $(abspath $(B))/deps
# Third parties' guest code knows gcc's options, whatever compiles ours.
DEPS_CC ?= gcc

MUSL_LIB          := $(DEPS)/musl/lib/libc.a
MUSL_CPPFLAGS     := -nostdinc -isystem $(DEPS)/musl/include \
                     -isystem $(shell $(DEPS_CC) -print-file-name=include 2>/dev/null)
MBEDTLS_GUEST_LIB := $(DEPS)/guest/libmbedcrypto.a
MBEDTLS_HOST_LIB  := $(DEPS)/host/libmbedcrypto.a
MBEDTLS_CPPFLAGS  := -isystem $(DEPS)/mbedtls/include
DEPS_ORIGINS      := $(DEPS)/src/musl.origin $(DEPS)/src/mbedtls.origin $(DEPS)/src/libsodium.origin \
                     $(DEPS)/src/bearssl.origin

# With what a debugger needs; images don't carry it.
DEPS_GUEST_CFLAGS := -O2 -g -ffile-prefix-map=$(CURDIR)/= -fPIE -ffunction-sections -fdata-sections \
                     -fstack-protector-strong -fcf-protection=none \
                     -fno-asynchronous-unwind-tables -fno-unwind-tables
DEPS_HOST_CFLAGS  := -O2 -fPIC -ffunction-sections -fdata-sections

.PHONY: deps
deps: $(MUSL_LIB) $(MBEDTLS_GUEST_LIB) $(MBEDTLS_HOST_LIB) $(DEPS_ORIGINS)

# $(call deps-logged,NAME,WHAT,COMMANDS): runs quietly; a failure shows the end
# of the log and says in one line what failed and where the log is. Settings given
# to our make (CC=clang, CFLAGS=) are not for other projects' makefiles: with another
# CC musl would lose its system calls to the kernel again. The jobserver is.
define deps-logged
@mkdir -p $(DEPS)/log; echo 'deps: $(1): $(2)' >&2; MAKEFLAGS="$${MAKEFLAGS%% -- *}"; \
if ! { $(3); } >$(DEPS)/log/$(1).log 2>&1; then \
	tail -n 5 $(DEPS)/log/$(1).log >&2; \
	echo 'deps: $(1): $(2) failed (log: $(DEPS)/log/$(1).log)' >&2; exit 1; fi
endef

# A source is there when its .origin is: the script writes that last. A change of
# this file, which holds the pins and flags, builds everything here again.
$(DEPS)/src/musl.origin: deps/deps.mk
	@scripts/fetch-source $(MUSL_SOURCE) $(@:.origin=)
$(DEPS)/src/mbedtls.origin: deps/deps.mk
	@scripts/fetch-source $(MBEDTLS_SOURCE) $(@:.origin=)
$(DEPS)/src/libsodium.origin: deps/deps.mk
	@scripts/fetch-source $(SODIUM_SOURCE) $(@:.origin=)
$(DEPS)/src/bearssl.origin: deps/deps.mk
	@scripts/fetch-source $(BEARSSL_SOURCE) $(@:.origin=)

# musl. Every system call made in C calls guest_syscall(): see libc/musl.
# The library goes in place last, so that where it is the headers are.
# For size, but for string functions: half of what it gives to an image is printf and malloc.
# AOBJS: when it sees -fPIE, musl would archive the objects it compiles with -fPIC.
$(MUSL_LIB): $(DEPS)/src/musl.origin libc/musl/syscall_arch.h
	$(call deps-logged,musl,building, \
	rm -rf $(DEPS)/musl-build $(DEPS)/musl && mkdir -p $(DEPS)/musl-build && \
	cd $(DEPS)/musl-build && \
	../src/musl/configure --target=x86_64 --disable-shared --prefix=$(DEPS)/musl \
		CC='$(DEPS_CC) -I$(CURDIR)/libc/musl' AR=ar RANLIB=ranlib \
		--enable-optimize=string \
		CFLAGS='$(filter-out -O2,$(DEPS_GUEST_CFLAGS))' CPPFLAGS= LDFLAGS= LIBCC= && \
	$(MAKE) 'AOBJS=$$(LIBC_OBJS)' lib/libc.a install-headers && \
	mkdir -p $(DEPS)/musl/lib && cp lib/libc.a $@.tmp && mv $@.tmp $@)

# Mbed TLS: one set of headers with our configuration in the place of its own. It has no SipHash, which cookies of DNS servers are
# made with, and no Ed25519, which zones are signed with: those files of libsodium's go into the same archive, and their headers
# stand beside. Its SHA-1 is BearSSL's in the innermost function, which is 0.7 KB instead of 4.8 (deps/sha1_process.c).
SODIUM  := $(DEPS)/src/libsodium/src/libsodium
BEARSSL := $(DEPS)/src/bearssl
SODIUM_HEADERS := crypto_shorthash_siphash24 crypto_sign_ed25519 crypto_hash_sha512 export
# Verifying a signature by Ed25519 needs these, and of them only what deps-ed25519 keeps.
ED25519 := crypto_sign/ed25519/ref10/open.c crypto_sign/ed25519/ref10/sign.c crypto_core/ed25519/ref10/ed25519_ref10.c \
           crypto_hash/sha512/cp/hash_sha512_cp.c crypto_verify/sodium/verify.c sodium/utils.c
MBEDTLS_PARTS := deps/mbedtls.mk deps/mbedtls_random_config.h deps/mbedtls_p256_config.h deps/sha1_process.c $(DEPS)/src/bearssl.origin
$(DEPS)/mbedtls/stamp: $(DEPS)/src/mbedtls.origin $(DEPS)/src/libsodium.origin deps/mbedtls_config.h
	@rm -rf $(@D) && mkdir -p $(@D) && cp -r $(DEPS)/src/mbedtls/include $(@D)/ && \
	cp deps/mbedtls_config.h $(@D)/include/mbedtls/ && mkdir $(@D)/include/sodium && \
	cp $(SODIUM_HEADERS:%=$(SODIUM)/include/sodium/%.h) $(@D)/include/sodium/ && touch $@

$(MBEDTLS_GUEST_LIB): $(DEPS)/mbedtls/stamp $(MUSL_LIB) $(MBEDTLS_PARTS)
	$(call deps-logged,mbedtls-guest,building,$(call deps-mbedtls,$(DEPS_GUEST_CFLAGS) $(MUSL_CPPFLAGS)))
$(MBEDTLS_HOST_LIB): $(DEPS)/mbedtls/stamp $(MBEDTLS_PARTS)
	$(call deps-logged,mbedtls-host,building,$(call deps-mbedtls,$(DEPS_HOST_CFLAGS)))

# $(call deps-mbedtls,FLAGS): the archive appears when all of it went well.
define deps-mbedtls
rm -rf $@ $(@D)/mbedtls && mkdir -p $(@D)/mbedtls && \
$(MAKE) -C $(DEPS)/src/mbedtls/library -f $(CURDIR)/deps/mbedtls.mk \
	OBJ=$(@D)/mbedtls LIB=$@.all CC='$(DEPS_CC)' CFLAGS='$(1) $(MBEDTLS_CPPFLAGS)' SMALL=-Os CONFIG=$(CURDIR)/deps && \
$(DEPS_CC) $(1) -I$(SODIUM)/include/sodium -c -o $(@D)/siphash.o \
	$(SODIUM)/crypto_shorthash/siphash24/ref/shorthash_siphash24_ref.c && \
$(call deps-ed25519,$(1)) && \
rm -rf $(@D)/bearssl && mkdir $(@D)/bearssl && cd $(@D)/bearssl && \
$(DEPS_CC) $(1) $(MBEDTLS_CPPFLAGS) -Os -I$(BEARSSL)/inc -I$(BEARSSL)/src -c \
	$(BEARSSL)/src/hash/sha1.c $(BEARSSL)/src/codec/dec32be.c $(BEARSSL)/src/codec/enc32be.c $(CURDIR)/deps/sha1_process.c && mv sha1.o sha1_round.o && \
ar rsD $@.all $(@D)/siphash.o $(@D)/ed25519.o $(@D)/bearssl/*.o && mv $@.all $@
endef

# $(call deps-ed25519,FLAGS): one object that knows one function. What else is in those files, signing and guarded memory, is
# left out, and so are the names that only that asked for. HAVE_TI_MODE: numbers of 64 bits, with products of 128.
define deps-ed25519
rm -rf $(@D)/ed25519 && mkdir $(@D)/ed25519 && (cd $(@D)/ed25519 && \
$(DEPS_CC) $(1) -Os -w -DHAVE_TI_MODE=1 -I$(SODIUM)/include/sodium -I$(SODIUM)/include/sodium/private -c $(ED25519:%=$(SODIUM)/%)) && \
ld -r --gc-sections -u crypto_sign_ed25519_verify_detached -o $(@D)/ed25519.o $(@D)/ed25519/*.o && \
objcopy --keep-global-symbol=crypto_sign_ed25519_verify_detached --strip-unneeded-symbol=randombytes_buf \
	--strip-unneeded-symbol=sodium_misuse $(@D)/ed25519.o
endef
