/* SPDX-License-Identifier: ISC */
#include "proto/dns_cookie.h"

#include <sodium/crypto_shorthash_siphash24.h>

enum { VERSION = 1, HASH_BYTES = 8, HASHED_BYTES = 16, RENEW_S = 1800 };

/* Of the first 16 bytes of the content and the client's address, of 4 or 16 bytes (RFC 9018 4.4). */
static void hash(const uint8_t secret[static DNS_COOKIE_SECRET_BYTES], const uint8_t content[static HASHED_BYTES],
                 const struct ip *client, uint8_t out[static HASH_BYTES])
{
    uint8_t text[HASHED_BYTES + 16];
    struct writer w = writer_of(text, sizeof text);
    write_copy(&w, content, HASHED_BYTES);
    if (ip_is4(client))
        write_copy(&w, client->b + 12, 4);
    else
        write_copy(&w, client->b, 16);
    (void)crypto_shorthash_siphash24(out, text, writer_len(&w), secret);
}

/* In a time that doesn't depend on where they differ. */
static bool same(const uint8_t a[static HASH_BYTES], const uint8_t b[static HASH_BYTES])
{
    unsigned differ = 0;
    for (int i = 0; i < HASH_BYTES; i++)
        differ |= a[i] ^ b[i];
    return differ == 0;
}

static bool is_ours(const uint8_t secret[static DNS_COOKIE_SECRET_BYTES], struct bytes content, const struct ip *client)
{
    uint8_t right[HASH_BYTES];
    hash(secret, content.data, client, right);
    return same(right, content.data + HASHED_BYTES);
}

/* Whole, of the version that we give, and of a time that we believe: false otherwise. */
static bool read_time(struct bytes content, uint32_t wall_s, uint32_t *age_s)
{
    struct reader r = reader_of(content);
    if (content.len != DNS_COOKIE_BYTES)
        return false;
    read_skip(&r, DNS_COOKIE_CLIENT_BYTES);
    uint8_t version = read_u8(&r);
    read_skip(&r, 3);
    *age_s = wall_s - read_be32(&r);
    return version == VERSION && (*age_s <= DNS_COOKIE_OLD_S || -*age_s <= DNS_COOKIE_FUTURE_S);
}

enum dns_cookie_kind dns_cookie_check(const struct dns_cookie_secrets *s, uint32_t wall_s, const struct ip *client,
                                      struct bytes content)
{
    uint32_t age_s;
    bool whole = content.len == DNS_COOKIE_CLIENT_BYTES ||
                 (content.len >= 2 * DNS_COOKIE_CLIENT_BYTES && content.len <= DNS_COOKIE_MOST_BYTES);
    if (!whole)
        return DNS_COOKIE_MALFORMED;
    if (!read_time(content, wall_s, &age_s))
        return DNS_COOKIE_NEW;
    bool good = is_ours(s->now, content, client) || (s->has_before && is_ours(s->before, content, client));
    return good ? DNS_COOKIE_GOOD : DNS_COOKIE_NEW;
}

void dns_cookie_write(const struct dns_cookie_secrets *s, uint32_t wall_s, const struct ip *client,
                      struct bytes content, struct writer *w)
{
    uint8_t made[DNS_COOKIE_BYTES];
    struct writer in = writer_of(made, sizeof made);
    uint32_t age_s;
    /* A good one is given back as it is for half an hour (RFC 9018 4.3). */
    if (read_time(content, wall_s, &age_s) && age_s < RENEW_S && is_ours(s->now, content, client)) {
        write_bytes(w, content);
        return;
    }
    write_copy(&in, content.data, DNS_COOKIE_CLIENT_BYTES);
    write_u8(&in, VERSION);
    write_zeros(&in, 3);
    write_be32(&in, wall_s);
    hash(s->now, made, client, made + HASHED_BYTES);
    write_copy(w, made, sizeof made);
}
