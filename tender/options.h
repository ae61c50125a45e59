/* SPDX-License-Identifier: ISC */
/* The command line, as stock solo5-spt takes it, with what ours adds. Pure: nothing is opened here. */
#ifndef TENDER_OPTIONS_H
#define TENDER_OPTIONS_H

#include <jinn/bytes.h>

#include <stdint.h>

/* Five for each of 62 devices are 310; secrets come on top. */
#define OPTIONS_MAX 400

enum option_kind { OPTION_NET, OPTION_NET_MAC, OPTION_NET_OFFLOAD, OPTION_BLOCK, OPTION_BLOCK_SIZE, OPTION_SECRET };

struct option {
    enum option_kind kind;
    struct bytes name; /* borrows from the arguments, as do all the others */
    const char *value;
    bool used; /* set when a device took it */
};

struct options {
    uint64_t memory_bytes;
    bool has_layout_seed; /* otherwise the layout is drawn anew at each start */
    uint64_t layout_seed;
    int control_fd; /* -1: none */
    int debug_fd;   /* to who debugs a virtual machine; -1: nobody */
    bool traced;    /* stop before the image's first instruction */
    const char *image;
    char **arguments; /* of the image, ended by NULL */
    size_t n;
    struct option list[OPTIONS_MAX];
};

/* Ends the process for what is wrong, and after --help and --version. */
void options_parse(char **argv, struct options *o);

/* NULL: not given. */
struct option *options_find(struct options *o, enum option_kind kind, const char *name);
/* Parses the N of "@N"; -1 for anything else. */
int option_descriptor(const char *value);

#endif
