/* SPDX-License-Identifier: ISC */
/* What proves that something isn't there, and the validator around it. The first byte says what the rest is:
 *
 * 0, 1: a name, a type, and which records of a zone's true chain of NSEC (or NSEC3) are shown: whatever is chosen, only what
 *       the zone really has not got may be denied.
 * 2: records of any content; nothing is known of what they prove, only that it ends and stays within bounds.
 * 3: entries of a cache, unsigned or with signatures that are none, below an anchor: nothing of it may be secure.
 * 4: text of trust anchors: what is read and written again is the same.
 * 5: a set, a signature and a key that belong together by what they say: what verifies doesn't any more after a change. */
#include "base/radix.h"
#include "proto/dns_denial.h"
#include "proto/dns_validate.h"
#include "wire/dns_rdata.h"

#include <jinn/must.h>

enum { NODES = 8, LABELS_MAX = 4, STEPS_MAX = 24, RDATA_BYTES = 128, CACHE_BYTES = 65536 };

/* ---- A zone, and what is true of it ---- */

struct node {
    const char *name, *types;
};

/* In canonical order. w. and e. are empty names; x. is an alias; below cut. is another zone; d. leads elsewhere. */
static const struct node nodes[NODES] = {
    {"z.", "NS SOA RRSIG NSEC DNSKEY"}, {"a.z.", "A RRSIG NSEC"},      {"cut.z.", "NS RRSIG NSEC"},
    {"d.z.", "DNAME RRSIG NSEC"},       {"b.e.z.", "A MX RRSIG NSEC"}, {"*.w.z.", "A RRSIG NSEC"},
    {"q.w.z.", "MX RRSIG NSEC"},        {"x.z.", "CNAME RRSIG NSEC"},
};
static const char *const labels[] = {"a", "b", "cut", "d", "e", "q", "w", "x", "*", "n", "0", "zz"};
static const uint16_t types[] = {DNS_A, DNS_MX, DNS_DS, DNS_CNAME, DNS_NS, DNS_TXT, DNS_SOA, DNS_DNAME};

struct chain {
    struct dns_name owner[NODES + 2];
    uint8_t rdata[NODES + 2][RDATA_BYTES];
    size_t len[NODES + 2];
    unsigned n;
};

static struct dns_name name_of(const char *text)
{
    struct dns_name n;
    must(dns_name_parse(bytes_str(text), dns_root(), &n) == NULL);
    return n;
}

static size_t words(uint16_t type, const char *text, uint8_t *out)
{
    struct dns_word word[16];
    struct writer w = writer_of(out, RDATA_BYTES);
    size_t n = 0;
    for (struct bytes left = bytes_str(text), part; left.len; left = bytes_slice(left, part.len + 1, left.len)) {
        part = bytes_slice(left, 0, bytes_find(left, ' '));
        word[n++] = (struct dns_word){.text = part};
    }
    must(dns_rdata_parse(type, word, n, dns_root(), &w) == NULL && writer_good(&w));
    return writer_len(&w);
}

static void join(char *out, size_t len, const char *a, const char *b, const char *c)
{
    struct writer w = writer_of(out, len);
    write_str(&w, a);
    write_str(&w, b);
    write_str(&w, *c ? " " : "");
    write_str(&w, c);
    write_u8(&w, 0);
    must(writer_good(&w));
}

static void make_nsec(struct chain *c)
{
    char text[RDATA_BYTES];
    for (c->n = 0; c->n < NODES; c->n++) {
        c->owner[c->n] = name_of(nodes[c->n].name);
        join(text, sizeof text, nodes[(c->n + 1) % NODES].name, "", nodes[c->n].types);
        c->len[c->n] = words(DNS_NSEC, text, c->rdata[c->n]);
    }
}

static void hash_text(const char *name, char out[33])
{
    uint8_t hash[DNSSEC_NSEC3_BYTES];
    struct dns_name n = name_of(name);
    struct writer w = writer_of(out, 32);
    dnssec_nsec3_hash(dns_name_bytes(&n), bytes_of(NULL, 0), 0, hash);
    radix_write(&w, RADIX_BASE32HEX, bytes_of(hash, sizeof hash));
    out[32] = 0;
}

static void make_nsec3(struct chain *c)
{
    struct node all[NODES + 2] = {{"w.z.", ""}, {"e.z.", ""}};
    char hash[NODES + 2][33], text[RDATA_BYTES], owner[64];
    memcpy(all + 2, nodes, sizeof nodes);
    for (unsigned i = 0; i < NODES + 2; i++) {
        struct node n = all[i];
        char h[33];
        unsigned at = i;
        hash_text(n.name, h);
        for (; at > 0 && memcmp(hash[at - 1], h, 32) > 0; at--) {
            memcpy(hash[at], hash[at - 1], 33);
            all[at] = all[at - 1];
        }
        memcpy(hash[at], h, 33);
        all[at] = n;
    }
    for (c->n = 0; c->n < NODES + 2; c->n++) {
        join(owner, sizeof owner, hash[c->n], ".z.", "");
        c->owner[c->n] = name_of(owner);
        join(text, sizeof text, "1 0 0 - ", hash[(c->n + 1) % (NODES + 2)], all[c->n].types);
        c->len[c->n] = words(DNS_NSEC3, text, c->rdata[c->n]);
    }
}

static const struct node *node_at(struct bytes name)
{
    for (unsigned i = 0; i < NODES; i++) {
        struct dns_name n = name_of(nodes[i].name);
        if (dns_name_equal(dns_name_bytes(&n), name))
            return &nodes[i];
    }
    return NULL;
}

static bool exists(struct bytes name)
{
    for (unsigned i = 0; i < NODES; i++) {
        struct dns_name n = name_of(nodes[i].name);
        if (dns_name_is_under(dns_name_bytes(&n), name))
            return true;
    }
    return false;
}

static bool node_has(const struct node *n, uint16_t type)
{
    uint8_t rdata[RDATA_BYTES];
    char text[RDATA_BYTES];
    join(text, sizeof text, "z.", "", n->types);
    size_t len = words(DNS_NSEC, text, rdata);
    return dns_types_have(bytes_slice(bytes_of(rdata, len), 3, len), type);
}

enum truth { THERE, NO_TYPE, NO_NAME, ELSEWHERE };

/* RFC 1034 4.3.2, RFC 4592. */
static enum truth truth_of(struct bytes name, uint16_t type)
{
    struct dns_name wildcard;
    struct bytes encloser = name;
    while (!exists(encloser))
        encloser = dns_name_parent(encloser);
    const struct node *n = node_at(encloser);
    for (struct bytes up = name; up.len > 3; up = dns_name_parent(up)) {
        const struct node *cut = node_at(up);
        bool below = up.len < name.len;
        if (cut && node_has(cut, DNS_NS) && (below || type != DNS_DS))
            return ELSEWHERE;
        if (cut && below && node_has(cut, DNS_DNAME))
            return ELSEWHERE;
    }
    if (encloser.len < name.len) {
        if (!dns_name_wildcard(&wildcard, encloser) || !exists(dns_name_bytes(&wildcard)))
            return NO_NAME;
        n = node_at(dns_name_bytes(&wildcard));
    }
    return n && (node_has(n, type) || node_has(n, DNS_CNAME)) ? THERE : NO_TYPE;
}

static bool read_name(struct reader *r, struct dns_name *name)
{
    char text[64];
    struct writer w = writer_of(text, sizeof text);
    for (unsigned n = read_u8(r) % (LABELS_MAX + 1); n; n--) {
        write_str(&w, labels[read_u8(r) % ARRAY_LEN(labels)]);
        write_u8(&w, '.');
    }
    write_str(&w, "z.");
    write_u8(&w, 0);
    *name = name_of(text);
    return reader_good(r);
}

static void deny_truly(struct reader *r, uint16_t which)
{
    static struct chain chain;
    struct dns_denial d;
    struct dns_name name, zone = name_of("z.");
    if (!read_name(r, &name))
        return;
    uint16_t type = types[read_u8(r) % ARRAY_LEN(types)];
    unsigned shown = read_be16(r);
    (which == DNS_NSEC ? make_nsec : make_nsec3)(&chain);
    dns_denial_begin(&d, dns_name_bytes(&zone));
    for (unsigned i = 0; i < chain.n; i++)
        if (shown >> i & 1)
            dns_denial_add(&d, dns_name_bytes(&chain.owner[i]), which, bytes_of(chain.rdata[i], chain.len[i]));
    struct bytes own = dns_name_bytes(&name);
    enum truth truth = truth_of(own, type);
    if (type == DNS_DS && own.len == 3)
        return; /* the upper zone's to say */
    must(!dns_denial_name(&d, own) || truth == NO_NAME);
    must(!dns_denial_type(&d, own, type) || truth == NO_TYPE);
    bool whole = which == DNS_NSEC ? shown % 256 == 255 : false; /* of NSEC3 there are more than it looks at */
    must(!whole || truth != NO_NAME || dns_denial_name(&d, own));
    must(!whole || truth != NO_TYPE || dns_denial_type(&d, own, type));
    for (unsigned n = 1; n < dns_name_labels(own); n++)
        must(!dns_denial_closer(&d, own, n) || !exists(dns_name_suffix(own, n + 1)) || truth == ELSEWHERE);
}

/* ---- Any content ---- */

static bool read_any_name(struct reader *r, struct dns_name *name)
{
    struct reader in = read_sub(r, read_u8(r));
    struct bytes all = bytes_of(in.at, reader_left(&in));
    return dns_name_read(&in, all, name);
}

static struct bytes read_any(struct reader *r)
{
    return read_bytes(r, read_u8(r));
}

static void deny_anything(struct reader *r)
{
    struct dns_denial d;
    struct dns_name zone, name, owner[STEPS_MAX];
    if (!read_any_name(r, &zone) || !read_any_name(r, &name))
        return;
    uint16_t type = read_be16(r);
    dns_denial_begin(&d, dns_name_bytes(&zone));
    for (unsigned i = 0; i < STEPS_MAX && reader_left(r) && read_any_name(r, &owner[i]); i++) {
        uint16_t which = read_u8(r) & 1 ? DNS_NSEC : DNS_NSEC3;
        dns_denial_add(&d, dns_name_bytes(&owner[i]), which, read_any(r));
    }
    struct bytes own = dns_name_bytes(&name);
    (void)dns_denial_name(&d, own);
    (void)dns_denial_type(&d, own, type);
    (void)dns_denial_closer(&d, own, type & 127);
    (void)dns_denial_delegates(&d, own);
    must(d.n_nsec <= DNS_DENIAL_RECORDS && d.n_nsec3 <= DNS_DENIAL_RECORDS && d.n_hashed <= DNS_DENIAL_HASHES);
}

static void store(struct dns_cache *c, struct reader *r)
{
    static uint8_t data[4096];
    struct dns_name name;
    if (!read_any_name(r, &name))
        return;
    struct dns_cached e = {.name = dns_name_bytes(&name), .type = read_be16(r), .kind = read_u8(r) % 3, .ttl_s = 60};
    e.trust = read_u8(r) % (DNS_TRUST_FINAL + 1);
    e.type = e.kind == DNS_KIND_NXDOMAIN ? 0 : e.type;
    struct writer w = writer_of(data, sizeof data);
    uint16_t *const counts[] = {&e.n_records, &e.n_signatures, &e.n_proofs};
    for (unsigned i = 0; i < ARRAY_LEN(counts); i++) {
        for (unsigned n = read_u8(r) % 8; n && reader_left(r); n--, ++*counts[i]) {
            struct bytes b = read_any(r);
            write_be16(&w, (uint16_t)b.len);
            write_bytes(&w, b);
        }
    }
    e.data = writer_bytes(&w);
    if (writer_good(&w) && dns_cache_store(c, 0, &e) != OK)
        return;
}

static void validate_anything(struct reader *r)
{
    struct dns_cache *c;
    struct dns_validator *v;
    struct dns_anchors anchors;
    struct dns_name name, wanted;
    struct dns_cached found;
    dns_anchors_init(&anchors);
    dns_anchors_add_root(&anchors);
    must(dns_cache_new(&(struct dns_cache_options){.bytes = CACHE_BYTES, .entries = 32}, &c) == OK);
    must(dns_validator_new(&(struct dns_validate_options){.cache = c, .anchors = &anchors}, &v) == OK);
    dns_validator_set_clock(v, 0, read_be32(r));
    bool asks = read_any_name(r, &name);
    uint16_t type = read_be16(r), wanted_type;
    for (unsigned i = 0; i < STEPS_MAX && reader_left(r); i++)
        store(c, r);
    if (asks && dns_cache_find(c, 0, dns_name_bytes(&name), type, &found))
        must(dns_validate(v, 0, &found, &wanted, &wanted_type) != DNS_VERDICT_SECURE);
    must(dns_validate_counters(v).checks <= DNS_VALIDATE_CHECKS);
    dns_validator_free(v);
    dns_cache_free(c);
}

static void read_anchors(struct bytes text)
{
    static char once[DNS_ANCHORS_TEXT_BYTES], again[DNS_ANCHORS_TEXT_BYTES];
    static struct dns_anchors a, b;
    struct writer w = writer_of(once, sizeof once), x = writer_of(again, sizeof again);
    unsigned line;
    dns_anchors_init(&a);
    dns_anchors_init(&b);
    if (dns_anchors_read(&a, text, &line) != NULL)
        return;
    dns_anchors_write(&a, &w);
    if (!writer_good(&w))
        return;
    must(dns_anchors_read(&b, writer_bytes(&w), &line) == NULL);
    dns_anchors_write(&b, &x);
    must(bytes_equal(writer_bytes(&w), writer_bytes(&x)));
}

/* What is in the way of the calculation is put right: the type, the tag, the time. */
static void verify_anything(struct reader *r)
{
    struct dns_name owner;
    struct bytes rdata[7];
    uint8_t rrsig[UINT8_MAX];
    struct dnssec_rrsig sig;
    if (!read_any_name(r, &owner))
        return;
    struct dnssec_set set = {dns_name_bytes(&owner), read_be16(r), DNS_IN, rdata, read_u8(r) % (ARRAY_LEN(rdata) + 1)};
    for (size_t i = 0; i < set.n; i++)
        rdata[i] = read_any(r);
    struct bytes given = read_any(r), key = read_any(r);
    if (!reader_good(r) || !dnssec_rrsig_parse(given, &sig))
        return;
    memcpy(rrsig, given.data, given.len);
    uint16_t tag = dnssec_key_tag(key);
    memcpy(rrsig, (uint8_t[]){(uint8_t)(set.type >> 8), (uint8_t)set.type}, 2);
    memcpy(rrsig + 16, (uint8_t[]){(uint8_t)(tag >> 8), (uint8_t)tag}, 2);
    enum err e = dnssec_verify(&set, bytes_of(rrsig, given.len), key, sig.inception);
    rrsig[7] ^= 1; /* the time to live that was signed */
    must(dnssec_verify(&set, bytes_of(rrsig, given.len), key, sig.inception) != OK || e != OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(bytes_of(data, size));
    switch (read_u8(&r) % 6) {
    case 0:
        deny_truly(&r, DNS_NSEC);
        break;
    case 1:
        deny_truly(&r, DNS_NSEC3);
        break;
    case 2:
        deny_anything(&r);
        break;
    case 3:
        validate_anything(&r);
        break;
    case 4:
        read_anchors(read_rest(&r));
        break;
    default:
        verify_anything(&r);
    }
    return 0;
}
