/* SPDX-License-Identifier: ISC */
/* Markers on declarations. They say in one word what a comment would say in a line. */
#ifndef JINN_ATTR_H
#define JINN_ATTR_H

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#define NO_RETURN __attribute__((noreturn))
/* Seldom called: made for size where what is beside it is made for speed. */
#define COLD __attribute__((cold))

/* On a function that may give the processor to other fibers before it returns. Whatever the
 * caller read from shared state before such a call may be different after it. */
#define MAY_YIELD

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The struct that holds member `m` at address `p`. */
#define CONTAINER_OF(p, type, m) ((type *)(void *)((char *)(p)-offsetof(type, m)))

#endif
