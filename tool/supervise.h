/* SPDX-License-Identifier: ISC */
/* Running an image in the foreground: its processes, its log, its end. */
#ifndef TOOL_SUPERVISE_H
#define TOOL_SUPERVISE_H

#include "tool/ports.h"

struct debug;

#define HELPERS_MAX 8 /* user-mode networks of one image */

#define KEEP_MAX 72 /* a descriptor for each of 62 devices, and the control socket */

struct program {
    struct words argv;
    int keep[KEEP_MAX]; /* descriptors that it gets beside 0, 1 and 2; it gets no others */
    size_t n_keep;
    int gate; /* a byte on it lets the program start; 0: none */
};

struct supervised {
    const char *name;     /* of the image */
    struct program image; /* the tender, or the image itself on linux */
    struct program helpers[HELPERS_MAX];
    size_t n_helpers;
    int control_fd;           /* our end; lines "serving tcp 80" come here */
    int theirs[2 * KEEP_MAX]; /* the children's descriptors: closed here once they run */
    size_t n_theirs;
    const struct ports *ports;
    const char *debug_file; /* has symbols for crash reports; NULL: none */
    bool timing;            /* say how long it took until it served */
    bool quiet;             /* don't say where it serves */
    struct debug *debug;    /* the image is traced; NULL: it is not */
};

/* Runs until the image ends; gives the exit status for the command. */
int supervise(struct supervised *s);

#endif
