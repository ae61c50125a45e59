/* SPDX-License-Identifier: ISC */
/* A server under attack, or just busy: each limit is reached, what was dropped is counted, memory stays as it was, and
 * others are served. */
#include "test/sim/world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define GROWTH_MAX_BYTES (1 << 20) /* frames under way and what peers said; a block for each SYN would be more */
#define N_JOBS 36

static struct outcome o; /* large */

/* Runs a server beside three others, and checks what always holds. */
static void play(const char *const server[2], const char *const others[3][WORLD_ARGUMENTS])
{
    struct play p = {.seed = 1, .end_ns = 3600 * NS_PER_S, .faults = {.delay_ns = NS_PER_MS}};
    p.peer[0][0] = "--role=server";
    p.peer[0][1] = "--ipv4=10.0.0.1/24";
    p.peer[0][2] = server[0];
    p.peer[0][3] = server[0] ? server[1] : NULL;
    memcpy(p.peer[1], others, 3 * sizeof others[0]);
    play_run(&p, &o);
    bool good = o.ended && o.growth_bytes <= GROWTH_MAX_BYTES;
    for (int i = 0; i < WORLD_PEERS && p.peer[i][0]; i++)
        good = good && o.status[i] == 0;
    if (!good)
        outcome_print(&o, &p);
    assert_true(good);
}

static void assert_served(int peer)
{
    assert_int_equal(outcome_number(&o, peer, "good"), N_JOBS);
    assert_int_equal(outcome_number(&o, peer, "failed") + outcome_number(&o, peer, "timeouts"), 0);
}

static const char *const plain[2] = {NULL};

/* The server's SYN-ACKs find their way, and nobody answers. */
static void a_syn_flood_from_elsewhere(void **state)
{
    static const char *const server[2] = {"--ipv4-gateway=10.0.0.254"};
    play(server, (const char *const[3][WORLD_ARGUMENTS]){
                     {"--role=client", "--ipv4=10.0.0.2/24", "--after=3s"},
                     {"--role=client", "--ipv4=10.0.0.3/24", "--after=3s"},
                     {"--role=attacker", "--off-link", "--rate=2000", "--for=20s"},
                 });
    assert_served(1);
    assert_served(2);
    assert_true(outcome_number(&o, 3, "sent") > 15000);
    /* Of those to ports that are open, all but a tableful were answered with cookies. */
    assert_true(outcome_number(&o, 0, "cookies") > outcome_number(&o, 3, "sent") / 4 * 3 - 512);
    assert_true(outcome_number(&o, 0, "half_most") == 256);
    assert_true(outcome_number(&o, 0, "resets_out") > 1000); /* for the port that is closed */
}

/* Each sender is to be asked for by ARP, and does not exist. */
static void a_syn_flood_from_the_link(void **state)
{
    play(plain, (const char *const[3][WORLD_ARGUMENTS]){
                    {"--role=client", "--ipv4=10.0.0.2/24", "--after=3s"},
                    {"--role=client", "--ipv4=10.0.0.3/24", "--after=3s"},
                    {"--role=attacker", "--rate=2000", "--for=20s"},
                });
    assert_served(1);
    assert_served(2);
    assert_true(outcome_number(&o, 0, "arp_dropped") > 1000);
    assert_true(outcome_number(&o, 0, "half_most") <= 256);
}

static void a_storm_of_fragments(void **state)
{
    play(plain, (const char *const[3][WORLD_ARGUMENTS]){
                    {"--role=client", "--ipv4=10.0.0.2/24", "--after=3s"},
                    {"--role=client", "--ipv4=10.0.0.3/24", "--after=3s"},
                    {"--role=attacker", "--fragments", "--rate=2000", "--for=20s"},
                });
    assert_served(1);
    assert_served(2);
    assert_true(outcome_number(&o, 3, "sent") > 15000);
    assert_true(outcome_number(&o, 0, "fragments_dropped") > 10000);
}

static void more_connections_than_tcp_takes(void **state)
{
    static const char *const server[2] = {"--connections=64"};
    play(server, (const char *const[3][WORLD_ARGUMENTS]){
                     {"--role=client", "--ipv4=10.0.0.2/24", "--hold=100", "--hold-port=7", "--for=30s"},
                     {"--role=client", "--ipv4=10.0.0.3/24", "--after=300s"},
                 });
    assert_int_equal(outcome_number(&o, 1, "held"), 64);
    assert_int_equal(outcome_number(&o, 1, "refused"), 36);
    assert_true(outcome_number(&o, 0, "full") > 0);
    assert_served(2); /* once the others have gone */
}

static void more_connections_than_http_takes(void **state)
{
    play(plain, (const char *const[3][WORLD_ARGUMENTS]){
                    {"--role=client", "--ipv4=10.0.0.2/24", "--hold=200", "--for=30s"},
                    {"--role=client", "--ipv4=10.0.0.3/24", "--hold=200", "--for=30s"},
                    {"--role=client", "--ipv4=10.0.0.4/24", "--after=60s"},
                });
    uint64_t held = outcome_number(&o, 1, "held") + outcome_number(&o, 2, "held");
    assert_int_equal(held + outcome_number(&o, 1, "refused") + outcome_number(&o, 2, "refused"), 400);
    assert_true(held >= 256 && held <= 256 + 16); /* those that are told 503 count among them for a moment */
    assert_true(outcome_number(&o, 0, "http_refused") > 0);
    assert_served(3);
}

static void many_idle_connections(void **state)
{
    static const char *const server[2] = {"--idle=20s"};
    play(server, (const char *const[3][WORLD_ARGUMENTS]){
                     {"--role=client", "--ipv4=10.0.0.2/24", "--hold=200", "--for=60s"},
                     {"--role=client", "--ipv4=10.0.0.3/24", "--after=2s"},
                 });
    assert_served(2);
    assert_int_equal(outcome_number(&o, 1, "held"), 0); /* the server ended them */
    assert_int_equal(outcome_number(&o, 1, "refused"), 200);
    assert_true(outcome_number(&o, 0, "most_fibers") < 32); /* an idle connection has none */
}

static void slow_readers(void **state)
{
    play(plain, (const char *const[3][WORLD_ARGUMENTS]){
                    {"--role=client", "--ipv4=10.0.0.2/24", "--hold=100", "--hold-port=19", "--hold-slow", "--for=120s",
                     "--buffers=64M"},
                    {"--role=client", "--ipv4=10.0.0.3/24", "--after=10s"},
                });
    assert_served(2);
    assert_int_equal(outcome_number(&o, 1, "held"), 100);
    assert_true(outcome_number(&o, 2, "done_ms") < 100 * 1000); /* while they were reading */
}

/* The client is the one in trouble: four of its connections get more than it reads, and the others still want to speak. */
static void data_that_nobody_reads_leaves_room(void **state)
{
    play(plain, (const char *const[3][WORLD_ARGUMENTS]){
                    {"--role=client", "--ipv4=10.0.0.2/24", "--hold=40", "--hold-port=19", "--hold-slow", "--for=60s"},
                });
    assert_int_equal(outcome_number(&o, 1, "held"), 40);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_syn_flood_from_elsewhere),
        cmocka_unit_test(a_syn_flood_from_the_link),
        cmocka_unit_test(a_storm_of_fragments),
        cmocka_unit_test(more_connections_than_tcp_takes),
        cmocka_unit_test(more_connections_than_http_takes),
        cmocka_unit_test(many_idle_connections),
        cmocka_unit_test(slow_readers),
        cmocka_unit_test(data_that_nobody_reads_leaves_room),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
