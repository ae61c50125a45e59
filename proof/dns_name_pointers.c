/* SPDX-License-Identifier: ISC */
/* Pointers in names: a name read from any place of a message as large as one may be, as far as its third part, is without a
 * fault, within whatever of the limit is left, and ends behind the place where it began.
 * Bound: none on messages, names or the number of pointers. What follows a pointer is a name that is read from another place
 * with less of the limit left, so it is proved already; and the loop counts pointers to DNS_POINTERS_MAX. That the
 * parts are labels is proved in dns_name.c, and what is taken for granted of labels_len in dns_name_labels.c.
 * unwind: 3
 * step
 * large
 * contracts: labels_len */
#include "proof/dns_name.h"

int main(void)
{
    struct bytes message = any_bytes(65535);
    struct reader r = any_reader(message), before = r;
    struct dns_name n;
    limit = nondet_size();
    assume(limit >= 1 && limit <= sizeof n.wire);
    bool good = dns_name_read(&r, message, &n);
    prove(is_reader_of(&r, message));
    prove(good == !r.bad);
    prove(n.len >= 1 && n.len <= limit);
    prove(good ? r.at > before.at : r.at == before.at && n.len == 1);
    reached(good && n.len == sizeof n.wire && r.at - before.at == sizeof n.wire);
    reached(good && n.len == sizeof n.wire && r.at - before.at == 2);
    reached(!good && !before.bad);
    return 0;
}
