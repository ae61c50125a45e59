/* SPDX-License-Identifier: ISC */
/* A change of a signed zone, signed with it. First all signatures go of what has changed, then the chain is mended around each name,
 * in the end everything is signed that has no signature. */
#include "proto/dns_sign_internal.h"
#include "proto/dns_update.h"

#include <limits.h>
#include <stdlib.h>

static uint32_t ttl_of_denials(const struct dns_change *c)
{
    struct dns_soa soa;
    if (!dns_soa_read(c->rdata, &soa))
        return 0;
    return c->ttl < soa.minimum_s ? c->ttl : soa.minimum_s;
}

struct gathering {
    struct dns_sign_work *k;
    uint32_t ttl[2]; /* of denials, as the SOA was and as it is */
};

static enum err gather(void *user, const struct dns_change *c)
{
    struct gathering *g = user;
    if (c->type == DNS_SOA)
        g->ttl[c->added] = ttl_of_denials(c);
    return dns_sign_is_made(c->type) ? OK : dns_sign_note(g->k, c->name, c->type);
}

static enum err strip(struct dns_sign_work *k, const struct dns_sign_item *item)
{
    struct bytes name = dns_name_bytes(&item->name);
    return item->type ? dns_sign_unless(dns_zone_remove_signatures(k->z, name, item->type), ERR_NOT_FOUND) : OK;
}

/* What is below a delegation or DNAME that came or went. */
static enum err gather_below(struct dns_sign_work *k, struct dns_name top)
{
    enum err e = OK;
    struct dns_name at = top;
    for (struct bytes n; !e && (n = dns_zone_name_after(k->z, dns_name_bytes(&at))).len;) {
        if (!dns_name_is_under(n, dns_name_bytes(&top)))
            break;
        dns_name_copy(&at, n);
        e = dns_sign_note(k, dns_name_bytes(&at), 0);
    }
    return e;
}

static bool hides(const struct dns_sign_work *k, const struct dns_sign_item *item)
{
    bool apex = dns_name_equal(dns_name_bytes(&item->name), dns_zone_origin(k->z));
    return item->type == DNS_DNAME || (item->type == DNS_NS && !apex);
}

/* It and those above it that are there, or not, because of it. */
static enum err link_up(struct dns_sign_work *k, struct bytes name)
{
    unsigned least = dns_name_labels(dns_zone_origin(k->z));
    enum err e = OK;
    for (unsigned n = dns_name_labels(name); !e; n--) {
        e = dns_sign_link_nsec3(k, dns_name_suffix(name, n));
        if (n == least)
            break;
    }
    return e;
}

/* The list grows meanwhile, by what was written anew. Its memory may move. */
static enum err mend(struct dns_sign_work *k)
{
    size_t n = k->list->n, n_changed = n;
    enum err e = OK;
    for (size_t i = 0; !e && i < n_changed; i++) {
        struct dns_sign_item item = k->list->item[i];
        e = strip(k, &item);
        if (!e && hides(k, &item))
            e = gather_below(k, item.name);
    }
    n = k->list->n;
    for (size_t i = 0; !e && i < n; i++) {
        struct dns_name name = k->list->item[i].name;
        e = dns_sign_clean(k, dns_name_bytes(&name));
        if (!e && !k->s->policy.nsec3)
            e = dns_sign_link_nsec(k, dns_name_bytes(&name));
    }
    for (size_t i = 0; !e && k->s->policy.nsec3 && i < n; i++) {
        struct dns_name name = k->list->item[i].name;
        e = link_up(k, dns_name_bytes(&name));
    }
    return e;
}

static enum err sign_all(struct dns_sign_work *k)
{
    enum err e = OK;
    for (size_t i = 0; !e && i < k->list->n; i++) {
        const struct dns_sign_item *item = &k->list->item[i];
        struct bytes name = dns_name_bytes(&item->name);
        e = item->type == DNS_NSEC3 ? dns_sign_nsec3(k, name) : dns_sign_name(k, name);
    }
    return e;
}

enum err dns_sign_change(struct dns_signer *s, struct dns_zone *z, uint64_t now_s)
{
    struct dns_sign_list list = {0};
    struct dns_sign_work k = {.s = s, .z = z, .now_s = now_s, .n_left = UINT_MAX, .list = &list};
    struct gathering g = {.k = &k};
    uint32_t serial = (uint32_t)now_s;
    enum err e = dns_sign_clock_is_set(now_s) ? OK : ERR_INVALID;
    if (!e && !s->policy.increment && dns_serial_after(serial, dns_zone_serial(z)))
        e = dns_soa_raise(z, &serial);
    if (!e)
        e = dns_zone_each_change(z, gather, &g);
    if (!e)
        e = mend(&k);
    if (!e)
        e = sign_all(&k);
    free(list.item);
    s->stale |= !e && g.ttl[0] != g.ttl[1];
    return e;
}
