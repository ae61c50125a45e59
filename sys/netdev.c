/* SPDX-License-Identifier: ISC */
/* The platform's net devices behind the ops that the stack uses. */
#include <jinn/netdev.h>

#include <jinn/fiber.h>
#include <jinn/must.h>
#include <jinn/plat.h>

#include <stdlib.h>
#include <string.h>

struct plat_netdev {
    struct netdev dev;
    unsigned index;
};

static unsigned index_of(struct netdev *d)
{
    return CONTAINER_OF(d, struct plat_netdev, dev)->index;
}

static enum err netdev_send(struct netdev *d, const struct bytes *v, size_t n, const struct net_offload *o)
{
    return plat_net_send(index_of(d), v, n, o);
}

static enum err netdev_recv(struct netdev *d, uint8_t *buffer, size_t size, struct bytes *frame, struct net_offload *o)
{
    return plat_net_recv(index_of(d), buffer, size, frame, o);
}

static void netdev_watch(struct netdev *d, struct waiter *w)
{
    sched_watch(index_of(d), w);
}

static const struct netdev_ops plat_ops = {netdev_send, netdev_recv, netdev_watch};

enum err netdev_open(const char *name, struct netdev **d)
{
    struct plat_net_info info;
    enum err e = plat_net_open(name, &info);
    if (e)
        return e;
    struct plat_netdev *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_FULL;
    p->index = info.index;
    p->dev = (struct netdev){
        .ops = &plat_ops, .mtu_bytes = info.mtu_bytes, .features = info.features, .n_lost = info.n_lost};
    memcpy(p->dev.mac.b, info.mac, sizeof info.mac);
    *d = &p->dev;
    return OK;
}
