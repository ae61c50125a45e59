/* SPDX-License-Identifier: ISC */
/* printf's formatting, as much of it as the library OS needs, so that an image without numbers after the point does not
 * carry those of the C library: 14 KB. An appliance that calls printf itself has all of it, of course.
 *
 * Conversions: %d %i %u %x %X %c %s %p %%, with the flags - and 0, a width, a precision, either one *, and hh h l ll j z t.
 * All means what C17 7.21.6.1 says. Anything else (floating point, above all) is copied as it stands, and so is what
 * follows it. */
#ifndef JINN_FORMAT_H
#define JINN_FORMAT_H

#include <jinn/attr.h>

#include <stdarg.h>
#include <stddef.h>

/* Writes at most `size` bytes, the last of them NUL, and gives how long the text would be without that limit (snprintf's
 * result). */
size_t format(char *out, size_t size, const char *text, ...) PRINTF_LIKE(3, 4);
size_t format_list(char *out, size_t size, const char *text, va_list args) PRINTF_LIKE(3, 0);

#endif
