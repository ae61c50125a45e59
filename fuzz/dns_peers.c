/* SPDX-License-Identifier: ISC */
/* What others send that may change a zone: an update, or the answers to a request for a transfer. The first byte says which; headers
 * are put before the rest so that it gets further than to them. An update is done as a whole or not at all, and its entry leads to
 * the same; of a transfer whatever it was, the zone can be served afterwards, before which nothing of it was touched. */
#include "proto/dns_update.h"
#include "proto/dns_xfr.h"

#include <jinn/must.h>

#include <stdlib.h>

#define NAME "\7example\4test"
#define SOA "\3ns1" NAME "\0\4host" NAME "\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"

enum { ZONE_BYTES = 1 << 20, CHANGES_BYTES = 1 << 18 };

static void add(struct dns_zone *z, const char *name, size_t name_len, uint16_t type, const char *rdata, size_t len)
{
    must(dns_zone_add(z, bytes_of(name, name_len), type, 60, bytes_of(rdata, len)) == OK);
}

#define ADD(name, type, rdata) add(z, name, sizeof(name), type, rdata, sizeof(rdata) - 1)

static struct dns_zone *make(void)
{
    struct dns_zone *z;
    must(dns_zone_new(bytes_of(NAME, sizeof NAME), 1, ZONE_BYTES, &z) == OK);
    ADD(NAME, DNS_SOA, SOA);
    ADD(NAME, DNS_NS, "\3ns1" NAME "\0");
    ADD("\3ns1" NAME, DNS_A, "\300\0\2\1");
    ADD("\1a" NAME, DNS_A, "\300\0\2\1");
    ADD("\1a" NAME, DNS_A, "\300\0\2\2");
    ADD("\1c" NAME, DNS_CNAME, "\1a" NAME "\0");
    return z;
}

static void put_header(struct writer *w, uint16_t flags, const uint16_t n[4])
{
    write_be16(w, 1);
    write_be16(w, flags);
    for (unsigned i = 0; i < 4; i++)
        write_be16(w, n[i]);
}

/* ---- Updates ---- */

static struct dns_entry *made;

static void done(struct dns_update_user *u, struct dns_zone *z, struct dns_entry *e)
{
    made = e;
}

static void check_same(struct dns_zone *a, struct dns_zone *b)
{
    struct dns_zone_stats s[2];
    dns_zone_stats(a, &s[0]);
    dns_zone_stats(b, &s[1]);
    must(s[0].n_records == s[1].n_records && s[0].n_names == s[1].n_names && s[0].n_sets == s[1].n_sets);
    must(dns_zone_serial(a) == dns_zone_serial(b));
}

static void update(struct reader *r)
{
    static uint8_t message[DNS_MESSAGE_BYTES];
    static struct dns_update_room room;
    struct dns_update_user user = {.done = done};
    struct dns_update_counters counters = {0};
    struct dns_zone *z = make(), *before = make();
    struct dns_name where;
    struct writer w = writer_of(message, sizeof message);
    uint16_t n_prerequisites = read_u8(r), n_updates = read_u8(r);
    put_header(&w, DNS_UPDATE << DNS_OPCODE_SHIFT, (const uint16_t[]){1, n_prerequisites, n_updates, 0});
    write_copy(&w, NAME "\0\0\6\0\1", sizeof NAME + 4);
    struct bytes rest = read_rest(r);
    write_bytes(&w, bytes_slice(rest, 0, writer_left(&w)));
    made = NULL;
    unsigned rcode = dns_update(z, writer_bytes(&w), &room, &user, &counters);
    must((made != NULL) == (counters.n_done == 1) && (!made || rcode == DNS_NOERROR));
    if (made) {
        dns_zone_begin(before);
        must(dns_entry_apply(made, before) == OK);
        dns_zone_commit(before);
        must(dns_serial_after(made->to, made->from));
        dns_entry_release(made);
    }
    check_same(z, before);
    must(dns_zone_check(z, &where) == NULL || made);
    dns_zone_release(z);
    dns_zone_release(before);
}

/* ---- Transfers in ---- */

static void each(void *user, struct dns_entry *e)
{
    dns_entry_release(e);
}

static enum err feed(struct dns_xfr_in *x, struct reader *r)
{
    static uint8_t message[DNS_MESSAGE_BYTES];
    struct writer w = writer_of(message, sizeof message);
    uint16_t n_answers = read_u8(r);
    size_t len = read_be16(r);
    put_header(&w, DNS_QR, (const uint16_t[]){0, n_answers, 0, 0});
    write_bytes(&w, read_bytes(r, len < reader_left(r) ? len : reader_left(r)));
    must(!reader_good(r) || writer_good(&w) || len > sizeof message - DNS_HEADER_BYTES);
    return dns_xfr_in_message(x, 0, message, writer_bytes(&w).len);
}

static void transfer(struct reader *r, bool incremental)
{
    struct dns_xfr_in x;
    struct dns_zone *z = make(), *before = make(), *was = z;
    struct dns_xfr_in_options o = {.seed = 1, .zone_limit_bytes = ZONE_BYTES, .changes_limit_bytes = CHANGES_BYTES};
    enum err e = OK;
    struct dns_name where;
    dns_xfr_in_begin(&x, bytes_of(NAME, sizeof NAME), incremental ? z : NULL, 1, &o);
    while (e == OK && reader_left(r) > 3)
        e = feed(&x, r);
    if (e == ERR_END)
        e = dns_xfr_in_finish(&x, &z, each, NULL);
    must(x.why);
    dns_xfr_in_end(&x);
    bool finished = x.state == DNS_XFR_DONE && e == OK;
    if (!finished) {
        must(z == was);
        check_same(z, before);
    }
    must(z == was || !dns_zone_check(z, &where));
    dns_zone_release(z);
    dns_zone_release(before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(bytes_of(data, size));
    if (size < 4)
        return 0;
    unsigned what = read_u8(&r);
    if (what % 3 == 0)
        update(&r);
    else
        transfer(&r, what % 3 == 2);
    return 0;
}
