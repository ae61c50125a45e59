/* SPDX-License-Identifier: ISC */
/* What `jinn build` would write, for all roles at once. */
#include "peer.h"

#include <jinn/boot.h>
#include <jinn/fiber.h>
#include <jinn/plat.h>

#define UP_NS (300 * NS_PER_S) /* DHCP on the worst of links */

const char plat_image_name[] = "peer";
const struct plat_device plat_devices[] = {{"net", PLAT_NET, false}};
const size_t plat_n_devices = 1;

struct role {
    const char *name;
    int (*run)(const struct peer *p);
    bool raw; /* frames only, no stack */
};

static const struct role roles[] = {
    {"server", peer_server, false},    {"client", peer_client, false}, {"dhcp", peer_dhcp, true},
    {"attacker", peer_attacker, true}, {"crowd", peer_crowd, true},    {"park", peer_park, false},
};

static int bring_up(struct peer *p, const struct stack_options *o, int64_t mtu_bytes)
{
    p->dev->mtu_bytes = (uint16_t)mtu_bytes;
    return stack_up(p->dev, o, time_after(sched_now(), UP_NS), &p->stack) == OK ? 0 : EXIT_DEVICE;
}

int unikernel_main(int argc, char **argv)
{
    static struct peer p;
    int status;
    const char *role;
    int64_t mtu_bytes;
    struct stack_options o = {.tcp = &stack_tcp_part};
    uint64_t buffer_bytes, after_ns;
    const struct key keys[] = {
        {"role", KEY_STRING, &role, NULL, "what to be", .optional = false},
        {"ipv4", KEY_NET, &o.ipv4, NULL, "its address; DHCP when there is none", .optional = true},
        {"ipv4-gateway", KEY_IP, &o.ipv4_gateway, NULL, NULL, .optional = true},
        {"server", KEY_IP, &p.server, "10.0.0.1", "the server's address", .optional = false},
        {"mtu", KEY_INT, &mtu_bytes, "1500", "of the device", .optional = false},
        {"connections", KEY_INT, &p.n_connections, "0", "limit of TCP", .optional = false},
        {"http", KEY_INT, &p.n_http, "0", "limit of HTTP", .optional = false},
        {"buffers", KEY_SIZE, &buffer_bytes, "0", "of TCP", .optional = false},
        {"workers", KEY_INT, &p.n_workers, "6", "jobs at the same time", .optional = false},
        {"jobs", KEY_INT, &p.n_jobs, "6", "of each worker", .optional = false},
        {"most", KEY_SIZE, &p.most_bytes, "64K", "bytes of one transfer", .optional = false},
        {"hold", KEY_INT, &p.n_held, "0", "connections to hold instead", .optional = false},
        {"hold-port", KEY_PORT, &p.held_port, "80", NULL, .optional = false},
        {"hold-slow", KEY_BOOL, &p.held_slow, "false", "read a byte a second", .optional = false},
        {"hold-file", KEY_INT, &p.held_file, "2", "what a crowd asks for", .optional = false},
        {"probe", KEY_BOOL, &p.probe, "false", "ask again and again, and take the time", .optional = false},
        {"after", KEY_DURATION, &after_ns, "0s", "to begin later", .optional = false},
        {"for", KEY_DURATION, &p.for_ns, "10s", "to hold or to attack", .optional = false},
        {"rate", KEY_INT, &p.rate, "1000", "SYNs a second", .optional = false},
        {"fragments", KEY_BOOL, &p.fragments, "false", "fragments instead of SYNs", .optional = false},
        {"off-link", KEY_BOOL, &p.off_link, "false", "senders behind the gateway", .optional = false},
        {"request", KEY_DURATION, &p.request_ns, "200s", "for an HTTP request to arrive", .optional = false},
        {"idle", KEY_DURATION, &p.idle_ns, "60s", "for an idle HTTP connection, and one that takes nothing",
         .optional = false},
    };
    if (!boot_arguments(argc, argv, keys, ARRAY_LEN(keys), &status))
        return status;
    o.tcp_connections = (uint32_t)p.n_connections;
    o.buffer_bytes = (uint32_t)buffer_bytes;
    if (netdev_open("net", &p.dev) != OK)
        return EXIT_DEVICE;
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        if (strcmp(roles[i].name, role) != 0)
            continue;
        status = roles[i].raw ? 0 : bring_up(&p, &o, mtu_bytes);
        if (status == 0 && fiber_sleep(time_after(sched_now(), after_ns)) == OK)
            status = roles[i].run(&p);
        return status;
    }
    return EXIT_ARGUMENTS;
}
