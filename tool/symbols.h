/* SPDX-License-Identifier: ISC */
/* Addresses of crash reports into functions and lines. */
#ifndef TOOL_SYMBOLS_H
#define TOOL_SYMBOLS_H

/* Prints on stderr, for each address like 0x104a2c in the report that lies in the code of the file with symbols,
 * "  0x104a2c tcp_input at net/tcp.c:120". Silent when addr2line is missing or knows none. */
void symbols_print(const char *report, const char *debug_file);

#endif
