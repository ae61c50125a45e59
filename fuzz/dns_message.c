/* SPDX-License-Identifier: ISC */
/* Messages: what can be read of one is written to another, with compression and within a limit that the id says, and is the
 * same when it's read again. */
#include "wire/dns_rdata.h"

#include <jinn/must.h>

#include <stdlib.h>

/* Names where there may be compressed ones; what stands there isn't always one. */
static bool expand(struct bytes message, const struct dns_record *record, struct writer *w)
{
    struct reader r = {record->rdata.data, record->rdata.data + record->rdata.len, false};
    struct dns_name name;
    unsigned n_names = 0;
    switch (record->type) {
    case DNS_MX:
        write_bytes(w, read_bytes(&r, 2));
        n_names = 1;
        break;
    case DNS_NS:
    case DNS_MD:
    case DNS_MF:
    case DNS_CNAME:
    case DNS_MB:
    case DNS_MG:
    case DNS_MR:
    case DNS_PTR:
        n_names = 1;
        break;
    case DNS_SOA:
    case DNS_MINFO:
        n_names = 2;
        break;
    default:
        break;
    }
    for (; n_names && dns_name_read(&r, message, &name); n_names--)
        write_bytes(w, dns_name_bytes(&name));
    write_bytes(w, read_rest(&r));
    return reader_good(&r) && writer_good(w);
}

static void check_edns(const struct dns_record *record)
{
    struct dns_edns e;
    struct bytes content;
    uint8_t out[DNS_MESSAGE_BYTES];
    struct dns_writer d;
    if (!dns_edns_read(record, &e))
        return;
    must(e.present && e.udp_bytes >= DNS_UDP_BYTES);
    (void)dns_edns_find(&e, DNS_COOKIE, &content);
    dns_write_begin(&d, out, sizeof out);
    if (!dns_write_edns(&d, &e))
        return;
    struct dns_record again;
    struct dns_edns f;
    struct bytes m = dns_write_end(&d, 0, 0);
    struct reader r = reader_of(bytes_slice(m, DNS_HEADER_BYTES, m.len));
    must(dns_record_read(&r, m, &again) && dns_edns_read(&again, &f));
    must(f.version == e.version && f.rcode_high == e.rcode_high && f.udp_bytes == e.udp_bytes &&
         f.dnssec_ok == e.dnssec_ok && bytes_equal(e.options, f.options));
}

enum { RECORDS_MAX = 300 };

/* What was written stands there: its records in `kept` are counted by `n`. */
static void check_same(struct bytes message, struct bytes written, const struct dns_record *kept, unsigned n)
{
    struct reader r = reader_of(written);
    struct dns_header h;
    static uint8_t a[DNS_MESSAGE_BYTES * 2], b[DNS_MESSAGE_BYTES * 2];
    must(dns_header_read(&r, &h) && h.n[DNS_ANSWER] == n);
    for (unsigned i = 0; i < n; i++) {
        struct dns_record record;
        struct writer in = writer_of(a, sizeof a), out = writer_of(b, sizeof b);
        must(dns_record_read(&r, written, &record));
        must(dns_name_equal(dns_name_bytes(&record.name), dns_name_bytes(&kept[i].name)));
        must(record.type == kept[i].type && record.class_ == kept[i].class_ && record.ttl == kept[i].ttl);
        must(expand(message, &kept[i], &in) && expand(written, &record, &out));
        must(bytes_equal_nocase(writer_bytes(&in), writer_bytes(&out)));
    }
    must(reader_left(&r) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t out[DNS_MESSAGE_BYTES], rdata[DNS_MESSAGE_BYTES * 2];
    static struct dns_record kept[RECORDS_MAX];
    struct bytes message = bytes_of(data, size);
    struct reader r = reader_of(message);
    struct dns_header h;
    struct dns_question q;
    struct dns_writer d;
    unsigned n = 0;
    if (!dns_header_read(&r, &h))
        return 0;
    dns_write_begin(&d, out, h.id < DNS_HEADER_BYTES ? DNS_MESSAGE_BYTES : h.id);
    for (unsigned i = 0; i < h.n[DNS_QUESTION] && dns_question_read(&r, message, &q); i++)
        must(q.name.len);
    while (n < RECORDS_MAX && reader_left(&r) && dns_record_read(&r, message, &kept[n])) {
        struct writer w = writer_of(rdata, sizeof rdata);
        size_t before = writer_len(&d.w);
        check_edns(&kept[n]);
        if (!expand(message, &kept[n], &w) || writer_len(&w) > UINT16_MAX)
            continue;
        if (dns_write_record(&d, DNS_ANSWER, dns_name_bytes(&kept[n].name), kept[n].type, kept[n].class_, kept[n].ttl,
                             writer_bytes(&w)))
            n++;
        else
            must(writer_len(&d.w) == before);
        must(writer_good(&d.w));
    }
    check_same(message, dns_write_end(&d, h.id, h.flags), kept, n);
    return 0;
}
