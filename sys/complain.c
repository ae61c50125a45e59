/* SPDX-License-Identifier: ISC */
#include "sys/complain.h"

#include <jinn/format.h>
#include <jinn/plat.h>

#include <stdarg.h>

enum { LINE_BYTES = 512 }; /* longer ones are cut: names and values come from the operator */

void complain(const char *text, ...)
{
    char line[LINE_BYTES];
    va_list args;
    va_start(args, text);
    size_t head = format(line, sizeof line, "%.67s: ", plat_image_name);
    (void)format_list(line + head, sizeof line - head, text, args);
    va_end(args);
    size_t len = strlen(line);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            line[i] = '?';
    }
    line[len] = '\n'; /* where the NUL was */
    plat_console(line, len + 1);
}
