/* SPDX-License-Identifier: ISC */
#include "files.h"

#include <jinn/http.h>

#define MAX_BYTES (256 * 1024 * 1024)

static uint32_t crc32(uint32_t crc, struct bytes b)
{
    crc = ~crc;
    for (size_t i = 0; i < b.len; i++) {
        crc ^= b.data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
    }
    return ~crc;
}

static void put(struct http_exchange *x) MAY_YIELD
{
    uint8_t buffer[4096];
    char text[16];
    size_t len;
    uint32_t crc = 0;
    enum err e;
    while ((e = http_body_read(x, buffer, sizeof buffer, &len)) == OK)
        crc = crc32(crc, bytes_of(buffer, len));
    if (e != ERR_END) {
        http_respond_status(x, 500);
        return;
    }
    struct writer w = writer_of(text, sizeof text);
    write_format(&w, "%08x\n", (unsigned)crc);
    struct piece p = piece_copy(writer_bytes(&w));
    http_respond(x, 200, NULL, 0, &p, 1);
}

static void answer(void *kv, const struct http_request *q, struct http_exchange *x) MAY_YIELD
{
    if (q->method == HTTP_PUT)
        put(x);
    else
        http_kv_handler(kv, q, x);
}

int files_start(const struct files *self)
{
    struct listener *listener;
    struct http_server *server;
    const struct http_options options = {.handler = answer,
                                         .arg = self->htdocs,
                                         .body_bytes = MAX_BYTES,
                                         .request_ns = 60 * NS_PER_S,
                                         .no_access_log = true};
    if (stack_listen(self->service, 80, 16, &listener) || http_server_new(&options, &server))
        return 1;
    return http_serve(server, listener) != OK;
}
