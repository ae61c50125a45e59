/* SPDX-License-Identifier: ISC */
#include "proto/dns_anchors.h"

#include "proto/dnssec.h"
#include "wire/dns_rdata.h"

#include <jinn/must.h>

enum { WORDS = 24 };

static const char *const state_names[] = {"pending", "valid", "missing", "revoked", "removed"};

static const char root_keys[] = ". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n"
                                ". DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16\n";

void dns_anchors_init(struct dns_anchors *a)
{
    *a = (struct dns_anchors){.n = 0};
}

void dns_anchors_add_root(struct dns_anchors *a)
{
    unsigned line;
    must(dns_anchors_read(a, bytes_str(root_keys), &line) == NULL);
}

static struct bytes rdata_of(const struct dns_anchor *k)
{
    return bytes_of(k->rdata, k->len);
}

/* ---- Text ---- */

struct words {
    struct dns_word word[WORDS];
    size_t n;
};

static bool split(struct bytes text, struct words *words)
{
    struct reader r = reader_of(text);
    words->n = 0;
    while (reader_left(&r)) {
        const uint8_t *start = r.at;
        while (reader_left(&r) && *r.at != ' ' && *r.at != '\t')
            read_skip(&r, 1);
        struct bytes word = bytes_of(start, (size_t)(r.at - start));
        if (word.len == 0) {
            read_skip(&r, 1);
            continue;
        }
        if (words->n == WORDS)
            return false;
        words->word[words->n++] = (struct dns_word){.text = word};
    }
    return true;
}

/* What stands behind the record: "valid 1700000000". Anything else is a remark. */
static void read_state(struct bytes text, struct dns_anchor *k)
{
    struct words words;
    uint64_t since_s;
    if (!split(text, &words) || words.n != 2 || !bytes_decimal(words.word[1].text, UINT64_MAX, &since_s))
        return;
    for (uint8_t i = 0; i < ARRAY_LEN(state_names); i++) {
        if (!bytes_equal(words.word[0].text, bytes_str(state_names[i])))
            continue;
        k->state = i;
        k->since_s = since_s;
    }
}

static bool is_ttl_or_class(struct bytes word)
{
    uint64_t ttl_s;
    uint16_t class_;
    return bytes_decimal(word, UINT32_MAX, &ttl_s) || (dns_class_parse(word, &class_) && class_ == DNS_IN);
}

static const char *read_record(const struct words *words, struct dns_anchor *k)
{
    struct writer w = writer_of(k->rdata, sizeof k->rdata);
    size_t i = 1;
    const char *reason = dns_name_parse(words->word[0].text, dns_root(), &k->zone);
    if (reason)
        return reason;
    while (i < words->n && is_ttl_or_class(words->word[i].text))
        i++;
    if (i == words->n || !dns_type_parse(words->word[i].text, &k->type) || (k->type != DNS_DS && k->type != DNS_DNSKEY))
        return "neither DS nor DNSKEY";
    reason = dns_rdata_parse(k->type, &words->word[i + 1], words->n - i - 1, dns_root(), &w);
    if (reason)
        return reason;
    k->len = (uint16_t)writer_len(&w);
    return writer_good(&w) && k->len >= 4 ? NULL : "too long a key";
}

static struct dns_anchor *find(struct dns_anchors *a, struct bytes zone, uint16_t type, struct bytes rdata);

static const char *read_line(struct dns_anchors *a, struct bytes line)
{
    struct words words;
    struct dns_anchor k = {.state = DNS_ANCHOR_VALID};
    size_t end = bytes_find(line, ';');
    if (!split(bytes_slice(line, 0, end), &words))
        return "too many words";
    if (words.n == 0)
        return NULL;
    const char *reason = read_record(&words, &k);
    if (reason)
        return reason;
    if (k.type == DNS_DNSKEY)
        read_state(bytes_slice(line, end + 1, line.len), &k);
    struct dns_anchor *known = find(a, dns_name_bytes(&k.zone), k.type, rdata_of(&k));
    if (!known && a->n == DNS_ANCHORS_MAX)
        return "more keys than there is room for";
    *(known ? known : &a->anchor[a->n++]) = k;
    return NULL;
}

const char *dns_anchors_read(struct dns_anchors *a, struct bytes text, unsigned *line)
{
    for (*line = 1; text.len; ++*line) {
        size_t len = bytes_find(text, '\n');
        struct bytes one = bytes_slice(text, 0, len);
        if (one.len && one.data[one.len - 1] == '\r')
            one.len--;
        const char *reason = read_line(a, one);
        if (reason)
            return reason;
        text = bytes_slice(text, len + 1, text.len);
    }
    return NULL;
}

void dns_anchors_write(const struct dns_anchors *a, struct writer *w)
{
    for (size_t i = 0; i < a->n; i++) {
        const struct dns_anchor *k = &a->anchor[i];
        dns_name_write_text(w, dns_name_bytes(&k->zone));
        write_u8(w, ' ');
        dns_type_write(w, k->type);
        write_u8(w, ' ');
        dns_rdata_write_text(w, k->type, rdata_of(k));
        if (k->type == DNS_DNSKEY)
            write_format(w, " ; %s %llu", state_names[k->state], (unsigned long long)k->since_s);
        write_u8(w, '\n');
    }
}

/* ---- Trust ---- */

static bool is_of(const struct dns_anchor *k, struct bytes zone)
{
    return dns_name_equal(dns_name_bytes(&k->zone), zone);
}

/* The same key whether it is revoked or not. */
static bool same_key(struct bytes a, struct bytes b)
{
    if (a.len != b.len || a.len < 4)
        return false;
    uint16_t flags_a = (uint16_t)(a.data[0] << 8 | a.data[1]), flags_b = (uint16_t)(b.data[0] << 8 | b.data[1]);
    return (flags_a | DNSSEC_KEY_REVOKED) == (flags_b | DNSSEC_KEY_REVOKED) &&
           memcmp(a.data + 2, b.data + 2, a.len - 2) == 0;
}

static struct dns_anchor *find(struct dns_anchors *a, struct bytes zone, uint16_t type, struct bytes rdata)
{
    for (size_t i = 0; i < a->n; i++) {
        struct dns_anchor *k = &a->anchor[i];
        if (k->type == type && is_of(k, zone) &&
            (type == DNS_DNSKEY ? same_key(rdata_of(k), rdata) : bytes_equal(rdata_of(k), rdata)))
            return k;
    }
    return NULL;
}

/* Its digests are of no use any more once one of its keys was trusted. */
static bool has_keys(const struct dns_anchors *a, struct bytes zone)
{
    for (size_t i = 0; i < a->n; i++)
        if (a->anchor[i].type == DNS_DNSKEY && a->anchor[i].state != DNS_ANCHOR_PENDING && is_of(&a->anchor[i], zone))
            return true;
    return false;
}

static bool counts(const struct dns_anchors *a, const struct dns_anchor *k)
{
    if (k->type == DNS_DNSKEY)
        return k->state == DNS_ANCHOR_VALID || k->state == DNS_ANCHOR_MISSING;
    return !has_keys(a, dns_name_bytes(&k->zone));
}

bool dns_anchors_zone(const struct dns_anchors *a, struct bytes name, struct bytes *zone)
{
    bool any = false;
    for (size_t i = 0; i < a->n; i++) {
        struct bytes own = dns_name_bytes(&a->anchor[i].zone);
        if (!dns_name_is_under(name, own) || (any && own.len <= zone->len) || !counts(a, &a->anchor[i]))
            continue;
        *zone = dns_name_suffix(name, dns_name_labels(own));
        any = true;
    }
    return any;
}

static bool is_revoked(struct bytes dnskey)
{
    return dnskey.len >= 4 && dnskey.data[1] & DNSSEC_KEY_REVOKED;
}

bool dns_anchors_trust(const struct dns_anchors *a, struct bytes zone, struct bytes dnskey)
{
    if (is_revoked(dnskey))
        return false;
    for (size_t i = 0; i < a->n; i++) {
        const struct dns_anchor *k = &a->anchor[i];
        if (!is_of(k, zone) || !counts(a, k))
            continue;
        if (k->type == DNS_DNSKEY ? same_key(rdata_of(k), dnskey) : dnssec_ds_check(zone, dnskey, rdata_of(k)) == OK)
            return true;
    }
    return false;
}

bool dns_anchors_can_check(const struct dns_anchors *a, struct bytes zone)
{
    for (size_t i = 0; i < a->n; i++) {
        const struct dns_anchor *k = &a->anchor[i];
        bool ds = k->type == DNS_DS;
        if (is_of(k, zone) && counts(a, k) && dnssec_algorithm_is_validated(k->rdata[ds ? 2 : 3]) &&
            (!ds || dnssec_digest_is_known(k->rdata[3])))
            return true;
    }
    return false;
}

/* ---- Upkeep ---- */

struct seen {
    struct bytes rdata[DNS_ANCHORS_KEYS], rrsig[DNS_ANCHORS_KEYS], sorted[DNS_ANCHORS_KEYS];
    bool signs[DNS_ANCHORS_KEYS];
    size_t n, n_rrsig;
    struct bytes zone;
    uint32_t expires_s; /* of the signatures that are good, the first */
    uint32_t ttl_s;
};

static bool signs(struct seen *s, struct bytes key, uint32_t now_s)
{
    struct dnssec_rrsig sig;
    memcpy(s->sorted, s->rdata, sizeof s->sorted);
    const struct dnssec_set set = {s->zone, DNS_DNSKEY, DNS_IN, s->sorted, s->n};
    for (size_t i = 0; i < s->n_rrsig; i++) {
        if (!dnssec_rrsig_parse(s->rrsig[i], &sig) || sig.tag != dnssec_key_tag(key) ||
            !dns_name_equal(sig.signer, s->zone) || dnssec_verify(&set, s->rrsig[i], key, now_s) != OK)
            continue;
        uint32_t left_s = sig.expiration - now_s;
        s->expires_s = left_s < s->expires_s ? left_s : s->expires_s;
        s->ttl_s = sig.ttl < s->ttl_s ? sig.ttl : s->ttl_s;
        return true;
    }
    return false;
}

static bool is_entry(struct bytes key)
{
    return key.len >= 4 && key.data[1] & DNSSEC_KEY_ENTRY && key.data[0] & DNSSEC_KEY_ZONE >> 8;
}

/* False: too many. */
static bool see(struct seen *s, const struct dns_cached *keys, uint32_t now_s)
{
    struct reader r = reader_of(keys->data);
    *s = (struct seen){.zone = keys->name, .expires_s = UINT32_MAX, .ttl_s = UINT32_MAX};
    if (keys->n_records > DNS_ANCHORS_KEYS || keys->n_signatures > DNS_ANCHORS_KEYS)
        return false;
    while (s->n < keys->n_records && dns_cached_next(&r, &s->rdata[s->n]))
        s->n++;
    while (s->n_rrsig < keys->n_signatures && dns_cached_next(&r, &s->rrsig[s->n_rrsig]))
        s->n_rrsig++;
    for (size_t i = 0; i < s->n; i++)
        s->signs[i] = is_entry(s->rdata[i]) && signs(s, s->rdata[i], now_s);
    return true;
}

static void turn(struct dns_anchors *a, struct dns_anchor *k, enum dns_anchor_state state, uint64_t now_s)
{
    k->state = (uint8_t)state;
    k->since_s = now_s;
    a->changed = true;
}

static void drop(struct dns_anchors *a, struct dns_anchor *k)
{
    *k = a->anchor[--a->n];
    a->changed = true;
}

static void add(struct dns_anchors *a, const struct seen *s, struct bytes key, bool trusted, uint64_t now_s)
{
    if (a->n == DNS_ANCHORS_MAX || key.len > DNS_ANCHOR_BYTES) {
        a->refused++;
        return;
    }
    struct dns_anchor *k = &a->anchor[a->n++];
    *k = (struct dns_anchor){.type = DNS_DNSKEY, .len = (uint16_t)key.len};
    dns_name_lower(&k->zone, s->zone);
    memcpy(k->rdata, key.data, key.len);
    turn(a, k, trusted ? DNS_ANCHOR_VALID : DNS_ANCHOR_PENDING, now_s);
}

static void present(struct dns_anchors *a, const struct seen *s, size_t i, bool trusted, uint64_t now_s)
{
    struct dns_anchor *k = find(a, s->zone, DNS_DNSKEY, s->rdata[i]);
    uint64_t hold_s = s->ttl_s > DNS_ANCHORS_HOLD_S ? s->ttl_s : DNS_ANCHORS_HOLD_S;
    if (!k) {
        add(a, s, s->rdata[i], trusted, now_s);
    } else if (k->state == DNS_ANCHOR_MISSING ||
               (k->state == DNS_ANCHOR_PENDING && (trusted || now_s >= k->since_s + hold_s))) {
        turn(a, k, DNS_ANCHOR_VALID, now_s);
    }
}

/* Only the key itself can say so, and nobody else need agree (RFC 5011 2.1). */
static void revoke(struct dns_anchors *a, const struct seen *s, uint64_t now_s)
{
    for (size_t i = 0; i < s->n; i++) {
        struct dns_anchor *k = find(a, s->zone, DNS_DNSKEY, s->rdata[i]);
        if (!k || !s->signs[i] || !is_revoked(s->rdata[i]))
            continue;
        if (k->state == DNS_ANCHOR_VALID || k->state == DNS_ANCHOR_MISSING)
            turn(a, k, DNS_ANCHOR_REVOKED, now_s);
        else if (k->state == DNS_ANCHOR_PENDING)
            drop(a, k);
    }
}

static bool is_seen(const struct seen *s, const struct dns_anchor *k)
{
    for (size_t i = 0; i < s->n; i++)
        if (same_key(s->rdata[i], rdata_of(k)))
            return true;
    return false;
}

static void absent(struct dns_anchors *a, const struct seen *s, uint64_t now_s)
{
    for (size_t i = a->n; i--;) {
        struct dns_anchor *k = &a->anchor[i];
        if (k->type != DNS_DNSKEY || !is_of(k, s->zone))
            continue;
        if (k->state == DNS_ANCHOR_REVOKED && now_s >= k->since_s + DNS_ANCHORS_HOLD_S)
            turn(a, k, DNS_ANCHOR_REMOVED, now_s);
        else if (k->state == DNS_ANCHOR_VALID && !is_seen(s, k))
            turn(a, k, DNS_ANCHOR_MISSING, now_s);
        else if (k->state == DNS_ANCHOR_PENDING && !is_seen(s, k))
            drop(a, k);
    }
}

static uint64_t clamp(uint64_t v, uint64_t least, uint64_t most)
{
    return v < least ? least : v > most ? most : v;
}

uint64_t dns_anchors_retry(uint64_t now_s, uint32_t ttl_s)
{
    return now_s + clamp(ttl_s / 10, DNS_ANCHORS_LEAST_S, DNS_ANCHORS_RETRY_MOST_S);
}

/* What is trusted is asked before anything changes: a set can't vouch for itself. */
uint64_t dns_anchors_update(struct dns_anchors *a, const struct dns_cached *keys, uint64_t now_s)
{
    struct seen s;
    bool trusted[DNS_ANCHORS_KEYS] = {false}, good = false;
    if (keys->kind == DNS_KIND_SET && keys->type == DNS_DNSKEY && see(&s, keys, (uint32_t)now_s)) {
        for (size_t i = 0; i < s.n; i++) {
            trusted[i] = is_entry(s.rdata[i]) && dns_anchors_trust(a, s.zone, s.rdata[i]);
            good = good || (trusted[i] && s.signs[i]);
        }
        revoke(a, &s, now_s);
    }
    if (!good) {
        a->not_trusted++;
        return dns_anchors_retry(now_s, keys->first_ttl_s);
    }
    a->updates++;
    for (size_t i = 0; i < s.n; i++)
        if (is_entry(s.rdata[i]) && !is_revoked(s.rdata[i]))
            present(a, &s, i, trusted[i], now_s);
    absent(a, &s, now_s);
    uint32_t half_s = s.ttl_s < s.expires_s ? s.ttl_s / 2 : s.expires_s / 2;
    return now_s + clamp(half_s, DNS_ANCHORS_LEAST_S, DNS_ANCHORS_MOST_S);
}
