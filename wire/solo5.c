/* SPDX-License-Identifier: ISC */
#include "wire/solo5.h"

#define NAME "Solo5"
#define MANIFEST_VERSION 1

static void parse_resource(struct reader *r, struct solo5_entry *e)
{
    struct reader u = read_sub(r, 16);
    switch (e->type) {
    case SOLO5_BLOCK:
        e->capacity_bytes = read_le64(&u);
        e->block_bytes = read_le16(&u);
        break;
    case SOLO5_NET:
        read_copy(&u, e->mac, sizeof e->mac);
        e->mtu_bytes = read_le16(&u);
        break;
    case SOLO5_JINN:
        e->version = read_le32(&u);
        e->features = read_le32(&u);
        e->optional = read_le64(&u);
        break;
    default:
        break;
    }
}

static void emit_resource(struct writer *w, const struct solo5_entry *e)
{
    size_t before = writer_len(w);
    switch (e->type) {
    case SOLO5_BLOCK:
        write_le64(w, e->capacity_bytes);
        write_le16(w, e->block_bytes);
        break;
    case SOLO5_NET:
        write_copy(w, e->mac, sizeof e->mac);
        write_le16(w, e->mtu_bytes);
        break;
    case SOLO5_JINN:
        write_le32(w, e->version);
        write_le32(w, e->features);
        write_le64(w, e->optional);
        break;
    default:
        break;
    }
    write_zeros(w, 16 - (writer_len(w) - before));
}

bool solo5_name_good(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')))
            return false;
    }
    return name.len > 0 && name.len <= SOLO5_NAME_MAX;
}

static enum solo5_problem parse_entry(struct reader *r, enum solo5_origin origin, struct solo5_entry *e)
{
    memset(e, 0, sizeof *e);
    read_copy(r, e->name, sizeof e->name);
    e->type = read_le32(r);
    parse_resource(r, e);
    e->backing = read_le64(r);
    uint8_t attached = read_u8(r);
    read_skip(r, 7);
    if (!reader_good(r))
        return SOLO5_BREAKS_OFF;
    if (e->name[SOLO5_NAME_MAX] != 0)
        return SOLO5_NAME_WITHOUT_END;
    if ((e->type == SOLO5_BLOCK || e->type == SOLO5_NET) && !solo5_name_good(bytes_str(e->name)))
        return SOLO5_BAD_NAME;
    if (attached > 1 || (attached && origin == SOLO5_IN_FILE))
        return SOLO5_ATTACHED;
    e->attached = attached;
    return SOLO5_GOOD;
}

static bool name_taken(struct solo5_manifest *m, size_t i)
{
    struct solo5_entry *e = &m->entries[i];
    if (e->type != SOLO5_BLOCK && e->type != SOLO5_NET && e->type != SOLO5_JINN)
        return false;
    return solo5_find(m, bytes_str(e->name), e->type) != e;
}

enum solo5_problem solo5_manifest_read(struct bytes content, enum solo5_origin origin, struct solo5_manifest *m)
{
    struct reader r = reader_of(content);
    m->n = 0;
    uint32_t version = read_le32(&r);
    uint32_t n = read_le32(&r);
    if (!reader_good(&r))
        return SOLO5_BREAKS_OFF;
    if (version != MANIFEST_VERSION)
        return SOLO5_OTHER_VERSION;
    if (n < 1 || n > SOLO5_ENTRIES_MAX)
        return SOLO5_BAD_NUMBER;
    if (content.len != SOLO5_MANIFEST_BYTES((size_t)n))
        return SOLO5_BAD_LENGTH;
    for (m->n = 0; m->n < n;) {
        enum solo5_problem problem = parse_entry(&r, origin, &m->entries[m->n]);
        if (problem)
            return problem;
        m->n++;
        if (name_taken(m, m->n - 1))
            return SOLO5_TWICE;
    }
    if (m->entries[0].type != SOLO5_RESERVED || m->entries[0].name[0] != 0)
        return SOLO5_NOT_RESERVED;
    return SOLO5_GOOD;
}

const char *solo5_manifest_parse(struct bytes content, enum solo5_origin origin, struct solo5_manifest *m)
{
    static const char *const text[] = {
        [SOLO5_BREAKS_OFF] = "its manifest breaks off",
        [SOLO5_NAME_WITHOUT_END] = "a name in its manifest has no end",
        [SOLO5_BAD_NAME] = "a device's name in its manifest is not 1 to 67 letters and digits",
        [SOLO5_ATTACHED] = "a device in its manifest claims to be attached already",
        [SOLO5_OTHER_VERSION] = "its manifest has a version other than 1",
        [SOLO5_BAD_NUMBER] = "its manifest has no entry or more than 64",
        [SOLO5_BAD_LENGTH] = "its manifest's length does not match the number of entries",
        [SOLO5_TWICE] = "a name stands twice in its manifest",
        [SOLO5_NOT_RESERVED] = "its manifest's first entry is not the reserved one",
    };
    return text[solo5_manifest_read(content, origin, m)];
}

void solo5_manifest_emit(struct writer *w, const struct solo5_manifest *m)
{
    write_le32(w, MANIFEST_VERSION);
    write_le32(w, (uint32_t)m->n);
    for (size_t i = 0; i < m->n; i++) {
        const struct solo5_entry *e = &m->entries[i];
        write_copy(w, e->name, sizeof e->name);
        write_le32(w, e->type);
        emit_resource(w, e);
        write_le64(w, e->backing);
        write_u8(w, e->attached);
        write_zeros(w, 7);
    }
}

static void note_header_emit(struct writer *w, uint32_t type, size_t content_len)
{
    write_le32(w, sizeof NAME);
    write_le32(w, (uint32_t)content_len);
    write_le32(w, type);
    write_copy(w, NAME "\0\0", 8);
}

void solo5_manifest_note_emit(struct writer *w, const struct solo5_manifest *m)
{
    note_header_emit(w, SOLO5_NOTE_MFT1, 4 + SOLO5_MANIFEST_BYTES(m->n));
    write_zeros(w, 4); /* the content is aligned to 8 */
    solo5_manifest_emit(w, m);
}

void solo5_abi_note_emit(struct writer *w, uint32_t target, uint32_t version)
{
    note_header_emit(w, SOLO5_NOTE_ABI1, SOLO5_ABI_BYTES);
    write_le32(w, target);
    write_le32(w, version);
    write_zeros(w, 8);
}

enum err solo5_note_parse(struct bytes segment, uint32_t type, struct bytes *content)
{
    struct reader r = reader_of(segment);
    uint32_t name_len = read_le32(&r);
    uint32_t content_len = read_le32(&r);
    uint32_t found = read_le32(&r);
    if (!reader_good(&r))
        return ERR_MALFORMED;
    if (name_len != sizeof NAME || found != type)
        return ERR_NOT_FOUND;
    const uint8_t *name = read_take(&r, 8);
    struct reader c = read_sub(&r, content_len);
    if (!reader_good(&r))
        return ERR_MALFORMED;
    if (memcmp(name, NAME, sizeof NAME) != 0)
        return ERR_NOT_FOUND;
    if (type == SOLO5_NOTE_MFT1)
        read_skip(&c, 4);
    *content = read_rest(&c);
    return reader_good(&c) ? OK : ERR_MALFORMED;
}

enum err solo5_abi_parse(struct bytes content, struct solo5_abi *abi)
{
    struct reader r = reader_of(content);
    abi->target = read_le32(&r);
    abi->version = read_le32(&r);
    read_skip(&r, 8);
    return reader_good(&r) && reader_left(&r) == 0 ? OK : ERR_MALFORMED;
}

struct solo5_entry *solo5_find(struct solo5_manifest *m, struct bytes name, uint32_t type)
{
    for (size_t i = 0; i < m->n; i++) {
        if (m->entries[i].type == type && bytes_equal(bytes_str(m->entries[i].name), name))
            return &m->entries[i];
    }
    return NULL;
}

bool solo5_optional(const struct solo5_manifest *m, const struct solo5_entry *ours, size_t index)
{
    return ours && m->entries[index].type == SOLO5_BLOCK && (ours->optional >> index & 1);
}

void solo5_boot_info_emit(struct writer *w, const struct solo5_boot_info *b)
{
    write_le64(w, b->memory_bytes);
    write_le64(w, b->image_end);
    write_le64(w, b->command_line);
    write_le64(w, b->manifest);
    write_le32(w, (uint32_t)b->epoll_fd);
    write_le32(w, (uint32_t)b->timer_fd);
}

enum err solo5_boot_info_parse(struct bytes b, struct solo5_boot_info *info)
{
    struct reader r = reader_of(b);
    info->memory_bytes = read_le64(&r);
    info->image_end = read_le64(&r);
    info->command_line = read_le64(&r);
    info->manifest = read_le64(&r);
    info->epoll_fd = (int32_t)read_le32(&r);
    info->timer_fd = (int32_t)read_le32(&r);
    return reader_good(&r) ? OK : ERR_MALFORMED;
}
