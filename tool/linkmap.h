/* SPDX-License-Identifier: ISC */
/* The linker's map: how many bytes each library and each object file takes in an image. */
#ifndef TOOL_LINKMAP_H
#define TOOL_LINKMAP_H

#include "tool/text.h"

enum linkmap_kind { LINKMAP_TEXT, LINKMAP_RODATA, LINKMAP_DATA, LINKMAP_BSS, LINKMAP_KINDS };

#define LINKMAP_LIBRARIES_MAX 32 /* there are about 14 and a few of the compiler's */

struct linkmap_object {
    char *name; /* "tcp.c" */
    uint64_t bytes[LINKMAP_KINDS];
};

struct linkmap_library {
    char *name; /* "net" */
    uint64_t bytes[LINKMAP_KINDS];
    struct linkmap_object *objects; /* the largest first */
    size_t n_objects;
};

struct linkmap {
    struct linkmap_library libraries[LINKMAP_LIBRARIES_MAX]; /* the largest first */
    size_t n;
    uint64_t bytes[LINKMAP_KINDS];
};

/* Parses GNU ld's map (the text of -Map). Lines that it does not know are passed over. False when nothing of it is a map. */
bool linkmap_parse(struct bytes text, struct linkmap *m);

extern const char *const linkmap_kind_texts[LINKMAP_KINDS];
/* Bytes that lie in the image's file: all but bss. */
uint64_t linkmap_file_bytes(const uint64_t bytes[static LINKMAP_KINDS]);

#endif
