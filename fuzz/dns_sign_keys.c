/* SPDX-License-Identifier: ISC */
/* Texts of keys for zones. What is taken must sign. */
#include "proto/dns_sign.h"

#include <jinn/must.h>
#include <jinn/random.h>

#include <stdlib.h>

#define NOW_S UINT64_C(1800000000)

static struct dns_sign_room room;

static void use(const struct dns_sign_keys *keys)
{
    static struct dns_signer s;
    const struct dns_sign_policy p = {.validity_s = 100};
    for (size_t i = 0; i < keys->n; i++) {
        const struct dns_sign_key *k = &keys->list[i];
        must(k->key.algorithm == DNSSEC_ECDSAP256SHA256 && k->key.tag == dnssec_key_tag(dnssec_key_rdata(&k->key)));
        if (!dns_signer_init(&s, &p, keys, dns_name_bytes(&k->zone), &room, NOW_S))
            must(s.n_keys > 0 && s.n_keys <= DNS_SIGN_KEYS_MAX);
        dns_signer_wipe(&s);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static bool ready;
    struct dns_sign_keys keys;
    unsigned line = 0;
    if (!ready)
        must(random_init() == OK);
    ready = true;
    uint8_t *text = malloc(len ? len : 1); /* its end is one that the sanitizer knows */
    must(text);
    memcpy(text, data, len);
    const char *why = dns_sign_keys_parse(bytes_of(text, len), &keys, &line);
    must(line <= len + 1 && (why || keys.n > 0) && (!why || !keys.list));
    if (!why)
        use(&keys);
    dns_sign_keys_free(&keys);
    free(text);
    return 0;
}
