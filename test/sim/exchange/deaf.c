/* SPDX-License-Identifier: ISC */
/* Waits for ever, for nothing: `--looks` and it has asked once, long before, whether it is to stop. */
#include <jinn/boot.h>
#include <jinn/fiber.h>
#include <jinn/plat.h>

const char plat_image_name[] = "deaf";
const struct plat_device plat_devices[] = {{"net", PLAT_NET, false}};
const size_t plat_n_devices = 1;

int unikernel_main(int argc, char **argv)
{
    if (argc > 1 && sched_stopping())
        return 1;
    return fiber_park(TIME_NEVER);
}
