/* SPDX-License-Identifier: ISC */
/* Just enough of JSON (RFC 8259) to take settings out of an object: its members are given one by one, and values
 * inside of values are passed over, however deep. Nothing is allocated and nothing recurses. */
#ifndef IPERF_JSON_H
#define IPERF_JSON_H

#include <jinn/bytes.h>

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_NESTED };

struct json_member {
    struct bytes name; /* as it is written, escapes and all */
    struct bytes text; /* of the value: a string's without its quotes, a number's digits */
    enum json_kind kind;
};

/* Begins the object that the text is. */
struct reader json_object(struct bytes text);
/* The next member; false after the last one, and when the text is malformed: then the reader is bad. BORROWS. */
bool json_next(struct reader *r, struct json_member *m);
/* The value of a number that is not negative; what follows the point is cut off. False: it is none, or too large. */
bool json_unsigned(const struct json_member *m, uint64_t max, uint64_t *value);

#endif
