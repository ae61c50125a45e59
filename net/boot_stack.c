/* SPDX-License-Identifier: ISC */
/* Not in sys/, where the rest of boot.h is: it needs the stack, and sys/ lies below net/. */
#include <jinn/boot.h>
#include <jinn/fiber.h>
#include <jinn/plat.h>
#include <jinn/stack.h>

#include "net/net.h"
#include "net/stack_internal.h"
#include "sys/complain.h"

#define UP_NS (60 * NS_PER_S)     /* longer than a DHCP server that reboots needs; then it is better to say so */
#define DOWN_NS (100 * NS_PER_MS) /* for the server's MAC address, if it had to be asked for */

static const char *advice(enum err e)
{
    if (e == ERR_TIMEOUT)
        return " (no DHCP server? --ipv4=ADDRESS/PREFIX sets an address)";
    return e == ERR_FULL ? " (too little memory for its connections: --mem=MB gives more)" : "";
}

struct stack *boot_stack(const char *name, const struct stack_options *o)
{
    struct netdev *d = NULL;
    struct stack *s = NULL;
    enum err e = netdev_open(name, &d);
    if (e == OK)
        e = stack_up(d, o, time_after(sched_now(), UP_NS), &s);
    if (e == OK)
        return s;
    complain("net device '%s' did not come up: %s%s", name, err_text(e), advice(e));
    plat_exit(EXIT_DEVICE);
}

void boot_stack_down(struct stack *s)
{
    struct net *n = stack_net(s);
    if (n->ip6_ops)
        n->ip6_ops->stop(n, sched_now());
    if (dhcp_release(&n->dhcp, sched_now()) && n->arp.room.frames.n_used &&
        fiber_sleep(time_after(sched_now(), DOWN_NS)) != OK)
        return; /* cancelled: nobody has time */
}
