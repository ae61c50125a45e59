/* SPDX-License-Identifier: ISC */
/* Two appliances and a faulty link: the simulator itself is what is tested here. */
#include "plat/sim/sim.h"

#include <jinn/time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int sim_boot_caller(int argc, char **argv);
int sim_boot_echo(int argc, char **argv);
int sim_boot_deaf(int argc, char **argv);

struct result {
    uint64_t trace;
    uint64_t end_ns;
    bool ended, served;
    int caller_status, echo_status;
    char console[256];
    struct sim_link_counters counters;
    unsigned good, bad;
};

struct setting {
    uint64_t seed;
    struct sim_faults faults;
    const char *argument;
    uint64_t cut_ns;
    const char *pcap;
};

static void stop_machine(void *arg)
{
    sim_stop(arg);
}

static void cut_machine(void *arg)
{
    sim_power_cut(arg);
}

static void play(void *arg, void *out)
{
    const struct setting *setting = arg;
    struct result *r = out;
    const char *const arguments[] = {setting->argument, NULL};
    struct sim *s = sim_new(setting->seed);
    struct sim_machine *caller = sim_machine_add(s, "caller", sim_boot_caller, arguments);
    struct sim_machine *echo = sim_machine_add(s, "echo", sim_boot_echo, NULL);
    struct sim_link *l = sim_link_add(s);
    sim_attach(l, caller, "net");
    sim_attach(l, echo, "net");
    sim_link_faults(l, &setting->faults);
    if (setting->pcap)
        sim_link_pcap(l, setting->pcap);
    if (setting->cut_ns)
        sim_at(s, setting->cut_ns, cut_machine, echo);
    sim_at(s, 100 * NS_PER_S, stop_machine, echo);
    r->ended = sim_run(s, 200 * NS_PER_S);
    r->trace = sim_trace(s);
    r->end_ns = sim_now(s);
    r->caller_status = sim_status(caller);
    r->echo_status = sim_status(echo);
    r->served = sim_serves(echo, "echo", 7);
    r->counters = sim_link_counters(l);
    snprintf(r->console, sizeof r->console, "%s%s", sim_console(caller), sim_console(echo));
    const char *good = strstr(r->console, "good ");
    if (good)
        sscanf(good, "good %u bad %u", &r->good, &r->bad);
    sim_free(s);
}

static struct result run(struct setting setting)
{
    struct result r = {0};
    assert_true(sim_in_child(play, &setting, &r, sizeof r));
    return r;
}

static const struct sim_faults faulty = {.loss_ppm = 100000,
                                         .duplicate_ppm = 50000,
                                         .corrupt_ppm = 50000,
                                         .reorder_ppm = 100000,
                                         .delay_ns = 5 * NS_PER_MS,
                                         .jitter_ns = 2 * NS_PER_MS,
                                         .reorder_ns = 10 * NS_PER_MS,
                                         .rate_bps = 10000000};

static void perfect_link(void **state)
{
    struct result r = run((struct setting){.seed = 1, .argument = "--frames=50"});
    assert_true(r.ended);
    assert_int_equal(r.caller_status, 0);
    assert_int_equal(r.echo_status, 5);
    assert_true(r.served);
    assert_int_equal(r.good, 50);
    assert_int_equal(r.bad, 0);
    assert_int_equal(r.counters.n_delivered, 100);
    assert_non_null(strstr(r.console, "info  echo: answered 50\n"));
    assert_true(r.end_ns >= 100 * NS_PER_S && r.end_ns < 101 * NS_PER_S);
}

static void one_seed_one_run(void **state)
{
    struct setting setting = {.seed = 42, .argument = "--frames=200", .faults = faulty};
    struct result first = run(setting), again = run(setting);
    assert_memory_equal(&first, &again, sizeof first);
    setting.seed = 43;
    struct result other = run(setting);
    assert_true(other.trace != first.trace);
    assert_string_not_equal(other.console, first.console);
}

static void every_fault_happens(void **state)
{
    struct result r = run((struct setting){.seed = 7, .argument = "--frames=500", .faults = faulty});
    struct sim_link_counters *c = &r.counters;
    assert_true(r.ended);
    assert_true(c->n_lost > 20 && c->n_duplicated > 5 && c->n_corrupted > 5 && c->n_reordered > 20);
    assert_int_equal(c->n_delivered, c->n_sent - c->n_lost + c->n_duplicated);
    assert_true(r.good > 250 && r.good < 500);
    assert_true(r.bad > 0);
}

static void nothing_gets_through_a_small_mtu(void **state)
{
    struct result r = run((struct setting){.seed = 7, .argument = "--frames=10", .faults = {.mtu_bytes = 45}});
    assert_int_equal(r.counters.n_too_long, 10);
    assert_int_equal(r.good, 0);
}

static void slow_link_refuses(void **state)
{
    struct result r =
        run((struct setting){.seed = 7, .argument = "--frames=10", .faults = {.rate_bps = 10000, .queue_bytes = 120}});
    assert_int_equal(r.caller_status, 2); /* it gives up when the queue is full */
    assert_int_equal(r.counters.n_refused, 1);
    assert_int_equal(r.counters.n_sent, 4); /* two that fit, and their echoes */
}

static void power_cut(void **state)
{
    struct result r =
        run((struct setting){.seed = 1, .argument = "--frames=50", .cut_ns = SIM_START_NS + 20 * NS_PER_MS});
    assert_true(r.ended);
    assert_int_equal(r.echo_status, SIM_POWER_CUT);
    assert_true(r.good > 10 && r.good < 25);
}

static void wrong_argument(void **state)
{
    struct result r = run((struct setting){.seed = 1, .argument = "--frame=50"});
    assert_int_equal(r.caller_status, 64);
    assert_string_equal(strtok(r.console, "\n"), "caller: there is no key --frame; did you mean --frames?");
}

static void stop_the_deaf(void *arg, void *out)
{
    const char *const arguments[] = {arg, NULL};
    struct sim *s = sim_new(1);
    struct sim_machine *deaf = sim_machine_add(s, "deaf", sim_boot_deaf, arguments);
    sim_attach(sim_link_add(s), deaf, "net");
    sim_at(s, SIM_START_NS + NS_PER_S, stop_machine, deaf);
    (void)sim_run(s, SIM_START_NS + 2 * NS_PER_S);
    *(int *)out = sim_status(deaf);
    sim_free(s);
}

/* Who looks has its own way to end, however long that takes. */
static void who_never_looks_for_a_stop_is_ended(void **state)
{
    int status = 0;
    assert_true(sim_in_child(stop_the_deaf, NULL, &status, sizeof status));
    assert_int_equal(status, 143);
    assert_true(sim_in_child(stop_the_deaf, (char[]){"--looks"}, &status, sizeof status));
    assert_int_equal(status, SIM_RUNNING);
}

static void capture(void **state)
{
    char path[] = "/tmp/jinn-sim-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)run((struct setting){.seed = 1, .argument = "--frames=3", .pcap = path});
    FILE *f = fdopen(fd, "rb");
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    assert_int_equal(ftell(f), 24 + 6 * (16 + 60));
    fclose(f);
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(perfect_link),
        cmocka_unit_test(one_seed_one_run),
        cmocka_unit_test(every_fault_happens),
        cmocka_unit_test(nothing_gets_through_a_small_mtu),
        cmocka_unit_test(slow_link_refuses),
        cmocka_unit_test(power_cut),
        cmocka_unit_test(wrong_argument),
        cmocka_unit_test(capture),
        cmocka_unit_test(who_never_looks_for_a_stop_is_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
