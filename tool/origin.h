/* SPDX-License-Identifier: ISC */
/* What an image was built from: a text in its read-only data that starts with ORIGIN_MARK and ends with a NUL. */
#ifndef TOOL_ORIGIN_H
#define TOOL_ORIGIN_H

#include "tool/build.h"
#include "tool/embed.h"

#define ORIGIN_MARK "jinn.origin 1\n"

/* C that puts the text into the image. No dates, no names of machines or folders: the same source gives the same text. */
char *origin_source(const struct build *b, const struct content *contents);
/* The text in an image's bytes, or NULL. */
const char *origin_find(struct bytes image);

#endif
