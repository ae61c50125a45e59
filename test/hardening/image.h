/* SPDX-License-Identifier: ISC */
/* What a generated main would bring, for images that are one file. Their only device, if any, comes from the makefile. */
#ifndef TEST_HARDENING_IMAGE_H
#define TEST_HARDENING_IMAGE_H

#include <jinn/boot.h>
#include <jinn/plat.h>

#include <stdio.h>
#include <stdlib.h>

const char plat_image_name[] = "hardening";
const struct plat_device plat_devices[1];
const size_t plat_n_devices = 0;

/* Hides a value from the compiler, which would otherwise see the mistake and do something else. */
static inline void *opaque(const void *p)
{
    void *q = (void *)(uintptr_t)p;
    __asm__ volatile("" : "+r"(q));
    return q;
}

#endif
