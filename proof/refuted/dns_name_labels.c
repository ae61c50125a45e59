/* SPDX-License-Identifier: ISC */
/* Planted: labels may end where the message does.
 * refutes: pointer outside object bounds in *last
 * unwind: 3
 * step
 * large
 * contracts: labels_len */
#define LABELS_END(p, end) ((size_t)((end) - (p)) + 1)
#include "proof/dns_name.h"

int main(void)
{
    struct bytes message = any_bytes(65535);
    struct reader r = any_reader(message);
    struct dns_name n;
    limit = nondet_size();
    assume(limit >= 1 && limit <= sizeof n.wire);
    reached(dns_name_read(&r, message, &n));
    return 0;
}
