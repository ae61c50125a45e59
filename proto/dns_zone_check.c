/* SPDX-License-Identifier: ISC */
/* What makes a zone one that can't be served, name by name; as named-checkzone sees it. */
#include "proto/dns_nsec3.h"
#include "proto/dns_store.h"
#include "wire/dns_rdata.h"

static const char *check_alone(const struct dns_node *n)
{
    const struct dns_set *cname = dns_node_set(n, DNS_CNAME, 0), *dname = dns_node_set(n, DNS_DNAME, 0);
    if (dname && dname->n > 1)
        return "more than one DNAME record";
    if (!cname)
        return NULL;
    if (cname->n > 1)
        return "more than one CNAME record";
    for (const struct dns_set *s = n->sets; dns_set_alive(s); s = s->next) {
        if (s != cname && s->type != DNS_RRSIG && s->type != DNS_NSEC && s->type != DNS_KEY && s->type != DNS_SIG)
            return "other records beside a CNAME";
    }
    return NULL;
}

/* A server of the zone itself, or one below a delegation that it is for, must have an address here. */
static const char *check_server(const struct dns_zone *z, const struct dns_node *n, struct bytes server)
{
    bool occluded = dns_zone_is_occluded(z, server), at_cut = dns_name_equal(server, dns_node_name(n));
    bool below = at_cut || dns_name_is_under(server, dns_node_name(n));
    if (!dns_name_is_under(server, dns_zone_origin(z)) || (occluded && !(below && n != z->apex)))
        return NULL;
    if (!occluded && dns_zone_find(z, server, DNS_CNAME))
        return "a name server that is an alias (CNAME)";
    if (dns_zone_find(z, server, DNS_A) || dns_zone_find(z, server, DNS_AAAA))
        return NULL;
    struct dns_key k;
    dns_key_make(&k, server, z->seed);
    for (unsigned labels = k.n; !occluded && labels-- > z->n_labels;) {
        const struct dns_node *up = dns_table_find(z, &k, labels, SPACE_NAMES);
        if (up && dns_node_exists(up))
            return dns_table_find_wildcard(z, &k, labels) ? NULL : "a name server without an address";
    }
    return "a name server without an address";
}

static const char *check_servers(const struct dns_zone *z, const struct dns_node *n)
{
    const struct dns_set *ns = dns_node_set(n, DNS_NS, 0);
    struct bytes rdata;
    const char *why = NULL;
    for (size_t at = 0; ns && !why && dns_set_record(ns, &at, &rdata);)
        why = check_server(z, n, rdata);
    return why;
}

static const char *check_node(const struct dns_zone *z, const struct dns_node *n)
{
    const char *why = check_alone(n);
    if (!why && n != z->apex && dns_node_set(n, DNS_SOA, 0))
        why = "a SOA record below the top of the zone";
    if (!why && dns_node_set(n, DNS_NS, 0) && !dns_zone_is_occluded(z, dns_node_name(n)))
        why = check_servers(z, n);
    return why;
}

static const char *check_apex(const struct dns_zone *z)
{
    const struct dns_set *soa = dns_node_set(z->apex, DNS_SOA, 0), *param = dns_node_set(z->apex, DNS_NSEC3PARAM, 0);
    struct dns_nsec3_params p;
    struct bytes rdata;
    if (!soa)
        return "no SOA record";
    if (soa->n > 1)
        return "more than one SOA record";
    if (!dns_node_set(z->apex, DNS_NS, 0))
        return "no NS record";
    for (size_t at = 0; param && dns_set_record(param, &at, &rdata);) {
        if (dns_nsec3_params_read(rdata, &p) && p.iterations > DNS_NSEC3_ITERATIONS_MAX)
            return "more than 100 iterations of NSEC3";
    }
    return NULL;
}

const char *dns_zone_check(const struct dns_zone *z, struct dns_name *where)
{
    const struct dns_order *o = &z->order[SPACE_NAMES];
    struct dns_place p = {0, 0};
    const struct dns_node *n = z->apex;
    const char *why = check_apex(z);
    for (; !why && (n = dns_order_at(o, &p)); p.at++)
        why = check_node(z, n);
    if (why)
        dns_name_copy(where, dns_node_name(n));
    return why;
}
