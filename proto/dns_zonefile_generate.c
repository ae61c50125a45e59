/* SPDX-License-Identifier: ISC */
/* $GENERATE START-STOP[/STEP] owner [TTL] [class] type data: as many records, in whose owner and data (one word, or several
 * between quotes) these stand for the number:
 *
 *     $    ${offset}    ${offset,width}    ${offset,width,base}      with base d, o, x or X; n or N: hex digits
 *     $$   a dollar     \$ as well                                    with dots between them, the last one first */
#include "proto/dns_zonefile_words.h"

static const char bad_range[] = "not a range like 1-10 or 0-100/5";
static const char bad_number[] = "not like $, $$ or ${OFFSET,WIDTH,BASE} with a base of d, o, x, X, n, N";
static const char too_long[] = "a generated name or data of more than 2048 bytes";

static const char *parse_range(struct bytes text, struct dns_zonefile_generate *g)
{
    size_t dash = bytes_find(text, '-'), slash = bytes_find(text, '/');
    g->step = 1;
    if (dash > slash || !bytes_decimal(bytes_slice(text, 0, dash), INT32_MAX, &g->next) ||
        !bytes_decimal(bytes_slice(text, dash + 1, slash - dash - 1), INT32_MAX, &g->stop) ||
        (slash < text.len && !bytes_decimal(bytes_slice(text, slash + 1, text.len), INT32_MAX, &g->step)) ||
        g->next > g->stop || g->step == 0)
        return bad_range;
    return (g->stop - g->next) / g->step >= DNS_ZONEFILE_GENERATED ? "more than a million records from one line" : NULL;
}

static const char *next_word(struct dns_zonefile *z, struct dns_zonefile_frame *f, struct dns_word *word)
{
    const char *why = dns_zonefile_word(f, false, word);
    z->near = word->text;
    return why || word->text.data ? why : "a field is missing";
}

static const char *read_all(struct dns_zonefile *z, struct dns_zonefile_frame *f, struct dns_zonefile_generate *g)
{
    struct dns_word word;
    struct dns_zonefile_ttl ttl;
    const char *why = next_word(z, f, &word);
    if (!why)
        why = parse_range(word.text, g);
    if (!why)
        why = next_word(z, f, &word);
    g->owner = word.text;
    if (!why)
        why = next_word(z, f, &word);
    if (!why)
        why = dns_zonefile_type(z, f, word, &ttl);
    if (!why)
        why = next_word(z, f, &word);
    g->data = word.text;
    if (!why)
        why = dns_zonefile_word(f, false, &word);
    if (!why && word.text.data)
        why = "several words of data need quotes around them all";
    return why ? why : dns_zonefile_choose_ttl(z, &ttl);
}

const char *dns_zonefile_generate_begin(struct dns_zonefile *z, struct dns_zonefile_frame *f)
{
    struct dns_zonefile_generate g = {.line = z->line};
    const char *why = read_all(z, f, &g);
    if (why)
        return why;
    g.record = z->record;
    z->generate = g;
    z->near.len = 0;
    return NULL;
}

/* ---- The number ---- */

static void write_nibbles(struct writer *w, uint32_t v, unsigned width, bool capitals)
{
    unsigned n = 0;
    do {
        write_u8(w, (uint8_t)(capitals ? "0123456789ABCDEF" : "0123456789abcdef")[v & 15]);
        v >>= 4;
        if (++n < width || v) {
            write_u8(w, '.');
            n++;
        }
    } while (n < width || v);
}

static void write_number(struct writer *w, int64_t v, unsigned width, char base)
{
    uint8_t digits[24];
    unsigned n = 0, radix = base == 'd' ? 10 : base == 'o' ? 8 : 16;
    uint64_t left = (uint64_t)(v < 0 ? -v : v);
    if (base == 'n' || base == 'N') {
        write_nibbles(w, (uint32_t)v, width, base == 'N');
        return;
    }
    do {
        digits[n++] = (uint8_t)(base == 'X' ? "0123456789ABCDEF" : "0123456789abcdef")[left % radix];
        left /= radix;
    } while (left);
    if (v < 0)
        write_u8(w, '-');
    for (unsigned i = n + (v < 0); i < width; i++)
        write_u8(w, '0');
    while (n)
        write_u8(w, digits[--n]);
}

/* What stands between the braces. */
static const char *parse_braces(struct bytes text, int64_t *offset, unsigned *width, char *base)
{
    struct bytes part[3] = {{0}};
    uint64_t v;
    for (int i = 0; i < 3 && text.data; i++) {
        size_t len = bytes_find(text, ',');
        part[i] = bytes_slice(text, 0, len);
        text = len < text.len ? bytes_slice(text, len + 1, text.len) : bytes_of(NULL, 0);
    }
    bool below = part[0].len && part[0].data[0] == '-';
    if (text.data || !bytes_decimal(bytes_slice(part[0], below, part[0].len), INT32_MAX, &v))
        return bad_number;
    *offset = below ? -(int64_t)v : (int64_t)v;
    v = 0;
    if (part[1].data && !bytes_decimal(part[1], DNS_NAME_BYTES, &v))
        return bad_number;
    *width = (unsigned)v;
    if (part[2].data && (part[2].len != 1 || !memchr("doxXnN", part[2].data[0], 6)))
        return bad_number;
    *base = part[2].data ? (char)part[2].data[0] : 'd';
    return NULL;
}

/* Behind a $. */
static const char *expand_dollar(struct reader *r, uint64_t number, struct writer *w)
{
    int64_t offset = 0;
    unsigned width = 0;
    char base = 'd';
    if (reader_left(r) && *r->at == '$') {
        write_u8(w, read_u8(r));
        return NULL;
    }
    if (reader_left(r) && *r->at == '{') {
        size_t len = bytes_find(bytes_of(r->at, reader_left(r)), '}');
        struct bytes braces = read_bytes(r, len + 1);
        const char *why =
            braces.len ? parse_braces(bytes_slice(braces, 1, len - 1), &offset, &width, &base) : bad_number;
        if (why)
            return why;
    }
    offset += (int64_t)number;
    if (offset < 0 && base != 'd')
        return "a number below 0 that is not written with the base d";
    write_number(w, offset, width, base);
    return NULL;
}

static const char *expand(struct bytes text, uint64_t number, struct writer *w)
{
    struct reader r = reader_of(text);
    const char *why = NULL;
    while (!why && reader_left(&r)) {
        uint8_t c = read_u8(&r);
        if (c == '$') {
            why = expand_dollar(&r, number, w);
            continue;
        }
        write_u8(w, c);
        if (c == '\\' && reader_left(&r))
            write_u8(w, read_u8(&r));
    }
    return why || writer_good(w) ? why : too_long;
}

/* ---- Records ---- */

static const char *make(struct dns_zonefile *z, struct dns_zonefile_frame *f)
{
    struct dns_zonefile_generate *g = &z->generate;
    struct writer owner = writer_of(z->generated[0], sizeof z->generated[0]);
    struct writer data = writer_of(z->generated[1], sizeof z->generated[1]);
    const char *why = expand(g->owner, g->next, &owner);
    if (!why)
        why = dns_name_parse(writer_bytes(&owner), dns_name_bytes(&f->origin), &f->owner);
    if (!why)
        why = expand(g->data, g->next, &data);
    if (why)
        return why;
    /* The data are read as if they were a file's, with all else as it stands now. */
    const uint8_t *at = f->at, *end = f->end;
    unsigned line = f->line;
    f->at = data.start;
    f->end = data.at;
    why = dns_zonefile_data(z, f, g->record.type);
    f->at = at;
    f->end = end;
    f->line = line;
    f->n_open = 0;
    return why;
}

enum dns_zonefile_event dns_zonefile_generate_next(struct dns_zonefile *z, struct dns_zonefile_frame *f)
{
    struct dns_zonefile_generate *g = &z->generate;
    z->record = g->record;
    z->file = f->file;
    z->line = g->line;
    z->near.len = 0;
    z->reason = make(z, f);
    z->record.name = dns_name_bytes(&f->owner);
    g->next += g->step;
    if (!z->reason)
        return DNS_ZONEFILE_RECORD;
    g->stop = 0; /* the others would be as wrong */
    f->owner.len = 0;
    return DNS_ZONEFILE_ERROR;
}
