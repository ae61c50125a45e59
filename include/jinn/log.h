/* SPDX-License-Identifier: ISC */
/* Logging to the console, a line a message: "0.001234 info  tcp: text". Which levels of which source are printed is
 * a boot argument: -l '*:info,tcp:debug'; the default is '*:info'. A file names its source once:
 *
 *     static struct log_source log = LOG_SOURCE("tcp");
 *     log_info(&log, "listening on %u", port);
 *
 * A line is cut at LOG_LINE_BYTES. What comes from peers is printed with log_quoted, so that it can't drive a
 * terminal or forge lines. Logging never waits; a console that is full loses lines. */
#ifndef JINN_LOG_H
#define JINN_LOG_H

#include <jinn/attr.h>
#include <jinn/bytes.h>
#include <jinn/err.h>

#define LOG_LINE_BYTES 400

enum log_level { LOG_QUIET, LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

struct log_source {
    const char *name;
    int level;           /* enum log_level; -1: not looked up yet */
    unsigned generation; /* of the rules that `level` came from */
};

#define LOG_SOURCE(name) \
    {                    \
        name, -1, 0      \
    }

bool log_enabled(struct log_source *s, enum log_level level);
/* `text` and what follows are as for format() (jinn/format.h): printf without floating point. */
void log_print(struct log_source *s, enum log_level level, const char *text, ...) PRINTF_LIKE(3, 4);

#define log_error(s, ...) log_print(s, LOG_ERROR, __VA_ARGS__)
#define log_warning(s, ...) log_print(s, LOG_WARNING, __VA_ARGS__)
#define log_info(s, ...) log_print(s, LOG_INFO, __VA_ARGS__)
#define log_debug(s, ...)                         \
    do {                                          \
        if (log_enabled(s, LOG_DEBUG))            \
            log_print(s, LOG_DEBUG, __VA_ARGS__); \
    } while (0)

/* Printable ASCII as it is, all else as \xNN, cut with "..." to fit; NUL-terminated. GIVES `out`. */
const char *log_quoted(struct bytes b, char *out, size_t size);

/* Lines count the time from now_ns on; without it, from the first of them. Platforms call it: when the image was entered. */
void log_began(uint64_t now_ns);
/* Sets the rules from "*:info,tcp:debug". ERR_INVALID leaves them as they were. */
MUST_USE enum err log_rules(const char *rules);

#endif
