/* SPDX-License-Identifier: ISC */
#include "tool/say.h"
#include "tool/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Set once by the command line. */
static bool quiet;

/* What comes from files and arguments may hold line ends and escapes: an error stays one harmless line. */
static void print_line(const char *prefix, const char *format, va_list args)
{
    char line[1200];
    size_t used = (size_t)snprintf(line, sizeof line, "%s", prefix);
    vsnprintf(line + used, sizeof line - used, format, args);
    for (char *p = line; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    fflush(stdout);
    fprintf(stderr, "%s\n", line);
}

void say_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line("jinn: ", format, args);
    va_end(args);
}

void fail(int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line("jinn: ", format, args);
    va_end(args);
    exit(status);
}

void say_at(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line(line > 0 ? format_text("%s:%d: ", file, line) : format_text("%s: ", file), format, args);
    va_end(args);
}

void fail_at(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line(line > 0 ? format_text("%s:%d: ", file, line) : format_text("%s: ", file), format, args);
    va_end(args);
    exit(STATUS_DATA);
}

void say_progress(const char *format, ...)
{
    if (quiet)
        return;
    va_list args;
    va_start(args, format);
    fflush(stdout);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

void say_quiet(void)
{
    quiet = true;
}

struct colours say_colours(void)
{
    const char *no = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    if (!isatty(STDOUT_FILENO) || (no && no[0]) || !terminal || strcmp(terminal, "dumb") == 0)
        return (struct colours){"", "", "", ""};
    return (struct colours){"\033[1m", "\033[2m", "\033[36m", "\033[0m"};
}

/* Levenshtein's distance, for words of up to 31 characters; longer ones are far from everything. */
static size_t distance(const char *a, const char *b)
{
    size_t row[32];
    size_t a_len = strlen(a), b_len = strlen(b);
    if (a_len >= ARRAY_LEN(row) || b_len >= ARRAY_LEN(row))
        return ARRAY_LEN(row);
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[b_len];
}

const char *say_nearest(const char *word, const char *const *list)
{
    const char *best = NULL;
    size_t best_distance = strlen(word) / 3 + 2; /* further than this is another word */
    for (; *list; list++) {
        size_t d = distance(word, *list);
        if (d < best_distance) {
            best_distance = d;
            best = *list;
        }
    }
    return best;
}

const char *say_hint(const char *word, const char *const *list)
{
    const char *nearest = say_nearest(word, list);
    return nearest ? format_text("; did you mean '%s'?", nearest) : "";
}
