/* SPDX-License-Identifier: ISC */
/*   0  1 type   1  3 transaction   4  options: 2 code, 2 length, and
 *
 *     1 client, 2 server   a DUID           8 elapsed time    2, in hundredths of a second
 *     3 association        4 IAID, 4 T1, 4 T2 (s), options   13 status         2 code, text
 *     5 address            16 address, 4 preferred, 4 valid (s), options   14 rapid commit  nothing
 *     6 wanted options     2 each           23 name servers   16 each
 *     7 preference         1                24 search list    names as in DNS messages, uncompressed
 *                                           32, 82, 83        4, seconds */
#include "wire/dhcp6.h"

enum option {
    OPTION_CLIENT = 1,
    OPTION_SERVER = 2,
    OPTION_IA = 3,
    OPTION_ADDRESS = 5,
    OPTION_WANTED = 6,
    OPTION_PREFERENCE = 7,
    OPTION_ELAPSED = 8,
    OPTION_STATUS = 13,
    OPTION_RAPID_COMMIT = 14,
    OPTION_DNS = 23,
    OPTION_SEARCH = 24,
    OPTION_REFRESH = 32,
    OPTION_SOLICIT_MOST = 82,
    OPTION_INFORM_MOST = 83
};

enum { IP_BYTES = 16, DUID_LEAST_BYTES = 3 };

/* ---- Reading ---- */

/* The next option: its code, and a view of its value, so that one can't reach into the next. */
static bool next_option(struct reader *r, uint16_t *code, struct reader *value)
{
    if (!reader_left(r))
        return false;
    *code = read_be16(r);
    *value = read_sub(r, read_be16(r));
    return reader_good(r);
}

static void read_duid(struct reader *r, struct bytes *duid)
{
    struct bytes b = read_rest(r);
    if (b.len < DUID_LEAST_BYTES || b.len > DHCP6_DUID_MAX_BYTES)
        r->bad = true;
    else if (duid->len == 0)
        *duid = b;
}

static void read_seconds(struct reader *r, uint32_t *seconds)
{
    uint32_t v = read_be32(r);
    if (*seconds == 0)
        *seconds = v;
}

static void read_status(struct reader *r, uint16_t *status)
{
    uint16_t v = read_be16(r);
    if (*status == DHCP6_SUCCESS)
        *status = v;
}

static void read_dns(struct reader *r, struct dhcp6_message *m)
{
    do {
        struct ip ip;
        read_copy(r, ip.b, sizeof ip.b);
        if (!reader_good(r))
            return;
        if (m->n_dns < DHCP6_DNS_MAX)
            m->dns[m->n_dns++] = ip;
        else
            m->n_dns_left_out++;
    } while (reader_left(r));
}

/* The first address of a lifetime is taken; one without goes with it only if there is no other. */
static void read_address(struct reader *r, struct dhcp6_message *m, uint16_t *status)
{
    struct ip ip;
    struct reader value;
    uint16_t code, own = DHCP6_SUCCESS;
    read_copy(r, ip.b, sizeof ip.b);
    uint32_t preferred_s = read_be32(r), valid_s = read_be32(r);
    while (next_option(r, &code, &value)) {
        if (code == OPTION_STATUS)
            read_status(&value, &own);
        r->bad |= value.bad;
    }
    if (!reader_good(r) || preferred_s > valid_s)
        return;
    if (own != DHCP6_SUCCESS) {
        *status = own;
        return;
    }
    if (!ip_equal(&m->address, &IP_NONE) && (m->valid_s || !valid_s))
        return;
    m->address = ip;
    m->preferred_s = preferred_s;
    m->valid_s = valid_s;
}

static void read_ia(struct reader *r, struct dhcp6_message *m)
{
    struct dhcp6_message ia = {.type = 0};
    struct reader value;
    uint16_t code, status = DHCP6_SUCCESS;
    uint32_t iaid = read_be32(r);
    ia.t1_s = read_be32(r);
    ia.t2_s = read_be32(r);
    while (next_option(r, &code, &value)) {
        if (code == OPTION_ADDRESS)
            read_address(&value, &ia, &status);
        else if (code == OPTION_STATUS)
            read_status(&value, &ia.ia_status);
        r->bad |= value.bad;
    }
    if (!reader_good(r) || iaid != DHCP6_IAID || m->has_ia || (ia.t2_s && ia.t1_s > ia.t2_s))
        return;
    m->has_ia = true;
    m->t1_s = ia.t1_s;
    m->t2_s = ia.t2_s;
    m->address = ia.address;
    m->preferred_s = ia.preferred_s;
    m->valid_s = ia.valid_s;
    m->ia_status = ia.ia_status == DHCP6_SUCCESS && ip_equal(&ia.address, &IP_NONE) ? status : ia.ia_status;
}

static void read_option(struct reader *r, uint16_t code, struct dhcp6_message *m)
{
    switch (code) {
    case OPTION_CLIENT:
        read_duid(r, &m->client_id);
        break;
    case OPTION_SERVER:
        read_duid(r, &m->server_id);
        break;
    case OPTION_IA:
        read_ia(r, m);
        break;
    case OPTION_PREFERENCE:
        m->preference = read_u8(r);
        break;
    case OPTION_STATUS:
        read_status(r, &m->status);
        break;
    case OPTION_RAPID_COMMIT:
        m->rapid_commit = true;
        break;
    case OPTION_DNS:
        read_dns(r, m);
        break;
    case OPTION_SEARCH:
        if (m->search.len == 0)
            m->search = read_rest(r);
        break;
    case OPTION_REFRESH:
        read_seconds(r, &m->refresh_s);
        break;
    case OPTION_SOLICIT_MOST:
        read_seconds(r, &m->solicit_most_s);
        break;
    case OPTION_INFORM_MOST:
        read_seconds(r, &m->inform_most_s);
        break;
    default:
        break;
    }
}

bool dhcp6_parse(struct bytes b, struct dhcp6_message *m)
{
    struct reader r = reader_of(b), value;
    uint16_t code;
    uint32_t first = read_be32(&r);
    *m = (struct dhcp6_message){.type = (uint8_t)(first >> 24), .xid = first & 0xffffff};
    if (m->type == 0 || m->type > DHCP6_INFORMATION)
        return false;
    while (next_option(&r, &code, &value)) {
        read_option(&value, code, m);
        if (!reader_good(&value))
            return false;
    }
    return reader_good(&r);
}

/* ---- Writing ---- */

static void write_option(struct writer *w, enum option code, size_t len)
{
    write_be16(w, (uint16_t)code);
    write_be16(w, (uint16_t)len);
}

static void write_id(struct writer *w, enum option code, struct bytes duid)
{
    if (duid.len == 0)
        return;
    write_option(w, code, duid.len);
    write_bytes(w, duid);
}

/* The times are the server's to choose: 0. */
static void write_ia(struct writer *w, const struct dhcp6_message *m)
{
    const size_t address_len = IP_BYTES + 4 + 4;
    bool named = !ip_equal(&m->address, &IP_NONE);
    write_option(w, OPTION_IA, 4 + 4 + 4 + (named ? 4 + address_len : 0));
    write_be32(w, DHCP6_IAID);
    write_zeros(w, 4 + 4);
    if (!named)
        return;
    write_option(w, OPTION_ADDRESS, address_len);
    write_copy(w, m->address.b, sizeof m->address.b);
    write_zeros(w, 4 + 4);
}

/* RFC 8415 21.7, 21.23, 21.24, 21.25: what must be asked for. */
static void write_wanted(struct writer *w, uint8_t type)
{
    bool inform = type == DHCP6_INFORMATION;
    write_option(w, OPTION_WANTED, inform ? 8 : 6);
    write_be16(w, OPTION_DNS);
    write_be16(w, OPTION_SEARCH);
    write_be16(w, inform ? OPTION_INFORM_MOST : OPTION_SOLICIT_MOST);
    if (inform)
        write_be16(w, OPTION_REFRESH);
}

void dhcp6_emit(struct writer *w, const struct dhcp6_message *m)
{
    write_be32(w, (uint32_t)m->type << 24 | m->xid);
    write_id(w, OPTION_CLIENT, m->client_id);
    write_id(w, OPTION_SERVER, m->server_id);
    write_option(w, OPTION_ELAPSED, 2);
    write_be16(w, m->elapsed_10ms);
    if (m->has_ia)
        write_ia(w, m);
    if (m->rapid_commit)
        write_option(w, OPTION_RAPID_COMMIT, 0);
    if (m->type != DHCP6_DECLINE && m->type != DHCP6_RELEASE)
        write_wanted(w, m->type);
}

void dhcp6_duid(uint8_t duid[static DHCP6_CLIENT_DUID_BYTES], const struct mac *mac)
{
    struct writer w = writer_of(duid, DHCP6_CLIENT_DUID_BYTES);
    write_be32(&w, 0x00030001);
    write_copy(&w, mac->b, sizeof mac->b);
}
