/* SPDX-License-Identifier: ISC */
/* Zones from text, and answers as text: one line a record, its section before it, signatures by what they cover only. */
#ifndef TEST_SUPPORT_DNS_ZONE_TEXT_H
#define TEST_SUPPORT_DNS_ZONE_TEXT_H

#include "proto/dns_answer.h"
#include "proto/dns_zonefile.h"
#include "wire/dns_rdata.h"

#include <stdio.h>
#include <stdlib.h>

#define TEST_SEED UINT64_C(0x123456789abcdef)

static inline void name_of(struct dns_name *name, const char *text)
{
    const char *why = dns_name_parse(bytes_str(text), dns_root(), name);
    if (why) {
        fprintf(stderr, "%s: %s\n", text, why);
        abort();
    }
}

/* Ends the test when the text is no zone. */
static inline struct dns_zone *zone_of(const char *origin_text, const char *text)
{
    static struct dns_zonefile file;
    struct dns_zone *z;
    struct dns_name origin;
    name_of(&origin, origin_text);
    if (dns_zone_new(dns_name_bytes(&origin), TEST_SEED, 1 << 24, &z) != OK)
        abort();
    dns_zonefile_begin(&file,
                       &(struct dns_zonefile_options){.origin = dns_name_bytes(&origin), .text = bytes_str(text)});
    for (;;) {
        const struct dns_zonefile_record *r = &file.record;
        switch (dns_zonefile_next(&file)) {
        case DNS_ZONEFILE_RECORD:
            if (dns_zone_add(z, r->name, r->type, r->ttl, r->rdata) == OK)
                break;
            /* fall through */
        case DNS_ZONEFILE_ERROR:
            fprintf(stderr, "line %u: %s\n", file.line, file.reason ? file.reason : "not taken");
            abort();
        case DNS_ZONEFILE_END:
            return z;
        }
    }
}

static inline void write_record_text(struct writer *w, const char *section, struct bytes message,
                                     const struct dns_record *r)
{
    uint8_t rdata[4096];
    struct writer expanded = writer_of(rdata, sizeof rdata);
    write_str(w, section);
    write_u8(w, ' ');
    dns_name_write_text(w, dns_name_bytes(&r->name));
    write_format(w, " %u ", (unsigned)r->ttl);
    dns_type_write(w, r->type);
    write_u8(w, ' ');
    if (!dns_rdata_expand(message, r, &expanded))
        write_str(w, "(bad)");
    else if (r->type == DNS_RRSIG)
        dns_type_write(w, (uint16_t)(rdata[0] << 8 | rdata[1]));
    else
        dns_rdata_write_text(w, r->type, writer_bytes(&expanded));
    write_u8(w, '\n');
}

/* "NOERROR AA\nan www.example. 300 A 192.0.2.1\n..." */
static inline void write_response_text(struct writer *w, struct bytes message)
{
    static const char *const sections[] = {"qu", "an", "au", "ad"};
    struct reader r = reader_of(message);
    struct dns_header h;
    struct dns_question q;
    struct dns_record record;
    dns_header_read(&r, &h);
    write_str(w, dns_rcode_text(h.flags & DNS_RCODE));
    if (h.flags & DNS_AA)
        write_str(w, " AA");
    if (h.flags & DNS_TC)
        write_str(w, " TC");
    write_u8(w, '\n');
    for (unsigned i = 0; i < h.n[0]; i++)
        dns_question_read(&r, message, &q);
    for (int section = 1; section < 4; section++) {
        for (unsigned i = 0; i < h.n[section] && dns_record_read(&r, message, &record); i++)
            write_record_text(w, sections[section], message, &record);
    }
    if (!reader_good(&r) || reader_left(&r))
        write_str(w, "(not whole)\n");
}

/* The answer to "NAME TYPE", with "+do", "+tcp" or "+N" (bytes at most) behind it. */
static inline const char *answer_of(const struct dns_zones *zs, const char *query)
{
    static char text[65536];
    static uint8_t message[65535];
    char name[256], type[32], option[2][16] = {"", ""};
    struct dns_question question = {.class_ = DNS_IN};
    struct dns_query q = {.question = &question};
    struct dns_result result;
    struct dns_writer d;
    size_t limit = sizeof message;
    struct writer w = writer_of(text, sizeof text - 1);
    if (sscanf(query, "%255s %31s %15s %15s", name, type, option[0], option[1]) < 2 ||
        !dns_type_parse(bytes_str(type), &question.type))
        abort();
    for (int i = 0; i < 2; i++) {
        q.dnssec_ok |= !strcmp(option[i], "+do");
        q.tcp |= !strcmp(option[i], "+tcp");
        if (option[i][0] == '+' && option[i][1] >= '0' && option[i][1] <= '9')
            limit = (size_t)atoi(option[i] + 1);
    }
    name_of(&question.name, name);
    dns_write_begin(&d, message, limit);
    if (!dns_write_question(&d, dns_name_bytes(&question.name), question.type, DNS_IN))
        abort();
    dns_answer(zs, &q, &d, &result);
    write_response_text(&w, dns_write_end(&d, 1, (uint16_t)(DNS_QR | result.flags)));
    *w.at = 0;
    return text;
}

#endif
