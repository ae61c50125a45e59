/* SPDX-License-Identifier: ISC */
/* What a generated main would bring, for programs that have none: unit tests. */
#include <jinn/plat.h>

const char plat_image_name[] = "test";
const struct plat_device plat_devices[1];
const size_t plat_n_devices = 0;
