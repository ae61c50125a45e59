/* SPDX-License-Identifier: ISC */
/* The generator's state is file-scope: one image, one generator, asked for from everywhere. */
#include <jinn/random.h>

#include <jinn/must.h>
#include <jinn/plat.h>

#include <mbedtls/hmac_drbg.h>
#include <mbedtls/platform_util.h>

/* SP 800-90A allows 2^48 requests between two seeds. Fresh entropy much earlier costs little and ends what somebody
 * could know who once saw the state. */
#define RESEED_REQUESTS 65536

/* The library's, as it is built for the generator: it knows SHA-256 alone (deps/mbedtls.mk). */
const mbedtls_md_info_t *random_md_info_from_type(mbedtls_md_type_t type);

static mbedtls_hmac_drbg_context drbg;
static uint8_t first_seed[PLAT_SEED_BYTES];
static enum { UNSEEDED, SEEDED, READY } state;
static uint32_t n_requests;

enum err random_init(void)
{
    if (state != UNSEEDED)
        return OK;
    enum err e = plat_entropy(first_seed);
    state = e ? UNSEEDED : SEEDED;
    return e;
}

/* Only now, since it takes longer than the rest of a start, and not every image asks for any. */
static void make_ready(void)
{
    must(state == SEEDED);
    mbedtls_hmac_drbg_init(&drbg);
    const mbedtls_md_info_t *sha256 = random_md_info_from_type(MBEDTLS_MD_SHA256);
    int bad = mbedtls_hmac_drbg_seed_buf(&drbg, sha256, first_seed, sizeof first_seed);
    mbedtls_platform_zeroize(first_seed, sizeof first_seed);
    must(!bad);
    state = READY;
}

/* A platform whose one seed is spent says no; the generator stays as good as it was. */
static void reseed(void)
{
    uint8_t seed[PLAT_SEED_BYTES];
    n_requests = 0;
    if (plat_entropy(seed) == OK)
        must(mbedtls_hmac_drbg_update(&drbg, seed, sizeof seed) == 0);
    mbedtls_platform_zeroize(seed, sizeof seed);
}

void random_bytes(void *out, size_t len)
{
    uint8_t *at = out;
    if (state != READY)
        make_ready();
    while (len > 0) {
        size_t n = len < MBEDTLS_HMAC_DRBG_MAX_REQUEST ? len : MBEDTLS_HMAC_DRBG_MAX_REQUEST;
        if (++n_requests >= RESEED_REQUESTS)
            reseed();
        must(mbedtls_hmac_drbg_random(&drbg, at, n) == 0);
        at += n;
        len -= n;
    }
}

uint32_t random_u32(void)
{
    uint32_t v;
    random_bytes(&v, sizeof v);
    return v;
}

/* What lies above the largest multiple of `limit` is thrown again: a plain remainder would favour small numbers. */
uint32_t random_below(uint32_t limit)
{
    must(limit > 0);
    uint32_t excess = (UINT32_MAX % limit + 1) % limit;
    uint32_t v;
    do
        v = random_u32();
    while (v > UINT32_MAX - excess);
    return v % limit;
}
