/* SPDX-License-Identifier: ISC */
/* Sends every frame back to where it came from, until it is told to stop. */
#include <jinn/boot.h>
#include <jinn/fiber.h>
#include <jinn/log.h>
#include <jinn/netdev.h>
#include <jinn/plat.h>

#include <string.h>

const char plat_image_name[] = "echo";
const struct plat_device plat_devices[] = {{"net", PLAT_NET}};
const size_t plat_n_devices = 1;

static struct log_source logs = LOG_SOURCE("echo");
static uint32_t n_answered;

static void answer_all(struct netdev *dev)
{
    uint8_t frame[PLAT_FRAME_BYTES];
    size_t len;
    while (dev->ops->recv(dev, frame, sizeof frame, &len) == OK) {
        struct mac from;
        memcpy(from.b, frame + 6, 6);
        memcpy(frame, from.b, 6);
        memcpy(frame + 6, dev->mac.b, 6);
        struct bytes part = bytes_of(frame, len);
        n_answered += dev->ops->send(dev, &part, 1) == OK;
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
