/* SPDX-License-Identifier: ISC */
/* What records hold: two bytes of type, then the data as in a message. What is good is so after each way that it can go: as text
 * and back, expanded, canonical, compared; what is bad is opaque text. Then the same bytes as text of that type. */
#include "wire/dns_rdata.h"

#include <jinn/must.h>

#include <stdlib.h>

/* As a zone file would cut it: plain words, and what is in quotes. */
static size_t cut(struct bytes text, struct dns_word *word, size_t room)
{
    size_t n = 0, at = 0;
    while (at < text.len && n < room) {
        bool quoted = text.data[at] == '"';
        size_t start = at += quoted;
        for (; at < text.len && text.data[at] != (quoted ? '"' : ' '); at++) {
            if (text.data[at] == '\\' && at + 1 < text.len)
                at++;
        }
        if (at > start || quoted)
            word[n++] = (struct dns_word){bytes_slice(text, start, at - start), quoted};
        at++;
    }
    return n;
}

/* Text that was written, to the same data again. SVCB's values in quotes are parts of words. */
static void check_text(uint16_t type, struct bytes rdata)
{
    static struct dns_word word[DNS_RDATA_BYTES + 1];
    static uint8_t text[8 * DNS_RDATA_BYTES + 64], again[DNS_RDATA_BYTES];
    struct writer w = writer_of(text, sizeof text), back = writer_of(again, sizeof again);
    dns_rdata_write_text(&w, type, rdata);
    must(writer_good(&w));
    struct bytes all = writer_bytes(&w);
    size_t n = 0;
    for (size_t at = 0; at < all.len; at++) {
        bool quoted = text[at] == '"', inside = false;
        size_t start = at;
        for (; at < all.len && (inside || text[at] != ' '); at++) {
            must(text[at] >= ' ' && text[at] <= '~');
            if (text[at] == '\\')
                at++;
            else if (text[at] == '"')
                inside = !inside;
        }
        word[n++] = (struct dns_word){bytes_slice(all, start + quoted, at - start - 2 * quoted), quoted};
    }
    const char *why = dns_rdata_parse(type, word, n, dns_root(), &back);
    must((why == NULL) == dns_rdata_is_good(type, rdata));
    must(why || bytes_equal(writer_bytes(&back), rdata));
}

static void check_good(uint16_t type, struct bytes rdata)
{
    static uint8_t canonical[DNS_RDATA_BYTES], twice[DNS_RDATA_BYTES];
    struct writer w = writer_of(canonical, sizeof canonical), w2 = writer_of(twice, sizeof twice);
    dns_rdata_canonical(type, rdata, &w);
    must(writer_len(&w) == rdata.len && dns_rdata_is_good(type, writer_bytes(&w)));
    must(dns_rdata_compare(type, rdata, writer_bytes(&w)) == 0);
    dns_rdata_canonical(type, writer_bytes(&w), &w2);
    must(bytes_equal(writer_bytes(&w), writer_bytes(&w2)));
    struct bytes target = dns_rdata_target(type, rdata);
    struct reader r = reader_of(target);
    must(target.len == 0 || (dns_name_take(&r).len == target.len && target.data >= rdata.data));
    for (size_t at = 0, next; (next = dns_rdata_compressible(type, rdata, at)) < rdata.len; at = next + 1)
        must(next >= at);
}

static void check_expanded(uint16_t type, struct bytes message)
{
    static uint8_t out[DNS_RDATA_BYTES], again[DNS_RDATA_BYTES];
    struct writer w = writer_of(out, sizeof out), w2 = writer_of(again, sizeof again);
    struct dns_record record = {.type = type, .rdata = bytes_slice(message, 2, message.len)};
    bool good = dns_rdata_expand(message, &record, &w);
    must(!dns_rdata_is_good(type, record.rdata) || (good && bytes_equal(writer_bytes(&w), record.rdata)));
    if (!good)
        return;
    must(dns_rdata_is_good(type, writer_bytes(&w)));
    record.rdata = writer_bytes(&w);
    must(dns_rdata_expand(record.rdata, &record, &w2) && bytes_equal(writer_bytes(&w2), record.rdata));
    check_good(type, record.rdata);
    check_text(type, record.rdata);
}

static void check_parsed(uint16_t type, struct bytes text)
{
    static struct dns_word word[256];
    static uint8_t out[DNS_RDATA_BYTES];
    struct writer w = writer_of(out, sizeof out);
    if (dns_rdata_parse(type, word, cut(text, word, ARRAY_LEN(word)), dns_root(), &w))
        return;
    must(dns_rdata_is_good(type, writer_bytes(&w)));
    check_text(type, writer_bytes(&w));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > DNS_RDATA_BYTES)
        return 0;
    uint16_t type = (uint16_t)(data[0] << 8 | data[1]);
    struct bytes rest = bytes_of(data + 2, size - 2);
    check_text(type, rest);
    check_expanded(type, bytes_of(data, size));
    check_parsed(type, rest);
    struct bytes a = bytes_slice(rest, 0, rest.len / 2), b = bytes_slice(rest, rest.len / 2, rest.len);
    must(dns_rdata_compare(type, a, b) == -dns_rdata_compare(type, b, a));
    return 0;
}
