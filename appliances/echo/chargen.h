/* SPDX-License-Identifier: ISC */
/* The pattern of RFC 864: lines of 72 of the 95 printable characters, each beginning one further than the last. */
#ifndef ECHO_CHARGEN_H
#define ECHO_CHARGEN_H

#include <jinn/bytes.h>

#define CHARGEN_LINE_BYTES 74 /* with its end, CR and LF */
#define CHARGEN_LINES 95      /* after which the pattern begins anew */
#define CHARGEN_BYTES (CHARGEN_LINE_BYTES * CHARGEN_LINES)

void chargen_fill(uint8_t out[static CHARGEN_BYTES]);

#endif
