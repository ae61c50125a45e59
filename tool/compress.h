/* SPDX-License-Identifier: ISC */
/* Precompressed variants of embedded files. */
#ifndef TOOL_COMPRESS_H
#define TOOL_COMPRESS_H

#include "tool/text.h"

#include <jinn/kv.h>

/* Whether a file of this name is worth trying: text and the like, not pictures or archives. */
bool compress_worthwhile(const char *name);
/* The value in the encoding, or empty when it would not be at least 5 % smaller. The same bytes give the same result. */
struct bytes compress_bytes(struct bytes plain, enum kv_encoding encoding);

#endif
