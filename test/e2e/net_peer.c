/* SPDX-License-Identifier: ISC */
/* The image of net.sh: takes its address from --ipv4 or DHCP and echoes UDP datagrams on port 7 until it is stopped. */
#include <jinn/boot.h>
#include <jinn/fiber.h>
#include <jinn/must.h>
#include <jinn/plat.h>

const char plat_image_name[] = "net_peer";
const struct plat_device plat_devices[] = {{"service", PLAT_NET}};
const size_t plat_n_devices = 1;
const size_t plat_stacks_n = 8;
const size_t plat_stack_bytes = 65536;

static struct ip_net ipv4;
static struct ip gateway;
static struct ip_net ipv6;
static bool six_only;
static char hostname[] = "net-peer";

static unsigned echo(struct udp_socket *u)
{
    static uint8_t buffer[65536];
    unsigned n_lost = 0;
    while (!sched_stopping()) {
        struct endpoint from;
        size_t len;
        uint64_t soon_ns = time_after(sched_now(), 100 * NS_PER_MS); /* to see that a stop was asked for */
        if (udp_recv(u, buffer, sizeof buffer, &len, &from, soon_ns) != OK)
            continue;
        struct piece p = piece_copy(bytes_of(buffer, len));
        n_lost += udp_send(u, from, &p, 1) != OK;
    }
    return n_lost;
}

int unikernel_main(int argc, char **argv)
{
    const struct key keys[] = {
        {.name = "ipv4", .type = KEY_NET, .value = &ipv4, .optional = true},
        {.name = "ipv4-gateway", .type = KEY_IP, .value = &gateway, .optional = true},
        {.name = "ipv6", .type = KEY_NET, .value = &ipv6, .optional = true},
        {.name = "ipv6-only", .type = KEY_BOOL, .value = &six_only, .optional = true},
    };
    int status;
    struct udp_socket *u;
    if (!boot_arguments(argc, argv, keys, ARRAY_LEN(keys), &status))
        return status;
    struct stack_options o = {.ipv4 = ipv4, .ipv4_gateway = gateway, .hostname = hostname};
    o.ip6 = six_only ? &stack_ip6 : NULL;
    o.ipv6_only = six_only;
    o.ipv6 = ipv6;
    o.accept_routers = true;
    struct stack *s = boot_stack("service", &o);
    must(stack_udp(s, 7, &u) == OK);
    plat_serving("udp", 7);
    unsigned n_lost = echo(u);
    udp_close(u);
    boot_stack_down(s);
    return n_lost != 0;
}
