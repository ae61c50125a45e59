/* SPDX-License-Identifier: ISC */
/* NOTIFY out (RFC 1996): a datagram to each secondary, again until it is answered or given up. An answer's signature is not
 * looked at: a forged one could only end the repeating, and the secondary's own timers find the change then. */
#include "proto/dns_peers.h"

#include <jinn/plat.h>
#include <jinn/random.h>

enum { FIRST_WAIT_S = 2, ANSWER_BYTES = 512 };

const char *dns_remotes_parse(struct dns_remotes *r, struct bytes text)
{
    for (struct bytes word; (word = dns_word(&text)).len;) {
        struct bytes key = bytes_str("key:");
        size_t plus = bytes_find(word, '+');
        struct bytes name = bytes_slice(word, plus + 1, word.len), at = bytes_slice(word, 0, plus);
        struct bytes address = bytes_slice(at, 0, bytes_find(at, '@')), port = bytes_slice(at, address.len + 1, at.len);
        struct dns_remote remote = {.at = {.port = DNS_PORT}, .by_key = plus < word.len};
        uint64_t number = DNS_PORT;
        if (r->n == DNS_REMOTES_MAX)
            return "more than 8 servers";
        if (!ip_parse(address, &remote.at.ip))
            return "not an address";
        if ((address.len < at.len && !bytes_decimal(port, UINT16_MAX, &number)) || number == 0)
            return "not a port";
        if (remote.by_key &&
            (!bytes_starts(name, key) || dns_name_parse(bytes_slice(name, key.len, name.len), dns_root(), &remote.key)))
            return "not key:NAME behind the +";
        remote.at.port = (uint16_t)number;
        r->remote[r->n++] = remote;
    }
    return NULL;
}

static struct dns_notify *find(struct dns_peers *p, struct bytes origin, const struct endpoint *to)
{
    for (size_t i = 0; i < p->n_notifies; i++) {
        struct dns_notify *n = &p->notifies[i];
        if (dns_name_equal(dns_name_bytes(&n->origin), origin) && ip_equal(&n->to.ip, &to->ip) &&
            n->to.port == to->port)
            return n;
    }
    return NULL;
}

static void drop(struct dns_peers *p, struct dns_notify *n)
{
    *n = p->notifies[--p->n_notifies];
}

void dns_peers_changed(struct dns_peers *p, struct bytes origin)
{
    for (size_t i = 0; i < p->secondaries.n; i++) {
        const struct dns_remote *to = &p->secondaries.remote[i];
        struct dns_notify *n = find(p, origin, &to->at);
        if (!n && p->n_notifies == DNS_NOTIFIES_MAX) {
            p->n.n_notifies_dropped++;
            continue;
        }
        if (!n)
            n = &p->notifies[p->n_notifies++];
        *n = (struct dns_notify){.to = to->at, .id = (uint16_t)random_u32()};
        dns_name_copy(&n->origin, origin);
        if (to->by_key)
            n->key = dns_tsig_keys_find(&p->keys, dns_name_bytes(&to->key));
    }
    if (p->notifier)
        fiber_wake(p->notifier);
}

static size_t compose(const struct dns_peers *p, const struct dns_notify *n, uint8_t *buffer, size_t size)
{
    struct dns_writer d;
    struct dns_tsig t;
    struct bytes origin = dns_name_bytes(&n->origin);
    struct dns_zone_entry *entry = dns_zones_get(p->zones, origin);
    const struct dns_set *soa = entry ? dns_zone_find(entry->zone, origin, DNS_SOA) : NULL;
    dns_write_begin(&d, buffer, size);
    if (!soa || !dns_write_question(&d, origin, DNS_SOA, DNS_IN))
        return 0;
    dns_write_record(&d, DNS_ANSWER, origin, DNS_SOA, DNS_IN, soa->ttl, dns_set_first(soa));
    size_t len = dns_write_end(&d, n->id, DNS_NOTIFY << DNS_OPCODE_SHIFT | DNS_AA).len;
    if (!n->key)
        return len;
    dns_tsig_begin(&t, n->key);
    return dns_tsig_request(&t, plat_wall_ns() / NS_PER_S, buffer, &len, size) == OK ? len : 0;
}

static void send(struct dns_peers *p, struct udp_socket *u, struct dns_notify *n, uint64_t now_ns)
{
    uint8_t buffer[DNS_EDNS_BYTES];
    size_t len = compose(p, n, buffer, sizeof buffer);
    struct piece piece = piece_copy(bytes_of(buffer, len));
    n->due_ns = time_after(now_ns, (uint64_t)(FIRST_WAIT_S << n->n_tries) * NS_PER_S);
    n->n_tries++;
    p->n.n_notifies++;
    if (len)
        (void)!udp_send(u, n->to, &piece, 1); /* one that can't be sent is tried again like one that got lost */
}

/* Those whose time has come; when the next will be. */
static uint64_t send_due(struct dns_peers *p, struct udp_socket *u, uint64_t now_ns)
{
    uint64_t next_ns = TIME_NEVER;
    for (size_t i = 0; i < p->n_notifies;) {
        struct dns_notify *n = &p->notifies[i];
        if (n->due_ns <= now_ns && n->n_tries == DNS_NOTIFY_TRIES) {
            p->n.n_notifies_given_up++;
            drop(p, n);
            continue;
        }
        if (n->due_ns <= now_ns)
            send(p, u, n, now_ns);
        next_ns = time_min(next_ns, n->due_ns);
        i++;
    }
    return next_ns;
}

static void take_answer(struct dns_peers *p, struct bytes message, const struct endpoint *from)
{
    struct reader r = reader_of(message);
    struct dns_header h;
    if (!dns_header_read(&r, &h) || (h.flags & (DNS_QR | DNS_OPCODE)) != (DNS_QR | DNS_NOTIFY << DNS_OPCODE_SHIFT))
        return;
    for (size_t i = 0; i < p->n_notifies; i++) {
        struct dns_notify *n = &p->notifies[i];
        if (n->id != h.id || n->n_tries == 0 || !ip_equal(&n->to.ip, &from->ip) || n->to.port != from->port)
            continue;
        p->n.n_notifies_answered++;
        drop(p, n);
        return;
    }
}

/* How long a change may lie here: udp_recv can't be woken by who has one. */
#define LOOK_NS (100 * NS_PER_MS)

enum err dns_notify_run(struct dns_peers *p)
{
    struct udp_socket *u;
    uint8_t buffer[ANSWER_BYTES];
    enum err e = stack_udp(p->stack, 0, &u);
    if (e)
        return e;
    p->notifier = fiber_self();
    while (e != ERR_CANCELLED) {
        struct endpoint from;
        size_t len;
        if (p->n_notifies == 0) {
            e = fiber_park(TIME_NEVER);
            continue;
        }
        uint64_t now_ns = sched_now(), next_ns = send_due(p, u, now_ns);
        if (p->n_notifies == 0)
            continue;
        e = udp_recv(u, buffer, sizeof buffer, &len, &from, time_min(next_ns, time_after(now_ns, LOOK_NS)));
        if (e == OK)
            take_answer(p, bytes_of(buffer, len < sizeof buffer ? len : sizeof buffer), &from);
    }
    p->notifier = NULL;
    udp_close(u);
    return e;
}
