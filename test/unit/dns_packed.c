/* SPDX-License-Identifier: ISC */
/* Packed zones: what was written reads back; whatever is missing or wrong ends the reading, and shows. */
#include "proto/dns_packed.h"
#include "wire/dns.h"

#include <jinn/attr.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint8_t soa_data[] = "\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5";
static const uint8_t address[] = {192, 0, 2, 1};
#define BYTES(b) bytes_of(b, sizeof(b))
#define NAME(text) bytes_of((const uint8_t *)(text), sizeof(text))

static const struct dns_packed_record *records(void)
{
    static struct dns_packed_record r[3];
    r[0] = (struct dns_packed_record){NAME("\4test"), DNS_SOA, 300, bytes_of(soa_data, 22)};
    r[1] = (struct dns_packed_record){NAME("\1a\4test"), DNS_A, 0x01020304, BYTES(address)};
    r[2] = (struct dns_packed_record){NAME("\1a\4test"), DNS_TXT, 5, bytes_of((const uint8_t *)"\2hi", 3)};
    return r;
}

static size_t write_all(uint8_t *out, size_t size)
{
    struct writer w = writer_of(out, size);
    struct bytes before = bytes_of(NULL, 0);
    dns_packed_write_begin(&w);
    for (size_t i = 0; i < 3; before = records()[i++].name)
        dns_packed_write(&w, before, &records()[i]);
    assert_true(writer_good(&w));
    return writer_len(&w);
}

/* In memory of its own size. How many records; `whole`: to the end. */
static size_t read_all(struct bytes file, bool *whole)
{
    struct dns_packed p;
    struct dns_packed_record r;
    uint8_t *copy = malloc(file.len + 1);
    size_t n = 0;
    memcpy(copy, file.data, file.len);
    copy = realloc(copy, file.len ? file.len : 1);
    *whole = false;
    if (dns_packed_begin(&p, bytes_of(copy, file.len))) {
        while (dns_packed_next(&p, &r)) {
            assert_true(n < 3 && bytes_equal(r.name, records()[n].name) && bytes_equal(r.rdata, records()[n].rdata));
            assert_int_equal(r.type, records()[n].type);
            assert_int_equal(r.ttl, records()[n++].ttl);
        }
        *whole = dns_packed_ended(&p);
    }
    free(copy);
    return n;
}

static void what_was_written_reads_back(void **state)
{
    uint8_t file[200];
    size_t len = write_all(file, sizeof file);
    bool whole;
    assert_int_equal(read_all(bytes_of(file, len), &whole), 3);
    assert_true(whole);
    /* The head; names of 6 and 8 bytes and the mark for the same; 8 bytes and the data of each. */
    assert_int_equal(len, 4 + (6 + 8 + 22) + (8 + 8 + 4) + (1 + 8 + 3));
}

static void what_is_cut_is_not_whole(void **state)
{
    uint8_t file[200];
    size_t len = write_all(file, sizeof file), ends[] = {4, 40, 60};
    for (size_t cut = 0; cut < len; cut++) {
        bool whole, at_an_end = cut == ends[0] || cut == ends[1] || cut == ends[2];
        assert_int_equal(read_all(bytes_of(file, cut), &whole), (cut >= ends[1]) + (cut >= ends[2]));
        assert_int_equal(whole, at_an_end);
    }
}

static void another_kind_of_file(void **state)
{
    bool whole;
    assert_int_equal(read_all(bytes_str("$ORIGIN example.\n"), &whole), 0);
    assert_false(whole);
}

static void data_is_checked(void **state)
{
    uint8_t file[200];
    size_t len = write_all(file, sizeof file);
    bool whole;
    file[4 + 36 + 15] = 5; /* an address of five bytes */
    assert_int_equal(read_all(bytes_of(file, len), &whole), 1);
    assert_false(whole);
    len = write_all(file, sizeof file);
    file[4] = 0xff; /* the first has no name before it */
    assert_int_equal(read_all(bytes_of(file, len), &whole), 0);
    assert_false(whole);
    file[4] = 0xc0; /* nor are there pointers */
    assert_int_equal(read_all(bytes_of(file, len), &whole), 0);
    assert_false(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_reads_back),
        cmocka_unit_test(what_is_cut_is_not_whole),
        cmocka_unit_test(another_kind_of_file),
        cmocka_unit_test(data_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
