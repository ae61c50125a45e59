/* SPDX-License-Identifier: ISC */
/*   0 root   1..63 label of so many bytes   0xc0 + 14 bits: the rest of the name stands there in the message
 *   0x40 and 0x80: no such label (RFC 6891 5)
 *
 * Bytes that hold lengths are at most 63 and so never letters: names are compared, made small and hashed as strings of
 * bytes, eight at a time. Two that are equal as such have the same labels. */
#include "wire/dns_name.h"

enum { POINTER = 0xc0 };

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static uint64_t load8(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* 1 to 7 bytes, of which each is somewhere in it. */
static uint64_t load_few(const uint8_t *p, size_t n)
{
    if (n < 4)
        return p[0] | (uint64_t)p[n / 2] << 8 | (uint64_t)p[n - 1] << 16;
    uint32_t first, last;
    memcpy(&first, p, sizeof first);
    memcpy(&last, p + n - sizeof last, sizeof last);
    return first | (uint64_t)last << 32;
}

/* Eight bytes with small letters: one bit of each byte says whether it is at least 'A', beyond 'Z', beyond ASCII. */
static uint64_t lower8(uint64_t v)
{
    uint64_t low = v & EACH(0x7f);
    uint64_t capital = (low + EACH(0x80 - 'A')) & ~(low + EACH(0x7f - 'Z')) & ~v & EACH(0x80);
    return v | capital >> 2;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* ---- Reading ---- */

/* The labels at `p` up to the root or a pointer, which is not among them. Their bytes; more than `most` when there is
 * neither in that many, or `end` comes first. */
static size_t labels_len(const uint8_t *p, const uint8_t *end, size_t most)
{
    size_t len = 0, left = (size_t)(end - p);
    while (len < left && len <= most && p[len] - 1u < DNS_LABEL_BYTES)
        len += 1u + p[len];
    return len < left ? len : most + 1;
}

static bool bad_name(struct reader *r, struct dns_name *name)
{
    r->bad = true;
    name->len = 1;
    name->wire[0] = 0;
    return false;
}

bool dns_name_read(struct reader *r, struct bytes message, struct dns_name *name)
{
    const uint8_t *at = r->at, *end = r->end, *behind = NULL;
    size_t len = 0;
    if (r->bad)
        return bad_name(r, name);
    for (unsigned pointers = 0; pointers <= DNS_POINTERS_MAX; pointers++) {
        size_t most = DNS_NAME_BYTES - 1 - len, n = labels_len(at, end, most);
        if (n > most)
            break;
        memcpy(name->wire + len, at, n);
        len += n;
        const uint8_t *last = at + n;
        if (*last == 0) {
            name->wire[len] = 0;
            name->len = (uint8_t)(len + 1);
            r->at = behind ? behind : last + 1;
            return true;
        }
        if (*last < POINTER || end - last < 2)
            break;
        size_t target = (size_t)(last[0] & ~POINTER) << 8 | last[1];
        if (target >= (size_t)(at - message.data))
            break;
        behind = behind ? behind : last + 2;
        at = message.data + target;
        end = message.data + message.len;
    }
    return bad_name(r, name);
}

struct bytes dns_name_take(struct reader *r)
{
    size_t n = r->bad ? DNS_NAME_BYTES : labels_len(r->at, r->end, DNS_NAME_BYTES - 1);
    if (n >= DNS_NAME_BYTES || r->at[n] != 0) {
        r->bad = true;
        return (struct bytes){NULL, 0};
    }
    return read_bytes(r, n + 1);
}

/* ---- Text ---- */

/* One byte of a label, which may be escaped. The reason why it is none, or NULL. */
static const char *read_escaped(struct reader *r, uint8_t *byte)
{
    unsigned v = 0;
    *byte = read_u8(r);
    if (*byte != '\\')
        return NULL;
    if (!reader_left(r))
        return "a \\ with nothing behind it";
    if (*r->at - (unsigned)'0' > 9) {
        *byte = read_u8(r);
        return NULL;
    }
    for (int i = 0; i < 3; i++) {
        unsigned digit = reader_left(r) ? read_u8(r) - (unsigned)'0' : 10;
        if (digit > 9)
            return "a \\ with fewer than three digits";
        v = v * 10 + digit;
    }
    *byte = (uint8_t)v;
    return v > 255 ? "a \\ with a number above 255" : NULL;
}

/* The next label, into `w` with its length before it; `*dot` says whether a dot ended it. */
static const char *read_label(struct reader *r, struct writer *w, bool *dot)
{
    uint8_t label[DNS_LABEL_BYTES + 1];
    size_t n = 0;
    *dot = false;
    while (reader_left(r)) {
        if (*r->at == '.') {
            *dot = true;
            read_skip(r, 1);
            break;
        }
        if (n == DNS_LABEL_BYTES)
            return "a label of more than 63 bytes";
        const char *why = read_escaped(r, &label[n++]);
        if (why)
            return why;
    }
    if (n == 0)
        return "an empty label";
    write_u8(w, (uint8_t)n);
    write_copy(w, label, n);
    return NULL;
}

static const char *const too_long = "a name of more than 255 bytes";

COLD const char *dns_name_parse(struct bytes text, struct bytes origin, struct dns_name *name)
{
    struct reader r = reader_of(text);
    struct writer w = writer_of(name->wire, sizeof name->wire);
    bool dot = false;
    if (text.len == 0)
        return "an empty name";
    if (text.len == 1 && text.data[0] == '.') {
        dot = true;
        read_skip(&r, 1);
    } else if (text.len == 1 && text.data[0] == '@') {
        read_skip(&r, 1);
    }
    while (reader_left(&r)) {
        const char *why = read_label(&r, &w, &dot);
        if (why)
            return why;
        if (!writer_good(&w))
            return too_long;
    }
    if (!dot && origin.len == 0)
        return "a relative name without an origin";
    write_bytes(&w, dot ? dns_root() : origin);
    name->len = (uint8_t)writer_len(&w);
    return writer_good(&w) ? NULL : too_long;
}

static void write_escaped(struct writer *w, uint8_t c)
{
    if (c <= ' ' || c >= 0x7f) {
        write_u8(w, '\\');
        write_u8(w, (uint8_t)('0' + c / 100));
        write_u8(w, (uint8_t)('0' + c / 10 % 10));
        c = (uint8_t)('0' + c % 10);
    } else if (strchr(".;()\"\\@$", c)) {
        write_u8(w, '\\');
    }
    write_u8(w, c);
}

COLD void dns_name_write_text(struct writer *w, struct bytes name)
{
    const uint8_t *at = name.data;
    if (*at == 0)
        write_u8(w, '.');
    while (*at) {
        for (unsigned left = *at++; left; left--)
            write_escaped(w, *at++);
        write_u8(w, '.');
    }
}

COLD const char *dns_name_text(struct bytes name, char text[DNS_NAME_TEXT_BYTES])
{
    struct writer w = writer_of(text, DNS_NAME_TEXT_BYTES);
    dns_name_write_text(&w, name);
    write_u8(&w, 0);
    if (!writer_good(&w))
        text[0] = '\0';
    return text;
}

/* ---- Making ---- */

void dns_name_copy(struct dns_name *to, struct bytes name)
{
    to->len = (uint8_t)name.len;
    memcpy(to->wire, name.data, name.len);
}

void dns_name_lower(struct dns_name *to, struct bytes name)
{
    size_t i = 0, n = name.len;
    to->len = (uint8_t)n;
    for (; i + 8 < n; i += 8) {
        uint64_t v = lower8(load8(name.data + i));
        memcpy(to->wire + i, &v, sizeof v);
    }
    if (n >= 8) {
        uint64_t v = lower8(load8(name.data + n - 8));
        memcpy(to->wire + n - 8, &v, sizeof v);
        return;
    }
    for (; i < n; i++)
        to->wire[i] = lower(name.data[i]);
}

COLD bool dns_name_join(struct dns_name *to, struct bytes prefix, struct bytes suffix)
{
    if (prefix.len - 1 + suffix.len > DNS_NAME_BYTES)
        return false;
    to->len = (uint8_t)(prefix.len - 1 + suffix.len);
    memmove(to->wire + prefix.len - 1, suffix.data, suffix.len);
    memmove(to->wire, prefix.data, prefix.len - 1);
    return true;
}

COLD bool dns_name_wildcard(struct dns_name *to, struct bytes name)
{
    return dns_name_join(to, (struct bytes){(const uint8_t *)"\1*", 3}, name);
}

bool dns_name_is_wildcard(struct bytes name)
{
    return name.len > 2 && name.data[0] == 1 && name.data[1] == '*';
}

/* ---- Comparing ---- */

bool dns_name_equal(struct bytes a, struct bytes b)
{
    size_t n = a.len, i = 0;
    if (n != b.len)
        return false;
    if (n < 8)
        return n == 0 || lower8(load_few(a.data, n)) == lower8(load_few(b.data, n));
    for (; i + 8 < n; i += 8) {
        uint64_t x = load8(a.data + i), y = load8(b.data + i);
        if (x != y && lower8(x) != lower8(y))
            return false;
    }
    return lower8(load8(a.data + n - 8)) == lower8(load8(b.data + n - 8));
}

bool dns_name_is_under(struct bytes name, struct bytes ancestor)
{
    while (name.len > ancestor.len)
        name = dns_name_parent(name);
    return dns_name_equal(name, ancestor);
}

/* Where its labels begin; their number. */
static unsigned find_labels(struct bytes name, uint8_t at[static DNS_LABELS_MAX])
{
    unsigned n = 0;
    for (size_t i = 0; name.data[i]; i += 1u + name.data[i])
        at[n++] = (uint8_t)i;
    return n;
}

static int compare_labels(const uint8_t *a, const uint8_t *b)
{
    unsigned shorter = *a < *b ? *a : *b;
    for (unsigned i = 1; i <= shorter; i++) {
        int d = lower(a[i]) - lower(b[i]);
        if (d)
            return d;
    }
    return *a - *b;
}

int dns_name_compare(struct bytes a, struct bytes b)
{
    uint8_t in_a[DNS_LABELS_MAX] __attribute__((uninitialized)); /* sorting a zone comes here most of its time */
    uint8_t in_b[DNS_LABELS_MAX] __attribute__((uninitialized));
    unsigned n = find_labels(a, in_a), m = find_labels(b, in_b);
    while (n && m) {
        int d = compare_labels(a.data + in_a[--n], b.data + in_b[--m]);
        if (d)
            return d;
    }
    return (int)n - (int)m;
}

/* The upper half of a product onto the lower one: each bit of either factor reaches most of the result's. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#define FACTOR UINT64_C(0x9e3779b97f4a7c15)

uint64_t dns_name_hash(struct bytes name, uint64_t seed)
{
    uint64_t h = seed ^ FACTOR;
    size_t i = 0, n = name.len;
    for (; i + 8 < n; i += 8)
        h = fold(h ^ lower8(load8(name.data + i)), FACTOR);
    uint64_t last = n >= 8 ? load8(name.data + n - 8) : n ? load_few(name.data, n) : 0;
    return fold(fold(h ^ lower8(last), FACTOR) ^ n, FACTOR);
}

/* ---- Taking apart ---- */

unsigned dns_name_labels(struct bytes name)
{
    unsigned n = 0;
    for (size_t i = 0; name.data[i]; i += 1u + name.data[i])
        n++;
    return n;
}

struct bytes dns_name_parent(struct bytes name)
{
    size_t first = name.data[0];
    return first ? bytes_of(name.data + 1 + first, name.len - 1 - first) : name;
}

struct bytes dns_name_suffix(struct bytes name, unsigned n)
{
    for (unsigned drop = dns_name_labels(name) - n; drop; drop--)
        name = dns_name_parent(name);
    return name;
}
