/* SPDX-License-Identifier: ISC */
/* A device with whatever is on it: it is opened or refused, and when it was opened and fits its zone, a change that is kept is there when
 * it is opened again. The first byte says whether the rest lies there as it is, or is put there as records with right sums: the length of
 * each in two bytes, then so much. */
#include "proto/dns_journal.h"

#include <jinn/must.h>
#include <jinn/random.h>

#include <mbedtls/sha256.h>

#include <stdlib.h>

#define NAME "\7example\4test"

enum { BLOCK = 512, FIRST_BYTES = 40, HEAD_BYTES = 24, SUM_BYTES = 32, NONCE_BYTES = 16 };

static uint8_t medium[DNS_JOURNAL_LEAST_BYTES];

static enum err read_medium(struct block *b, uint64_t offset, void *to, size_t len)
{
    memcpy(to, medium + offset, len);
    return OK;
}

static enum err write_medium(struct block *b, uint64_t offset, const void *data, size_t len)
{
    memcpy(medium + offset, data, len);
    return OK;
}

static enum err flush_medium(struct block *b)
{
    return OK;
}

static const struct block_ops ops = {.read = read_medium, .write = write_medium, .flush = flush_medium};
static struct block device = {.ops = &ops, .capacity_bytes = sizeof medium, .block_bytes = BLOCK};

/* ---- What the journal writes, from its description ---- */

static void put_first(void)
{
    struct writer w = writer_of(medium, BLOCK);
    write_copy(&w, "JINNDNSJ", 8);
    write_le32(&w, 1);
    write_le32(&w, BLOCK);
    write_le64(&w, 1);
    write_zeros(&w, NONCE_BYTES);
    must(mbedtls_sha256(medium, FIRST_BYTES, medium + FIRST_BYTES, 0) == 0);
}

static size_t put_record(size_t at, uint64_t number, struct bytes data)
{
    uint8_t summed[NONCE_BYTES + HEAD_BYTES] = {0};
    mbedtls_sha256_context c;
    struct writer w = writer_of(medium + at, HEAD_BYTES);
    write_le32(&w, 0x43534e44);
    write_le32(&w, (uint32_t)data.len);
    write_le64(&w, 1);
    write_le64(&w, number);
    memcpy(summed + NONCE_BYTES, medium + at, HEAD_BYTES);
    if (data.len)
        memcpy(medium + at + HEAD_BYTES + SUM_BYTES, data.data, data.len);
    mbedtls_sha256_init(&c);
    must(mbedtls_sha256_starts(&c, 0) == 0 && mbedtls_sha256_update(&c, summed, sizeof summed) == 0 &&
         mbedtls_sha256_update(&c, data.data, data.len) == 0 &&
         mbedtls_sha256_finish(&c, medium + at + HEAD_BYTES) == 0);
    mbedtls_sha256_free(&c);
    return (HEAD_BYTES + SUM_BYTES + data.len + BLOCK - 1) / BLOCK * BLOCK;
}

static uint64_t put_records(struct reader r)
{
    size_t at = BLOCK;
    uint64_t n = 0;
    put_first();
    for (; reader_left(&r) > 2; n++) {
        size_t len = read_be16(&r);
        struct bytes data = read_bytes(&r, len < reader_left(&r) ? len : reader_left(&r));
        if (at + HEAD_BYTES + SUM_BYTES + data.len + BLOCK > sizeof medium / 2)
            break;
        at += put_record(at, n, data);
    }
    return n;
}

/* ---- A server that starts ---- */

static struct dns_zones zones;
static struct dns_journal journal;

static struct dns_zone *load(void)
{
    static const char soa[] = "\3ns1" NAME "\0\4host" NAME "\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5";
    struct dns_zone *z;
    dns_zones_free(&zones);
    dns_zones_init(&zones, 1, 4);
    must(dns_zone_new(bytes_of(NAME, sizeof NAME), 1, SIZE_MAX, &z) == OK);
    must(dns_zone_add(z, bytes_of(NAME, sizeof NAME), DNS_SOA, 60, bytes_of(soa, sizeof soa - 1)) == OK);
    must(dns_zone_add(z, bytes_of("\1a" NAME, sizeof NAME + 2), DNS_A, 60, bytes_of("\300\0\2\1", 4)) == OK);
    must(dns_zones_put(&zones, z) == OK);
    return z;
}

static bool start(struct dns_zone **z)
{
    *z = load();
    if (dns_journal_open(&journal, &device) != OK)
        return false;
    return dns_journal_replay(&journal, &zones, NULL, NULL) == OK && journal.n.n_gaps + journal.n.n_old == 0;
}

static enum err change(struct dns_zone *z)
{
    struct dns_entry *e;
    dns_zone_begin(z);
    enum err problem = dns_soa_raise(z, NULL);
    if (!problem)
        problem = dns_entry_of_changes(z, &e);
    if (!problem) {
        problem = dns_journal_keep(&journal, dns_zone_origin(z), e);
        dns_entry_release(e);
    }
    if (problem)
        dns_zone_abort(z);
    else
        dns_zone_commit(z);
    return problem;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    struct dns_zone *z;
    if (!ready)
        must(random_init() == OK);
    ready = true;
    if (size < 1 || size > sizeof medium)
        return 0;
    memset(medium, 0, sizeof medium);
    if (data[0] & 1) {
        uint64_t n = put_records(reader_of(bytes_of(data + 1, size - 1)));
        enum err e = dns_journal_open(&journal, &device);
        must(e == ERR_MALFORMED || (e == OK && journal.next == n)); /* all that was put there is read */
    } else {
        memcpy(medium, data + 1, size - 1);
    }
    if (!start(&z) || change(z) != OK)
        return 0;
    uint32_t serial = dns_zone_serial(z);
    must(start(&z));
    must(dns_zone_serial(z) == serial);
    return 0;
}
