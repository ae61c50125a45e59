/* SPDX-License-Identifier: ISC */
#include "tool/build.h"
#include "tool/commands.h"

#include <stdio.h>

static const char *seed_of(const char *text)
{
    uint64_t seed;
    if (!bytes_decimal(bytes_str(text), UINT64_MAX, &seed))
        command_usage("--shuffle %s: write a number from 0 to 18446744073709551615", text);
    return format_text("%llu", (unsigned long long)seed);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"target", required_argument, NULL, 't'}, {"release", no_argument, NULL, 'r'},
        {"debug", no_argument, NULL, 'd'},        {"shuffle", required_argument, NULL, 's'},
        {"quiet", no_argument, NULL, 'q'},        {0},
    };
    const char *target = "spt", *shuffle = NULL;
    enum build_mode mode = BUILD_RELEASE;
    for (int c; (c = command_option(argc, argv, "t:q", options)) != -1;) {
        if (c == 't')
            target = optarg;
        else if (c == 's')
            shuffle = seed_of(optarg);
        else if (c == 'q')
            say_quiet();
        else
            mode = c == 'd' ? BUILD_DEBUG : BUILD_RELEASE;
    }
    build_check_target(target);
    if (shuffle && !build_sealed(target))
        command_usage("--shuffle %s: only sealed images have their functions shuffled; use -t spt or -t hvt", shuffle);
    const char *folder = command_operand(argc, argv, ".");
    struct build b = build_shuffled(folder, target, mode, shuffle);
    const char *image = path_join(folder, b.image);
    uint64_t kb = (file_size(image) + 1023) / 1024;
    if (!b.changed)
        say_progress("  %s is up to date", image);
    else if (b.content_bytes)
        say_progress("  built %s: %llu KB, %llu KB of them content", image, (unsigned long long)kb,
                     (unsigned long long)(b.content_bytes + 1023) / 1024);
    else
        say_progress("  built %s: %llu KB", image, (unsigned long long)kb);
    return 0;
}

const struct command command_build = {
    .name = "build",
    .synopsis = "[-t TARGET] [--release|--debug] [--shuffle SEED] [DIR]",
    .summary = "Builds the appliance in a folder into an image",
    .details =
        "  -t, --target TARGET  spt (default): a sealed image for a sandboxed process\n"
        "                       hvt: a sealed image for a virtual machine\n"
        "                       linux: an ordinary process, for development\n"
        "                       sim: an object for simulations\n"
        "      --release        optimised (default)\n"
        "      --debug          the appliance's own code compiled for a debugger\n"
        "      --shuffle SEED   functions in an order drawn from this number, which the image records and jinn run\n"
        "                       keeps; for every build: shuffle = SEED in jinn.ini\n"
        "  -q, --quiet          prints errors only\n\n"
        "The image is DIR/dist/NAME.TARGET, or DIR/dist/NAME for linux. What has not changed is not built\n"
        "again. compile_commands.json is for editors.\n",
    .run = run,
};
