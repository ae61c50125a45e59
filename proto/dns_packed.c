/* SPDX-License-Identifier: ISC */
#include "proto/dns_packed.h"
#include "wire/dns_rdata.h"

enum { MAGIC = 0x4a5a310a, SAME_NAME = 0xff };

bool dns_packed_begin(struct dns_packed *p, struct bytes file)
{
    p->r = reader_of(file);
    p->name = bytes_of(NULL, 0);
    return read_be32(&p->r) == MAGIC && reader_good(&p->r);
}

void dns_packed_write_begin(struct writer *w)
{
    write_be32(w, MAGIC);
}

static struct bytes read_name(struct dns_packed *p)
{
    struct reader ahead = p->r;
    if (p->name.len && read_u8(&ahead) == SAME_NAME) {
        p->r = ahead;
        return p->name;
    }
    return dns_name_take(&p->r);
}

bool dns_packed_next(struct dns_packed *p, struct dns_packed_record *record)
{
    if (reader_left(&p->r) == 0)
        return false;
    record->name = read_name(p);
    record->type = read_be16(&p->r);
    record->ttl = read_be32(&p->r);
    record->rdata = read_bytes(&p->r, read_be16(&p->r));
    if (!reader_good(&p->r))
        return false;
    if (record->name.len == 0 || !dns_rdata_is_good(record->type, record->rdata)) {
        read_skip(&p->r, reader_left(&p->r) + 1); /* bad from now on */
        return false;
    }
    p->name = record->name;
    return true;
}

bool dns_packed_ended(const struct dns_packed *p)
{
    return reader_good(&p->r) && reader_left(&p->r) == 0;
}

void dns_packed_write(struct writer *w, struct bytes before, const struct dns_packed_record *record)
{
    if (before.len && bytes_equal(before, record->name))
        write_u8(w, SAME_NAME);
    else
        write_bytes(w, record->name);
    write_be16(w, record->type);
    write_be32(w, record->ttl);
    write_be16(w, (uint16_t)record->rdata.len);
    write_bytes(w, record->rdata);
}
