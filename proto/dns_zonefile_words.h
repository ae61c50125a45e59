/* SPDX-License-Identifier: ISC */
/* What the files of the zone file reader share: words, and the parts of an entry that $GENERATE has, too. */
#ifndef PROTO_DNS_ZONEFILE_WORDS_H
#define PROTO_DNS_ZONEFILE_WORDS_H

#include "proto/dns_zonefile.h"

/* Takes the next word of the entry off; its text has no data behind the last one, when the end of the entry has been
 * passed, too. With `in_values`, key="a value" is one word with its quotes in it. NULL, or the reason why there is none. */
const char *dns_zonefile_word(struct dns_zonefile_frame *f, bool in_values, struct dns_word *word);
/* Goes behind the end of the entry. */
void dns_zonefile_skip(struct dns_zonefile_frame *f);

/* Its line is that of the parenthesis. */
extern const char dns_zonefile_open_parenthesis[];

struct dns_zonefile_ttl {
    bool given;
    uint32_t seconds;
};

/* TTL, class and type of a record, of which `word` is the first. */
const char *dns_zonefile_type(struct dns_zonefile *z, struct dns_zonefile_frame *f, struct dns_word word,
                              struct dns_zonefile_ttl *ttl);
/* Its data. */
const char *dns_zonefile_data(struct dns_zonefile *z, struct dns_zonefile_frame *f, uint16_t type);
/* Its TTL, from what was given before when it has none. */
const char *dns_zonefile_choose_ttl(struct dns_zonefile *z, const struct dns_zonefile_ttl *ttl);

/* Behind the word $GENERATE. */
const char *dns_zonefile_generate_begin(struct dns_zonefile *z, struct dns_zonefile_frame *f);
enum dns_zonefile_event dns_zonefile_generate_next(struct dns_zonefile *z, struct dns_zonefile_frame *f);

#endif
