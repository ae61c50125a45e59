# SPDX-License-Identifier: ISC
# Compiler flags: what every file gets, and what each target adds.

CC_HOST  ?= gcc
CC_FUZZ  ?= clang
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual \
            -Wwrite-strings -Wvla -Wundef -Wformat=2 -Wno-unused-parameter -Werror
COMMON   := -std=gnu11 -g -fno-common -fno-strict-aliasing -fwrapv -ffile-prefix-map=$(CURDIR)/= -Iinclude -I. $(WARN)
HARDENED := -fstack-protector-strong -ftrivial-auto-var-init=zero -fno-delete-null-pointer-checks

# The guest: sealed targets, musl's headers, nothing of the host's. For size, but for what is hot (below).
GCC_INCLUDE   := $(shell gcc -print-file-name=include 2>/dev/null)
# What -Oz does although it makes code longer: 2 % of an image.
SMALLER       := -fno-jump-tables -fno-shrink-wrap -fno-move-loop-invariants -fno-ipa-sra -fno-tree-dominator-opts -fno-thread-jumps \
                 -fno-tree-forwprop -fno-inline-small-functions
# The canary is taken from the variable that the C library takes it from, where that is shorter than the thread block's copy.
GUARD         := -mstack-protector-guard=global
FLAGS_guest   := $(COMMON) $(HARDENED) -Oz -fPIE $(GUARD) -ffreestanding -fbuiltin -fno-asynchronous-unwind-tables -ffunction-sections \
                 -fdata-sections -fcf-protection=none $(SMALLER) -nostdinc -isystem $(B)/deps/musl/include -isystem $(GCC_INCLUDE) \
                 -isystem $(B)/deps/mbedtls/include
FLAGS_spt     := $(FLAGS_guest) -DJINN_TARGET=\"spt\"
FLAGS_hvt     := $(FLAGS_guest) -DJINN_TARGET=\"hvt\"
FLAGS_linux   := $(COMMON) $(HARDENED) -Os -fPIE -D_FORTIFY_SOURCE=2 -D_GNU_SOURCE -ffunction-sections -fdata-sections \
                 -isystem $(B)/deps/mbedtls/include -DJINN_TARGET=\"linux\"
SANITIZE      := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_sim     := $(COMMON) -O1 -D_GNU_SOURCE $(SANITIZE) -isystem $(B)/deps/mbedtls/include -DJINN_TARGET=\"sim\"
FLAGS_fuzz    := $(filter-out -Wno-error,$(COMMON)) -O1 -D_GNU_SOURCE -fsanitize=fuzzer-no-link,address,undefined \
                 -fno-sanitize-recover=all -isystem $(B)/deps/mbedtls/include -DJINN_TARGET=\"fuzz\"
CC_spt   := gcc
CC_hvt   := gcc
CC_linux := $(CC_HOST)
CC_sim   := $(CC_HOST)
CC_fuzz  := $(CC_FUZZ)

# A sealed image: moved by our tender as its table of relocations says, run as it is by others (plat/spt/image.ld).
LD_SEALED := ld -pie --no-dynamic-linker -z pack-relative-relocs -z text -z norelro -n -z max-page-size=4096 \
             -z noexecstack --gc-sections --build-id=none

# What each packet and each request goes through is compiled for speed, the rest of the guest for size: of a request's cycles 20 %
# are the image's so, 26 % with the short list that it was. Aligning all of it took 4 KB and gave nothing.
HOT := base/addr.c base/bytes.c base/pool.c base/wheel.c wire/checksum.c wire/dns.c wire/dns_compress.c wire/dns_name.c wire/ether.c wire/ip4.c wire/tcp.c wire/vnet.c net/ether.c net/ip4.c net/tcp.c net/tcp_flow.c \
       net/tcp_input.c net/tcp_output.c net/tcp_rack.c net/tcp_rx.c net/tcp_table.c net/tcp_tx.c plat/spt/net.c plat/hvt/device.c plat/hvt/ring.c \
       net/arp.c net/route.c net/udp.c net/udp_serve.c wire/udp.c proto/dns_answer.c proto/dns_find.c proto/dns_service.c \
       proto/dns_cache.c proto/dns_iterate.c proto/dns_resolver.c proto/dns_sets.c proto/dns_table.c proto/dns_udp.c proto/dns_zonefile_words.c proto/dns_zones.c \
       proto/http_accept.c proto/http_exchange.c proto/http_kv.c proto/http_parse.c proto/http_text.c proto/http_worker.c
HOT_FLAGS := -O2 -fno-tree-vectorize $(SMALLER:-fno-%=-f%) -fno-align-functions -fno-align-jumps -fno-align-loops -fno-align-labels
$(HOT:%=$(B)/spt/%.o): FLAGS_spt += $(HOT_FLAGS)
$(HOT:%=$(B)/hvt/%.o): FLAGS_hvt += $(HOT_FLAGS)
