/* SPDX-License-Identifier: ISC */
/* Keys as dnssec-keygen writes them, the files one behind the other:
 *
 *     example.com. 3600 IN DNSKEY 257 3 13 BASE64 BASE64    (K*.key; lines that begin with ; are comments)
 *     Private-key-format: v1.3                              (K*.private, up to the next such line or DNSKEY)
 *     Algorithm: 13 (ECDSAP256SHA256)
 *     PrivateKey: BASE64
 *     Publish: YYYYMMDDHHMMSS                               (Activate, Inactive, Delete likewise)
 *
 * What belongs together has the same public key, which is calculated from the private one. */
#include "proto/dns_sign.h"
#include "base/radix.h"

#include <jinn/must.h>

#include <mbedtls/platform_util.h>

#include <stdlib.h>

enum { WORDS_MAX = 16, DNSKEY_BYTES = 4 + 64 }; /* of P-256 */

#define PRIVATE_FIRST "Private-key-format:"

/* A line of K*.key. */
struct public_key {
    size_t len;
    unsigned line;
    bool used;
    struct dns_name zone;
    uint8_t rdata[DNSKEY_BYTES];
};

struct reading {
    struct bytes text; /* what is left */
    unsigned line, n_lines;
    struct public_key *public;
    size_t n_public, n_max;
    struct dns_sign_keys *keys;
};

static bool next_line(struct reading *r, struct bytes *line)
{
    if (r->text.len == 0)
        return false;
    *line = bytes_slice(r->text, 0, bytes_find(r->text, '\n'));
    r->text = bytes_slice(r->text, line->len + 1, r->text.len);
    if (line->len && line->data[line->len - 1] == '\r')
        line->len--;
    r->n_lines++;
    return true;
}

static bool is_private(struct bytes line)
{
    return bytes_starts(line, bytes_str(PRIVATE_FIRST));
}

/* "Name: value" is none of a zone file's. */
static bool is_field(struct bytes line)
{
    struct bytes head = bytes_slice(line, 0, bytes_find(line, ' '));
    return head.len && head.data[head.len - 1] == ':';
}

/* ---- K*.key ---- */

static size_t split(struct bytes line, struct bytes *word)
{
    size_t n = 0;
    line = bytes_slice(line, 0, bytes_find(line, ';'));
    for (line = bytes_trim(line); line.len && n < WORDS_MAX; n++) {
        size_t len = 0;
        while (len < line.len && line.data[len] != ' ' && line.data[len] != '\t')
            len++;
        word[n] = bytes_slice(line, 0, len);
        line = bytes_trim(bytes_slice(line, len, line.len));
    }
    return n;
}

/* Flags, protocol, algorithm, and the key in as many words as it may be cut into. All that a zone file's reader knows would be
 * much for this one record. */
static const char *parse_dnskey(const struct bytes *word, size_t n, struct writer *w)
{
    struct radix_reader r = radix_reader(RADIX_BASE64);
    uint64_t flags, protocol, algorithm;
    if (!bytes_decimal(word[2], UINT8_MAX, &algorithm) || algorithm != DNSSEC_ECDSAP256SHA256)
        return "its algorithm is none that signs here: ECDSAP256SHA256 (13) is";
    bool good = bytes_decimal(word[0], UINT16_MAX, &flags) && bytes_decimal(word[1], UINT8_MAX, &protocol);
    if (!good)
        return "its flags or protocol are no numbers";
    write_be16(w, (uint16_t)flags);
    write_u8(w, (uint8_t)protocol);
    write_u8(w, (uint8_t)algorithm);
    for (size_t i = 3; good && i < n; i++)
        good = radix_read(&r, word[i], w);
    return good && radix_end(&r) && writer_good(w) && writer_left(w) == 0 ? NULL : "its key is not 64 bytes in base 64";
}

static const char *take_public(struct reading *r, const struct bytes *word, size_t n)
{
    size_t at = 1;
    struct public_key *p = &r->public[r->n_public];
    struct writer w = writer_of(p->rdata, sizeof p->rdata);
    while (at < n && at < 4 && !bytes_equal_nocase(word[at], bytes_str("DNSKEY")))
        at++;
    if (at + 4 >= n || !bytes_equal_nocase(word[at], bytes_str("DNSKEY")))
        return "this is no DNSKEY record and no line of a private key";
    const char *why = parse_dnskey(word + at + 1, n - at - 1, &w);
    if (!why)
        why = dns_name_parse(word[0], bytes_of(NULL, 0), &p->zone);
    if (why)
        return why;
    p->len = writer_len(&w);
    p->line = r->line;
    r->n_public++;
    return NULL;
}

/* ---- K*.private ---- */

/* Days since 1970 of a date of the Gregorian calendar: years begin in March, so that the leap day is the last. */
static uint64_t days_of(unsigned year, unsigned month, unsigned day)
{
    unsigned shifted = (month + 9) % 12, y = year - (month < 3);
    uint64_t days = UINT64_C(365) * y + y / 4 - y / 100 + y / 400 + (153 * shifted + 2) / 5 + day - 1;
    return days - 719468;
}

static unsigned number_at(struct bytes digits, size_t at, size_t len)
{
    unsigned n = 0;
    for (size_t i = at; i < at + len; i++)
        n = n * 10 + (unsigned)(digits.data[i] - '0');
    return n;
}

/* YYYYMMDDHHMMSS, perhaps with words behind it. False: it is none. */
static bool parse_time(struct bytes text, uint64_t *time_s)
{
    struct bytes digits = bytes_slice(text, 0, bytes_find(text, ' '));
    uint64_t unused;
    if (digits.len != 14 || !bytes_decimal(digits, UINT64_MAX, &unused))
        return false;
    unsigned year = number_at(digits, 0, 4), month = number_at(digits, 4, 2), day = number_at(digits, 6, 2);
    unsigned hour = number_at(digits, 8, 2), minute = number_at(digits, 10, 2), second = number_at(digits, 12, 2);
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
        return false;
    *time_s = ((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    return true;
}

static const char *take_times(struct bytes text, struct dns_sign_key *key)
{
    const struct {
        const char *name;
        uint64_t *time_s;
    } times[] = {{"Publish:", &key->publish_s},
                 {"Activate:", &key->activate_s},
                 {"Inactive:", &key->inactive_s},
                 {"Delete:", &key->delete_s}};
    struct bytes value;
    key->inactive_s = key->delete_s = UINT64_MAX;
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        if (dnssec_key_field(text, times[i].name, &value) && !parse_time(value, times[i].time_s))
            return "a time of the key is not YYYYMMDDHHMMSS";
    }
    return NULL;
}

/* Its lines, up to where something else begins. */
static struct bytes private_text(struct reading *r, struct bytes first)
{
    struct bytes line;
    const uint8_t *end = first.data + first.len;
    for (struct reading ahead = *r; next_line(&ahead, &line) && !is_private(line);) {
        if (line.len && !is_field(line))
            break;
        end = line.data + line.len;
        *r = ahead;
    }
    return bytes_of(first.data, (size_t)(end - first.data));
}

static const char *take_private(struct reading *r, struct bytes first)
{
    struct dns_sign_key *key = &r->keys->list[r->keys->n];
    struct bytes text = private_text(r, first);
    const char *why = dnssec_key_parse_p256(text, DNSSEC_KEY_ZONE, &key->key);
    if (!why)
        why = take_times(text, key);
    r->keys->n += !why;
    if (why)
        dnssec_key_wipe(&key->key);
    return why;
}

/* ---- Both ---- */

/* The flags come from the public one. */
static bool belongs(const struct dns_sign_key *key, const struct public_key *p)
{
    struct bytes made = dnssec_key_rdata(&key->key), said = bytes_of(p->rdata, p->len);
    return bytes_equal(bytes_slice(made, 2, made.len), bytes_slice(said, 2, said.len));
}

static const char *match(struct reading *r, struct dns_sign_key *key)
{
    for (size_t i = 0; i < r->n_public; i++) {
        struct public_key *p = &r->public[i];
        if (p->used || !belongs(key, p))
            continue;
        uint16_t flags = (uint16_t)(p->rdata[0] << 8 | p->rdata[1]);
        r->line = p->line;
        if (!(flags & DNSSEC_KEY_ZONE) || flags & DNSSEC_KEY_REVOKED)
            return "its flags are not 256 or 257: it signs no zone";
        p->used = true;
        key->zone = p->zone;
        key->is_entry = flags & DNSSEC_KEY_ENTRY;
        memcpy(key->key.dnskey, p->rdata, 2);
        key->key.tag = dnssec_key_tag(dnssec_key_rdata(&key->key));
        return NULL;
    }
    r->line = 0;
    return "a private key without the line of its K*.key, which says of which zone it is";
}

static const char *match_all(struct reading *r)
{
    for (size_t i = 0; i < r->keys->n; i++) {
        const char *why = match(r, &r->keys->list[i]);
        if (why)
            return why;
    }
    for (size_t i = 0; i < r->n_public; i++) {
        r->line = r->public[i].line;
        if (!r->public[i].used)
            return "the private key of this DNSKEY is missing";
    }
    r->line = 0;
    return r->keys->n ? NULL : "there is no key";
}

static const char *take_line(struct reading *r, struct bytes line)
{
    struct bytes word[WORDS_MAX];
    if (is_private(line))
        return r->keys->n < r->n_max ? take_private(r, line) : "more than 1024 keys";
    size_t n = split(line, word);
    if (n == 0)
        return NULL;
    return r->n_public < r->n_max ? take_public(r, word, n) : "more than 1024 keys";
}

/* No more than there can be in so much text. */
static size_t most_keys(struct bytes text)
{
    size_t n = text.len / 64 + 1;
    return n < DNS_SIGN_ALL_KEYS_MAX ? n : DNS_SIGN_ALL_KEYS_MAX;
}

const char *dns_sign_keys_parse(struct bytes text, struct dns_sign_keys *keys, unsigned *line)
{
    struct reading r = {.keys = keys};
    struct bytes each;
    const char *why = NULL;
    r.text = bytes_slice(text, 0, bytes_find(text, 0));
    r.n_max = most_keys(r.text);
    *keys = (struct dns_sign_keys){.list = calloc(r.n_max, sizeof *keys->list)};
    r.public = calloc(r.n_max, sizeof *r.public);
    if (!keys->list || !r.public)
        why = "no memory for the keys";
    while (!why && next_line(&r, &each)) {
        r.line = r.n_lines;
        why = take_line(&r, each);
    }
    if (!why)
        why = match_all(&r);
    *line = r.line;
    free(r.public);
    if (why)
        dns_sign_keys_free(keys);
    return why;
}

void dns_sign_keys_free(struct dns_sign_keys *keys)
{
    if (keys->list)
        mbedtls_platform_zeroize(keys->list, keys->n * sizeof *keys->list);
    free(keys->list);
    *keys = (struct dns_sign_keys){0};
}
