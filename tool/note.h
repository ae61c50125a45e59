/* SPDX-License-Identifier: ISC */
/* The note that tells a tender which devices an image wants. */
#ifndef TOOL_NOTE_H
#define TOOL_NOTE_H

#include "tool/manifest.h"

/* Assembly with the section .note.solo5.manifest. */
char *note_assembly(const struct manifest *m, const char *target);

#endif
