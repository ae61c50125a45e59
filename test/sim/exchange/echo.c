/* SPDX-License-Identifier: ISC */
/* Sends every frame back to where it came from, until it is told to stop. */
#include <jinn/boot.h>
#include <jinn/fiber.h>
#include <jinn/log.h>
#include <jinn/netdev.h>
#include <jinn/plat.h>

const char plat_image_name[] = "echo";
const struct plat_device plat_devices[] = {{"net", PLAT_NET, false}};
const size_t plat_n_devices = 1;

static struct log_source logs = LOG_SOURCE("echo");
static uint32_t n_answered;

static void answer_all(struct netdev *dev)
{
    uint8_t buffer[PLAT_FRAME_BYTES + NET_HEAD_BYTES];
    struct bytes frame;
    struct net_offload offload;
    while (dev->ops->recv(dev, buffer, sizeof buffer, &frame, &offload) == OK) {
        struct bytes parts[] = {bytes_slice(frame, 6, 6), bytes_of(dev->mac.b, 6), bytes_slice(frame, 12, frame.len)};
        n_answered += dev->ops->send(dev, parts, ARRAY_LEN(parts), NULL) == OK;
    }
}

int unikernel_main(int argc, char **argv)
{
    struct netdev *dev;
    struct fiber_waiter frames, stop;
    if (netdev_open("net", &dev) != OK)
        return EXIT_DEVICE;
    fiber_waiter_init(&frames);
    fiber_waiter_init(&stop);
    dev->ops->watch(dev, &frames.waiter);
    sched_on_stop(&stop.waiter);
    plat_serving("echo", 7);
    while (!sched_stopping() && fiber_park(TIME_NEVER) == OK)
        answer_all(dev);
    log_info(&logs, "answered %u", n_answered);
    return 5;
}
