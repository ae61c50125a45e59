/* SPDX-License-Identifier: ISC */
/* TSIG: against what real programs signed, and each way in which a signature can be no good (RFC 8945). */
#include "proto/dns_tsig.h"
#include "test/support/dns_tsig_vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* When the vectors were made. */
#define VECTORS_S UINT64_C(1795262308)
/* AAECAwQF... is what base64 makes of the bytes 0, 1, 2 and so on. */
#define SECRET256 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static struct dns_tsig_keys keys;
static uint8_t buffer[2][70000];

static struct bytes counting(uint8_t n)
{
    static uint8_t b[256];
    for (unsigned i = 0; i < n; i++)
        b[i] = (uint8_t)i;
    return bytes_of(b, n);
}

static struct dns_name name_of(const char *text)
{
    struct dns_name n;
    assert_null(dns_name_parse(bytes_str(text), dns_root(), &n));
    return n;
}

static const char *add_key(const char *name, const char *algorithm, struct bytes secret)
{
    struct dns_name n = name_of(name), a = name_of(algorithm);
    return dns_tsig_keys_add(&keys, dns_name_bytes(&n), dns_name_bytes(&a), secret);
}

static const struct dns_tsig_key *key_named(const char *name)
{
    struct dns_name n = name_of(name);
    return dns_tsig_keys_find(&keys, dns_name_bytes(&n));
}

static int set_up(void **state)
{
    assert_null(add_key("k256", "hmac-sha256", counting(32)));
    assert_null(add_key("k384.example", "HMAC-SHA384", counting(48)));
    assert_null(add_key("k512", "hmac-sha512", counting(100)));
    return 0;
}

static int tear_down(void **state)
{
    dns_tsig_keys_clear(&keys);
    assert_int_equal(keys.n, 0);
    return 0;
}

/* The next message of a TCP stream, copied to where it can be changed. */
static size_t next_message(struct reader *r, uint8_t *to)
{
    struct bytes m = read_bytes(r, read_be16(r));
    assert_true(reader_good(r));
    memcpy(to, m.data, m.len);
    return m.len;
}

static size_t vector(const uint8_t *v, size_t len, uint8_t *to)
{
    struct reader r = reader_of(bytes_of(v, len));
    return next_message(&r, to);
}

static unsigned additional(const uint8_t *m)
{
    return (unsigned)(m[10] << 8 | m[11]);
}

/* ---- What others signed ---- */

/* The request checks as a server would, and the answer as whoever sent that request would. */
static void both_ways(const char *key, struct bytes query, struct bytes answer, unsigned n_answers)
{
    struct dns_tsig t;
    struct dns_tsig_stream s;
    struct dns_tsig_counters c = {0};
    struct reader r = reader_of(answer);
    size_t len = vector(query.data, query.len, buffer[0]), whole = len;
    assert_int_equal(dns_tsig_check(&keys, VECTORS_S, buffer[0], &len, &t, &c), DNS_NOERROR);
    assert_true(t.present && t.key == key_named(key));
    assert_int_equal(c.n_good, 1);
    assert_true(len < whole);
    assert_int_equal(additional(buffer[0]), 0);
    t.first = true;
    assert_int_equal(dns_tsig_stream_begin(&s, &t), OK);
    unsigned n = 0;
    for (; reader_left(&r); n++) {
        len = next_message(&r, buffer[1]);
        assert_int_equal(dns_tsig_stream_next(&s, VECTORS_S, buffer[1], &len), OK);
    }
    assert_int_equal(n, n_answers);
    assert_int_equal(dns_tsig_stream_end(&s), OK);
}

#define VECTOR(name) bytes_of(name, sizeof name)

static void what_others_signed(void **state)
{
    both_ways("k256", VECTOR(bind256_query), VECTOR(bind256_answer), 3);
    both_ways("K512", VECTOR(nsd512_query), VECTOR(nsd512_answer), 1);
    both_ways("K384.example", VECTOR(nsd384_query), VECTOR(nsd384_answer), 1);
    both_ways("k256", VECTOR(upd_query), VECTOR(upd_answer), 1);
}

/* We compose the very bytes that they did: of the request, of an answer, and of the later messages of a stream. */
static void the_same_bytes(struct bytes query, struct bytes answer)
{
    struct dns_tsig t, ours;
    struct reader r = reader_of(answer);
    size_t len = vector(query.data, query.len, buffer[0]);
    uint64_t then_s = VECTORS_S;
    assert_int_equal(dns_tsig_check(&keys, then_s, buffer[0], &len, &t, NULL), DNS_NOERROR);
    then_s = t.time_s;
    dns_tsig_begin(&ours, t.key);
    ours.name = t.name;
    assert_int_equal(len + dns_tsig_room(&ours), query.len - 2);
    assert_int_equal(dns_tsig_request(&ours, then_s, buffer[0], &len, sizeof buffer[0]), OK);
    assert_int_equal(len, query.len - 2);
    assert_memory_equal(buffer[0], query.data + 2, len);
    while (reader_left(&r)) {
        size_t whole = next_message(&r, buffer[0]);
        len = whole - dns_tsig_room(&t);
        memcpy(buffer[1], buffer[0], whole);
        buffer[1][11]--;
        assert_int_equal(dns_tsig_answer(&t, then_s, buffer[1], &len, whole), OK);
        assert_int_equal(len, whole);
        assert_memory_equal(buffer[1], buffer[0], whole);
    }
}

static void we_sign_the_same_bytes(void **state)
{
    the_same_bytes(VECTOR(bind256_query), VECTOR(bind256_answer));
    the_same_bytes(VECTOR(upd_query), VECTOR(upd_answer));
}

/* What BIND says to a wrong secret and to a key that it lacks: so do we, byte for byte. */
static void refused_as_bind_does(struct bytes query, struct bytes answer, unsigned error)
{
    struct dns_tsig t;
    struct dns_tsig_counters c = {0};
    size_t len = vector(query.data, query.len, buffer[0]);
    assert_int_equal(dns_tsig_check(&keys, VECTORS_S, buffer[0], &len, &t, &c), DNS_NOTAUTH);
    assert_true(t.present && !t.key && t.error == error);
    assert_int_equal(error == DNS_BADSIG ? c.n_badsig : c.n_badkey, 1);
    size_t whole = vector(answer.data, answer.len, buffer[1]);
    len = whole - dns_tsig_room(&t);
    memcpy(buffer[0], buffer[1], len);
    buffer[0][11]--;
    struct reader r = reader_of(bytes_of(buffer[1] + whole - 16, 6)); /* when BIND answered */
    uint64_t then_s = (uint64_t)read_be16(&r) << 32;
    then_s |= read_be32(&r);
    assert_int_equal(dns_tsig_answer(&t, then_s, buffer[0], &len, sizeof buffer[0]), OK);
    assert_int_equal(len, whole);
    assert_memory_equal(buffer[0], buffer[1], whole);
}

static void bad_keys_and_secrets(void **state)
{
    refused_as_bind_does(VECTOR(bad1_query), VECTOR(bad1_answer), DNS_BADSIG);
    refused_as_bind_does(VECTOR(bad2_query), VECTOR(bad2_answer), DNS_BADKEY);
}

/* And a client understands them. */
static void a_client_is_told(void **state)
{
    struct dns_tsig t;
    struct dns_tsig_stream s;
    dns_tsig_begin(&t, key_named("k256"));
    size_t len = vector(bad1_query, sizeof bad1_query, buffer[0]) - dns_tsig_room(&t);
    buffer[0][11]--;
    assert_int_equal(dns_tsig_request(&t, VECTORS_S, buffer[0], &len, sizeof buffer[0]), OK);
    assert_int_equal(dns_tsig_stream_begin(&s, &t), OK);
    len = vector(bad1_answer, sizeof bad1_answer, buffer[0]);
    assert_int_equal(dns_tsig_stream_next(&s, VECTORS_S, buffer[0], &len), ERR_REFUSED);
    assert_int_equal(t.error, DNS_BADSIG);
    assert_int_equal(dns_tsig_stream_end(&s), ERR_INVALID);
}

/* ---- Our own, spoilt ---- */

#define NOW_S UINT64_C(1700000000)

/* A query for "example. SOA" in a buffer; its length. */
static size_t query(uint8_t *to)
{
    struct dns_writer d;
    struct dns_name n = name_of("example");
    dns_write_begin(&d, to, 512);
    assert_true(dns_write_question(&d, dns_name_bytes(&n), DNS_SOA, DNS_IN));
    return dns_write_end(&d, 0x1234, 0).len;
}

static size_t signed_query(uint8_t *to, struct dns_tsig *t)
{
    size_t len = query(to);
    dns_tsig_begin(t, key_named("k256"));
    assert_int_equal(dns_tsig_request(t, NOW_S, to, &len, sizeof buffer[0]), OK);
    return len;
}

static unsigned check(uint64_t now_s, size_t len, struct dns_tsig *t)
{
    return dns_tsig_check(&keys, now_s, buffer[0], &len, t, NULL);
}

static void each_bit_counts(void **state)
{
    struct dns_tsig t;
    size_t len = signed_query(buffer[1], &t);
    memcpy(buffer[0], buffer[1], len);
    assert_int_equal(check(NOW_S, len, &t), DNS_NOERROR);
    for (size_t bit = 0; bit < len * 8; bit++) {
        memcpy(buffer[0], buffer[1], len);
        buffer[0][bit / 8] ^= (uint8_t)(1 << bit % 8);
        unsigned rcode = check(NOW_S, len, &t);
        if (rcode != DNS_NOERROR || !t.present)
            continue;
        bool id = bit < 16; /* not the header's but the original ID is signed: forwarders change it */
        bool letter = bit % 8 == 5 && (buffer[0][bit / 8] | 0x20) >= 'a'; /* of the key's or the algorithm's name */
        assert_true(id || (letter && bit / 8 > 25));
    }
}

static void no_length_is_read_beyond(void **state)
{
    struct dns_tsig t;
    size_t len = signed_query(buffer[1], &t);
    for (size_t n = 0; n < len; n++) {
        uint8_t *exact = malloc(n ? n : 1);
        size_t now = n;
        memcpy(exact, buffer[1], n);
        assert_int_equal(dns_tsig_check(&keys, NOW_S, exact, &now, &t, NULL), DNS_FORMERR);
        assert_false(t.present);
        free(exact);
    }
}

static void the_window_of_time(void **state)
{
    struct dns_tsig t, asked;
    size_t len = signed_query(buffer[1], &asked);
    const struct {
        int64_t off_s;
        unsigned rcode;
    } row[] = {{0, DNS_NOERROR}, {300, DNS_NOERROR}, {301, DNS_NOTAUTH}, {-300, DNS_NOERROR}, {-301, DNS_NOTAUTH}};
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        memcpy(buffer[0], buffer[1], len);
        assert_int_equal(check(NOW_S + (uint64_t)row[i].off_s, len, &t), row[i].rcode);
        assert_int_equal(t.error, row[i].rcode ? DNS_BADTIME : 0);
    }
}

/* Its answer is signed, repeats the request's time, and says ours. */
static void bad_time_is_answered_signed(void **state)
{
    struct dns_tsig t, asked;
    struct dns_tsig_stream s;
    struct dns_tsig_counters c = {0};
    size_t len = signed_query(buffer[0], &asked);
    assert_int_equal(dns_tsig_check(&keys, NOW_S + 1000, buffer[0], &len, &t, &c), DNS_NOTAUTH);
    assert_int_equal(c.n_badtime, 1);
    buffer[0][2] |= 0x80;
    size_t room = dns_tsig_room(&t), before = len;
    assert_int_equal(dns_tsig_answer(&t, NOW_S + 1000, buffer[0], &len, len + room), OK);
    assert_int_equal(len, before + room);
    struct reader r = reader_of(bytes_of(buffer[0] + len - 6, 6));
    assert_int_equal((uint64_t)read_be16(&r) << 32 | read_be32(&r), NOW_S + 1000);
    assert_int_equal(dns_tsig_stream_begin(&s, &asked), OK);
    assert_int_equal(dns_tsig_stream_next(&s, NOW_S, buffer[0], &len), ERR_REFUSED);
    assert_int_equal(asked.error, DNS_BADTIME);
    assert_int_equal(dns_tsig_stream_end(&s), ERR_INVALID);
}

/* Cuts the MAC, which stands before 6 bytes at the end, and mends both lengths. */
static size_t cut_mac(size_t len, unsigned to)
{
    uint8_t *mac = buffer[0] + len - 6 - 32;
    memmove(mac + to, mac + 32, 6);
    mac[-1] = (uint8_t)to;
    uint8_t *data_len = mac - 2 - 8 - 13 - 2;
    data_len[1] = (uint8_t)(data_len[1] - 32 + to);
    return len - 32 + to;
}

static void macs_cut_short(void **state)
{
    struct dns_tsig t, asked;
    struct dns_tsig_stream s;
    size_t len = cut_mac(signed_query(buffer[0], &asked), 16);
    assert_int_equal(check(NOW_S, len, &t), DNS_NOTAUTH);
    assert_int_equal(t.error, DNS_BADTRUNC);
    assert_true(!t.key && t.answer_key == key_named("k256")); /* answered signed */
    len = cut_mac(signed_query(buffer[0], &asked), 15);
    assert_int_equal(check(NOW_S, len, &t), DNS_FORMERR);
    len = cut_mac(signed_query(buffer[0], &asked), 0);
    assert_int_equal(check(NOW_S, len, &t), DNS_FORMERR);
    assert_false(t.present);
    /* and of an answer to us */
    len = signed_query(buffer[0], &asked);
    assert_int_equal(dns_tsig_check(&keys, NOW_S, buffer[0], &len, &t, NULL), DNS_NOERROR);
    assert_int_equal(dns_tsig_answer(&t, NOW_S, buffer[0], &len, sizeof buffer[0]), OK);
    len = cut_mac(len, 16);
    assert_int_equal(dns_tsig_stream_begin(&s, &asked), OK);
    assert_int_equal(dns_tsig_stream_next(&s, NOW_S, buffer[0], &len), ERR_INVALID);
    assert_int_equal(dns_tsig_stream_end(&s), ERR_INVALID);
}

static void only_as_the_last_record(void **state)
{
    struct dns_tsig t;
    struct dns_tsig_counters c = {0};
    size_t len = signed_query(buffer[0], &t), one = len;
    buffer[0][len] = 0; /* bytes behind it */
    len++;
    assert_int_equal(dns_tsig_check(&keys, NOW_S, buffer[0], &len, &t, &c), DNS_FORMERR);
    len = one;
    dns_tsig_begin(&t, key_named("k256")); /* two of them */
    assert_int_equal(dns_tsig_request(&t, NOW_S, buffer[0], &len, sizeof buffer[0]), OK);
    assert_int_equal(dns_tsig_check(&keys, NOW_S, buffer[0], &len, &t, &c), DNS_FORMERR);
    len = signed_query(buffer[0], &t); /* in the authority section */
    buffer[0][9] = 1;
    buffer[0][11] = 0;
    assert_int_equal(dns_tsig_check(&keys, NOW_S, buffer[0], &len, &t, &c), DNS_FORMERR);
    assert_int_equal(c.n_malformed, 3);
    len = query(buffer[0]); /* none at all is fine */
    assert_int_equal(dns_tsig_check(&keys, NOW_S, buffer[0], &len, &t, &c), DNS_NOERROR);
    assert_false(t.present);
    assert_int_equal(dns_tsig_room(&t), 0);
}

static void another_algorithm_is_another_key(void **state)
{
    struct dns_tsig t;
    struct dns_tsig_key wrong = *key_named("k512");
    wrong.name = name_of("k256");
    dns_tsig_begin(&t, &wrong);
    size_t len = query(buffer[0]);
    assert_int_equal(dns_tsig_request(&t, NOW_S, buffer[0], &len, sizeof buffer[0]), OK);
    assert_int_equal(check(NOW_S, len, &t), DNS_NOTAUTH);
    assert_int_equal(t.error, DNS_BADKEY);
}

static void a_forwarder_changes_the_id(void **state)
{
    struct dns_tsig t;
    size_t len = signed_query(buffer[0], &t);
    buffer[0][0] ^= 0xff;
    assert_int_equal(check(NOW_S, len, &t), DNS_NOERROR);
}

static void no_room(void **state)
{
    struct dns_tsig t;
    size_t len = query(buffer[0]), before = len;
    dns_tsig_begin(&t, key_named("k256"));
    assert_int_equal(dns_tsig_request(&t, NOW_S, buffer[0], &len, len + dns_tsig_room(&t) - 1), ERR_TOO_LARGE);
    assert_int_equal(dns_tsig_answer(&t, NOW_S, buffer[0], &len, len + dns_tsig_room(&t) - 1), ERR_TOO_LARGE);
    assert_int_equal(len, before);
    assert_int_equal(additional(buffer[0]), 0);
}

/* ---- Streams ---- */

struct stream {
    struct dns_tsig client, server;
    struct dns_tsig_stream check;
    void *hmac;
};

static void stream_open(struct stream *s)
{
    size_t len = signed_query(buffer[0], &s->client);
    assert_int_equal(dns_tsig_check(&keys, NOW_S, buffer[0], &len, &s->server, NULL), DNS_NOERROR);
    assert_int_equal(dns_tsig_stream_begin(&s->check, &s->client), OK);
}

static enum err stream_message(struct stream *s, bool is_signed)
{
    size_t len = query(buffer[0]);
    if (is_signed)
        assert_int_equal(dns_tsig_answer(&s->server, NOW_S, buffer[0], &len, sizeof buffer[0]), OK);
    return dns_tsig_stream_next(&s->check, NOW_S, buffer[0], &len);
}

static void streams_are_chained(void **state)
{
    struct stream s;
    stream_open(&s);
    for (int i = 0; i < 5; i++)
        assert_int_equal(stream_message(&s, true), OK);
    assert_int_equal(dns_tsig_stream_end(&s.check), OK);
    /* one that is left out breaks it */
    stream_open(&s);
    assert_int_equal(stream_message(&s, true), OK);
    size_t len = query(buffer[0]);
    assert_int_equal(dns_tsig_answer(&s.server, NOW_S, buffer[0], &len, sizeof buffer[0]), OK);
    assert_int_equal(stream_message(&s, true), ERR_INVALID);
    assert_int_equal(dns_tsig_stream_end(&s.check), ERR_INVALID);
}

static void the_first_and_the_last_are_signed(void **state)
{
    struct stream s;
    stream_open(&s);
    assert_int_equal(stream_message(&s, false), ERR_INVALID);
    assert_int_equal(dns_tsig_stream_end(&s.check), ERR_INVALID);
    stream_open(&s);
    assert_int_equal(stream_message(&s, true), OK);
    assert_int_equal(stream_message(&s, false), OK);
    assert_int_equal(dns_tsig_stream_end(&s.check), ERR_INVALID);
}

static void ninety_nine_may_be_unsigned(void **state)
{
    struct stream s;
    stream_open(&s);
    assert_int_equal(stream_message(&s, true), OK);
    for (int i = 0; i < DNS_TSIG_UNSIGNED_MAX; i++)
        assert_int_equal(stream_message(&s, false), OK);
    assert_int_equal(stream_message(&s, false), ERR_INVALID);
    assert_int_equal(dns_tsig_stream_end(&s.check), ERR_INVALID);
}

/* Unsigned messages are under the next signature: a signer that didn't know of them is not believed. (NSD's streams, which leave
 * some unsigned, are checked in test/e2e/dns_peers.py.) */
static void unsigned_ones_are_under_the_next_signature(void **state)
{
    struct stream s;
    stream_open(&s);
    assert_int_equal(stream_message(&s, true), OK);
    assert_int_equal(stream_message(&s, false), OK);
    assert_int_equal(stream_message(&s, true), ERR_INVALID);
    assert_int_equal(dns_tsig_stream_end(&s.check), ERR_INVALID);
}

/* ---- Texts of keys ---- */

static const char *parse(struct dns_tsig_keys *k, const char *text, unsigned *line)
{
    memset(k, 0, sizeof *k);
    return dns_tsig_keys_parse(k, bytes_str(text), line);
}

static void forms_of_keys(void **state)
{
    static const char *const text[] = {
        "k256 hmac-sha256 " SECRET256 "\n",
        "# of BIND\nkey \"k256.\" {\n  algorithm hmac-sha256; // a note\n  secret \"" SECRET256 "\";\n};\n",
        "key k256 { secret " SECRET256 "; algorithm HMAC-SHA256.; };",
        "# hmac-sha256:k256:" SECRET256 "\nkey:\n  - id: k256\n    algorithm: hmac-sha256\n    secret: " SECRET256 "\n",
    };
    struct dns_tsig_keys k;
    unsigned line = 0;
    struct dns_name n = name_of("K256");
    for (size_t i = 0; i < ARRAY_LEN(text); i++) {
        const char *why = parse(&k, text[i], &line);
        assert_null(why);
        assert_int_equal(k.n, 1);
        const struct dns_tsig_key *key = dns_tsig_keys_find(&k, dns_name_bytes(&n));
        assert_non_null(key);
        assert_int_equal(key->secret_len, 32);
        assert_memory_equal(key->secret, counting(32).data, 32);
        dns_tsig_keys_clear(&k);
    }
}

static void several_keys(void **state)
{
    struct dns_tsig_keys k;
    unsigned line = 0;
    assert_null(parse(
        &k,
        "key a { algorithm hmac-sha256; secret \"AQ==\"; };\nb hmac-sha384 AQI=\nkey:\n - id: c\n   secret: AQID\n"
        "   algorithm: hmac-sha512\n - id: d.e\n   algorithm: hmac-sha256\n   secret: AQIDBA==\n",
        &line));
    assert_int_equal(k.n, 4);
    for (size_t i = 0; i < k.n; i++) {
        assert_int_equal(k.key[i].secret_len, i + 1);
        assert_memory_equal(k.key[i].secret, counting(5).data + 1, i + 1);
    }
    dns_tsig_keys_clear(&k);
}

static void bad_texts_of_keys(void **state)
{
    static const struct {
        const char *text;
        const char *why;
        unsigned line;
    } row[] = {
        {"\n\nk256 hmac-sha256", "a name without an algorithm and a secret", 3},
        {"k256", "a name without an algorithm and a secret", 1},
        {"key k256 { algorithm hmac-sha256; };", "a key of which something is missing", 1},
        {"k hmac-md5.sig-alg.reg.int AAAA",
         "an algorithm that is not known here (hmac-sha1, -sha256, -sha384 and -sha512 are)", 1},
        {"k hmac-sha224 AAAA", "an algorithm that is not known here (hmac-sha1, -sha256, -sha384 and -sha512 are)", 1},
        {"a hmac-sha256 AAAA\na hmac-sha256 AAAA", "a key of this name is there already", 2},
        {"k hmac-sha256 AAA", "a secret that is not base64, or of more than 128 bytes", 1},
        {"k hmac-sha256 A=AA", "a secret that is not base64, or of more than 128 bytes", 1},
        {"k hmac-sha256 ====", "a secret that is not base64, or of more than 128 bytes", 1},
        {"k hmac-sha256 AA*A", "a secret that is not base64, or of more than 128 bytes", 1},
        {"a..b hmac-sha256 AAAA", "a key's name that is no name", 1},
        {"key k { algorithm hmac-sha256; algorithm hmac-sha256;", "the same thing twice", 1},
        {"key k { algorithm hmac-sha256;\n secrets \"AAAA\"; };",
         "a word that is neither algorithm nor secret of the key begun before", 2},
        {"key k { algorithm hmac-sha256; secret", "nothing after the last word", 1},
    };
    struct dns_tsig_keys k;
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        unsigned line = 0;
        const char *why = parse(&k, row[i].text, &line);
        assert_non_null(why);
        assert_string_equal(why, row[i].why);
        assert_int_equal(line, row[i].line);
        dns_tsig_keys_clear(&k);
    }
}

static void limits_of_keys(void **state)
{
    struct dns_tsig_keys k = {0};
    struct dns_name a = name_of("hmac-sha256");
    char text[8];
    for (unsigned i = 0; i <= DNS_TSIG_KEYS_MAX; i++) {
        struct writer w = writer_of(text, sizeof text);
        write_format(&w, "k%u", i);
        write_u8(&w, 0);
        struct dns_name n = name_of(text);
        const char *why = dns_tsig_keys_add(&k, dns_name_bytes(&n), dns_name_bytes(&a), counting(128));
        if (i < DNS_TSIG_KEYS_MAX)
            assert_null(why);
        else
            assert_string_equal(why, "more than 32 keys");
    }
    dns_tsig_keys_clear(&k);
    struct dns_name n = name_of("long");
    assert_non_null(dns_tsig_keys_add(&k, dns_name_bytes(&n), dns_name_bytes(&a), counting(129)));
    assert_non_null(dns_tsig_keys_add(&k, dns_name_bytes(&n), dns_name_bytes(&a), counting(0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_others_signed),
        cmocka_unit_test(we_sign_the_same_bytes),
        cmocka_unit_test(bad_keys_and_secrets),
        cmocka_unit_test(a_client_is_told),
        cmocka_unit_test(each_bit_counts),
        cmocka_unit_test(no_length_is_read_beyond),
        cmocka_unit_test(the_window_of_time),
        cmocka_unit_test(bad_time_is_answered_signed),
        cmocka_unit_test(macs_cut_short),
        cmocka_unit_test(only_as_the_last_record),
        cmocka_unit_test(another_algorithm_is_another_key),
        cmocka_unit_test(a_forwarder_changes_the_id),
        cmocka_unit_test(no_room),
        cmocka_unit_test(streams_are_chained),
        cmocka_unit_test(the_first_and_the_last_are_signed),
        cmocka_unit_test(ninety_nine_may_be_unsigned),
        cmocka_unit_test(unsigned_ones_are_under_the_next_signature),
        cmocka_unit_test(forms_of_keys),
        cmocka_unit_test(several_keys),
        cmocka_unit_test(bad_texts_of_keys),
        cmocka_unit_test(limits_of_keys),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
