# SPDX-License-Identifier: ISC
#   make check    format, include directions, symbols of the guest, shell scripts, licence lines, links of the website
#   make format   formats every C file

SOURCES = $(shell git ls-files '*.[ch]')
SCRIPTS = $(shell git grep -lE '^\#!/(bin/(ba)?sh|usr/bin/env bash)')

.PHONY: check format
check: libs-spt
	@scripts/setup test
	@clang-format --dry-run -Werror $(SOURCES)
	@scripts/check-includes
	@scripts/check-symbols
	@shellcheck -S warning $(SCRIPTS)
	@! git grep -L 'SPDX-License-Identifier: ISC' -- '*.[chS]' '*.mk' '*.py' '*.ld' Makefile scripts | grep . || \
		{ echo 'check: these files lack their SPDX line' >&2; false; }
	@test/site/check-links
	@echo 'check: format, includes, symbols, scripts, licence lines: 5 passed, 0 failed'
format:
	@clang-format -i $(SOURCES)
