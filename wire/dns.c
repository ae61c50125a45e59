/* SPDX-License-Identifier: ISC */
/*   0  2 id   2  2 flags   4  2 questions   6  2 answers   8  2 authorities   10  2 additionals        RFC 1035 4.1
 *
 *   a question   name   2 type   2 class
 *   a record     name   2 type   2 class   4 TTL   2 length   data
 *   OPT          root   41       2 size    1 code  1 version   2 flags   2 length   options            RFC 6891 6.1
 *   an option    2 code   2 length   content */
#include "wire/dns.h"
#include "wire/dns_rdata.h"

#include <jinn/must.h>

enum { POINTER = 0xc000, POINTERS_REACH = 1 << 14, RECORD_BYTES = 10, NO_LABEL = 0xff, OPT_DO = 0x8000 };

/* ---- Reading ---- */

bool dns_header_read(struct reader *r, struct dns_header *h)
{
    const uint8_t *p = read_take(r, DNS_HEADER_BYTES);
    if (!p) {
        *h = (struct dns_header){0};
        return false;
    }
    h->id = load_be16(p);
    h->flags = load_be16(p + 2);
    for (int i = 0; i < 4; i++)
        h->n[i] = load_be16(p + 4 + 2 * i);
    return true;
}

bool dns_question_read(struct reader *r, struct bytes message, struct dns_question *q)
{
    dns_name_read(r, message, &q->name);
    const uint8_t *p = read_take(r, 4);
    if (!p)
        return false;
    q->type = load_be16(p);
    q->class_ = load_be16(p + 2);
    return true;
}

bool dns_record_read(struct reader *r, struct bytes message, struct dns_record *record)
{
    dns_name_read(r, message, &record->name);
    const uint8_t *p = read_take(r, RECORD_BYTES);
    if (!p) {
        record->rdata.len = 0;
        return false;
    }
    record->type = load_be16(p);
    record->class_ = load_be16(p + 2);
    record->ttl = load_be32(p + 4);
    if (record->ttl >> 31 && record->type != DNS_OPT)
        record->ttl = 0;
    record->rdata = read_bytes(r, load_be16(p + 8));
    return reader_good(r);
}

static bool next_option(struct reader *r, uint16_t *code, struct bytes *content)
{
    if (!reader_left(r))
        return false;
    *code = read_be16(r);
    *content = read_bytes(r, read_be16(r));
    return reader_good(r);
}

bool dns_edns_read(const struct dns_record *record, struct dns_edns *e)
{
    struct reader r = reader_of(record->rdata);
    struct bytes content;
    uint16_t code;
    *e = (struct dns_edns){
        .present = true,
        .dnssec_ok = record->ttl & OPT_DO,
        .version = (uint8_t)(record->ttl >> 16),
        .rcode_high = (uint8_t)(record->ttl >> 24),
        .udp_bytes = record->class_ < DNS_UDP_BYTES ? DNS_UDP_BYTES : record->class_,
        .options = record->rdata,
    };
    while (next_option(&r, &code, &content))
        ;
    if (reader_good(&r) && record->name.len == 1)
        return true;
    *e = (struct dns_edns){.present = false};
    return false;
}

COLD bool dns_edns_find(const struct dns_edns *e, uint16_t code, struct bytes *content)
{
    struct reader r = reader_of(e->options);
    uint16_t found;
    while (next_option(&r, &found, content)) {
        if (found == code)
            return true;
    }
    return false;
}

/* ---- Writing names ---- */

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static uint32_t key_of(unsigned parent, const uint8_t *label)
{
    return (uint32_t)parent << 24 | (uint32_t)*label << 16 | (uint32_t)lower(label[1]) << 8 | lower(label[*label]);
}

static bool same_label(const uint8_t *a, const uint8_t *b)
{
    for (unsigned left = *a; left; left--) {
        if (lower(*++a) != lower(*++b))
            return false;
    }
    return true;
}

/* The place of this label below `parent`, or NO_LABEL. */
static unsigned find_label(const struct dns_writer *d, unsigned parent, const uint8_t *label)
{
    uint32_t key = key_of(parent, label);
    for (unsigned i = 0; i < d->n_offsets; i++) {
        if (d->key[i] == key && same_label(d->w.start + d->offset[i], label))
            return i;
    }
    return NO_LABEL;
}

/* That this label of the message, below `parent`, is one that later names may point to. Its place, or NO_LABEL. */
static unsigned remember(struct dns_writer *d, unsigned parent, const uint8_t *label)
{
    size_t offset = (size_t)(label - d->w.start);
    if (d->n_offsets == DNS_OFFSETS_MAX || offset >= POINTERS_REACH)
        return NO_LABEL;
    d->offset[d->n_offsets] = (uint16_t)offset;
    d->key[d->n_offsets] = key_of(parent, label);
    return d->n_offsets++;
}

/* The labels of the question, which is written as it is: most responses have no other name than that. */
static COLD void remember_question(struct dns_writer *d)
{
    uint8_t at[DNS_LABELS_MAX] __attribute__((uninitialized)); /* its first n are set */
    unsigned n = 0, parent = NO_LABEL;
    const uint8_t *name = d->w.start + DNS_HEADER_BYTES;
    for (size_t len = 0; name[len]; len += 1u + name[len])
        at[n++] = (uint8_t)len;
    while (n && (parent = remember(d, parent, name + at[n - 1])) != NO_LABEL)
        n--;
}

/* The labels from `name` on as they are, but for those at its end that stand in the message already. Its length. */
static size_t write_name(struct dns_writer *d, const uint8_t *name)
{
    uint8_t at[DNS_LABELS_MAX] __attribute__((uninitialized)); /* its first n are set; on each record's way */
    const uint8_t *begin = d->w.at;
    unsigned n = 0, parent = NO_LABEL, found;
    size_t len = 0;
    if (d->n[DNS_QUESTION] && d->n_offsets == 0)
        remember_question(d);
    for (; name[len]; len += 1u + name[len])
        at[n++] = (uint8_t)len;
    size_t own = len;
    while (n && (found = find_label(d, parent, name + at[n - 1])) != NO_LABEL) {
        parent = found;
        own = at[--n];
    }
    write_copy(&d->w, name, own);
    if (own == len)
        write_u8(&d->w, 0);
    else
        write_be16(&d->w, (uint16_t)(POINTER | d->offset[parent]));
    while (n && writer_good(&d->w) && (found = remember(d, parent, begin + at[n - 1])) != NO_LABEL) {
        parent = found;
        n--;
    }
    return len + 1;
}

/* The message's first name is its question as a rule, and that the owner of most records. What stands there needs not be
 * a name: if it's the same bytes, it is this one. */
static bool is_first_name(const struct dns_writer *d, struct bytes name)
{
    size_t written = writer_len(&d->w) - DNS_HEADER_BYTES;
    return name.len > 1 && name.len <= written &&
           dns_name_equal(bytes_of(d->w.start + DNS_HEADER_BYTES, name.len), name);
}

static void write_owner(struct dns_writer *d, struct bytes name)
{
    if (is_first_name(d, name))
        write_be16(&d->w, POINTER | DNS_HEADER_BYTES);
    else
        write_name(d, name.data);
}

/* ---- Writing ---- */

void dns_write_begin(struct dns_writer *d, void *buffer, size_t limit)
{
    must(limit >= DNS_HEADER_BYTES);
    d->w = writer_of(buffer, limit < DNS_MESSAGE_BYTES ? limit : DNS_MESSAGE_BYTES);
    (void)write_room(&d->w, DNS_HEADER_BYTES);
    memset(d->n, 0, sizeof d->n);
    d->n_offsets = 0;
}

struct dns_mark dns_mark(const struct dns_writer *d)
{
    struct dns_mark m = {.at = d->w.at, .n_offsets = d->n_offsets};
    memcpy(m.n, d->n, sizeof m.n);
    return m;
}

void dns_rewind(struct dns_writer *d, const struct dns_mark *m)
{
    d->w.at = m->at;
    d->w.bad = false;
    memcpy(d->n, m->n, sizeof d->n);
    d->n_offsets = m->n_offsets;
}

/* Counts what has been written since `m`, or takes it back. */
static bool finish(struct dns_writer *d, const struct dns_mark *m, enum dns_section section)
{
    for (int later = section + 1; later <= DNS_ADDITIONAL; later++)
        must(d->n[later] == 0);
    if (!writer_good(&d->w)) {
        dns_rewind(d, m);
        return false;
    }
    d->n[section]++;
    return true;
}

/* The first is written as it is, and its labels are remembered when another name comes. */
static bool write_first_question(struct dns_writer *d, struct bytes name, uint16_t type, uint16_t class_)
{
    uint8_t *p = writer_left(&d->w) < name.len + 4 ? NULL : write_room(&d->w, name.len + 4);
    if (!p)
        return false;
    memcpy(p, name.data, name.len);
    store_be16(p + name.len, type);
    store_be16(p + name.len + 2, class_);
    d->n[DNS_QUESTION] = 1;
    return true;
}

static COLD bool write_another_question(struct dns_writer *d, struct bytes name, uint16_t type, uint16_t class_)
{
    struct dns_mark m = dns_mark(d);
    write_owner(d, name);
    write_be16(&d->w, type);
    write_be16(&d->w, class_);
    return finish(d, &m, DNS_QUESTION);
}

bool dns_write_question(struct dns_writer *d, struct bytes name, uint16_t type, uint16_t class_)
{
    return writer_len(&d->w) == DNS_HEADER_BYTES ? write_first_question(d, name, type, class_)
                                                 : write_another_question(d, name, type, class_);
}

/* With its length before it. */
static void write_rdata(struct dns_writer *d, uint16_t type, struct bytes rdata)
{
    size_t done = 0, next;
    uint8_t *len = write_room(&d->w, 2);
    while ((next = dns_rdata_compressible(type, rdata, done)) < rdata.len) {
        write_bytes(&d->w, bytes_slice(rdata, done, next - done));
        done = next + write_name(d, rdata.data + next);
    }
    write_bytes(&d->w, bytes_slice(rdata, done, rdata.len - done));
    if (!writer_good(&d->w))
        return;
    size_t written = (size_t)(d->w.at - len) - 2;
    len[0] = (uint8_t)(written >> 8);
    len[1] = (uint8_t)written;
}

bool dns_write_record(struct dns_writer *d, enum dns_section section, struct bytes name, uint16_t type, uint16_t class_,
                      uint32_t ttl, struct bytes rdata)
{
    struct dns_mark m = dns_mark(d);
    must(section != DNS_QUESTION && rdata.len <= UINT16_MAX);
    write_owner(d, name);
    uint8_t *p = write_room(&d->w, RECORD_BYTES - 2);
    if (p) {
        store_be16(p, type);
        store_be16(p + 2, class_);
        store_be32(p + 4, ttl);
    }
    write_rdata(d, type, rdata);
    return finish(d, &m, section);
}

bool dns_write_edns(struct dns_writer *d, const struct dns_edns *e)
{
    size_t len = e->options.len;
    must(len <= UINT16_MAX);
    uint8_t *p = writer_left(&d->w) < 1 + RECORD_BYTES + len ? NULL : write_room(&d->w, 1 + RECORD_BYTES + len);
    if (!p)
        return false;
    p[0] = 0;
    store_be16(p + 1, DNS_OPT);
    store_be16(p + 3, e->udp_bytes);
    p[5] = e->rcode_high;
    p[6] = e->version;
    store_be16(p + 7, e->dnssec_ok ? OPT_DO : 0);
    store_be16(p + 9, (uint16_t)len);
    if (len)
        memcpy(p + 1 + RECORD_BYTES, e->options.data, len);
    d->n[DNS_ADDITIONAL]++;
    return true;
}

struct bytes dns_write_end(struct dns_writer *d, uint16_t id, uint16_t flags)
{
    store_be16(d->w.start, id);
    store_be16(d->w.start + 2, flags);
    for (int i = 0; i < 4; i++)
        store_be16(d->w.start + 4 + 2 * i, d->n[i]);
    return writer_bytes(&d->w);
}
