/* SPDX-License-Identifier: ISC */
/* What the files of gdb's protocol share. */
#ifndef TENDER_DEBUG_GDB_PARTS_H
#define TENDER_DEBUG_GDB_PARTS_H

#include "tender/debug/gdb.h"

/* gdb_command.c: answers a packet. */
void gdb_command(struct gdb *g, struct bytes payload);
/* gdb_query.c: appends the answer to a packet that begins with q; nothing where it is not known. */
void gdb_query(struct gdb *g, struct bytes payload, struct writer *reply);

/* gdb.c */
void gdb_reply(struct gdb *g, struct bytes body);
/* Why it stopped, as the answer to ? and to what resumed it. */
void gdb_reply_stop(struct gdb *g);
/* Lets it run: a step of `stepped` (0: none), which need not be the thread that has the processor; or its end with a
 * fault that it stopped for. False when there is no such thread. */
bool gdb_resume(struct gdb *g, uint32_t stepped, bool die);
void gdb_detach(struct gdb *g);
void gdb_kill(struct gdb *g);

/* gdb_points.c: breakpoints and watchpoints. `kind` is gdb's: 0 software, 1 hardware, 2 write, 3 read, 4 access. */
bool gdb_add_point(struct gdb *g, uint64_t kind, uint64_t address, uint64_t len);
bool gdb_remove_point(struct gdb *g, uint64_t kind, uint64_t address, uint64_t len);
void gdb_remove_all_points(struct gdb *g);
/* Memory as if no breakpoint of ours lay in it. */
size_t gdb_read(struct gdb *g, uint64_t address, uint8_t *out, size_t len);
bool gdb_write(struct gdb *g, uint64_t address, const uint8_t *data, size_t len);
bool gdb_is_soft(const struct gdb *g, uint64_t address);
/* The point whose debug register matched, or NULL. */
const struct point *gdb_matched(const struct gdb *g, uint64_t dr6, uint64_t *address);
/* An int3 of our own, where a fiber will go on. */
bool gdb_plant(struct gdb *g, uint64_t address);
void gdb_unplant(struct gdb *g);

#endif
