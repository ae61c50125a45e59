/* SPDX-License-Identifier: ISC */
/* Values of keys as text: what boot arguments take (base/values.h), checked when the appliance is built. */
#ifndef TOOL_VALUES_H
#define TOOL_VALUES_H

#include <jinn/boot.h>

extern const char *const value_type_words[];

bool value_type(const char *word, enum key_type *type);
const char *value_type_constant(enum key_type type);    /* "KEY_PORT" */
const char *value_type_declaration(enum key_type type); /* "uint16_t " */
const char *value_type_word(enum key_type type);
const char *value_type_list(void); /* "string, bool, ... or secret" */
/* What a text for this type should look like, or NULL when it is good. */
const char *value_problem(enum key_type type, const char *text);

#endif
