/* SPDX-License-Identifier: ISC */
/* Media types by extension: what browsers load today. Text is UTF-8: the appliance's author wrote it so. */
#include "proto/http_fields.h"

#define TEXT(t) "text/" t "; charset=utf-8"

static const struct {
    char extension[12];
    const char *type;
} types[] = {
    {"html", TEXT("html")},
    {"css", TEXT("css")},
    {"js", TEXT("javascript")},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"gif", "image/gif"},
    {"ico", "image/x-icon"},
    {"woff2", "font/woff2"},
    {"json", "application/json"},
    {"mjs", TEXT("javascript")},
    {"htm", TEXT("html")},
    {"txt", TEXT("plain")},
    {"md", TEXT("markdown")},
    {"csv", TEXT("csv")},
    {"ics", TEXT("calendar")},
    {"vtt", TEXT("vtt")},
    {"xml", "application/xml"},
    {"xhtml", "application/xhtml+xml"},
    {"atom", "application/atom+xml"},
    {"rss", "application/rss+xml"},
    {"map", "application/json"},
    {"jsonld", "application/ld+json"},
    {"geojson", "application/geo+json"},
    {"webmanifest", "application/manifest+json"},
    {"pdf", "application/pdf"},
    {"wasm", "application/wasm"},
    {"woff", "font/woff"},
    {"ttf", "font/ttf"},
    {"otf", "font/otf"},
    {"bmp", "image/bmp"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"jxl", "image/jxl"},
    {"apng", "image/apng"},
    {"mp4", "video/mp4"},
    {"m4v", "video/mp4"},
    {"webm", "video/webm"},
    {"ogv", "video/ogg"},
    {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"},
    {"m4a", "audio/mp4"},
    {"aac", "audio/aac"},
    {"ogg", "audio/ogg"},
    {"oga", "audio/ogg"},
    {"opus", "audio/ogg"},
    {"wav", "audio/wav"},
    {"flac", "audio/flac"},
    {"zip", "application/zip"},
    {"gz", "application/gzip"},
    {"tar", "application/x-tar"},
    {"xz", "application/x-xz"},
    {"zst", "application/zstd"},
    {"7z", "application/x-7z-compressed"},
    {"epub", "application/epub+zip"},
    {"rtf", "application/rtf"},
};

const char *http_media_type(struct bytes key)
{
    size_t at = key.len;
    while (at > 0 && key.data[at - 1] != '.' && key.data[at - 1] != '/')
        at--;
    struct bytes extension = bytes_slice(key, at, key.len);
    if (at > 0 && key.data[at - 1] == '.') {
        for (size_t i = 0; i < ARRAY_LEN(types); i++) {
            if ((extension.len ? extension.data[0] | 0x20 : 0) == types[i].extension[0] &&
                bytes_equal_nocase(extension, bytes_str(types[i].extension)))
                return types[i].type;
        }
    }
    return "application/octet-stream";
}
