/* SPDX-License-Identifier: ISC */
/* Serving a key-value store (RFC 9110): which key, which variant of it, whether it is needed at all, and which part. */
#include "proto/http_server.h"

#include <jinn/format.h>
#include <jinn/must.h>

/* A redirect's Location; a longer one: 414. What fits into a response's head beside the rest. */
#define LOCATION_MAX 1536
#define INDEX "index.html"
#define ALLOW "GET, HEAD, OPTIONS"

/* A value in the encoding that was chosen, and what the response says of it. */
struct variant {
    struct kv *kv;
    struct bytes key;
    struct kv_item item;
    enum kv_encoding encoding;
    const char *suffix; /* what tells its tag from that of another encoding */
    bool varies;
    char etag[KV_TAG_BYTES + 8]; /* with quotes and encoding; empty when there is no tag */
};

static const struct {
    enum kv_encoding encoding;
    const char *coding, *suffix;
} codings[] = {{KV_BROTLI, "br", "-br"}, {KV_GZIP, "gzip", "-gz"}, {KV_PLAIN, "identity", ""}};

static void name_variant(struct variant *v)
{
    struct writer w = writer_of(v->etag, sizeof v->etag);
    if (v->item.tag[0]) {
        write_u8(&w, '"');
        write_str(&w, v->item.tag);
        write_str(&w, v->suffix);
        write_u8(&w, '"');
    }
    write_u8(&w, 0);
    must(writer_good(&w));
}

/* OK; ERR_NOT_FOUND; ERR_UNSUPPORTED: it exists, but in no encoding that the client takes; ERR_IO. */
static enum err choose(struct bytes accept, struct variant *v)
{
    unsigned best = 0;
    bool exists = false;
    for (size_t i = 0; i < ARRAY_LEN(codings); i++) {
        struct kv_item item;
        enum err e = kv_find(v->kv, v->key, codings[i].encoding, &item);
        if (e == ERR_NOT_FOUND)
            continue;
        if (e != OK)
            return e;
        exists = true;
        v->varies |= codings[i].encoding != KV_PLAIN;
        unsigned weight = http_coding_weight(accept, codings[i].coding);
        if (weight <= best)
            continue;
        best = weight;
        v->item = item;
        v->encoding = codings[i].encoding;
        v->suffix = codings[i].suffix;
    }
    if (best == 0)
        return exists ? ERR_UNSUPPORTED : ERR_NOT_FOUND;
    name_variant(v);
    return OK;
}

/* ---- Conditions (RFC 9110 13) ---- */

/* Whether one of the fields of that name has the tag; *present says whether there is such a field. */
static bool any_matches(const struct http_request *q, struct bytes name, const struct variant *v, enum http_compare how,
                        bool *present)
{
    bool matches = false;
    *present = false;
    for (size_t i = 0; i < q->n_headers; i++) {
        if (!bytes_equal_nocase(q->headers[i].name, name))
            continue;
        *present = true;
        matches |= http_etag_matches(q->headers[i].value, bytes_str(v->etag), how);
    }
    return matches;
}

/* 0: go on. 304 or 412. */
static unsigned check_conditions(const struct http_request *q, const struct variant *v)
{
    bool present;
    if (!any_matches(q, bytes_str("If-Match"), v, HTTP_COMPARE_STRONG, &present) && present)
        return 412;
    return any_matches(q, bytes_str("If-None-Match"), v, HTTP_COMPARE_WEAK, &present) ? 304 : 0;
}

static enum http_ranges wanted_ranges(const struct http_request *q, const struct variant *v, struct http_range *ranges,
                                      size_t *n)
{
    struct bytes range = http_field(q, bytes_str("Range")), condition = http_field(q, bytes_str("If-Range"));
    if (q->method != HTTP_GET || !range.data)
        return HTTP_RANGES_IGNORE;
    if (condition.data && (!v->etag[0] || !bytes_equal(condition, bytes_str(v->etag))))
        return HTTP_RANGES_IGNORE; /* it has changed, or is a date: we know none */
    return http_range_parse(range, v->item.size, ranges, n);
}

/* ---- Sending ---- */

enum { FIELDS_MAX = 8 };

struct fields {
    struct http_header v[FIELDS_MAX];
    size_t n;
};

static void add_field(struct fields *f, struct bytes name, struct bytes value)
{
    must(f->n < FIELDS_MAX);
    f->v[f->n++] = (struct http_header){name, value};
}

/* In line, so that the lengths of literals are constants. */
__attribute__((always_inline)) static inline void add(struct fields *f, const char *name, const char *value)
{
    add_field(f, bytes_str(name), bytes_str(value));
}

/* What a 304 has as well (RFC 9110 15.4.5). */
static void add_validators(struct fields *f, const struct variant *v)
{
    if (v->etag[0])
        add(f, "ETag", v->etag);
    if (v->varies)
        add(f, "Vary", "Accept-Encoding");
    add(f, "Cache-Control", "no-cache"); /* kept, but asked for again: a 304 is cheap and a new image is seen at once */
}

static void add_representation(struct fields *f, const struct variant *v, const char *type)
{
    add(f, "Content-Type", type);
    add_validators(f, v);
    if (v->encoding == KV_BROTLI)
        add(f, "Content-Encoding", "br");
    if (v->encoding == KV_GZIP)
        add(f, "Content-Encoding", "gzip");
    add(f, "X-Content-Type-Options", "nosniff");
}

/* Part of a value: in place where it lies in the image, else through the worker's buffer. */
static void send_part(struct http_exchange *x, const struct variant *v, struct http_range r)
{
    if (v->item.in_place.data) {
        struct piece piece = piece_static(bytes_slice(v->item.in_place, (size_t)r.from, (size_t)r.len));
        http_more(x, &piece, 1);
        return;
    }
    while (r.len > 0 && !x->failed && !x->no_body) {
        size_t len = 0, size = r.len < sizeof x->worker->chunk ? (size_t)r.len : sizeof x->worker->chunk;
        enum err e = kv_read(v->kv, v->key, &v->item, r.from, x->worker->chunk, size, &len);
        if (e != OK || len == 0) {
            x->failed = true; /* the length was promised: only a reset tells the client */
            return;
        }
        struct piece piece = piece_copy(bytes_of(x->worker->chunk, len));
        http_more(x, &piece, 1);
        r.from += len;
        r.len -= len;
    }
}

static void send_whole(struct http_exchange *x, const struct variant *v, unsigned status)
{
    struct fields f = {.n = 0};
    add_representation(&f, v, http_media_type(v->key));
    if (status == 200)
        add(&f, "Accept-Ranges", "bytes");
    if (v->item.in_place.data) {
        struct piece piece = piece_static(v->item.in_place);
        http_begin(x, status, f.v, f.n, v->item.size, &piece, 1);
    } else {
        http_begin(x, status, f.v, f.n, v->item.size, NULL, 0);
        send_part(x, v, (struct http_range){0, v->item.size});
    }
}

enum { PART_MAX = 256, CONTENT_RANGE_MAX = 80 };

static const char *content_range(const struct variant *v, struct http_range r, char out[static CONTENT_RANGE_MAX])
{
    size_t len = format(out, CONTENT_RANGE_MAX, "bytes %llu-%llu/%llu", (unsigned long long)r.from,
                        (unsigned long long)(r.from + r.len - 1), (unsigned long long)v->item.size);
    must(len < CONTENT_RANGE_MAX);
    return out;
}

/* The boundary has the value's own hash, so it can't occur in the value. */
static struct bytes part_head(const struct variant *v, struct http_range r, char out[static PART_MAX])
{
    char range[CONTENT_RANGE_MAX];
    size_t len = format(out, PART_MAX, "\r\n--part-%s\r\nContent-Type: %s\r\nContent-Range: %s\r\n\r\n", v->item.tag,
                        http_media_type(v->key), content_range(v, r, range));
    must(len < PART_MAX);
    return bytes_of(out, len);
}

static struct bytes last_boundary(const struct variant *v, char out[static PART_MAX])
{
    size_t len = format(out, PART_MAX, "\r\n--part-%s--\r\n", v->item.tag);
    must(len < PART_MAX);
    return bytes_of(out, len);
}

/* multipart/byteranges (RFC 9110 14.6) */
static void send_parts(struct http_exchange *x, const struct variant *v, const struct http_range *r, size_t n)
{
    char text[PART_MAX], type[KV_TAG_BYTES + 40];
    uint64_t len = last_boundary(v, text).len;
    for (size_t i = 0; i < n; i++)
        len += part_head(v, r[i], text).len + r[i].len;
    size_t type_len = format(type, sizeof type, "multipart/byteranges; boundary=part-%s", v->item.tag);
    must(type_len < sizeof type);
    struct fields f = {.n = 0};
    add_representation(&f, v, type);
    http_begin(x, 206, f.v, f.n, len, NULL, 0);
    for (size_t i = 0; i < n; i++) {
        struct piece head = piece_copy(part_head(v, r[i], text));
        http_more(x, &head, 1);
        send_part(x, v, r[i]);
    }
    struct piece end = piece_copy(last_boundary(v, text));
    http_more(x, &end, 1);
}

static void send_one_range(struct http_exchange *x, const struct variant *v, struct http_range r)
{
    char range[CONTENT_RANGE_MAX];
    struct fields f = {.n = 0};
    add_representation(&f, v, http_media_type(v->key));
    add(&f, "Content-Range", content_range(v, r, range));
    http_begin(x, 206, f.v, f.n, r.len, NULL, 0);
    send_part(x, v, r);
}

static void send_no_range(struct http_exchange *x, const struct variant *v)
{
    char range[CONTENT_RANGE_MAX];
    struct fields f = {.n = 0};
    size_t len = format(range, sizeof range, "bytes */%llu", (unsigned long long)v->item.size);
    must(len < sizeof range);
    add(&f, "Content-Range", range);
    http_page(x, 416, f.v, f.n);
}

static void send_variant(struct http_exchange *x, const struct http_request *q, const struct variant *v)
{
    struct http_range ranges[HTTP_RANGES_MAX];
    size_t n = 0;
    struct fields f = {.n = 0};
    unsigned status = check_conditions(q, v);
    if (status == 412) {
        http_respond_status(x, status);
    } else if (status == 304) {
        add_validators(&f, v);
        http_begin(x, status, f.v, f.n, 0, NULL, 0);
    } else {
        switch (wanted_ranges(q, v, ranges, &n)) {
        case HTTP_RANGES_IGNORE:
            send_whole(x, v, 200);
            break;
        case HTTP_RANGES_NONE:
            send_no_range(x, v);
            break;
        case HTTP_RANGES_GOOD:
            if (n == 1)
                send_one_range(x, v, ranges[0]);
            else
                send_parts(x, v, ranges, n);
            break;
        }
    }
}

/* ---- Which key ---- */

static bool is_unreserved(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c && strchr("-._~/", c));
}

/* The decoded path, encoded again, so that a Location has no way to be read as anything but a path of this host. */
static void redirect_to_directory(struct http_exchange *x, const struct http_request *q)
{
    static const char hex[] = "0123456789ABCDEF";
    char location[LOCATION_MAX];
    struct writer w = writer_of(location, sizeof location);
    for (size_t i = 0; i < q->path.len; i++) {
        uint8_t c = q->path.data[i];
        if (is_unreserved(c)) {
            write_u8(&w, c);
        } else {
            write_u8(&w, '%');
            write_u8(&w, (uint8_t)hex[c >> 4]);
            write_u8(&w, (uint8_t)hex[c & 15]);
        }
    }
    write_u8(&w, '/');
    if (q->query.len) {
        write_u8(&w, '?');
        write_bytes(&w, q->query);
    }
    struct http_header field = {bytes_str("Location"), writer_bytes(&w)};
    if (writer_good(&w))
        http_page(x, 301, &field, 1);
    else
        http_respond_status(x, 414);
}

static void send_not_found(struct http_exchange *x, const struct http_request *q, struct kv *kv)
{
    struct variant v = {.kv = kv, .key = bytes_str("404.html")};
    if (choose(http_field(q, bytes_str("Accept-Encoding")), &v) == OK)
        send_whole(x, &v, 404);
    else
        http_respond_status(x, 404);
}

/* An empty segment is no key, and to a host directory a leading slash would be another root. */
static bool has_empty_segment(struct bytes path)
{
    for (size_t i = 1; i < path.len; i++) {
        if (path.data[i] == '/' && path.data[i - 1] == '/')
            return true;
    }
    return false;
}

/* The key with INDEX behind it, and a slash between if it has none. */
static struct bytes index_key(struct bytes key, uint8_t room[static KV_KEY_MAX])
{
    struct writer w = writer_of(room, KV_KEY_MAX);
    write_bytes(&w, key);
    if (key.len > 0 && key.data[key.len - 1] != '/')
        write_u8(&w, '/');
    write_str(&w, INDEX);
    return writer_good(&w) ? writer_bytes(&w) : (struct bytes){NULL, 0};
}

static bool has_index(struct kv *kv, struct bytes key, uint8_t room[static KV_KEY_MAX])
{
    struct kv_item item;
    struct bytes index = index_key(key, room);
    return index.len && kv_is_directory(kv, key) && kv_find(kv, index, KV_PLAIN, &item) == OK;
}

static void get(struct http_exchange *x, const struct http_request *q, struct kv *kv)
{
    uint8_t *room = x->worker->key;
    struct bytes key = bytes_slice(q->path, 1, q->path.len);
    bool directory = key.len == 0 || key.data[key.len - 1] == '/';
    struct variant v = {.kv = kv, .key = directory ? index_key(key, room) : key};
    enum err e = ERR_NOT_FOUND;
    if (!has_empty_segment(q->path) && v.key.len > 0 && v.key.len <= KV_KEY_MAX)
        e = choose(http_field(q, bytes_str("Accept-Encoding")), &v);
    if (e == OK)
        send_variant(x, q, &v);
    else if (e == ERR_UNSUPPORTED)
        http_respond_status(x, 406);
    else if (e != ERR_NOT_FOUND)
        http_respond_status(x, 500);
    else if (!directory && !has_empty_segment(q->path) && has_index(kv, key, room))
        redirect_to_directory(x, q);
    else
        send_not_found(x, q, kv);
}

void http_kv_handler(void *arg, const struct http_request *q, struct http_exchange *x)
{
    const struct http_header allow = {bytes_str("Allow"), bytes_str(ALLOW)};
    switch (q->method) {
    case HTTP_GET:
    case HTTP_HEAD:
        get(x, q, arg);
        break;
    case HTTP_OPTIONS:
        http_respond(x, 204, &allow, 1, NULL, 0);
        break;
    case HTTP_OTHER:
        http_respond_status(x, 501);
        break;
    default:
        http_page(x, 405, &allow, 1);
        break;
    }
}
