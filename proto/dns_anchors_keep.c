/* SPDX-License-Identifier: ISC */
#include "proto/dns_anchors_keep.h"

#include "base/radix.h"

#include <mbedtls/sha256.h>
#include <stdlib.h>

#define MAGIC "jinn anchors "

enum { HEAD_BYTES = 160, HASH_BYTES = 32, SERIAL_TEXT_BYTES = 20 };

static uint64_t round_up(uint64_t n, uint64_t unit)
{
    return (n + unit - 1) / unit * unit;
}

enum err dns_anchors_open(struct dns_anchors_store *s, struct block *b)
{
    *s = (struct dns_anchors_store){.block = b};
    s->copy_bytes = round_up(HEAD_BYTES + DNS_ANCHORS_TEXT_BYTES, b->block_bytes);
    return b->capacity_bytes < 2 * s->copy_bytes ? ERR_INVALID : OK;
}

static bool hash_copy(uint64_t serial, struct bytes text, uint8_t hash[static HASH_BYTES])
{
    uint8_t number[8];
    struct writer w = writer_of(number, sizeof number);
    mbedtls_sha256_context sha;
    write_be64(&w, serial);
    mbedtls_sha256_init(&sha);
    bool good = mbedtls_sha256_starts(&sha, 0) == 0 && mbedtls_sha256_update(&sha, number, sizeof number) == 0 &&
                mbedtls_sha256_update(&sha, text.data, text.len) == 0 && mbedtls_sha256_finish(&sha, hash) == 0;
    mbedtls_sha256_free(&sha);
    return good;
}

static void write_head(struct writer *w, uint64_t serial, struct bytes text, const uint8_t hash[static HASH_BYTES])
{
    write_format(w, MAGIC "%llu %zu ", (unsigned long long)serial, text.len);
    radix_write(w, RADIX_HEX, bytes_of(hash, HASH_BYTES));
    write_u8(w, '\n');
}

static bool take_word(struct bytes *line, struct bytes *word)
{
    size_t end = bytes_find(*line, ' ');
    *word = bytes_slice(*line, 0, end);
    *line = bytes_slice(*line, end + 1, line->len);
    return word->len > 0;
}

/* A whole copy's text; its serial number, 0: it is none. */
static uint64_t parse(struct bytes copy, struct bytes *text)
{
    uint8_t hash[HASH_BYTES], room[HEAD_BYTES];
    uint64_t serial, len;
    struct writer w = writer_of(room, sizeof room);
    size_t end = bytes_find(bytes_slice(copy, 0, HEAD_BYTES), '\n');
    struct bytes line = bytes_slice(copy, 0, end), word;
    if (!bytes_starts(line, bytes_str(MAGIC)))
        return 0;
    line = bytes_slice(line, strlen(MAGIC), line.len);
    if (!take_word(&line, &word) || !bytes_decimal(word, UINT64_MAX, &serial) || !take_word(&line, &word) ||
        !bytes_decimal(word, DNS_ANCHORS_TEXT_BYTES, &len))
        return 0;
    *text = bytes_slice(copy, end + 1, (size_t)len);
    if (text->len != len || !hash_copy(serial, *text, hash))
        return 0;
    write_head(&w, serial, *text, hash);
    return bytes_equal(writer_bytes(&w), bytes_slice(copy, 0, end + 1)) ? serial : 0;
}

/* The first copy is written behind the other's place, the second when the first is whole: so where none is whole, a device that
 * began with zeros has zeros at its beginning, and at most a part of our first line behind them. Others hold something else. */
static bool could_be_ours(size_t i, const uint8_t *copy, size_t len)
{
    const uint8_t *end = copy + (i ? strlen(MAGIC) : len);
    for (const uint8_t *c = copy; c < end; c++)
        if (*c && (i == 0 || *c != MAGIC[c - copy]))
            return false;
    return true;
}

enum err dns_anchors_load(struct dns_anchors_store *s, struct dns_anchors *a)
{
    struct dns_anchors *read = malloc(sizeof *read);
    uint8_t *copy = malloc((size_t)s->copy_bytes);
    enum err e = read && copy ? OK : ERR_FULL, none = ERR_NOT_FOUND;
    for (size_t i = 0; i < 2 && e == OK; i++) {
        struct bytes text;
        unsigned line;
        e = block_read(s->block, i * s->copy_bytes, copy, (size_t)s->copy_bytes);
        if (e == OK && !could_be_ours(i, copy, (size_t)s->copy_bytes))
            none = ERR_MALFORMED;
        uint64_t serial = e == OK ? parse(bytes_of(copy, (size_t)s->copy_bytes), &text) : 0;
        if (serial <= s->serial)
            continue;
        dns_anchors_init(read);
        if (dns_anchors_read(read, text, &line))
            continue;
        *a = *read;
        s->serial = serial;
    }
    free(copy);
    free(read);
    return e == OK && s->serial == 0 ? none : e;
}

/* Over the older copy. */
enum err dns_anchors_save(struct dns_anchors_store *s, const struct dns_anchors *a)
{
    uint8_t hash[HASH_BYTES];
    uint8_t *text = malloc(DNS_ANCHORS_TEXT_BYTES), *copy = calloc(1, (size_t)s->copy_bytes);
    struct writer t = writer_of(text, DNS_ANCHORS_TEXT_BYTES), w = writer_of(copy, (size_t)s->copy_bytes);
    uint64_t serial = s->serial + 1;
    enum err e = ERR_FULL;
    if (text && copy) {
        dns_anchors_write(a, &t);
        if (writer_good(&t) && hash_copy(serial, writer_bytes(&t), hash)) {
            write_head(&w, serial, writer_bytes(&t), hash);
            write_bytes(&w, writer_bytes(&t));
            e = block_write(s->block, serial % 2 * s->copy_bytes, copy, (size_t)s->copy_bytes);
        }
    }
    if (e == OK)
        e = block_flush(s->block);
    if (e == OK || e == ERR_UNSUPPORTED)
        s->serial = serial;
    free(copy);
    free(text);
    return e == ERR_UNSUPPORTED ? OK : e;
}
