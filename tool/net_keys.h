/* SPDX-License-Identifier: ISC */
/* The boot arguments that each net device brings along: a table, from which the start-up code is written, names that an
 * appliance's own keys can't have are known, and keys are counted. */
#ifndef TOOL_NET_KEYS_H
#define TOOL_NET_KEYS_H

#include "tool/manifest.h"
#include "tool/text.h"

/* Whether an image may have an argument of this name from a net device, alone or behind the device's name and a dash. */
bool net_keys_have(const char *name);
/* How many a device has. */
size_t net_keys_count(const struct device *d);
/* Writes the device's lines of the table of keys, `prefix` before each name. */
void net_keys_add(struct text *t, const struct device *d, const char *prefix);

#endif
