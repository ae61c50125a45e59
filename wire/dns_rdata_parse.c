/* SPDX-License-Identifier: ISC */
/* What records hold from text: the words of a zone file, field by field. What comes out has been checked like any other. */
#include "wire/dns_rdata_fields.h"

#include "base/radix.h"

#include <jinn/addr.h>

static const char missing[] = "a field is missing";
static const char no_number[] = "not a number";
static const char out_of_range[] = "a number that is too large";

struct parse {
    const struct dns_word *word;
    size_t n;
    struct bytes origin;
    struct writer *w;
    size_t start; /* where the data begins in what is written */
};

/* ---- Words ---- */

bool dns_char_take(struct reader *r, uint8_t *c)
{
    unsigned v = 0;
    *c = read_u8(r);
    if (*c != '\\')
        return reader_good(r);
    *c = read_u8(r);
    if (*c - (unsigned)'0' >= 10)
        return reader_good(r);
    v = *c - (unsigned)'0';
    for (int i = 0; i < 2; i++) {
        unsigned digit = read_u8(r) - (unsigned)'0';
        if (digit >= 10 || !reader_good(r))
            return false;
        v = v * 10 + digit;
    }
    *c = (uint8_t)v;
    return v <= UINT8_MAX;
}

/* Only strings may stand between quotes. */
static const char *take_plain(struct parse *p, struct bytes *text)
{
    if (p->n == 0)
        return missing;
    if (p->word->quoted)
        return "quotes where no string can be";
    *text = p->word->text;
    p->word++;
    p->n--;
    return NULL;
}

static const char *number_of(struct bytes text, uint64_t max, uint32_t *v)
{
    uint64_t wide;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] - (unsigned)'0' >= 10)
            return no_number;
    }
    if (!bytes_decimal(text, max, &wide))
        return text.len ? out_of_range : no_number;
    *v = (uint32_t)wide;
    return NULL;
}

static void write_number(struct writer *w, char code, uint32_t v)
{
    if (code == DNS_F_BYTE || code == DNS_F_ALGORITHM)
        write_u8(w, (uint8_t)v);
    else if (code == DNS_F_SHORT || code == DNS_F_CERT)
        write_be16(w, (uint16_t)v);
    else
        write_be32(w, v);
}

/* Each a word, "=", a number and a blank. */
static const char algorithms[] = "RSAMD5=1 DH=2 DSA=3 RSASHA1=5 NSEC3DSA=6 NSEC3RSASHA1=7 RSASHA256=8 RSASHA512=10 "
                                 "ECCGOST=12 ECDSAP256SHA256=13 ECDSAP384SHA384=14 ED25519=15 ED448=16 INDIRECT=252 "
                                 "PRIVATEDNS=253 PRIVATEOID=254 ";
static const char certificates[] = "PKIX=1 SPKI=2 PGP=3 IPKIX=4 ISPKI=5 IPGP=6 ACPKIX=7 IACPKIX=8 URI=253 OID=254 ";

static bool find_word(const char *list, struct bytes text, uint32_t *v)
{
    struct bytes left = bytes_str(list);
    while (left.len) {
        struct bytes one = bytes_slice(left, 0, bytes_find(left, ' '));
        size_t len = bytes_find(one, '=');
        if (bytes_equal_nocase(bytes_slice(one, 0, len), text))
            return number_of(bytes_slice(one, len + 1, one.len), UINT16_MAX, v) == NULL;
        left = bytes_slice(left, one.len + 1, left.len);
    }
    return false;
}

bool dns_duration_parse(struct bytes text, uint32_t *seconds)
{
    static const char units[] = "smhdw";
    static const uint32_t unit_s[] = {1, 60, 3600, 86400, 604800};
    uint64_t sum = 0;
    if (bytes_decimal(text, UINT32_MAX, &sum)) {
        *seconds = (uint32_t)sum;
        return true;
    }
    if (text.len == 0)
        return false;
    for (sum = 0; text.len;) {
        uint64_t v;
        size_t n = 0;
        while (n < text.len && text.data[n] - (unsigned)'0' < 10)
            n++;
        const char *unit = n < text.len ? strchr(units, text.data[n] | 0x20) : NULL;
        if (!unit || !*unit || !bytes_decimal(bytes_slice(text, 0, n), UINT32_MAX, &v))
            return false;
        sum += v * unit_s[unit - units];
        if (sum > UINT32_MAX)
            return false;
        text = bytes_slice(text, n + 1, text.len);
    }
    *seconds = (uint32_t)sum;
    return true;
}

static const char *parse_number(struct parse *p, char code)
{
    struct bytes text;
    uint32_t v;
    const char *why = take_plain(p, &text);
    if (why)
        return why;
    uint64_t max = code == DNS_F_LONG                              ? UINT32_MAX
                   : code == DNS_F_BYTE || code == DNS_F_ALGORITHM ? UINT8_MAX
                                                                   : UINT16_MAX;
    if (code == DNS_F_DURATION)
        why = dns_duration_parse(text, &v) ? NULL : "not a number of seconds, nor like 1h30m";
    else if ((code == DNS_F_ALGORITHM && find_word(algorithms, text, &v)) ||
             (code == DNS_F_CERT && find_word(certificates, text, &v)))
        why = NULL;
    else
        why = number_of(text, max, &v);
    if (!why)
        write_number(p->w, code, v);
    return why;
}

static const char *parse_type(struct parse *p)
{
    struct bytes text;
    uint16_t type;
    const char *why = take_plain(p, &text);
    if (why)
        return why;
    if (!dns_type_parse(text, &type))
        return "an unknown type";
    write_be16(p->w, type);
    return NULL;
}

/* ---- Dates: RFC 4034 3.2 ---- */

static bool is_leap(uint32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Seconds since 1970, when all of it is a date and fits 32 bits. */
static bool parse_date_digits(struct bytes text, uint32_t *v)
{
    static const uint16_t days_before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    uint64_t all;
    if (!bytes_decimal(text, UINT64_MAX, &all))
        return false;
    uint32_t second = (uint32_t)(all % 100), minute = (uint32_t)(all / 100 % 100);
    uint32_t hour = (uint32_t)(all / 10000 % 100), day = (uint32_t)(all / 1000000 % 100);
    uint32_t month = (uint32_t)(all / 100000000 % 100), year = (uint32_t)(all / 10000000000);
    if (year < 1970 || year > 2106 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 60)
        return false;
    if (day > (uint32_t)(days_before[month] - days_before[month - 1] + (month == 2 && is_leap(year))))
        return false;
    uint64_t days = 365 * (year - 1970) + (year - 1969) / 4 - (year > 2100) + days_before[month - 1] + day - 1;
    if (month > 2 && is_leap(year))
        days++;
    uint64_t time = ((days * 24 + hour) * 60 + minute) * 60 + second;
    *v = (uint32_t)time;
    return time <= UINT32_MAX;
}

static const char *parse_date(struct parse *p)
{
    struct bytes text;
    uint32_t v;
    const char *why = take_plain(p, &text);
    if (!why && !(text.len == 14 ? parse_date_digits(text, &v) : text.len <= 10 && !number_of(text, UINT32_MAX, &v)))
        why = "not a date as YYYYMMDDHHMMSS";
    if (!why)
        write_be32(p->w, v);
    return why;
}

/* ---- Names, addresses, strings ---- */

static const char *parse_name(struct parse *p)
{
    struct bytes text;
    struct dns_name name;
    const char *why = take_plain(p, &text);
    if (!why)
        why = dns_name_parse(text, p->origin, &name);
    if (!why)
        write_bytes(p->w, dns_name_bytes(&name));
    return why;
}

const char *dns_ip_parse(struct bytes text, bool six, struct writer *w)
{
    struct ip ip;
    if (!ip_parse(text, &ip) || (bytes_find(text, ':') < text.len) != six)
        return six ? "not an IPv6 address" : "not an IPv4 address";
    write_copy(w, six ? ip.b : ip.b + 12, six ? 16 : 4);
    return NULL;
}

static const char *parse_ip(struct parse *p, bool six)
{
    struct bytes text;
    const char *why = take_plain(p, &text);
    return why ? why : dns_ip_parse(text, six, p->w);
}

/* "01-23-45-67-89-ab" */
static const char *parse_eui(struct parse *p, size_t len)
{
    struct radix_reader radix = radix_reader(RADIX_HEX);
    struct bytes text;
    const char *why = take_plain(p, &text);
    if (why)
        return why;
    bool good = text.len == 3 * len - 1;
    for (size_t i = 0; good && i < len; i++)
        good = radix_read(&radix, bytes_slice(text, 3 * i, 2), p->w) && (i + 1 == len || text.data[3 * i + 2] == '-');
    return good ? NULL : "not hexadecimal numbers like 00-12-34 with dashes between them";
}

/* "2001:db8:0:1": four groups, all of them. */
static const char *parse_locator(struct parse *p)
{
    char room[4 * 5 + 2];
    struct writer whole = writer_of(room, sizeof room);
    struct bytes text;
    struct ip ip;
    unsigned n_colons = 0;
    const char *why = take_plain(p, &text);
    if (why)
        return why;
    for (size_t i = 0; i < text.len; i++)
        n_colons += text.data[i] == ':';
    write_bytes(&whole, text);
    write_str(&whole, "::");
    if (n_colons != 3 || !writer_good(&whole) || !ip_parse(writer_bytes(&whole), &ip))
        return "not four groups of hexadecimal digits like 2001:db8:0:1";
    write_copy(p->w, ip.b, 8);
    return NULL;
}

const char *dns_string_parse(struct bytes text, struct writer *w)
{
    struct reader r = reader_of(text);
    while (reader_left(&r)) {
        uint8_t c;
        if (!dns_char_take(&r, &c))
            return "a bad escape: \\ takes a character or three digits up to 255";
        write_u8(w, c);
    }
    return NULL;
}

static void set_len(struct writer *w, size_t at, size_t len)
{
    if (writer_good(w))
        w->start[at] = (uint8_t)len;
}

static const char *parse_string(struct parse *p)
{
    size_t at = writer_len(p->w);
    if (p->n == 0)
        return missing;
    write_u8(p->w, 0);
    const char *why = dns_string_parse(p->word->text, p->w);
    size_t len = writer_len(p->w) - at - 1;
    if (why)
        return why;
    if (len > UINT8_MAX)
        return "a string of more than 255 bytes";
    set_len(p->w, at, len);
    p->word++;
    p->n--;
    return NULL;
}

static const char *parse_strings(struct parse *p)
{
    const char *why = p->n ? NULL : missing;
    while (!why && p->n)
        why = parse_string(p);
    return why;
}

static const char *parse_text(struct parse *p)
{
    if (p->n == 0)
        return missing;
    const char *why = dns_string_parse(p->word->text, p->w);
    p->word++;
    p->n--;
    return why;
}

static const char *parse_tag(struct parse *p)
{
    return p->n && p->word->quoted ? "quotes where no string can be" : parse_string(p);
}

/* ---- Digits ---- */

static const char *radix_reason(enum radix radix)
{
    return radix == RADIX_HEX ? "not hexadecimal" : radix == RADIX_BASE64 ? "not base 64" : "not base 32";
}

/* All words that are left, as one. */
static const char *parse_digits(struct parse *p, enum radix radix)
{
    struct radix_reader r = radix_reader(radix);
    if (p->n == 0)
        return missing;
    for (; p->n; p->word++, p->n--) {
        if (p->word->quoted || !radix_read(&r, p->word->text, p->w))
            return radix_reason(radix);
    }
    return radix_end(&r) ? NULL : radix_reason(radix);
}

/* One word, with its length before it. */
static const char *parse_counted(struct parse *p, enum radix radix)
{
    struct radix_reader r = radix_reader(radix);
    struct bytes text;
    size_t at = writer_len(p->w);
    const char *why = take_plain(p, &text);
    if (why)
        return why;
    write_u8(p->w, 0);
    if (radix == RADIX_HEX && bytes_equal(text, bytes_str("-")))
        return NULL;
    if (!radix_read(&r, text, p->w) || !radix_end(&r))
        return radix_reason(radix);
    size_t len = writer_len(p->w) - at - 1;
    if (len > UINT8_MAX)
        return "more than 255 bytes";
    set_len(p->w, at, len);
    return NULL;
}

/* ---- Bit maps of types ---- */

/* Once for each window of 256 types; the next one is found on the way. */
static const char *parse_bitmap(struct parse *p)
{
    for (unsigned window = 0, next; window <= UINT8_MAX; window = next) {
        uint8_t bits[32] = {0};
        size_t len = 0;
        next = UINT8_MAX + 1;
        for (size_t i = 0; i < p->n; i++) {
            uint16_t type;
            if (p->word[i].quoted || !dns_type_parse(p->word[i].text, &type))
                return "an unknown type";
            unsigned of_type = type >> 8;
            if (of_type > window && of_type < next)
                next = of_type;
            if (of_type != window)
                continue;
            bits[type >> 3 & 31] |= (uint8_t)(0x80 >> (type & 7));
            if (len < (type >> 3 & 31) + 1u)
                len = (type >> 3 & 31) + 1u;
        }
        if (len) {
            write_u8(p->w, (uint8_t)window);
            write_u8(p->w, (uint8_t)len);
            write_copy(p->w, bits, len);
        }
    }
    p->word += p->n;
    p->n = 0;
    return NULL;
}

/* ---- APL: "!1:192.168.38.0/28" ---- */

static const char *parse_prefix(struct bytes text, struct writer *w)
{
    static const char reason[] = "not like 1:192.0.2.0/24, !2:2001:db8::/32";
    uint8_t room[16];
    uint32_t family, prefix;
    bool without = text.len && text.data[0] == '!';
    text = bytes_slice(text, without, text.len);
    size_t colon = bytes_find(text, ':'), slash = bytes_find(text, '/');
    if (colon > slash || number_of(bytes_slice(text, 0, colon), UINT16_MAX, &family) || family < 1 || family > 2 ||
        number_of(bytes_slice(text, slash + 1, text.len), family == 1 ? 32 : 128, &prefix))
        return reason;
    struct writer address = writer_of(room, sizeof room);
    if (dns_ip_parse(bytes_slice(text, colon + 1, slash - colon - 1), family == 2, &address))
        return reason;
    size_t len = writer_len(&address);
    while (len && room[len - 1] == 0)
        len--;
    write_be16(w, (uint16_t)family);
    write_u8(w, (uint8_t)prefix);
    write_u8(w, (uint8_t)(len | (without ? 0x80 : 0)));
    write_copy(w, room, len);
    return NULL;
}

static const char *parse_prefixes(struct parse *p)
{
    struct bytes text;
    const char *why = NULL;
    while (!why && p->n) {
        why = take_plain(p, &text);
        if (!why)
            why = parse_prefix(text, p->w);
    }
    return why;
}

static const char *parse_gateway(struct parse *p)
{
    struct bytes text;
    uint8_t kind = writer_good(p->w) ? p->w->start[p->start + 1] : DNS_GATEWAY_NONE;
    if (kind == DNS_GATEWAY_NAME)
        return parse_name(p);
    if (kind == DNS_GATEWAY_IP4 || kind == DNS_GATEWAY_IP6)
        return parse_ip(p, kind == DNS_GATEWAY_IP6);
    const char *why = take_plain(p, &text);
    if (!why && (kind != DNS_GATEWAY_NONE || !bytes_equal(text, bytes_str("."))))
        why = "a gateway that is not of the type that was named: . for 0, an address for 1 and 2, a name for 3";
    return why;
}

/* ---- All ---- */

static const char *parse_rest(struct parse *p, char code)
{
    const char *why;
    switch (code) {
    case DNS_F_STRINGS:
        return parse_strings(p);
    case DNS_F_TEXT:
        return parse_text(p);
    case DNS_F_HEX:
    case DNS_F_DIGEST:
        return parse_digits(p, RADIX_HEX);
    case DNS_F_BASE64_OPTIONAL:
        if (p->n == 0)
            return NULL;
        return parse_digits(p, RADIX_BASE64);
    case DNS_F_BASE64:
        return parse_digits(p, RADIX_BASE64);
    case DNS_F_BITMAP:
    case DNS_F_BITMAP_OPTIONAL:
        return parse_bitmap(p);
    case DNS_F_PREFIXES:
        return parse_prefixes(p);
    case DNS_F_LOC:
        why = dns_loc_parse(p->word, p->n, p->w);
        break;
    case DNS_F_SVCB:
        why = dns_svcb_parse(p->word, p->n, p->w);
        break;
    default:
        return "data of an unknown type is written \\# LENGTH HEX";
    }
    p->n = 0;
    return why;
}

static const char *parse_field(struct parse *p, char code)
{
    switch (code) {
    case DNS_F_NAME_OLD:
    case DNS_F_NAME_SMALL:
    case DNS_F_NAME:
        return parse_name(p);
    case DNS_F_BYTE:
    case DNS_F_ALGORITHM:
    case DNS_F_SHORT:
    case DNS_F_CERT:
    case DNS_F_LONG:
    case DNS_F_DURATION:
        return parse_number(p, code);
    case DNS_F_TYPE:
        return parse_type(p);
    case DNS_F_DATE:
        return parse_date(p);
    case DNS_F_IP4:
    case DNS_F_IP6:
        return parse_ip(p, code == DNS_F_IP6);
    case DNS_F_EUI48:
        return parse_eui(p, 6);
    case DNS_F_EUI64:
        return parse_eui(p, 8);
    case DNS_F_LOCATOR:
        return parse_locator(p);
    case DNS_F_STRING:
        return parse_string(p);
    case DNS_F_TAG:
        return parse_tag(p);
    case DNS_F_SALT:
        return parse_counted(p, RADIX_HEX);
    case DNS_F_HASH:
        return parse_counted(p, RADIX_BASE32HEX);
    case DNS_F_GATEWAY:
        return parse_gateway(p);
    default:
        return parse_rest(p, code);
    }
}

/* RFC 3597 5: "\# 4 0A00 0001". */
static const char *parse_opaque(struct parse *p)
{
    struct bytes text;
    uint32_t len;
    const char *why = take_plain(p, &text);
    if (!why)
        why = number_of(text, DNS_RDATA_BYTES, &len);
    if (!why && p->n)
        why = parse_digits(p, RADIX_HEX);
    if (!why && writer_good(p->w) && writer_len(p->w) - p->start != len)
        why = "not as many bytes as the number behind \\# says";
    return why;
}

/* The fields that can be read and still be wrong. */
static const char *fault_reason(char code)
{
    switch (code) {
    case DNS_F_DIGEST:
        return "a digest that is not as long as those of its type";
    case DNS_F_BITMAP:
        return missing;
    case DNS_F_TAG:
        return "a tag is letters and digits, at least one";
    case DNS_F_SVCB:
        return "a parameter without a value that it can have, or without another that it needs";
    default:
        return "not the data of such a record";
    }
}

const char *dns_rdata_parse(uint16_t type, const struct dns_word *word, size_t n, struct bytes origin, struct writer *w)
{
    struct parse p = {word, n, origin, w, writer_len(w)};
    const char *why = NULL;
    if (n && !word->quoted && bytes_equal(word->text, bytes_str("\\#"))) {
        p.word++;
        p.n--;
        why = parse_opaque(&p);
    } else {
        for (const char *code = dns_rdata_row(type)->fields; *code && !why; code++)
            why = parse_field(&p, *code);
    }
    if (why)
        return why;
    if (p.n)
        return "more fields than such a record has";
    struct bytes rdata = bytes_of(w->start + p.start, writer_len(w) - p.start);
    if (!writer_good(w) || rdata.len > DNS_RDATA_BYTES)
        return "more than 65535 bytes of data";
    char fault = dns_rdata_fault(type, rdata);
    return fault ? fault_reason(fault) : NULL;
}
