/* SPDX-License-Identifier: ISC */
/* Zones that are signed, change, and are signed again. What a change left is compared with the same zone signed from the beginning. */
#include "proto/dns_sign.h"
#include "proto/dns_update.h"
#include "test/support/dns_sign_keys.h"
#include "test/support/dns_zone_text.h"

#include <jinn/random.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW_S UINT64_C(1800000000)
#define BOTH KSK_PUBLIC KSK_PRIVATE ZSK_PUBLIC ZSK_PRIVATE

static struct dns_sign_room room;
static const struct dns_sign_policy nsec = {
    .validity_s = DNS_SIGN_VALIDITY_S, .jitter_s = DNS_SIGN_JITTER_S, .refresh_s = DNS_SIGN_REFRESH_S};

static struct dns_sign_policy nsec3_policy(void)
{
    struct dns_sign_policy p = nsec;
    p.nsec3 = true;
    return p;
}

static struct dns_signer *signer_of(const char *zone, const char *text, const struct dns_sign_policy *p)
{
    static struct dns_signer s;
    struct dns_sign_keys keys;
    struct dns_name origin;
    unsigned line;
    name_of(&origin, zone);
    assert_null(dns_sign_keys_parse(bytes_str(text), &keys, &line));
    const char *why = dns_signer_init(&s, p, &keys, dns_name_bytes(&origin), &room, NOW_S);
    assert_null(why);
    dns_sign_keys_free(&keys);
    return &s;
}

static struct dns_zone *sign_whole(struct dns_signer *s, struct dns_zone *from, uint64_t now_s)
{
    struct dns_sign_job j;
    enum err e;
    assert_int_equal(dns_sign_begin(&j, s, from, TEST_SEED, 1 << 24), OK);
    for (uint64_t before = s->n_signatures; (e = dns_sign_step(&j, now_s, 3)) == ERR_AGAIN; before = s->n_signatures)
        assert_true(s->n_signatures - before <= 3);
    assert_int_equal(e, OK);
    struct dns_zone *z = j.zone;
    j.zone = NULL;
    dns_sign_end(&j);
    return z;
}

static struct dns_zone *signed_of(struct dns_signer *s, const char *origin, const char *text)
{
    struct dns_zone *plain = zone_of(origin, text), *z = sign_whole(s, plain, NOW_S);
    dns_zone_release(plain);
    return z;
}

/* ---- What must be so of a signed zone ---- */

static bool by_this_key(const struct dns_signer *s, size_t key, uint16_t type)
{
    bool of_keys = type == DNS_DNSKEY || type == DNS_CDS || type == DNS_CDNSKEY;
    return s->n_keys == 1 || s->use[key].entry == of_keys;
}

static size_t records_of(const struct dns_set *set, struct bytes *rdata)
{
    size_t n = 0;
    for (size_t at = 0; set && dns_set_record(set, &at, &rdata[n]);)
        n++;
    return n;
}

/* Each key that should has made one signature, and no other is there. */
static void check_set(const struct dns_signer *s, struct dns_zone *z, struct bytes name, const struct dns_set *set,
                      uint64_t now_s)
{
    struct bytes rdata[64], sig[8];
    struct dnssec_set records = {.owner = name, .type = set->type, .class_ = DNS_IN, .rdata = rdata};
    const struct dns_set *sigs = dns_zone_find_signatures(z, name, set->type);
    size_t n = 0;
    records.n = records_of(set, rdata);
    size_t n_sigs = records_of(sigs, sig);
    for (size_t i = 0; i < s->n_keys; i++) {
        if (!by_this_key(s, i, set->type))
            continue;
        assert_true(n < n_sigs);
        assert_int_equal(dnssec_verify(&records, sig[n++], dnssec_key_rdata(&s->key[i]), (uint32_t)now_s), OK);
    }
    assert_int_equal(n, n_sigs);
    assert_int_equal(sigs->ttl, set->ttl);
}

static bool is_ours(const struct dns_zone *z, struct bytes name, uint16_t type)
{
    if (type == DNS_NSEC3)
        return true;
    bool cut = !dns_name_equal(name, dns_zone_origin(z)) && dns_zone_find(z, name, DNS_NS);
    return !dns_zone_is_occluded(z, name) && (!cut || type == DNS_DS || type == DNS_NSEC);
}

static void check_signatures(const struct dns_signer *s, struct dns_zone *z, uint64_t now_s)
{
    struct dns_cursor c;
    struct bytes name;
    const struct dns_set *set;
    dns_cursor_open(&c, z, dns_zone_origin(z));
    while (dns_cursor_next(&c, &name, &set)) {
        if (set->type == DNS_RRSIG)
            assert_non_null(dns_zone_find(z, name, set->covered));
        else if (is_ours(z, name, set->type))
            check_set(s, z, name, set, now_s);
        else
            assert_null(dns_zone_find_signatures(z, name, set->type));
    }
    dns_cursor_close(&c);
}

/* The records but signatures and the SOA, as text. */
static void write_zone(struct dns_zone *z, struct writer *w)
{
    struct dns_cursor c;
    struct bytes name, rdata;
    const struct dns_set *set;
    dns_cursor_open(&c, z, dns_zone_origin(z));
    while (dns_cursor_next(&c, &name, &set)) {
        for (size_t at = 0; dns_set_record(set, &at, &rdata);) {
            if (set->type == DNS_RRSIG || set->type == DNS_SOA)
                continue;
            dns_name_write_text(w, name);
            write_format(w, " %u ", (unsigned)set->ttl);
            dns_type_write(w, set->type);
            write_u8(w, ' ');
            dns_rdata_write_text(w, set->type, rdata);
            write_u8(w, '\n');
        }
    }
    dns_cursor_close(&c);
    assert_true(writer_good(w));
    write_u8(w, 0);
}

static const char *text_of(struct dns_zone *z, int which)
{
    static char text[2][1 << 18];
    struct writer w = writer_of(text[which], sizeof text[which]);
    write_zone(z, &w);
    return text[which];
}

/* As it would be, had it been signed like this from the beginning. */
static void check_chain(struct dns_signer *s, struct dns_zone *z)
{
    struct dns_zone *again = sign_whole(s, z, NOW_S);
    assert_string_equal(text_of(z, 0), text_of(again, 1));
    dns_zone_release(again);
}

/* ---- Whole zones ---- */

#define CHILDREN                                                                                           \
    "a NS ns1.a\na NS ns2.a\na DS 57855 5 1 B6DCD485719ADCA18E5F3D48A2331627FDD3636B\nns1.a A 192.0.2.5\n" \
    "ns2.a A 192.0.2.6\n"

/* RFC 4035 A, and RFC 5155 A but for its insecure delegation, which is left out there by opt-out. */
static const char rfc4035[] =
    "$TTL 3600\n@ SOA ns1 bugs.x.w 1 3600 300 3600000 3600\n@ NS ns1\n@ NS ns2\n@ MX 1 xx\n" CHILDREN
    "ai A 192.0.2.9\nai HINFO \"KLH-10\" \"ITS\"\nb NS ns1.b\nb NS ns2.b\nns1.b A 192.0.2.7\nns2.b A 192.0.2.8\n"
    "ns1 A 192.0.2.1\nns2 A 192.0.2.2\n*.w MX 1 ai\nx.w MX 1 xx\nx.y.w MX 1 xx\nxx A 192.0.2.10\n";
static const char rfc5155[] =
    "$TTL 3600\n@ SOA ns1 bugs.x.w 1 3600 300 3600000 3600\n@ NS ns1\n@ NS ns2\n@ MX 1 xx\n" CHILDREN
    "2t7b4g4vsa5smi47k61mv5bv1a22bojr A 192.0.2.127\nai A 192.0.2.9\nns1 A 192.0.2.1\nns2 A 192.0.2.2\n"
    "*.w MX 1 ai\nx.w MX 1 xx\nx.y.w MX 1 xx\nxx A 192.0.2.10\n";

/* The chain in its order: "owner next types". */
static const char *chain_of(struct dns_zone *z, uint16_t type)
{
    static char text[1 << 14];
    struct writer w = writer_of(text, sizeof text);
    struct dns_cursor c;
    struct bytes name;
    const struct dns_set *set;
    dns_cursor_open(&c, z, dns_zone_origin(z));
    while (dns_cursor_next(&c, &name, &set)) {
        if (set->type != type)
            continue;
        dns_name_write_text(&w, name);
        write_u8(&w, ' ');
        dns_rdata_write_text(&w, type, dns_set_first(set));
        write_u8(&w, '\n');
    }
    dns_cursor_close(&c);
    write_u8(&w, 0);
    return text;
}

static void nsec_of_rfc4035(void **state)
{
    struct dns_signer *s = signer_of("example.", BOTH, &nsec);
    struct dns_zone *z = signed_of(s, "example.", rfc4035);
    assert_string_equal(chain_of(z, DNS_NSEC),
                        "example. a.example. NS SOA MX RRSIG NSEC DNSKEY CDS CDNSKEY\n"
                        "a.example. ai.example. NS DS RRSIG NSEC\nai.example. b.example. A HINFO RRSIG NSEC\n"
                        "b.example. ns1.example. NS RRSIG NSEC\nns1.example. ns2.example. A RRSIG NSEC\n"
                        "ns2.example. *.w.example. A RRSIG NSEC\n*.w.example. x.w.example. MX RRSIG NSEC\n"
                        "x.w.example. x.y.w.example. MX RRSIG NSEC\nx.y.w.example. xx.example. MX RRSIG NSEC\n"
                        "xx.example. example. A RRSIG NSEC\n");
    check_signatures(s, z, NOW_S);
    dns_zone_release(z);
}

static void nsec3_of_rfc5155(void **state)
{
    static const char *const order[] = {
        "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom", "2t7b4g4vsa5smi47k61mv5bv1a22bojr", "2vptu5timamqttgl4luu9kg21e0aor3s",
        "35mthgpgcu1qg68fab165klnsnk3dpvl", "b4um86eghhds6nea196smvmlo4ors995", "gjeqe526plbf1g8mklp59enfd789njgi",
        "ji6neoaepv8b5o6k4ev33abha8ht9fgc", "k8udemvp1j2f7eg6jebps17vp3n8i58h", "kohar7mbb8dc2ce8a9qvl8hon4k53uhi",
        "q04jkcevqvmu85r014c7dkba38o0ji5r", "r53bq7cc2uvmubfu5ocmm6pers9tk9en", "t644ebqk9bibcna874givr6joj62mlhv"};
    static const char *const types[] = {"NS SOA MX RRSIG DNSKEY NSEC3PARAM CDS CDNSKEY",
                                        "A RRSIG",
                                        "MX RRSIG",
                                        "NS DS RRSIG",
                                        "MX RRSIG",
                                        "A RRSIG",
                                        "",
                                        "",
                                        "A RRSIG",
                                        "A RRSIG",
                                        "MX RRSIG",
                                        "A RRSIG"};
    struct dns_sign_policy p = nsec3_policy();
    char expected[1 << 12] = "";
    p.iterations = 12;
    p.salt_len = 4;
    memcpy(p.salt, "\xaa\xbb\xcc\xdd", 4);
    struct dns_signer *s = signer_of("example.", BOTH, &p);
    struct dns_zone *z = signed_of(s, "example.", rfc5155);
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        char next[33] = "";
        for (int k = 0; k < 32; k++) {
            char c = order[(i + 1) % ARRAY_LEN(order)][k];
            next[k] = c >= 'a' ? (char)(c - 32) : c;
        }
        sprintf(expected + strlen(expected), "%s.example. 1 0 12 AABBCCDD %s%s%s\n", order[i], next,
                types[i][0] ? " " : "", types[i]);
    }
    assert_string_equal(chain_of(z, DNS_NSEC3), expected);
    check_signatures(s, z, NOW_S);
    dns_zone_release(z);
}

static void rfc9276_is_the_default(void **state)
{
    struct dns_sign_policy p = nsec3_policy();
    struct dns_signer *s = signer_of("example.", BOTH, &p);
    struct dns_zone *z = signed_of(s, "example.", rfc5155);
    assert_non_null(strstr(text_of(z, 0), "example. 0 NSEC3PARAM 1 0 0 -\n"));
    assert_null(strstr(text_of(z, 0), " NSEC "));
    check_signatures(s, z, NOW_S);
    dns_zone_release(z);
}

static void one_key_signs_all(void **state)
{
    struct dns_signer *s = signer_of("example.", KSK_PRIVATE KSK_PUBLIC, &nsec);
    struct dns_zone *z = signed_of(s, "example.", rfc4035);
    check_signatures(s, z, NOW_S);
    dns_zone_release(z);
}

/* With the keys that the parent should have: RFC 7344. */
static void what_the_parent_should_know(void **state)
{
    struct dns_signer *s = signer_of("example.", BOTH, &nsec);
    struct dns_zone *z = signed_of(s, "example.", rfc4035);
    const char *text = text_of(z, 0);
    assert_non_null(strstr(text, "example. 3600 DNSKEY 256 3 13 C6HrkrXa"));
    assert_non_null(strstr(text, "example. 3600 DNSKEY 257 3 13 NeU77HGq"));
    assert_non_null(strstr(text, "example. 3600 CDNSKEY 257 3 13 NeU77HGq"));
    assert_null(strstr(text, "CDNSKEY 256"));
    assert_non_null(strstr(text, "example. 3600 CDS 25316 13 2 "));
    assert_null(strstr(text, "CDS 17957"));
    dns_zone_release(z);
    z = signed_of(s, "example.", "$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns.test.\n@ CDS 0 0 0 00\n");
    assert_non_null(
        strstr(text_of(z, 0), "CDS 0 0 0 00")); /* RFC 8078 4: the zone's own says that there shall be none */
    assert_null(strstr(text_of(z, 0), "CDS 25316"));
    assert_null(strstr(text_of(z, 0), "CDNSKEY"));
    check_signatures(s, z, NOW_S);
    dns_zone_release(z);
    struct dns_sign_policy p = nsec;
    p.no_cds = true;
    s = signer_of("example.", BOTH, &p);
    z = signed_of(s, "example.", rfc4035);
    assert_null(strstr(text_of(z, 0), "CDS"));
    assert_null(strstr(text_of(z, 0), "CDNSKEY"));
    dns_zone_release(z);
}

/* Serial numbers: the time when that is higher, else the next. */
static void serial_numbers_go_up(void **state)
{
    struct dns_sign_policy p = nsec;
    struct dns_signer *s = signer_of("example.", BOTH, &p);
    assert_int_equal(dns_sign_serial(s, 7, NOW_S), NOW_S);
    assert_int_equal(dns_sign_serial(s, NOW_S, NOW_S), NOW_S + 1);
    assert_int_equal(dns_sign_serial(s, 2026112101, NOW_S), 2026112102);
    assert_int_equal(dns_sign_serial(s, UINT32_MAX, NOW_S), NOW_S);
    p.increment = true;
    s = signer_of("example.", BOTH, &p);
    assert_int_equal(dns_sign_serial(s, 7, NOW_S), 8);
    assert_int_equal(dns_sign_serial(s, UINT32_MAX, NOW_S), 1);
    struct dns_zone *z = signed_of(s, "example.", rfc4035);
    assert_int_equal(dns_zone_serial(z), 2);
    dns_zone_release(z);
}

/* What another signer left is gone, and a digest of the zone as it was. */
static void foreign_signatures_are_left_out(void **state)
{
    struct dns_signer *s = signer_of("example.", BOTH, &nsec);
    struct dns_zone *plain = zone_of("example.", rfc4035), *one = sign_whole(s, plain, NOW_S);
    struct dns_sign_policy p = nsec3_policy();
    s = signer_of("example.", BOTH, &p);
    struct dns_zone *two = sign_whole(s, one, NOW_S);
    assert_null(strstr(text_of(two, 0), " NSEC "));
    check_signatures(s, two, NOW_S);
    check_chain(s, two);
    dns_zone_release(plain);
    dns_zone_release(one);
    dns_zone_release(two);
}

/* Times of signatures differ, within the jitter. */
static void times_are_spread(void **state)
{
    struct dns_signer *s = signer_of("example.", BOTH, &nsec);
    struct dns_zone *z = signed_of(s, "example.", rfc4035);
    struct dns_cursor c;
    struct bytes name;
    const struct dns_set *set;
    uint32_t least = UINT32_MAX, most = 0;
    dns_cursor_open(&c, z, dns_zone_origin(z));
    while (dns_cursor_next(&c, &name, &set)) {
        struct dnssec_rrsig sig;
        if (set->type != DNS_RRSIG)
            continue;
        assert_true(dnssec_rrsig_parse(dns_set_first(set), &sig));
        assert_int_equal(sig.inception, NOW_S - DNS_SIGN_BEFORE_S);
        least = sig.expiration < least ? sig.expiration : least;
        most = sig.expiration > most ? sig.expiration : most;
    }
    dns_cursor_close(&c);
    assert_true(most <= NOW_S + DNS_SIGN_VALIDITY_S);
    assert_true(least >= NOW_S + DNS_SIGN_VALIDITY_S - DNS_SIGN_JITTER_S);
    assert_true(most - least > DNS_SIGN_JITTER_S / 4); /* of 25 and more: by chance once in 10^15 */
    dns_zone_release(z);
}

static void a_zone_too_large_is_not_signed(void **state)
{
    struct dns_signer *s = signer_of("example.", BOTH, &nsec);
    struct dns_zone *plain = zone_of("example.", rfc4035);
    struct dns_sign_job j;
    enum err e;
    size_t limit = 1 << 11;
    do {
        e = dns_sign_begin(&j, s, plain, TEST_SEED, limit);
        while (!e && (e = dns_sign_step(&j, NOW_S, 1000)) == ERR_AGAIN)
            e = OK;
        if (!e && j.phase == DNS_SIGN_DONE)
            break;
        assert_int_equal(e, ERR_FULL);
        dns_sign_end(&j);
        limit += 1 << 11;
    } while (limit < 1 << 20);
    assert_int_equal(e, OK);
    assert_true(limit > 1 << 12);
    dns_sign_end(&j);
    assert_int_equal(dns_sign_begin(&j, s, plain, TEST_SEED, 1 << 20), OK);
    assert_int_equal(dns_sign_step(&j, DNS_SIGN_CLOCK_LEAST_S - 1, 1000), ERR_INVALID);
    dns_sign_end(&j);
    dns_zone_release(plain);
}

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

/* ---- Keys ---- */

static void keys_in_any_order(void **state)
{
    static const char *const texts[] = {BOTH, ZSK_PRIVATE KSK_PRIVATE KSK_PUBLIC ZSK_PUBLIC,
                                        ZSK_PUBLIC KSK_PUBLIC "\n\n" ZSK_PRIVATE "\n" KSK_PRIVATE "\n\n"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct dns_sign_keys keys;
        unsigned line;
        assert_null(dns_sign_keys_parse(bytes_str(texts[i]), &keys, &line));
        assert_int_equal(keys.n, 2);
        for (size_t k = 0; k < keys.n; k++) {
            assert_int_equal(keys.list[k].key.tag, keys.list[k].is_entry ? 25316 : 17957);
            assert_int_equal(keys.list[k].activate_s, DNS_SIGN_CLOCK_LEAST_S);
            assert_true(keys.list[k].delete_s == UINT64_MAX);
        }
        dns_sign_keys_free(&keys);
    }
}

static void what_follows_a_zero_is_a_devices(void **state)
{
    struct dns_sign_keys keys;
    unsigned line;
    static const char device[] = KSK_PUBLIC KSK_PRIVATE "\0\xff\xff what was there before";
    assert_null(dns_sign_keys_parse(bytes_of(device, sizeof device), &keys, &line));
    assert_int_equal(keys.n, 1);
    dns_sign_keys_free(&keys);
}

/* The key, its digest and the signature that the document gives. */
static void rfc6605(void **state)
{
    struct dns_sign_keys keys;
    unsigned line;
    char text[300];
    uint8_t ds[DNSSEC_DS_BYTES], sig[DNSSEC_RRSIG_BYTES];
    struct writer d = writer_of(ds, sizeof ds), t = writer_of(text, sizeof text - 1), g = writer_of(sig, sizeof sig);
    assert_null(dns_sign_keys_parse(bytes_str(RFC6605_PRIVATE RFC6605_PUBLIC), &keys, &line));
    const struct dns_sign_key *key = &keys.list[0];
    assert_int_equal(key->key.tag, 55648);
    assert_true(key->is_entry);
    assert_true(dnssec_ds_make(dns_name_bytes(&key->zone), dnssec_key_rdata(&key->key), DNSSEC_SHA256, &d));
    dns_rdata_write_text(&t, DNS_DS, writer_bytes(&d));
    *t.at = 0;
    assert_string_equal(text, "55648 13 2 B4C8C1FE2E7477127B27115656AD6256F424625BF5C1E2770CE6D6E37DF61D17");
    struct dns_word word[10];
    static const char *const words[] = {"A",
                                        "13",
                                        "3",
                                        "3600",
                                        "20100909100439",
                                        "20100812100439",
                                        "55648",
                                        "example.net.",
                                        "qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXA",
                                        "yGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw=="};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        word[i] = (struct dns_word){.text = bytes_str(words[i])};
    assert_null(dns_rdata_parse(DNS_RRSIG, word, ARRAY_LEN(words), dns_root(), &g));
    struct dns_name www;
    name_of(&www, "www.example.net.");
    struct bytes address = bytes_of("\xc0\x00\x02\x01", 4);
    struct dnssec_set set = {dns_name_bytes(&www), DNS_A, DNS_IN, &address, 1};
    assert_int_equal(dnssec_verify(&set, writer_bytes(&g), dnssec_key_rdata(&key->key), 1283000000), OK);
    dns_sign_keys_free(&keys);
}

static void bad_keys_have_a_line_and_a_reason(void **state)
{
    static const struct {
        const char *text, *why;
        unsigned line;
    } rows[] = {
        {"", "there is no key", 0},
        {KSK_PRIVATE, "a private key without the line of its K*.key", 0},
        {ZSK_PRIVATE KSK_PUBLIC, "a private key without the line of its K*.key", 0},
        {KSK_PUBLIC, "the private key of this DNSKEY is missing", 5},
        {KSK_PUBLIC KSK_PRIVATE ZSK_PUBLIC, "the private key of this DNSKEY is missing", 16},
        {KSK_PRIVATE KSK_PUBLIC KSK_PRIVATE, "a private key without the line of its K*.key", 0},
        {"hello\n", "this is no DNSKEY record and no line of a private key", 1},
        {"; note\n\nexample. IN DNSKEY 257 3 8 AwEAAaW6r9U=\n", "its algorithm is none that signs here", 3},
        {"example. IN DNSKEY 257 3 13 A$\n", "its key is not 64 bytes in base 64", 1},
        {"example. IN DNSKEY 257 3 13 AAAA\n", "its key is not 64 bytes in base 64", 1},
        {"example. IN DNSKEY 65536 3 13 AAAA\n", "its flags or protocol are no numbers", 1},
        {"example. IN DNSKEY 257 x 13 AAAA\n", "its flags or protocol are no numbers", 1},
        {"example IN DNSKEY 257 3 13 AAAA\n", NULL, 1}, /* relative to what? */
        {"Private-key-format: v1.3\nAlgorithm: 8 (RSASHA256)\n", "its algorithm is none that signs here", 1},
        {"Private-key-format: v1.3\nAlgorithm: 15 (ED25519)\nPrivateKey: AAAA\n",
         "its algorithm is none that signs here", 1},
        {"\nPrivate-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\nPrivateKey: AAAA\n", "its number is none", 2},
        {KSK_PUBLIC KSK_PRIVATE "Delete: yesterday\n", "a time of the key is not YYYYMMDDHHMMSS", 6},
        {KSK_PUBLIC KSK_PRIVATE "Delete: 20261301000000\n", "a time of the key is not YYYYMMDDHHMMSS", 6},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct dns_sign_keys keys;
        unsigned line = 99;
        const char *why = dns_sign_keys_parse(bytes_str(rows[i].text), &keys, &line);
        assert_non_null(why);
        if (rows[i].why && !strstr(why, rows[i].why))
            fail_msg("row %zu: %s", i, why);
        assert_int_equal(line, rows[i].line);
        assert_null(keys.list);
    }
}

/* Public ones are found to be too many before any private one is calculated with. */
static void too_many_keys(void **state)
{
    struct dns_sign_keys keys;
    unsigned line;
    struct bytes one = bytes_str("example. IN DNSKEY 256 3 13 "
                                 "C6HrkrXauUU15VzMe+gkBw/Dsh8L3k8ZQuaQQHsW3zQEJnjCR+IQUirwxImBfhcK4RtjCCSnvOSdHdD2/"
                                 "q1vRA==\n");
    size_t size = (DNS_SIGN_ALL_KEYS_MAX + 1) * one.len;
    char *text = malloc(size);
    struct writer w = writer_of(text, size);
    for (int i = 0; i < DNS_SIGN_ALL_KEYS_MAX; i++)
        write_bytes(&w, one);
    const char *why = dns_sign_keys_parse(writer_bytes(&w), &keys, &line);
    assert_string_equal(why, "the private key of this DNSKEY is missing");
    write_bytes(&w, one);
    assert_true(writer_good(&w));
    why = dns_sign_keys_parse(writer_bytes(&w), &keys, &line);
    assert_string_equal(why, "more than 1024 keys");
    assert_int_equal(line, DNS_SIGN_ALL_KEYS_MAX + 1);
    free(text);
}

static const char *refused(const char *text, const char *zone, uint64_t now_s, const struct dns_sign_policy *p)
{
    static struct dns_signer s;
    struct dns_sign_keys keys;
    struct dns_name origin;
    unsigned line;
    name_of(&origin, zone);
    assert_null(dns_sign_keys_parse(bytes_str(text), &keys, &line));
    const char *why = dns_signer_init(&s, p, &keys, dns_name_bytes(&origin), &room, now_s);
    dns_sign_keys_free(&keys);
    return why;
}

static void what_can_not_sign_has_a_reason(void **state)
{
    struct dns_sign_policy p = nsec;
    assert_null(refused(BOTH, "EXAMPLE.", NOW_S, &nsec));
    assert_string_equal(refused(BOTH, "other.", NOW_S, &nsec), "there is no key of this zone");
    assert_null(refused(BOTH, "example.", DNS_SIGN_CLOCK_LEAST_S, &nsec));
    assert_non_null(strstr(refused(BOTH, "example.", DNS_SIGN_CLOCK_LEAST_S - 1, &nsec), "clock is not set"));
    assert_non_null(strstr(refused(BOTH, "example.", 0, &nsec), "clock is not set"));
    p.refresh_s = p.validity_s - p.jitter_s;
    assert_non_null(strstr(refused(BOTH, "example.", NOW_S, &p), "valid for longer"));
    p = nsec3_policy();
    p.iterations = 101;
    assert_non_null(strstr(refused(BOTH, "example.", NOW_S, &p), "iterations"));
    p = nsec;
    p.validity_s = 0;
    assert_non_null(strstr(refused(BOTH, "example.", NOW_S, &p), "1 second to 10 years"));
}

/* The same with other times than dnssec-keygen gave. */
static void times_of_keys(void **state)
{
    static const char *const rows[] = {"Activate: 20380101000000\n", "Publish: 20380101000000\n",
                                       "Inactive: 20260101000000\n", "Delete: 20260101000000\n"};
    static const bool published[] = {true, false, true, false};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[2000];
        sprintf(text,
                ZSK_PUBLIC "Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\n"
                           "PrivateKey: Zo+2ngnKkxbVUyNY+3BZBgoCKBxXGdOrqM53yc8iU5I=\n%s",
                rows[i]);
        assert_non_null(strstr(refused(text, "example.", NOW_S, &nsec), "none of its keys is active"));
        strcat(text, KSK_PUBLIC KSK_PRIVATE); /* that one signs alone then */
        struct dns_signer *s = signer_of("example.", text, &nsec);
        struct dns_zone *z = signed_of(s, "example.", rfc4035);
        assert_true(!strstr(text_of(z, 0), "DNSKEY 256") == !published[i]);
        struct dns_signer alone = *s;
        alone.n_keys = 1;
        alone.key[0] = s->key[s->use[0].entry ? 0 : 1];
        check_signatures(&alone, z, NOW_S);
        dns_zone_release(z);
    }
}

static void too_many_keys_of_a_zone(void **state)
{
    struct dns_sign_key list[DNS_SIGN_KEYS_MAX + 1];
    struct dns_sign_keys keys, many = {DNS_SIGN_KEYS_MAX, list};
    struct dns_signer s;
    unsigned line;
    assert_null(dns_sign_keys_parse(bytes_str(KSK_PUBLIC KSK_PRIVATE), &keys, &line));
    for (size_t i = 0; i < ARRAY_LEN(list); i++)
        list[i] = keys.list[0];
    struct bytes zone = dns_name_bytes(&list[0].zone);
    assert_null(dns_signer_init(&s, &nsec, &many, zone, &room, NOW_S));
    many.n++;
    assert_string_equal(dns_signer_init(&s, &nsec, &many, zone, &room, NOW_S), "more than 8 keys of one zone");
    dns_sign_keys_free(&keys);
    dns_signer_wipe(&s);
    for (size_t i = 0; i < sizeof s.key; i++)
        assert_int_equal(((const uint8_t *)s.key)[i], 0);
}

int main(void)
{
    assert_int_equal(random_init(), OK);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nsec_of_rfc4035),
        cmocka_unit_test(nsec3_of_rfc5155),
        cmocka_unit_test(rfc9276_is_the_default),
        cmocka_unit_test(one_key_signs_all),
        cmocka_unit_test(what_the_parent_should_know),
        cmocka_unit_test(serial_numbers_go_up),
        cmocka_unit_test(foreign_signatures_are_left_out),
        cmocka_unit_test(times_are_spread),
        cmocka_unit_test(a_zone_too_large_is_not_signed),
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
        cmocka_unit_test(keys_in_any_order),
        cmocka_unit_test(what_follows_a_zero_is_a_devices),
        cmocka_unit_test(rfc6605),
        cmocka_unit_test(bad_keys_have_a_line_and_a_reason),
        cmocka_unit_test(what_can_not_sign_has_a_reason),
        cmocka_unit_test(times_of_keys),
        cmocka_unit_test(too_many_keys_of_a_zone),
        cmocka_unit_test(too_many_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
