/* SPDX-License-Identifier: ISC */
/* Sends SYNs, or fragments of datagrams that never become whole, in the names of hosts that do not exist, on the link or behind the gateway that he plays. */
#include "frames.h"
#include "peer.h"

#include "wire/checksum.h"
#include "wire/tcp.h"

#include <jinn/fiber.h>
#include <jinn/log.h>
#include <jinn/random.h>

static struct log_source logs = LOG_SOURCE("attacker");
static const struct peer *self;
static struct mac target = {{2, 0, 0, 0, 1, 1}}; /* the simulator's first machine */

static void send_syn(uint16_t port)
{
    uint8_t segment[TCP_HEADER_MAX_BYTES];
    struct writer w = writer_of(segment, sizeof segment);
    struct ip src = self->off_link ? ip4_of_u32(0xac100000 + random_below(1 << 20))
                                   : ip4(10, 0, 0, (uint8_t)(20 + random_below(60)));
    tcp_emit(&w, &(struct tcp_segment){.src_port = (uint16_t)(1024 + random_below(60000)),
                                       .dst_port = port,
                                       .seq = seq_of(random_u32()),
                                       .flags = TCP_SYN,
                                       .window = 65535,
                                       .has_mss = true,
                                       .mss = 1460});
    struct bytes all = writer_bytes(&w);
    uint64_t sum = checksum_pseudo(&src, &self->server, PROTOCOL_TCP, (uint32_t)all.len);
    tcp_emit_checksum(segment, checksum_finish(checksum_add(sum, all, false)));
    frames_send(self->dev, &target, &src, &self->server, PROTOCOL_TCP, all);
}

/* Some of a few datagrams, most of ever new ones. */
static void send_fragment(uint64_t n)
{
    static const uint8_t zeros[1400];
    struct ip src = ip4_of_u32(0xac100000 + random_below(1 << 20));
    uint16_t id = (uint16_t)(n % 4 ? random_u32() : n / 4 % 8), offset = (uint16_t)(random_below(40) * sizeof zeros);
    frames_send_fragment(self->dev, &target, &src, &self->server, id, offset, bytes_of(zeros, sizeof zeros));
}

static void play_gateway(void *arg)
{
    const struct ip gateway = ip4(10, 0, 0, 254);
    (void)arg;
    frames_serve(self->dev, &gateway, NULL);
}

int peer_attacker(const struct peer *p)
{
    static const uint16_t ports[] = {PORT_ECHO, PORT_SOURCE, PORT_HTTP, 81};
    struct scope scope;
    uint64_t until_ns = time_after(sched_now(), p->for_ns), n = 0;
    self = p;
    scope_open(&scope);
    if (scope_spawn(&scope, "gateway", play_gateway, NULL) != OK)
        return 1;
    while (sched_now() < until_ns && fiber_sleep(time_after(sched_now(), NS_PER_S / (uint64_t)p->rate)) == OK) {
        if (p->fragments)
            send_fragment(n);
        else
            send_syn(ports[n % ARRAY_LEN(ports)]);
        n++;
    }
    scope_cancel(&scope);
    scope_join(&scope);
    log_info(&logs, "result sent=%llu", (unsigned long long)n);
    return 0;
}
