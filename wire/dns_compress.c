/* SPDX-License-Identifier: ISC */
#include "wire/dns_rdata.h"

/* Of the types of RFC 1035 3.3: bytes before their names, and names. Of later ones none is compressed (RFC 3597 4). */
static const struct {
    uint8_t n_before, n_names;
} LAYOUT[] = {
    [DNS_NS] = {0, 1},  [DNS_MD] = {0, 1},    [DNS_MF] = {0, 1}, [DNS_CNAME] = {0, 1},
    [DNS_SOA] = {0, 2}, [DNS_MB] = {0, 1},    [DNS_MG] = {0, 1}, [DNS_MR] = {0, 1},
    [DNS_PTR] = {0, 1}, [DNS_MINFO] = {0, 2}, [DNS_MX] = {2, 1},
};

size_t dns_rdata_compressible(uint16_t type, struct bytes rdata, size_t from)
{
    if (type >= ARRAY_LEN(LAYOUT) || !LAYOUT[type].n_names)
        return rdata.len;
    struct reader r = reader_of(rdata);
    read_skip(&r, LAYOUT[type].n_before);
    for (unsigned left = LAYOUT[type].n_names; left; left--) {
        const uint8_t *at = r.at;
        if (!dns_name_take(&r).len)
            break;
        if ((size_t)(at - rdata.data) >= from)
            return (size_t)(at - rdata.data);
    }
    return rdata.len;
}
