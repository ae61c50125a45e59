/* SPDX-License-Identifier: ISC */
/* A picture of what is in an image. */
#ifndef TOOL_PICTURE_H
#define TOOL_PICTURE_H

#include "tool/linkmap.h"

/* An SVG tree map: a rectangle a library, in it one for each object file, areas as bytes in the file. */
char *picture_svg(const struct linkmap *m, const char *title, const char *subtitle);

#endif
