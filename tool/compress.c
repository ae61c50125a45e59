/* SPDX-License-Identifier: ISC */
#include "tool/compress.h"
#include "tool/say.h"

#include <brotli/encode.h>
#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* zlib's largest window; 16 more asks for gzip's frame, whose time stays 0 */

bool compress_worthwhile(const char *name)
{
    static const char *const packed[] = {".png", ".jpg",  ".jpeg", ".gif", ".webp", ".avif", ".woff", ".woff2", ".gz",
                                         ".br",  ".zip",  ".xz",   ".zst", ".bz2",  ".mp4",  ".webm", ".mp3",   ".ogg",
                                         ".7z",  ".opus", ".m4a",  ".mov", ".jxl",  ".heic", ".tgz",  NULL};
    static const char zone[] = ".zone"; /* a name server's, which reads them itself and sends them to nobody */
    const char *dot = strrchr(path_base(name), '.');
    if (!dot)
        return true;
    if (bytes_equal_nocase(bytes_str(zone), bytes_str(dot)))
        return false;
    for (const char *const *p = packed; *p; p++)
        if (bytes_equal_nocase(bytes_str(*p), bytes_str(dot)))
            return false;
    return true;
}

static struct bytes gzip(struct bytes plain)
{
    z_stream z = {0};
    if (deflateInit2(&z, 9, Z_DEFLATED, GZIP_WINDOW, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        fail(STATUS_HOST, "out of memory");
    size_t room = deflateBound(&z, plain.len);
    uint8_t *out = allocate(room);
    z.next_in = (Bytef *)(uintptr_t)plain.data;
    z.avail_in = (uInt)plain.len;
    z.next_out = out;
    z.avail_out = (uInt)room;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        fail(STATUS_HOST, "zlib can't compress");
    size_t len = z.total_out;
    deflateEnd(&z);
    out[9] = 255; /* the operating system: unknown, wherever it was made */
    return bytes_of(out, len);
}

static struct bytes brotli(struct bytes plain)
{
    size_t len = BrotliEncoderMaxCompressedSize(plain.len);
    uint8_t *out = allocate(len);
    if (!BrotliEncoderCompress(BROTLI_MAX_QUALITY, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC, plain.len, plain.data,
                               &len, out))
        fail(STATUS_HOST, "brotli can't compress");
    return bytes_of(out, len);
}

struct bytes compress_bytes(struct bytes plain, enum kv_encoding encoding)
{
    if (plain.len == 0)
        return plain;
    struct bytes packed = encoding == KV_GZIP ? gzip(plain) : brotli(plain);
    return packed.len < plain.len - plain.len / 20 ? packed : (struct bytes){NULL, 0};
}
