/* SPDX-License-Identifier: ISC */
/* Starting an appliance: boot arguments, keys and devices. The main that `jinn build` writes calls these in order;
 * appliances do not. */
#ifndef JINN_BOOT_H
#define JINN_BOOT_H

#include <jinn/addr.h>
#include <jinn/block.h>
#include <jinn/err.h>
#include <jinn/kv.h>
#include <jinn/stack.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses of an image. 0 to 63 are the appliance's own. doc/exit-status.md has the table. */
enum exit_status {
    EXIT_ARGUMENTS = 64, /* a boot argument or key is wrong or missing */
    EXIT_DEVICE = 66,    /* a device is missing or did not come up */
    EXIT_ENTROPY = 69,   /* the platform has no entropy */
    EXIT_BUG = 70,       /* an assertion, a fault, a smashed stack, a forbidden system call */
    EXIT_STOPPED = 143,  /* a stop was asked for, and nothing in the image looks for that: as SIGTERM ends a process */
};

/* A key: a named setting. `value` points to a variable of the type that `type` says. (In this order there are no gaps between them: an
 * image has some 30.) */
enum key_type {
    KEY_STRING,   /* const char * */
    KEY_BOOL,     /* bool: --name, --name=true, --name=false */
    KEY_INT,      /* int64_t */
    KEY_PORT,     /* uint16_t, 1 to 65535 */
    KEY_IP,       /* struct ip */
    KEY_NET,      /* struct ip_net: 10.0.0.2/24 */
    KEY_DURATION, /* uint64_t nanoseconds: 250ms, 30s, 5m, 2h */
    KEY_SIZE,     /* uint64_t bytes: 64K, 4M, 1G */
    KEY_SECRET,   /* struct bytes: from --key-file NAME=FILE of the tender only */
    KEY_ROUTES,   /* struct ip_routes: 10.0.0.0/8,10.0.0.1; each time it is given adds one */
    KEY_IPS,      /* struct ip_list: 10.0.0.1,10.0.0.2; each time it is given adds some */
    KEY_RANGE,    /* struct key_range: an int64_t with limits */
};

/* With a type of its own, so that other keys carry no limits. */
struct key_range {
    int64_t *value, least, most;
};

struct key {
    const char *name;
    enum key_type type;
    bool optional; /* stays all zero when not given */
    void *value;
    const char *fallback; /* text of the default; NULL: the key must be given, unless `optional` */
    const char *help;     /* one line; may be NULL */
};

/* Parses argv[1..] into the keys: --name=value, --name value, -l RULES, --help. Prints one line for what is wrong.
 * True: go on. False: end with *status (0 after --help, EXIT_ARGUMENTS otherwise). */
MUST_USE bool boot_arguments(int argc, char **argv, const struct key *keys, size_t n, int *status);

/* Each brings up one device, and ends the image with one clear line and EXIT_DEVICE when it can't. */
struct stack *boot_stack(const char *name, const struct stack_options *o) MAY_YIELD;
/* At the end: gives a DHCP lease back. Waits 0.1 s if the server's MAC address had to be asked for. */
void boot_stack_down(struct stack *s) MAY_YIELD;
struct block *boot_block(const char *name);
/* The same for one that the image can do without. NULL: it is not attached. */
struct block *boot_block_optional(const char *name);
/* The embedded items, or the host's directory if the operator named one (`--kv NAME=DIR`, linux only). */
struct kv *boot_kv(const char *name, struct kv_embedded *embedded, const char *directory);
/* The archive on the block device of this name. */
struct kv *boot_kv_block(const char *name);

/* Defined by the generated main: runs in the first fiber; its value is the exit status. */
int unikernel_main(int argc, char **argv);

#endif
