/* SPDX-License-Identifier: ISC */
/* Answers from random zones: two, one below the other, made of few labels and types, so that all cases come together;
 * records are added and removed again. Each response must read back, keep to its limit, and hold whole sets of what is in
 * the zones, or what a DNAME makes; a smaller limit may only leave out. */
#include "proto/dns_answer.h"
#include "wire/dns_rdata.h"

#include <jinn/must.h>

#include <stdlib.h>

#define RECORDS_MAX 400

struct seen {
    enum dns_section section;
    struct dns_record r;
    struct bytes rdata;
};

struct response {
    uint8_t message[65535];
    size_t len;
    struct dns_result result;
    unsigned n_in[4], n;
    struct seen seen[RECORDS_MAX];
    uint8_t data[RECORDS_MAX * 256];
};

static struct response whole, cut;

static void read_name(struct reader *r, struct bytes under, struct dns_name *name)
{
    static const char *const labels[] = {"a", "b", "*", "C", "sub", "d", "x.y", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"};
    uint8_t v = read_u8(r);
    dns_name_copy(name, under);
    for (unsigned n = v >> 6; n; n--, v = (uint8_t)(v >> 1)) {
        struct dns_name prefix;
        must(!dns_name_parse(bytes_str(labels[v & 7]), dns_root(), &prefix));
        must(dns_name_join(name, dns_name_bytes(&prefix), dns_name_bytes(name)));
    }
}

static const uint16_t kinds[] = {DNS_A,     DNS_NS,   DNS_CNAME, DNS_SOA,   DNS_MX,    DNS_TXT,
                                 DNS_DNAME, DNS_DS,   DNS_NSEC,  DNS_RRSIG, DNS_NSEC3, DNS_NSEC3PARAM,
                                 DNS_SRV,   DNS_AAAA, DNS_ANY,   DNS_HTTPS};

/* Good data of the type. */
static void make_data(struct reader *r, struct writer *w, uint16_t type, struct bytes origin)
{
    static const uint8_t zeros[20];
    struct dns_name name;
    uint8_t v = read_u8(r);
    read_name(r, origin, &name);
    if (type == DNS_MX || type == DNS_HTTPS || type == DNS_SRV)
        write_be16(w, v);
    if (type == DNS_SRV)
        write_be32(w, 0);
    if (type == DNS_A || type == DNS_AAAA)
        write_copy(w, (const uint8_t[16]){v}, type == DNS_A ? 4 : 16);
    else if (type == DNS_TXT) {
        write_u8(w, v);
        for (unsigned i = 0; i < v; i++)
            write_u8(w, 't');
    } else if (type == DNS_RRSIG) {
        write_be16(w, kinds[v % ARRAY_LEN(kinds)]);
        write_copy(w, zeros, 16);
        write_be16(w, 1); /* the root, and one byte */
    } else if (type == DNS_DS) {
        write_be16(w, v);
        write_be16(w, 13 << 8 | 1);
        write_copy(w, zeros, 20);
    } else if (type == DNS_NSEC3PARAM || type == DNS_NSEC3) {
        write_be32(w, (uint32_t)(1u << 24 | (type == DNS_NSEC3 ? (v & 1u) << 16 : 0) | (v >> 4)));
        write_u8(w, 0);
        if (type == DNS_NSEC3) {
            write_u8(w, 20);
            write_copy(w, zeros, 20);
        }
    } else {
        if (type == DNS_SOA)
            write_u8(w, 0);
        write_bytes(w, dns_name_bytes(&name));
        if (type == DNS_SOA)
            write_copy(w, zeros, 20);
        if (type == DNS_NSEC)
            write_copy(w, "\0\1\x40", 3);
    }
    must(writer_good(w) && dns_rdata_is_good(type, writer_bytes(w)));
}

static void change_zone(struct reader *r, struct dns_zone *z)
{
    uint8_t room[600], kind = read_u8(r);
    struct writer w = writer_of(room, sizeof room);
    struct dns_name name;
    uint16_t type = kinds[kind % ARRAY_LEN(kinds)];
    read_name(r, dns_zone_origin(z), &name);
    if (type == DNS_ANY) {
        (void)!dns_zone_remove_name(z, dns_name_bytes(&name));
        return;
    }
    make_data(r, &w, type, dns_zone_origin(z));
    enum err e = kind >> 6 == 3 ? dns_zone_remove(z, dns_name_bytes(&name), type, writer_bytes(&w))
                                : dns_zone_add(z, dns_name_bytes(&name), type, 60 + (kind >> 6), writer_bytes(&w));
    must(e == OK || e == ERR_IN_USE || e == ERR_NOT_FOUND || e == ERR_FULL);
}

/* ---- Looking at a response ---- */

static void read_back(struct response *p)
{
    struct bytes message = bytes_of(p->message, p->len);
    struct reader r = reader_of(message);
    struct writer w = writer_of(p->data, sizeof p->data);
    struct dns_header h;
    struct dns_question q;
    must(dns_header_read(&r, &h) && h.n[0] == 1 && dns_question_read(&r, message, &q));
    p->n = 0;
    for (enum dns_section s = DNS_ANSWER; s <= DNS_ADDITIONAL; s++) {
        p->n_in[s] = h.n[s];
        for (unsigned i = 0; i < h.n[s]; i++) {
            must(p->n < RECORDS_MAX);
            struct seen *seen = &p->seen[p->n++];
            const uint8_t *data = w.at;
            seen->section = s;
            must(dns_record_read(&r, message, &seen->r) && dns_rdata_expand(message, &seen->r, &w));
            seen->rdata = bytes_of(data, (size_t)(w.at - data));
        }
    }
    must(reader_good(&r) && reader_left(&r) == 0);
}

static uint16_t covered(const struct seen *s)
{
    return s->r.type == DNS_RRSIG ? (uint16_t)(s->rdata.data[0] << 8 | s->rdata.data[1]) : 0;
}

/* The zone has it under this name, in a set of so many records. */
static bool has_whole(const struct dns_zone *z, struct bytes name, const struct seen *s, unsigned n)
{
    const struct dns_set *set =
        s->r.type == DNS_RRSIG ? dns_zone_find_signatures(z, name, covered(s)) : dns_zone_find(z, name, s->r.type);
    struct bytes rdata;
    for (size_t at = 0; set && set->n == n && s->r.ttl <= set->ttl && dns_set_record(set, &at, &rdata);) {
        if (bytes_equal(rdata, s->rdata))
            return true;
    }
    return false;
}

/* It is one of a set of `n` of a zone: of its owner, or of a wildcard above. */
static bool has_source(const struct dns_zones *zs, const struct seen *s, unsigned n)
{
    struct bytes owner = dns_name_bytes(&s->r.name);
    const struct dns_zone_entry *e;
    for (uint32_t at = 0; (e = dns_zones_next(zs, &at));) {
        struct dns_name wildcard;
        if (has_whole(e->zone, owner, s, n))
            return true;
        for (struct bytes up = owner; up.len > 1;) {
            up = dns_name_parent(up);
            if (dns_name_wildcard(&wildcard, up) && has_whole(e->zone, dns_name_bytes(&wildcard), s, n))
                return true;
        }
    }
    return false;
}

/* It is what this DNAME makes of the name, to the byte. */
static bool is_made_by(const struct seen *s, const struct seen *dname)
{
    struct bytes name = dns_name_bytes(&s->r.name), owner = dns_name_bytes(&dname->r.name);
    struct dns_name prefix, target;
    if (dname->r.type != DNS_DNAME || name.len <= owner.len || !dns_name_is_under(name, owner))
        return false;
    dns_name_copy(&prefix, bytes_slice(name, 0, name.len - owner.len + 1));
    prefix.wire[prefix.len - 1] = 0;
    return dns_name_join(&target, dns_name_bytes(&prefix), dname->rdata) &&
           bytes_equal(dns_name_bytes(&target), s->rdata) && s->r.ttl == dname->r.ttl;
}

/* A CNAME that a DNAME of the response makes. There may be records like it in the zone: behind the DNAME, where nobody sees
 * them. */
static bool is_synthesised(const struct response *p, const struct seen *s)
{
    for (unsigned i = 0; i < p->n && s->r.type == DNS_CNAME; i++) {
        if (is_made_by(s, &p->seen[i]))
            return true;
    }
    return false;
}

static unsigned count_set(const struct response *p, const struct seen *s)
{
    unsigned n = 0;
    for (unsigned i = 0; i < p->n; i++)
        n += p->seen[i].section == s->section && p->seen[i].r.type == s->r.type && covered(&p->seen[i]) == covered(s) &&
             dns_name_equal(dns_name_bytes(&p->seen[i].r.name), dns_name_bytes(&s->r.name));
    return n;
}

static void check_response(const struct dns_zones *zs, const struct response *p)
{
    for (unsigned i = 0; i < p->n; i++) {
        const struct seen *s = &p->seen[i];
        must(is_synthesised(p, s) || has_source(zs, s, count_set(p, s)));
    }
    must((p->result.flags & DNS_RCODE) != DNS_REFUSED || p->n == 0);
}

static void ask(const struct dns_zones *zs, struct dns_query *q, struct response *p, size_t limit)
{
    struct dns_writer d;
    uint8_t *exact = malloc(limit); /* for the sanitizer */
    dns_write_begin(&d, exact, limit);
    must(dns_write_question(&d, dns_name_bytes(&q->question->name), q->question->type, DNS_IN));
    size_t room = limit - writer_len(&d.w), reserve = q->reserve_bytes < room ? q->reserve_bytes : room;
    dns_answer(zs, q, &d, &p->result);
    must(writer_good(&d.w) && writer_left(&d.w) >= reserve);
    struct bytes b = dns_write_end(&d, 1, (uint16_t)(DNS_QR | p->result.flags));
    memcpy(p->message, b.data, p->len = b.len);
    free(exact);
    read_back(p);
    check_response(zs, p);
}

static void query(struct reader *r, const struct dns_zones *zs)
{
    struct dns_question question = {.class_ = DNS_IN};
    struct dns_query q = {.question = &question};
    uint8_t options = read_u8(r);
    question.type = kinds[read_u8(r) % ARRAY_LEN(kinds)];
    read_name(r, (struct bytes){(const uint8_t *)"\1z", 3}, &question.name);
    q.dnssec_ok = options & 1;
    q.tcp = options & 2;
    ask(zs, &q, &whole, sizeof whole.message);
    must(!(whole.result.flags & DNS_TC));
    q.reserve_bytes = options >> 2;
    ask(zs, &q, &cut, 12 + 4 + question.name.len + 2u * read_u8(r));
    for (int s = DNS_ANSWER; s <= DNS_ADDITIONAL; s++)
        must(cut.n_in[s] <= whole.n_in[s]);
    must(cut.result.flags & DNS_TC ||
         (cut.n_in[DNS_ANSWER] == whole.n_in[DNS_ANSWER] && cut.n_in[DNS_AUTHORITY] == whole.n_in[DNS_AUTHORITY]));
    must((cut.result.flags | DNS_TC | DNS_RCODE) == (whole.result.flags | DNS_TC | DNS_RCODE));
}

static void put_zone(struct dns_zones *zs, struct bytes origin)
{
    static const uint8_t soa[22] = "\0\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\x3d";
    struct dns_zone *z;
    must(dns_zone_new(origin, zs->seed, 100000, &z) == OK);
    must(dns_zone_add(z, origin, DNS_SOA, 60, bytes_of(soa, sizeof soa)) == OK);
    must(dns_zones_put(zs, z) == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct bytes origins[] = {{(const uint8_t *)"\1z", 3}, {(const uint8_t *)"\3sub\1z", 7}};
    struct reader r = reader_of(bytes_of(data, size < 600 ? size : 600));
    struct dns_zones zs;
    dns_zones_init(&zs, size, 2);
    put_zone(&zs, origins[0]);
    if (size & 1)
        put_zone(&zs, origins[1]);
    while (reader_left(&r)) {
        uint8_t what = read_u8(&r);
        struct dns_zone_entry *e = dns_zones_get(&zs, origins[what >> 7]);
        if (what % 4 == 0)
            query(&r, &zs);
        else if (e)
            change_zone(&r, e->zone);
    }
    dns_zones_free(&zs);
    return 0;
}
