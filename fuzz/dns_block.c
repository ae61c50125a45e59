/* SPDX-License-Identifier: ISC */
/* Block lists: any text. What was added is found again, and all below it. */
#include "proto/dns_block.h"

#include <jinn/must.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dns_block b;
    struct dns_name name;
    dns_block_init(&b, 7);
    if (dns_block_read(&b, bytes_of(data, len)) == OK)
        must(b.n <= len && (b.n_bad > 0) == (b.first_bad > 0));
    struct bytes word = bytes_slice(bytes_of(data, len), 0, bytes_find(bytes_of(data, len), '\n'));
    if (!dns_name_parse(word, dns_root(), &name) && dns_block_add(&b, dns_name_bytes(&name)) == OK) {
        struct dns_name below;
        must(dns_block_has(&b, dns_name_bytes(&name)));
        must(!dns_name_wildcard(&below, dns_name_bytes(&name)) || dns_block_has(&b, dns_name_bytes(&below)));
    }
    dns_block_free(&b);
    return 0;
}
