/* SPDX-License-Identifier: ISC */
/* The chunked transfer coding (RFC 9112 section 7.1), decoded from bytes as they come. Strict: hex digits, then at most
 * an extension, then CRLF. Extensions and trailer fields are passed over, within limits. */
#ifndef PROTO_HTTP_CHUNKED_H
#define PROTO_HTTP_CHUNKED_H

#include <jinn/bytes.h>
#include <jinn/err.h>

/* Bytes of all extensions of one body, and of its trailer section: nobody sends them, and both cost work. */
#define HTTP_CHUNK_EXTRA_MAX 1024

struct http_chunked {
    uint64_t left; /* of the chunk under way */
    uint64_t room; /* the body may still be this long */
    size_t n_extra;
    uint8_t n_digits;
    uint8_t state;
};

void http_chunked_init(struct http_chunked *c, uint64_t body_max);

/* Takes from `in`, writes to `out`. OK: as far as the input or the room went, *len may be 0. ERR_END: the body and its
 * trailer section are over; what follows was left in `in`. ERR_MALFORMED: and no way to go on. ERR_TOO_LARGE: longer
 * than body_max, or too much beside the data. */
MUST_USE enum err http_chunked_read(struct http_chunked *c, struct reader *in, void *out, size_t size, size_t *len);

#endif
