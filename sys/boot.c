/* SPDX-License-Identifier: ISC */
#include <jinn/boot.h>
#include <jinn/fiber.h>
#include <jinn/plat.h>
#include <jinn/random.h>

#include "sys/complain.h"

struct boot_call {
    int argc;
    char **argv;
};

static int run_main(void *arg)
{
    struct boot_call *call = arg;
    return unikernel_main(call->argc, call->argv);
}

int boot(int argc, char **argv)
{
    if (random_init() != OK) {
        complain("the platform has no entropy, and without it this image does not start");
        return EXIT_ENTROPY;
    }
    struct boot_call call = {argc, argv};
    return sched_run(run_main, &call);
}
