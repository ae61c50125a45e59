/* SPDX-License-Identifier: ISC */
/* DNS messages: RFC 1035 4, RFC 6891 (EDNS). Headers, questions, records and the OPT record; what records hold is in
 * wire/dns_rdata.h, names in wire/dns_name.h. */
#ifndef WIRE_DNS_H
#define WIRE_DNS_H

#include "wire/dns_name.h"

#define DNS_PORT 53
#define DNS_HEADER_BYTES 12
#define DNS_UDP_BYTES 512   /* without EDNS */
#define DNS_EDNS_BYTES 1232 /* what we say and send at most by UDP: fits into IPv6's least MTU */
#define DNS_MESSAGE_BYTES 65535

enum dns_flags {
    DNS_QR = 0x8000, /* a response */
    DNS_AA = 0x0400,
    DNS_TC = 0x0200,
    DNS_RD = 0x0100,
    DNS_RA = 0x0080,
    DNS_AD = 0x0020,
    DNS_CD = 0x0010,
    DNS_OPCODE = 0x7800,
    DNS_RCODE = 0x000f
};
#define DNS_OPCODE_SHIFT 11

enum dns_opcode { DNS_QUERY = 0, DNS_IQUERY = 1, DNS_STATUS = 2, DNS_NOTIFY = 4, DNS_UPDATE = 5 };

/* Beyond 15 the upper bits are in the OPT record; those of TSIG are in its own field. */
enum dns_rcode {
    DNS_NOERROR = 0,
    DNS_FORMERR = 1,
    DNS_SERVFAIL = 2,
    DNS_NXDOMAIN = 3,
    DNS_NOTIMP = 4,
    DNS_REFUSED = 5,
    DNS_YXDOMAIN = 6,
    DNS_YXRRSET = 7,
    DNS_NXRRSET = 8,
    DNS_NOTAUTH = 9,
    DNS_NOTZONE = 10,
    DNS_BADVERS = 16,
    DNS_BADSIG = 16,
    DNS_BADKEY = 17,
    DNS_BADTIME = 18,
    DNS_BADTRUNC = 22,
    DNS_BADCOOKIE = 23
};

enum dns_class { DNS_IN = 1, DNS_CH = 3, DNS_NONE = 254, DNS_ANY_CLASS = 255 };

enum dns_type {
    DNS_A = 1,
    DNS_NS = 2,
    DNS_MD = 3,
    DNS_MF = 4,
    DNS_CNAME = 5,
    DNS_SOA = 6,
    DNS_MB = 7,
    DNS_MG = 8,
    DNS_MR = 9,
    DNS_NULL = 10,
    DNS_WKS = 11,
    DNS_PTR = 12,
    DNS_HINFO = 13,
    DNS_MINFO = 14,
    DNS_MX = 15,
    DNS_TXT = 16,
    DNS_RP = 17,
    DNS_AFSDB = 18,
    DNS_SIG = 24,
    DNS_KEY = 25,
    DNS_AAAA = 28,
    DNS_LOC = 29,
    DNS_SRV = 33,
    DNS_NAPTR = 35,
    DNS_KX = 36,
    DNS_CERT = 37,
    DNS_DNAME = 39,
    DNS_OPT = 41,
    DNS_APL = 42,
    DNS_DS = 43,
    DNS_SSHFP = 44,
    DNS_IPSECKEY = 45,
    DNS_RRSIG = 46,
    DNS_NSEC = 47,
    DNS_DNSKEY = 48,
    DNS_DHCID = 49,
    DNS_NSEC3 = 50,
    DNS_NSEC3PARAM = 51,
    DNS_TLSA = 52,
    DNS_SMIMEA = 53,
    DNS_CDS = 59,
    DNS_CDNSKEY = 60,
    DNS_OPENPGPKEY = 61,
    DNS_CSYNC = 62,
    DNS_ZONEMD = 63,
    DNS_SVCB = 64,
    DNS_HTTPS = 65,
    DNS_SPF = 99,
    DNS_EUI48 = 108,
    DNS_EUI64 = 109,
    DNS_TSIG = 250,
    DNS_IXFR = 251,
    DNS_AXFR = 252,
    DNS_ANY = 255,
    DNS_URI = 256,
    DNS_CAA = 257
};

/* 128 to 255: only asked for, or about the message itself; no zone has such records. And OPT. */
static inline bool dns_type_is_meta(uint16_t type)
{
    return (type >= 128 && type <= 255) || type == DNS_OPT || type == 0;
}

enum dns_section { DNS_QUESTION, DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL };

struct dns_header {
    uint16_t id;
    uint16_t flags;
    uint16_t n[4]; /* by section */
};

struct dns_question {
    uint16_t type;
    uint16_t class_;
    struct dns_name name;
};

/* `rdata` BORROWS from the message; names in it may be compressed: dns_rdata_expand. */
struct dns_record {
    uint32_t ttl; /* seconds; 0 when its highest bit was set (RFC 2181 8), but for OPT's, which isn't one */
    struct bytes rdata;
    uint16_t type;
    uint16_t class_;
    struct dns_name name;
};

struct dns_edns {
    bool present;
    bool dnssec_ok; /* DO */
    uint8_t version;
    uint8_t rcode_high;   /* the upper 8 of the 12 bits */
    uint16_t udp_bytes;   /* at least 512 */
    struct bytes options; /* BORROWS; a sequence of code, length and content, whose lengths have been checked */
};

enum dns_option { DNS_NSID = 3, DNS_COOKIE = 10, DNS_KEEPALIVE = 11, DNS_PADDING = 12, DNS_EDE = 15 };

/* False, and the reader is bad: not whole. Reads count nothing and need no memory; the whole message is `message`, in which
 * the reader stands behind what was read before. */
bool dns_header_read(struct reader *r, struct dns_header *h);
bool dns_question_read(struct reader *r, struct bytes message, struct dns_question *q);
bool dns_record_read(struct reader *r, struct bytes message, struct dns_record *record);
/* Of a record of type OPT. False, and not present: an owner that isn't the root, or options that are not whole. */
bool dns_edns_read(const struct dns_record *record, struct dns_edns *e);
/* The content of the first such option. False: there is none. */
bool dns_edns_find(const struct dns_edns *e, uint16_t code, struct bytes *content);

/* ---- Writing ---- */

/* The names of a referral with 13 servers and their zones, several times over. */
#define DNS_OFFSETS_MAX 64

/* A message that is being written. What doesn't fit whole is not written at all, and says so; nothing that was written
 * before changes. Names that are owners, and those in the data of RFC 1035's own types, are compressed (RFC 3597 4).
 *
 * Labels that later names can point to are remembered as a tree: each with that of its parent, so that a label is looked
 * for below one place only, by its key. More than there is room for, or beyond a pointer's reach, are not remembered. */
struct dns_writer {
    struct writer w;
    uint16_t n[4];
    uint16_t n_offsets;
    uint16_t offset[DNS_OFFSETS_MAX]; /* of the label in the message */
    uint32_t key[DNS_OFFSETS_MAX];    /* of the parent's index, the label's length, its first letter and its last */
};

/* Where dns_rewind goes back to. */
struct dns_mark {
    uint8_t *at;
    uint16_t n[4];
    uint16_t n_offsets;
};

/* In a buffer of DNS_HEADER_BYTES or more; BORROWS it. `limit` at most: the buffer's length, or the peer's limit. What the
 * struct held before doesn't matter. Sections are written in their order. */
void dns_write_begin(struct dns_writer *d, void *buffer, size_t limit);
bool dns_write_question(struct dns_writer *d, struct bytes name, uint16_t type, uint16_t class_);
/* `rdata` uncompressed, at most 65,535 bytes. */
bool dns_write_record(struct dns_writer *d, enum dns_section section, struct bytes name, uint16_t type, uint16_t class_,
                      uint32_t ttl, struct bytes rdata);
/* The OPT record; call it last but for TSIG. `e->options` as they are to be sent. */
bool dns_write_edns(struct dns_writer *d, const struct dns_edns *e);
struct dns_mark dns_mark(const struct dns_writer *d);
void dns_rewind(struct dns_writer *d, const struct dns_mark *m);
/* Writes the header: the counts are the writer's. The message. */
struct bytes dns_write_end(struct dns_writer *d, uint16_t id, uint16_t flags);

/* "A", "TYPE1234" (RFC 3597 5); likewise classes. False: no such. */
bool dns_type_parse(struct bytes text, uint16_t *type);
void dns_type_write(struct writer *w, uint16_t type);
bool dns_class_parse(struct bytes text, uint16_t *class_);
void dns_class_write(struct writer *w, uint16_t class_);
const char *dns_rcode_text(unsigned rcode); /* "NXDOMAIN", or "RCODE" for those without a name */

#endif
