/* SPDX-License-Identifier: ISC */
/* The fields that choose what of a resource is sent and how: Range, Accept-Encoding, entity tags, dates, media types.
 * Pure functions of their arguments. */
#ifndef PROTO_HTTP_FIELDS_H
#define PROTO_HTTP_FIELDS_H

#include <jinn/bytes.h>
#include <jinn/kv.h>

/* ---- Range (RFC 9110 14.2) ---- */

/* Players and readers of documents ask for one or two; many small ones are an attack (RFC 9110 17.15). */
#define HTTP_RANGES_MAX 8

struct http_range {
    uint64_t from, len;
};

enum http_ranges {
    HTTP_RANGES_IGNORE, /* not in bytes, malformed, too many, or more bytes in all than the whole: send the whole */
    HTTP_RANGES_GOOD,   /* 206 with these, in the order asked for */
    HTTP_RANGES_NONE,   /* 416: all lie past the end */
};

enum http_ranges http_range_parse(struct bytes value, uint64_t size, struct http_range out[static HTTP_RANGES_MAX],
                                  size_t *n);

/* ---- Accept-Encoding (RFC 9110 12.5.3) ---- */

/* The weight of a coding in thousandths; a missing field (NULL data) accepts "identity" only. */
unsigned http_coding_weight(struct bytes accept, const char *coding);

/* ---- Entity tags (RFC 9110 8.8.3, 13.1) ---- */

enum http_compare { HTTP_COMPARE_STRONG, HTTP_COMPARE_WEAK };

/* Whether "*" or a list of entity tags has `tag`, a strong one with its quotes. */
bool http_etag_matches(struct bytes list, struct bytes tag, enum http_compare how);

/* ---- Dates (RFC 9110 5.6.7) ---- */

#define HTTP_DATE_BYTES 30     /* "Sun, 06 Nov 1994 08:49:37 GMT" and its end */
#define HTTP_LOG_DATE_BYTES 27 /* "06/Nov/1994:08:49:37 +0000" and its end */

/* `seconds` since 1970; after the year 9999 it is held there. */
void http_date(uint64_t seconds, char out[static HTTP_DATE_BYTES]);
void http_log_date(uint64_t seconds, char out[static HTTP_LOG_DATE_BYTES]);

/* ---- Media types ---- */

/* By the key's extension; "application/octet-stream" where it says nothing. Static. */
const char *http_media_type(struct bytes key);

#endif
