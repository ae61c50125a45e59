/* SPDX-License-Identifier: ISC */
#include "tender/fail.h"

#include "tender/console.h"
#include "tender/kind.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void fail(enum fail_status status, const char *format, ...)
{
    char text[1024];
    char line[4 * sizeof text];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len >= (int)sizeof text)
        len = sizeof text - 1;
    for (int i = 0; i < len; i++) {
        if (text[i] == '\n' || text[i] == '\t')
            text[i] = ' '; /* names are quoted in it, and it must stay one line */
    }
    struct console_filter filter = {0};
    struct writer w = writer_of(line, sizeof line);
    write_str(&w, tender_kind.program);
    write_str(&w, ": ");
    console_filter(&filter, bytes_of(text, (size_t)len), &w);
    console_finish(&filter, &w);
    write_str(&w, "\n");
    (void)!write(STDERR_FILENO, line, writer_len(&w));
    _exit((int)status);
}
