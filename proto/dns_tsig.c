/* SPDX-License-Identifier: ISC */
/* The record (RFC 8945 4.2): the key's name, type 250, class ANY, TTL 0, and in its data
 *
 *   algorithm name   time 48   fudge 16   MAC size 16, MAC   original ID 16   error 16   other size 16, other
 *
 * What is signed (4.3): the MAC of the message before, with its size; messages without their TSIG, under the ID that they
 * had when they were signed; and the key's name, class, TTL, algorithm, time, fudge, error, other; or, from a stream's
 * second message on, of all these the time and the fudge only. */
#include "proto/dns_tsig.h"

#include <jinn/must.h>

#include <mbedtls/constant_time.h>
#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>

#include <stdlib.h>

enum { ID_BYTES = 2, ARCOUNT_AT = 10, OTHER_TIME_BYTES = 6, RECORD_BYTES = 10, DATA_BYTES = 16, MAC_LEAST_BYTES = 10 };

struct dns_tsig_algorithm {
    uint8_t name_len;
    const char *name; /* wire form; the root's zero is the string's own */
    mbedtls_md_type_t md;
    uint8_t mac_len;
};

static const struct dns_tsig_algorithm algorithms[] = {
    {11, "\011hmac-sha1", MBEDTLS_MD_SHA1, 20}, /* must be there (RFC 8945 6), need not be used */
    {13, "\013hmac-sha256", MBEDTLS_MD_SHA256, 32},
    {13, "\013hmac-sha384", MBEDTLS_MD_SHA384, 48},
    {13, "\013hmac-sha512", MBEDTLS_MD_SHA512, 64},
};

static struct bytes algorithm_name(const struct dns_tsig_algorithm *a)
{
    return bytes_of(a->name, a->name_len);
}

static const struct dns_tsig_algorithm *algorithm_find(struct bytes name)
{
    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
        if (dns_name_equal(algorithm_name(&algorithms[i]), name))
            return &algorithms[i];
    }
    return NULL;
}

/* ---- HMAC: after a context was made none of these can fail ---- */

static void hmac_free(void *hmac)
{
    if (hmac)
        mbedtls_md_free(hmac);
    free(hmac);
}

/* With the secret in it; NULL: no memory. */
static void *hmac_new(const struct dns_tsig_algorithm *a, struct bytes secret)
{
    mbedtls_md_context_t *hmac = calloc(1, sizeof *hmac);
    if (!hmac)
        return NULL;
    mbedtls_md_init(hmac);
    if (mbedtls_md_setup(hmac, mbedtls_md_info_from_type(a->md), 1) == 0 &&
        mbedtls_md_hmac_starts(hmac, secret.data, secret.len) == 0)
        return hmac;
    hmac_free(hmac);
    return NULL;
}

static void hmac_add(void *hmac, struct bytes b)
{
    must(mbedtls_md_hmac_update(hmac, b.data, b.len) == 0);
}

/* And is ready for the next. */
static void hmac_end(void *hmac, uint8_t mac[static DNS_TSIG_MAC_BYTES])
{
    must(mbedtls_md_hmac_finish(hmac, mac) == 0);
    must(mbedtls_md_hmac_reset(hmac) == 0);
}

/* ---- Keys ---- */

const struct dns_tsig_key *dns_tsig_keys_find(const struct dns_tsig_keys *keys, struct bytes name)
{
    for (size_t i = 0; i < keys->n; i++) {
        if (dns_name_equal(dns_name_bytes(&keys->key[i].name), name))
            return &keys->key[i];
    }
    return NULL;
}

const char *dns_tsig_keys_add(struct dns_tsig_keys *keys, struct bytes name, struct bytes algorithm,
                              struct bytes secret)
{
    const struct dns_tsig_algorithm *a = algorithm_find(algorithm);
    if (!a)
        return "an algorithm that is not known here (hmac-sha1, -sha256, -sha384 and -sha512 are)";
    if (secret.len == 0)
        return "a secret that is empty";
    if (secret.len > DNS_TSIG_SECRET_BYTES)
        return "a secret of more than 128 bytes";
    if (dns_tsig_keys_find(keys, name))
        return "a key of this name is there already";
    if (keys->n == DNS_TSIG_KEYS_MAX)
        return "more than 32 keys";
    struct dns_tsig_key *k = &keys->key[keys->n];
    *k = (struct dns_tsig_key){.algorithm = a, .secret_len = (uint8_t)secret.len};
    k->hmac = hmac_new(a, secret);
    if (!k->hmac)
        return "not enough memory";
    dns_name_lower(&k->name, name);
    memcpy(k->secret, secret.data, secret.len);
    keys->n++;
    return NULL;
}

void dns_tsig_keys_clear(struct dns_tsig_keys *keys)
{
    for (size_t i = 0; i < keys->n; i++)
        hmac_free(keys->key[i].hmac);
    mbedtls_platform_zeroize(keys, sizeof *keys);
}

/* ---- The record ---- */

/* As it stands in a message; what it BORROWS is there. */
struct record {
    struct bytes algorithm;
    uint64_t time_s;
    uint16_t fudge_s;
    struct bytes mac;
    uint16_t id;
    uint16_t error;
    struct bytes other;
    size_t at; /* where it begins: the length of what was signed */
    struct dns_name name;
};

enum found { FOUND_NONE, FOUND_GOOD, FOUND_BAD };

/* As it stands there: a reader of records takes a negative one for 0. */
static bool ttl_is_0(const struct dns_record *from)
{
    struct reader r = reader_of(bytes_of(from->rdata.data - 6, 4));
    return read_be32(&r) == 0;
}

static bool read_data(const struct dns_record *from, struct record *t)
{
    struct reader r = reader_of(from->rdata);
    t->name = from->name;
    t->algorithm = dns_name_take(&r);
    t->time_s = (uint64_t)read_be16(&r) << 32;
    t->time_s |= read_be32(&r);
    t->fudge_s = read_be16(&r);
    t->mac = read_bytes(&r, read_be16(&r));
    t->id = read_be16(&r);
    t->error = read_be16(&r);
    t->other = read_bytes(&r, read_be16(&r));
    return reader_good(&r) && reader_left(&r) == 0 && from->class_ == DNS_ANY_CLASS && ttl_is_0(from);
}

/* Walks the message, which must end where its last record does. Only as that record is a TSIG good. */
static enum found find_record(struct bytes message, struct record *t)
{
    struct reader r = reader_of(message);
    struct dns_header h;
    struct dns_question q;
    struct dns_record record;
    dns_header_read(&r, &h);
    for (unsigned i = 0; i < h.n[DNS_QUESTION] && reader_good(&r); i++)
        dns_question_read(&r, message, &q);
    unsigned n = (unsigned)h.n[DNS_ANSWER] + h.n[DNS_AUTHORITY] + h.n[DNS_ADDITIONAL];
    for (unsigned i = 1; i <= n && reader_good(&r); i++) {
        t->at = (size_t)(r.at - message.data);
        if (!dns_record_read(&r, message, &record) || record.type != DNS_TSIG)
            continue;
        bool last = i == n && h.n[DNS_ADDITIONAL] > 0 && reader_left(&r) == 0;
        return last && read_data(&record, t) ? FOUND_GOOD : FOUND_BAD;
    }
    return reader_good(&r) && reader_left(&r) == 0 ? FOUND_NONE : FOUND_BAD;
}

static void count_additional(uint8_t *message, int by)
{
    unsigned n = (unsigned)(message[ARCOUNT_AT] << 8 | message[ARCOUNT_AT + 1]) + (unsigned)by;
    message[ARCOUNT_AT] = (uint8_t)(n >> 8);
    message[ARCOUNT_AT + 1] = (uint8_t)n;
}

static void write_time(struct writer *w, uint64_t time_s)
{
    write_be16(w, (uint16_t)(time_s >> 32));
    write_be32(w, (uint32_t)time_s);
}

/* ---- What is signed ---- */

static void add_mac_before(void *hmac, const struct dns_tsig *t)
{
    uint8_t size[2] = {0, t->mac_len};
    hmac_add(hmac, bytes_of(size, sizeof size));
    hmac_add(hmac, bytes_of(t->mac, t->mac_len));
}

/* The message without its TSIG, under that ID. */
static void add_message(void *hmac, struct bytes message, uint16_t id)
{
    uint8_t first[ID_BYTES] = {(uint8_t)(id >> 8), (uint8_t)id};
    hmac_add(hmac, bytes_of(first, sizeof first));
    hmac_add(hmac, bytes_slice(message, ID_BYTES, message.len));
}

static void add_variables(void *hmac, const struct record *t)
{
    uint8_t buffer[2 * DNS_NAME_BYTES + 32];
    struct writer w = writer_of(buffer, sizeof buffer);
    struct dns_name lower;
    dns_name_lower(&lower, dns_name_bytes(&t->name));
    write_bytes(&w, dns_name_bytes(&lower));
    write_be16(&w, DNS_ANY_CLASS);
    write_be32(&w, 0);
    dns_name_lower(&lower, t->algorithm);
    write_bytes(&w, dns_name_bytes(&lower));
    write_time(&w, t->time_s);
    write_be16(&w, t->fudge_s);
    write_be16(&w, t->error);
    write_be16(&w, (uint16_t)t->other.len);
    must(writer_good(&w));
    hmac_add(hmac, writer_bytes(&w));
    hmac_add(hmac, t->other);
}

static void add_timers(void *hmac, const struct record *t)
{
    uint8_t buffer[8];
    struct writer w = writer_of(buffer, sizeof buffer);
    write_time(&w, t->time_s);
    write_be16(&w, t->fudge_s);
    hmac_add(hmac, writer_bytes(&w));
}

static void remember_mac(struct dns_tsig *t, struct bytes mac)
{
    t->mac_len = (uint8_t)mac.len;
    memcpy(t->mac, mac.data, mac.len);
}

/* RFC 8945 5.2.2.1; what it allows beside is a MAC cut to no less than half. */
static bool mac_size_is_sane(struct bytes mac, const struct dns_tsig_algorithm *a)
{
    size_t least = a->mac_len / 2 > MAC_LEAST_BYTES ? a->mac_len / 2 : MAC_LEAST_BYTES;
    return mac.len >= least && mac.len <= a->mac_len;
}

/* In constant time for the content. */
static bool mac_is(struct bytes mac, const uint8_t wanted[static DNS_TSIG_MAC_BYTES])
{
    return mac.len <= DNS_TSIG_MAC_BYTES && mbedtls_ct_memcmp(mac.data, wanted, mac.len) == 0;
}

static bool time_is_near(const struct record *t, uint64_t now_s)
{
    uint64_t apart = t->time_s > now_s ? t->time_s - now_s : now_s - t->time_s;
    return apart <= t->fudge_s;
}

/* ---- A server ---- */

/* Of a signature that was found: the record's error, or DNS_FORMERR as the message's. */
static unsigned judge(const struct dns_tsig_key *key, struct bytes message, const struct record *r, uint64_t now_s)
{
    uint8_t mac[DNS_TSIG_MAC_BYTES];
    if (!mac_size_is_sane(r->mac, key->algorithm))
        return DNS_FORMERR;
    add_message(key->hmac, bytes_slice(message, 0, r->at), r->id);
    add_variables(key->hmac, r);
    hmac_end(key->hmac, mac);
    if (!mac_is(r->mac, mac))
        return DNS_BADSIG;
    if (r->mac.len < key->algorithm->mac_len)
        return DNS_BADTRUNC;
    return time_is_near(r, now_s) ? DNS_NOERROR : DNS_BADTIME;
}

static const struct dns_tsig_key *key_of(const struct dns_tsig_keys *keys, const struct record *r)
{
    const struct dns_tsig_key *key = dns_tsig_keys_find(keys, dns_name_bytes(&r->name));
    return key && dns_name_equal(algorithm_name(key->algorithm), r->algorithm) ? key : NULL;
}

static void count(struct dns_tsig_counters *c, unsigned error)
{
    struct dns_tsig_counters nobody;
    if (!c)
        c = &nobody;
    switch (error) {
    case DNS_NOERROR:
        c->n_good++;
        break;
    case DNS_BADKEY:
        c->n_badkey++;
        break;
    case DNS_BADSIG:
        c->n_badsig++;
        break;
    case DNS_BADTIME:
        c->n_badtime++;
        break;
    case DNS_BADTRUNC:
        c->n_badtrunc++;
        break;
    default:
        c->n_malformed++;
    }
}

/* Errors of the key or the MAC are answered unsigned; of the time or the MAC's length, signed (RFC 8945 5.3.2). */
static void keep(struct dns_tsig *t, const struct dns_tsig_key *key, const struct record *r, unsigned error)
{
    bool known = error != DNS_BADKEY && error != DNS_BADSIG;
    t->present = true;
    t->error = (uint16_t)error;
    t->key = error == DNS_NOERROR ? key : NULL;
    t->answer_key = known ? key : NULL;
    t->time_s = r->time_s;
    t->fudge_s = r->fudge_s;
    t->name = r->name;
    dns_name_copy(&t->algorithm, r->algorithm);
    if (known)
        remember_mac(t, r->mac);
}

unsigned dns_tsig_check(const struct dns_tsig_keys *keys, uint64_t now_s, uint8_t *message, size_t *len,
                        struct dns_tsig *t, struct dns_tsig_counters *c)
{
    struct record r;
    *t = (struct dns_tsig){.first = true};
    enum found found = find_record(bytes_of(message, *len), &r);
    if (found == FOUND_NONE)
        return DNS_NOERROR;
    const struct dns_tsig_key *key = found == FOUND_GOOD ? key_of(keys, &r) : NULL;
    unsigned error = found == FOUND_BAD ? DNS_FORMERR : DNS_BADKEY;
    if (found == FOUND_GOOD) {
        count_additional(message, -1);
        *len = r.at;
    }
    if (key)
        error = judge(key, bytes_of(message, *len), &r, now_s);
    count(c, error);
    if (error == DNS_FORMERR)
        return DNS_FORMERR;
    keep(t, key, &r, error);
    return error == DNS_NOERROR ? DNS_NOERROR : DNS_NOTAUTH;
}

/* ---- Signing ---- */

size_t dns_tsig_room(const struct dns_tsig *t)
{
    if (!t->present)
        return 0;
    size_t mac = t->answer_key ? t->answer_key->algorithm->mac_len : 0;
    size_t other = t->error == DNS_BADTIME ? OTHER_TIME_BYTES : 0;
    return (size_t)t->name.len + RECORD_BYTES + t->algorithm.len + DATA_BYTES + mac + other;
}

static void write_record(struct writer *w, const struct record *t)
{
    write_bytes(w, dns_name_bytes(&t->name));
    write_be16(w, DNS_TSIG);
    write_be16(w, DNS_ANY_CLASS);
    write_be32(w, 0);
    write_be16(w, (uint16_t)(t->algorithm.len + DATA_BYTES + t->mac.len + t->other.len));
    write_bytes(w, t->algorithm);
    write_time(w, t->time_s);
    write_be16(w, t->fudge_s);
    write_be16(w, (uint16_t)t->mac.len);
    write_bytes(w, t->mac);
    write_be16(w, t->id);
    write_be16(w, t->error);
    write_be16(w, (uint16_t)t->other.len);
    write_bytes(w, t->other);
}

static enum err append(const struct dns_tsig *t, const struct record *r, uint8_t *message, size_t *len, size_t size)
{
    struct writer w = writer_of(message + *len, size - *len);
    must(*len >= DNS_HEADER_BYTES && dns_tsig_room(t) <= size - *len);
    write_record(&w, r);
    must(writer_good(&w));
    count_additional(message, 1);
    *len += writer_len(&w);
    return OK;
}

enum sign_what { SIGN_REQUEST, SIGN_ANSWER, SIGN_NEXT };

static void sign(struct dns_tsig *t, struct record *r, enum sign_what what, struct bytes message)
{
    void *hmac = t->answer_key->hmac;
    uint8_t mac[DNS_TSIG_MAC_BYTES];
    if (what != SIGN_REQUEST)
        add_mac_before(hmac, t);
    add_message(hmac, message, r->id);
    if (what == SIGN_NEXT)
        add_timers(hmac, r);
    else
        add_variables(hmac, r);
    hmac_end(hmac, mac);
    remember_mac(t, bytes_of(mac, t->answer_key->algorithm->mac_len));
    r->mac = bytes_of(t->mac, t->mac_len);
}

static struct record record_to_write(const struct dns_tsig *t, uint64_t now_s, const uint8_t *message)
{
    return (struct record){.name = t->name,
                           .algorithm = dns_name_bytes(&t->algorithm),
                           .time_s = t->error == DNS_BADTIME ? t->time_s : now_s,
                           .fudge_s = t->fudge_s,
                           .id = (uint16_t)(message[0] << 8 | message[1]),
                           .error = t->error};
}

enum err dns_tsig_answer(struct dns_tsig *t, uint64_t now_s, uint8_t *message, size_t *len, size_t size)
{
    uint8_t now[OTHER_TIME_BYTES];
    struct writer w = writer_of(now, sizeof now);
    if (!t->present)
        return OK;
    if (dns_tsig_room(t) > size - *len)
        return ERR_TOO_LARGE;
    struct record r = record_to_write(t, now_s, message);
    write_time(&w, now_s);
    if (t->error == DNS_BADTIME)
        r.other = writer_bytes(&w);
    if (t->answer_key)
        sign(t, &r, t->first ? SIGN_ANSWER : SIGN_NEXT, bytes_of(message, *len));
    t->first = false;
    return append(t, &r, message, len, size);
}

void dns_tsig_begin(struct dns_tsig *t, const struct dns_tsig_key *key)
{
    *t = (struct dns_tsig){.present = true, .answer_key = key, .key = key, .fudge_s = DNS_TSIG_FUDGE_S};
    t->name = key->name;
    dns_name_copy(&t->algorithm, algorithm_name(key->algorithm));
}

enum err dns_tsig_request(struct dns_tsig *t, uint64_t now_s, uint8_t *message, size_t *len, size_t size)
{
    if (dns_tsig_room(t) > size - *len)
        return ERR_TOO_LARGE;
    struct record r = record_to_write(t, now_s, message);
    sign(t, &r, SIGN_REQUEST, bytes_of(message, *len));
    t->first = true;
    t->time_s = now_s;
    return append(t, &r, message, len, size);
}

/* ---- A client ---- */

enum err dns_tsig_stream_begin(struct dns_tsig_stream *s, struct dns_tsig *t)
{
    *s = (struct dns_tsig_stream){.t = t};
    s->hmac = hmac_new(t->key->algorithm, bytes_of(t->key->secret, t->key->secret_len));
    if (!s->hmac)
        return ERR_FULL;
    add_mac_before(s->hmac, t);
    return OK;
}

static enum err next_unsigned(struct dns_tsig_stream *s, struct bytes message)
{
    if (s->t->first || ++s->n_unsigned > DNS_TSIG_UNSIGNED_MAX)
        return ERR_INVALID;
    hmac_add(s->hmac, message);
    return OK;
}

static enum err next_signed(struct dns_tsig_stream *s, uint64_t now_s, struct bytes message, const struct record *r)
{
    struct dns_tsig *t = s->t;
    uint8_t mac[DNS_TSIG_MAC_BYTES];
    add_message(s->hmac, message, r->id);
    if (t->first)
        add_variables(s->hmac, r);
    else
        add_timers(s->hmac, r);
    hmac_end(s->hmac, mac);
    if (r->mac.len != t->key->algorithm->mac_len || !mac_is(r->mac, mac))
        return ERR_INVALID;
    if (r->error != DNS_NOERROR)
        return ERR_REFUSED;
    if (!time_is_near(r, now_s))
        return ERR_INVALID;
    remember_mac(t, r->mac);
    add_mac_before(s->hmac, t);
    s->n_unsigned = 0;
    t->first = false;
    return OK;
}

static enum err next_message(struct dns_tsig_stream *s, uint64_t now_s, uint8_t *message, size_t *len)
{
    struct record r;
    struct dns_tsig *t = s->t;
    enum found found = find_record(bytes_of(message, *len), &r);
    if (found == FOUND_BAD)
        return ERR_MALFORMED;
    if (found == FOUND_NONE)
        return next_unsigned(s, bytes_of(message, *len));
    if (!dns_name_equal(dns_name_bytes(&r.name), dns_name_bytes(&t->name)) ||
        !dns_name_equal(r.algorithm, dns_name_bytes(&t->algorithm)))
        return ERR_INVALID;
    count_additional(message, -1);
    *len = r.at;
    t->error = r.error;
    if (r.mac.len == 0 && r.error != DNS_NOERROR)
        return ERR_REFUSED;
    return next_signed(s, now_s, bytes_of(message, *len), &r);
}

enum err dns_tsig_stream_next(struct dns_tsig_stream *s, uint64_t now_s, uint8_t *message, size_t *len)
{
    enum err e = next_message(s, now_s, message, len);
    s->bad |= e != OK;
    return e;
}

enum err dns_tsig_stream_end(struct dns_tsig_stream *s)
{
    hmac_free(s->hmac);
    s->hmac = NULL;
    return !s->bad && s->n_unsigned == 0 && !s->t->first ? OK : ERR_INVALID;
}
