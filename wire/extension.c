/* SPDX-License-Identifier: ISC */
#include "wire/extension.h"

#define MAGIC "jinnext1"

void extension_refresh_emit(struct writer *w, const struct extension_refresh *r)
{
    write_le64(w, r->generation);
    write_copy(w, r->seed, sizeof r->seed);
    write_copy(w, r->start, sizeof r->start);
    write_le64(w, r->features);
    write_le64(w, r->wall_ns);
    write_le64(w, r->clock);
    write_le64(w, r->tsc_hz);
    write_le32(w, (uint32_t)r->control_fd);
    write_le32(w, (uint32_t)r->stop_fd);
    write_copy(w, r->mac, sizeof r->mac);
}

static void refresh_parse(struct reader *r, struct extension_refresh *f)
{
    f->generation = read_le64(r);
    read_copy(r, f->seed, sizeof f->seed);
    read_copy(r, f->start, sizeof f->start);
    f->features = read_le64(r);
    f->wall_ns = read_le64(r);
    f->clock = read_le64(r);
    f->tsc_hz = read_le64(r);
    f->control_fd = (int32_t)read_le32(r);
    f->stop_fd = (int32_t)read_le32(r);
    read_copy(r, f->mac, sizeof f->mac);
}

void extension_emit(struct writer *w, const struct extension_refresh *r, uint32_t n_arguments, struct bytes arguments,
                    const struct extension_secret *secrets, size_t n_secrets, const uint8_t *net_features,
                    uint64_t net_calls)
{
    size_t start = writer_len(w);
    write_str(w, MAGIC);
    uint8_t *length = write_room(w, 4); /* goes in last, when it is known */
    write_zeros(w, 4);
    extension_refresh_emit(w, r);
    write_le32(w, n_arguments);
    write_le32(w, (uint32_t)arguments.len);
    write_bytes(w, arguments);
    write_le32(w, (uint32_t)n_secrets);
    for (size_t i = 0; i < n_secrets; i++) {
        write_le32(w, (uint32_t)secrets[i].name.len);
        write_le32(w, (uint32_t)secrets[i].value.len);
        write_bytes(w, secrets[i].name);
        write_bytes(w, secrets[i].value);
    }
    if (r->features & EXTENSION_NET_OFFLOAD)
        write_copy(w, net_features, EXTENSION_DEVICES);
    if (r->features & EXTENSION_NET_CALLS)
        write_le64(w, net_calls);
    if (!length || !writer_good(w))
        return;
    struct writer field = writer_of(length, 4);
    write_le32(&field, (uint32_t)(writer_len(w) - start));
}

static bool arguments_whole(struct bytes arguments, uint32_t n)
{
    uint32_t ends = 0;
    for (size_t i = 0; i < arguments.len; i++)
        ends += arguments.data[i] == 0;
    return ends == n && (n == 0 ? arguments.len == 0 : arguments.data[arguments.len - 1] == 0);
}

static struct extension_secret read_secret(struct reader *r)
{
    struct extension_secret s;
    uint32_t name_len = read_le32(r);
    uint32_t value_len = read_le32(r);
    s.name = read_bytes(r, name_len);
    s.value = read_bytes(r, value_len);
    return s;
}

enum err extension_parse(struct bytes b, struct extension *e)
{
    struct reader r = reader_of(b);
    const uint8_t *magic = read_take(&r, strlen(MAGIC));
    uint32_t len = read_le32(&r);
    read_skip(&r, 4);
    if (!reader_good(&r) || memcmp(magic, MAGIC, strlen(MAGIC)) != 0 || len < EXTENSION_HEADER_BYTES)
        return ERR_MALFORMED;
    struct reader in = read_sub(&r, len - EXTENSION_HEADER_BYTES);
    refresh_parse(&in, &e->refresh);
    e->n_arguments = read_le32(&in);
    uint32_t arguments_len = read_le32(&in);
    e->arguments = read_bytes(&in, arguments_len);
    e->n_secrets = read_le32(&in);
    struct reader secrets = in;
    for (uint32_t i = 0; i < e->n_secrets && reader_good(&in); i++)
        (void)read_secret(&in);
    if (!reader_good(&in) || !arguments_whole(e->arguments, e->n_arguments))
        return ERR_MALFORMED;
    e->secrets = bytes_of(secrets.at, reader_left(&secrets) - reader_left(&in));
    memset(e->net_features, 0, sizeof e->net_features);
    if (e->refresh.features & EXTENSION_NET_OFFLOAD)
        read_copy(&in, e->net_features, sizeof e->net_features);
    e->net_calls = e->refresh.features & EXTENSION_NET_CALLS ? read_le64(&in) : 0;
    if (!reader_good(&in))
        return ERR_MALFORMED;
    return reader_left(&in) == 0 ? OK : ERR_MALFORMED;
}

enum err extension_secret(const struct extension *e, struct bytes name, struct bytes *value)
{
    struct reader r = reader_of(e->secrets);
    for (uint32_t i = 0; i < e->n_secrets; i++) {
        struct extension_secret s = read_secret(&r);
        if (reader_good(&r) && bytes_equal(s.name, name)) {
            *value = s.value;
            return OK;
        }
    }
    return ERR_NOT_FOUND;
}
