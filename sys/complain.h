/* SPDX-License-Identifier: ISC */
/* One line for the operator about what keeps the image from starting: "IMAGE: text". Not a log: no level hides it. */
#ifndef SYS_COMPLAIN_H
#define SYS_COMPLAIN_H

#include <jinn/attr.h>

void complain(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
