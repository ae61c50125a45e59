/* SPDX-License-Identifier: ISC */
/* Errors: one enum for the whole library. Results travel through out pointers, never through
 * the returned value; a bug is no error but ends the image (see must.h). */
#ifndef JINN_ERR_H
#define JINN_ERR_H

#include <jinn/attr.h>

enum err {
    OK = 0,
    ERR_AGAIN,       /* nothing to do now; arm or wait and try again */
    ERR_TIMEOUT,     /* the deadline passed */
    ERR_CANCELLED,   /* the fiber's scope was cancelled */
    ERR_END,         /* end of the stream: the peer sent all it had */
    ERR_CLOSED,      /* this side has closed or shut it down already */
    ERR_RESET,       /* the peer broke the connection off */
    ERR_REFUSED,     /* nobody listens there */
    ERR_UNREACHABLE, /* no route, or the network said so */
    ERR_IN_USE,      /* the name, port or address is taken */
    ERR_FULL,        /* a named limit is reached; it was counted */
    ERR_TOO_LARGE,   /* does not fit what it must fit into */
    ERR_MALFORMED,   /* the input breaks its format */
    ERR_INVALID,     /* an argument or setting makes no sense */
    ERR_NOT_FOUND,   /* no such name */
    ERR_UNSUPPORTED, /* this target or build has no such thing */
    ERR_IO,          /* the device or the host failed */
};

/* A few plain words, for logs: "the deadline passed". Static; never NULL. */
const char *err_text(enum err e);

#endif
