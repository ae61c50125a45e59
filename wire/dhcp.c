/* SPDX-License-Identifier: ISC */
/*   0  1 op              4  4 xid        12  4 ciaddr: the client's own    28 16 chaddr
 *   1  1 htype: 1        8  2 secs       16  4 yiaddr: what it is given    44 64 sname
 *   2  1 hlen: 6        10  2 flags      20  4 siaddr                     108 128 file
 *   3  1 hops                            24  4 giaddr                     236  4 magic cookie, then options */
#include "wire/dhcp.h"

enum { MAGIC = 0x63825363, MIN_BYTES = 300, MAX_MESSAGE_BYTES = 1500, SNAME_BYTES = 64, FILE_BYTES = 128 };
enum { OVERLOAD_FILE = 1, OVERLOAD_SNAME = 2 };

enum option {
    OPTION_PAD = 0,
    OPTION_MASK = 1,
    OPTION_ROUTER = 3,
    OPTION_DNS = 6,
    OPTION_HOSTNAME = 12,
    OPTION_DOMAIN = 15,
    OPTION_MTU = 26,
    OPTION_REQUESTED = 50,
    OPTION_LEASE = 51,
    OPTION_OVERLOAD = 52,
    OPTION_TYPE = 53,
    OPTION_SERVER = 54,
    OPTION_PARAMETERS = 55,
    OPTION_MAX_SIZE = 57,
    OPTION_T1 = 58,
    OPTION_T2 = 59,
    OPTION_CLIENT = 61,
    OPTION_SEARCH = 119,
    OPTION_ROUTES = 121,
    OPTION_END = 255
};

/* ---- Reading ---- */

static bool absent(const struct ip *ip)
{
    return ip_equal(ip, &IP_NONE);
}

static void read_first_ip(struct reader *r, struct ip *ip)
{
    struct ip first = ip4_of_u32(read_be32(r));
    if (absent(ip) && reader_good(r))
        *ip = first;
}

static void read_seconds(struct reader *r, uint32_t *seconds)
{
    uint32_t v = read_be32(r);
    if (*seconds == 0)
        *seconds = v;
}

static void read_dns(struct reader *r, struct dhcp_message *m)
{
    do {
        struct ip ip = ip4_of_u32(read_be32(r));
        if (!reader_good(r))
            return;
        if (m->config.n_dns < DHCP_DNS_MAX)
            m->config.dns[m->config.n_dns++] = ip;
        else
            m->n_dns_left_out++;
    } while (reader_left(r));
}

/* A list is worth more than one domain, wherever it stands. */
static void read_search(struct reader *r, struct dhcp_message *m, bool text)
{
    struct dhcp_config *c = &m->config;
    struct bytes b = read_rest(r);
    if (b.len == 0 || (text && c->search_len))
        return;
    if (c->search_is_text)
        c->search_len = 0;
    c->search_is_text = text;
    struct bytes kept = bytes_slice(b, 0, (size_t)DHCP_SEARCH_MAX_BYTES - c->search_len);
    m->n_search_left_out = (uint16_t)(m->n_search_left_out + (b.len - kept.len));
    if (kept.len)
        memcpy(c->search + c->search_len, kept.data, kept.len);
    c->search_len = (uint8_t)(c->search_len + kept.len);
}

static void add_route(struct dhcp_message *m, uint32_t to, uint8_t prefix_len, uint32_t gateway)
{
    if (m->config.n_routes < DHCP_ROUTES_MAX)
        m->config.route[m->config.n_routes++] = (struct dhcp_route){to, gateway, prefix_len};
    else
        m->n_routes_left_out++;
}

static void read_routers(struct reader *r, struct dhcp_message *m)
{
    do {
        add_route(m, 0, 0, read_be32(r));
    } while (reader_left(r));
}

/* RFC 3442: the bits of a prefix, as many bytes as hold them, and the router; in the place of routers. */
static bool read_routes(struct bytes b, struct dhcp_message *m)
{
    struct reader r = reader_of(b);
    if (b.len)
        m->config.n_routes = m->n_routes_left_out = 0;
    while (reader_left(&r)) {
        uint8_t len = read_u8(&r);
        uint32_t to = 0;
        if (len > 32)
            return false;
        for (unsigned bit = 0; bit < len; bit += 8)
            to |= (uint32_t)read_u8(&r) << (24 - bit);
        add_route(m, to, len, read_be32(&r));
    }
    return reader_good(&r);
}

/* Options spread over the message, as they are read. */
struct options {
    struct writer routes; /* all parts of option 121, one behind the other */
    uint8_t overload;
};

/* Reads one option from its own sub-reader. What we don't know is passed over. */
static void read_option(struct reader *r, uint8_t code, struct dhcp_message *m, struct options *o)
{
    switch (code) {
    case OPTION_MASK:
        read_first_ip(r, &m->mask);
        break;
    case OPTION_ROUTES:
        write_bytes(&o->routes, read_rest(r));
        break;
    case OPTION_ROUTER:
        read_routers(r, m);
        break;
    case OPTION_DNS:
        read_dns(r, m);
        break;
    case OPTION_DOMAIN:
    case OPTION_SEARCH:
        read_search(r, m, code == OPTION_DOMAIN);
        break;
    case OPTION_MTU:
        m->config.mtu_bytes = read_be16(r);
        break;
    case OPTION_REQUESTED:
        read_first_ip(r, &m->requested);
        break;
    case OPTION_SERVER:
        read_first_ip(r, &m->server_id);
        break;
    case OPTION_LEASE:
        read_seconds(r, &m->lease_s);
        break;
    case OPTION_T1:
        read_seconds(r, &m->t1_s);
        break;
    case OPTION_T2:
        read_seconds(r, &m->t2_s);
        break;
    case OPTION_OVERLOAD:
        o->overload = read_u8(r);
        break;
    case OPTION_TYPE:
        m->type = read_u8(r);
        break;
    case OPTION_HOSTNAME:
        m->hostname = read_rest(r);
        break;
    default:
        break;
    }
}

static bool read_options(struct reader r, struct dhcp_message *m, struct options *o)
{
    while (reader_left(&r)) {
        uint8_t code = read_u8(&r);
        if (code == OPTION_END)
            break;
        if (code == OPTION_PAD)
            continue;
        uint8_t len = read_u8(&r);
        struct reader value = read_sub(&r, len);
        read_option(&value, code, m, o);
        if (!reader_good(&value))
            return false;
    }
    return reader_good(&r);
}

static bool read_ethernet(struct reader *r)
{
    return read_be16(r) == 0x0106;
}

bool dhcp_parse(struct bytes b, struct dhcp_message *m)
{
    struct reader r = reader_of(b);
    *m = (struct dhcp_message){.op = read_u8(&r)};
    bool ethernet = read_ethernet(&r);
    read_skip(&r, 1);
    m->xid = read_be32(&r);
    m->secs = read_be16(&r);
    read_skip(&r, 2);
    m->ciaddr = ip4_of_u32(read_be32(&r));
    m->yiaddr = ip4_of_u32(read_be32(&r));
    read_skip(&r, 8);
    read_copy(&r, m->chaddr.b, sizeof m->chaddr.b);
    read_skip(&r, 10);
    struct reader sname = read_sub(&r, SNAME_BYTES);
    struct reader file = read_sub(&r, FILE_BYTES);
    uint8_t joined[DHCP_ROUTES_MAX_BYTES];
    struct options o = {.routes = writer_of(joined, sizeof joined)};
    if (read_be32(&r) != MAGIC || !reader_good(&r) || !ethernet || !read_options(r, m, &o))
        return false;
    uint8_t overload = o.overload;
    if (overload & OVERLOAD_FILE && !read_options(file, m, &o))
        return false;
    if (overload & OVERLOAD_SNAME && !read_options(sname, m, &o))
        return false;
    return writer_good(&o.routes) && read_routes(writer_bytes(&o.routes), m);
}

/* ---- Writing ---- */

static void write_ip(struct writer *w, const struct ip *ip)
{
    write_be32(w, absent(ip) ? 0 : ip4_u32(ip));
}

static void write_ip_option(struct writer *w, enum option code, const struct ip *ip)
{
    if (absent(ip))
        return;
    write_u8(w, (uint8_t)code);
    write_u8(w, 4);
    write_ip(w, ip);
}

static void write_hostname(struct writer *w, struct bytes name)
{
    name = bytes_slice(name, 0, DHCP_HOSTNAME_MAX_BYTES);
    if (name.len == 0)
        return;
    write_u8(w, OPTION_HOSTNAME);
    write_u8(w, (uint8_t)name.len);
    write_bytes(w, name);
}

static void write_options(struct writer *w, const struct dhcp_message *m)
{
    static const uint8_t wanted[] = {OPTION_MASK,  OPTION_ROUTES, OPTION_ROUTER, OPTION_DNS, OPTION_DOMAIN, OPTION_MTU,
                                     OPTION_LEASE, OPTION_SERVER, OPTION_T1,     OPTION_T2,  OPTION_SEARCH};
    write_be32(w, MAGIC);
    write_u8(w, OPTION_TYPE);
    write_u8(w, 1);
    write_u8(w, m->type);
    write_u8(w, OPTION_CLIENT);
    write_u8(w, 7);
    write_u8(w, 1);
    write_copy(w, m->chaddr.b, sizeof m->chaddr.b);
    write_ip_option(w, OPTION_REQUESTED, &m->requested);
    write_ip_option(w, OPTION_SERVER, &m->server_id);
    if (m->type != DHCP_DECLINE && m->type != DHCP_RELEASE) {
        write_u8(w, OPTION_MAX_SIZE);
        write_u8(w, 2);
        write_be16(w, MAX_MESSAGE_BYTES);
        write_hostname(w, m->hostname);
        write_u8(w, OPTION_PARAMETERS);
        write_u8(w, sizeof wanted);
        write_copy(w, wanted, sizeof wanted);
    }
    write_u8(w, OPTION_END);
}

void dhcp_emit(struct writer *w, const struct dhcp_message *m)
{
    size_t start = writer_len(w);
    write_u8(w, DHCP_BOOTREQUEST);
    write_be16(w, 0x0106);
    write_u8(w, 0);
    write_be32(w, m->xid);
    write_be16(w, m->secs);
    write_be16(w, 0);
    write_ip(w, &m->ciaddr);
    write_zeros(w, 12);
    write_copy(w, m->chaddr.b, sizeof m->chaddr.b);
    write_zeros(w, 10 + SNAME_BYTES + FILE_BYTES);
    write_options(w, m);
    size_t len = writer_len(w) - start;
    if (len < MIN_BYTES)
        write_zeros(w, MIN_BYTES - len);
}
