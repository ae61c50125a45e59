/* SPDX-License-Identifier: ISC */
/* The DHCPv6 client: first the parser alone; then records: one byte of kind, one of length, a message whose type is the
 * kind and whose transaction and client are made right, so that the states are reached. Kind 0 is a step to the next
 * deadline, 255 a conflict of addresses. */
#include "net/dhcp6.h"

#include <jinn/must.h>

static bool held;

static void check_send(struct dhcp6_below *b, uint64_t now_ns, struct bytes message)
{
    struct dhcp6_message m;
    must(dhcp6_parse(message, &m)); /* we understand ourselves */
    must(m.client_id.len == DHCP6_CLIENT_DUID_BYTES);
}

static void check_bound(struct dhcp6_below *b, uint64_t now_ns, const struct dhcp6_lease *lease)
{
    must(lease->preferred_ns <= lease->valid_ns && !ip_is_multicast(&lease->address));
    held = true;
}

static void check_lost(struct dhcp6_below *b, uint64_t now_ns)
{
    must(held);
    held = false;
}

static void ignore_told(struct dhcp6_below *b)
{
}

static uint32_t constant(void)
{
    return 0x01020304;
}

static void give(struct dhcp6 *d, uint64_t now_ns, uint8_t type, struct bytes b)
{
    uint8_t m[4 + 4 + DHCP6_CLIENT_DUID_BYTES + 256];
    struct writer w = writer_of(m, sizeof m);
    write_be32(&w, (uint32_t)type << 24 | d->xid);
    write_be32(&w, 1 << 16 | DHCP6_CLIENT_DUID_BYTES);
    write_copy(&w, d->duid, sizeof d->duid);
    write_bytes(&w, b);
    must(writer_good(&w));
    dhcp6_input(d, now_ns, writer_bytes(&w));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dhcp6_below below = {check_send, check_bound, check_lost, ignore_told};
    struct counters_dhcp counters = {0};
    struct mac mac = {{2, 0, 0, 0, 0, 2}};
    struct dhcp6 d;
    struct dhcp6_message m;
    uint64_t now_ns = NS_PER_S;
    struct reader r = reader_of(bytes_of(data, size));
    if (dhcp6_parse(bytes_of(data, size), &m))
        must(m.n_dns <= DHCP6_DNS_MAX && m.server_id.len <= DHCP6_DUID_MAX_BYTES && m.preferred_s <= m.valid_s);
    held = false;
    dhcp6_init(&d, &below, &counters, constant, &mac);
    dhcp6_start(&d, now_ns, !(size & 1));
    while (reader_left(&r)) {
        uint8_t kind = read_u8(&r), len = read_u8(&r);
        struct bytes b = read_bytes(&r, len < reader_left(&r) ? len : reader_left(&r));
        if (kind == 255)
            dhcp6_conflict(&d, now_ns);
        else if (kind)
            give(&d, now_ns, kind, b);
        else if (dhcp6_deadline(&d) != TIME_NEVER)
            dhcp6_tick(&d, now_ns = dhcp6_deadline(&d));
        must(dhcp6_deadline(&d) > now_ns && d.held == held);
    }
    return 0;
}
