/* SPDX-License-Identifier: ISC */
/* Names: the first byte says where in the rest, a message, one begins; and the rest is text. What could be read is written
 * and read again, and what is said of names holds for two of them. */
#include "wire/dns_name.h"

#include <jinn/must.h>

#include <stdlib.h>

static void check_text(struct bytes name)
{
    char text[DNS_NAME_TEXT_BYTES];
    struct dns_name again;
    must(*dns_name_text(name, text));
    must(!dns_name_parse(bytes_str(text), bytes_of(NULL, 0), &again));
    must(bytes_equal(dns_name_bytes(&again), name));
}

static void check_name(struct bytes name)
{
    struct reader r = reader_of(name);
    struct dns_name n;
    must(bytes_equal(dns_name_take(&r), name) && !reader_left(&r));
    must(dns_name_labels(name) <= DNS_LABELS_MAX && dns_name_is_under(name, dns_name_parent(name)));
    check_text(name);
    dns_name_lower(&n, name);
    must(dns_name_equal(name, dns_name_bytes(&n)) && dns_name_compare(name, dns_name_bytes(&n)) == 0);
    must(dns_name_hash(name, 1) == dns_name_hash(dns_name_bytes(&n), 1));
    if (dns_name_wildcard(&n, name))
        must(dns_name_is_wildcard(dns_name_bytes(&n)) && dns_name_equal(dns_name_parent(dns_name_bytes(&n)), name));
}

static void check_pair(struct bytes a, struct bytes b)
{
    int d = dns_name_compare(a, b), e = dns_name_compare(b, a);
    struct dns_name both;
    must((d > 0) == (e < 0) && (d == 0) == dns_name_equal(a, b));
    must(dns_name_equal(a, b) == (dns_name_is_under(a, b) && dns_name_is_under(b, a)));
    must(d >= 0 || !dns_name_is_under(a, b));
    if (dns_name_join(&both, a, b)) {
        must(dns_name_labels(dns_name_bytes(&both)) == dns_name_labels(a) + dns_name_labels(b));
        must(dns_name_is_under(dns_name_bytes(&both), b));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dns_name a, b;
    if (size == 0)
        return 0;
    struct bytes message = bytes_of(data + 1, size - 1);
    struct reader r = reader_of(message);
    read_skip(&r, *data);
    if (dns_name_read(&r, message, &a)) {
        check_name(dns_name_bytes(&a));
        if (dns_name_read(&r, message, &b))
            check_pair(dns_name_bytes(&a), dns_name_bytes(&b));
    }
    must(reader_good(&r) || a.len == 1 || b.len == 1);
    if (!dns_name_parse(message, dns_root(), &a))
        check_name(dns_name_bytes(&a));
    return 0;
}
