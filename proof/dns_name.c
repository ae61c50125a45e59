/* SPDX-License-Identifier: ISC */
/* Names that may be compressed: read without a fault from any message, from any place in it, through pointers that lead
 * anywhere; it ends, and what was read is a name within the limit, or the root when it was none.
 * Bound: messages of 8 bytes, and names of 6 instead of 255, so that the limit is met with and without a pointer;
 * dns_name_pointers.c has none, but does not look at the labels.
 * unwind: 7
 * unwindset: dns_name_read.0:9 */
#define DNS_NAME_BYTES 6
#include "proof/proof.h"
#include "wire/dns_name.h"

/* The checker's own is made for any length, which costs it minutes. */
static void copy(uint8_t *to, const uint8_t *from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = from[i];
}

#define memcpy(to, from, len) copy((uint8_t *)(to), (const uint8_t *)(from), len)
#include "wire/dns_name.c"

/* Labels without a gap, and the root where they end. */
static bool is_name(const struct dns_name *n)
{
    size_t at = 0;
    while (at < n->len && n->wire[at] != 0 && n->wire[at] <= DNS_LABEL_BYTES)
        at += 1u + n->wire[at];
    return at + 1 == n->len && n->wire[at] == 0;
}

int main(void)
{
    struct bytes message = any_bytes(8);
    struct reader r = any_reader(message), before = r;
    struct dns_name n;
    bool good = dns_name_read(&r, message, &n);
    prove(is_reader_of(&r, message));
    prove(good == !r.bad);
    prove(n.len >= 1 && n.len <= DNS_NAME_BYTES && is_name(&n));
    prove(good ? r.at > before.at : r.at == before.at && n.len == 1);
    reached(good && n.len == DNS_NAME_BYTES && r.at - before.at == DNS_NAME_BYTES);
    reached(good && n.len == DNS_NAME_BYTES && r.at - before.at < DNS_NAME_BYTES);
    reached(!good && !before.bad);
    return 0;
}
