/* SPDX-License-Identifier: ISC */
/* Names of types, classes and codes: those of IANA's registries. */
#include "wire/dns.h"

#include <jinn/attr.h>

/* The longest is OPENPGPKEY; shorter ones end with zeros. */
struct word {
    uint16_t value;
    char text[10];
};

static const struct word TYPES[] = {
    {DNS_A, "A"},
    {DNS_NS, "NS"},
    {DNS_MD, "MD"},
    {DNS_MF, "MF"},
    {DNS_CNAME, "CNAME"},
    {DNS_SOA, "SOA"},
    {DNS_MB, "MB"},
    {DNS_MG, "MG"},
    {DNS_MR, "MR"},
    {DNS_NULL, "NULL"},
    {DNS_WKS, "WKS"},
    {DNS_PTR, "PTR"},
    {DNS_HINFO, "HINFO"},
    {DNS_MINFO, "MINFO"},
    {DNS_MX, "MX"},
    {DNS_TXT, "TXT"},
    {DNS_RP, "RP"},
    {DNS_AFSDB, "AFSDB"},
    {19, "X25"},
    {20, "ISDN"},
    {21, "RT"},
    {22, "NSAP"},
    {DNS_SIG, "SIG"},
    {DNS_KEY, "KEY"},
    {26, "PX"},
    {27, "GPOS"},
    {DNS_AAAA, "AAAA"},
    {DNS_LOC, "LOC"},
    {DNS_SRV, "SRV"},
    {DNS_NAPTR, "NAPTR"},
    {DNS_KX, "KX"},
    {DNS_CERT, "CERT"},
    {DNS_DNAME, "DNAME"},
    {DNS_OPT, "OPT"},
    {DNS_APL, "APL"},
    {DNS_DS, "DS"},
    {DNS_SSHFP, "SSHFP"},
    {DNS_IPSECKEY, "IPSECKEY"},
    {DNS_RRSIG, "RRSIG"},
    {DNS_NSEC, "NSEC"},
    {DNS_DNSKEY, "DNSKEY"},
    {DNS_DHCID, "DHCID"},
    {DNS_NSEC3, "NSEC3"},
    {DNS_NSEC3PARAM, "NSEC3PARAM"},
    {DNS_TLSA, "TLSA"},
    {DNS_SMIMEA, "SMIMEA"},
    {55, "HIP"},
    {DNS_CDS, "CDS"},
    {DNS_CDNSKEY, "CDNSKEY"},
    {DNS_OPENPGPKEY, "OPENPGPKEY"},
    {DNS_CSYNC, "CSYNC"},
    {DNS_ZONEMD, "ZONEMD"},
    {DNS_SVCB, "SVCB"},
    {DNS_HTTPS, "HTTPS"},
    {DNS_SPF, "SPF"},
    {104, "NID"},
    {105, "L32"},
    {106, "L64"},
    {107, "LP"},
    {DNS_EUI48, "EUI48"},
    {DNS_EUI64, "EUI64"},
    {249, "TKEY"},
    {DNS_TSIG, "TSIG"},
    {DNS_IXFR, "IXFR"},
    {DNS_AXFR, "AXFR"},
    {253, "MAILB"},
    {254, "MAILA"},
    {DNS_ANY, "ANY"},
    {DNS_URI, "URI"},
    {DNS_CAA, "CAA"},
    {258, "AVC"},
    {32769, "DLV"},
};

static const struct word CLASSES[] = {
    {DNS_IN, "IN"}, {DNS_CH, "CH"}, {4, "HS"}, {DNS_NONE, "NONE"}, {DNS_ANY_CLASS, "ANY"},
};

static struct bytes word_text(const struct word *word)
{
    return bytes_of(word->text, strnlen(word->text, sizeof word->text));
}

/* One of `words`, or a number behind `prefix`. */
static bool parse(const struct word *words, size_t n, struct bytes prefix, struct bytes text, uint16_t *value)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes_equal_nocase(text, word_text(&words[i]))) {
            *value = words[i].value;
            return true;
        }
    }
    uint64_t number;
    if (!bytes_equal_nocase(bytes_slice(text, 0, prefix.len), prefix) ||
        !bytes_decimal(bytes_slice(text, prefix.len, text.len), UINT16_MAX, &number))
        return false;
    *value = (uint16_t)number;
    return true;
}

static void write(struct writer *w, const struct word *words, size_t n, struct bytes prefix, uint16_t value)
{
    for (size_t i = 0; i < n; i++) {
        if (words[i].value == value) {
            write_bytes(w, word_text(&words[i]));
            return;
        }
    }
    char digits[5];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    write_bytes(w, prefix);
    write_copy(w, digits + at, sizeof digits - at);
}

bool dns_type_parse(struct bytes text, uint16_t *type)
{
    return parse(TYPES, ARRAY_LEN(TYPES), bytes_str("TYPE"), text, type);
}

void dns_type_write(struct writer *w, uint16_t type)
{
    write(w, TYPES, ARRAY_LEN(TYPES), bytes_str("TYPE"), type);
}

bool dns_class_parse(struct bytes text, uint16_t *class_)
{
    return parse(CLASSES, ARRAY_LEN(CLASSES), bytes_str("CLASS"), text, class_);
}

void dns_class_write(struct writer *w, uint16_t class_)
{
    write(w, CLASSES, ARRAY_LEN(CLASSES), bytes_str("CLASS"), class_);
}

const char *dns_rcode_text(unsigned rcode)
{
    static const char *const low[] = {"NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",  "REFUSED",
                                      "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE", "DSOTYPENI"};
    static const char *const high[] = {"BADVERS", "BADKEY", "BADTIME",  "BADMODE",
                                       "BADNAME", "BADALG", "BADTRUNC", "BADCOOKIE"};
    if (rcode < ARRAY_LEN(low))
        return low[rcode];
    if (rcode >= DNS_BADVERS && rcode - DNS_BADVERS < ARRAY_LEN(high))
        return high[rcode - DNS_BADVERS];
    return "RCODE";
}
