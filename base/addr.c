/* SPDX-License-Identifier: ISC */
#include <jinn/addr.h>

#include <jinn/format.h>

/* As in bytes.c. */

bool ip_is_unspecified(const struct ip *ip)
{
    static const struct ip none;
    if (ip_is4(ip))
        return ip4_u32(ip) == 0;
    return ip_equal(ip, &none);
}

bool ip_is_multicast(const struct ip *ip)
{
    return ip_is4(ip) ? (ip->b[12] & 0xf0) == 0xe0 : ip->b[0] == 0xff;
}

static uint32_t ip4_mask(unsigned prefix_len)
{
    return prefix_len ? UINT32_MAX << (32 - prefix_len) : 0;
}

bool ip_in_net(const struct ip *ip, const struct ip_net *net)
{
    bool four = ip_is4(&net->ip);
    if (ip_is4(ip) != four || net->prefix_len > (four ? 32 : 128))
        return false;
    if (four)
        return ((ip4_u32(ip) ^ ip4_u32(&net->ip)) & ip4_mask(net->prefix_len)) == 0;
    unsigned whole = net->prefix_len / 8;
    unsigned rest = net->prefix_len % 8;
    if (memcmp(ip->b, net->ip.b, whole) != 0)
        return false;
    return rest == 0 || (ip->b[whole] ^ net->ip.b[whole]) >> (8 - rest) == 0;
}

COLD struct ip ip4_net_broadcast(const struct ip_net *net)
{
    uint32_t host_bits = net->prefix_len >= 32 ? 0 : UINT32_MAX >> net->prefix_len;
    return ip4_of_u32(ip4_u32(&net->ip) | host_bits);
}

/* ---- Reading ---- */

static bool parse4(struct bytes text, uint8_t out[static 4])
{
    for (int i = 0; i < 4; i++) {
        size_t len = i < 3 ? bytes_find(text, '.') : text.len;
        uint64_t v;
        if (len > 3 || (len > 1 && text.data[0] == '0') || (i < 3 && len == text.len))
            return false;
        if (!bytes_decimal(bytes_slice(text, 0, len), 255, &v))
            return false;
        out[i] = (uint8_t)v;
        text = bytes_slice(text, len + 1, text.len);
    }
    return true;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 1 to `max` hexadecimal digits, the whole of `b`. */
static bool parse_hex(struct bytes b, size_t max, unsigned *value)
{
    unsigned v = 0;
    if (b.len == 0 || b.len > max)
        return false;
    for (size_t i = 0; i < b.len; i++) {
        int digit = hex_digit(b.data[i]);
        if (digit < 0)
            return false;
        v = v << 4 | (unsigned)digit;
    }
    *value = v;
    return true;
}

/* Groups divided by single colons, at most `room` bytes of them; the last may be a dotted quad. -1: not so. */
static COLD int parse_groups(struct bytes text, uint8_t *out, int room)
{
    int len = 0;
    while (text.len) {
        size_t group = bytes_find(text, ':');
        struct bytes b = bytes_slice(text, 0, group);
        unsigned v;
        if (group == text.len && bytes_find(b, '.') < b.len)
            return len + 4 <= room && parse4(b, out + len) ? len + 4 : -1;
        if (len + 2 > room || !parse_hex(b, 4, &v))
            return -1;
        out[len++] = (uint8_t)(v >> 8);
        out[len++] = (uint8_t)v;
        if (group + 1 == text.len)
            return -1; /* a colon at the end */
        text = bytes_slice(text, group + 1, text.len);
    }
    return len;
}

static size_t find_double_colon(struct bytes text)
{
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (text.data[i] == ':' && text.data[i + 1] == ':')
            return i;
    }
    return text.len;
}

static COLD bool parse6(struct bytes text, struct ip *ip)
{
    uint8_t tail[16];
    size_t gap = find_double_colon(text);
    *ip = IP_NONE;
    if (gap == text.len)
        return parse_groups(text, ip->b, 16) == 16;
    struct bytes head = bytes_slice(text, 0, gap);
    if (bytes_find(head, '.') < head.len)
        return false;
    int before = parse_groups(head, ip->b, 14);
    if (before < 0)
        return false;
    int after = parse_groups(bytes_slice(text, gap + 2, text.len), tail, 14 - before);
    if (after < 0)
        return false;
    memcpy(ip->b + 16 - after, tail, (size_t)after);
    return true;
}

bool ip_parse(struct bytes text, struct ip *ip)
{
    uint8_t b[4];
    if (bytes_find(text, ':') < text.len)
        return parse6(text, ip);
    if (!parse4(text, b))
        return false;
    *ip = ip4(b[0], b[1], b[2], b[3]);
    return true;
}

COLD bool ip_net_parse(struct bytes text, struct ip_net *net)
{
    size_t slash = bytes_find(text, '/');
    struct bytes bits = bytes_slice(text, slash + 1, text.len);
    uint64_t v;
    if (slash == text.len || !ip_parse(bytes_slice(text, 0, slash), &net->ip))
        return false;
    if (bits.len > 1 && bits.data[0] == '0')
        return false;
    if (!bytes_decimal(bits, ip_is4(&net->ip) ? 32 : 128, &v))
        return false;
    net->prefix_len = (uint8_t)v;
    return true;
}

COLD bool mac_parse(struct bytes text, struct mac *m)
{
    if (text.len != MAC_TEXT_BYTES - 1)
        return false;
    for (size_t i = 0; i < 6; i++) {
        unsigned v;
        struct bytes pair = bytes_slice(text, 3 * i, 2);
        if (pair.len != 2 || !parse_hex(pair, 2, &v) || (i < 5 && text.data[3 * i + 2] != ':'))
            return false;
        m->b[i] = (uint8_t)v;
    }
    return true;
}

/* ---- Printing ---- */

static unsigned group_of(const struct ip *ip, int i)
{
    return (unsigned)ip->b[2 * i] << 8 | ip->b[2 * i + 1];
}

/* The longest run of at least two zero groups, the first of equals (RFC 5952 4.2). */
static COLD int longest_gap(const struct ip *ip, int *len)
{
    int best = -1;
    *len = 1;
    for (int i = 0; i < 8; i++) {
        int run = 0;
        while (i + run < 8 && group_of(ip, i + run) == 0)
            run++;
        if (run > *len) {
            best = i;
            *len = run;
        }
    }
    return best;
}

COLD const char *ip_text(const struct ip *ip, char out[static IP_TEXT_BYTES])
{
    struct writer w = writer_of(out, IP_TEXT_BYTES);
    int gap_len;
    int gap = longest_gap(ip, &gap_len);
    if (ip_is4(ip)) {
        write_format(&w, "%u.%u.%u.%u", ip->b[12], ip->b[13], ip->b[14], ip->b[15]);
    } else {
        for (int i = 0; i < 8; i++) {
            if (i == gap) {
                write_str(&w, "::");
                i += gap_len - 1;
                continue;
            }
            write_format(&w, i && i != gap + gap_len ? ":%x" : "%x", group_of(ip, i));
        }
    }
    write_u8(&w, 0);
    return out;
}

COLD const char *endpoint_text(const struct endpoint *e, char out[static ENDPOINT_TEXT_BYTES])
{
    char ip[IP_TEXT_BYTES];
    format(out, ENDPOINT_TEXT_BYTES, ip_is4(&e->ip) ? "%s:%u" : "[%s]:%u", ip_text(&e->ip, ip), e->port);
    return out;
}

COLD const char *mac_text(const struct mac *m, char out[static MAC_TEXT_BYTES])
{
    format(out, MAC_TEXT_BYTES, "%02x:%02x:%02x:%02x:%02x:%02x", m->b[0], m->b[1], m->b[2], m->b[3], m->b[4], m->b[5]);
    return out;
}
