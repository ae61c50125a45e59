/* SPDX-License-Identifier: ISC */
/* Assertions. They stay on in release: a bug in the image ends the image, with the place. */
#ifndef JINN_MUST_H
#define JINN_MUST_H

#include <jinn/attr.h>

/* Ends the image with "FILE:LINE: TEXT" and status 70. For bugs only: what a peer, a file or an
 * operator can cause is an enum err. */
NO_RETURN void must_fail(const char *file, int line, const char *text);

#define must(condition)                                \
    do {                                               \
        if (__builtin_expect(!(condition), 0))         \
            must_fail(__FILE__, __LINE__, #condition); \
    } while (0)

#define must_not_reach() must_fail(__FILE__, __LINE__, "this place can't be reached")

#endif
