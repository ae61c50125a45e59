# SPDX-License-Identifier: ISC
#
#   make          the command ./jinn, its tenders and the libraries of every target
#   make demo     builds the website appliance and serves it
#   make test     unit tests, simulations, end-to-end tests
#   make help     all goals
#
# A library is a folder: every .c and .S file in it, for each target that it is built for. Adding a file to a folder
# is all it takes.

B      := build
PREFIX := /usr/local
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

include deps/deps.mk
include mk/flags.mk
include mk/libs.mk
include mk/host.mk
include mk/tender.mk
include mk/test.mk
include mk/hardening.mk
include mk/sim.mk
include mk/e2e.mk
include mk/check.mk

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
