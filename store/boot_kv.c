/* SPDX-License-Identifier: ISC */
#include <jinn/boot.h>
#include <jinn/plat.h>

#include "sys/complain.h"

struct kv *boot_kv(const char *name, struct kv_embedded *embedded, const char *directory)
{
    struct kv *kv = NULL;
    if (!directory)
        return &embedded->kv;
    enum err e = plat_kv_directory(directory, &kv);
    if (e == OK)
        return kv;
    complain("kv '%s': %s: %s%s", name, directory, err_text(e),
             e == ERR_UNSUPPORTED ? " (a sealed image has only what was built into it)" : "");
    plat_exit(EXIT_DEVICE);
}
