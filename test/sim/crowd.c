/* SPDX-License-Identifier: ISC */
/* A server on the virtual network with a crowd at its door: CROWD idle connections (7,500), or a quarter as many slow readers,
 * at most 10,000. Beside them real clients, who must not notice. make sim-soak takes a crowd of 100,000. */
#include "test/sim/world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GROWTH_MAX_BYTES (1 << 20) /* frames under way and what peers said; a block for each connection would be more */
#define SPARE 300                  /* connections for the others, closed ones included */
#define IDLE_MAX_BYTES 1024
#define READERS_MAX 10000
#define PROBE_S 60
#define N_JOBS 36

static struct outcome alone, crowded; /* large */

static uint32_t n_crowd(void)
{
    const char *text = getenv("CROWD");
    return text ? (uint32_t)strtoul(text, NULL, 10) : 7500;
}

/* The arguments of a play, written out. */
struct setting {
    char connections[32], http[32], buffers[32], hold[32], begin[32], span[32];
};

/* Clients come 32 in a millisecond; those who look on begin when all others have come. Until all is served again it takes
 * as long. */
static struct setting setting_of(uint32_t n, uint32_t n_most)
{
    struct setting s;
    unsigned come_s = 20 + n_most / 32000;
    snprintf(s.connections, sizeof s.connections, "--connections=%u", (unsigned)n + SPARE);
    snprintf(s.http, sizeof s.http, "--http=%u", (unsigned)n + SPARE);
    snprintf(s.buffers, sizeof s.buffers, "--buffers=%uM", 4 + n_most / 500);
    snprintf(s.hold, sizeof s.hold, "--hold=%u", (unsigned)n);
    snprintf(s.begin, sizeof s.begin, "--after=%us", come_s);
    snprintf(s.span, sizeof s.span, "--for=%us", come_s + PROBE_S);
    return s;
}

static void play(struct play *p, struct outcome *o)
{
    p->seed = 1;
    p->end_ns = 3600 * NS_PER_S;
    p->faults = (struct sim_faults){.delay_ns = NS_PER_MS};
    play_run(p, o);
    bool good = o->ended && o->growth_bytes <= GROWTH_MAX_BYTES;
    for (int i = 0; i < WORLD_PEERS && p->peer[i][0]; i++)
        good = good && o->status[i] == 0;
    if (!good) {
        fprintf(stderr, "%llu bytes more were allocated\n", (unsigned long long)o->growth_bytes);
        outcome_print(o, p);
    }
    assert_true(good);
}

static void assert_probed(const struct outcome *o, int peer)
{
    assert_int_equal(outcome_number(o, peer, "good"), PROBE_S * 10);
    assert_int_equal(outcome_number(o, peer, "failed") + outcome_number(o, peer, "timeouts"), 0);
}

static void play_idle(uint32_t n, uint32_t n_most, struct outcome *o)
{
    struct setting s = setting_of(n, n_most);
    struct play p = {
        .peer = {{"--role=park", "--ipv4=10.0.0.1/24", "--ipv4-gateway=10.0.0.254", s.connections},
                 {"--role=crowd", "--hold-port=19", s.hold, s.span},
                 {"--role=client", "--ipv4=10.0.0.2/24", "--probe=true", "--hold-port=19", s.begin, "--for=60s"}}};
    play(&p, o);
    assert_int_equal(outcome_number(o, 1, "first_connected"), n);
    assert_int_equal(outcome_number(o, 1, "first_least"), 1000); /* each was served */
    assert_int_equal(outcome_number(o, 1, "last_least"), 2000);  /* and once more when it came back */
    assert_int_equal(outcome_number(o, 1, "last_most"), 2000);
    assert_int_equal(outcome_number(o, 1, "last_resets") + outcome_number(o, 1, "last_strange"), 0);
    assert_int_equal(outcome_number(o, 0, "parked_most"), n + 2); /* the probe's */
    assert_int_equal(outcome_number(o, 0, "idle_blocks"), 0);
    assert_int_equal(outcome_number(o, 0, "retransmitted"), 0);
    assert_true(outcome_number(o, 0, "most_fibers") < 16);
    assert_probed(o, 2);
}

static void idle_connections_cost_a_kilobyte_and_slow_nobody(void **state)
{
    uint32_t n = n_crowd();
    play_idle(1, n, &alone);
    play_idle(n, n, &crowded);
    double bytes = (double)(crowded.allocated_bytes - alone.allocated_bytes) / (n - 1);
    printf("%u idle connections: %.0f bytes each; a busy one waits %.6f ms, alone %.6f ms\n", (unsigned)n, bytes,
           (double)outcome_number(&crowded, 2, "wait_ns") / (PROBE_S * 10) / 1e6,
           (double)outcome_number(&alone, 2, "wait_ns") / (PROBE_S * 10) / 1e6);
    assert_true(bytes <= IDLE_MAX_BYTES);
    assert_int_equal(outcome_number(&crowded, 2, "wait_ns"), outcome_number(&alone, 2, "wait_ns"));
    assert_int_equal(outcome_number(&crowded, 2, "most_ns"), outcome_number(&alone, 2, "most_ns"));
    assert_int_equal(outcome_number(&crowded, 2, "bytes"), outcome_number(&alone, 2, "bytes"));
}

/* They ask for 250,000 bytes and take one in a second. */
static void play_slow(uint32_t n, uint32_t n_most, struct outcome *o)
{
    struct setting s = setting_of(n, n_most);
    struct play p = {
        .peer = {{"--role=server", "--ipv4=10.0.0.1/24", "--ipv4-gateway=10.0.0.254", s.connections, s.http, s.buffers},
                 {"--role=crowd", "--hold-file=5", "--hold-slow=true", s.hold, s.span},
                 {"--role=client", "--ipv4=10.0.0.2/24", "--probe=true", "--hold-file=3", s.begin, "--for=60s"},
                 {"--role=client", "--ipv4=10.0.0.3/24", s.begin}}};
    play(&p, o);
    assert_int_equal(outcome_number(o, 1, "last_connected"), n);
    assert_int_equal(outcome_number(o, 1, "last_resets"), 0);
    assert_true(outcome_number(o, 1, "last_least") >= PROBE_S); /* slow, but none starves */
    assert_probed(o, 2);
    assert_int_equal(outcome_number(o, 3, "good"), N_JOBS);
}

/* Their segments have to be sent, too: a hundredth is for that. */
static void assert_waits_hardly_longer(const char *name)
{
    uint64_t before = outcome_number(&alone, 2, name);
    assert_in_range(outcome_number(&crowded, 2, name), 1, before + before / 100);
}

static void slow_readers_slow_nobody_else(void **state)
{
    uint32_t n = n_crowd() / 4 < READERS_MAX ? n_crowd() / 4 : READERS_MAX;
    play_slow(1, n, &alone);
    play_slow(n, n, &crowded);
    printf("%u slow readers: a busy one waits %.6f ms, alone %.6f ms\n", (unsigned)n,
           (double)outcome_number(&crowded, 2, "wait_ns") / (PROBE_S * 10) / 1e6,
           (double)outcome_number(&alone, 2, "wait_ns") / (PROBE_S * 10) / 1e6);
    assert_waits_hardly_longer("wait_ns");
    assert_waits_hardly_longer("most_ns");
    assert_int_equal(outcome_number(&crowded, 2, "bytes"), outcome_number(&alone, 2, "bytes"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_connections_cost_a_kilobyte_and_slow_nobody),
        cmocka_unit_test(slow_readers_slow_nobody_else),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
