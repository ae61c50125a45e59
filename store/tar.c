/* SPDX-License-Identifier: ISC */
#include "store/tar.h"

enum {
    NAME_BYTES = 100,
    NUMBER_BYTES = 12,
    LINK_BYTES = 100,
    MAGIC_BYTES = 8,
    PREFIX_BYTES = 155,
    AT_SUM = 148,
    SUM_BYTES = 8
};

/* Octal digits, ended by a blank or a zero; or, with the top bit set, the bytes of a number. False: neither, or too large. */
static bool read_number(struct bytes field, uint64_t *n)
{
    struct reader r = reader_of(field);
    uint8_t c = read_u8(&r);
    *n = c & 0x7f;
    if (c & 0x80) {
        while (reader_left(&r) && *n <= UINT64_MAX >> 9)
            *n = *n << 8 | read_u8(&r);
        return reader_left(&r) == 0;
    }
    while (c == ' ')
        c = read_u8(&r);
    for (*n = 0; c >= '0' && c <= '7' && *n <= UINT64_MAX >> 4; c = read_u8(&r))
        *n = *n << 3 | (unsigned)(c - '0');
    return c == ' ' || c == 0; /* what a reader at its end gives, too */
}

static bool sum_is_right(const uint8_t *block)
{
    uint64_t said;
    unsigned sum = 0;
    for (size_t i = 0; i < TAR_BLOCK_BYTES; i++)
        sum += i >= AT_SUM && i < AT_SUM + SUM_BYTES ? ' ' : block[i];
    return read_number(bytes_of(block + AT_SUM, SUM_BYTES), &said) && said == sum;
}

static bool is_zero(const uint8_t *block)
{
    for (size_t i = 0; i < TAR_BLOCK_BYTES; i++) {
        if (block[i])
            return false;
    }
    return true;
}

/* Up to its first zero. */
static struct bytes text_of(struct bytes field)
{
    return bytes_slice(field, 0, bytes_find(field, 0));
}

/* Names are as given but for "./" in front. */
static bool set_name(struct tar *t, struct bytes prefix, struct bytes name)
{
    struct writer w = writer_of(t->name, TAR_NAME_MAX);
    struct bytes whole;
    write_bytes(&w, prefix);
    if (prefix.len)
        write_u8(&w, '/');
    write_bytes(&w, name);
    if (!writer_good(&w))
        return false;
    whole = writer_bytes(&w);
    while (bytes_starts(whole, bytes_str("./")))
        whole = bytes_slice(whole, 2, whole.len);
    memmove(t->name, whole.data, whole.len);
    t->name[whole.len] = 0;
    t->name_len = whole.len;
    return true;
}

static enum tar_what bad(struct tar *t, const char *reason)
{
    t->reason = reason;
    return TAR_BAD;
}

/* An extension's size is its own. */
static enum tar_what extra(struct tar *t, uint8_t type)
{
    t->is_gnu_name = type == 'L';
    if (type == 'g' || type == 'K')
        return TAR_OTHER;
    return t->size <= TAR_EXTRA_MAX_BYTES ? TAR_EXTRA : bad(t, "a header's extension is too long");
}

/* A file or something else; extensions before it have said its name and size, or the header does. */
static enum tar_what entry(struct tar *t, uint8_t type, struct bytes prefix, struct bytes name)
{
    if (!t->has_name && !set_name(t, prefix, name))
        return bad(t, "a name is too long");
    if (t->has_size)
        t->size = t->next_size;
    t->has_name = t->has_size = false;
    if (type == '0' || type == 0 || type == '7')
        return TAR_FILE;
    if (type >= '1' && type <= '6')
        t->size = 0; /* links, devices, folders: nothing follows, whatever the size says */
    return TAR_OTHER;
}

enum tar_what tar_header(struct tar *t, const uint8_t block[TAR_BLOCK_BYTES])
{
    struct reader r = reader_of(bytes_of(block, TAR_BLOCK_BYTES));
    if (is_zero(block))
        return TAR_END;
    if (!sum_is_right(block))
        return bad(t, "there is no header of tar's where one should be");
    struct bytes name = text_of(read_bytes(&r, NAME_BYTES));
    read_skip(&r, 3 * 8); /* mode, owner, group */
    struct bytes size = read_bytes(&r, NUMBER_BYTES), mtime = read_bytes(&r, NUMBER_BYTES);
    read_skip(&r, SUM_BYTES);
    uint8_t type = read_u8(&r);
    read_skip(&r, LINK_BYTES);
    struct bytes magic = read_bytes(&r, MAGIC_BYTES);
    read_skip(&r, 2 * 32 + 2 * 8); /* names of owner and group; device */
    struct bytes prefix = text_of(read_bytes(&r, PREFIX_BYTES));
    if (!read_number(size, &t->size) || !read_number(mtime, &t->mtime_s))
        return bad(t, "a header's numbers can't be read");
    if (type == 'x' || type == 'g' || type == 'L' || type == 'K')
        return extra(t, type);
    /* GNU's own form has other things where ustar has the prefix. */
    bool is_posix = bytes_equal(text_of(magic), bytes_str("ustar"));
    return entry(t, type, is_posix ? prefix : bytes_of(NULL, 0), name);
}

/* "LENGTH KEY=VALUE\n", the length being that of all of it. */
static const char *take_record(struct tar *t, struct bytes record)
{
    struct bytes key = bytes_slice(record, 0, bytes_find(record, '='));
    struct bytes value = bytes_slice(record, key.len + 1, record.len);
    if (key.len == record.len)
        return "an extension has no value";
    if (bytes_equal(key, bytes_str("path"))) {
        t->has_name = set_name(t, bytes_of(NULL, 0), value);
        return t->has_name ? NULL : "a name is too long";
    }
    if (bytes_equal(key, bytes_str("size"))) {
        t->has_size = bytes_decimal(value, UINT64_MAX >> 1, &t->next_size);
        return t->has_size ? NULL : "a size is no number";
    }
    return NULL;
}

static const char *take_records(struct tar *t, struct bytes content)
{
    const char *reason = NULL;
    while (content.len && !reason) {
        uint64_t len;
        size_t digits = bytes_find(content, ' ');
        if (!bytes_decimal(bytes_slice(content, 0, digits), content.len, &len) || len < digits + 3 ||
            !bytes_ends(bytes_slice(content, 0, (size_t)len), bytes_str("\n")))
            return "an extension can't be read";
        reason = take_record(t, bytes_slice(content, digits + 1, (size_t)len - digits - 2));
        content = bytes_slice(content, (size_t)len, content.len);
    }
    return reason;
}

const char *tar_extra(struct tar *t, struct bytes content)
{
    if (!t->is_gnu_name)
        return take_records(t, content);
    t->has_name = set_name(t, bytes_of(NULL, 0), bytes_slice(content, 0, bytes_find(content, 0)));
    return t->has_name ? NULL : "a name is too long";
}
