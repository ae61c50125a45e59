/* SPDX-License-Identifier: ISC */
/* What can be known of a finished image from its file. */
#ifndef TOOL_IMAGE_H
#define TOOL_IMAGE_H

#include "tool/text.h"
#include "wire/elf.h"

struct image {
    const char *path, *name; /* the name is the file's without its last part: "website" */
    struct bytes file;
    const char *target;    /* "spt", "hvt", or "linux" for an ordinary program */
    struct elf_plan *plan; /* of an image for a tender; otherwise NULL */
    const char *origin;    /* what it was built from; NULL: not built by jinn */
};

/* Ends the command with one line when there is no such file or it is no image. */
struct image image_read(const char *path);
/* The value of a line "WORD value" of the origin text, or NULL. */
const char *image_origin_word(const struct image *i, const char *word);
/* Of one for a tender: it can do without this device of its manifest. */
bool image_optional(const struct image *i, size_t index);

#endif
