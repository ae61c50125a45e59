/* SPDX-License-Identifier: ISC */
#include "proto/dns_block.h"

#include <jinn/addr.h>

#include <stdlib.h>

enum { LEAST_SLOTS = 1024, WORDS = 16 };

void dns_block_init(struct dns_block *b, uint64_t seed)
{
    *b = (struct dns_block){.seed = seed};
}

void dns_block_free(struct dns_block *b)
{
    free(b->slot);
    b->slot = NULL;
}

static uint64_t hash_of(const struct dns_block *b, struct bytes name)
{
    uint64_t h = dns_name_hash(name, b->seed);
    return h ? h : 1;
}

static uint64_t *place_of(uint64_t *slot, size_t n_slots, uint64_t hash)
{
    size_t i = hash & (n_slots - 1);
    while (slot[i] && slot[i] != hash)
        i = (i + 1) & (n_slots - 1);
    return &slot[i];
}

static enum err grow(struct dns_block *b)
{
    size_t n = b->n_slots ? 2 * b->n_slots : LEAST_SLOTS;
    uint64_t *slot = calloc(n, sizeof *slot);
    if (!slot)
        return ERR_FULL;
    for (size_t i = 0; i < b->n_slots; i++) {
        if (b->slot[i])
            *place_of(slot, n, b->slot[i]) = b->slot[i];
    }
    free(b->slot);
    b->slot = slot;
    b->n_slots = n;
    return OK;
}

enum err dns_block_add(struct dns_block *b, struct bytes name)
{
    if (b->n == DNS_BLOCK_MAX || (2 * b->n >= b->n_slots && grow(b) != OK))
        return ERR_FULL;
    uint64_t hash = hash_of(b, name), *place = place_of(b->slot, b->n_slots, hash);
    unsigned labels = dns_name_labels(name);
    b->n += *place == 0;
    *place = hash;
    b->depths[labels / 64] |= UINT64_C(1) << labels % 64;
    return OK;
}

bool dns_block_has(const struct dns_block *b, struct bytes name)
{
    if (!b->n)
        return false;
    for (unsigned labels = dns_name_labels(name);; labels--, name = dns_name_parent(name)) {
        if (b->depths[labels / 64] >> labels % 64 & 1 && *place_of(b->slot, b->n_slots, hash_of(b, name)))
            return true;
        if (labels == 0)
            return false;
    }
}

/* ---- Lists ---- */

static size_t split(struct bytes line, struct bytes word[static WORDS])
{
    size_t n = 0;
    for (size_t at = 0; at < line.len;) {
        size_t start = at;
        while (at < line.len && line.data[at] > ' ' && line.data[at] != '#' && line.data[at] != ';')
            at++;
        if (at > start && n < WORDS)
            word[n++] = bytes_slice(line, start, at - start);
        if (at < line.len && line.data[at] > ' ')
            break; /* a comment */
        at++;
    }
    return n;
}

/* "*.example.com" is what is below it, which is blocked with it. */
static enum err add_word(struct dns_block *b, struct bytes word)
{
    struct dns_name name;
    if (dns_name_parse(word, dns_root(), &name) || name.len == 1)
        return ERR_MALFORMED;
    struct bytes wire = dns_name_bytes(&name);
    if (dns_name_is_wildcard(wire))
        wire = dns_name_parent(wire);
    return wire.len == 1 ? ERR_MALFORMED : dns_block_add(b, wire);
}

/* What hosts files begin with, and nobody blocks. */
static bool is_own_name(struct bytes word)
{
    static const char *const own[] = {"localhost", "localhost.localdomain", "local", "broadcasthost", "0.0.0.0"};
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        if (bytes_equal(word, bytes_str(own[i])))
            return true;
    }
    return bytes_starts(word, bytes_str("ip6-"));
}

static enum err add_hosts(struct dns_block *b, const struct bytes *word, size_t n)
{
    enum err e = OK;
    for (size_t i = 1; i < n && e == OK; i++)
        e = is_own_name(word[i]) ? OK : add_word(b, word[i]);
    return e;
}

static bool is_same(struct bytes word, const char *text)
{
    struct bytes other = bytes_str(text);
    bool same = word.len == other.len;
    for (size_t i = 0; same && i < word.len; i++)
        same = (word.data[i] & 0xdf) == (other.data[i] & 0xdf);
    return same;
}

/* A zone's records but those that block are passed over. */
static enum err add_record(struct dns_block *b, const struct bytes *word, size_t n)
{
    bool blocks = is_same(word[n - 2], "CNAME") && bytes_equal(word[n - 1], bytes_str("."));
    return blocks && n <= 5 ? add_word(b, word[0]) : OK;
}

static enum err add_line(struct dns_block *b, struct bytes line)
{
    struct bytes word[WORDS];
    struct ip ip;
    size_t n = split(line, word);
    if (n == 0 || word[0].data[0] == '$')
        return OK;
    if (n == 1)
        return add_word(b, word[0]);
    if (ip_parse(word[0], &ip))
        return add_hosts(b, word, n);
    return add_record(b, word, n);
}

enum err dns_block_read(struct dns_block *b, struct bytes text)
{
    b->first_bad = 0;
    for (unsigned line = 1; text.len; line++) {
        size_t end = bytes_find(text, '\n');
        enum err e = add_line(b, bytes_slice(text, 0, end));
        if (e == ERR_FULL)
            return e;
        b->n_bad += e != OK;
        if (e != OK && !b->first_bad)
            b->first_bad = line;
        text = bytes_slice(text, end + 1, text.len);
    }
    return OK;
}
