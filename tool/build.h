/* SPDX-License-Identifier: ISC */
/* Building an appliance for a target. */
#ifndef TOOL_BUILD_H
#define TOOL_BUILD_H

#include "tool/manifest.h"

enum build_mode { BUILD_RELEASE, BUILD_DEBUG };

struct build {
    const struct manifest *m;
    const char *target;
    enum build_mode mode;
    const char *shuffle;    /* seed of the order of functions, or NULL */
    const char *scratch;    /* dist/.TARGET, relative to the appliance's folder, as all that follow are */
    const char *image;      /* dist/NAME.TARGET, or dist/NAME for linux */
    const char *unstripped; /* the same with symbols; equal to image where nothing is stripped */
    const char *map;        /* the linker's map */
    uint64_t content_bytes; /* of embedded files, compressed variants included */
    bool changed;           /* something had to be done */
};

extern const char *const build_targets[]; /* NULL-terminated */

/* Builds what has changed, in the order of functions that the last build was asked for, if it was. Ends the command with
 * one line when it can't. */
struct build build_appliance(const char *folder, const char *target, enum build_mode mode);
/* An image for a tender: spt and hvt. */
bool build_sealed(const char *target);
/* The same with functions in the order of a seed, whatever the manifest says; NULL: what it says. For sealed images. What
 * builds this appliance later without being asked for an order keeps to it. */
struct build build_shuffled(const char *folder, const char *target, enum build_mode mode, const char *seed);
/* Checks a target's name; fails with STATUS_USAGE and a hint. */
void build_check_target(const char *target);

#endif
