# SPDX-License-Identifier: ISC
#   make e2e      real clients against built appliances: curl, wrk, chromium, tshark; on a tap if root
#   make bench    measures us and our peers, writes bench/RESULTS.md

E2E = 'test/e2e/website.py spt' \
      'test/e2e/website.py linux' \
      'test/e2e/website.py host' \
      'test/e2e/ports.py spt' \
      'test/e2e/ports.py linux' \
      test/e2e/tap.py \
      'test/e2e/offload.py spt' \
      'test/e2e/offload.py linux' \
      test/e2e/net.sh \
      'test/e2e/net6.sh spt' \
      'test/e2e/net6.sh linux' \
      'test/e2e/iperf.py spt' \
      'test/e2e/iperf.py linux' \
      test/e2e/loss.py

.PHONY: e2e bench
e2e:
	@scripts/setup build test e2e
	@$(MAKE) -s all $(B)/host/forward
	@scripts/run-each $(E2E)

$(B)/host/spawn $(B)/host/resident: $(B)/host/%: bench/%.c
	@mkdir -p $(@D)
	@$(CC_HOST) $(COMMON) -O2 -D_GNU_SOURCE $< -o $@

$(B)/host/forward: test/support/forward.c
	@mkdir -p $(@D)
	@$(CC_HOST) $(COMMON) -O2 -D_GNU_SOURCE $< -o $@

bench: all $(B)/host/spawn $(B)/host/resident $(B)/host/forward
	@scripts/setup bench
	@bench/run
