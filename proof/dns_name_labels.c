/* SPDX-License-Identifier: ISC */
/* The labels of a name: from any place, one step over a label is without a fault, and what it says is more than the limit,
 * or leads to a byte inside that begins no label.
 * Bound: none on the number of labels, since each begins where another step may have begun.
 * unwind: 2
 * step
 * large */
#include "proof/dns_name.h"

int main(void)
{
    struct bytes message = any_bytes(65535);
    struct reader r = any_reader(message);
    size_t most = nondet_size();
    assume(most < 255);
    size_t len = labels_len(r.at, r.end, most);
    prove(len > most || (len < (size_t)(r.end - r.at) && r.at[len] - 1u >= DNS_LABEL_BYTES));
    reached(len == 0);
    reached(len == 1 + DNS_LABEL_BYTES);
    reached(len > most && r.end - r.at > 255);
    return 0;
}
