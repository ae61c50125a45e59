/* SPDX-License-Identifier: ISC */
/* Signatures: the first byte says whether the rest is a text of keys, a request, or a stream of messages with lengths. A
 * request without a signature is signed and must then be good. */
#include "proto/dns_tsig.h"

#include <jinn/must.h>

#include <stdlib.h>

#define NOW_S UINT64_C(1795262308)
#define ROOM 1024

static void fuzz_keys(struct bytes text)
{
    static struct dns_tsig_keys keys;
    unsigned line = 0;
    const char *why = dns_tsig_keys_parse(&keys, text, &line);
    must(!why || line <= text.len + 1);
    for (size_t i = 0; i < keys.n; i++)
        must(dns_tsig_keys_find(&keys, dns_name_bytes(&keys.key[i].name)) == &keys.key[i]);
    dns_tsig_keys_clear(&keys);
}

static void fuzz_unsigned(const struct dns_tsig_keys *keys, uint8_t *message, size_t len)
{
    struct dns_tsig t;
    size_t before = len;
    if (message[10] == 0xff && message[11] == 0xff)
        return; /* no more records can be counted */
    dns_tsig_begin(&t, &keys->key[0]);
    must(dns_tsig_request(&t, NOW_S, message, &len, before + ROOM) == OK && len > before);
    unsigned rcode = dns_tsig_check(keys, NOW_S, message, &len, &t, NULL);
    must(rcode == DNS_FORMERR || (rcode == DNS_NOERROR && t.key == &keys->key[0] && len == before));
}

static void fuzz_request(const struct dns_tsig_keys *keys, uint8_t *message, size_t len)
{
    struct dns_tsig t;
    size_t before = len;
    unsigned rcode = dns_tsig_check(keys, NOW_S, message, &len, &t, NULL);
    must(len <= before && (t.key == NULL || rcode == DNS_NOERROR));
    if (rcode == DNS_NOERROR && !t.present)
        fuzz_unsigned(keys, message, len);
    else if (rcode != DNS_FORMERR)
        must(dns_tsig_answer(&t, NOW_S, message, &len, len + dns_tsig_room(&t)) == OK);
}

static void fuzz_stream(const struct dns_tsig_keys *keys, uint8_t *data, size_t len)
{
    struct dns_tsig t;
    struct dns_tsig_stream s;
    struct reader r = reader_of(bytes_of(data, len));
    dns_tsig_begin(&t, &keys->key[0]);
    t.first = true;
    must(dns_tsig_stream_begin(&s, &t) == OK);
    enum err e = OK;
    while (e == OK && reader_left(&r)) {
        struct bytes m = read_bytes(&r, read_be16(&r));
        size_t n = m.len;
        e = reader_good(&r) ? dns_tsig_stream_next(&s, NOW_S, data + (m.data - data), &n) : ERR_MALFORMED;
    }
    must(dns_tsig_stream_end(&s) != OK || e == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dns_tsig_keys keys;
    static const char text[] = "k256 hmac-sha256 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    unsigned line;
    if (keys.n == 0)
        must(dns_tsig_keys_parse(&keys, bytes_str(text), &line) == NULL);
    if (size == 0 || size > DNS_MESSAGE_BYTES)
        return 0;
    uint8_t *copy = malloc(size - 1 + ROOM);
    must(copy);
    memcpy(copy, data + 1, size - 1);
    if (data[0] % 3 == 0)
        fuzz_keys(bytes_of(copy, size - 1));
    else if (data[0] % 3 == 1)
        fuzz_request(&keys, copy, size - 1);
    else
        fuzz_stream(&keys, copy, size - 1);
    free(copy);
    return 0;
}
