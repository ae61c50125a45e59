/* SPDX-License-Identifier: ISC */
#define NOTE_TARGET 2 /* SOLO5_TARGET_SPT */
#include "plat/solo5/notes.inc"
