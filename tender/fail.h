/* SPDX-License-Identifier: ISC */
/* The tender's only way to say no: one line on standard error, and a status that says which kind of trouble it is. */
#ifndef TENDER_FAIL_H
#define TENDER_FAIL_H

#include <jinn/attr.h>

enum fail_status {
    FAIL_USAGE = 64,  /* the command line */
    FAIL_IMAGE = 65,  /* the image's file or manifest */
    FAIL_DEVICE = 66, /* a device or file is missing or can't be used */
    FAIL_CRASH = 70,  /* the image broke a rule of its sealed machine */
    FAIL_HOST = 71,   /* the host refused something the tender needs */
};

/* Prints "PROGRAM: TEXT" and ends the process. */
NO_RETURN void fail(enum fail_status status, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
