/* SPDX-License-Identifier: ISC */
/*   0  1 type                       8  1 of queries of version 3: flags, robustness in 3 bits
 *   1  1 time to answer in          9  1 the querier's interval
 *   2  2 checksum of the message   10  2 number of sources
 *   4  4 group                     12    sources
 *
 *   A report of version 3: 4  2 nothing, 6  2 number of records, 8 records: 1 type, 1 length of what nobody uses, 2 number
 *   of sources, 4 group, sources. */
#include "wire/igmp.h"
#include "wire/checksum.h"

enum { RESPONSE1_MS = 10000, TENTH_MS = 100 };

/* RFC 3376 4.1.1: tenths of a second; from 128 on four bits of mantissa behind a one, and three of exponent. */
static uint32_t response_ms(uint8_t code)
{
    uint32_t tenths = code < 128 ? code : (code % 16u + 16) << (code / 16 % 8 + 3);
    return tenths * TENTH_MS;
}

/* RFC 3376 7.1: a query's version is told by its length. */
static bool read_query(struct reader *r, uint8_t code, struct igmp *m)
{
    if (reader_left(r) == 0) {
        m->version = code ? 2 : 1;
        m->response_ms = code ? code * TENTH_MS : RESPONSE1_MS;
        return true;
    }
    m->version = 3;
    m->robustness = read_u8(r) & 7;
    read_skip(r, 1);
    uint16_t n_sources = read_be16(r);
    read_skip(r, n_sources * (size_t)4);
    m->response_ms = response_ms(code);
    return reader_good(r);
}

bool igmp_parse(struct bytes message, struct igmp *m)
{
    struct reader r = reader_of(message);
    *m = (struct igmp){.type = read_u8(&r)};
    uint8_t code = read_u8(&r);
    read_skip(&r, 2);
    m->group = ip4_of_u32(read_be32(&r));
    if (!reader_good(&r) || checksum_finish(checksum_add(0, message, false)) != 0)
        return false;
    return m->type != IGMP_QUERY || read_query(&r, code, m);
}

static void finish(uint8_t *start, size_t len)
{
    uint16_t sum = checksum_finish(checksum_add(0, bytes_of(start, len), false));
    start[2] = (uint8_t)(sum >> 8);
    start[3] = (uint8_t)sum;
}

void igmp_emit(struct writer *w, enum igmp_type type, const struct ip *group)
{
    uint8_t *start = write_room(w, IGMP_BYTES);
    if (!start)
        return;
    struct writer inner = writer_of(start, IGMP_BYTES);
    write_u8(&inner, (uint8_t)type);
    write_zeros(&inner, 3);
    write_be32(&inner, ip4_u32(group));
    finish(start, IGMP_BYTES);
}

void igmp_emit_report3(struct writer *w, enum igmp_record record, const struct ip *group, size_t n)
{
    size_t len = IGMP_BYTES + n * IGMP_RECORD_BYTES;
    uint8_t *start = write_room(w, len);
    if (!start)
        return;
    struct writer inner = writer_of(start, len);
    write_u8(&inner, IGMP_REPORT3);
    write_zeros(&inner, 5);
    write_be16(&inner, (uint16_t)n);
    for (size_t i = 0; i < n; i++) {
        write_u8(&inner, (uint8_t)record);
        write_zeros(&inner, 3);
        write_be32(&inner, ip4_u32(&group[i]));
    }
    finish(start, len);
}
