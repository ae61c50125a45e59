/* SPDX-License-Identifier: ISC */
/* A simulation of peers (test/sim/peer): one server and whoever talks to it, on one link with faults. A play is run in a
 * child process from its settings alone, so the same settings are the same run. */
#ifndef WORLD_H
#define WORLD_H

#include "plat/sim/sim.h"

#include <jinn/time.h>

#define WORLD_PEERS 6 /* copies of the object that mk/sim.mk makes */
#define WORLD_ARGUMENTS 10

struct play {
    uint64_t seed;
    struct sim_faults faults;
    uint32_t n_pauses;        /* of the link, 1 to 20 s each, in its first minutes */
    bool pauses_add_up;       /* one may come while another lasts, so that none knows how long it will be */
    uint32_t n_changes;       /* of the path in its first minutes: delay, rate, and how long packets may be */
    uint64_t end_ns;          /* the run has to be over then, by the virtual clock */
    uint64_t quiet_faults_ns; /* from then on the link is perfect; 0: never */
    /* The server is the first; it is stopped when all others but the DHCP server have ended and its connections had the
     * time to end, too. */
    const char *peer[WORLD_PEERS][WORLD_ARGUMENTS]; /* arguments, up to a NULL; no arguments: no peer */
    uint32_t features[WORLD_PEERS];                 /* enum net_feature of its device */
};

struct outcome {
    uint64_t trace, now_ns;
    bool ended;
    int status[WORLD_PEERS];
    struct sim_link_counters link;
    uint64_t growth_bytes; /* the most that all machines, and frames under way, took beyond what they had after 5 s */
    uint64_t allocated_bytes;        /* by all together, at most */
    char console[WORLD_PEERS][4096]; /* the end of each */
};

/* Runs the play. Fails the test when its process dies. With SIM_PCAP=FILE it leaves a capture for Wireshark. */
void play_run(const struct play *p, struct outcome *o);
/* The number behind name= in the peer's results; fails the test when there is none. */
uint64_t outcome_number(const struct outcome *o, int peer, const char *name);
/* Writes what everybody said, and the seed. */
void outcome_print(const struct outcome *o, const struct play *p);

#endif
