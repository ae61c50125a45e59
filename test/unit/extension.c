/* SPDX-License-Identifier: ISC */
#include "wire/extension.h"

#include <jinn/net_offload.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint8_t buffer[4096];

static struct extension_refresh sample_refresh(void)
{
    struct extension_refresh r = {.generation = 3,
                                  .features = 0x7f,
                                  .wall_ns = UINT64_MAX,
                                  .clock = 0x7fff00001000,
                                  .tsc_hz = 1,
                                  .control_fd = -1,
                                  .stop_fd = 70};
    memset(r.seed, 0x11, sizeof r.seed);
    memset(r.start, 0x22, sizeof r.start);
    memset(r.mac, 0x33, sizeof r.mac);
    return r;
}

static size_t emit(uint32_t n_arguments, const char *arguments, size_t arguments_len, size_t n_secrets)
{
    const struct extension_secret secrets[] = {{bytes_str("key"), bytes_of("a\0b", 3)},
                                               {bytes_str("empty"), {NULL, 0}}};
    struct extension_refresh r = sample_refresh();
    struct writer w = writer_of(buffer, sizeof buffer);
    extension_emit(&w, &r, n_arguments, bytes_of(arguments, arguments_len), secrets, n_secrets, NULL, 0);
    assert_true(writer_good(&w));
    return writer_len(&w);
}

static void block_comes_back_whole(void **state)
{
    size_t len = emit(3, "a b\0\0\"c\"", 9, 2);
    struct extension e;
    struct bytes secret;
    struct extension_refresh r = sample_refresh();
    assert_int_equal(extension_parse(bytes_of(buffer, sizeof buffer), &e), OK); /* what follows the block is not its */
    assert_int_equal(extension_parse(bytes_of(buffer, len), &e), OK);
    assert_memory_equal(&e.refresh, &r, sizeof r);
    assert_int_equal(e.n_arguments, 3);
    assert_int_equal(e.arguments.len, 9);
    assert_memory_equal(e.arguments.data, "a b\0\0\"c\"", 9);
    assert_int_equal(extension_secret(&e, bytes_str("key"), &secret), OK);
    assert_true(bytes_equal(secret, bytes_of("a\0b", 3)));
    assert_int_equal(extension_secret(&e, bytes_str("empty"), &secret), OK);
    assert_int_equal(secret.len, 0);
    assert_int_equal(extension_secret(&e, bytes_str("ke"), &secret), ERR_NOT_FOUND);
}

static void seed_is_where_it_is_wiped(void **state)
{
    struct extension e;
    size_t len = emit(0, "", 0, 0);
    memset(buffer + EXTENSION_SEED_OFFSET, 0, EXTENSION_SEED_BYTES);
    assert_int_equal(extension_parse(bytes_of(buffer, len), &e), OK);
    struct extension_refresh r = sample_refresh();
    memset(r.seed, 0, sizeof r.seed);
    assert_memory_equal(&e.refresh, &r, sizeof r);
}

static void arguments_that_do_not_end_are_refused(void **state)
{
    struct extension e;
    static const struct {
        uint32_t n;
        size_t len;
        const char *text;
    } cases[] = {{1, 2, "ab"}, {2, 3, "ab"}, {1, 0, ""}, {0, 1, ""}, {1, 4, "a\0b"}, {2, 3, "a\0b"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t len = emit(cases[i].n, cases[i].text, cases[i].len, 0);
        assert_int_equal(extension_parse(bytes_of(buffer, len), &e), ERR_MALFORMED);
    }
}

static void every_cut_and_every_longer_length_is_refused(void **state)
{
    struct extension e;
    size_t len = emit(1, "a", 2, 2);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *copy = malloc(cut ? cut : 1);
        memcpy(copy, buffer, cut);
        assert_int_equal(extension_parse(bytes_of(copy, cut), &e), ERR_MALFORMED);
        free(copy);
    }
    buffer[8]++;
    assert_int_equal(extension_parse(bytes_of(buffer, sizeof buffer), &e), ERR_MALFORMED);
    buffer[8] -= 2;
    assert_int_equal(extension_parse(bytes_of(buffer, sizeof buffer), &e), ERR_MALFORMED);
}

static void block_that_does_not_fit_is_not_written(void **state)
{
    struct extension_refresh r = sample_refresh();
    for (size_t room = 0; room < EXTENSION_HEADER_BYTES + EXTENSION_REFRESH_BYTES + 12; room += 7) {
        uint8_t *small = malloc(room ? room : 1);
        struct writer w = writer_of(small, room);
        extension_emit(&w, &r, 0, bytes_of(NULL, 0), NULL, 0, NULL, 0);
        assert_false(writer_good(&w));
        free(small);
    }
}

static void net_features_come_only_when_they_were_announced(void **state)
{
    uint8_t features[EXTENSION_DEVICES] = {[3] = NET_FEATURES, [63] = 1};
    struct extension_refresh r = sample_refresh();
    struct extension e;
    struct writer w = writer_of(buffer, sizeof buffer);
    r.features |= EXTENSION_NET_OFFLOAD;
    extension_emit(&w, &r, 0, bytes_of(NULL, 0), NULL, 0, features, 0);
    size_t len = writer_len(&w);
    assert_int_equal(extension_parse(writer_bytes(&w), &e), OK);
    assert_memory_equal(e.net_features, features, sizeof features);
    for (size_t cut = len - EXTENSION_DEVICES; cut < len; cut++)
        assert_int_equal(extension_parse(bytes_of(buffer, cut), &e), ERR_MALFORMED);
    /* An image that does not say that it knows them gets the block of before, to the byte. */
    w = writer_of(buffer, sizeof buffer);
    r.features &= ~(uint64_t)EXTENSION_NET_OFFLOAD;
    extension_emit(&w, &r, 0, bytes_of(NULL, 0), NULL, 0, features, 0);
    assert_int_equal(writer_len(&w), len - EXTENSION_DEVICES);
    assert_int_equal(extension_parse(writer_bytes(&w), &e), OK);
    memset(features, 0, sizeof features);
    assert_memory_equal(e.net_features, features, sizeof features);
}

static void net_calls_come_only_when_they_were_announced(void **state)
{
    struct extension_refresh r = sample_refresh();
    struct extension e;
    for (int announced = 0; announced < 2; announced++) {
        struct writer w = writer_of(buffer, sizeof buffer);
        r.features &= ~(uint64_t)(EXTENSION_NET_OFFLOAD | EXTENSION_NET_CALLS);
        r.features |= announced ? EXTENSION_NET_CALLS : 0;
        extension_emit(&w, &r, 0, bytes_of(NULL, 0), NULL, 0, NULL, UINT64_C(0x123456789abcdef0));
        assert_int_equal(writer_len(&w), EXTENSION_HEADER_BYTES + EXTENSION_REFRESH_BYTES + 12 + (announced ? 8 : 0));
        assert_int_equal(extension_parse(writer_bytes(&w), &e), OK);
        assert_int_equal(e.net_calls, announced ? UINT64_C(0x123456789abcdef0) : 0);
    }
    assert_int_equal(extension_parse(bytes_of(buffer, EXTENSION_HEADER_BYTES + EXTENSION_REFRESH_BYTES + 19), &e),
                     ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(block_comes_back_whole),
        cmocka_unit_test(seed_is_where_it_is_wiped),
        cmocka_unit_test(arguments_that_do_not_end_are_refused),
        cmocka_unit_test(every_cut_and_every_longer_length_is_refused),
        cmocka_unit_test(block_that_does_not_fit_is_not_written),
        cmocka_unit_test(net_features_come_only_when_they_were_announced),
        cmocka_unit_test(net_calls_come_only_when_they_were_announced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
