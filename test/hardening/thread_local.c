/* SPDX-License-Identifier: ISC */
/* Thread-local variables, as libraries have them: they begin with what they were given, aligned as they want to be, and all
 * fibers have the same ones, since there is one thread. errno is one, too, but each fiber keeps its own. */
#include "test/hardening/image.h"

#include <jinn/fiber.h>

#include <errno.h>
#include <string.h>

static _Thread_local int number = 42;
static _Thread_local const char *text = "text";
static _Thread_local char large[5000];
static _Thread_local char line[64] __attribute__((aligned(64))) = "line";
static _Thread_local uint64_t zero;

static void other(void *arg)
{
    int *seen = arg;
    errno = 7;
    *seen = number;
    number = 44;
    if (fiber_yield() != OK || errno != 7)
        *seen = -1;
}

static bool all_zero(const char *p, size_t len)
{
    while (len > 0 && *p == 0)
        p++, len--;
    return len == 0;
}

int unikernel_main(int argc, char **argv)
{
    struct scope s;
    int seen = 0;
    if (number != 42 || strcmp(text, "text") != 0 || strcmp(line, "line") != 0 || zero != 0)
        return 1;
    if (!all_zero(opaque(large), sizeof large) || (uintptr_t)opaque(line) % 64 != 0)
        return 2;
    memset(opaque(large), 'x', sizeof large);
    number = 43;
    errno = 8;
    scope_open(&s);
    if (scope_spawn(&s, "other", other, &seen) != OK)
        return 3;
    scope_join(&s);
    if (seen != 43 || number != 44 || errno != 8)
        return 4;
    return strcmp(text, "text") == 0 && strcmp(line, "line") == 0 && zero == 0 ? 0 : 5;
}
