/* SPDX-License-Identifier: ISC */
#include <jinn/kv.h>

bool kv_key_is_plain(struct bytes key)
{
    if (key.len == 0 || key.len > KV_KEY_MAX || bytes_find(key, 0) < key.len)
        return false;
    for (size_t at = 0; at <= key.len;) {
        struct bytes rest = bytes_slice(key, at, key.len);
        struct bytes part = bytes_slice(rest, 0, bytes_find(rest, '/'));
        if (part.len == 0 || bytes_equal(part, bytes_str(".")) || bytes_equal(part, bytes_str("..")))
            return false;
        at += part.len + 1;
    }
    return true;
}
