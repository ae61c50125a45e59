/* SPDX-License-Identifier: ISC */
#include "tender/usernet/datagram.h"
#include "tender/usernet/usernet.h"

#include <sys/socket.h>

#define ETHERTYPE_IP4 0x0800
#define PROTOCOL_UDP 17
#define UDP_BYTES 8
#define DESCRIPTORS_LOOKED_AT 512 /* libslirp's are opened first, so they have low numbers */

struct packet {
    uint32_t from, to;
    uint16_t from_port, to_port;
    bool whole;
    struct bytes payload;
};

/* An IPv4 frame of UDP that begins a datagram. */
static bool parse(struct bytes frame, struct packet *p)
{
    struct reader r = reader_of(frame);
    read_skip(&r, 12);
    uint16_t type = read_be16(&r);
    unsigned header_bytes = (read_u8(&r) & 15u) * 4;
    read_skip(&r, 5);
    uint16_t fragment = read_be16(&r);
    read_skip(&r, 1);
    uint8_t protocol = read_u8(&r);
    read_skip(&r, 2);
    p->from = read_be32(&r);
    p->to = read_be32(&r);
    if (type != ETHERTYPE_IP4 || protocol != PROTOCOL_UDP || header_bytes < 20 || fragment & 0x1fff)
        return false;
    read_skip(&r, header_bytes - 20);
    p->from_port = read_be16(&r);
    p->to_port = read_be16(&r);
    uint16_t len = read_be16(&r);
    read_skip(&r, 2);
    p->whole = !(fragment & 0x2000) && len >= UDP_BYTES && reader_left(&r) >= (size_t)len - UDP_BYTES;
    p->payload = p->whole ? bytes_of(r.at, (size_t)len - UDP_BYTES) : bytes_of(NULL, 0);
    return reader_good(&r);
}

static bool is_bound(int fd, struct in_addr address, uint16_t port)
{
    struct sockaddr_in at = {0};
    int type = 0;
    socklen_t len = sizeof at, type_len = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 && type == SOCK_DGRAM &&
           getsockname(fd, (struct sockaddr *)&at, &len) == 0 && at.sin_family == AF_INET &&
           at.sin_addr.s_addr == address.s_addr && at.sin_port == htons(port);
}

bool datagrams_add(struct datagrams *d, struct in_addr address, uint16_t host_port, uint16_t guest_port)
{
    for (int fd = 0; fd < DESCRIPTORS_LOOKED_AT && d->n_forwards < DATAGRAM_FORWARDS; fd++) {
        if (!is_bound(fd, address, host_port))
            continue;
        d->forwards[d->n_forwards++] = (struct datagram_forward){fd, guest_port};
        return true;
    }
    return false;
}

static const struct datagram_forward *find_forward(const struct datagrams *d, int fd, uint16_t guest_port)
{
    for (size_t i = 0; i < d->n_forwards; i++) {
        if (d->forwards[i].fd == fd && d->forwards[i].guest_port == guest_port)
            return &d->forwards[i];
    }
    return NULL;
}

/* By its two ports, and by its socket where that is known (fd >= 0). */
static const struct datagram_peer *find_peer(const struct datagrams *d, int fd, uint16_t guest_port, uint16_t host_port)
{
    for (size_t i = 1; i <= DATAGRAM_PEERS; i++) {
        const struct datagram_peer *p = &d->peers[(d->next_peer + DATAGRAM_PEERS - i) % DATAGRAM_PEERS];
        if (p->guest_port == guest_port && p->host_port == host_port && (fd < 0 || p->fd == fd))
            return p;
    }
    return NULL;
}

void datagrams_note(struct datagrams *d, int fd, struct bytes frame)
{
    struct packet p;
    if (d->n_forwards == 0 || !parse(frame, &p) || p.from != USERNET_ROUTER || !find_forward(d, fd, p.to_port) ||
        find_peer(d, fd, p.to_port, p.from_port))
        return;
    d->peers[d->next_peer] = (struct datagram_peer){fd, p.to_port, p.from_port};
    d->next_peer = (d->next_peer + 1) % DATAGRAM_PEERS;
}

bool datagrams_answer(const struct datagrams *d, struct bytes frame)
{
    struct packet p;
    if (d->n_forwards == 0 || !parse(frame, &p) || p.to != USERNET_ROUTER || !p.whole)
        return false;
    const struct datagram_peer *peer = find_peer(d, -1, p.from_port, p.to_port);
    if (!peer || !peer->host_port)
        return false;
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(p.to_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    (void)sendto(peer->fd, p.payload.data, p.payload.len, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&to,
                 sizeof to);
    return true;
}
