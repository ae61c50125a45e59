/* SPDX-License-Identifier: ISC */
/*   the first block of a half   8 "JINNDNSJ"   4 version   4 bytes of a block   8 epoch   16 random   32 sum of what is before
 *   a record                    4 "DNSC"   4 length of the rest   8 epoch   8 number   32 sum   origin's name, an entry's data
 *
 * Numbers are little-endian. A record's sum is over the random bytes, its head without the sum, and the rest. */
#include "proto/dns_journal.h"

#include "proto/dns_merge.h"

#include <jinn/must.h>
#include <jinn/random.h>

#include <mbedtls/sha256.h>

#include <stdlib.h>

enum { SUM_BYTES = 32, HEAD_BYTES = 4 + 4 + 8 + 8, RECORD_BYTES = HEAD_BYTES + SUM_BYTES, VERSION = 1 };
enum { LOOK_BYTES = 1 << 20 };
enum { FIRST_BYTES = 8 + 4 + 4 + 8 + DNS_JOURNAL_NONCE_BYTES };

static const char magic[] = "JINNDNSJ";
static const uint32_t record_magic = 0x43534e44;

static void sum_of(struct bytes nonce, struct bytes a, struct bytes b, uint8_t sum[static SUM_BYTES])
{
    const struct bytes part[] = {nonce, a, b};
    mbedtls_sha256_context c;
    mbedtls_sha256_init(&c);
    int bad = mbedtls_sha256_starts(&c, 0);
    for (size_t i = 0; i < ARRAY_LEN(part) && !bad; i++)
        bad = mbedtls_sha256_update(&c, part[i].data, part[i].len);
    bad = bad ? bad : mbedtls_sha256_finish(&c, sum);
    must(!bad);
    mbedtls_sha256_free(&c);
}

static struct bytes nonce_of(const struct dns_journal *j)
{
    return bytes_of(j->nonce, sizeof j->nonce);
}

static uint64_t whole_blocks(const struct dns_journal *j, uint64_t len)
{
    uint32_t size = j->block->block_bytes;
    return (len + size - 1) / size * size;
}

/* ---- Halves ---- */

static void write_first(const struct dns_journal *j, struct writer *w)
{
    uint8_t sum[SUM_BYTES];
    write_copy(w, magic, 8);
    write_le32(w, VERSION);
    write_le32(w, j->block->block_bytes);
    write_le64(w, j->epoch);
    write_bytes(w, nonce_of(j));
    sum_of(writer_bytes(w), (struct bytes){0}, (struct bytes){0}, sum);
    write_copy(w, sum, sizeof sum);
}

struct first {
    bool good;
    uint64_t epoch;
    uint8_t nonce[DNS_JOURNAL_NONCE_BYTES];
};

static bool all_zeros(struct bytes b)
{
    for (size_t i = 0; i < b.len; i++) {
        if (b.data[i] != 0)
            return false;
    }
    return true;
}

static void parse_first(const struct dns_journal *j, struct bytes b, struct first *f)
{
    uint8_t sum[SUM_BYTES];
    struct reader r = reader_of(b);
    struct bytes word = read_bytes(&r, 8);
    uint32_t version = read_le32(&r), size = read_le32(&r);
    f->epoch = read_le64(&r);
    read_copy(&r, f->nonce, sizeof f->nonce);
    sum_of(bytes_slice(b, 0, FIRST_BYTES), (struct bytes){0}, (struct bytes){0}, sum);
    f->good = bytes_equal(word, bytes_of(magic, 8)) && version == VERSION && size == j->block->block_bytes &&
              bytes_equal(read_bytes(&r, SUM_BYTES), bytes_of(sum, sizeof sum)) && reader_good(&r);
}

static enum err flush(struct dns_journal *j)
{
    enum err e = block_flush(j->block);
    j->n.n_not_flushed += e == ERR_UNSUPPORTED;
    return e == ERR_UNSUPPORTED ? OK : e;
}

/* Of this half; `text` fits into it. */
static enum err put_first(struct dns_journal *j, unsigned half, struct bytes text)
{
    uint8_t *block = calloc(1, j->block->block_bytes);
    if (!block)
        return ERR_FULL;
    if (text.len)
        memcpy(block, text.data, text.len);
    enum err e = block_write(j->block, half * j->half_bytes, block, j->block->block_bytes);
    free(block);
    return e ? e : flush(j);
}

/* Makes the half in use that j->half says, with j->epoch. */
static enum err begin_half(struct dns_journal *j)
{
    uint8_t text[FIRST_BYTES + SUM_BYTES];
    struct writer w = writer_of(text, sizeof text);
    write_first(j, &w);
    must(writer_good(&w));
    return put_first(j, j->half, writer_bytes(&w));
}

/* The half not in use can't be taken for the one in use any more, should the device ever lose that one's first block. */
static enum err retire_other(struct dns_journal *j)
{
    return put_first(j, !j->half, (struct bytes){0});
}

/* ---- Records ---- */

static void write_head(struct writer *w, const struct dns_journal *j, size_t len)
{
    write_le32(w, record_magic);
    write_le32(w, (uint32_t)len);
    write_le64(w, j->epoch);
    write_le64(w, j->next);
}

/* At j->at; goes on behind it. The caller flushes. */
static enum err put(struct dns_journal *j, struct bytes origin, struct bytes data)
{
    size_t len = origin.len + data.len, whole = (size_t)whole_blocks(j, RECORD_BYTES + len);
    if (whole > j->half_bytes - j->at)
        return ERR_TOO_LARGE;
    uint8_t *record = malloc(whole);
    if (!record)
        return ERR_FULL;
    struct writer w = writer_of(record, whole);
    write_head(&w, j, len);
    uint8_t *sum = write_room(&w, SUM_BYTES);
    write_bytes(&w, origin);
    write_bytes(&w, data);
    write_zeros(&w, writer_left(&w));
    must(writer_good(&w));
    sum_of(nonce_of(j), bytes_of(record, HEAD_BYTES), bytes_of(record + RECORD_BYTES, len), sum);
    enum err e = block_write(j->block, j->half * j->half_bytes + j->at, record, whole);
    free(record);
    if (e)
        return e;
    j->at += whole;
    j->next++;
    return OK;
}

/* So many bytes of the half in use: GIVES. */
static enum err read_at(const struct dns_journal *j, uint64_t at, size_t len, uint8_t **to)
{
    *to = malloc(len);
    enum err e = *to ? block_read(j->block, j->half * j->half_bytes + at, *to, len) : ERR_FULL;
    if (e)
        free(*to);
    return e;
}

/* Whether what begins here may be a record of this epoch, number `next` or, with `any`, that or a later one; the length of its rest. */
static bool is_head(const struct dns_journal *j, struct bytes b, uint64_t next, bool any, size_t *len)
{
    struct reader r = reader_of(b);
    bool good = read_le32(&r) == record_magic;
    *len = read_le32(&r);
    good &= read_le64(&r) == j->epoch;
    uint64_t number = read_le64(&r);
    return good && (any ? number >= next : number == next);
}

/* The record at `at` of the half in use: GIVES its whole in *record. ERR_END: there is none. */
static enum err get(const struct dns_journal *j, uint64_t at, uint64_t next, bool any, uint8_t **record, size_t *len)
{
    uint8_t *b, sum[SUM_BYTES];
    enum err e = at < j->half_bytes ? read_at(j, at, j->block->block_bytes, &b) : ERR_END;
    if (e)
        return e;
    bool head = is_head(j, bytes_of(b, j->block->block_bytes), next, any, len);
    free(b);
    uint64_t whole = whole_blocks(j, RECORD_BYTES + (uint64_t)*len);
    if (!head || whole > j->half_bytes - at)
        return ERR_END;
    e = read_at(j, at, (size_t)whole, &b);
    if (e)
        return e;
    sum_of(nonce_of(j), bytes_of(b, HEAD_BYTES), bytes_of(b + RECORD_BYTES, *len), sum);
    if (memcmp(sum, b + HEAD_BYTES, SUM_BYTES) != 0) {
        free(b);
        return ERR_END;
    }
    *record = b;
    return OK;
}

typedef enum err record_fn(void *user, struct bytes origin, struct bytes data);

/* Each of the half in use, from its first; *at and *next become where the end is. */
static enum err walk(const struct dns_journal *j, record_fn *each, void *user, uint64_t *at, uint64_t *next)
{
    enum err e = OK;
    *at = j->block->block_bytes;
    *next = 0;
    while (e == OK) {
        uint8_t *record;
        size_t len;
        e = get(j, *at, *next, false, &record, &len);
        if (e)
            break;
        struct reader r = reader_of(bytes_of(record + RECORD_BYTES, len));
        struct bytes origin = dns_name_take(&r), data = read_rest(&r);
        e = reader_good(&r) ? each(user, origin, data) : ERR_MALFORMED;
        free(record);
        *at += whole_blocks(j, RECORD_BYTES + len);
        ++*next;
    }
    return e == ERR_END ? OK : e;
}

static enum err nothing(void *user, struct bytes origin, struct bytes data)
{
    return OK;
}

/* Behind the end there must be none of this epoch that is good. */
static enum err check_end(const struct dns_journal *j)
{
    for (uint64_t at = j->at + j->block->block_bytes; at < j->half_bytes; at += j->block->block_bytes) {
        uint8_t *record;
        size_t len;
        enum err e = get(j, at, j->next, true, &record, &len);
        if (e == OK)
            free(record);
        if (e != ERR_END)
            return e == OK ? ERR_MALFORMED : e;
    }
    return OK;
}

static enum err read_halves(struct dns_journal *j, struct first first[static 2])
{
    uint8_t *block = malloc(j->block->block_bytes);
    enum err e = block ? OK : ERR_FULL;
    for (unsigned i = 0; !e && i < 2; i++) {
        e = block_read(j->block, i * j->half_bytes, block, j->block->block_bytes);
        if (!e)
            parse_first(j, bytes_of(block, j->block->block_bytes), &first[i]);
    }
    free(block);
    return e;
}

/* Only zeros from `at` to `end`. */
static enum err check_zeros(const struct dns_journal *j, uint64_t at, uint64_t end)
{
    uint32_t size = j->block->block_bytes;
    uint8_t *b = malloc(size);
    enum err e = b ? OK : ERR_FULL;
    for (; !e && at < end; at += size) {
        e = block_read(j->block, at, b, size);
        if (!e && !all_zeros(bytes_of(b, size)))
            e = ERR_MALFORMED;
    }
    free(b);
    return e;
}

/* What a power cut may have left of the very first write: a part of it, or nothing. */
static enum err check_torn_first(const struct dns_journal *j)
{
    uint32_t size = j->block->block_bytes;
    size_t n = 0;
    uint8_t *b = malloc(size);
    enum err e = b ? block_read(j->block, 0, b, size) : ERR_FULL;
    while (!e && n < 8 && b[n] == (uint8_t)magic[n])
        n++;
    size_t may = n < 8 ? n : FIRST_BYTES + SUM_BYTES;
    if (!e && !all_zeros(bytes_of(b + may, size - may)))
        e = ERR_MALFORMED;
    free(b);
    return e;
}

/* ERR_MALFORMED: it holds something, of which we don't know what it is. No record is written before the first block is safe, so
 * all else is zeros in a journal that was never used; of a large device the start of each half tells. */
static enum err check_unused(const struct dns_journal *j)
{
    uint64_t look = j->half_bytes < LOOK_BYTES ? j->half_bytes : whole_blocks(j, LOOK_BYTES);
    enum err e = check_torn_first(j);
    if (!e)
        e = check_zeros(j, j->block->block_bytes, look);
    return e ? e : check_zeros(j, j->half_bytes, j->half_bytes + look);
}

static enum err start_empty(struct dns_journal *j)
{
    j->epoch = 1;
    j->at = j->block->block_bytes;
    random_bytes(j->nonce, sizeof j->nonce);
    return begin_half(j);
}

static enum err keep_of(struct dns_keeper *k, struct dns_zone *z, const struct dns_entry *e)
{
    return dns_journal_keep(CONTAINER_OF(k, struct dns_journal, keeper), dns_zone_origin(z), e);
}

enum err dns_journal_open(struct dns_journal *j, struct block *b)
{
    struct first first[2] = {0};
    *j = (struct dns_journal){.keeper = {keep_of}, .block = b};
    if (b->capacity_bytes < DNS_JOURNAL_LEAST_BYTES || b->block_bytes < FIRST_BYTES + SUM_BYTES ||
        b->capacity_bytes < 4 * (uint64_t)b->block_bytes)
        return ERR_INVALID;
    j->half_bytes = b->capacity_bytes / 2 / b->block_bytes * b->block_bytes;
    enum err e = read_halves(j, first);
    if (e)
        return e;
    if (!first[0].good && !first[1].good) {
        e = check_unused(j);
        return e ? e : start_empty(j);
    }
    j->half = first[1].good && (!first[0].good || first[1].epoch > first[0].epoch);
    j->epoch = first[j->half].epoch;
    memcpy(j->nonce, first[j->half].nonce, sizeof j->nonce);
    e = walk(j, nothing, NULL, &j->at, &j->next);
    if (!e)
        e = check_end(j);
    return !e && first[0].good && first[1].good ? retire_other(j) : e;
}

/* ---- Summing up ---- */

static enum err merge_one(void *user, struct bytes origin, struct bytes data)
{
    return dns_merge_add(user, origin, data);
}

static enum err put_merged(void *user, struct bytes origin, struct bytes data)
{
    return put(user, origin, data);
}

/* All there is, and this change, into the other half, which is in use only when all of it is there. That a change takes part makes
 * room where it removes what changes before it added. */
static enum err compact(struct dns_journal *j, struct bytes origin, struct bytes data)
{
    struct dns_merge merge;
    struct dns_journal next = *j;
    uint64_t at, n;
    dns_merge_init(&merge);
    next.half = !j->half;
    next.epoch++;
    next.at = j->block->block_bytes;
    next.next = 0;
    random_bytes(next.nonce, sizeof next.nonce);
    enum err e = walk(j, merge_one, &merge, &at, &n);
    if (!e)
        e = dns_merge_add(&merge, origin, data);
    if (!e)
        e = dns_merge_each(&merge, put_merged, &next);
    dns_merge_free(&merge);
    if (!e)
        e = flush(&next);
    if (!e)
        e = begin_half(&next);
    if (e)
        return e;
    *j = next;
    j->n.n_compacted++;
    return retire_other(j);
}

static enum err append(struct dns_journal *j, struct bytes origin, struct bytes data)
{
    enum err e = put(j, origin, data);
    if (e == ERR_TOO_LARGE)
        return compact(j, origin, data);
    return e ? e : flush(j);
}

enum err dns_journal_keep(struct dns_journal *j, struct bytes origin, const struct dns_entry *entry)
{
    if (j->failed)
        return ERR_IO;
    enum err e = append(j, origin, bytes_of(entry->data, entry->len));
    if (e == ERR_TOO_LARGE || e == ERR_FULL) {
        j->n.n_full++;
        return ERR_FULL;
    }
    j->failed = e != OK;
    j->n.n_kept += e == OK;
    j->n.n_failed += e != OK;
    return e ? ERR_IO : OK;
}

/* ---- Replaying ---- */

struct replay {
    struct dns_journal *j;
    struct dns_zones *zones;
    void (*each)(void *user, struct dns_zone *z, struct dns_entry *e);
    void *user;
};

static enum err note_gap(struct replay *r, const struct dns_zone *z, const struct dns_entry *e)
{
    if (r->j->n.n_gaps++ == 0) {
        dns_name_copy(&r->j->gap.origin, dns_zone_origin(z));
        r->j->gap.have = dns_zone_serial(z);
        r->j->gap.from = e->from;
    }
    return OK;
}

static enum err replay_entry(struct replay *r, struct dns_zone *z, struct dns_entry *e)
{
    uint32_t serial = dns_zone_serial(z);
    if (serial != e->from) {
        bool old = serial == e->to || dns_serial_after(serial, e->to);
        r->j->n.n_old += old;
        return old ? OK : note_gap(r, z, e);
    }
    dns_zone_begin(z);
    enum err problem = dns_entry_apply(e, z);
    if (problem) {
        dns_zone_abort(z);
        return problem == ERR_FULL ? ERR_FULL : note_gap(r, z, e);
    }
    dns_zone_commit(z);
    r->j->n.n_replayed++;
    if (r->each) {
        dns_entry_hold(e);
        r->each(r->user, z, e);
    }
    return OK;
}

static enum err replay_record(void *user, struct bytes origin, struct bytes data)
{
    struct replay *r = user;
    struct dns_entry *entry;
    struct dns_zone_entry *zone = dns_zones_get(r->zones, origin);
    if (!zone) {
        r->j->n.n_without_zone++;
        return OK;
    }
    enum err e = dns_entry_parse(data, &entry);
    if (e)
        return e;
    e = replay_entry(r, zone->zone, entry);
    dns_entry_release(entry);
    return e;
}

enum err dns_journal_replay(struct dns_journal *j, struct dns_zones *zones,
                            void (*each)(void *user, struct dns_zone *z, struct dns_entry *e), void *user)
{
    struct replay r = {j, zones, each, user};
    uint64_t at, next;
    return walk(j, replay_record, &r, &at, &next);
}
