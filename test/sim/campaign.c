/* SPDX-License-Identifier: ISC */
/* Many clients and a server talk through bad links, and every byte arrives. Each weather is run with SIM_SEEDS seeds (2),
 * each seed twice: one seed is one run. JINN_SEED=N runs that seed alone, SIM_FIRST=N and those behind it. The weather's name
 * may be an argument. How far it is, and at the end how many seeds of each weather passed, is said on stdout. */
#include "test/sim/world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOUR_NS (3600 * NS_PER_S)
#define PERCENT 10000U /* ppm */

#define SEEDS_SAID 10

enum { OF_SERVER = 1, OF_CLIENTS = 2 };

struct weather {
    const char *name;
    struct sim_faults faults;
    uint32_t n_pauses;
    uint32_t n_changes;
    const char *mtu; /* of the clients */
    const char *server_mtu;
    const char *most; /* bytes of one transfer */
    bool dhcp;        /* clients ask for their addresses */
    bool storm;       /* all faults at once, as the seed says */
    uint8_t offload;  /* whose devices cut, join and sum */
    bool harsh;       /* connections may fail, with an error; otherwise each job must succeed */
    uint64_t n_seeds, n_passed, n_done, n_failed; /* what came of it: seeds, jobs */
    uint64_t n_joined;                            /* by the server's device */
};

static struct weather weathers[] = {
    {.name = "clear", .most = "256K"},
    {.name = "delay", .faults = {.delay_ns = 100 * NS_PER_MS, .jitter_ns = 50 * NS_PER_MS}},
    {.name = "loss_2", .faults = {.loss_ppm = 2 * PERCENT, .delay_ns = 10 * NS_PER_MS}},
    {.name = "loss_10", .faults = {.loss_ppm = 10 * PERCENT, .delay_ns = 5 * NS_PER_MS}, .most = "32K"},
    {.name = "loss_30", .faults = {.loss_ppm = 30 * PERCENT, .delay_ns = 1 * NS_PER_MS}, .most = "4K", .harsh = true},
    {.name = "reorder",
     .faults = {.reorder_ppm = 20 * PERCENT, .reorder_ns = 8 * NS_PER_MS, .delay_ns = 5 * NS_PER_MS}},
    {.name = "duplicate", .faults = {.duplicate_ppm = 30 * PERCENT, .jitter_ns = 3 * NS_PER_MS}},
    {.name = "corrupt", .faults = {.corrupt_ppm = 5 * PERCENT, .delay_ns = 2 * NS_PER_MS}, .harsh = true},
    {.name = "slow", .faults = {.rate_bps = 2000000, .queue_bytes = 20000, .delay_ns = 20 * NS_PER_MS}},
    {.name = "mtu_576",
     .faults = {.mtu_bytes = 576, .loss_ppm = PERCENT},
     .mtu = "--mtu=576",
     .server_mtu = "--mtu=1500"},
    {.name = "pauses", .faults = {.delay_ns = 10 * NS_PER_MS}, .n_pauses = 8},
    {.name = "long_pauses", .faults = {.delay_ns = 10 * NS_PER_MS}, .n_pauses = 16, .harsh = true},
    {.name = "dhcp",
     .faults = {.loss_ppm = 15 * PERCENT, .duplicate_ppm = 5 * PERCENT, .delay_ns = 5 * NS_PER_MS},
     .most = "16K",
     .dhcp = true},
    {.name = "offload", .faults = {.delay_ns = NS_PER_MS}, .most = "256K", .offload = OF_SERVER | OF_CLIENTS},
    {.name = "offload_out",
     .faults = {.loss_ppm = 2 * PERCENT, .delay_ns = 10 * NS_PER_MS},
     .most = "256K",
     .offload = OF_SERVER},
    {.name = "offload_in",
     .faults = {.reorder_ppm = 20 * PERCENT, .reorder_ns = 8 * NS_PER_MS, .delay_ns = 5 * NS_PER_MS},
     .offload = OF_CLIENTS},
    {.name = "offload_slow",
     .faults = {.rate_bps = 2000000, .queue_bytes = 20000, .delay_ns = 20 * NS_PER_MS},
     .offload = OF_SERVER | OF_CLIENTS},
    {.name = "offload_576",
     .faults = {.mtu_bytes = 576, .loss_ppm = PERCENT},
     .mtu = "--mtu=576",
     .server_mtu = "--mtu=1500",
     .offload = OF_SERVER | OF_CLIENTS},
    {.name = "offload_storm",
     .n_pauses = 3,
     .most = "32K",
     .storm = true,
     .offload = OF_SERVER | OF_CLIENTS,
     .harsh = true},
    {.name = "path_changes", .n_changes = 8},
    {.name = "path_changes_loss", .faults = {.loss_ppm = 3 * PERCENT}, .n_changes = 8, .most = "32K"},
    {.name = "black_hole", .faults = {.mtu_bytes = 1400, .delay_ns = 5 * NS_PER_MS}},
    {.name = "black_hole_1006", .faults = {.mtu_bytes = 1006, .delay_ns = 5 * NS_PER_MS}, .most = "32K"},
    {.name = "black_hole_to_server", .faults = {.mtu_bytes = 1280, .mtu_ports = 1, .delay_ns = 20 * NS_PER_MS}},
    {.name = "black_hole_from_server", .faults = {.mtu_bytes = 1280, .mtu_ports = ~1U, .delay_ns = 20 * NS_PER_MS}},
    {.name = "black_hole_pauses",
     .faults = {.mtu_bytes = 1400, .delay_ns = 10 * NS_PER_MS, .loss_ppm = PERCENT},
     .n_pauses = 4,
     .most = "32K"},
    {.name = "too_big", .faults = {.mtu_bytes = 1400, .mtu_tells = true, .delay_ns = 5 * NS_PER_MS}},
    {.name = "too_big_1006",
     .faults = {.mtu_bytes = 1006, .mtu_tells = true, .delay_ns = 5 * NS_PER_MS, .loss_ppm = 3 * PERCENT},
     .most = "32K"},
    {.name = "too_big_from_server",
     .faults = {.mtu_bytes = 1280, .mtu_ports = ~1U, .mtu_tells = true, .delay_ns = 20 * NS_PER_MS},
     .offload = OF_SERVER},
    {.name = "too_big_changes", .faults = {.mtu_tells = true}, .n_changes = 8},
    {.name = "storm", .n_pauses = 3, .most = "8K", .storm = true, .harsh = true},
};

/* A generator of the test's own: what the weather is must not depend on what the machines do. */
static uint64_t draw(uint64_t *state, uint64_t limit)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*state >> 33) % limit;
}

static struct sim_faults storm(uint64_t seed)
{
    uint64_t r = seed;
    (void)draw(&r, 1);
    return (struct sim_faults){.loss_ppm = (uint32_t)draw(&r, 20 * PERCENT),
                               .duplicate_ppm = (uint32_t)draw(&r, 20 * PERCENT),
                               .corrupt_ppm = (uint32_t)draw(&r, 3 * PERCENT),
                               .reorder_ppm = (uint32_t)draw(&r, 20 * PERCENT),
                               .delay_ns = draw(&r, 100 * NS_PER_MS),
                               .jitter_ns = draw(&r, 50 * NS_PER_MS),
                               .reorder_ns = draw(&r, 100 * NS_PER_MS),
                               .rate_bps = draw(&r, 2) ? 1000000 + draw(&r, 20000000) : 0};
}

static struct play play_of(const struct weather *w, uint64_t seed)
{
    static char most[32];
    const char *mtu = w->mtu ? w->mtu : "--mtu=1500", *server_mtu = w->server_mtu ? w->server_mtu : "--mtu=1500";
    snprintf(most, sizeof most, "--most=%s", w->most ? w->most : "64K");
    struct play p = {
        .seed = seed,
        .faults = w->storm ? storm(seed) : w->faults,
        .n_pauses = w->n_pauses,
        .pauses_add_up = w->harsh,
        .n_changes = w->n_changes,
        .end_ns = 10 * HOUR_NS,
        .peer = {{"--role=server", "--ipv4=10.0.0.1/24", server_mtu, "--idle=300s"}, /* TCP is to give up, not HTTP */
                 {"--role=client", most, mtu, w->dhcp ? NULL : "--ipv4=10.0.0.2/24"},
                 {"--role=client", most, mtu, w->dhcp ? NULL : "--ipv4=10.0.0.3/24"},
                 {"--role=client", most, mtu, w->dhcp ? NULL : "--ipv4=10.0.0.4/24"}},
    };
    for (int i = 0; i < 4; i++)
        p.features[i] = w->offload & (i == 0 ? OF_SERVER : OF_CLIENTS) ? NET_FEATURES : 0;
    p.peer[4][0] = w->dhcp ? "--role=dhcp" : NULL;
    return p;
}

static const char *fault_of_client(const struct outcome *o, int i, bool harsh, unsigned *n_jobs)
{
    uint64_t good = outcome_number(o, i, "good");
    uint64_t failed = outcome_number(o, i, "failed") + outcome_number(o, i, "timeouts");
    *n_jobs += (unsigned)(good + failed);
    if (outcome_number(o, i, "bad"))
        return "a client got other bytes than were sent";
    if (o->status[i] != 0)
        return "a client ended with an error, or did not get all blocks back";
    if (!harsh && failed)
        return "a connection failed";
    return harsh && failed > good ? "most connections failed" : NULL;
}

/* What is wrong with the run; NULL: nothing. */
static const char *fault_of(const struct outcome *o, const struct weather *w)
{
    unsigned n_jobs = 0;
    if (!o->ended)
        return "not all machines came to an end";
    for (int i = 1; i <= 3; i++) {
        const char *fault = fault_of_client(o, i, w->harsh, &n_jobs);
        if (fault)
            return fault;
    }
    if (n_jobs != 3 * 36)
        return "not all jobs were done";
    if (outcome_number(o, 0, "bad"))
        return "the server got other bytes than were sent";
    if (o->status[0] != 0)
        return "the server ended with an error, or did not get all blocks back";
    if (w->offload & OF_SERVER && !outcome_number(o, 0, "large_out"))
        return "the server's device cut nothing";
    if (w->faults.mtu_tells && w->faults.mtu_bytes && !outcome_number(o, 0, "path_mtu"))
        return "the server was not told how long packets may be";
    if (w->faults.corrupt_ppm && outcome_number(o, 0, "checksums") == 0)
        return "no checksum was wrong";
    return NULL;
}

static void fail_with(const struct outcome *o, const struct play *p, const struct weather *w, const char *fault)
{
    outcome_print(o, p);
    fail_msg("%s, seed %llu: %s; again by: JINN_SEED=%llu build/sims/campaign %s", w->name, (unsigned long long)p->seed,
             fault, (unsigned long long)p->seed, w->name);
}

static void say_run(const struct outcome *o, const char *name, uint64_t seed)
{
    uint64_t n_bytes = outcome_number(o, 1, "bytes") + outcome_number(o, 2, "bytes") + outcome_number(o, 3, "bytes");
    printf("%-10s seed %llu: %llu frames, %llu lost, %llu corrupted, %llu bytes received, %llu s of virtual time\n",
           name, (unsigned long long)seed, (unsigned long long)o->link.n_sent, (unsigned long long)o->link.n_lost,
           (unsigned long long)o->link.n_corrupted, (unsigned long long)n_bytes,
           (unsigned long long)(o->now_ns / NS_PER_S));
}

static struct outcome *run_seed(const struct weather *w, uint64_t seed)
{
    struct play p = play_of(w, seed);
    static struct outcome outcomes[2]; /* large */
    struct outcome *first = &outcomes[0], *again = &outcomes[1];
    play_run(&p, first);
    const char *fault = fault_of(first, w);
    if (fault)
        fail_with(first, &p, w, fault);
    if (getenv("SIM_ONCE") == NULL) {
        play_run(&p, again);
        if (memcmp(first, again, sizeof *first) != 0)
            fail_with(again, &p, w, "a second run went otherwise");
    }
    return first;
}

static uint64_t setting(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : fallback;
}

static void count_jobs(struct weather *w, const struct outcome *o)
{
    w->n_joined += outcome_number(o, 0, "large_in");
    for (int i = 1; i <= 3; i++) {
        w->n_done += outcome_number(o, i, "good");
        w->n_failed += outcome_number(o, i, "failed") + outcome_number(o, i, "timeouts");
    }
}

/* Of a few seeds each has a line, of many each tenth of them. */
static void every_byte_arrives(void **state)
{
    struct weather *w = *state;
    uint64_t first = setting("JINN_SEED", setting("SIM_FIRST", 1));
    w->n_seeds = getenv("JINN_SEED") ? 1 : setting("SIM_SEEDS", 2);
    for (uint64_t seed = first; seed < first + w->n_seeds; seed++) {
        const struct outcome *o = run_seed(w, seed);
        w->n_passed++;
        count_jobs(w, o);
        if (w->n_seeds <= SEEDS_SAID)
            say_run(o, w->name, seed);
        else if (w->n_passed * 10 / w->n_seeds != (w->n_passed - 1) * 10 / w->n_seeds)
            printf("%s: %llu of %llu seeds passed\n", w->name, (unsigned long long)w->n_passed,
                   (unsigned long long)w->n_seeds);
        fflush(stdout);
    }
    if (w->offload & OF_SERVER && w->n_seeds > 1 && !w->n_joined) /* a slow link may bring one frame after the other */
        fail_msg("%s: the server's device joined nothing in any seed", w->name);
}

static int say_all(void **state)
{
    printf("seeds that passed, and what became of their jobs:\n");
    for (const struct weather *w = weathers; w < weathers + ARRAY_LEN(weathers); w++) {
        if (w->n_seeds)
            printf("  %-22s %llu of %llu seeds, %llu jobs done, %llu failed with an error\n", w->name,
                   (unsigned long long)w->n_passed, (unsigned long long)w->n_seeds, (unsigned long long)w->n_done,
                   (unsigned long long)w->n_failed);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[ARRAY_LEN(weathers)];
    for (size_t i = 0; i < ARRAY_LEN(weathers); i++)
        tests[i] = (struct CMUnitTest){
            .name = weathers[i].name, .test_func = every_byte_arrives, .initial_state = &weathers[i]};
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, say_all);
}
