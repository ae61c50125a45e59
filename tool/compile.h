/* SPDX-License-Identifier: ISC */
/* Compiling what has changed. An object is made again when its command differs from last time (its hash is kept beside
 * it) or when a file that it was made from is newer. */
#ifndef TOOL_COMPILE_H
#define TOOL_COMPILE_H

#include "tool/text.h"

struct unit {
    const char *source; /* both relative to the folder */
    const char *object;
};

/* Compiles in `folder` with `flags`. Fails with STATUS_DATA when a source has errors. Says how many it made. */
size_t compile_units(const struct unit *units, size_t n, const char *folder, const struct words *flags);
/* Writes compile_commands.json for editors. */
void compile_commands(const struct unit *units, size_t n, const char *folder, const struct words *flags);
/* Runs one command in `folder` unless `output` was made by the same command from the same `inputs` (paths relative to
 * the folder or absolute). True when it ran. Fails with STATUS_DATA when the command fails. */
bool run_if_changed(const struct words *command, const char *output, const struct words *inputs, const char *folder,
                    const char *verb);

#endif
