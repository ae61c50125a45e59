# SPDX-License-Identifier: ISC
#
#   make          the command ./jinn, its tenders and the libraries of every target
#   make demo     builds the website appliance and serves it
#   make test     unit tests, simulations, hardening, the command: all that needs no root
#   make help     all goals
#
# A library is a folder: every .c and .S file in it, for each target that it is built for. Adding a file to a folder
# is all it takes.

B      := build
PREFIX := /usr/local
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

# As many jobs as processors, unless told otherwise; `make clean all` keeps its order.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 1)
endif
ifneq ($(filter clean,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif

# These goals install what is missing, or need nothing. For the others, a missing package costs one line.
ifneq ($(filter-out demo test check proofs e2e kvm bench clean help uninstall,$(or $(MAKECMDGOALS),all)),)
ifneq ($(shell scripts/setup --check build >&2 || echo missing),)
$(error run: scripts/setup build)
endif
endif

include deps/deps.mk
include mk/flags.mk
include mk/libs.mk
include mk/host.mk
include mk/tender.mk
include mk/test.mk
include mk/sim.mk
include mk/hardening.mk
include mk/e2e.mk
include mk/check.mk
include mk/proof.mk

.PHONY: all demo clean help
all: jinn

demo:
	@scripts/setup build
	@$(MAKE) -s all
	@scripts/demo

clean:
	rm -rf $(B) jinn appliances/*/dist

help:
	@sed -n 's/^#   //p' Makefile mk/*.mk
