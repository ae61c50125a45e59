/* SPDX-License-Identifier: ISC */
/* The C that `jinn build` writes for an appliance: its header and its main. */
#ifndef TOOL_GENERATE_H
#define TOOL_GENERATE_H

#include "tool/embed.h"
#include "tool/manifest.h"

/* NAME.h: `struct NAME` with the devices and keys, and the declaration of NAME_start. */
char *generate_header(const struct manifest *m);
/* NAME_main.c: what plat.h wants of the image, the keys, and unikernel_main. contents[i] belongs to
 * m->devices[i]. */
char *generate_main(const struct manifest *m, const char *target, const struct content *contents);

#endif
