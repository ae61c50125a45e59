# SPDX-License-Identifier: ISC
#   make check    format, include directions, symbols of the guest, shell scripts, licence lines, links of the website,
#                 warnings in appliances and templates
#   make format   formats every C file

SOURCES = $(shell git ls-files '*.[ch]')
SCRIPTS = $(shell git grep -lE '^\#!/(bin/(ba)?sh|usr/bin/env bash)')

# Whoever cloned may be another user than who checks.
export GIT_CONFIG_COUNT := 1
export GIT_CONFIG_KEY_0 := safe.directory
export GIT_CONFIG_VALUE_0 := $(CURDIR)

.PHONY: check check-all format
check:
	@scripts/setup build test
	@$(MAKE) -s check-all
check-all: all
	@clang-format --dry-run -Werror $(SOURCES)
	@scripts/check-includes
	@scripts/check-symbols
	@scripts/check-dispatch
	@shellcheck -x -S warning $(SCRIPTS)
	@! git grep -L 'SPDX-License-Identifier: ISC' -- '*.[chS]' '*.mk' '*.py' '*.ld' Makefile scripts | grep . || \
		{ echo 'check: these files lack their SPDX line' >&2; false; }
	@test/site/check-links
	@scripts/check-appliances
	@echo 'check: format, includes, symbols, dispatch, scripts, licence lines, appliances: 7 passed, 0 failed'
format:
	@clang-format -i $(SOURCES)
