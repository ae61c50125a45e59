/* SPDX-License-Identifier: ISC */
#include "base/radix.h"
#include "proto/dnssec_internal.h"

#include <jinn/random.h>

#include <mbedtls/ecdsa.h>
#include <mbedtls/platform_util.h>

/* As the cryptographic library wants its random numbers. */
static int draw(void *unused, unsigned char *out, size_t len)
{
    (void)unused;
    random_bytes(out, len);
    return 0;
}

/* One of the library's that is of P-256 alone (deps/mbedtls.mk). */
int p256_group_load(mbedtls_ecp_group *group, mbedtls_ecp_group_id id);

struct dnssec_curve {
    int (*load)(mbedtls_ecp_group *group, mbedtls_ecp_group_id id);
};

static const struct dnssec_curve p256 = {p256_group_load}, any_curve = {mbedtls_ecp_group_load};

struct curve {
    mbedtls_ecp_group group;
    mbedtls_ecp_point point;
    mbedtls_mpi secret, r, s;
};

static bool curve_begin(struct curve *c, const struct dnssec_curve *curve, const struct dnssec_method *m)
{
    mbedtls_ecp_group_init(&c->group);
    mbedtls_ecp_point_init(&c->point);
    mbedtls_mpi_init(&c->secret);
    mbedtls_mpi_init(&c->r);
    mbedtls_mpi_init(&c->s);
    return curve->load(&c->group, m->curve) == 0;
}

static void curve_end(struct curve *c)
{
    mbedtls_mpi_free(&c->s);
    mbedtls_mpi_free(&c->r);
    mbedtls_mpi_free(&c->secret);
    mbedtls_ecp_point_free(&c->point);
    mbedtls_ecp_group_free(&c->group);
}

/* ---- Keys ---- */

static bool fill_key(struct curve *c, const struct dnssec_method *m, uint16_t flags, struct dnssec_key *key)
{
    uint8_t point[1 + DNSSEC_ECDSA_BYTES];
    size_t len;
    if (mbedtls_ecp_check_privkey(&c->group, &c->secret) != 0 ||
        mbedtls_ecp_mul(&c->group, &c->point, &c->secret, &c->group.G, draw, NULL) != 0 ||
        mbedtls_ecp_point_write_binary(&c->group, &c->point, MBEDTLS_ECP_PF_UNCOMPRESSED, &len, point, sizeof point) !=
            0 ||
        mbedtls_mpi_write_binary(&c->secret, key->secret, m->curve_bytes) != 0)
        return false;
    struct writer w = writer_of(key->dnskey, sizeof key->dnskey);
    write_be16(&w, flags);
    write_u8(&w, DNSSEC_PROTOCOL);
    write_u8(&w, m->algorithm);
    write_copy(&w, point + 1, len - 1);
    key->algorithm = m->algorithm;
    key->dnskey_len = (uint8_t)writer_len(&w);
    key->tag = dnssec_key_tag(writer_bytes(&w));
    return writer_good(&w);
}

/* secret.len 0: a new one. BIND writes a number without its leading zeros. */
static enum err make_key(const struct dnssec_curve *curve, uint8_t algorithm, uint16_t flags, struct bytes secret,
                         struct dnssec_key *key)
{
    const struct dnssec_method *m = dnssec_method(algorithm);
    struct curve c;
    *key = (struct dnssec_key){.curve = curve};
    if (!m || !m->curve_bytes)
        return ERR_UNSUPPORTED;
    if (secret.len > m->curve_bytes)
        return ERR_INVALID;
    bool good = curve_begin(&c, curve, m);
    if (secret.len)
        good = good && mbedtls_mpi_read_binary(&c.secret, secret.data, secret.len) == 0;
    else
        good = good && mbedtls_ecp_gen_privkey(&c.group, &c.secret, draw, NULL) == 0;
    good = good && fill_key(&c, m, flags, key);
    curve_end(&c);
    return good ? OK : ERR_INVALID;
}

enum err dnssec_key_generate(uint8_t algorithm, uint16_t flags, struct dnssec_key *key)
{
    return make_key(&any_curve, algorithm, flags, bytes_of(NULL, 0), key);
}

enum err dnssec_key_of(uint8_t algorithm, uint16_t flags, struct bytes secret, struct dnssec_key *key)
{
    return secret.len ? make_key(&any_curve, algorithm, flags, secret, key) : ERR_INVALID;
}

void dnssec_key_wipe(struct dnssec_key *key)
{
    mbedtls_platform_zeroize(key->secret, sizeof key->secret);
}

/* ---- Signatures ---- */

static bool sign_hash(const struct dnssec_method *m, const struct dnssec_key *key, const struct dnssec_hash *hash,
                      struct writer *out)
{
    struct curve c;
    uint8_t signature[DNSSEC_ECDSA_BYTES];
    bool good = curve_begin(&c, key->curve, m) &&
                mbedtls_mpi_read_binary(&c.secret, key->secret, m->curve_bytes) == 0 &&
                mbedtls_ecdsa_sign(&c.group, &c.r, &c.s, &c.secret, hash->bytes, hash->len, draw, NULL) == 0 &&
                mbedtls_mpi_write_binary(&c.r, signature, m->curve_bytes) == 0 &&
                mbedtls_mpi_write_binary(&c.s, signature + m->curve_bytes, m->curve_bytes) == 0;
    curve_end(&c);
    if (good)
        write_copy(out, signature, 2 * m->curve_bytes);
    return good;
}

enum err dnssec_sign(const struct dnssec_set *set, uint32_t ttl, const struct dnssec_key *key, struct bytes zone,
                     uint32_t inception, uint32_t expiration, struct writer *rrsig)
{
    const struct dnssec_method *m = dnssec_method(key->algorithm);
    uint8_t rdata[DNSSEC_RRSIG_BYTES];
    struct writer w = writer_of(rdata, sizeof rdata);
    struct dnssec_hash hash;
    must(m && m->curve_bytes);
    write_be16(&w, set->type);
    write_u8(&w, key->algorithm);
    write_u8(&w, (uint8_t)(dns_name_labels(set->owner) - dns_name_is_wildcard(set->owner)));
    write_be32(&w, ttl);
    write_be32(&w, expiration);
    write_be32(&w, inception);
    write_be16(&w, key->tag);
    struct dns_name small;
    dns_name_lower(&small, zone);
    write_bytes(&w, dns_name_bytes(&small));
    if (!dnssec_hash(m, set, writer_bytes(&w), &hash) || !sign_hash(m, key, &hash, &w) ||
        writer_left(rrsig) < writer_len(&w))
        return ERR_FULL;
    write_bytes(rrsig, writer_bytes(&w));
    return OK;
}

/* ---- Keys as text: a line each for "Name: value", as BIND and others write them ---- */

static bool line_value(struct bytes *text, const char *name, struct bytes *value)
{
    struct bytes line = bytes_slice(*text, 0, bytes_find(*text, '\n'));
    *text = bytes_slice(*text, line.len + 1, text->len);
    struct bytes head = bytes_str(name);
    if (!bytes_starts(line, head))
        return false;
    if (line.len && line.data[line.len - 1] == '\r')
        line.len--;
    *value = bytes_trim(bytes_slice(line, head.len, line.len));
    return true;
}

bool dnssec_key_field(struct bytes text, const char *name, struct bytes *value)
{
    while (text.len)
        if (line_value(&text, name, value))
            return true;
    return false;
}

static const char *parse(const struct dnssec_curve *curve, struct bytes text, uint16_t flags, struct dnssec_key *key)
{
    struct bytes algorithm, encoded;
    uint64_t number;
    uint8_t secret[sizeof key->secret];
    struct writer w = writer_of(secret, sizeof secret);
    if (!dnssec_key_field(text, "Private-key-format:", &algorithm))
        return "there is no line \"Private-key-format:\": this is no private key of DNSSEC";
    if (!dnssec_key_field(text, "Algorithm:", &algorithm) ||
        !bytes_decimal(bytes_slice(algorithm, 0, bytes_find(algorithm, ' ')), UINT8_MAX, &number))
        return "there is no line \"Algorithm:\" with a number";
    if (number != DNSSEC_ECDSAP256SHA256 && (number != DNSSEC_ECDSAP384SHA384 || curve == &p256))
        return curve == &p256
                   ? "its algorithm is none that signs here: ECDSAP256SHA256 (13) is"
                   : "its algorithm is none that can sign here: ECDSAP256SHA256 (13) and ECDSAP384SHA384 (14) are";
    if (!dnssec_key_field(text, "PrivateKey:", &encoded) || !radix_read_all(RADIX_BASE64, encoded, &w))
        return "there is no line \"PrivateKey:\" with base64 of the right length";
    enum err e = writer_len(&w) ? make_key(curve, (uint8_t)number, flags, writer_bytes(&w), key) : ERR_INVALID;
    mbedtls_platform_zeroize(secret, sizeof secret);
    return e ? "its number is none of the curve's" : NULL;
}

const char *dnssec_key_parse(struct bytes text, uint16_t flags, struct dnssec_key *key)
{
    return parse(&any_curve, text, flags, key);
}

const char *dnssec_key_parse_p256(struct bytes text, uint16_t flags, struct dnssec_key *key)
{
    return parse(&p256, text, flags, key);
}

void dnssec_key_write(const struct dnssec_key *key, struct writer *text)
{
    const struct dnssec_method *m = dnssec_method(key->algorithm);
    write_str(text, "Private-key-format: v1.3\nAlgorithm: ");
    write_str(text, key->algorithm == DNSSEC_ECDSAP256SHA256 ? "13 (ECDSAP256SHA256)" : "14 (ECDSAP384SHA384)");
    write_str(text, "\nPrivateKey: ");
    radix_write(text, RADIX_BASE64, bytes_of(key->secret, m->curve_bytes));
    write_str(text, "\n");
}
