/* SPDX-License-Identifier: ISC */
/* The version of the public interface: the headers in this folder and the manifest. Within one major number what
 * compiles and runs today compiles and runs tomorrow; while it is 0, a minor number may break it, and
 * doc/changes.md says how. */
#ifndef JINN_VERSION_H
#define JINN_VERSION_H

#define JINN_VERSION "0.1.0"
#define JINN_INTERFACE 1 /* raised with every incompatible change of these headers */

#endif
