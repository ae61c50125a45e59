/* SPDX-License-Identifier: ISC */
/* LOC from text (RFC 1876 3): degrees [minutes [seconds]] N|S, likewise E|W, altitude and up to three sizes in metres. All
 * numbers are whole ones of the smallest unit: milliseconds of arc, centimetres. */
#include "wire/dns_rdata_fields.h"

static const char missing[] = "a field is missing";
static const char no_angle[] = "not degrees, minutes and seconds with N, S, E or W behind them";
static const char no_size[] = "not metres with two digits behind the point at most";

/* "12.5" with 3 places is 12500. */
static bool parse_fixed(struct bytes text, unsigned places, uint64_t max, uint64_t *v)
{
    size_t point = bytes_find(text, '.');
    struct bytes behind = bytes_slice(text, point + 1, text.len);
    uint64_t whole, part = 0;
    if (!bytes_decimal(bytes_slice(text, 0, point), max, &whole) || behind.len > places)
        return false;
    if (point < text.len && !bytes_decimal(behind, UINT32_MAX, &part))
        return false;
    for (size_t i = behind.len; i < places; i++)
        part *= 10;
    while (places--)
        whole *= 10;
    *v = whole + part;
    return *v <= max;
}

struct words {
    const struct dns_word *at;
    size_t n;
};

/* Its first byte, when it is a word of one. */
static char side_of(const struct words *words)
{
    return words->n && words->at->text.len == 1 ? (char)words->at->text.data[0] : 0;
}

static const char *parse_angle(struct words *words, const char *sides, unsigned degrees, struct writer *w)
{
    static const uint64_t unit_ms[] = {3600000, 60000, 1};
    static const unsigned most[] = {0, 59, 59999};
    uint64_t sum = 0, v;
    for (int i = 0; i < 4; i++, words->at++, words->n--) {
        char side = side_of(words);
        if (words->n == 0)
            return missing;
        if (i > 0 && side && (side == sides[0] || side == sides[1])) {
            words->at++;
            words->n--;
            if (sum > (uint64_t)degrees * 3600000)
                return "an angle beyond the poles or the other side of the earth";
            write_be32(w, (uint32_t)(UINT32_C(0x80000000) + (side == sides[0] ? sum : 0 - sum)));
            return NULL;
        }
        if (i == 3 || !parse_fixed(words->at->text, i == 2 ? 3 : 0, i ? most[i] : degrees, &v))
            return no_angle;
        sum += v * unit_ms[i];
    }
    return no_angle;
}

static bool parse_metres(struct bytes text, uint64_t max_cm, uint64_t *cm)
{
    if (text.len > 1 && text.data[text.len - 1] == 'm')
        text.len--;
    return parse_fixed(text, 2, max_cm, cm);
}

/* A digit and the zeros behind it, as much as there is room for. */
static uint8_t size_of(uint64_t cm)
{
    uint8_t zeros = 0;
    for (; cm >= 10; cm /= 10)
        zeros++;
    return (uint8_t)(cm << 4 | zeros);
}

const char *dns_loc_parse(const struct dns_word *word, size_t n, struct writer *w)
{
    struct words words = {word, n};
    uint8_t *sizes = write_room(w, 4);
    uint64_t cm;
    if (!sizes)
        return "more than 65535 bytes of data";
    memcpy(sizes, (const uint8_t[]){0, 0x12, 0x16, 0x13}, 4); /* a metre, 10 km, 10 m */
    const char *why = parse_angle(&words, "NS", 90, w);
    if (!why)
        why = parse_angle(&words, "EW", 180, w);
    if (why)
        return why;
    if (words.n == 0)
        return missing;
    bool below = words.at->text.len && words.at->text.data[0] == '-';
    if (!parse_metres(bytes_slice(words.at->text, below, words.at->text.len), below ? 10000000 : 4284967295, &cm))
        return "not an altitude in metres from -100000.00 to 42849672.95";
    write_be32(w, (uint32_t)(below ? 10000000 - cm : 10000000 + cm));
    if (words.n > 4)
        return "more fields than such a record has";
    for (size_t i = 1; i < words.n; i++) {
        if (!parse_metres(words.at[i].text, UINT64_C(9000000000), &cm))
            return no_size;
        sizes[i] = size_of(cm);
    }
    return NULL;
}
