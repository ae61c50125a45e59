/* SPDX-License-Identifier: ISC */
/* Where the library lies that images are built from: the source tree around the command, or what was installed. */
#ifndef TOOL_ROOT_H
#define TOOL_ROOT_H

#include "tool/text.h"

struct root {
    const char *root;      /* has include/, tool/templates/ or templates/ */
    const char *build;     /* has TARGET/, deps/, host/ */
    const char *templates; /* of `jinn new` */
};

/* Fails with STATUS_UNAVAILABLE when there is neither. */
const struct root *root_find(void);
/* A helper program that belongs to the command, e.g. "jinn-spt". Fails when it is not built. */
const char *root_helper(const char *name);
/* The lines of a file that make left for this target ("flags", "link"), with @ROOT@ and @BUILD@ filled in.
 * Fails with STATUS_UNAVAILABLE when the target is not built. */
void root_recipe(const char *target, const char *file, struct words *lines);
/* `text` with every `from` replaced. */
char *replace_all(const char *text, const char *from, const char *to);

#endif
