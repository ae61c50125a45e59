/* SPDX-License-Identifier: ISC */
/* Running an image in the foreground: its processes, its log, its end. */
#ifndef TOOL_SUPERVISE_H
#define TOOL_SUPERVISE_H

#include "tool/ports.h"

#define HELPERS_MAX 8 /* user-mode networks of one image */

struct supervised {
    const char *name;  /* of the image */
    struct words argv; /* of the tender, or the image itself on linux */
    struct words helpers[HELPERS_MAX];
    size_t n_helpers;
    int control_fd;      /* our end; lines "serving tcp 80" come here */
    struct words theirs; /* descriptors of the children, as text: closed here once they run */
    const struct ports *ports;
    const char *debug_file; /* has symbols for crash reports; NULL: none */
    bool timing;            /* say how long it took until it served */
    bool quiet;             /* don't say where it serves */
};

/* Runs until the image ends; gives the exit status for the command. */
int supervise(struct supervised *s);

#endif
