/* SPDX-License-Identifier: ISC */
/* Where the assertions of what the command shares with images lead. */
#include "tool/say.h"

#include <jinn/must.h>

#include <stdlib.h>

void must_fail(const char *file, int line, const char *text)
{
    say_error("a bug in jinn itself: %s:%d: %s", file, line, text);
    abort();
}
