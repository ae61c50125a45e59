/* SPDX-License-Identifier: ISC */
/* The order of an image's functions, drawn from a seed: what an attacker learns of one copy of an image, distances between
 * functions above all, does not help with another's. The image is linked once, the linker's map says which functions are
 * in it, and the script for the second link lists them in their new order. */
#ifndef TOOL_SHUFFLE_H
#define TOOL_SHUFFLE_H

#include <jinn/bytes.h>

#include <stdint.h>

/* The script that lays out an image, with the functions that the map has before its "*(.text .text.*)". The same map and
 * seed give the same text. What is no function of its own section, as in assembly, is moved with what it is in one section
 * with. NULL when there are none or the script has no such place. */
char *shuffle_script(struct bytes script, struct bytes map, uint64_t seed);

#endif
