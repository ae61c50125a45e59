/* SPDX-License-Identifier: ISC */
/* The records of a set, one behind the other as they are sent:
 *
 *   2 0xc00c   2 type   2 class   4 TTL   2 length   data */
#include "proto/dns_store.h"
#include "wire/dns_rdata.h"

#include <jinn/must.h>

enum { TTL_AT = 6 };

static uint16_t record_data_len(const uint8_t *record)
{
    return (uint16_t)(record[10] << 8 | record[11]);
}

bool dns_set_record(const struct dns_set *s, size_t *at, struct bytes *rdata)
{
    if (*at >= s->len)
        return false;
    const uint8_t *record = s->records + *at;
    *rdata = bytes_of(record + DNS_SET_HEAD, record_data_len(record));
    *at += DNS_SET_HEAD + rdata->len;
    return true;
}

struct bytes dns_set_first(const struct dns_set *s)
{
    return bytes_of(s->records + DNS_SET_HEAD, record_data_len(s->records));
}

const struct dns_set *dns_set_next(const struct dns_set *s)
{
    return dns_set_alive(s->next) ? s->next : NULL;
}

const struct dns_set *dns_node_set(const struct dns_node *n, uint16_t type, uint16_t covered)
{
    uint32_t key = (uint32_t)type << 16 | covered;
    for (const struct dns_set *s = n->sets; dns_set_alive(s); s = s->next) {
        if (dns_set_key(s) >= key)
            return dns_set_key(s) == key ? s : NULL;
    }
    return NULL;
}

struct dns_set *dns_set_make(struct dns_zone *z, uint16_t type, uint16_t covered, uint32_t ttl, size_t len)
{
    size_t room = offsetof(struct dns_set, records) + len;
    struct dns_set *s = dns_arena_take(z, &room);
    if (s)
        *s = (struct dns_set){
            .died = SET_ALIVE, .ttl = ttl, .type = type, .covered = covered, .room = (uint16_t)(room / 8)};
    return s;
}

void dns_set_free(struct dns_zone *z, struct dns_set *s)
{
    dns_arena_give(z, s, s->room * (size_t)8);
}

/* The living first, by type; the dead behind them. */
void dns_set_link(struct dns_node *n, struct dns_set *s)
{
    struct dns_set **at = &n->sets;
    if (dns_set_alive(s)) {
        while (dns_set_alive(*at) && dns_set_key(*at) < dns_set_key(s))
            at = &(*at)->next;
    } else {
        while (dns_set_alive(*at))
            at = &(*at)->next;
    }
    s->next = *at;
    *at = s;
}

void dns_set_unlink(struct dns_node *n, struct dns_set *s)
{
    struct dns_set **at = &n->sets;
    while (*at != s) {
        must(*at);
        at = &(*at)->next;
    }
    *at = s->next;
}

void dns_set_append(struct dns_set *s, struct bytes rdata)
{
    struct writer w = writer_of(s->records + s->len, s->room * (size_t)8 - offsetof(struct dns_set, records) - s->len);
    write_be16(&w, DNS_SET_OWNER);
    write_be16(&w, s->type);
    write_be16(&w, DNS_IN);
    write_be32(&w, s->ttl);
    write_be16(&w, (uint16_t)rdata.len);
    write_bytes(&w, rdata);
    must(writer_good(&w));
    s->len = (uint16_t)(s->len + writer_len(&w));
    s->n++;
}

bool dns_set_has_room(struct dns_zone *z, struct dns_set *s, size_t more)
{
    size_t room = s->room * (size_t)8, needed = offsetof(struct dns_set, records) + s->len + more;
    if (needed <= room)
        return true;
    size_t extend = (needed - room + 7) / 8 * 8;
    if (!dns_arena_extend(z, s, room, extend))
        return false;
    s->room = (uint16_t)((room + extend) / 8);
    return true;
}

long dns_set_where(const struct dns_set *s, struct bytes rdata)
{
    struct bytes r;
    size_t at = 0, from = 0;
    for (; dns_set_record(s, &at, &r); from = at) {
        if (r.len == rdata.len && (bytes_equal(r, rdata) || dns_rdata_compare(s->type, r, rdata) == 0))
            return (long)from;
    }
    return -1;
}

void dns_set_cut(struct dns_set *s, size_t at)
{
    size_t len = DNS_SET_HEAD + record_data_len(s->records + at);
    memmove(s->records + at, s->records + at + len, s->len - at - len);
    s->len = (uint16_t)(s->len - len);
    s->n--;
}

void dns_set_retime(struct dns_set *s, uint32_t ttl)
{
    struct bytes rdata;
    size_t at = 0;
    s->ttl = ttl;
    for (size_t from = 0; dns_set_record(s, &at, &rdata); from = at) {
        struct writer w = writer_of(s->records + from + TTL_AT, 4);
        write_be32(&w, ttl);
    }
}
