/* SPDX-License-Identifier: ISC */
/* What somebody who does not see a connection must not be able to guess: where its sequence numbers begin (RFC 6528), what its
 * timestamps are (RFC 7323 7.1), which port it comes from (RFC 6056 3.3.3).
 *
 *   SHA-256(secret, purpose, addresses and ports)  ->  4 bytes for the sequence number, 4 for the timestamps
 *
 * The secret comes first and 4 bytes of 32 leave the machine, so the digest can't be extended. To the
 * first number a clock of 4 us is added: a later connection of the same four is ahead of an earlier one. */
#include "net/tcp_internal.h"

#include <jinn/must.h>

#include <mbedtls/sha256.h>

enum { PURPOSE_NUMBERS = 1, PURPOSE_PORT = 2, PURPOSE_HASH = 3, ISN_TICK_NS = 4000 };

static void digest(const struct tcp *t, uint8_t purpose, const struct ip *local, uint16_t local_port,
                   const struct endpoint *peer, uint8_t out[static 32])
{
    uint8_t text[sizeof t->secret + 1 + 16 + 2 + 16 + 2];
    struct writer w = writer_of(text, sizeof text);
    write_copy(&w, t->secret, sizeof t->secret);
    write_u8(&w, purpose);
    write_copy(&w, local->b, sizeof local->b);
    write_be16(&w, local_port);
    write_copy(&w, peer->ip.b, sizeof peer->ip.b);
    write_be16(&w, peer->port);
    must(writer_good(&w));
    must(mbedtls_sha256(text, writer_len(&w), out, 0) == 0);
}

struct tcp_secrets tcp_secrets(const struct tcp *t, uint64_t now_ns, const struct endpoint *local,
                               const struct endpoint *peer)
{
    uint8_t out[32];
    digest(t, PURPOSE_NUMBERS, &local->ip, local->port, peer, out);
    struct reader r = reader_of(bytes_of(out, sizeof out));
    struct seq iss = seq_of(read_be32(&r) + (uint32_t)(now_ns / ISN_TICK_NS));
    return (struct tcp_secrets){iss, read_be32(&r)};
}

uint32_t tcp_port_offset(const struct tcp *t, const struct ip *local, const struct endpoint *peer)
{
    uint8_t out[32];
    digest(t, PURPOSE_PORT, local, 0, peer, out);
    struct reader r = reader_of(bytes_of(out, sizeof out));
    return read_be32(&r);
}

void tcp_hash_keys(struct tcp *t)
{
    uint8_t out[32];
    struct endpoint none = {.port = 0};
    digest(t, PURPOSE_HASH, &none.ip, 0, &none, out);
    memcpy(t->hash_key, out, sizeof t->hash_key);
}
