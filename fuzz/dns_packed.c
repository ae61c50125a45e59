/* SPDX-License-Identifier: ISC */
/* Packed zones: reading ends, within the file, and what is good is written back as the same bytes or as fewer. */
#include "proto/dns_packed.h"
#include "wire/dns.h"

#include <jinn/must.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dns_packed p;
    struct dns_packed_record r;
    struct bytes before = bytes_of(NULL, 0);
    uint8_t *copy = malloc(size + 1);
    struct writer w = writer_of(copy, size);
    dns_packed_write_begin(&w);
    if (dns_packed_begin(&p, bytes_of(data, size))) {
        while (dns_packed_next(&p, &r)) {
            must(r.name.len && r.name.len <= DNS_NAME_BYTES && r.rdata.data + r.rdata.len <= data + size);
            dns_packed_write(&w, before, &r);
            before = r.name;
        }
        must(writer_good(&w));
        must(!dns_packed_ended(&p) || writer_len(&w) <= size);
    }
    free(copy);
    return 0;
}
