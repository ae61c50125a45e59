/* SPDX-License-Identifier: ISC */
/* Domain names: RFC 1035 3.1 and 4.1.4 (compression), RFC 4343 (case), RFC 1035 5.1 (text), RFC 4034 6.1 (order).
 *
 * A name is its uncompressed wire form: labels with their lengths before them, ended by the root's zero; 1 to 255 bytes.
 * Functions take any `struct bytes` that holds a name; what makes one checks it, all others rely on it. Letters keep
 * their case; comparing, ordering and hashing take no notice of it. */
#ifndef WIRE_DNS_NAME_H
#define WIRE_DNS_NAME_H

#include <jinn/bytes.h>

#ifndef DNS_NAME_BYTES /* proof/dns_name.c has a smaller one */
#define DNS_NAME_BYTES 255
#endif
#define DNS_LABEL_BYTES 63
#define DNS_LABELS_MAX 127                /* beside the root */
#define DNS_POINTERS_MAX 128              /* one to each label and the root: more lead a reader around, not to a name */
#define DNS_NAME_TEXT_BYTES (4 * 255 + 1) /* each byte as \DDD, and an end */

/* Room for a name. */
struct dns_name {
    uint8_t len;
    uint8_t wire[DNS_NAME_BYTES];
};

static inline struct bytes dns_name_bytes(const struct dns_name *n)
{
    return (struct bytes){n->wire, n->len};
}

static inline struct bytes dns_root(void)
{
    return (struct bytes){(const uint8_t *)"", 1};
}

/* Reads a name that may be compressed; `message` is the whole message that `r` reads from. A pointer must lead
 * strictly before the labels that led to it, so there are no loops. False, the reader is bad and the name the root: a
 * label type that is unknown, a pointer forward, more than 255 bytes or DNS_POINTERS_MAX pointers, or the end. */
bool dns_name_read(struct reader *r, struct bytes message, struct dns_name *name);
/* Reads one that must not be compressed; BORROWS. An empty view, and the reader is bad, otherwise. */
struct bytes dns_name_take(struct reader *r);

/* From text, with \. and \DDD; relative to `origin` when it does not end with a dot, "@" is the origin itself; an empty
 * origin: relative names are refused. NULL, or the reason why it is no name, fit to be printed. */
const char *dns_name_parse(struct bytes text, struct bytes origin, struct dns_name *name);
/* Ends with a dot. Everything that isn't printable ASCII, and what means something in a zone file, is escaped. */
void dns_name_write_text(struct writer *w, struct bytes name);
/* The same as a string, cut to nothing when there is no room (never with DNS_NAME_TEXT_BYTES). */
const char *dns_name_text(struct bytes name, char text[DNS_NAME_TEXT_BYTES]);

void dns_name_copy(struct dns_name *to, struct bytes name);
/* With small letters only: RFC 4034's canonical form. */
void dns_name_lower(struct dns_name *to, struct bytes name);
/* `prefix` without its root before `suffix`. False: longer than 255 bytes. `suffix` may be what `to` holds, or a part. */
bool dns_name_join(struct dns_name *to, struct bytes prefix, struct bytes suffix);
/* "*" before it. False: too long. */
bool dns_name_wildcard(struct dns_name *to, struct bytes name);
bool dns_name_is_wildcard(struct bytes name);

bool dns_name_equal(struct bytes a, struct bytes b);
/* Equal to `ancestor` or below it. */
bool dns_name_is_under(struct bytes name, struct bytes ancestor);
/* Canonical order: by labels from the root, small letters, a missing label first. */
int dns_name_compare(struct bytes a, struct bytes b);
/* Not for tables that strangers fill, unless `seed` is secret. All its bits are good. */
uint64_t dns_name_hash(struct bytes name, uint64_t seed);

/* Without the root: 0 for the root itself. */
unsigned dns_name_labels(struct bytes name);
/* Without its first label; the root of the root. BORROWS. */
struct bytes dns_name_parent(struct bytes name);
/* Its last n labels and the root; n is at most dns_name_labels. */
struct bytes dns_name_suffix(struct bytes name, unsigned n);

#endif
