/* SPDX-License-Identifier: ISC */
/* jinn run --gdb and --core: gdb's connection and the core file. Called by supervise's loop. */
#ifndef TOOL_DEBUG_H
#define TOOL_DEBUG_H

#include "tool/image.h"

#include <poll.h>
#include <sys/types.h>

struct debug_wishes {
    const char *gdb;        /* path of a socket, or [127.0.0.1]:PORT; NULL: no gdb */
    const char *core;       /* file; NULL: none */
    const char *debug_file; /* with symbols; NULL or missing: none */
    uint64_t memory_bytes;
    uint64_t layout_seed; /* that the tender is given, for an image that can be moved */
};

struct debug;

/* Opens what can be opened before the image starts; ends the command with one line when it can't. BORROWS the image. */
struct debug *debug_new(const struct debug_wishes *wishes, const struct image *image);
/* The end of a socket that the tender is given, by --debug; -1: none, it is traced. */
int debug_channel(const struct debug *d);
/* The image's process was made and has not called exec. */
void debug_begin(struct debug *d, pid_t pid);
/* The process's status, by waitpid: stopped, or its end. */
void debug_status(struct debug *d, int status);

#define DEBUG_POLLS 3
void debug_polls(const struct debug *d, struct pollfd p[static DEBUG_POLLS]);
void debug_polled(struct debug *d, const struct pollfd p[static DEBUG_POLLS]);

/* True while the image stands still, for gdb to look at. */
bool debug_stands(const struct debug *d);
/* Writes the core file as soon as the image stands still, and lets it go on. */
void debug_core(struct debug *d);
/* Before the command ends: takes the socket away. */
void debug_end(struct debug *d);

#endif
