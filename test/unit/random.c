/* SPDX-License-Identifier: ISC */
/* The generator over the library's DRBG, seeded by this program's own platform: the sim's is not linked. */
#include <jinn/must.h>
#include <jinn/plat.h>
#include <jinn/random.h>

#include <mbedtls/hmac_drbg.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int n_asked, n_left;

enum err plat_entropy(uint8_t seed[static PLAT_SEED_BYTES])
{
    n_asked++;
    if (n_left == 0)
        return ERR_UNSUPPORTED;
    n_left--;
    memset(seed, 0xa0 + n_asked, PLAT_SEED_BYTES);
    return OK;
}

void plat_abort(const char *text)
{
    static char kept[256]; /* it is printed when the caller's stack is gone */
    snprintf(kept, sizeof kept, "%s", text);
    mock_assert(0, kept, __FILE__, __LINE__);
    abort();
}

static void refuses_without_entropy(void **state)
{
    uint8_t out[4];
    n_left = 0;
    assert_int_equal(random_init(), ERR_UNSUPPORTED);
    expect_assert_failure(random_bytes(out, sizeof out));
}

/* The first bytes are the library's own for this seed: nothing is added and nothing lost on the way. */
static void seeds_once(void **state)
{
    uint8_t seed[PLAT_SEED_BYTES], expected[2000], got[2000];
    mbedtls_hmac_drbg_context model;
    n_asked = 0;
    n_left = 1;
    assert_int_equal(random_init(), OK);
    assert_int_equal(random_init(), OK);
    assert_int_equal(n_asked, 1);
    memset(seed, 0xa1, sizeof seed);
    mbedtls_hmac_drbg_init(&model);
    assert_int_equal(
        mbedtls_hmac_drbg_seed_buf(&model, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), seed, sizeof seed), 0);
    assert_int_equal(mbedtls_hmac_drbg_random(&model, expected, 1024), 0);
    assert_int_equal(mbedtls_hmac_drbg_random(&model, expected + 1024, sizeof expected - 1024), 0);
    mbedtls_hmac_drbg_free(&model);
    random_bytes(got, sizeof got);
    assert_memory_equal(got, expected, sizeof got);
}

static void reseeds_and_goes_on_without(void **state)
{
    n_asked = 0;
    n_left = 1;
    for (int i = 0; i < 3 * 65536; i++)
        (void)random_u32();
    assert_in_range(n_asked, 2, 3); /* the first gives a seed, later ones say no */
    assert_true(random_u32() != random_u32() || random_u32() != random_u32());
}

static void below_is_even(void **state)
{
    int count[3] = {0};
    for (int i = 0; i < 30000; i++)
        count[random_below(3)]++;
    for (int i = 0; i < 3; i++)
        assert_in_range(count[i], 9600, 10400); /* five standard deviations */
    for (int i = 0; i < 100; i++)
        assert_int_equal(random_below(1), 0);
    bool high = false;
    for (int i = 0; i < 100; i++)
        high |= random_below(UINT32_MAX) > UINT32_MAX / 2;
    assert_true(high);
    expect_assert_failure((void)random_below(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_without_entropy),
        cmocka_unit_test(seeds_once),
        cmocka_unit_test(reseeds_and_goes_on_without),
        cmocka_unit_test(below_is_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
