/* SPDX-License-Identifier: ISC */
/* The manifest: jinn.ini, read and checked. */
#ifndef TOOL_MANIFEST_H
#define TOOL_MANIFEST_H

#include "tool/text.h"

#include <jinn/boot.h>
#include <jinn/plat.h>

#define MANIFEST_FILE "jinn.ini"
/* Fibers' stacks when the manifest does not say: enough for a server's accept loop, its workers and the network. */
#define STACKS_DEFAULT 24
#define STACKS_MIN 4
#define STACKS_MAX 1024 /* plat/spt/stacks.ld.sh lays out no more */
#define STACK_BYTES_DEFAULT 16384
#define STACK_BYTES_MIN 8192
#define STACK_BYTES_MAX (1024 * 1024)
#define MEMORY_MB_MIN 2      /* images are loaded at 1 MB */
#define MEMORY_MB_DEFAULT 16 /* the network's buffers and some thousand connections */
#define MEMORY_MB_MAX 4096
/* Keys are a table that each start goes through; hundreds of settings are a configuration file. */
#define KEYS_MAX 64
#define CONNECTIONS_MIN 1
#define CONNECTIONS_MAX 1000000 /* more than the ports of a dozen clients; 1.2 GB */
#define DEVICES_MAX 62     /* the note for the tender has 64 entries; Solo5 keeps one and the extension is another */
#define LINE_BYTES_MAX 190 /* inih's line buffer has 200 bytes */

enum device_kind { DEVICE_NET, DEVICE_BLOCK, DEVICE_KV, DEVICE_ARCHIVE /* a kv in an archive on a block device */ };

struct device {
    enum device_kind kind;
    char *name;
    int line;
    int from_line;
    bool optional;        /* block: the image may be started without it */
    bool no_ipv6;         /* net: ipv6 = no, so that the image has none of it */
    bool no_tcp;          /* net: tcp = no, likewise */
    uint32_t connections; /* net: of TCP at once; 0: what the memory is good for */
    char *from;           /* kv: the folder, relative to the appliance's; NULL: only a directory given at run */
    int block_line;       /* kv: block = yes; 0: no */
};

struct setting {
    char *name;
    int line;
    bool has_type, optional, has_optional;
    enum key_type type;
    char *fallback, *help;
    uint64_t least, most; /* of an int; most 0: it has no limits */
};

struct manifest {
    char *folder; /* of the appliance, as the user named it */
    char *path;   /* of jinn.ini */
    char *name;
    char *c_name;  /* for identifiers: dashes are underscores */
    char *prepare; /* a command that makes files to embed; NULL: none */
    int prepare_line;
    struct words sources; /* relative to the folder; sorted within each pattern */
    uint32_t n_stacks, stack_bytes, memory_mb;
    char *shuffle; /* seed of the order of functions in sealed images, a number; NULL: as the linker has them */
    struct device devices[DEVICES_MAX];
    size_t n_devices;
    struct setting keys[KEYS_MAX];
    size_t n_keys;
};

/* Reads and checks the manifest in `folder`. What is wrong ends the command with "FILE:LINE: what; remedy" and status
 * STATUS_DATA, or STATUS_NO_INPUT when there is none. */
struct manifest *manifest_read(const char *folder);

const char *device_kind_text(enum device_kind kind);
size_t manifest_count(const struct manifest *m, enum device_kind kind);
/* The name as a C identifier: "my-key" is my_key, "int" is int_, "0" is n0. */
char *c_identifier(const char *name);
/* A name that an appliance may have: [a-z][a-z0-9-]*, at most 63 characters. */
bool appliance_name_good(const char *name);

#endif
