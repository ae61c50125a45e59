/* SPDX-License-Identifier: ISC */
/* How the command speaks: results on stdout, one line for each error on stderr, colour only for people. */
#ifndef TOOL_SAY_H
#define TOOL_SAY_H

#include <jinn/attr.h>

#include <stdbool.h>

/* Exit statuses of the command itself; doc/exit-status.md has the whole table. */
enum status {
    STATUS_USAGE = 64,       /* the command line is wrong */
    STATUS_DATA = 65,        /* the manifest, a source or an image is wrong */
    STATUS_NO_INPUT = 66,    /* a file or device is missing */
    STATUS_UNAVAILABLE = 69, /* a port is taken, a part of Jinn is not built */
    STATUS_HOST = 71,        /* the host refuses something: memory, processes */
    STATUS_NO_OUTPUT = 73,   /* an output file can't be made */
};

/* Prints "jinn: TEXT" as one line on stderr. */
void say_error(const char *format, ...) PRINTF_LIKE(1, 2);
/* The same, and ends the command. */
NO_RETURN void fail(int status, const char *format, ...) PRINTF_LIKE(2, 3);
/* The same without the prefix, for "FILE:LINE: what; remedy". */
NO_RETURN void fail_at(const char *file, int line, const char *format, ...) PRINTF_LIKE(3, 4);
/* The same, and goes on. */
void say_at(const char *file, int line, const char *format, ...) PRINTF_LIKE(3, 4);
/* What goes on, on stderr, unless say_quiet was called: "  built dist/hello.spt". */
void say_progress(const char *format, ...) PRINTF_LIKE(1, 2);
void say_quiet(void);

/* Escape sequences for stdout, or empty strings when it is no terminal or NO_COLOR is set. */
struct colours {
    const char *bold, *dim, *accent, *reset;
};
struct colours say_colours(void);

/* The word of the NULL-terminated list that `word` most likely meant, or NULL. */
const char *say_nearest(const char *word, const char *const *list);
/* "; did you mean 'WORD'?" or "". */
const char *say_hint(const char *word, const char *const *list);

#endif
