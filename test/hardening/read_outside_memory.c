/* SPDX-License-Identifier: ISC */
#include "test/hardening/image.h"

int unikernel_main(int argc, char **argv)
{
    struct plat_memory heap = plat_heap();
    return *(volatile char *)opaque(heap.base + heap.len);
}
