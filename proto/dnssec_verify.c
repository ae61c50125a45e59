/* SPDX-License-Identifier: ISC */
#include "proto/dnssec_internal.h"

#include <mbedtls/ecdsa.h>
#include <mbedtls/rsa.h>

#define CANONICAL_BYTES 1280 /* of types whose names are made small none is longer: NAPTR has 1027 */

static const struct dnssec_method methods[] = {
    {DNSSEC_RSASHA1, MBEDTLS_MD_SHA1, MBEDTLS_ECP_DP_NONE, 0},
    {DNSSEC_RSASHA1_NSEC3, MBEDTLS_MD_SHA1, MBEDTLS_ECP_DP_NONE, 0},
    {DNSSEC_RSASHA256, MBEDTLS_MD_SHA256, MBEDTLS_ECP_DP_NONE, 0},
    {DNSSEC_RSASHA512, MBEDTLS_MD_SHA512, MBEDTLS_ECP_DP_NONE, 0},
    {DNSSEC_ECDSAP256SHA256, MBEDTLS_MD_SHA256, MBEDTLS_ECP_DP_SECP256R1, 32},
    {DNSSEC_ECDSAP384SHA384, MBEDTLS_MD_SHA384, MBEDTLS_ECP_DP_SECP384R1, 48},
};

const struct dnssec_method *dnssec_method(uint8_t algorithm)
{
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (methods[i].algorithm == algorithm)
            return &methods[i];
    return NULL;
}

bool dnssec_algorithm_is_known(uint8_t algorithm)
{
    return algorithm == DNSSEC_ED25519 || dnssec_method(algorithm) != NULL;
}

bool dnssec_algorithm_is_validated(uint8_t algorithm)
{
    return dnssec_algorithm_is_known(algorithm) && algorithm != DNSSEC_RSASHA1 && algorithm != DNSSEC_RSASHA1_NSEC3;
}

static mbedtls_md_type_t digest_of(uint8_t digest)
{
    return digest == DNSSEC_SHA1     ? MBEDTLS_MD_SHA1
           : digest == DNSSEC_SHA256 ? MBEDTLS_MD_SHA256
           : digest == DNSSEC_SHA384 ? MBEDTLS_MD_SHA384
                                     : MBEDTLS_MD_NONE;
}

bool dnssec_digest_is_known(uint8_t digest)
{
    return digest_of(digest) != MBEDTLS_MD_NONE;
}

uint16_t dnssec_key_tag(struct bytes dnskey)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < dnskey.len; i++)
        sum += i % 2 ? dnskey.data[i] : (uint32_t)dnskey.data[i] << 8;
    return (uint16_t)(sum + (sum >> 16));
}

bool dnssec_rrsig_parse(struct bytes rdata, struct dnssec_rrsig *sig)
{
    struct reader r = reader_of(rdata);
    sig->covered = read_be16(&r);
    sig->algorithm = read_u8(&r);
    sig->labels = read_u8(&r);
    sig->ttl = read_be32(&r);
    sig->expiration = read_be32(&r);
    sig->inception = read_be32(&r);
    sig->tag = read_be16(&r);
    sig->signer = dns_name_take(&r);
    sig->signature = read_rest(&r);
    return reader_good(&r);
}

/* ---- What is signed ---- */

/* Of a heap, the place `at` may be too small: it sinks among the first n. */
static void sink(uint16_t type, struct bytes *heap, size_t at, size_t n)
{
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        child += child + 1 < n && dns_rdata_compare(type, heap[child], heap[child + 1]) < 0;
        if (dns_rdata_compare(type, heap[at], heap[child]) >= 0)
            return;
        struct bytes swapped = heap[at];
        heap[at] = heap[child];
        heap[child] = swapped;
    }
}

/* Into canonical order, by a heap: whoever made the set may have chosen it, and the C library's way is four times as long. */
static void sort(uint16_t type, struct bytes *rdata, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sink(type, rdata, i, n);
    for (size_t left = n; left-- > 1;) {
        struct bytes largest = rdata[0];
        rdata[0] = rdata[left];
        rdata[left] = largest;
        sink(type, rdata, 0, left);
    }
}

/* The owner as it was signed: what a wildcard made is signed as the wildcard (RFC 4035 5.3.2). False: it has too few labels. */
static bool signed_owner(struct bytes owner, unsigned labels, struct dns_name *out)
{
    unsigned n = dns_name_labels(owner) - dns_name_is_wildcard(owner);
    struct dns_name small;
    if (n < labels)
        return false;
    dns_name_lower(&small, owner);
    if (n == labels)
        *out = small;
    else
        return dns_name_wildcard(out, dns_name_suffix(dns_name_bytes(&small), labels));
    return true;
}

static void put_record(const struct dnssec_sink *sink, struct bytes fixed, uint16_t type, struct bytes rdata)
{
    uint8_t canonical[CANONICAL_BYTES], len[2];
    struct writer w = writer_of(canonical, sizeof canonical), l = writer_of(len, sizeof len);
    dns_rdata_canonical(type, rdata, &w);
    struct bytes data = writer_good(&w) ? writer_bytes(&w) : rdata;
    write_be16(&l, (uint16_t)data.len);
    sink->put(sink->to, fixed);
    sink->put(sink->to, writer_bytes(&l));
    sink->put(sink->to, data);
}

/* Signer and owner have small letters there (RFC 6840 5.1). */
bool dnssec_put_signed(const struct dnssec_set *set, const struct dnssec_rrsig *sig, struct bytes rrsig,
                       const struct dnssec_sink *sink)
{
    uint8_t head[DNS_NAME_BYTES + 8];
    struct dns_name name;
    struct writer w = writer_of(head, sizeof head);
    if (!signed_owner(set->owner, sig->labels, &name))
        return false;
    write_bytes(&w, dns_name_bytes(&name));
    write_be16(&w, set->type);
    write_be16(&w, set->class_);
    write_be32(&w, sig->ttl);
    dns_name_lower(&name, sig->signer);
    sink->put(sink->to, bytes_of(rrsig.data, DNSSEC_RRSIG_FIXED_BYTES));
    sink->put(sink->to, dns_name_bytes(&name));
    uint16_t type = set->type;
    sort(type, set->rdata, set->n);
    for (size_t i = 0; i < set->n; i++)
        if (i == 0 || dns_rdata_compare(type, set->rdata[i - 1], set->rdata[i]) != 0)
            put_record(sink, writer_bytes(&w), type, set->rdata[i]);
    return true;
}

static void put_into_hash(void *md, struct bytes part)
{
    must(mbedtls_md_update(md, part.data, part.len) == 0);
}

bool dnssec_hash(const struct dnssec_method *m, const struct dnssec_set *set, struct bytes rrsig,
                 struct dnssec_hash *hash)
{
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(m->hash);
    struct dnssec_rrsig sig;
    mbedtls_md_context_t md;
    mbedtls_md_init(&md);
    hash->len = mbedtls_md_get_size(info);
    bool good = dnssec_rrsig_parse(rrsig, &sig) && mbedtls_md_setup(&md, info, 0) == 0;
    if (good) {
        must(mbedtls_md_starts(&md) == 0);
        good = dnssec_put_signed(set, &sig, rrsig, &(struct dnssec_sink){put_into_hash, &md});
        must(mbedtls_md_finish(&md, hash->bytes) == 0);
    }
    mbedtls_md_free(&md);
    return good;
}

/* ---- Verifying ---- */

/* RFC 3110 2: the length of the exponent in one byte or in three, the exponent, the modulus. */
static enum err verify_rsa(const struct dnssec_method *m, struct bytes key, const struct dnssec_hash *hash,
                           struct bytes signature)
{
    struct reader r = reader_of(key);
    size_t len = read_u8(&r);
    if (len == 0)
        len = read_be16(&r);
    struct bytes e = read_bytes(&r, len), n = read_rest(&r);
    if (!reader_good(&r) || e.len == 0 || n.len == 0 || n.data[0] == 0 || n.len != signature.len)
        return ERR_INVALID;
    if (n.len * 8 < DNSSEC_RSA_BITS_MIN || n.len * 8 > DNSSEC_RSA_BITS_MAX || e.len > 8)
        return ERR_UNSUPPORTED;
    mbedtls_rsa_context rsa;
    mbedtls_rsa_init(&rsa);
    int bad = mbedtls_rsa_import_raw(&rsa, n.data, n.len, NULL, 0, NULL, 0, NULL, 0, e.data, e.len);
    bad = bad ? bad : mbedtls_rsa_complete(&rsa);
    bad = bad ? bad : mbedtls_rsa_pkcs1_verify(&rsa, m->hash, (unsigned)hash->len, hash->bytes, signature.data);
    mbedtls_rsa_free(&rsa);
    return bad ? ERR_INVALID : OK;
}

/* RFC 6605 4: the point's coordinates without what SEC 1 has before them; r and s. */
static enum err verify_ecdsa(const struct dnssec_method *m, struct bytes key, const struct dnssec_hash *hash,
                             struct bytes signature)
{
    uint8_t point[1 + DNSSEC_ECDSA_BYTES] = {4};
    mbedtls_ecp_group group;
    mbedtls_ecp_point q;
    mbedtls_mpi number[2];
    if (key.len != 2 * m->curve_bytes || signature.len != 2 * m->curve_bytes)
        return ERR_INVALID;
    memcpy(point + 1, key.data, key.len);
    mbedtls_ecp_group_init(&group);
    mbedtls_ecp_point_init(&q);
    for (size_t i = 0; i < 2; i++)
        mbedtls_mpi_init(&number[i]);
    int bad = mbedtls_ecp_group_load(&group, m->curve);
    bad = bad ? bad : mbedtls_ecp_point_read_binary(&group, &q, point, 1 + key.len);
    bad = bad ? bad : mbedtls_ecp_check_pubkey(&group, &q);
    for (size_t i = 0; !bad && i < 2; i++)
        bad = mbedtls_mpi_read_binary(&number[i], signature.data + i * m->curve_bytes, m->curve_bytes);
    bad = bad ? bad : mbedtls_ecdsa_verify(&group, hash->bytes, hash->len, &q, &number[0], &number[1]);
    for (size_t i = 0; i < 2; i++)
        mbedtls_mpi_free(&number[i]);
    mbedtls_ecp_point_free(&q);
    mbedtls_ecp_group_free(&group);
    return bad ? ERR_INVALID : OK;
}

/* Times wrap around (RFC 4034 3.1.5, RFC 1982). */
static bool is_after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

enum err dnssec_verify(const struct dnssec_set *set, struct bytes rrsig, struct bytes dnskey, uint32_t now_s)
{
    struct dnssec_rrsig sig;
    struct dnssec_hash hash;
    struct reader r = reader_of(dnskey);
    uint16_t flags = read_be16(&r);
    uint8_t protocol = read_u8(&r), algorithm = read_u8(&r);
    struct bytes key = read_rest(&r);
    if (!dnssec_rrsig_parse(rrsig, &sig) || !reader_good(&r) || !(flags & DNSSEC_KEY_ZONE) ||
        protocol != DNSSEC_PROTOCOL || algorithm != sig.algorithm || sig.covered != set->type ||
        sig.tag != dnssec_key_tag(dnskey) || !dns_name_is_under(set->owner, sig.signer))
        return ERR_INVALID;
    if (!dnssec_algorithm_is_known(algorithm))
        return ERR_UNSUPPORTED;
    if (is_after(sig.inception, now_s) || is_after(now_s, sig.expiration))
        return ERR_TIMEOUT;
    if (algorithm == DNSSEC_ED25519)
        return dnssec_verify_ed25519(set, &sig, rrsig, key);
    const struct dnssec_method *m = dnssec_method(algorithm);
    if (!dnssec_hash(m, set, rrsig, &hash))
        return ERR_INVALID;
    return m->curve_bytes ? verify_ecdsa(m, key, &hash, sig.signature) : verify_rsa(m, key, &hash, sig.signature);
}

/* ---- Digests of keys and names ---- */

bool dnssec_ds_make(struct bytes owner, struct bytes dnskey, uint8_t digest, struct writer *ds)
{
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(digest_of(digest));
    uint8_t hash[MBEDTLS_MD_MAX_SIZE];
    struct dns_name name;
    mbedtls_md_context_t md;
    if (!info || dnskey.len < 4)
        return false;
    dns_name_lower(&name, owner);
    mbedtls_md_init(&md);
    bool good = mbedtls_md_setup(&md, info, 0) == 0;
    if (good) {
        must(mbedtls_md_starts(&md) == 0);
        must(mbedtls_md_update(&md, name.wire, name.len) == 0);
        must(mbedtls_md_update(&md, dnskey.data, dnskey.len) == 0);
        must(mbedtls_md_finish(&md, hash) == 0);
        write_be16(ds, dnssec_key_tag(dnskey));
        write_u8(ds, dnskey.data[3]);
        write_u8(ds, digest);
        write_copy(ds, hash, mbedtls_md_get_size(info));
    }
    mbedtls_md_free(&md);
    return good;
}

enum err dnssec_ds_check(struct bytes owner, struct bytes dnskey, struct bytes ds)
{
    uint8_t made[DNSSEC_DS_BYTES];
    struct writer w = writer_of(made, sizeof made);
    if (ds.len < 4 || dnskey.len < 4)
        return ERR_INVALID;
    if (!dnssec_digest_is_known(ds.data[3]))
        return ERR_UNSUPPORTED;
    return dnssec_ds_make(owner, dnskey, ds.data[3], &w) && bytes_equal(writer_bytes(&w), ds) ? OK : ERR_INVALID;
}
