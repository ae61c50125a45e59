/* SPDX-License-Identifier: ISC */
/* A terminal on standard output or error gets what the image prints through the console filter: by a process of its own,
 * because the image writes to its descriptors directly. Where no terminal is, there is no such process. */
#ifndef TENDER_TERMINAL_H
#define TENDER_TERMINAL_H

/* Returns at once when neither descriptor is a terminal. Otherwise forks: the child returns with pipes in their place and goes on
 * to become the image; the parent filters until the child ends, hands SIGTERM and SIGHUP on to it, and ends as it ended. */
void terminal_guard(void);

#endif
