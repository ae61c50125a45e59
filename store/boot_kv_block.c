/* SPDX-License-Identifier: ISC */
/* Apart from boot_kv.c: an image whose stores are embedded holds nothing of archives. */
#include <jinn/boot.h>
#include <jinn/plat.h>

#include "sys/complain.h"

struct kv *boot_kv_block(const char *name)
{
    struct kv *kv = NULL;
    enum err e = kv_tar_open(boot_block(name), &kv);
    if (e == OK)
        return kv;
    complain("kv '%s': %s; its block device is to begin with a tar archive", name, err_text(e));
    plat_exit(EXIT_DEVICE);
}
