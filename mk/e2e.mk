# SPDX-License-Identifier: ISC
#   make e2e      real clients against built appliances: curl, wrk, chromium, tshark; on a tap if root
#   make dns-large  the name server with a million names and 100,000 zones, beside nsd and knot (5 minutes)
#   make bench    measures us and our peers, writes bench/RESULTS.md; `make bench ONLY=http` one part
#   make bench-dns  the name server beside nsd, knot and bind9, on taps and by AF_XDP, the resolver beside unbound

# These mostly wait: for leases, timers, peers. Each has namespaces and folders of its own.
E2E_WAITING = 'test/e2e/net.sh spt' \
              'test/e2e/net.sh linux' \
              'test/e2e/net6.sh spt' \
              'test/e2e/net6.sh linux' \
              'test/e2e/dns_peers.py spt' \
              'test/e2e/dns_peers.py hvt' \
              'test/e2e/dns_peers.py linux' \
              'test/e2e/dns_signed.py spt' \
              'test/e2e/dns_signed.py linux' \
              'test/e2e/names.py spt' \
              'test/e2e/names.py linux' \
              'test/e2e/names.py host' \
              'test/e2e/dns_resolver.py spt' \
              'test/e2e/dns_resolver.py hvt' \
              'test/e2e/dns_resolver.py linux' \
              'test/e2e/dns_server.py spt' \
              'test/e2e/dns_server.py hvt' \
              'test/e2e/dns_server.py linux' \
              'test/e2e/dns_server.py host'
# These use the machine.
E2E = 'test/e2e/website.py spt' \
      'test/e2e/website.py hvt' \
      'test/e2e/website.py linux' \
      'test/e2e/website.py host' \
      'test/e2e/ports.py spt' \
      'test/e2e/ports.py hvt' \
      'test/e2e/ports.py linux' \
      'test/e2e/tap.py spt' \
      'test/e2e/tap.py hvt' \
      test/e2e/xdp.py \
      'test/e2e/offload.py spt' \
      'test/e2e/offload.py hvt' \
      'test/e2e/offload.py linux' \
      'test/e2e/iperf.py spt' \
      'test/e2e/iperf.py linux' \
      'test/e2e/dns_validate.py spt' \
      'test/e2e/dns_validate.py hvt' \
      'test/e2e/dns_validate.py linux' \
      'test/e2e/dns_reload.py spt' \
      'test/e2e/dns_reload.py linux' \
      test/e2e/loss.py \
      test/e2e/dns_against.py \
      test/e2e/dns_large.py \
      test/e2e/dns_bad_zones.py \
      test/e2e/dns_zonefiles.sh

.PHONY: e2e bench bench-dns dns-large
e2e:
	@scripts/setup build test e2e
	@$(MAKE) -s all $(B)/host/forward
	@scripts/run-each 3 $(E2E_WAITING); waiting=$$?; scripts/run-each 1 $(E2E) && exit $$waiting

dns-large: all
	@scripts/setup build test e2e
	@test/e2e/dns_large.py whole

# The fault device for real traffic.
$(B)/host/forward: test/support/forward.c
	@mkdir -p $(@D)
	@$(CC_HOST) $(COMMON) -O2 -D_GNU_SOURCE $< -o $@

BENCH_PROGRAMS := $(patsubst bench/%.c,$(B)/host/%,$(wildcard bench/*.c)) $(B)/host/lwip-server $(B)/host/forward
$(filter-out %/lwip-server %/forward,$(BENCH_PROGRAMS)): $(B)/host/%: bench/%.c
	@mkdir -p $(@D)
	@$(CC_HOST) $(COMMON) -O2 -D_GNU_SOURCE $< -o $@

# lwIP, a peer to compare with, from its source package; it is not ours to warn about.
LWIP := $(B)/bench/src/lwip
$(LWIP).origin:
	@scripts/fetch-source lwip '2.1.3*' bookworm $(LWIP)
$(B)/host/lwip-server: bench/lwip/server.c bench/lwip/lwipopts.h $(LWIP).origin
	@mkdir -p $(@D)
	@$(CC_HOST) -O2 -w -D_GNU_SOURCE -Ibench/lwip -I$(LWIP)/src/include -I$(LWIP)/port/include $< $(LWIP)/src/core/*.c \
		$(LWIP)/src/core/ipv4/*.c $(LWIP)/src/netif/ethernet.c -o $@

# ONLY: the parts that are wanted, sizes start http dns resolver streams loss idle profile hvt.
bench: all
	@scripts/setup bench
	@$(MAKE) -s $(BENCH_PROGRAMS)
	@bench/run $(ONLY)
bench-dns:
	@$(MAKE) -s bench ONLY="dns xdp resolver"
