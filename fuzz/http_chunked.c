/* SPDX-License-Identifier: ISC */
/* A chunked body: the first two bytes say how input and output are cut. However they are, the same body comes out. */
#include "proto/http_chunked.h"

#include <jinn/must.h>

enum { BODY_MAX = 4096 };

struct decoded {
    enum err end;
    size_t taken, len;
    uint8_t body[BODY_MAX];
};

static void decode(struct bytes text, size_t step, size_t room, struct decoded *d)
{
    struct http_chunked c;
    http_chunked_init(&c, BODY_MAX);
    d->end = OK;
    d->taken = d->len = 0;
    for (size_t have = 0; d->end == OK;) {
        size_t left = BODY_MAX - d->len, len = 0;
        have = have + step < text.len ? have + step : text.len;
        struct reader in = reader_of(bytes_slice(text, d->taken, have - d->taken));
        size_t before = reader_left(&in);
        d->end = http_chunked_read(&c, &in, d->body + d->len, room < left ? room : left, &len);
        must(len <= room && len <= left && reader_left(&in) <= before);
        d->taken += before - reader_left(&in);
        d->len += len;
        if (d->end == OK && have == text.len && (before == reader_left(&in) || reader_left(&in) == 0) && len == 0)
            break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct decoded whole, pieces;
    if (size < 2)
        return 0;
    struct bytes text = bytes_of(data + 2, size - 2);
    decode(text, SIZE_MAX / 2, BODY_MAX, &whole);
    decode(text, data[0] + 1U, data[1] + 1U, &pieces);
    must(whole.end == pieces.end && whole.len == pieces.len);
    must(memcmp(whole.body, pieces.body, whole.len) == 0);
    if (whole.end == ERR_END)
        must(whole.taken == pieces.taken);
    return 0;
}
