/* SPDX-License-Identifier: ISC */
/* TCP as a part of the stack that an image can do without. */
#include "net/stack_internal.h"
#include "net/tcp.h"

#include <jinn/plat.h>
#include <jinn/random.h>

/* What the manifest does not say follows from the memory there is: a third of the heap is for TCP, shared by the stacks, half
 * of that for connections and half for buffers. The rest holds what else the stack needs, the servers and what
 * the appliance allocates. */
enum {
    TCP_HEAP_SHARE = 3,
    TCP_CONNECTION_BYTES = 1280, /* at most: a connection, a time-wait block, pieces, places in the table */
    TCP_CONNECTIONS_MIN = 64,
    TCP_CONNECTIONS_MAX = 1024, /* what a server of one processor has use for; 1 MB */
    TCP_BUFFER_BYTES_MIN = 64 << 10,
    TCP_BUFFER_BYTES_MAX = 4 << 20, /* a window of 2 MB for one alone: 300 Mbit/s at 50 ms */
    TCP_LISTENERS = 16
};

static size_t n_stacks(void)
{
    size_t n = 0;
    for (size_t i = 0; i < plat_n_devices; i++)
        n += plat_devices[i].type == PLAT_NET;
    return n ? n : 1;
}

static uint32_t within(size_t value, uint32_t least, uint32_t most)
{
    return value < least ? least : value > most ? most : (uint32_t)value;
}

/* Where the heap's size is not known (length 0) memory is the host's, and there is enough. */
static void size_by_memory(struct tcp_options *o)
{
    size_t heap = plat_heap().len;
    size_t half = heap ? heap / TCP_HEAP_SHARE / n_stacks() / 2 : SIZE_MAX;
    if (!o->connections)
        o->connections = within(half / TCP_CONNECTION_BYTES, TCP_CONNECTIONS_MIN, TCP_CONNECTIONS_MAX);
    if (!o->buffer_bytes)
        o->buffer_bytes = within(half, TCP_BUFFER_BYTES_MIN, TCP_BUFFER_BYTES_MAX);
}

static enum err make(const struct stack_options *o, struct ip_below *below, uint64_t now_ns, struct tcp **t)
{
    struct tcp_options tcp = {
        .below = below, .connections = o->tcp_connections, .listeners = TCP_LISTENERS, .buffer_bytes = o->buffer_bytes};
    size_by_memory(&tcp);
    random_bytes(tcp.secret, sizeof tcp.secret);
    return tcp_new(&tcp, now_ns, t);
}

const struct tcp_part stack_tcp_part = {.make = make,
                                        .free = tcp_free,
                                        .input = tcp_input,
                                        .problem = tcp_problem,
                                        .deadline = tcp_deadline,
                                        .tick = tcp_tick,
                                        .flush = tcp_flush};
