/* SPDX-License-Identifier: ISC */
#include "updater.h"

#include "wire/dns_rdata.h"

#include <jinn/format.h>
#include <jinn/must.h>

#define NAMES 12
#define LONG_TEXTS 40

static struct dns_update_user nobody;

static void put(struct dns_writer *d, const struct story *s, enum dns_section section, const char *name, uint16_t type,
                uint16_t class_, uint32_t ttl, struct bytes rdata)
{
    struct dns_name n;
    must(!dns_name_parse(bytes_str(name), dns_name_bytes(&s->origin), &n));
    must(dns_write_record(d, section, dns_name_bytes(&n), type, class_, ttl, rdata));
}

static void put_text(struct dns_writer *d, const struct story *s, enum dns_section section, const char *name,
                     uint16_t class_, uint32_t ttl, const char *text)
{
    uint8_t rdata[256];
    struct writer w = writer_of(rdata, sizeof rdata);
    struct bytes t = bytes_str(text);
    write_u8(&w, (uint8_t)t.len);
    write_bytes(&w, t);
    must(writer_good(&w));
    put(d, s, section, name, DNS_TXT, class_, ttl, writer_bytes(&w));
}

bool story_is_long(unsigned i)
{
    return i % 7 == 3;
}

static void put_long(struct dns_writer *d, const struct story *s, unsigned i)
{
    for (unsigned n = 0; n < LONG_TEXTS; n++) {
        char text[160];
        (void)format(text, sizeof text,
                     "a-long-text-%u-%u-....................................................................."
                     "...........................",
                     i, n);
        put_text(d, s, DNS_AUTHORITY, "long", DNS_IN, 60, text);
    }
}

/* Adds and removes, changes TTLs alone, and takes away what it added. */
static void put_changes(struct dns_writer *d, const struct story *s, unsigned i)
{
    char name[16], text[32];
    uint32_t x = (i * STORIES + s->index + 1) * 2654435761u;
    const uint8_t address[4] = {10, 0, (uint8_t)i, (uint8_t)x};
    (void)format(name, sizeof name, "n%u", (x >> 8) % NAMES);
    (void)format(text, sizeof text, "text-%u", i);
    if ((x >> 3) % 4 == 0)
        put(d, s, DNS_AUTHORITY, name, DNS_ANY, DNS_ANY_CLASS, 0, (struct bytes){0});
    put_text(d, s, DNS_AUTHORITY, name, DNS_IN, 60 + i % 3, text);
    put(d, s, DNS_AUTHORITY, name, DNS_A, DNS_IN, 300, bytes_of(address, sizeof address));
    (void)format(name, sizeof name, "n%u", ((x >> 8) + 1 + (x >> 16) % (NAMES - 1)) % NAMES); /* another one */
    put(d, s, DNS_AUTHORITY, name, DNS_TXT, DNS_ANY_CLASS, 0, (struct bytes){0});
    if (story_is_long(i))
        put_long(d, s, i);
    if (i % 7 == 5)
        put(d, s, DNS_AUTHORITY, "long", DNS_TXT, DNS_ANY_CLASS, 0, (struct bytes){0});
}

struct bytes story_update(const struct story *s, unsigned i, uint16_t id, uint8_t *buffer, size_t size)
{
    struct dns_writer d;
    char before[16], after[16];
    (void)format(before, sizeof before, "%u", i);
    (void)format(after, sizeof after, "%u", i + 1);
    dns_write_begin(&d, buffer, size);
    must(dns_write_question(&d, dns_name_bytes(&s->origin), DNS_SOA, DNS_IN));
    put_text(&d, s, DNS_ANSWER, "state", DNS_IN, 0, before); /* only then */
    put_text(&d, s, DNS_AUTHORITY, "state", DNS_NONE, 0, before);
    put_text(&d, s, DNS_AUTHORITY, "state", DNS_IN, 300, after);
    put_changes(&d, s, i);
    return dns_write_end(&d, id, DNS_UPDATE << DNS_OPCODE_SHIFT);
}

/* ---- Zones ---- */

static struct dns_zone *copy_of(struct dns_zone *z)
{
    struct dns_zone *copy;
    struct dns_cursor c;
    struct bytes name, rdata;
    const struct dns_set *set;
    must(dns_zone_new(dns_zone_origin(z), 1, SIZE_MAX, &copy) == OK);
    dns_cursor_open(&c, z, dns_zone_origin(z));
    while (dns_cursor_next(&c, &name, &set)) {
        for (size_t at = 0; dns_set_record(set, &at, &rdata);)
            must(dns_zone_add(copy, name, set->type, set->ttl, rdata) == OK);
    }
    dns_cursor_close(&c);
    return copy;
}

static bool has(const struct dns_set *set, struct bytes wanted)
{
    struct bytes rdata;
    for (size_t at = 0; dns_set_record(set, &at, &rdata);) {
        if (dns_rdata_compare(set->type, rdata, wanted) == 0)
            return true;
    }
    return false;
}

static bool same_set(const struct dns_set *a, const struct dns_set *b)
{
    struct bytes rdata;
    bool same = b && a->ttl == b->ttl && a->n == b->n;
    for (size_t at = 0; same && dns_set_record(a, &at, &rdata);)
        same = has(b, rdata);
    return same;
}

static bool same_zone(struct dns_zone *a, struct dns_zone *b)
{
    struct dns_zone_stats of[2];
    struct dns_cursor c;
    struct bytes name;
    const struct dns_set *set;
    dns_zone_stats(a, &of[0]);
    dns_zone_stats(b, &of[1]);
    bool same = of[0].n_records == of[1].n_records;
    dns_cursor_open(&c, a, dns_zone_origin(a));
    while (same && dns_cursor_next(&c, &name, &set))
        same = same_set(set, dns_zone_find(b, name, set->type));
    dns_cursor_close(&c);
    return same;
}

void story_begin(struct story *s, struct dns_zone *first)
{
    s->first_serial = dns_zone_serial(first);
    s->model = copy_of(first);
    s->followed = copy_of(first);
    s->copy = copy_of(first);
}

/* A zone of this story after `*at` updates becomes one after `to`. */
static void go_on(struct story *s, struct dns_zone *z, unsigned *at, unsigned to)
{
    static uint8_t buffer[DNS_MESSAGE_BYTES];
    struct dns_update_counters n = {0};
    for (; *at < to; ++*at) {
        struct bytes message = story_update(s, *at, 0, buffer, sizeof buffer);
        must(dns_update(z, message, &s->room, &nobody, &n) == DNS_NOERROR);
    }
}

/* How many updates led to this version: a serial number is never 0. */
static unsigned updates_of(const struct story *s, const struct dns_zone *z)
{
    uint32_t serial = dns_zone_serial(z);
    return serial - s->first_serial - (serial < s->first_serial);
}

const char *story_seen(struct story *s, struct dns_zone *z)
{
    unsigned n = updates_of(s, z);
    if ((int)n < (int)s->n_model)
        return "its serial number went back";
    if (n < s->n_known)
        return "an update that was answered is gone";
    if (n > s->n_sent)
        return "there are more updates than were sent";
    go_on(s, s->model, &s->n_model, n);
    s->n_known = n;
    return same_zone(s->model, z) ? NULL : "a part of an update is there";
}

const char *story_followed(struct story *s, struct dns_zone *z)
{
    unsigned n = updates_of(s, z);
    if ((int)n < (int)s->n_followed)
        return "the secondary's serial number went back";
    if (n > s->n_sent)
        return "the secondary has more updates than were sent";
    go_on(s, s->followed, &s->n_followed, n);
    if (n > s->n_known)
        s->n_known = n; /* the server has told of it, so it must not forget it */
    return same_zone(s->followed, z) ? NULL : "the secondary has a mixture of two versions";
}
