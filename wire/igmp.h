/* SPDX-License-Identifier: ISC */
/* IGMP of all three versions as a host sees it (RFC 3376, RFC 2236, RFC 1112 I). */
#ifndef WIRE_IGMP_H
#define WIRE_IGMP_H

#include <jinn/addr.h>
#include <jinn/bytes.h>

enum igmp_type { IGMP_QUERY = 0x11, IGMP_REPORT1 = 0x12, IGMP_REPORT2 = 0x16, IGMP_LEAVE2 = 0x17, IGMP_REPORT3 = 0x22 };

enum igmp_record { IGMP_IS_EXCLUDE = 2, IGMP_TO_INCLUDE = 3, IGMP_TO_EXCLUDE = 4 };

#define IGMP_BYTES 8        /* of versions 1 and 2, and of a report of version 3 before its records */
#define IGMP_RECORD_BYTES 8 /* without sources */

/* A query, or another host's report of version 1 or 2. */
struct igmp {
    uint8_t type;         /* enum igmp_type; others are handed through */
    uint8_t version;      /* of a query: 1, 2 or 3 */
    uint8_t robustness;   /* a querier's of version 3; 0: not said */
    uint32_t response_ms; /* a query's: within what time it is answered */
    struct ip group;      /* 0.0.0.0: a query for all */
};

/* False: cut short, of a length that no version has, or the checksum is wrong. */
bool igmp_parse(struct bytes message, struct igmp *m);
/* A message of version 1 or 2. */
void igmp_emit(struct writer *w, enum igmp_type type, const struct ip *group);
/* A report of version 3: the same record for each of `n` groups, from all sources. */
void igmp_emit_report3(struct writer *w, enum igmp_record record, const struct ip *group, size_t n);

#endif
