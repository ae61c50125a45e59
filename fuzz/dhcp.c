/* SPDX-License-Identifier: ISC */
/* The DHCP client: records of one byte of length in 4 bytes and a message whose transaction, address of hardware and
 * cookie are made right, so that the states are reached; length 0 is a step to the next deadline. */
#include "net/dhcp.h"

#include <jinn/must.h>

static void ignore_send(struct dhcp_below *b, uint64_t now_ns, const struct ip *src, const struct ip *dst,
                        struct bytes message)
{
    struct dhcp_message m;
    must(dhcp_parse(message, &m)); /* we understand ourselves */
}

static void ignore_bound(struct dhcp_below *b, uint64_t now_ns, const struct dhcp_lease *lease)
{
    must(lease->net.prefix_len <= 32 && lease->config.n_dns <= DHCP_DNS_MAX &&
         lease->config.n_routes <= DHCP_ROUTES_MAX);
}

static void ignore_lost(struct dhcp_below *b, uint64_t now_ns)
{
}

static uint32_t constant(void)
{
    return 0x01020304;
}

static void give(struct dhcp *d, uint64_t now_ns, struct bytes b)
{
    static const uint8_t start[8] = {2, 1, 6, 0, 1, 2, 3, 4};
    static const uint8_t cookie[4] = {0x63, 0x82, 0x53, 0x63};
    uint8_t m[1024] = {0};
    struct bytes options = bytes_slice(b, 4, sizeof m - 240);
    memcpy(m, start, sizeof start);
    memcpy(m + 16, b.data, b.len < 4 ? b.len : 4); /* the address given */
    memcpy(m + 28, d->mac.b, sizeof d->mac.b);
    memcpy(m + 236, cookie, sizeof cookie);
    if (options.len)
        memcpy(m + 240, options.data, options.len);
    dhcp_input(d, now_ns, bytes_of(m, 240 + options.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dhcp_below below = {ignore_send, ignore_bound, ignore_lost};
    struct counters_dhcp counters = {0};
    struct mac mac = {{2, 0, 0, 0, 0, 2}};
    struct dhcp d;
    struct dhcp_message m;
    uint64_t now_ns = NS_PER_S;
    struct reader r = reader_of(bytes_of(data, size));
    (void)dhcp_parse(bytes_of(data, size), &m);
    dhcp_init(&d, &below, &counters, constant, &mac, bytes_str("fuzz"));
    dhcp_start(&d, now_ns);
    while (reader_left(&r)) {
        size_t len = read_u8(&r) * 4u;
        struct bytes b = read_bytes(&r, len < reader_left(&r) ? len : reader_left(&r));
        if (b.len) {
            give(&d, now_ns, b);
        } else if (dhcp_deadline(&d) != TIME_NEVER) {
            now_ns = dhcp_deadline(&d);
            dhcp_tick(&d, now_ns);
        }
        must(dhcp_deadline(&d) > now_ns || d.state == DHCP_BOUND);
    }
    return 0;
}
