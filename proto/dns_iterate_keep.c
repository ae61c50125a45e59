/* SPDX-License-Identifier: ISC */
/* What of an answer goes into the cache, and where it leaves the task that asked. */
#include "proto/dns_iterate_internal.h"

#include "wire/dns_rdata.h"

#include <jinn/attr.h>

static bool is_in_zone(const struct dns_iterate *it, const struct dns_task *t, struct bytes name)
{
    return it->o.forward || dns_name_is_under(name, dns_name_bytes(&t->zone));
}

static struct reader section_of(const struct dns_reply *m, enum dns_section s)
{
    return m->section[s - DNS_ANSWER];
}

/* ---- Sets ---- */

static enum err collect(struct dns_iterate *it, const struct dns_reply *m, enum dns_section section, struct bytes owner,
                        uint16_t type, struct dns_set *set)
{
    *set = (struct dns_set){.w = writer_of(it->set, sizeof it->set)};
    return dns_set_collect(set, dns_rdata_expand, m->message, section_of(m, section), m->header.n[section], owner, type,
                           it->o.validate != NULL);
}

/* A set of NS that its own zone tells lives no longer than what the zone above it said, or else nobody could take the name back
 * ("ghost domains"). Above the root is nobody. */
static uint32_t ns_ttl(struct dns_iterate *it, uint64_t now_ns, struct bytes owner, uint32_t ttl_s)
{
    struct dns_cached before;
    if (owner.len == 1 || !dns_cache_find(it->o.cache, now_ns, owner, DNS_NS, &before) || !before.ttl_s ||
        before.ttl_s >= ttl_s)
        return ttl_s;
    it->counters.ghosts++;
    return before.ttl_s;
}

/* ERR_IN_USE is as good: something better is known. */
static enum err store(struct dns_iterate *it, uint64_t now_ns, struct bytes owner, uint16_t type, enum dns_trust trust,
                      const struct dns_set *set)
{
    uint32_t ttl_s = set->ttl_s;
    if (type == DNS_NS && trust >= DNS_TRUST_ANSWER)
        ttl_s = ns_ttl(it, now_ns, owner, ttl_s);
    enum err e = dns_cache_store(it->o.cache, now_ns,
                                 &(struct dns_cached){.name = owner,
                                                      .type = type,
                                                      .kind = DNS_KIND_SET,
                                                      .trust = (uint8_t)trust,
                                                      .ttl_s = ttl_s,
                                                      .n_records = (uint16_t)set->n,
                                                      .n_signatures = (uint16_t)set->n_signatures,
                                                      .n_proofs = (uint16_t)set->n_proofs,
                                                      .data = writer_bytes(&set->w)});
    return e == ERR_IN_USE ? OK : e;
}

/* A signature of fewer labels than the owner has: a wildcard made the set, and the authority section proves that it may. */
static bool is_from_wildcard(const struct dns_set *set, struct bytes owner)
{
    struct reader r = reader_of(writer_bytes(&set->w));
    struct bytes rdata;
    for (unsigned i = 0; i < set->n; i++)
        (void)dns_cached_next(&r, &rdata);
    enum { LABELS_AT = 3 };
    return set->n_signatures && dns_cached_next(&r, &rdata) && rdata.len > LABELS_AT &&
           rdata.data[LABELS_AT] < dns_name_labels(owner) - dns_name_is_wildcard(owner);
}

static void add_proofs(struct dns_iterate *it, const struct dns_reply *m, struct dns_set *set)
{
    if (it->o.validate && !dns_set_collect_proofs(set, dns_rdata_expand, m->message, section_of(m, DNS_AUTHORITY),
                                                  m->header.n[DNS_AUTHORITY]))
        it->counters.many_proofs++;
}

/* ---- Steps of an answer ---- */

static enum dns_trust trust_of(const struct dns_iterate *it, const struct dns_reply *m)
{
    return m->header.flags & DNS_AA && !it->o.forward ? DNS_TRUST_FINAL : DNS_TRUST_ANSWER;
}

/* OK: it is there, and kept. ERR_NOT_FOUND. Others: it is no good. */
static enum err take_set(struct dns_iterate *it, uint64_t now_ns, const struct dns_reply *m, struct bytes owner,
                         uint16_t type, struct dns_set *set)
{
    enum err e = collect(it, m, DNS_ANSWER, owner, type, set);
    if (e != OK)
        return e;
    if (set->n == 0)
        return ERR_NOT_FOUND;
    if (is_from_wildcard(set, owner))
        add_proofs(it, m, set);
    return store(it, now_ns, owner, type, trust_of(it, m), set);
}

/* The record of a DNAME above the name, in the zone (RFC 6672). */
static bool find_dname(const struct dns_iterate *it, const struct dns_task *t, const struct dns_reply *m,
                       struct bytes name, struct dns_record *record)
{
    struct reader r = section_of(m, DNS_ANSWER);
    for (unsigned i = 0; i < m->header.n[DNS_ANSWER] && dns_record_read(&r, m->message, record); i++) {
        struct bytes owner = dns_name_bytes(&record->name);
        if (record->type == DNS_DNAME && record->class_ == DNS_IN && owner.len < name.len &&
            dns_name_is_under(name, owner) && is_in_zone(it, t, owner))
            return true;
    }
    return false;
}

static bool write_prefixed(struct writer *w, struct bytes owner, uint16_t type, struct bytes rdata)
{
    write_be16(w, (uint16_t)(owner.len + 2 + rdata.len));
    write_bytes(w, owner);
    write_be16(w, type);
    write_bytes(w, rdata);
    return writer_good(w);
}

/* The alias that a DNAME makes: by our own hand, not the server's; the DNAME goes with it as its proof. */
static enum err take_dname(struct dns_iterate *it, uint64_t now_ns, const struct dns_task *t, const struct dns_reply *m,
                           struct bytes name, struct dns_name *target)
{
    struct dns_record record;
    struct dns_set dname, alias = {.w = writer_of(it->glue, sizeof it->glue), .n = 1};
    struct bytes rdata;
    struct dns_name prefix;
    if (!find_dname(it, t, m, name, &record))
        return ERR_NOT_FOUND;
    struct bytes owner = dns_name_bytes(&record.name);
    enum err e = collect(it, m, DNS_ANSWER, owner, DNS_DNAME, &dname);
    struct reader r = reader_of(writer_bytes(&dname.w));
    if (e != OK || !dns_cached_next(&r, &rdata))
        return ERR_MALFORMED;
    memcpy(prefix.wire, name.data, name.len - owner.len);
    prefix.wire[name.len - owner.len] = 0;
    prefix.len = (uint8_t)(name.len - owner.len + 1);
    if (!dns_name_join(target, dns_name_bytes(&prefix), rdata))
        return ERR_MALFORMED; /* YXDOMAIN, which the server should have said */
    write_be16(&alias.w, target->len);
    write_bytes(&alias.w, dns_name_bytes(target));
    bool good = write_prefixed(&alias.w, owner, DNS_DNAME, rdata);
    alias.n_proofs = 1;
    for (unsigned i = 0; i < dname.n_signatures && good && dns_cached_next(&r, &rdata); i++, alias.n_proofs++)
        good = write_prefixed(&alias.w, owner, DNS_RRSIG, rdata);
    alias.ttl_s = dname.ttl_s;
    return good ? store(it, now_ns, name, DNS_CNAME, trust_of(it, m), &alias) : ERR_TOO_LARGE;
}

/* ---- A no ---- */

/* The SOA of a zone that has the name, into the set; how long the no holds: its lifetime or its last field, what is less (RFC 2308
 * 5). False: there is none. */
static bool collect_soa(struct dns_iterate *it, const struct dns_task *t, const struct dns_reply *m, struct bytes name,
                        struct dns_set *set)
{
    struct reader r = section_of(m, DNS_AUTHORITY);
    struct dns_record record;
    for (unsigned i = 0; i < m->header.n[DNS_AUTHORITY] && dns_record_read(&r, m->message, &record); i++) {
        struct bytes owner = dns_name_bytes(&record.name);
        if (record.type != DNS_SOA || record.class_ != DNS_IN)
            continue;
        if (!dns_name_is_under(name, owner) || !is_in_zone(it, t, owner)) {
            it->counters.out_of_bailiwick++;
            continue;
        }
        *set = (struct dns_set){.w = writer_of(it->set, sizeof it->set), .n = 1};
        uint8_t *len_at = write_room(&set->w, 2);
        write_bytes(&set->w, owner);
        if (!dns_rdata_expand(m->message, &record, &set->w) || !writer_good(&set->w))
            continue;
        size_t len = (size_t)(set->w.at - len_at) - 2;
        len_at[0] = (uint8_t)(len >> 8);
        len_at[1] = (uint8_t)len;
        struct reader last = reader_of(bytes_slice(writer_bytes(&set->w), len - 2, 4));
        uint32_t least = read_be32(&last);
        set->ttl_s = least < record.ttl ? least : record.ttl;
        return true;
    }
    return false;
}

static void store_no(struct dns_iterate *it, uint64_t now_ns, const struct dns_reply *m, struct bytes name,
                     uint16_t type, struct dns_set *set)
{
    bool no_name = m->rcode == DNS_NXDOMAIN;
    it->counters.negative++;
    if (set->n)
        add_proofs(it, m, set);
    enum err e = dns_cache_store(it->o.cache, now_ns,
                                 &(struct dns_cached){.name = name,
                                                      .type = no_name ? 0 : type,
                                                      .kind = no_name ? DNS_KIND_NXDOMAIN : DNS_KIND_NODATA,
                                                      .trust = (uint8_t)trust_of(it, m),
                                                      .ttl_s = set->ttl_s,
                                                      .n_records = (uint16_t)set->n,
                                                      .n_proofs = (uint16_t)set->n_proofs,
                                                      .data = writer_bytes(&set->w)});
    it->counters.malformed += e != OK && e != ERR_IN_USE;
}

/* ---- A referral ---- */

/* The zone between the one that was asked and the name. */
static bool find_cut(struct dns_iterate *it, const struct dns_task *t, const struct dns_reply *m, struct dns_name *cut)
{
    struct reader r = section_of(m, DNS_AUTHORITY);
    struct dns_record record;
    struct bytes zone = dns_name_bytes(&t->zone);
    for (unsigned i = 0; i < m->header.n[DNS_AUTHORITY] && dns_record_read(&r, m->message, &record); i++) {
        struct bytes owner = dns_name_bytes(&record.name);
        if (record.type != DNS_NS || record.class_ != DNS_IN)
            continue;
        if (owner.len > zone.len && dns_name_is_under(owner, zone) && dns_name_is_under(dns_task_asked(t), owner)) {
            dns_name_lower(cut, owner);
            return true;
        }
        it->counters.out_of_bailiwick++;
    }
    return false;
}

static void take_glue(struct dns_iterate *it, uint64_t now_ns, const struct dns_task *t, const struct dns_reply *m,
                      struct bytes server)
{
    static const uint16_t types[] = {DNS_A, DNS_AAAA};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct dns_set set = {.w = writer_of(it->glue, sizeof it->glue)};
        enum err e = dns_set_collect(&set, NULL, m->message, section_of(m, DNS_ADDITIONAL), m->header.n[DNS_ADDITIONAL],
                                     server, types[i], false);
        if (e != OK || set.n == 0)
            continue;
        if (is_in_zone(it, t, server))
            it->counters.malformed += store(it, now_ns, server, types[i], DNS_TRUST_ADDITIONAL, &set) != OK;
        else
            it->counters.out_of_bailiwick++;
    }
}

/* Of the servers of a set of NS. */
static void take_all_glue(struct dns_iterate *it, uint64_t now_ns, const struct dns_task *t, const struct dns_reply *m,
                          const struct dns_set *ns)
{
    struct reader r = reader_of(writer_bytes(&ns->w));
    struct bytes rdata;
    for (unsigned i = 0; i < ns->n && i < DNS_ITERATE_NAMES && dns_cached_next(&r, &rdata); i++)
        take_glue(it, now_ns, t, m, rdata);
}

/* With a validator, the DS set comes along. */
static void take_ds(struct dns_iterate *it, uint64_t now_ns, const struct dns_reply *m, struct bytes cut)
{
    struct dns_set set;
    if (it->o.validate && collect(it, m, DNS_AUTHORITY, cut, DNS_DS, &set) == OK && set.n)
        it->counters.malformed += store(it, now_ns, cut, DNS_DS, DNS_TRUST_AUTHORITY, &set) != OK;
}

/* False: it is none, or of no use. */
static bool take_referral(struct dns_iterate *it, uint64_t now_ns, struct dns_task *t, const struct dns_reply *m)
{
    struct dns_name cut;
    struct dns_set set;
    if (m->rcode != DNS_NOERROR || it->o.forward || !find_cut(it, t, m, &cut))
        return false;
    struct bytes owner = dns_name_bytes(&cut);
    if (collect(it, m, DNS_AUTHORITY, owner, DNS_NS, &set) != OK || set.n == 0 ||
        store(it, now_ns, owner, DNS_NS, DNS_TRUST_REFERRAL, &set) != OK)
        return false;
    take_all_glue(it, now_ns, t, m, &set);
    take_ds(it, now_ns, m, owner);
    it->counters.referrals++;
    return true;
}

/* ---- The whole ---- */

/* A minimised question was answered: there is no cut, or we would have been told. One label more, or all, of
 * the server that knows. */
static void go_deeper(struct dns_task *t)
{
    t->same_next = true;
    if (++t->n_single >= DNS_ITERATE_SINGLE_LABELS)
        t->whole_next = true;
    else
        t->n_labels++;
}

static void lame(struct dns_iterate *it, struct dns_task *t)
{
    it->counters.lame++;
    dns_task_shun(t);
}

static enum err take_alias(struct dns_iterate *it, uint64_t now_ns, const struct dns_reply *m, struct bytes owner,
                           struct dns_name *target)
{
    struct dns_set set;
    struct bytes rdata;
    enum err e = take_set(it, now_ns, m, owner, DNS_CNAME, &set);
    if (e != OK)
        return e;
    struct reader r = reader_of(writer_bytes(&set.w));
    if (!dns_cached_next(&r, &rdata))
        return ERR_MALFORMED;
    dns_name_lower(target, rdata);
    return OK;
}

/* Along the aliases as far as the zone goes. OK: the end was found; ERR_NOT_FOUND: no more is said of `name`; ERR_AGAIN: it leads
 * elsewhere. */
static enum err take_chain(struct dns_iterate *it, uint64_t now_ns, struct dns_task *t, const struct dns_reply *m,
                           struct dns_name *name, unsigned *n)
{
    uint16_t type = dns_task_asked_type(t);
    enum err e = ERR_AGAIN;
    for (*n = 0; e == ERR_AGAIN && *n <= DNS_ITERATE_ALIASES; ++*n) {
        struct dns_name target;
        struct dns_set set;
        struct bytes own = dns_name_bytes(name);
        if (*n && !is_in_zone(it, t, own))
            break;
        e = take_set(it, now_ns, m, own, type, &set);
        if (e == OK && dns_task_is_priming(it, t))
            take_all_glue(it, now_ns, t, m, &set);
        if (e != ERR_NOT_FOUND)
            break;
        /* A DNAME holds for the whole name, too, if that was not what we asked for. */
        e = take_dname(it, now_ns, t, m, *n ? own : dns_name_bytes(&t->name), &target);
        if (e == ERR_NOT_FOUND && type != DNS_CNAME)
            e = take_alias(it, now_ns, m, own, &target);
        if (e != OK)
            break;
        dns_name_lower(name, dns_name_bytes(&target));
        e = ERR_AGAIN;
    }
    return e;
}

/* The server knows nothing of the name that was asked for. */
static void take_no(struct dns_iterate *it, uint64_t now_ns, struct dns_task *t, const struct dns_reply *m)
{
    struct bytes asked = dns_task_asked(t);
    struct dns_set set = {.w = writer_of(it->set, sizeof it->set)};
    bool whole = asked.len == t->name.len;
    bool soa = collect_soa(it, t, m, asked, &set);
    bool authority = m->header.flags & (it->o.forward ? DNS_RA : DNS_AA);
    if (!soa && take_referral(it, now_ns, t, m)) {
        if (++t->n_referrals > DNS_ITERATE_REFERRALS) {
            it->counters.many_referrals++;
            t->n_left = 0;
        }
        return;
    }
    bool borrowed = !it->o.forward && m->header.flags & DNS_RA;
    if (!authority && (!soa || borrowed)) {
        lame(it, t);
        return;
    }
    if (!soa)
        set = (struct dns_set){.w = writer_of(it->set, sizeof it->set)};
    store_no(it, now_ns, m, asked, dns_task_asked_type(t), &set);
    if (whole || m->rcode == DNS_NXDOMAIN)
        t->fetch = false;
    else
        go_deeper(t);
}

/* An answer behind aliases may end with a no; it is kept if it says of which zone. */
static void take_end(struct dns_iterate *it, uint64_t now_ns, const struct dns_task *t, const struct dns_reply *m,
                     struct bytes name)
{
    struct dns_set set;
    if (is_in_zone(it, t, name) && collect_soa(it, t, m, name, &set))
        store_no(it, now_ns, m, name, dns_task_asked_type(t), &set);
}

void dns_task_take(struct dns_iterate *it, uint64_t now_ns, struct dns_task *t, const struct dns_reply *m)
{
    struct dns_name name;
    unsigned n;
    uint16_t flags = m->header.flags;
    dns_name_copy(&name, dns_task_asked(t));
    bool whole = name.len == t->name.len;
    /* Someone else's answers: it was to know by itself. The root's own servers do (RFC 9609 4.1). */
    if (!it->o.forward && m->header.n[DNS_ANSWER] && !(flags & DNS_AA) &&
        (flags & DNS_RA || dns_task_is_priming(it, t))) {
        lame(it, t);
        return;
    }
    enum err e = take_chain(it, now_ns, t, m, &name, &n);
    if (e != OK && e != ERR_NOT_FOUND && e != ERR_AGAIN) {
        it->counters.malformed++;
        dns_task_shun(t);
        return;
    }
    if (e == ERR_NOT_FOUND && n == 0) {
        take_no(it, now_ns, t, m);
        return;
    }
    it->counters.answers++;
    if (e == ERR_NOT_FOUND)
        take_end(it, now_ns, t, m, dns_name_bytes(&name));
    if (whole)
        t->fetch = false;
    else
        go_deeper(t);
}
