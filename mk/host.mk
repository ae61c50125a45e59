# SPDX-License-Identifier: ISC
# The host side: the jinn command and its helpers.

jinn:
	@echo "the command is not built yet"
