/* SPDX-License-Identifier: ISC */
/* Trust anchors: their text, and how keys come and go. */
#include "proto/dns_anchors.h"
#include "proto/dns_anchors_keep.h"
#include "test/support/dns_signed.h"

#include <jinn/random.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { DAY_S = 86400 };

#define DIGEST "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"

static struct dns_anchors a;
static struct signed_tree tree;
static struct signed_zone old, fresh, third;
static uint64_t now_s;

static const char *read_text(const char *text)
{
    unsigned line;
    return dns_anchors_read(&a, bytes_str(text), &line);
}

/* The zone has a digest of the old key. */
static int set_up(void **state)
{
    char line[200], hex[80] = "";
    uint8_t ds[DNSSEC_DS_BYTES];
    struct writer w = writer_of(ds, sizeof ds), h = writer_of(hex, sizeof hex - 1);
    signed_zone_init(&old, "zone.test.");
    signed_zone_init(&fresh, "zone.test.");
    signed_zone_init(&third, "zone.test.");
    tree.n = 0;
    signing_usual(&tree);
    now_s = SIGNED_NOW_S;
    assert_true(dnssec_ds_make(dns_name_bytes(&old.name), dnssec_key_rdata(&old.key), DNSSEC_SHA256, &w));
    radix_write(&h, RADIX_HEX, bytes_slice(writer_bytes(&w), 4, sizeof ds));
    snprintf(line, sizeof line, "zone.test. 3600 IN DS %u 13 2 %.64s ; of the old key\n", old.key.tag, hex);
    dns_anchors_init(&a);
    assert_null(read_text(line));
    assert_int_equal(a.n, 1);
    return 0;
}

/* The zone shows these keys, and each of the signers signs them all. */
static uint64_t show(struct signed_zone *const *keys, size_t n, struct signed_zone *const *signers, size_t n_signers)
{
    struct bytes rdata[8], rrsig[8];
    uint8_t room[8][DNSSEC_RRSIG_BYTES];
    static uint8_t data[4000];
    struct writer w = writer_of(data, sizeof data);
    tree.how.inception = (uint32_t)now_s - 3600;
    tree.how.expiration = (uint32_t)now_s + 20 * DAY_S;
    for (size_t i = 0; i < n; i++) {
        rdata[i] = dnssec_key_rdata(&keys[i]->key);
        signed_write(&w, rdata[i]);
    }
    struct dnssec_set set = {dns_name_bytes(&old.name), DNS_DNSKEY, DNS_IN, rdata, n};
    for (size_t i = 0; i < n_signers; i++) {
        rrsig[i] = signed_rrsig(&tree, signers[i], &set, room[i], sizeof room[i]);
        signed_write(&w, rrsig[i]);
    }
    struct dns_cached c = {.name = dns_name_bytes(&old.name),
                           .type = DNS_DNSKEY,
                           .kind = DNS_KIND_SET,
                           .ttl_s = 3600,
                           .first_ttl_s = 3600,
                           .n_records = (uint16_t)n,
                           .n_signatures = (uint16_t)n_signers,
                           .data = writer_bytes(&w)};
    return dns_anchors_update(&a, &c, now_s);
}

#define SHOW(keys, signers) show(keys, ARRAY_LEN(keys), signers, ARRAY_LEN(signers))

static int state_of(const struct signed_zone *z)
{
    for (size_t i = 0; i < a.n; i++)
        if (a.anchor[i].type == DNS_DNSKEY && a.anchor[i].len == z->key.dnskey_len &&
            memcmp(a.anchor[i].rdata + 2, z->key.dnskey + 2, a.anchor[i].len - 2u) == 0)
            return a.anchor[i].state;
    return -1;
}

static bool trusts(const struct signed_zone *z)
{
    return dns_anchors_trust(&a, dns_name_bytes(&z->name), dnssec_key_rdata(&z->key));
}

static void revoke(struct signed_zone *z)
{
    z->key.dnskey[1] |= DNSSEC_KEY_REVOKED;
    z->key.tag = dnssec_key_tag(dnssec_key_rdata(&z->key));
}

/* ---- Text ---- */

static void the_roots_keys_are_built_in(void **state)
{
    char text[400] = "";
    struct writer w = writer_of(text, sizeof text - 1);
    struct bytes zone;
    struct dns_name name = signed_name("www.example.");
    dns_anchors_init(&a);
    assert_false(dns_anchors_zone(&a, dns_name_bytes(&name), &zone));
    dns_anchors_add_root(&a);
    assert_true(dns_anchors_zone(&a, dns_name_bytes(&name), &zone));
    assert_int_equal(zone.len, 1);
    assert_true(dns_anchors_can_check(&a, dns_root()));
    dns_anchors_write(&a, &w);
    assert_string_equal(text, ". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n"
                              ". DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16\n");
}

/* The key itself, as the root publishes it, is the one of the digest. */
static void the_roots_key_of_2017_fits_its_digest(void **state)
{
    static const char key[] =
        "257 3 8 AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN7SWXgnLh4+B5x"
        "QlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/EWgvIWgb9tarpVUDK/b58Da+s"
        "qqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5"
        "qihylGa8subX2Nn6UwNR1AkUTV74bU=";
    uint8_t room[600];
    dns_anchors_init(&a);
    dns_anchors_add_root(&a);
    struct bytes rdata = signed_rdata(DNS_DNSKEY, key, room, sizeof room);
    assert_true(dns_anchors_trust(&a, dns_root(), rdata));
    room[20] ^= 1;
    assert_false(dns_anchors_trust(&a, dns_root(), rdata));
}

static void what_is_written_is_read_again(void **state)
{
    static char text[DNS_ANCHORS_TEXT_BYTES];
    struct signed_zone *const both[] = {&old, &fresh}, *const one[] = {&old};
    SHOW(both, one);
    struct writer w = writer_of(text, sizeof text - 1);
    dns_anchors_write(&a, &w);
    struct dns_anchors before = a;
    dns_anchors_init(&a);
    assert_null(read_text(text));
    assert_int_equal(a.n, 3);
    for (size_t i = 0; i < a.n; i++) {
        assert_int_equal(a.anchor[i].state, before.anchor[i].state);
        assert_int_equal(a.anchor[i].since_s, before.anchor[i].since_s);
        assert_int_equal(a.anchor[i].len, before.anchor[i].len);
        assert_memory_equal(a.anchor[i].rdata, before.anchor[i].rdata, a.anchor[i].len);
    }
    assert_int_equal(state_of(&fresh), DNS_ANCHOR_PENDING);
    assert_int_equal(state_of(&old), DNS_ANCHOR_VALID);
}

static void what_is_no_anchor_is_refused(void **state)
{
    unsigned line;
    dns_anchors_init(&a);
    assert_non_null(dns_anchors_read(&a, bytes_str("; fine\n\n. A 192.0.2.1\n"), &line));
    assert_int_equal(line, 3);
    assert_non_null(read_text(". DS 1 2\n"));
    assert_non_null(read_text(".\n"));
    assert_non_null(read_text("a..b. DS 20326 8 2 00\n"));
    assert_int_equal(a.n, 0);
    for (int i = 0; i < DNS_ANCHORS_MAX; i++) {
        char one[120];
        snprintf(one, sizeof one, ". DS %d 8 2 " DIGEST "\n", i);
        assert_null(read_text(one));
    }
    assert_null(read_text(". DS 3 8 2 " DIGEST "\n")); /* known */
    assert_non_null(read_text(". DS 77 8 2 " DIGEST "\n"));
}

/* ---- Keys ---- */

static void the_first_keys_are_trusted_for_their_digest(void **state)
{
    struct signed_zone *const one[] = {&old};
    assert_true(trusts(&old));
    assert_false(trusts(&fresh));
    uint64_t again_s = SHOW(one, one);
    assert_int_equal(again_s, now_s + DNS_ANCHORS_LEAST_S); /* half of its lifetime is less */
    assert_int_equal(state_of(&old), DNS_ANCHOR_VALID);
    assert_true(trusts(&old));
    assert_true(a.changed);
}

static void a_new_key_waits_thirty_days(void **state)
{
    struct signed_zone *const one[] = {&old}, *const both[] = {&old, &fresh};
    SHOW(one, one);
    SHOW(both, one);
    assert_int_equal(state_of(&fresh), DNS_ANCHOR_PENDING);
    now_s += DNS_ANCHORS_HOLD_S - 1;
    SHOW(both, both);
    assert_false(trusts(&fresh));
    now_s += 1;
    SHOW(both, one);
    assert_int_equal(state_of(&fresh), DNS_ANCHOR_VALID);
    assert_true(trusts(&fresh));
}

static void a_new_key_that_goes_away_begins_again(void **state)
{
    struct signed_zone *const one[] = {&old}, *const both[] = {&old, &fresh};
    SHOW(both, one);
    now_s += 20 * DAY_S;
    SHOW(one, one);
    assert_int_equal(state_of(&fresh), -1);
    now_s += 20 * DAY_S;
    SHOW(both, one);
    assert_int_equal(state_of(&fresh), DNS_ANCHOR_PENDING);
    now_s += 20 * DAY_S;
    SHOW(both, one);
    assert_false(trusts(&fresh));
}

static void a_set_that_no_trusted_key_signed_changes_nothing(void **state)
{
    struct signed_zone *const one[] = {&old}, *const both[] = {&old, &fresh}, *const stranger[] = {&fresh};
    SHOW(one, one);
    uint64_t again_s = SHOW(both, stranger);
    assert_int_equal(again_s, now_s + DNS_ANCHORS_LEAST_S);
    assert_int_equal(state_of(&fresh), -1);
    SHOW(stranger, stranger);
    assert_int_equal(state_of(&old), DNS_ANCHOR_VALID);
    assert_int_equal(a.not_trusted, 2);
}

static void a_key_that_is_missing_stays_trusted(void **state)
{
    struct signed_zone *const both[] = {&old, &fresh}, *const one[] = {&old}, *const two[] = {&fresh};
    SHOW(both, one);
    now_s += DNS_ANCHORS_HOLD_S;
    SHOW(both, both);
    SHOW(two, two);
    assert_int_equal(state_of(&old), DNS_ANCHOR_MISSING);
    assert_true(trusts(&old));
    SHOW(both, both);
    assert_int_equal(state_of(&old), DNS_ANCHOR_VALID);
}

static void a_revoked_key_is_never_trusted_again(void **state)
{
    struct signed_zone *const both[] = {&old, &fresh}, *const one[] = {&old}, *const two[] = {&fresh};
    struct signed_zone was = old;
    SHOW(both, one);
    now_s += DNS_ANCHORS_HOLD_S;
    SHOW(both, both);
    revoke(&old);
    SHOW(both, two); /* somebody else says so: not enough */
    assert_int_equal(state_of(&old), DNS_ANCHOR_VALID);
    SHOW(both, both);
    assert_int_equal(state_of(&old), DNS_ANCHOR_REVOKED);
    assert_false(trusts(&was));
    assert_true(trusts(&fresh));
    now_s += DNS_ANCHORS_HOLD_S;
    SHOW(two, two);
    assert_int_equal(state_of(&old), DNS_ANCHOR_REMOVED);
    old = was;
    struct signed_zone *const back[] = {&old, &fresh};
    SHOW(back, two);
    now_s += 2 * DNS_ANCHORS_HOLD_S;
    SHOW(back, two);
    assert_int_equal(state_of(&old), DNS_ANCHOR_REMOVED);
    assert_false(trusts(&old));
}

/* The zone has no anchor any more then, and the digest that it began with does not come back (RFC 5011 5). */
static void when_all_are_revoked_there_is_no_anchor(void **state)
{
    struct signed_zone *const one[] = {&old};
    struct bytes zone;
    SHOW(one, one);
    struct signed_zone was = old;
    revoke(&old);
    SHOW(one, one);
    assert_int_equal(state_of(&old), DNS_ANCHOR_REVOKED);
    assert_false(dns_anchors_zone(&a, dns_name_bytes(&old.name), &zone));
    assert_false(trusts(&was));
}

static void keys_that_sign_zones_only_are_no_anchors(void **state)
{
    struct signed_zone *const both[] = {&old, &third}, *const one[] = {&old};
    third.key.dnskey[1] &= (uint8_t)~DNSSEC_KEY_ENTRY;
    SHOW(both, one);
    assert_int_equal(state_of(&third), -1);
}

static void the_table_is_bounded(void **state)
{
    struct signed_zone *const both[] = {&old, &fresh}, *const one[] = {&old};
    SHOW(one, one);
    for (int i = 0; a.n < DNS_ANCHORS_MAX; i++) {
        char line[120];
        snprintf(line, sizeof line, "x%d. DS 1 8 2 " DIGEST "\n", i);
        assert_null(read_text(line));
    }
    SHOW(both, one);
    assert_int_equal(a.refused, 1);
    assert_int_equal(state_of(&fresh), -1);
    assert_true(trusts(&old));
}

/* ---- On a block device ---- */

enum { DISK_BYTES = 128 * 1024, BLOCK_BYTES = 512 };

/* A device that loses its power after so many bytes of writing: the block that is being written is half old, half new. */
struct disk {
    struct block b;
    uint8_t data[DISK_BYTES];
    size_t power_bytes;
};

static enum err disk_read(struct block *b, uint64_t offset, void *buffer, size_t len)
{
    memcpy(buffer, CONTAINER_OF(b, struct disk, b)->data + offset, len);
    return OK;
}

static enum err disk_write(struct block *b, uint64_t offset, const void *data, size_t len)
{
    struct disk *d = CONTAINER_OF(b, struct disk, b);
    size_t n = len < d->power_bytes ? len : d->power_bytes;
    memcpy(d->data + offset, data, n);
    d->power_bytes -= n;
    return n < len ? ERR_IO : OK;
}

static enum err disk_flush(struct block *b)
{
    return CONTAINER_OF(b, struct disk, b)->power_bytes ? OK : ERR_IO;
}

static const struct block_ops disk_ops = {.read = disk_read, .write = disk_write, .flush = disk_flush};
static struct disk disk;

static void insert_disk(void)
{
    memset(&disk, 0, sizeof disk);
    disk.b = (struct block){.ops = &disk_ops, .capacity_bytes = DISK_BYTES, .block_bytes = BLOCK_BYTES};
    disk.power_bytes = SIZE_MAX;
}

static size_t n_loaded(struct dns_anchors_store *store)
{
    static struct dns_anchors loaded;
    dns_anchors_init(&loaded);
    assert_int_equal(dns_anchors_open(store, &disk.b), OK);
    enum err e = dns_anchors_load(store, &loaded);
    assert_true(e == OK || (e == ERR_NOT_FOUND && loaded.n == 0));
    return loaded.n;
}

static void what_is_kept_is_loaded(void **state)
{
    struct dns_anchors_store store;
    insert_disk();
    assert_int_equal(n_loaded(&store), 0);
    assert_int_equal(dns_anchors_save(&store, &a), OK);
    assert_int_equal(n_loaded(&store), 1);
    for (size_t n = 2; n < 8; n++) {
        char line[120];
        snprintf(line, sizeof line, "x%zu. DS 1 8 2 " DIGEST "\n", n);
        assert_null(read_text(line));
        assert_int_equal(dns_anchors_save(&store, &a), OK);
        assert_int_equal(n_loaded(&store), n);
    }
    disk.b.capacity_bytes = BLOCK_BYTES * 8;
    assert_int_equal(dns_anchors_open(&store, &disk.b), ERR_INVALID);
}

static void a_power_cut_leaves_the_old_or_the_new(void **state)
{
    struct dns_anchors_store store;
    insert_disk();
    assert_int_equal(n_loaded(&store), 0);
    assert_int_equal(dns_anchors_save(&store, &a), OK);
    struct disk before = disk;
    assert_null(read_text("x. DS 1 8 2 " DIGEST "\n"));
    unsigned n_new = 0;
    for (size_t bytes = 0; bytes < 400; bytes++) {
        disk = before;
        assert_int_equal(n_loaded(&store), 1);
        disk.power_bytes = bytes;
        assert_int_equal(dns_anchors_save(&store, &a), ERR_IO);
        size_t n = n_loaded(&store);
        assert_true(n == 1 || n == 2);
        n_new += n == 2;
    }
    assert_true(n_new > 0 && n_new < 400);
}

static void the_first_write_may_be_cut_off(void **state)
{
    struct dns_anchors_store store;
    unsigned n_new = 0;
    for (size_t bytes = 0; bytes < 400; bytes++) {
        insert_disk();
        assert_int_equal(n_loaded(&store), 0);
        disk.power_bytes = bytes;
        assert_int_equal(dns_anchors_save(&store, &a), ERR_IO);
        n_new += n_loaded(&store) == 1;
    }
    assert_true(n_new > 0 && n_new < 400);
}

static void what_somebody_else_wrote_is_left_alone(void **state)
{
    static struct dns_anchors loaded;
    struct dns_anchors_store store;
    insert_disk();
    assert_int_equal(dns_anchors_open(&store, &disk.b), OK);
    const size_t places[] = {0, 1024, (size_t)store.copy_bytes - 1, (size_t)store.copy_bytes};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        insert_disk();
        disk.data[places[i]] = 'x';
        dns_anchors_init(&loaded);
        assert_int_equal(dns_anchors_open(&store, &disk.b), OK);
        assert_int_equal(dns_anchors_load(&store, &loaded), ERR_MALFORMED);
        assert_int_equal(loaded.n, 0);
    }
}

#define T(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_roots_keys_are_built_in),
        T(the_roots_key_of_2017_fits_its_digest),
        T(what_is_written_is_read_again),
        T(what_is_no_anchor_is_refused),
        T(the_first_keys_are_trusted_for_their_digest),
        T(a_new_key_waits_thirty_days),
        T(a_new_key_that_goes_away_begins_again),
        T(a_set_that_no_trusted_key_signed_changes_nothing),
        T(a_key_that_is_missing_stays_trusted),
        T(a_revoked_key_is_never_trusted_again),
        T(when_all_are_revoked_there_is_no_anchor),
        T(keys_that_sign_zones_only_are_no_anchors),
        T(the_table_is_bounded),
        T(what_is_kept_is_loaded),
        T(a_power_cut_leaves_the_old_or_the_new),
        T(the_first_write_may_be_cut_off),
        T(what_somebody_else_wrote_is_left_alone),
    };
    assert_int_equal(random_init(), OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
