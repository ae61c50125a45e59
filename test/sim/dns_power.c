/* SPDX-License-Identifier: ISC */
/* A name server (appliances/nameserver, as `jinn build` makes it) that gets updates while its power is cut, by chance and at each
 * single write and flush of its journal, and a secondary whose power is cut while zones come. The machine that sends the updates
 * (updater/) says what is wrong:
 *
 * - an update that was answered is not there, of one that was not there is a part, a serial number went back;
 * - what came by IXFR is not what came by AXFR;
 * - the secondary serves a mixture of two versions, or doesn't come after.
 *
 * That it finds such things is shown by disks that say of a flush that it is done when it isn't, which is the same as a server that
 * answers before it flushes: in nearly every play of such a disk there must be a fault. */
#include "plat/sim/sim.h"

#include <jinn/time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LIVES 6 /* of a machine: copies of its object that mk/sim.mk makes */
#define STEP_NS (5 * NS_PER_MS)
#define MOST_NS (2000 * NS_PER_S)
#define KEY "sim hmac-sha256 c2ltdWxhdGlvbi1vZi1wb3dlci1jdXRzIQ=="

int sim_boot_updater(int argc, char **argv);
int sim_boot_primary1(int argc, char **argv);
int sim_boot_primary2(int argc, char **argv);
int sim_boot_primary3(int argc, char **argv);
int sim_boot_primary4(int argc, char **argv);
int sim_boot_primary5(int argc, char **argv);
int sim_boot_primary6(int argc, char **argv);
int sim_boot_secondary1(int argc, char **argv);
int sim_boot_secondary2(int argc, char **argv);
int sim_boot_secondary3(int argc, char **argv);
int sim_boot_secondary4(int argc, char **argv);
int sim_boot_secondary5(int argc, char **argv);
int sim_boot_secondary6(int argc, char **argv);

typedef int boot_fn(int argc, char **argv);
static boot_fn *const primaries[LIVES] = {sim_boot_primary1, sim_boot_primary2, sim_boot_primary3,
                                          sim_boot_primary4, sim_boot_primary5, sim_boot_primary6};
static boot_fn *const secondaries[LIVES] = {sim_boot_secondary1, sim_boot_secondary2, sim_boot_secondary3,
                                            sim_boot_secondary4, sim_boot_secondary5, sim_boot_secondary6};

struct play {
    uint64_t seed;
    uint64_t disk_bytes;
    uint32_t block_bytes;
    bool torn, flush_lies;
    uint64_t cut_at; /* the primary's power goes in its n-th write, flush or discard; 0: never so */
    unsigned n_cuts; /* by chance besides, of the primary */
    bool has_secondary;
    unsigned n_secondary_cuts;
    struct sim_faults faults; /* of the link */
    const char *updates;      /* "--updates=N" of each zone */
};

struct outcome {
    bool good;
    uint64_t n_operations; /* of the disk, until the updates were sent */
    unsigned n_cuts, n_secondary_cuts, n_changes, n_gone, n_failed;
    unsigned n_broken; /* transfers to the secondary that ended before they were whole, and its lives that did */
    char said[4096];   /* what all machines said, its end */
};

/* ---- A machine that comes back ---- */

struct server {
    struct sim *sim;
    struct sim_machine *machine;
    struct sim_disk *journal; /* NULL: none */
    boot_fn *const *boot;
    unsigned life;
    unsigned n_cuts;        /* to come, by chance */
    uint64_t within_ns;     /* of being switched on */
    uint64_t cut_ns, on_ns; /* TIME_NEVER: not planned */
    unsigned n_without;     /* lives that ended before the longer zone had come */
    char *said;
};

/* Some time after it was switched on, or so soon that zones are still on their way, as at the first time; or in one of its next
 * writes and flushes, which may be those of a start or of a sum. */
static void plan_cut(struct server *s)
{
    uint64_t within_ns = s->life && sim_random(s->sim) % 2 ? 5 * NS_PER_S : NS_PER_S;
    s->on_ns = s->cut_ns = TIME_NEVER;
    if (s->n_cuts == 0)
        return;
    s->n_cuts--;
    if (s->journal && s->life && sim_random(s->sim) % 2)
        sim_disk_cut_at(s->journal, 1 + sim_random(s->sim) % 16);
    else
        s->cut_ns = sim_now(s->sim) + sim_random(s->sim) % within_ns;
}

static void keep_said(struct server *s)
{
    size_t was = s->said ? strlen(s->said) : 0, len = strlen(sim_console(s->machine));
    s->said = realloc(s->said, was + len + 1);
    memcpy(s->said + was, sim_console(s->machine), len + 1);
}

static void switch_on(struct server *s)
{
    if (++s->life == LIVES)
        return; /* no more copies: the updater says that it doesn't come back */
    keep_said(s);
    s->n_without += !strstr(sim_console(s->machine), "zone a.test.: version");
    s->machine = sim_power_on(s->machine, s->boot[s->life]);
    plan_cut(s);
}

/* Cuts its power when it is time, and switches it on some time after. */
static void attend(struct server *s)
{
    if (!s->machine)
        return;
    if (sim_now(s->sim) >= s->cut_ns)
        sim_power_cut(s->machine);
    if (sim_status(s->machine) != SIM_POWER_CUT)
        return;
    if (s->on_ns == TIME_NEVER)
        s->on_ns = sim_now(s->sim) + sim_random(s->sim) % (3 * NS_PER_S);
    s->cut_ns = TIME_NEVER;
    if (sim_now(s->sim) >= s->on_ns)
        switch_on(s);
}

/* ---- A play ---- */

struct world {
    const struct play *play;
    struct sim *sim;
    struct sim_link *link;
    struct sim_disk *disk;
    struct sim_machine *updater;
    struct server primary, secondary;
};

static void add_server(struct world *w, struct server *s, const char *name, boot_fn *const *boot,
                       const char *const *arguments, struct sim_disk *disk)
{
    *s = (struct server){.sim = w->sim, .boot = boot, .cut_ns = TIME_NEVER, .on_ns = TIME_NEVER};
    s->machine = sim_machine_add(w->sim, name, boot[0], arguments);
    sim_attach(w->link, s->machine, "service");
    if (disk)
        sim_disk_attach(disk, s->machine, "journal");
    sim_secret_add(s->machine, "tsig", bytes_str(KEY));
}

static void build(struct world *w)
{
    static const char *const primary[] = {"--ipv4=10.0.0.1/24", "--update=key:sim", "--transfer=key:sim",
                                          "--secondaries=10.0.0.2+key:sim", NULL};
    static const char *const secondary[] = {"--ipv4=10.0.0.2/24", "--primaries=10.0.0.1+key:sim",
                                            "--secondary=a.test b.test", "--transfer=key:sim", NULL};
    const struct play *p = w->play;
    const struct sim_disk_faults faults = {.torn = p->torn, .flush_lies = p->flush_lies};
    const char *const updater[] = {"--ipv4=10.0.0.3/24", "--server=10.0.0.1", p->updates,
                                   p->has_secondary ? "--secondary=10.0.0.2" : NULL, NULL};
    w->sim = sim_new(p->seed);
    w->link = sim_link_add(w->sim);
    sim_link_faults(w->link, &p->faults);
    if (getenv("SIM_PCAP"))
        sim_link_pcap(w->link, getenv("SIM_PCAP"));
    w->disk = sim_disk_add(w->sim, p->disk_bytes, p->block_bytes);
    sim_disk_faults(w->disk, &faults);
    sim_disk_cut_at(w->disk, p->cut_at);
    add_server(w, &w->primary, "primary", primaries, primary, w->disk);
    w->primary.journal = w->disk;
    w->primary.n_cuts = p->n_cuts;
    plan_cut(&w->primary);
    if (p->has_secondary) {
        add_server(w, &w->secondary, "secondary", secondaries, secondary, NULL);
        w->secondary.n_cuts = p->n_secondary_cuts;
        plan_cut(&w->secondary);
    }
    w->updater = sim_machine_add(w->sim, "updater", sim_boot_updater, updater);
    sim_attach(w->link, w->updater, "net");
    sim_secret_add(w->updater, "tsig", bytes_str(KEY));
}

/* When all has been sent, what the primary has in its memory alone is gone, too. */
static void cut_at_the_end(struct world *w, struct outcome *o)
{
    if (o->n_operations || !strstr(sim_console(w->updater), "all sent"))
        return;
    o->n_operations = sim_disk_operations(w->disk);
    sim_power_cut(w->primary.machine);
    w->primary.n_cuts = 0;
}

static void play_out(struct world *w, struct outcome *o)
{
    while (sim_status(w->updater) == SIM_RUNNING && sim_now(w->sim) < MOST_NS) {
        (void)sim_run(w->sim, sim_now(w->sim) + STEP_NS);
        cut_at_the_end(w, o);
        attend(&w->primary);
        attend(&w->secondary);
    }
}

static unsigned number(const char *console, const char *name)
{
    const char *line = strstr(console, "result "), *found = line ? strstr(line, name) : NULL;
    return found ? (unsigned)strtoul(found + strlen(name), NULL, 10) : 0;
}

static unsigned count(const char *text, const char *wanted)
{
    unsigned n = 0;
    for (; (text = strstr(text, wanted)); text++)
        n++;
    return n;
}

static void say(struct outcome *o, const char *text)
{
    size_t len = strlen(text), room = sizeof o->said - 1 - strlen(o->said);
    strcat(o->said, len <= room ? text : text + len - room);
}

static void run(void *arg, void *out)
{
    struct world w = {.play = arg};
    struct outcome *o = out;
    build(&w);
    play_out(&w, o);
    o->good = sim_status(w.updater) == 0 && sim_status(w.primary.machine) == SIM_RUNNING &&
              (!w.secondary.machine || sim_status(w.secondary.machine) == SIM_RUNNING);
    o->n_cuts = w.primary.life;
    o->n_secondary_cuts = w.secondary.life;
    o->n_changes = number(sim_console(w.updater), " changes=");
    o->n_gone = number(sim_console(w.updater), " gone=");
    o->n_failed = number(sim_console(w.updater), " failed=");
    keep_said(&w.primary);
    say(o, sim_console(w.updater));
    say(o, w.primary.said + (strlen(w.primary.said) > 1500 ? strlen(w.primary.said) - 1500 : 0));
    if (!w.secondary.machine)
        return;
    keep_said(&w.secondary);
    o->n_broken = w.secondary.n_without + count(w.secondary.said, "the connection ended before the transfer did");
    say(o, sim_console(w.secondary.machine));
}

static void play(const struct play *p, struct outcome *o)
{
    struct play copy = *p;
    memset(o, 0, sizeof *o);
    if (!sim_in_child(run, &copy, o, sizeof *o))
        strcat(o->said, "the simulation died\n");
}

static void play_well(const struct play *p, struct outcome *o)
{
    play(p, o);
    if (o->good && o->n_failed == 0)
        return;
    fprintf(stderr, "%s", o->said);
    fail_msg("seed %llu, cut at operation %llu%s: SIM_ECHO=1 JINN_SEED=%llu build/sims/dns_power shows it again",
             (unsigned long long)p->seed, (unsigned long long)p->cut_at, p->torn ? ", torn" : "",
             (unsigned long long)p->seed);
}

static uint64_t setting(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : fallback;
}

/* ---- Plays ---- */

/* The journal of 8 blocks of 4096 in each half is summed up every few updates; that of 512 is never. */
static struct play a_play(uint64_t seed)
{
    bool small = seed % 3 != 0;
    return (struct play){.seed = seed,
                         .disk_bytes = small ? 96 << 10 : 128 << 10,
                         .block_bytes = small ? 4096 : 512,
                         .torn = seed % 2,
                         .updates = "--updates=16"};
}

/* In a play that is otherwise the same. How many plays that were. */
static uint64_t cut_at_each_operation(uint64_t seed)
{
    struct outcome o;
    struct play p = a_play(seed);
    play_well(&p, &o);
    uint64_t n = o.n_operations;
    for (p.cut_at = 1; p.cut_at <= n; p.cut_at++) {
        play_well(&p, &o);
        assert_true(o.n_changes > 0);
        assert_int_equal(o.n_cuts, 2); /* and that at the end */
    }
    return n + 1;
}

static void power_goes_at_each_operation_of_the_journal(void **state)
{
    uint64_t n_plays = 0, first = setting("JINN_SEED", 1), n_seeds = 1 + setting("SIM_SEEDS", 0) / 10;
    for (uint64_t seed = first; seed < first + n_seeds; seed++)
        n_plays += cut_at_each_operation(seed);
    printf("%llu plays\n", (unsigned long long)n_plays);
}

static const struct sim_faults bad_link = {.loss_ppm = 30000,
                                           .duplicate_ppm = 50000,
                                           .reorder_ppm = 50000,
                                           .delay_ns = 2 * NS_PER_MS,
                                           .jitter_ns = NS_PER_MS,
                                           .reorder_ns = 400 * NS_PER_MS};
/* A transfer of a.test takes a second, in five messages. */
static const struct sim_faults slow_link = {.delay_ns = 5 * NS_PER_MS, .rate_bps = 500000};

/* As many seeds as SIM_SEEDS says, or JINN_SEED alone if it is given. How many transfers were broken off. */
static uint64_t play_seeds(uint64_t n_seeds, void (*change)(struct play *p), void (*check)(const struct outcome *o))
{
    uint64_t n_cuts = 0, n_secondary_cuts = 0, n_broken = 0, first = setting("JINN_SEED", 1);
    n_seeds = getenv("JINN_SEED") ? 1 : setting("SIM_SEEDS", n_seeds);
    for (uint64_t seed = first; seed < first + n_seeds; seed++) {
        struct outcome o;
        struct play p = a_play(seed);
        change(&p);
        play_well(&p, &o);
        check(&o);
        n_cuts += o.n_cuts;
        n_secondary_cuts += o.n_secondary_cuts;
        n_broken += o.n_broken;
    }
    printf("%llu plays, power went %llu times on the primary, %llu times on the secondary; %llu transfers broken off\n",
           (unsigned long long)n_seeds, (unsigned long long)n_cuts, (unsigned long long)n_secondary_cuts,
           (unsigned long long)n_broken);
    return n_broken;
}

static void by_chance(struct play *p)
{
    p->n_cuts = 4;
    p->faults = bad_link;
    p->updates = "--updates=40";
}

static void some_changes(const struct outcome *o)
{
    assert_true(o->n_changes > 0 && o->n_cuts > 0);
}

static void power_goes_by_chance_on_a_bad_link(void **state)
{
    (void)play_seeds(4, by_chance, some_changes);
}

/* The secondary stays up: what it once had it has until there is a later one. */
static void primary_goes(struct play *p)
{
    p->n_cuts = 4;
    p->faults = slow_link;
    p->updates = "--updates=30";
    p->has_secondary = true;
}

static void always_there(const struct outcome *o)
{
    assert_int_equal(o->n_gone, 0);
}

static void a_secondary_follows_a_primary_that_goes_while_it_sends(void **state)
{
    assert_true(play_seeds(4, primary_goes, always_there) > 0 || getenv("JINN_SEED"));
}

static void secondary_goes(struct play *p)
{
    p->n_cuts = 1;
    p->n_secondary_cuts = 4;
    p->faults = p->seed % 2 ? slow_link : bad_link;
    p->updates = "--updates=30";
    p->has_secondary = true;
}

static void it_went(const struct outcome *o)
{
    assert_true(o->n_secondary_cuts > 0);
}

static void a_secondary_that_goes_while_zones_come_serves_whole_ones(void **state)
{
    assert_true(play_seeds(4, secondary_goes, it_went) > 0 || getenv("JINN_SEED"));
}

static void a_disk_that_lies_is_found(void **state)
{
    unsigned n_found = 0, n = 6;
    for (uint64_t seed = 1; seed <= n; seed++) {
        struct outcome o;
        struct play p = a_play(seed);
        p.flush_lies = true;
        p.n_cuts = 4;
        play(&p, &o);
        n_found += !o.good;
    }
    assert_in_range(n_found, n - 1, n);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_goes_at_each_operation_of_the_journal),
        cmocka_unit_test(power_goes_by_chance_on_a_bad_link),
        cmocka_unit_test(a_secondary_follows_a_primary_that_goes_while_it_sends),
        cmocka_unit_test(a_secondary_that_goes_while_zones_come_serves_whole_ones),
        cmocka_unit_test(a_disk_that_lies_is_found),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
