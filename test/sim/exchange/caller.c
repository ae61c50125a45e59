/* SPDX-License-Identifier: ISC */
/* Sends numbered frames and counts which of them come back as they were. */
#include <jinn/boot.h>
#include <jinn/fiber.h>
#include <jinn/log.h>
#include <jinn/netdev.h>
#include <jinn/plat.h>
#include <jinn/random.h>

const char plat_image_name[] = "caller";
const struct plat_device plat_devices[] = {{"net", PLAT_NET, false}};
const size_t plat_n_devices = 1;

static struct log_source logs = LOG_SOURCE("caller");
static struct netdev *dev;
static uint32_t expected_salt, n_good, n_bad;

static void count_answers(void *arg)
{
    struct fiber_waiter w;
    uint8_t buffer[PLAT_FRAME_BYTES + NET_HEAD_BYTES];
    struct bytes frame;
    struct net_offload offload;
    fiber_waiter_init(&w);
    dev->ops->watch(dev, &w.waiter);
    while (fiber_park(TIME_NEVER) == OK) {
        while (dev->ops->recv(dev, buffer, sizeof buffer, &frame, &offload) == OK) {
            struct reader r = reader_of(frame);
            read_skip(&r, 14);
            bool good = read_be32(&r) == expected_salt && reader_good(&r);
            n_good += good;
            n_bad += !good;
        }
    }
}

static enum err send_number(uint32_t number)
{
    uint8_t frame[60];
    struct writer w = writer_of(frame, sizeof frame);
    write_copy(&w, MAC_BROADCAST.b, 6);
    write_copy(&w, dev->mac.b, 6);
    write_be16(&w, 0x88b5); /* for local experiments */
    write_be32(&w, expected_salt);
    write_be32(&w, number);
    write_zeros(&w, writer_left(&w));
    struct bytes part = writer_bytes(&w);
    return dev->ops->send(dev, &part, 1, NULL);
}

int unikernel_main(int argc, char **argv)
{
    int64_t n = 0;
    int status;
    struct scope s;
    const struct key keys[] = {{"frames", KEY_INT, false, &n, "10", "how many to send"}};
    if (!boot_arguments(argc, argv, keys, ARRAY_LEN(keys), &status))
        return status;
    if (netdev_open("net", &dev) != OK)
        return EXIT_DEVICE;
    expected_salt = random_u32();
    scope_open(&s);
    if (scope_spawn(&s, "answers", count_answers, NULL) != OK)
        return 1;
    for (int64_t i = 0; i < n; i++) {
        if (send_number((uint32_t)i) != OK || fiber_sleep(sched_now() + NS_PER_MS) != OK)
            return 2;
    }
    if (fiber_sleep(sched_now() + NS_PER_S) != OK)
        return 3;
    scope_cancel(&s);
    scope_join(&s);
    log_info(&logs, "salt %08x good %u bad %u", expected_salt, n_good, n_bad);
    return 0;
}
