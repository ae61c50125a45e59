/* SPDX-License-Identifier: ISC */
/* The same with a manifest of 63 devices and without our own entry (mk/hardening.mk). */
#include "test/hardening/many_devices.c"
