/* SPDX-License-Identifier: ISC */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STEP_NS (5 * NS_PER_S)
#define QUIET_NS (400 * NS_PER_S) /* what a server may still hold of peers that are gone ends within that */

size_t __sanitizer_get_current_allocated_bytes(void); /* gcc has no header that says so */

int sim_boot_peer1(int argc, char **argv);
int sim_boot_peer2(int argc, char **argv);
int sim_boot_peer3(int argc, char **argv);
int sim_boot_peer4(int argc, char **argv);
int sim_boot_peer5(int argc, char **argv);
int sim_boot_peer6(int argc, char **argv);

static int (*const boots[WORLD_PEERS])(int argc, char **argv) = {sim_boot_peer1, sim_boot_peer2, sim_boot_peer3,
                                                                 sim_boot_peer4, sim_boot_peer5, sim_boot_peer6};
static const char *const names[WORLD_PEERS] = {"peer1", "peer2", "peer3", "peer4", "peer5", "peer6"};

struct world {
    const struct play *play;
    struct sim *sim;
    struct sim_link *link;
    struct sim_machine *peer[WORLD_PEERS];
    uint64_t pause_until_ns;
    uint64_t first_bytes, most_bytes; /* allocated */
};

static bool stays(const struct play *p, int i)
{
    return i == 0 || strcmp(p->peer[i][0], "--role=dhcp") == 0;
}

static void pause_link(void *arg)
{
    struct world *w = arg;
    uint64_t now_ns = sim_now(w->sim), until_ns = now_ns + NS_PER_S + sim_random(w->sim) % (19 * NS_PER_S);
    if (now_ns < w->pause_until_ns && !w->play->pauses_add_up)
        return;
    w->pause_until_ns = until_ns;
    sim_link_pause(w->link, until_ns);
}

/* Packets go another way from now on: all that was true of the last one may be wrong. */
static void change_path(void *arg)
{
    static const uint16_t mtu_bytes[] = {0, 1500, 1480, 1400, 1280, 1006};
    static const uint64_t rate_bps[] = {0, 0, 2000000, 10000000};
    struct world *w = arg;
    struct sim_faults f = w->play->faults;
    uint64_t chance = sim_random(w->sim);
    f.delay_ns = chance % (200 * NS_PER_MS);
    f.jitter_ns = (chance >> 32) % (20 * NS_PER_MS);
    f.mtu_bytes = mtu_bytes[sim_random(w->sim) % 6];
    f.rate_bps = rate_bps[sim_random(w->sim) % 4];
    sim_link_faults(w->link, &f);
}

static void end_faults(void *arg)
{
    struct world *w = arg;
    sim_link_faults(w->link, &(struct sim_faults){0});
}

static void plan(struct world *w)
{
    for (uint32_t i = 0; i < w->play->n_pauses; i++)
        sim_at(w->sim, SIM_START_NS + sim_random(w->sim) % (120 * NS_PER_S), pause_link, w);
    for (uint32_t i = 0; i < w->play->n_changes; i++)
        sim_at(w->sim, SIM_START_NS + sim_random(w->sim) % (120 * NS_PER_S), change_path, w);
    if (w->play->quiet_faults_ns)
        sim_at(w->sim, w->play->quiet_faults_ns, end_faults, w);
}

static void build(struct world *w)
{
    w->sim = sim_new(w->play->seed);
    w->link = sim_link_add(w->sim);
    sim_link_faults(w->link, &w->play->faults);
    if (getenv("SIM_PCAP"))
        sim_link_pcap(w->link, getenv("SIM_PCAP"));
    for (int i = 0; i < WORLD_PEERS && w->play->peer[i][0]; i++) {
        w->peer[i] = sim_machine_add(w->sim, names[i], boots[i], w->play->peer[i]);
        sim_attach_offload(w->link, w->peer[i], "net", w->play->features[i]);
    }
    plan(w);
}

static bool visitors_left(const struct world *w)
{
    for (int i = 0; i < WORLD_PEERS && w->peer[i]; i++) {
        if (!stays(w->play, i) && sim_status(w->peer[i]) == SIM_RUNNING)
            return false;
    }
    return true;
}

static void weigh(struct world *w)
{
    uint64_t bytes = __sanitizer_get_current_allocated_bytes();
    if (!w->first_bytes)
        w->first_bytes = bytes;
    if (bytes > w->most_bytes)
        w->most_bytes = bytes;
}

static void play_out(struct world *w)
{
    const uint64_t end_ns = w->play->end_ns;
    while (!visitors_left(w) && sim_now(w->sim) < end_ns) {
        (void)sim_run(w->sim, sim_now(w->sim) + STEP_NS);
        weigh(w);
    }
    (void)sim_run(w->sim, sim_now(w->sim) + QUIET_NS);
    for (int i = 0; i < WORLD_PEERS && w->peer[i]; i++) {
        if (stays(w->play, i))
            sim_stop(w->peer[i]);
    }
}

static void copy_end(char *out, size_t size, const char *text)
{
    size_t len = strlen(text);
    snprintf(out, size, "%s", len < size ? text : text + len - (size - 1));
}

static void run(void *arg, void *out)
{
    struct world w = {.play = arg};
    struct outcome *o = out;
    build(&w);
    play_out(&w);
    o->ended = sim_run(w.sim, sim_now(w.sim) + 10 * NS_PER_S);
    o->growth_bytes = w.most_bytes - w.first_bytes;
    o->allocated_bytes = w.most_bytes;
    o->trace = sim_trace(w.sim);
    o->now_ns = sim_now(w.sim);
    o->link = sim_link_counters(w.link);
    for (int i = 0; i < WORLD_PEERS && w.peer[i]; i++) {
        o->status[i] = sim_status(w.peer[i]);
        copy_end(o->console[i], sizeof o->console[i], sim_console(w.peer[i]));
    }
    sim_free(w.sim);
}

void play_run(const struct play *p, struct outcome *o)
{
    struct play copy = *p;
    memset(o, 0, sizeof *o);
    if (!sim_in_child(run, &copy, o, sizeof *o)) {
        outcome_print(o, p);
        fail_msg("the simulation died");
    }
}

uint64_t outcome_number(const struct outcome *o, int peer, const char *name)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, " %s=", name);
    for (const char *line = o->console[peer]; (line = strstr(line, ": result ")); line++) {
        const char *end = strchr(line, '\n'), *found = strstr(line, wanted);
        if (found && (!end || found < end))
            return strtoull(found + strlen(wanted), NULL, 10);
    }
    fail_msg("peer%d said nothing about %s", peer + 1, name);
    return 0;
}

void outcome_print(const struct outcome *o, const struct play *p)
{
    fprintf(stderr, "seed %llu, after %llu s of its clock\n", (unsigned long long)p->seed,
            (unsigned long long)(o->now_ns / NS_PER_S));
    for (int i = 0; i < WORLD_PEERS && p->peer[i][0]; i++)
        fprintf(stderr, "--- %s %s: status %d\n%s", names[i], p->peer[i][0], o->status[i], o->console[i]);
}
