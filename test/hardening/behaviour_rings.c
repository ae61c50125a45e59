/* SPDX-License-Identifier: ISC */
/* The same image, which says that it understands rings and headers in front of frames: what the command builds says so, too. */
#include "test/hardening/behaviour.c"
