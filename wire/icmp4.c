/* SPDX-License-Identifier: ISC */
/*   0  1 type     2  2 checksum of the whole message
 *   1  1 code     4  4 by type: identifier and sequence, MTU of the next hop
 *                 8    data */
#include "wire/icmp4.h"
#include "wire/checksum.h"

bool icmp4_parse(struct bytes message, struct icmp4 *m)
{
    struct reader r = reader_of(message);
    m->type = read_u8(&r);
    m->code = read_u8(&r);
    read_skip(&r, 2);
    m->rest = read_be32(&r);
    m->data = read_rest(&r);
    return reader_good(&r) && checksum_finish(checksum_add(0, message, false)) == 0;
}

void icmp4_emit(struct writer *w, const struct icmp4 *m, const struct bytes *data, size_t n)
{
    uint8_t *start = write_room(w, ICMP4_HEADER_BYTES);
    if (!start)
        return;
    struct writer inner = writer_of(start, ICMP4_HEADER_BYTES);
    write_u8(&inner, m->type);
    write_u8(&inner, m->code);
    write_be16(&inner, 0);
    write_be32(&inner, m->rest);
    uint64_t sum = checksum_add(0, bytes_of(start, ICMP4_HEADER_BYTES), false);
    uint16_t finished = checksum_finish(checksum_add_parts(sum, data, n));
    start[2] = (uint8_t)(finished >> 8);
    start[3] = (uint8_t)finished;
}

bool icmp4_is_error(uint8_t type)
{
    switch (type) {
    case ICMP4_ECHO_REPLY:
    case ICMP4_ECHO:
    case 9:  /* router advertisement */
    case 10: /* router solicitation */
    case 13: /* timestamp */
    case 14: /* timestamp reply */
    case 15: /* information request */
    case 16: /* information reply */
    case 17: /* address mask request */
    case 18: /* address mask reply */
        return false;
    default:
        return true;
    }
}
