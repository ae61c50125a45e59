/* SPDX-License-Identifier: ISC */
/* The table of types, and what walks along it without text: RFC 1035 3.3 and those named beside the rows. */
#include "wire/dns_rdata_fields.h"

/* In the order of their numbers. */
/* clang-format off */
static const struct dns_rdata_row rows[] = {
    {DNS_A, "4"},
    {DNS_NS, "n"},
    {DNS_MD, "n"},
    {DNS_MF, "n"},
    {DNS_CNAME, "n"},
    {DNS_SOA, "nnltttt"},
    {DNS_MB, "n"},
    {DNS_MG, "n"},
    {DNS_MR, "n"},
    {DNS_PTR, "n"},
    {DNS_HINFO, "ss"},
    {DNS_MINFO, "nn"},
    {DNS_MX, "wn"},
    {DNS_TXT, "S"},
    {DNS_RP, "NN"},           /* RFC 1183 */
    {DNS_AFSDB, "wN"},
    {19, "s"},                /* X25 */
    {21, "wN"},               /* RT */
    {DNS_SIG, "yablddwNB"},   /* RFC 2535 */
    {DNS_KEY, "wbaq"},
    {26, "wNN"},              /* PX, RFC 2163 */
    {DNS_AAAA, "6"},          /* RFC 3596 */
    {DNS_LOC, "L"},           /* RFC 1876 */
    {DNS_SRV, "wwwN"},        /* RFC 2782 */
    {DNS_NAPTR, "wwsssN"},    /* RFC 3403 */
    {DNS_KX, "wN"},           /* RFC 2230 */
    {DNS_CERT, "cwaB"},       /* RFC 4398 */
    {DNS_DNAME, "N"},         /* RFC 6672 */
    {DNS_APL, "P"},           /* RFC 3123 */
    {DNS_DS, "wabD"},         /* RFC 4034 */
    {DNS_SSHFP, "bbD"},       /* RFC 4255 */
    {DNS_IPSECKEY, "bbbGq"},  /* RFC 4025 */
    {DNS_RRSIG, "yablddwNB"}, /* RFC 4034 */
    {DNS_NSEC, "xm"},
    {DNS_DNSKEY, "wbaB"},
    {DNS_DHCID, "B"},         /* RFC 4701 */
    {DNS_NSEC3, "bbwhHM"},    /* RFC 5155 */
    {DNS_NSEC3PARAM, "bbwh"},
    {DNS_TLSA, "bbbX"},       /* RFC 6698 */
    {DNS_SMIMEA, "bbbX"},     /* RFC 8162 */
    {DNS_CDS, "wabD"},        /* RFC 7344 */
    {DNS_CDNSKEY, "wbaB"},
    {DNS_OPENPGPKEY, "B"},    /* RFC 7929 */
    {DNS_CSYNC, "lwM"},       /* RFC 7477 */
    {DNS_ZONEMD, "lbbD"},     /* RFC 8976 */
    {DNS_SVCB, "wxV"},        /* RFC 9460 */
    {DNS_HTTPS, "wxV"},
    {DNS_SPF, "S"},           /* RFC 4408 */
    {104, "wo"},              /* NID, L32, L64, LP: RFC 6742 */
    {105, "w4"},
    {106, "wo"},
    {107, "wx"},
    {DNS_EUI48, "e"},         /* RFC 7043 */
    {DNS_EUI64, "E"},
    {DNS_URI, "wwU"},         /* RFC 7553 */
    {DNS_CAA, "bgU"},         /* RFC 8659 */
    {258, "S"},               /* AVC */
    {32769, "wabD"},          /* DLV, RFC 4431 */
};
/* clang-format on */
static const struct dns_rdata_row opaque = {0, "*"};

const struct dns_rdata_row *dns_rdata_row(uint16_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(rows) && rows[i].type <= type; i++) {
        if (rows[i].type == type)
            return &rows[i];
    }
    return &opaque;
}

/* ---- Fields ---- */

/* How long a field is that has always the same length; 0: it has not. */
static size_t fixed_len(char code)
{
    switch (code) {
    case DNS_F_BYTE:
    case DNS_F_ALGORITHM:
        return 1;
    case DNS_F_SHORT:
    case DNS_F_CERT:
    case DNS_F_TYPE:
        return 2;
    case DNS_F_LONG:
    case DNS_F_DURATION:
    case DNS_F_DATE:
    case DNS_F_IP4:
        return 4;
    case DNS_F_EUI48:
        return 6;
    case DNS_F_EUI64:
    case DNS_F_LOCATOR:
        return 8;
    case DNS_F_IP6:
        return 16;
    default:
        return 0;
    }
}

static bool is_name(char code)
{
    return code == DNS_F_NAME_OLD || code == DNS_F_NAME_SMALL || code == DNS_F_NAME;
}

/* How long the digests are whose kind is known: RFC 4034 to 8976. Of others, any length will do, but ZONEMD's least. */
static bool is_digest(uint16_t type, uint8_t kind, size_t len)
{
    static const uint8_t ds[] = {0, 20, 32, 32, 48}, sshfp[] = {0, 20, 32}, zonemd[] = {0, 48, 64};
    size_t wanted = 0;
    if (type == DNS_SSHFP)
        wanted = kind < sizeof sshfp ? sshfp[kind] : 0;
    else if (type == DNS_ZONEMD)
        wanted = kind < sizeof zonemd ? zonemd[kind] : 0;
    else
        wanted = kind < sizeof ds ? ds[kind] : 0;
    return wanted ? len == wanted : len >= (type == DNS_ZONEMD ? 12 : 1);
}

/* Windows in order, none of them empty, no zeros at an end: RFC 4034 4.1.2. */
static bool is_bitmap(struct bytes b)
{
    struct reader r = reader_of(b);
    int last = -1;
    while (reader_left(&r)) {
        int window = read_u8(&r);
        size_t len = read_u8(&r);
        const uint8_t *bits = read_take(&r, len);
        if (!bits || window <= last || len == 0 || len > 32 || bits[len - 1] == 0)
            return false;
        last = window;
    }
    return reader_good(&r);
}

static bool are_strings(struct bytes b)
{
    struct reader r = reader_of(b);
    while (reader_left(&r))
        read_skip(&r, read_u8(&r));
    return reader_good(&r) && b.len > 0;
}

static bool is_tag(struct bytes b)
{
    for (size_t i = 1; i < b.len; i++) {
        uint8_t c = b.data[i];
        if ((c | 0x20u) - 'a' >= 26 && c - (unsigned)'0' >= 10)
            return false;
    }
    return b.len > 1;
}

static bool is_around(uint32_t angle, uint32_t degrees)
{
    return angle - (UINT32_C(0x80000000) - degrees * 3600000) <= 2 * degrees * 3600000;
}

static bool is_loc(struct bytes b)
{
    struct reader r = reader_of(b);
    if (b.len > 0 && b.data[0] != 0)
        return true;
    read_skip(&r, 1);
    for (int i = 0; i < 3; i++) {
        uint8_t size = read_u8(&r); /* so many centimetres, and zeros behind them */
        if (size && (size >> 4 > 9 || (size & 15) > 9 || size >> 4 == 0))
            return false;
    }
    bool good = is_around(read_be32(&r), 90) && is_around(read_be32(&r), 180);
    read_skip(&r, 4);
    return good && reader_good(&r) && reader_left(&r) == 0;
}

static bool are_prefixes(struct bytes b)
{
    struct reader r = reader_of(b);
    while (reader_left(&r)) {
        uint16_t family = read_be16(&r);
        uint8_t prefix = read_u8(&r);
        size_t len = read_u8(&r) & 0x7f, most = family == 1 ? 4 : family == 2 ? 16 : 0;
        const uint8_t *address = read_take(&r, len);
        if (!address || len > most || prefix > 8 * most || most == 0 || (len && address[len - 1] == 0))
            return false;
    }
    return reader_good(&r);
}

static struct bytes take_gateway(struct reader *r, uint8_t kind)
{
    switch (kind) {
    case DNS_GATEWAY_NONE:
        return bytes_of(r->at, 0);
    case DNS_GATEWAY_IP4:
        return read_bytes(r, 4);
    case DNS_GATEWAY_IP6:
        return read_bytes(r, 16);
    case DNS_GATEWAY_NAME:
        return dns_name_take(r);
    default:
        r->bad = true;
        return bytes_of(NULL, 0);
    }
}

static bool is_rest_good(const struct dns_rdata_row *row, char code, uint8_t before, struct bytes rest)
{
    switch (code) {
    case DNS_F_STRINGS:
        return are_strings(rest);
    case DNS_F_HEX:
    case DNS_F_BASE64:
        return rest.len > 0;
    case DNS_F_DIGEST:
        return is_digest(row->type, before, rest.len);
    case DNS_F_BITMAP:
        return rest.len > 0 && is_bitmap(rest);
    case DNS_F_BITMAP_OPTIONAL:
        return is_bitmap(rest);
    case DNS_F_LOC:
        return is_loc(rest);
    case DNS_F_PREFIXES:
        return are_prefixes(rest);
    case DNS_F_SVCB:
        return dns_svcb_are_good(rest);
    default:
        return true;
    }
}

bool dns_field_take(struct reader *r, const struct dns_rdata_row *row, char code, struct bytes rdata,
                    struct bytes *field)
{
    size_t len = fixed_len(code);
    if (len) {
        *field = read_bytes(r, len);
    } else if (is_name(code)) {
        *field = dns_name_take(r);
    } else if (code == DNS_F_STRING || code == DNS_F_TAG || code == DNS_F_SALT || code == DNS_F_HASH) {
        *field = read_bytes(r, 1u + (reader_left(r) ? *r->at : 0));
        if ((code == DNS_F_TAG && !is_tag(*field)) || (code == DNS_F_HASH && field->len < 2))
            return false;
    } else if (code == DNS_F_GATEWAY) {
        *field = take_gateway(r, rdata.data[1]);
    } else {
        uint8_t before = r->at > rdata.data ? r->at[-1] : 0;
        *field = read_rest(r);
        return is_rest_good(row, code, before, *field);
    }
    return reader_good(r);
}

/* ---- The whole ---- */

char dns_rdata_fault(uint16_t type, struct bytes rdata)
{
    const struct dns_rdata_row *row = dns_rdata_row(type);
    struct reader r = reader_of(rdata);
    struct bytes field;
    for (const char *code = row->fields; *code; code++) {
        if (!dns_field_take(&r, row, *code, rdata, &field))
            return *code;
    }
    return reader_left(&r) ? DNS_F_EXTRA : DNS_F_NONE;
}

bool dns_rdata_is_good(uint16_t type, struct bytes rdata)
{
    return rdata.len <= DNS_RDATA_BYTES && dns_rdata_fault(type, rdata) == DNS_F_NONE;
}

bool dns_rdata_expand(struct bytes message, const struct dns_record *record, struct writer *w)
{
    const struct dns_rdata_row *row = dns_rdata_row(record->type);
    struct reader r = reader_of(record->rdata);
    struct dns_name name;
    struct bytes field;
    for (const char *code = row->fields; *code; code++) {
        if (*code == DNS_F_NAME_OLD || *code == DNS_F_NAME_SMALL) {
            if (!dns_name_read(&r, message, &name))
                return false;
            field = dns_name_bytes(&name);
        } else if (!dns_field_take(&r, row, *code, record->rdata, &field)) {
            return false;
        }
        write_bytes(w, field);
    }
    return reader_left(&r) == 0 && writer_good(w);
}

static uint8_t small(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool is_made_small(char code)
{
    return code == DNS_F_NAME_OLD || code == DNS_F_NAME_SMALL;
}

/* The lengths of labels are below any letter, so a name is made small byte by byte. */
void dns_rdata_canonical(uint16_t type, struct bytes rdata, struct writer *w)
{
    const struct dns_rdata_row *row = dns_rdata_row(type);
    struct reader r = reader_of(rdata);
    struct bytes field;
    for (const char *code = row->fields; *code && dns_field_take(&r, row, *code, rdata, &field); code++) {
        for (size_t i = 0; is_made_small(*code) && i < field.len; i++)
            write_u8(w, small(field.data[i]));
        if (!is_made_small(*code))
            write_bytes(w, field);
    }
}

/* That of the shorter of two when one begins with the other. */
static int compare(struct bytes a, struct bytes b, bool make_small)
{
    for (size_t i = 0; i < a.len && i < b.len; i++) {
        int x = make_small ? small(a.data[i]) : a.data[i], y = make_small ? small(b.data[i]) : b.data[i];
        if (x != y)
            return x < y ? -1 : 1;
    }
    return (a.len > b.len) - (a.len < b.len);
}

/* As long as no byte differs, fields of both begin at the same places; and where one field of a type is longer than the
 * other, an earlier byte says so or it is the last. */
int dns_rdata_compare(uint16_t type, struct bytes a, struct bytes b)
{
    const struct dns_rdata_row *row = dns_rdata_row(type);
    struct reader ra = reader_of(a), rb = reader_of(b);
    struct bytes x, y;
    for (const char *code = row->fields; *code; code++) {
        if (!dns_field_take(&ra, row, *code, a, &x) || !dns_field_take(&rb, row, *code, b, &y))
            return compare(a, b, false);
        int order = compare(x, y, is_made_small(*code));
        if (order)
            return order;
    }
    return 0;
}

struct bytes dns_rdata_target(uint16_t type, struct bytes rdata)
{
    const struct dns_rdata_row *row = dns_rdata_row(type);
    struct reader r = reader_of(rdata);
    struct bytes field;
    if (type == DNS_PTR || type == DNS_SOA || type == DNS_RP || type == DNS_SIG || type == DNS_RRSIG ||
        type == DNS_NSEC)
        return bytes_of(NULL, 0);
    for (const char *code = row->fields; *code && dns_field_take(&r, row, *code, rdata, &field); code++) {
        if (is_name(*code))
            return field;
    }
    return bytes_of(NULL, 0);
}
