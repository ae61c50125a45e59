/* SPDX-License-Identifier: ISC */
/* Zones that are signed, change, and are signed again; signatures that expire. What a change left is compared with the same zone signed
 * from the beginning. */
#include "proto/dns_update.h"
#include "test/support/dns_sign_zone.h"

#include <jinn/random.h>

/* ---- Changes ---- */

/* "+NAME TYPE DATA" or "-NAME TYPE" or "-NAME", relative to example. */
static void change_one(struct dns_zone *z, const char *text)
{
    char name[128], type[16], data[256] = "";
    struct dns_name owner, origin;
    uint16_t number = 0;
    uint8_t rdata[512];
    struct writer w = writer_of(rdata, sizeof rdata);
    struct dns_word word[16];
    size_t n = 0;
    int parts = sscanf(text + 1, "%127s %15s %255[^\n]", name, type, data);
    name_of(&origin, "example.");
    assert_null(dns_name_parse(bytes_str(name), dns_name_bytes(&origin), &owner));
    assert_true(parts == 1 || dns_type_parse(bytes_str(type), &number));
    for (char *at = strtok(data, " "); at; at = strtok(NULL, " "))
        word[n++] = (struct dns_word){.text = bytes_str(at)};
    enum err e = OK;
    if (text[0] == '+') {
        assert_null(dns_rdata_parse(number, word, n, dns_name_bytes(&origin), &w));
        e = dns_zone_add(z, dns_name_bytes(&owner), number, 300, writer_bytes(&w));
        assert_true(e == OK || e == ERR_IN_USE);
    } else if (parts == 1) {
        for (const struct dns_set *s; !e && (s = dns_zone_first(z, dns_name_bytes(&owner)));) {
            while (s && (s->type == DNS_RRSIG || s->type == DNS_NSEC))
                s = dns_set_next(s);
            if (!s)
                break;
            e = dns_zone_remove_set(z, dns_name_bytes(&owner), s->type);
        }
        assert_int_equal(e, OK);
    } else {
        e = dns_zone_remove_set(z, dns_name_bytes(&owner), number);
        assert_true(e == OK || e == ERR_NOT_FOUND);
    }
}

static enum err something(void *user, const struct dns_change *c)
{
    return ERR_IN_USE;
}

static void change(struct dns_signer *s, struct dns_zone *z, const char *const *line, size_t n)
{
    dns_zone_begin(z);
    for (size_t i = 0; i < n; i++)
        change_one(z, line[i]);
    if (dns_zone_each_change(z, something, NULL) == OK) {
        dns_zone_abort(z);
        return;
    }
    assert_int_equal(dns_soa_raise(z, NULL), OK);
    assert_int_equal(dns_sign_change(s, z, NOW_S), OK);
    dns_zone_commit(z);
}

#define CHANGE(s, z, ...)                                 \
    do {                                                  \
        static const char *const lines[] = {__VA_ARGS__}; \
        change(s, z, lines, ARRAY_LEN(lines));            \
        check_signatures(s, z, NOW_S);                    \
        check_chain(s, z);                                \
    } while (0)

static void each_kind_of_change(const struct dns_sign_policy *p)
{
    struct dns_signer *s = signer_of("example.", BOTH, p);
    struct dns_zone *z = signed_of(s, "example.", rfc4035);
    CHANGE(s, z, "+new A 192.0.2.1");                          /* a name comes, */
    CHANGE(s, z, "+new A 192.0.2.2", "+new AAAA 2001:db8::1"); /* has more, */
    CHANGE(s, z, "-new A");                                    /* less, */
    CHANGE(s, z, "-new");                                      /* and goes */
    CHANGE(s, z, "+d.e.e.p A 192.0.2.1");                      /* with names between, */
    CHANGE(s, z, "+e.e.p A 192.0.2.1");                        /* of which one comes */
    CHANGE(s, z, "-d.e.e.p", "-e.e.p");                        /* and all go */
    CHANGE(s, z, "+x.w NS ns.test.");                          /* a name becomes a delegation, */
    CHANGE(s, z, "+x.w DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000");
    CHANGE(s, z, "+ns.x.w A 192.0.2.1");  /* with what is not ours below it, */
    CHANGE(s, z, "-x.w NS", "-x.w DS");   /* and is one no longer: now it is */
    CHANGE(s, z, "+w DNAME other.test."); /* hides all below it */
    CHANGE(s, z, "+q.w A 192.0.2.1");
    CHANGE(s, z, "-w DNAME");
    CHANGE(s, z, "+b DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000");
    CHANGE(s, z, "-b");                 /* what was glue is ours */
    CHANGE(s, z, "+* TXT wild", "-ai"); /* the first and the middle */
    CHANGE(s, z, "+zz CNAME ai", "+@ TXT top");
    CHANGE(s, z, "-zz", "-xx");      /* the last two */
    CHANGE(s, z, "+a MX 1 nowhere"); /* beside a delegation: seen by nobody */
    CHANGE(s, z, "+OTHER.Case A 192.0.2.1", "+other.CASE TXT x");
    dns_zone_release(z);
}

static void changes_with_nsec(void **state)
{
    each_kind_of_change(&nsec);
}

static void changes_with_nsec3(void **state)
{
    struct dns_sign_policy p = nsec3_policy();
    each_kind_of_change(&p);
    p.salt_len = 2;
    memcpy(p.salt, "\x01\x02", 2);
    p.iterations = 3;
    each_kind_of_change(&p);
}

/* Whatever is done, in whatever order. */
static void any_changes(const struct dns_sign_policy *p, int n)
{
    static const char *const names[] = {"a",     "b.a", "c.b.a", "*.a", "d",       "x.d",
                                        "y.x.d", "e",   "f.e",   "*",   "g.h.i.j", "i.j"};
    static const char *const data[] = {"A 192.0.2.1",   "TXT x",  "NS ns.test.",
                                       "DNAME q.test.", "MX 1 a", "DS 1 13 1 0000000000000000000000000000000000000000"};
    static const char *const types[] = {"", "", " A", " NS", " DNAME", " DS", " NS"};
    struct dns_signer *s = signer_of("example.", KSK_PUBLIC KSK_PRIVATE, p);
    struct dns_zone *z = signed_of(s, "example.", "$TTL 60\n@ SOA ns h 1 2 3 4 300\n@ NS ns.test.\n");
    for (int i = 0; i < n; i++) {
        char text[4][100];
        const char *lines[4] = {text[0], text[1], text[2], text[3]};
        size_t n_lines = 1 + random_below(4);
        for (size_t k = 0; k < n_lines; k++) {
            const char *name = names[random_below(ARRAY_LEN(names))];
            if (random_below(5) < 3)
                sprintf(text[k], "+%s %s", name, data[random_below(ARRAY_LEN(data))]);
            else
                sprintf(text[k], "-%s%s", name, types[random_below(ARRAY_LEN(types))]);
        }
        change(s, z, lines, n_lines);
        check_signatures(s, z, NOW_S);
        if (i % 8 == 0)
            check_chain(s, z);
    }
    check_chain(s, z);
    dns_zone_release(z);
}

static void any_changes_with_nsec(void **state)
{
    any_changes(&nsec, 30);
}

static void any_changes_with_nsec3(void **state)
{
    struct dns_sign_policy p = nsec3_policy();
    any_changes(&p, 30);
}

static void a_change_that_is_taken_back_leaves_nothing(void **state)
{
    struct dns_signer *s = signer_of("example.", BOTH, &nsec);
    struct dns_zone *z = signed_of(s, "example.", rfc4035);
    char *before = strdup(text_of(z, 0));
    uint32_t serial = dns_zone_serial(z);
    dns_zone_begin(z);
    change_one(z, "+new A 192.0.2.1");
    change_one(z, "-w DNAME");
    assert_int_equal(dns_soa_raise(z, NULL), OK);
    assert_int_equal(dns_sign_change(s, z, NOW_S), OK);
    dns_zone_abort(z);
    assert_string_equal(text_of(z, 0), before);
    assert_int_equal(dns_zone_serial(z), serial);
    check_signatures(s, z, NOW_S);
    dns_zone_begin(z);
    change_one(z, "+new A 192.0.2.1");
    assert_int_equal(dns_sign_change(s, z, DNS_SIGN_CLOCK_LEAST_S - 1), ERR_INVALID);
    dns_zone_abort(z);
    free(before);
    dns_zone_release(z);
}

static void a_change_of_too_much_is_refused(void **state)
{
    struct dns_signer *s = signer_of("example.", BOTH, &nsec);
    struct dns_zone *z = signed_of(s, "example.", rfc4035);
    uint64_t before = s->n_signatures;
    dns_zone_begin(z);
    for (int i = 0; i < DNS_SIGN_CHANGE_MAX + 1; i++) {
        char text[64];
        sprintf(text, "+n%d A 192.0.2.1", i);
        change_one(z, text);
    }
    assert_int_equal(dns_sign_change(s, z, NOW_S), ERR_TOO_LARGE);
    assert_int_equal(s->n_too_large, 1);
    assert_int_equal(s->n_signatures, before); /* found before the work was done */
    dns_zone_abort(z);
    check_signatures(s, z, NOW_S);
    dns_zone_release(z);
}

/* Each denial's TTL hangs on the SOA's (RFC 9077): the zone has to be signed anew. */
static void another_soa_makes_the_zone_stale(void **state)
{
    struct dns_signer *s = signer_of("example.", BOTH, &nsec);
    struct dns_zone *z = signed_of(s, "example.", rfc4035);
    CHANGE(s, z, "+new A 192.0.2.1");
    assert_false(s->stale);
    dns_zone_begin(z);
    change_one(z, "-@ SOA");
    change_one(z, "+@ SOA ns1 bugs 2000000000 3600 300 3600000 100");
    assert_int_equal(dns_sign_change(s, z, NOW_S), OK);
    dns_zone_commit(z);
    assert_true(s->stale);
    struct dns_zone *again = sign_whole(s, z, NOW_S);
    assert_false(s->stale);
    assert_non_null(strstr(text_of(again, 0), "ai.example. 100 NSEC"));
    dns_zone_release(again);
    dns_zone_release(z);
}

/* ---- Signatures that expire ---- */

/* Goes round once. How many versions there were. */
static unsigned walk(struct dns_signer *s, struct dns_zone *z, uint64_t now_s, uint64_t *next_s)
{
    static struct dns_sign_walk w;
    unsigned n = 0;
    enum err e;
    dns_sign_walk_begin(&w, s, z);
    do {
        uint64_t before = s->n_signatures;
        while ((e = dns_sign_walk_step(&w, now_s, 2)) == ERR_AGAIN) {
            assert_true(s->n_signatures - before <= 2);
            before = s->n_signatures;
        }
        assert_int_equal(e, OK);
        uint32_t serial = dns_zone_serial(z);
        dns_zone_begin(z);
        e = dns_sign_walk_apply(&w, now_s);
        if (e == OK) {
            dns_zone_commit(z);
            assert_true(dns_serial_after(dns_zone_serial(z), serial));
            n++;
        } else {
            assert_int_equal(e, ERR_NOT_FOUND);
            dns_zone_abort(z);
        }
    } while (!w.done);
    *next_s = w.next_s;
    return n;
}

static void expiring_signatures_are_made_anew(const struct dns_sign_policy *p)
{
    struct dns_signer *s = signer_of("example.", BOTH, p);
    struct dns_zone *z = signed_of(s, "example.", rfc4035);
    char *before = strdup(text_of(z, 0));
    uint64_t next_s, first = s->n_signatures, now_s = NOW_S;
    assert_int_equal(walk(s, z, NOW_S, &next_s), 0); /* none is due */
    assert_int_equal(s->n_signatures, first);
    assert_true(next_s > NOW_S && next_s <= NOW_S + p->validity_s - p->refresh_s);
    for (int round = 0; round < 3; round++) {
        now_s += p->validity_s - p->refresh_s;
        assert_true(walk(s, z, now_s, &next_s) >= 1); /* all are */
        assert_true(s->n_signatures >= first * (unsigned)(round + 2));
        assert_string_equal(text_of(z, 0), before);
        check_signatures(s, z, now_s + p->refresh_s);
        assert_int_equal(walk(s, z, now_s, &next_s), 0);
    }
    free(before);
    dns_zone_release(z);
}

static void expiring_signatures_with_nsec(void **state)
{
    expiring_signatures_are_made_anew(&nsec);
}

static void expiring_signatures_with_nsec3(void **state)
{
    struct dns_sign_policy p = nsec3_policy();
    expiring_signatures_are_made_anew(&p);
}

/* While new signatures wait, the zone changes: those of what has changed are not put. */
static void a_change_comes_between(void **state)
{
    static struct dns_sign_walk w;
    struct dns_signer *s = signer_of("example.", BOTH, &nsec);
    struct dns_zone *z = signed_of(s, "example.", rfc4035);
    uint64_t now_s = NOW_S + DNS_SIGN_VALIDITY_S - DNS_SIGN_REFRESH_S;
    dns_sign_walk_begin(&w, s, z);
    while (dns_sign_walk_step(&w, now_s, 4) == ERR_AGAIN)
        ;
    assert_true(w.n_pending > 10);
    dns_zone_begin(z);
    change_one(z, "+ai A 192.0.2.77");
    change_one(z, "-ns2");
    assert_int_equal(dns_soa_raise(z, NULL), OK);
    assert_int_equal(dns_sign_change(s, z, now_s), OK);
    dns_zone_commit(z);
    dns_zone_begin(z);
    assert_int_equal(dns_sign_walk_apply(&w, now_s), OK);
    dns_zone_commit(z);
    check_signatures(s, z, now_s);
    check_chain(s, z);
    dns_zone_release(z);
}

int main(void)
{
    assert_int_equal(random_init(), OK);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_with_nsec),
        cmocka_unit_test(changes_with_nsec3),
        cmocka_unit_test(any_changes_with_nsec),
        cmocka_unit_test(any_changes_with_nsec3),
        cmocka_unit_test(a_change_that_is_taken_back_leaves_nothing),
        cmocka_unit_test(a_change_of_too_much_is_refused),
        cmocka_unit_test(another_soa_makes_the_zone_stale),
        cmocka_unit_test(expiring_signatures_with_nsec),
        cmocka_unit_test(expiring_signatures_with_nsec3),
        cmocka_unit_test(a_change_comes_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
