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
        {"role", KEY_STRING, false, &role, NULL, "what to be"},
        {"ipv4", KEY_NET, true, &o.ipv4, NULL, "its address; DHCP when there is none"},
        {"ipv4-gateway", KEY_IP, true, &o.ipv4_gateway, NULL, NULL},
        {"server", KEY_IP, false, &p.server, "10.0.0.1", "the server's address"},
        {"mtu", KEY_INT, false, &mtu_bytes, "1500", "of the device"},
        {"connections", KEY_INT, false, &p.n_connections, "0", "limit of TCP"},
        {"http", KEY_INT, false, &p.n_http, "0", "limit of HTTP"},
        {"buffers", KEY_SIZE, false, &buffer_bytes, "0", "of TCP"},
        {"workers", KEY_INT, false, &p.n_workers, "6", "jobs at the same time"},
        {"jobs", KEY_INT, false, &p.n_jobs, "6", "of each worker"},
        {"most", KEY_SIZE, false, &p.most_bytes, "64K", "bytes of one transfer"},
        {"hold", KEY_INT, false, &p.n_held, "0", "connections to hold instead"},
        {"hold-port", KEY_PORT, false, &p.held_port, "80", NULL},
        {"hold-slow", KEY_BOOL, false, &p.held_slow, "false", "read a byte a second"},
        {"hold-file", KEY_INT, false, &p.held_file, "2", "what a crowd asks for"},
        {"probe", KEY_BOOL, false, &p.probe, "false", "ask again and again, and take the time"},
        {"after", KEY_DURATION, false, &after_ns, "0s", "to begin later"},
        {"for", KEY_DURATION, false, &p.for_ns, "10s", "to hold or to attack"},
        {"rate", KEY_INT, false, &p.rate, "1000", "SYNs a second"},
        {"fragments", KEY_BOOL, false, &p.fragments, "false", "fragments instead of SYNs"},
        {"off-link", KEY_BOOL, false, &p.off_link, "false", "senders behind the gateway"},
        {"request", KEY_DURATION, false, &p.request_ns, "200s", "for an HTTP request to arrive"},
        {"idle", KEY_DURATION, false, &p.idle_ns, "60s", "for an idle HTTP connection, and one that takes nothing"},
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
