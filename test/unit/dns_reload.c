/* SPDX-License-Identifier: ISC */
/* A store of zone files that is followed: what is new is served, whole, and what is wrong changes nothing. */
#include "proto/dns_reload.h"

#include "plat/sim/sim.h"

#include <jinn/fiber.h>
#include <jinn/random.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* ---- A store in memory ---- */

struct file {
    const char *key, *text;
    uint64_t id;
};

static struct store {
    struct kv kv;
    struct file file[8];
    size_t n;
    bool changed;
    enum err result;
    unsigned n_reads;
} store;

static struct file *file_of(struct bytes key)
{
    for (size_t i = 0; i < store.n; i++) {
        if (bytes_equal(key, bytes_str(store.file[i].key)))
            return &store.file[i];
    }
    return NULL;
}

static enum err store_find(struct kv *kv, struct bytes key, enum kv_encoding encoding, struct kv_item *item)
{
    const struct file *f = file_of(key);
    if (!f)
        return ERR_NOT_FOUND;
    *item = (struct kv_item){.size = strlen(f->text), .id = f->id};
    return OK;
}

static enum err store_read(struct kv *kv, struct bytes key, const struct kv_item *item, uint64_t offset, void *buffer,
                           size_t size, size_t *len)
{
    struct bytes rest = bytes_slice(bytes_str(file_of(key)->text), (size_t)offset, size);
    memcpy(buffer, rest.data, rest.len);
    *len = rest.len;
    store.n_reads++;
    return OK;
}

static enum err store_each(struct kv *kv, bool (*each)(void *arg, struct bytes key), void *arg)
{
    for (size_t i = 0; i < store.n && each(arg, bytes_str(store.file[i].key)); i++)
        ;
    return OK;
}

static enum err store_refresh(struct kv *kv, bool *changed)
{
    *changed = store.changed;
    return store.result;
}

/* Text NULL: it goes. */
static void put(const char *key, const char *text)
{
    static uint64_t id;
    struct file *f = file_of(bytes_str(key));
    if (!f)
        f = &store.file[store.n++];
    *f = (struct file){key, text, ++id};
    if (!text)
        *f = store.file[--store.n];
}

/* ---- A server ---- */

static struct dns_server *server;
static unsigned n_replaced;

static void note_replaced(struct dns_server *d, struct bytes origin)
{
    n_replaced++;
}

static struct bytes wire(const char *name)
{
    static struct dns_name n;
    assert_null(dns_name_parse(bytes_str(name), dns_root(), &n));
    return dns_name_bytes(&n);
}

/* -1: there is no such zone. */
static long serial(const char *origin)
{
    const struct dns_zone_entry *e = dns_zones_get(&server->zones, wire(origin));
    return e ? (long)dns_zone_serial(e->zone) : -1;
}

static bool has(const char *origin, const char *name)
{
    const struct dns_zone_entry *e = dns_zones_get(&server->zones, wire(origin));
    return e && dns_zone_find(e->zone, wire(name), DNS_A);
}

#define ZONE(serial) "@ 60 SOA ns h " #serial " 1 1 1 1\n@ 60 NS ns\nns 60 A 192.0.2.1\n"

static void begin(void)
{
    static const struct kv_ops ops = {store_find, store_read, NULL, store_each, store_refresh};
    store = (struct store){.kv = {&ops}, .changed = true};
    n_replaced = 0;
    put("a.example.zone", ZONE(1));
    put("b.example.zone", ZONE(1) "$INCLUDE hosts\n");
    put("hosts", "www 60 A 192.0.2.2\n");
    assert_int_equal(dns_server_new(&(struct dns_server_options){.zones = 3}, &server), OK);
    assert_int_equal(dns_server_load(server, &store.kv), OK);
    assert_int_equal(dns_server_follow(server, &store.kv, NS_PER_S), OK);
    server->replaced = note_replaced;
    store.n_reads = 0;
}

static void look_again(void)
{
    assert_int_equal(dns_reload(server->reload), OK);
}

static void (*body)(void);

static int run_body(void *arg)
{
    assert_int_equal(random_init(), OK);
    begin();
    body();
    dns_zones_free(&server->zones);
    free(server->reload->loading.zonefile);
    free(server->reload);
    free(server->told);
    free(server);
    return 0;
}

static void run(void (*b)(void))
{
    body = b;
    assert_int_equal(sched_run(run_body, NULL), 0);
}

/* ---- Rounds ---- */

static void same(void)
{
    for (int i = 0; i < 3; i++)
        look_again();
    assert_int_equal(store.n_reads, 0);
    assert_int_equal(serial("a.example"), 1);
    store.changed = false;
    put("a.example.zone", ZONE(2));
    look_again();
    assert_int_equal(serial("a.example"), 1);
}

static void what_is_as_it_was_is_not_read(void **state)
{
    run(same);
}

static void new_ones(void)
{
    put("a.example.zone", ZONE(2));
    look_again();
    assert_int_equal(serial("a.example"), 2);
    assert_int_equal(serial("b.example"), 1);
    assert_int_equal(n_replaced, 1);
    assert_int_equal(store.n_reads, 1);
    put("c.example.zone", ZONE(7));
    look_again();
    assert_int_equal(serial("c.example"), 7);
    assert_int_equal(n_replaced, 2);
    look_again();
    assert_int_equal(store.n_reads, 2);
}

static void what_is_new_is_served(void **state)
{
    run(new_ones);
}

static void included(void)
{
    assert_true(has("b.example", "www.b.example"));
    put("hosts", "mail 60 A 192.0.2.3\n");
    look_again();
    assert_false(has("b.example", "www.b.example"));
    assert_true(has("b.example", "mail.b.example"));
    assert_int_equal(n_replaced, 1); /* the other one includes nothing */
    look_again();
    assert_int_equal(n_replaced, 1);
}

static void what_is_included_counts(void **state)
{
    run(included);
}

static void gone(void)
{
    put("a.example.zone", NULL);
    look_again();
    assert_int_equal(serial("a.example"), -1);
    assert_int_equal(serial("b.example"), 1);
    put("a.example.zone", ZONE(3));
    look_again();
    assert_int_equal(serial("a.example"), 3);
    look_again();
    assert_int_equal(serial("a.example"), 3);
}

static void what_is_gone_goes(void **state)
{
    run(gone);
}

static void wrong(void)
{
    put("a.example.zone", ZONE(2) "www 60 A 192.0.2\n");
    look_again();
    assert_int_equal(serial("a.example"), 1);
    assert_int_equal(server->reload->n_failed, 1);
    look_again(); /* no zone goes for being wrong, and it is said once */
    assert_int_equal(serial("a.example"), 1);
    assert_int_equal(server->reload->n_failed, 1);
    put("a.example.zone", "@ 60 NS ns\nns 60 A 192.0.2.1\n"); /* no SOA */
    look_again();
    assert_int_equal(serial("a.example"), 1);
    assert_int_equal(server->reload->n_failed, 2);
    put("a.example.zone", ZONE(4));
    look_again();
    assert_int_equal(serial("a.example"), 4);
    assert_int_equal(n_replaced, 1);
    store.result = ERR_IO;
    put("a.example.zone", NULL);
    assert_int_equal(dns_reload(server->reload), ERR_IO);
    assert_int_equal(serial("a.example"), 4);
}

static void what_is_wrong_leaves_what_was(void **state)
{
    run(wrong);
}

/* At the start: what can be served is, and the rest when it has been mended. */
static void wrong_from_the_start(void)
{
    struct dns_server *d;
    put("a.example.zone", ZONE(2) "www 60 A 192.0.2\n");
    put("c.example.zone", ZONE(3));
    assert_int_equal(dns_server_new(&(struct dns_server_options){.zones = 3}, &d), OK);
    assert_int_equal(dns_server_load(d, &store.kv), OK);
    assert_null(dns_zones_get(&d->zones, wire("a.example")));
    assert_non_null(dns_zones_get(&d->zones, wire("b.example")));
    assert_non_null(dns_zones_get(&d->zones, wire("c.example")));
    dns_zones_free(&d->zones);
    free(d->told);
    free(d);
    /* A store that never changes: nobody could mend it. */
    struct kv_ops fixed = *store.kv.ops;
    struct kv image = {&fixed};
    fixed.refresh = NULL;
    assert_int_equal(dns_server_new(&(struct dns_server_options){.zones = 3}, &d), OK);
    assert_int_equal(dns_server_load(d, &image), ERR_MALFORMED);
    put("a.example.zone", ZONE(4));
    assert_int_equal(dns_server_load(d, &image), OK);
    dns_zones_free(&d->zones);
    free(d);
}

static void what_is_wrong_from_the_start_is_left_out(void **state)
{
    run(wrong_from_the_start);
}

static void mended(void)
{
    put("d.example.zone", ZONE(1) "www 60 A 192.0.2\n");
    look_again();
    assert_int_equal(serial("d.example"), -1);
    put("d.example.zone", ZONE(2));
    look_again();
    assert_int_equal(serial("d.example"), 2);
}

static void what_was_wrong_is_served_when_it_is_mended(void **state)
{
    run(mended);
}

/* How often the console says this. */
static unsigned said(const char *what)
{
    unsigned n = 0;
    for (const char *at = sim_console(sim_host()); (at = strstr(at, what)) != NULL; at += strlen(what))
        n++;
    return n;
}

static void told_once(void)
{
    put("d.example.zone", ZONE(1) "www 60 A 192.0.2\n");
    put("d..e.zone", ZONE(1));
    for (int i = 0; i < 4; i++) {
        look_again();
        assert_int_equal(said("d.example.zone is not taken"), 1);
        assert_int_equal(said("d..e.zone is not taken"), 1);
    }
    put("d.example.zone", ZONE(2) "www 60 A 192.0.2\n"); /* another file, as wrong */
    for (int i = 0; i < 2; i++) {
        look_again();
        assert_int_equal(said("d.example.zone is not taken"), 2);
    }
    put("d.example.zone", NULL); /* gone, and back */
    look_again();
    put("d.example.zone", ZONE(2) "www 60 A 192.0.2\n");
    look_again();
    assert_int_equal(said("d.example.zone is not taken"), 3);
    assert_int_equal(said("d..e.zone is not taken"), 1);
}

static void what_is_wrong_is_told_once(void **state)
{
    run(told_once);
}

/* What is wrong since the start was told of when it was loaded. */
static void told_at_the_start(void)
{
    put("start.example.zone", ZONE(2) "www 60 A 192.0.2\n");
    assert_int_equal(dns_server_load(server, &store.kv), OK);
    assert_int_equal(said("start.example.zone is not served"), 1);
    for (int i = 0; i < 3; i++)
        look_again();
    assert_int_equal(said("start.example.zone is not taken"), 0);
    put("start.example.zone", ZONE(3));
    look_again();
    assert_int_equal(serial("start.example"), 3);
}

static void what_was_told_at_the_start_is_not_told_again(void **state)
{
    run(told_at_the_start);
}

/* Beyond the limit some are told of again and again; the others are not. */
static void table_of_told(void)
{
    static struct dns_loading l;
    l = (struct dns_loading){.server = server, .brief = true};
    for (int round = 0; round < 2; round++) {
        for (uint64_t i = 0; i <= DNS_TOLD_MAX; i++) {
            l.mark = i << 3;
            dns_load_tell(&l, bytes_str("many.zone"), ERR_FULL, "is not taken");
        }
        dns_load_told_all(server);
    }
    assert_int_equal(said("many.zone is not taken"), DNS_TOLD_MAX + 1 + 1);
    dns_load_told_all(server);
    assert_int_equal(server->told->n, 0);
}

static void what_was_told_has_a_limit(void **state)
{
    run(table_of_told);
}

static void elsewhere(void)
{
    struct dns_zone *z;
    assert_int_equal(dns_zone_new(wire("c.example"), server->zones.seed, 1 << 20, &z), OK);
    assert_int_equal(dns_zones_put(&server->zones, z), OK);
    put("c.example.zone", ZONE(9));
    look_again();
    look_again();
    assert_int_equal(serial("c.example"), 0);
    assert_int_equal(n_replaced, 0);
}

static void zones_from_elsewhere_stay(void **state)
{
    run(elsewhere);
}

static void too_many(void)
{
    put("c.example.zone", ZONE(1));
    put("d.example.zone", ZONE(1));
    look_again();
    assert_int_equal(serial("c.example"), 1);
    assert_int_equal(serial("d.example"), -1);
    assert_int_equal(server->reload->n_failed, 1);
    assert_int_equal(server->zones.n_refused, 1);
}

static void more_zones_than_the_limit(void **state)
{
    run(too_many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_as_it_was_is_not_read),
        cmocka_unit_test(what_is_new_is_served),
        cmocka_unit_test(what_is_included_counts),
        cmocka_unit_test(what_is_gone_goes),
        cmocka_unit_test(what_is_wrong_leaves_what_was),
        cmocka_unit_test(zones_from_elsewhere_stay),
        cmocka_unit_test(what_is_wrong_is_told_once),
        cmocka_unit_test(what_was_told_at_the_start_is_not_told_again),
        cmocka_unit_test(what_was_told_has_a_limit),
        cmocka_unit_test(more_zones_than_the_limit),
        cmocka_unit_test(what_is_wrong_from_the_start_is_left_out),
        cmocka_unit_test(what_was_wrong_is_served_when_it_is_mended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
