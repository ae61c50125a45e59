/* SPDX-License-Identifier: ISC */
/* Zone files: whatever they hold, reading ends, lines only grow, records are good, and what is written of them reads back as the
 * same. $INCLUDE finds the file itself, so that files in files are seen, too. */
#include "proto/dns_zonefile.h"

#include <jinn/must.h>

#include <stdlib.h>

#define EVENTS_MAX 300 /* of one input: $GENERATE makes many of a line */

static const char *open_itself(void *context, struct bytes file, struct bytes *text)
{
    *text = *(const struct bytes *)context;
    return file.len ? NULL : "no name";
}

static void check_written(const struct dns_zonefile_record *record)
{
    static struct dns_zonefile second;
    static uint8_t text[8 * DNS_RDATA_BYTES];
    struct writer w = writer_of(text, sizeof text);
    dns_zonefile_write(&w, record);
    must(writer_good(&w) && w.at[-1] == '\n' && bytes_find(writer_bytes(&w), '\n') == writer_len(&w) - 1);
    dns_zonefile_begin(&second, &(struct dns_zonefile_options){.text = writer_bytes(&w), .class_ = record->class_});
    enum dns_zonefile_event event = dns_zonefile_next(&second);
    /* A TXT of thousands of strings can come from \# and has more words than a record may have. */
    if (event == DNS_ZONEFILE_ERROR && strstr(second.reason, "1024 words"))
        return;
    must(event == DNS_ZONEFILE_RECORD);
    must(bytes_equal(second.record.name, record->name) && bytes_equal(second.record.rdata, record->rdata));
    must(second.record.type == record->type && second.record.ttl == record->ttl && second.line == 1);
    must(dns_zonefile_next(&second) == DNS_ZONEFILE_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dns_zonefile z;
    struct bytes text = bytes_of(data, size);
    uint8_t origin[] = {1, 'o', 0};
    dns_zonefile_begin(&z, &(struct dns_zonefile_options){.origin = bytes_of(origin, sizeof origin),
                                                          .text = text,
                                                          .file = bytes_str("zone"),
                                                          .open = open_itself,
                                                          .context = &text});
    unsigned line = 0, n = 0;
    for (enum dns_zonefile_event event; n < EVENTS_MAX && (event = dns_zonefile_next(&z)) != DNS_ZONEFILE_END; n++) {
        must(z.line >= 1 && z.line <= size + 1 && (z.n_frames > 1 || z.line >= line || line == 0));
        line = z.n_frames > 1 ? 0 : z.line;
        if (event == DNS_ZONEFILE_ERROR) {
            must(z.reason);
            continue;
        }
        must(dns_rdata_is_good(z.record.type, z.record.rdata) && !dns_type_is_meta(z.record.type));
        must(z.record.class_ == DNS_IN && z.record.ttl <= DNS_ZONEFILE_TTL_MAX);
        struct reader r = reader_of(z.record.name);
        must(dns_name_take(&r).len == z.record.name.len);
        check_written(&z.record);
    }
    return 0;
}
