/* SPDX-License-Identifier: ISC */
#define NOTE_TARGET 1 /* SOLO5_TARGET_HVT */
#include "plat/solo5/notes.inc"
