/* SPDX-License-Identifier: ISC */
/* What records hold as text: each field as its RFC writes it. Numbers stay numbers, even where there are words for them. */
#include "wire/dns_rdata_fields.h"

#include "base/radix.h"

#include <jinn/addr.h>

void dns_quoted_write(struct writer *w, struct bytes b)
{
    write_u8(w, '"');
    for (size_t i = 0; i < b.len; i++) {
        uint8_t c = b.data[i];
        if (c < ' ' || c > '~') {
            write_format(w, "\\%03u", c);
            continue;
        }
        if (c == '"' || c == '\\')
            write_u8(w, '\\');
        write_u8(w, c);
    }
    write_u8(w, '"');
}

static void write_number(struct writer *w, struct bytes b)
{
    uint32_t v = 0;
    for (size_t i = 0; i < b.len; i++)
        v = v << 8 | b.data[i];
    write_format(w, "%u", v);
}

void dns_ip_write(struct writer *w, struct bytes address)
{
    char text[IP_TEXT_BYTES];
    if (address.len == 4) {
        write_format(w, "%u.%u.%u.%u", address.data[0], address.data[1], address.data[2], address.data[3]);
        return;
    }
    /* ip_text would say that of ::ffff:1.2.3.4, which a record of IPv6 can't hold otherwise. */
    struct ip ip;
    memcpy(ip.b, address.data, sizeof ip.b);
    if (ip_is4(&ip))
        write_str(w, "::ffff:");
    write_str(w, ip_text(&ip, text));
}

/* Days since 1970 as a date: years begin in March, so that the odd day is the last of one. */
static void write_date(struct writer *w, struct bytes b)
{
    struct reader r = reader_of(b);
    uint32_t time = read_be32(&r), seconds = time % 86400;
    uint32_t day = time / 86400 + 719468; /* from 0000-03-01 */
    uint32_t era = day / 146097, of_era = day % 146097;
    uint32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint32_t month = (5 * of_year + 2) / 153; /* 0 is March */
    uint32_t of_month = of_year - (153 * month + 2) / 5 + 1;
    month = month < 10 ? month + 3 : month - 9;
    write_format(w, "%04u%02u%02u%02u%02u%02u", era * 400 + year + (month <= 2), month, of_month, seconds / 3600,
                 seconds / 60 % 60, seconds % 60);
}

static void write_eui(struct writer *w, struct bytes b)
{
    for (size_t i = 0; i < b.len; i++)
        write_format(w, i ? "-%02x" : "%02x", b.data[i]);
}

static void write_locator(struct writer *w, struct bytes b)
{
    for (size_t i = 0; i < b.len; i += 2)
        write_format(w, i ? ":%x" : "%x", (unsigned)(b.data[i] << 8 | b.data[i + 1]));
}

static void write_strings(struct writer *w, struct bytes b)
{
    struct reader r = reader_of(b);
    for (bool first = true; reader_left(&r); first = false) {
        if (!first)
            write_u8(w, ' ');
        dns_quoted_write(w, read_bytes(&r, read_u8(&r)));
    }
}

static void write_bitmap(struct writer *w, struct bytes b)
{
    struct reader r = reader_of(b);
    for (bool first = true; reader_left(&r);) {
        unsigned window = read_u8(&r);
        struct bytes bits = read_bytes(&r, read_u8(&r));
        for (unsigned i = 0; i < 8 * bits.len; i++) {
            if (!(bits.data[i / 8] & 0x80 >> i % 8))
                continue;
            if (!first)
                write_u8(w, ' ');
            first = false;
            dns_type_write(w, (uint16_t)(window << 8 | i));
        }
    }
}

/* ---- LOC: RFC 1876 3 ---- */

static void write_angle(struct writer *w, uint32_t angle, const char *sides)
{
    bool first = angle >= UINT32_C(0x80000000);
    uint32_t v = first ? angle - UINT32_C(0x80000000) : UINT32_C(0x80000000) - angle;
    write_format(w, "%u %u %u.%03u %c ", v / 3600000, v / 60000 % 60, v / 1000 % 60, v % 1000, sides[!first]);
}

static void write_metres(struct writer *w, uint64_t cm)
{
    write_format(w, "%u.%02um", (uint32_t)(cm / 100), (uint32_t)(cm % 100));
}

static void write_loc(struct writer *w, struct bytes b)
{
    struct reader r = reader_of(b);
    read_skip(&r, 4);
    write_angle(w, read_be32(&r), "NS");
    write_angle(w, read_be32(&r), "EW");
    int64_t altitude = (int64_t)read_be32(&r) - 10000000;
    if (altitude < 0)
        write_u8(w, '-');
    write_metres(w, (uint64_t)(altitude < 0 ? -altitude : altitude));
    for (int i = 1; i < 4; i++) {
        uint64_t cm = b.data[i] >> 4;
        for (int zeros = b.data[i] & 15; zeros > 0; zeros--)
            cm *= 10;
        write_u8(w, ' ');
        write_metres(w, cm);
    }
}

/* ---- APL: RFC 3123 5 ---- */

static void write_prefixes(struct writer *w, struct bytes b)
{
    struct reader r = reader_of(b);
    for (bool first = true; reader_left(&r); first = false) {
        uint8_t address[16] = {0};
        unsigned family = read_be16(&r), prefix = read_u8(&r), len = read_u8(&r);
        read_copy(&r, address, len & 0x7f);
        write_format(w, "%s%s%u:", first ? "" : " ", len & 0x80 ? "!" : "", family);
        dns_ip_write(w, bytes_of(address, family == 1 ? 4 : 16));
        write_format(w, "/%u", prefix);
    }
}

/* ---- All ---- */

static void write_gateway(struct writer *w, struct bytes b, uint8_t kind)
{
    if (kind == DNS_GATEWAY_NONE)
        write_u8(w, '.');
    else if (kind == DNS_GATEWAY_NAME)
        dns_name_write_text(w, b);
    else
        dns_ip_write(w, b);
}

static void write_rest(struct writer *w, char code, struct bytes b)
{
    switch (code) {
    case DNS_F_STRINGS:
        write_strings(w, b);
        break;
    case DNS_F_TEXT:
        dns_quoted_write(w, b);
        break;
    case DNS_F_HEX:
    case DNS_F_DIGEST:
        radix_write(w, RADIX_HEX, b);
        break;
    case DNS_F_BASE64:
    case DNS_F_BASE64_OPTIONAL:
        radix_write(w, RADIX_BASE64, b);
        break;
    case DNS_F_BITMAP:
    case DNS_F_BITMAP_OPTIONAL:
        write_bitmap(w, b);
        break;
    case DNS_F_LOC:
        write_loc(w, b);
        break;
    case DNS_F_PREFIXES:
        write_prefixes(w, b);
        break;
    case DNS_F_SVCB:
        dns_svcb_write_text(w, b);
        break;
    default:
        write_number(w, b);
    }
}

static void write_field(struct writer *w, char code, struct bytes b, struct bytes rdata)
{
    struct bytes behind_len = bytes_slice(b, 1, b.len);
    switch (code) {
    case DNS_F_NAME_OLD:
    case DNS_F_NAME_SMALL:
    case DNS_F_NAME:
        dns_name_write_text(w, b);
        break;
    case DNS_F_STRING:
        dns_quoted_write(w, behind_len);
        break;
    case DNS_F_TAG:
        write_bytes(w, behind_len);
        break;
    case DNS_F_SALT:
        radix_write(w, RADIX_HEX, behind_len);
        if (behind_len.len == 0)
            write_u8(w, '-');
        break;
    case DNS_F_HASH:
        radix_write(w, RADIX_BASE32HEX, behind_len);
        break;
    case DNS_F_TYPE:
        dns_type_write(w, (uint16_t)(b.data[0] << 8 | b.data[1]));
        break;
    case DNS_F_DATE:
        write_date(w, b);
        break;
    case DNS_F_IP4:
    case DNS_F_IP6:
        dns_ip_write(w, b);
        break;
    case DNS_F_EUI48:
    case DNS_F_EUI64:
        write_eui(w, b);
        break;
    case DNS_F_LOCATOR:
        write_locator(w, b);
        break;
    case DNS_F_GATEWAY:
        write_gateway(w, b, rdata.data[1]);
        break;
    default:
        write_rest(w, code, b);
    }
}

/* RFC 3597 5. */
static void write_opaque(struct writer *w, struct bytes rdata)
{
    write_format(w, rdata.len ? "\\# %u " : "\\# 0", (unsigned)rdata.len);
    radix_write(w, RADIX_HEX, rdata);
}

void dns_rdata_write_text(struct writer *w, uint16_t type, struct bytes rdata)
{
    const struct dns_rdata_row *row = dns_rdata_row(type);
    struct reader r = reader_of(rdata);
    struct bytes field;
    if (row->fields[0] == DNS_F_OPAQUE || !dns_rdata_is_good(type, rdata) ||
        (row->fields[0] == DNS_F_LOC && rdata.data[0] != 0)) {
        write_opaque(w, rdata);
        return;
    }
    for (const char *code = row->fields; *code && dns_field_take(&r, row, *code, rdata, &field); code++) {
        if (code != row->fields && (field.len || *code == DNS_F_TEXT || *code == DNS_F_GATEWAY))
            write_u8(w, ' ');
        write_field(w, *code, field, rdata);
    }
}
