/* SPDX-License-Identifier: ISC */
#include "proto/dnssec_internal.h"

#include <sodium/crypto_sign_ed25519.h>

/* No less than what dnssec_put_signed gives: canonical rdata is as long as it was, and a wildcard no longer than what it made. */
static size_t signed_bytes_most(const struct dnssec_set *set, const struct dnssec_rrsig *sig)
{
    size_t n = DNSSEC_RRSIG_FIXED_BYTES + sig->signer.len;
    for (size_t i = 0; i < set->n; i++)
        n += set->owner.len + 10 + set->rdata[i].len; /* type, class, time to live, length */
    return n;
}

static void put_into_buffer(void *writer, struct bytes part)
{
    write_bytes(writer, part);
}

/* The library has no way to be given a message in parts: of Ed25519ph only, which signs something else. */
enum err dnssec_verify_ed25519(const struct dnssec_set *set, const struct dnssec_rrsig *sig, struct bytes rrsig,
                               struct bytes key)
{
    if (key.len != crypto_sign_ed25519_PUBLICKEYBYTES || sig->signature.len != crypto_sign_ed25519_BYTES)
        return ERR_INVALID;
    size_t most = signed_bytes_most(set, sig);
    uint8_t *message = most > DNSSEC_SIGNED_BYTES ? NULL : malloc(most);
    if (!message)
        return ERR_FULL;
    struct writer w = writer_of(message, most);
    bool good = dnssec_put_signed(set, sig, rrsig, &(struct dnssec_sink){put_into_buffer, &w}) && writer_good(&w) &&
                crypto_sign_ed25519_verify_detached(sig->signature.data, message, writer_len(&w), key.data) == 0;
    free(message);
    return good ? OK : ERR_INVALID;
}
