/* SPDX-License-Identifier: ISC */
/* For tests of what records hold: hex, words, and memory of its own size for each piece, so that one byte beyond is a fault. */
#ifndef TEST_SUPPORT_DNS_TEXT_H
#define TEST_SUPPORT_DNS_TEXT_H

#include "base/radix.h"
#include "wire/dns_rdata.h"

#include <stdlib.h>

struct own {
    struct bytes b;
    uint8_t *memory;
};

static inline struct own own(struct bytes b)
{
    uint8_t *p = malloc(b.len ? b.len : 1);
    if (b.len)
        memcpy(p, b.data, b.len);
    return (struct own){bytes_of(p, b.len), p};
}

static inline struct bytes from_hex(const char *hex, uint8_t *room, size_t len)
{
    struct radix_reader r = radix_reader(RADIX_HEX);
    struct writer w = writer_of(room, len);
    if (!radix_read(&r, bytes_str(hex), &w) || !radix_end(&r) || !writer_good(&w))
        abort();
    return writer_bytes(&w);
}

/* Cuts data at blanks; parentheses go, quotes make one word. Enough for tests; the real words are those of zone files. */
static inline size_t cut_words(const char *text, struct dns_word *word, size_t room)
{
    size_t n = 0;
    while (*text && n < room) {
        const char *start = text;
        if (strchr(" ()", *text)) {
            text++;
            continue;
        }
        bool quoted = *text == '"', inside = false;
        for (; *text && (inside || *text != ' '); text++) {
            if (*text == '\\' && text[1])
                text++;
            else if (*text == '"')
                inside = !inside;
        }
        size_t len = (size_t)(text - start);
        word[n++] = (struct dns_word){bytes_of(start + quoted, len - 2 * quoted), quoted};
    }
    return n;
}

#endif
