/* SPDX-License-Identifier: ISC */
/*   key of the name -> zone -> cuts above it -> the name, a wildcard, or nothing; again for what a CNAME or DNAME leads to
 *
 * Records of the answer are written at once, those of the authority section collected, since a chain of wildcards proves
 * each of them; addresses are looked for at last, as far as there is room. */
#include "proto/dns_reply.h"
#include "wire/dns_rdata.h"

#include <jinn/must.h>

/* ---- Writing sets ---- */

/* Their data has names that are to be compressed: those of RFC 1035, all below 16. */
static bool is_compressed(uint16_t type)
{
    const unsigned types = 1u << DNS_NS | 1u << DNS_MD | 1u << DNS_MF | 1u << DNS_CNAME | 1u << DNS_SOA | 1u << DNS_MB |
                           1u << DNS_MG | 1u << DNS_MR | 1u << DNS_PTR | 1u << DNS_MINFO | 1u << DNS_MX;
    return type < 16 && types >> type & 1;
}

/* False: it doesn't fit, and may be there in part. */
static bool write_records(struct dns_writer *d, enum dns_section section, struct bytes owner, const struct dns_set *s,
                          uint32_t ttl)
{
    struct bytes rdata;
    for (size_t at = 0; dns_set_record(s, &at, &rdata);) {
        if (!dns_write_record(d, section, owner, s->type, DNS_IN, ttl, rdata))
            return false;
    }
    return true;
}

/* As they are stored, for the name in the question. There is room. */
static void copy_records(struct dns_writer *d, const struct dns_set *s)
{
    write_copy(&d->w, s->records, s->len);
    d->n[DNS_ANSWER] = (uint16_t)(d->n[DNS_ANSWER] + s->n);
}

/* Signatures aren't signed themselves (RFC 4035 2.2), whatever the zone says. */
static const struct dns_set *signatures(const struct reply *a, const struct dns_node *n, const struct dns_set *s)
{
    return a->query->dnssec_ok && s->type != DNS_RRSIG ? dns_node_set(n, DNS_RRSIG, s->type) : NULL;
}

/* A set and its signatures, or nothing and false. Signatures live no longer than what they cover (RFC 4034 3), nor longer
 * than the zone says of them. */
static bool write_set(struct reply *a, enum dns_section section, struct bytes owner, const struct dns_node *n,
                      const struct dns_set *s, uint32_t ttl)
{
    const struct dns_set *sigs = signatures(a, n, s);
    struct dns_mark m = dns_mark(a->d);
    if (write_records(a->d, section, owner, s, ttl) &&
        (!sigs || write_records(a->d, section, owner, sigs, ttl < sigs->ttl ? ttl : sigs->ttl)))
        return true;
    dns_rewind(a->d, &m);
    return false;
}

static struct bytes current_name(const struct reply *a)
{
    return dns_name_bytes(a->is_first ? &a->query->question->name : &a->target);
}

/* Has the DNAME been written already? */
static COLD bool was_followed(const struct reply *a, const struct dns_set *dname)
{
    for (unsigned i = 0; i < a->n_chain; i++) {
        if (a->chain[i] == dname)
            return true;
    }
    return false;
}

/* A chain that has gone through a DNAME may end where that stands: it and its signatures are in the answer then. */
static bool was_written(const struct reply *a, const struct dns_node *n, const struct dns_set *s)
{
    const struct dns_set *dname = s->type == DNS_DNAME ? s : NULL;
    if (s->type == DNS_RRSIG && s->covered == DNS_DNAME && a->query->dnssec_ok)
        dname = dns_node_set(n, DNS_DNAME, 0);
    return dname && was_followed(a, dname) && dns_name_equal(current_name(a), dns_node_name(n));
}

static COLD bool truncated(struct reply *a)
{
    a->result->flags |= DNS_TC;
    a->n_authority = 0;
    a->more = NULL;
    return false;
}

/* Into the answer section, for the current name. False: no room, and that's said. */
static bool write_answer(struct reply *a, const struct dns_node *n, const struct dns_set *s)
{
    if (!a->is_first || is_compressed(s->type))
        return write_set(a, DNS_ANSWER, current_name(a), n, s, s->ttl) || truncated(a);
    const struct dns_set *sigs = signatures(a, n, s);
    if (writer_left(&a->d->w) < (size_t)s->len + (sigs ? sigs->len : 0))
        return truncated(a);
    copy_records(a->d, s);
    if (sigs)
        copy_records(a->d, sigs);
    return true;
}

void reply_authority(struct reply *a, const struct dns_node *n, const struct dns_set *s, uint32_t ttl)
{
    for (unsigned i = 0; i < a->n_authority; i++) {
        if (a->authority[i].set == s)
            return;
    }
    must(a->n_authority < REPLY_AUTHORITY_MAX);
    a->authority[a->n_authority++] = (struct reply_authority){n, s, ttl};
}

/* ---- Looking ---- */

enum found { FOUND_NODE, FOUND_NONE, FOUND_CUT, FOUND_DNAME };

struct place_found {
    const struct dns_node *node; /* NULL for FOUND_NONE */
    const struct dns_set *set;   /* the cut's servers, or the DNAME */
    unsigned labels;             /* of the node; else of the closest name that exists */
};

/* The uppermost delegation or DNAME on the way to the name. */
static bool find_cut(const struct reply *a, struct place_found *f, enum found *found)
{
    const struct dns_zone *z = a->z;
    bool for_parent = a->query->question->type == DNS_DS;
    for (unsigned labels = z->n_labels; labels <= a->key->n; labels++) {
        f->node = dns_depth_has(z->cuts, labels) ? dns_table_find(z, a->key, labels, SPACE_NAMES) : NULL;
        f->labels = labels;
        *found = FOUND_DNAME;
        if (f->node && labels < a->key->n && (f->set = dns_node_set(f->node, DNS_DNAME, 0)))
            return true;
        *found = FOUND_CUT;
        if (f->node && labels > z->n_labels && !(for_parent && labels == a->key->n) &&
            (f->set = dns_node_set(f->node, DNS_NS, 0)))
            return true;
    }
    return false;
}

static const struct dns_node *find_existing(const struct reply *a, unsigned labels)
{
    const struct dns_node *n = dns_table_find(a->z, a->key, labels, SPACE_NAMES);
    return n && dns_node_exists(n) ? n : NULL;
}

/* If a name exists, so do all its ancestors: halving finds where that ends. */
static unsigned find_encloser(const struct reply *a)
{
    unsigned is = a->z->n_labels, is_not = a->key->n;
    while (is_not - is > 1) {
        unsigned middle = (is + is_not) / 2;
        if (find_existing(a, middle))
            is = middle;
        else
            is_not = middle;
    }
    return is;
}

static enum found search(const struct reply *a, struct place_found *f)
{
    enum found found;
    if ((a->z->cuts[0] | a->z->cuts[1]) && find_cut(a, f, &found))
        return found;
    f->labels = a->key->n;
    f->node = find_existing(a, a->key->n);
    if (f->node)
        return FOUND_NODE;
    f->labels = find_encloser(a);
    return FOUND_NONE;
}

/* The zone of the name. Of DS it's that above, if we have it (RFC 4035 3.1.4.1). */
static const struct dns_zone_entry *find_zone(const struct reply *a)
{
    const struct dns_zone_entry *e =
        a->is_first && a->query->zone ? a->query->zone : dns_zones_find_key(a->zones, a->key, a->key->n);
    const struct dns_zone_entry *above = NULL;
    if (e && a->query->question->type == DNS_DS && e->zone->n_labels == a->key->n && a->key->n > 0)
        above = dns_zones_find_key(a->zones, a->key, a->key->n - 1u);
    return above ? above : e;
}

static bool is_ready(const struct dns_zone *z)
{
    return !z->expired && dns_node_set(z->apex, DNS_SOA, 0);
}

/* ---- The cases ---- */

/* The SOA of a negative answer, which is kept as long as it says (RFC 2308 3). */
static void add_soa(struct reply *a)
{
    const struct dns_set *s = dns_node_set(a->z->apex, DNS_SOA, 0);
    struct bytes rdata = dns_set_first(s);
    struct reader r = reader_of(bytes_slice(rdata, rdata.len - 4, 4));
    uint32_t minimum = read_be32(&r);
    reply_authority(a, a->z->apex, s, minimum < s->ttl ? minimum : s->ttl);
}

static void set_rcode(struct reply *a, enum dns_rcode rcode)
{
    a->result->flags |= (uint16_t)rcode;
}

/* Goes on with another name. False: that isn't ours, we have been there, or the chain is long enough. */
static COLD bool go_to(struct reply *a, const struct dns_set *by, struct bytes name)
{
    if (a->n_chain == DNS_CHAIN_MAX)
        return false;
    a->chain[a->n_chain] = by;
    a->chain_hash[a->n_chain++] = a->key->hash[a->key->n];
    dns_name_copy(&a->target, name);
    a->is_first = false;
    dns_key_make(a->key, dns_name_bytes(&a->target), a->zones->seed);
    for (unsigned i = 0; i < a->n_chain; i++) {
        if (a->chain_hash[i] == a->key->hash[a->key->n])
            return false; /* around in a circle */
    }
    const struct dns_zone_entry *e = find_zone(a);
    if (!e || !is_ready(e->zone))
        return false;
    a->z = e->zone;
    return true;
}

/* RFC 6672 3.2. */
static COLD bool follow_dname(struct reply *a, const struct place_found *f)
{
    struct bytes name = current_name(a), target = dns_rdata_target(DNS_DNAME, dns_set_first(f->set));
    struct dns_name prefix, new_name;
    dns_name_copy(&prefix, bytes_slice(name, 0, a->key->at[f->labels] + 1u));
    prefix.wire[prefix.len - 1] = 0;
    if (!was_followed(a, f->set) && !write_set(a, DNS_ANSWER, dns_node_name(f->node), f->node, f->set, f->set->ttl))
        return truncated(a);
    if (!dns_name_join(&new_name, dns_name_bytes(&prefix), target)) {
        set_rcode(a, DNS_YXDOMAIN);
        return false;
    }
    if (!dns_write_record(a->d, DNS_ANSWER, name, DNS_CNAME, DNS_IN, f->set->ttl, dns_name_bytes(&new_name)))
        return truncated(a);
    return a->query->question->type != DNS_CNAME && go_to(a, f->set, dns_name_bytes(&new_name));
}

static void refer(struct reply *a, const struct place_found *f)
{
    const struct dns_set *ds = dns_node_set(f->node, DNS_DS, 0);
    if (a->n_chain == 0)
        a->result->flags &= (uint16_t)~DNS_AA;
    reply_authority(a, f->node, f->set, f->set->ttl);
    if (ds && signatures(a, f->node, ds)) /* nobody could believe it without */
        reply_authority(a, f->node, ds, ds->ttl);
    else
        prove(a, PROOF_NO_DATA, f->node, f->labels);
    a->more = f->set;
    a->more_node = f->node;
    a->is_referral = true;
}

/* All sets of a node, or of its signatures; they bring theirs themselves. */
static COLD void write_all(struct reply *a, const struct dns_node *n, bool only_signatures)
{
    struct dns_mark m = dns_mark(a->d);
    for (const struct dns_set *s = n->sets; dns_set_alive(s); s = s->next) {
        if ((only_signatures && s->type != DNS_RRSIG) || was_written(a, n, s))
            continue;
        if (!write_records(a->d, DNS_ANSWER, current_name(a), s, s->ttl)) {
            dns_rewind(a->d, &m);
            truncated(a);
            return;
        }
        m = dns_mark(a->d);
    }
}

/* The set that is to be given, of RFC 8482's kind for ANY: one of those that there are, rather not a signature. */
static const struct dns_set *choose(const struct dns_node *n, uint16_t type)
{
    const struct dns_set *s;
    if (type != DNS_ANY && type != DNS_RRSIG)
        return dns_node_set(n, type, 0);
    for (s = n->sets; dns_set_alive(s); s = s->next) {
        bool proves = s->type == DNS_RRSIG || s->type == DNS_NSEC;
        if (type == DNS_RRSIG ? s->type == DNS_RRSIG : !proves)
            return s;
    }
    return type == DNS_ANY && dns_set_alive(n->sets) ? n->sets : NULL;
}

static bool write_found(struct reply *a, const struct dns_node *n, const struct dns_set *s)
{
    uint16_t type = a->query->question->type;
    if (type == DNS_RRSIG || (type == DNS_ANY && a->query->tcp)) {
        write_all(a, n, type == DNS_RRSIG);
        return !(a->result->flags & DNS_TC);
    }
    if (!was_written(a, n, s) && !write_answer(a, n, s))
        return false;
    if (s->type == DNS_A || s->type == DNS_AAAA || s->type == DNS_TXT)
        return true; /* most are: there is nobody to add addresses of */
    a->more = s;
    a->more_node = n;
    return true;
}

/* At the name's node, or the wildcard that stands for it. True: go on with another name. */
static bool answer_at(struct reply *a, const struct dns_node *n, bool is_wildcard, unsigned encloser)
{
    uint16_t type = a->query->question->type;
    const struct dns_set *s = choose(n, type), *cname = s ? NULL : dns_node_set(n, DNS_CNAME, 0);
    if (!s && !cname) {
        add_soa(a);
        if (is_wildcard)
            prove(a, PROOF_WILDCARD_NO_DATA, n, encloser);
        else
            prove(a, PROOF_NO_DATA, n, a->key->n);
        return false;
    }
    if (s ? !write_found(a, n, s) : !write_answer(a, n, cname))
        return false;
    if (is_wildcard)
        prove(a, PROOF_WILDCARD, NULL, encloser);
    return cname && go_to(a, cname, dns_set_first(cname));
}

/* One name. True: another one follows. */
static bool answer_name(struct reply *a)
{
    struct place_found f;
    const struct dns_node *wildcard;
    switch (search(a, &f)) {
    case FOUND_CUT:
        refer(a, &f);
        return false;
    case FOUND_DNAME:
        return follow_dname(a, &f);
    case FOUND_NODE:
        return answer_at(a, f.node, false, 0);
    case FOUND_NONE:
        break;
    }
    wildcard = dns_table_find_wildcard(a->z, a->key, f.labels);
    if (wildcard && dns_node_exists(wildcard))
        return answer_at(a, wildcard, true, f.labels);
    set_rcode(a, DNS_NXDOMAIN);
    add_soa(a);
    prove(a, PROOF_NO_NAME, NULL, f.labels);
    return false;
}

/* ---- The other sections ---- */

static bool write_authority(struct reply *a)
{
    for (unsigned i = 0; i < a->n_authority; i++) {
        const struct reply_authority *e = &a->authority[i];
        if (!write_set(a, DNS_AUTHORITY, dns_node_name(e->node), e->node, e->set, e->ttl))
            return truncated(a);
    }
    return true;
}

/* The node whose addresses go with this record; NULL: it has none that are ours to give. */
static COLD const struct dns_node *find_target(struct reply *a, struct bytes rdata)
{
    struct bytes target = dns_rdata_target(a->more->type, rdata);
    bool is_service = a->more->type == DNS_SVCB || a->more->type == DNS_HTTPS;
    struct place_found f;
    enum found found;
    if (target.len == 0 || a->more->type == DNS_CNAME || a->more->type == DNS_DNAME)
        return NULL;
    if (is_service && target.len == 1) /* the owner itself, but for an alias, where it means nothing */
        return rdata.data[0] | rdata.data[1] ? a->more_node : NULL;
    if (!dns_name_is_under(target, dns_zone_origin(a->z)))
        return NULL;
    dns_key_make(a->key, target, a->z->seed);
    if ((a->z->cuts[0] | a->z->cuts[1]) && find_cut(a, &f, &found) && (found == FOUND_DNAME || a->more->type != DNS_NS))
        return NULL;
    return find_existing(a, a->key->n);
}

static COLD bool write_addresses(struct reply *a, const struct dns_node *n)
{
    static const uint16_t types[] = {DNS_A, DNS_AAAA};
    bool all = true;
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        const struct dns_set *s = dns_node_set(n, types[i], 0);
        all &= !s || write_set(a, DNS_ADDITIONAL, dns_node_name(n), n, s, s->ttl);
    }
    return all;
}

/* Addresses of the servers below the delegation itself come first: without them it can't be followed, so a response without
 * them is not whole (RFC 9471 3). All others are a courtesy. */
static COLD void write_additional(struct reply *a)
{
    const struct dns_node *done[REPLY_TARGETS_MAX], *n;
    unsigned n_done = 0, i;
    struct bytes rdata;
    for (int needed = 1; needed >= 0; needed--) {
        for (size_t at = 0; n_done < REPLY_TARGETS_MAX && dns_set_record(a->more, &at, &rdata);) {
            n = find_target(a, rdata);
            if (!n || (needed && !(a->is_referral && dns_name_is_under(dns_node_name(n), dns_node_name(a->more_node)))))
                continue;
            for (i = 0; i < n_done && done[i] != n; i++)
                ;
            if (i < n_done)
                continue;
            done[n_done++] = n;
            if (!write_addresses(a, n) && needed)
                a->result->flags |= DNS_TC;
        }
    }
}

/* ---- The whole ---- */

static COLD void refuse(struct dns_result *r, enum dns_rcode rcode, enum dns_ede ede)
{
    r->flags = (uint16_t)rcode;
    r->ede = (uint16_t)ede;
}

static void answer_all(struct reply *a)
{
    const struct dns_question *q = a->query->question;
    bool is_served = q->class_ == DNS_IN && (q->type == DNS_ANY || !dns_type_is_meta(q->type));
    if (a->key == &a->own_key)
        dns_key_make(a->key, dns_name_bytes(&q->name), a->zones->seed);
    a->result->zone = find_zone(a);
    if (!a->result->zone || !is_served) {
        refuse(a->result, DNS_REFUSED, is_served ? DNS_EDE_NOT_AUTHORITATIVE : DNS_EDE_NOT_SUPPORTED);
        return;
    }
    a->z = a->result->zone->zone;
    if (!is_ready(a->z)) {
        refuse(a->result, DNS_SERVFAIL, a->z->expired ? DNS_EDE_INVALID_DATA : DNS_EDE_NOT_READY);
        return;
    }
    a->result->flags = DNS_AA;
    while (answer_name(a))
        ;
    if (write_authority(a) && a->more)
        write_additional(a);
}

void dns_answer(const struct dns_zones *zs, const struct dns_query *q, struct dns_writer *d, struct dns_result *result)
{
    struct reply a
        __attribute__((uninitialized)); /* 2 KB on each query's way; what isn't set here is before it's read */
    uint8_t *end = d->w.end;
    size_t left = writer_left(&d->w);
    *result = (struct dns_result){.ede = DNS_EDE_NONE};
    a.zones = zs;
    a.query = q;
    a.d = d;
    a.result = result;
    a.key = q->key ? q->key : &a.own_key;
    a.is_first = true;
    a.n_chain = 0;
    a.n_authority = 0;
    a.more = NULL;
    a.is_referral = false;
    d->w.end -= q->reserve_bytes < left ? q->reserve_bytes : left;
    answer_all(&a);
    d->w.end = end;
}
