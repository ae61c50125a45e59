/* SPDX-License-Identifier: ISC */
/* Net and block devices of the host machine: two ends of a link, a disk, and what the simulator does to them. */
#include <jinn/block.h>
#include <jinn/boot.h>
#include <jinn/fiber.h>
#include <jinn/netdev.h>
#include <jinn/plat.h>

#include "plat/sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct sim_link *wire;
static struct sim_disk *medium;
static struct netdev *left, *right;

static int run_fn(void *arg)
{
    void (*const *fn)(void) = arg;
    assert_int_equal(netdev_open("left", &left), OK);
    assert_int_equal(netdev_open("right", &right), OK);
    (*fn)();
    free(left);
    free(right);
    return 0;
}

static void run(void (*fn)(void))
{
    const struct sim_faults none = {0};
    sim_link_faults(wire, &none);
    assert_int_equal(sched_run(run_fn, &fn), 0);
}

static int attach(void **state)
{
    wire = sim_link_add(sim_default());
    sim_attach(wire, sim_host(), "left");
    sim_attach(wire, sim_host(), "right");
    medium = sim_disk_add(sim_default(), 64 * 512, 512);
    sim_disk_attach(medium, sim_host(), "disk");
    return 0;
}

static enum err send_frame(struct netdev *d, const struct mac *to, const char *text)
{
    uint8_t type[2] = {0x88, 0xb5};
    struct bytes v[] = {bytes_of(to->b, 6), bytes_of(d->mac.b, 6), bytes_of(type, 2), bytes_str(text)};
    return d->ops->send(d, v, ARRAY_LEN(v), NULL);
}

static void frames_arrive_whole(void)
{
    uint8_t frame[PLAT_FRAME_BYTES];
    struct bytes got = {0};
    struct net_offload offload;
    struct fiber_waiter w;
    fiber_waiter_init(&w);
    right->ops->watch(right, &w.waiter);
    assert_int_equal(left->mtu_bytes, 1500);
    assert_int_equal(right->ops->recv(right, frame, sizeof frame, &got, &offload), ERR_AGAIN);
    assert_int_equal(send_frame(left, &right->mac, "hello"), OK);
    assert_int_equal(send_frame(left, &MAC_BROADCAST, "again"), OK);
    assert_int_equal(fiber_park(sched_now() + NS_PER_S), OK);
    assert_int_equal(right->ops->recv(right, frame, sizeof frame, &got, &offload), OK);
    assert_int_equal(got.len, 19);
    assert_memory_equal(frame, right->mac.b, 6);
    assert_memory_equal(frame + 6, left->mac.b, 6);
    assert_memory_equal(frame + 14, "hello", 5);
    assert_int_equal(right->ops->recv(right, frame, sizeof frame, &got, &offload), OK);
    assert_int_equal(right->ops->recv(right, frame, sizeof frame, &got, &offload), ERR_AGAIN);
    assert_int_equal(left->ops->recv(left, frame, sizeof frame, &got, &offload), ERR_AGAIN); /* no echo of one's own */
    right->ops->watch(right, NULL);
}

static void test_frames_arrive_whole(void **state)
{
    run(frames_arrive_whole);
}

static int n_woken;

static void count_and_leave(struct waiter *w)
{
    n_woken++;
}

/* The waiter is told again each round while frames wait. */
static void watched_while_frames_wait(void)
{
    struct waiter w;
    uint8_t frame[PLAT_FRAME_BYTES];
    struct bytes got;
    struct net_offload offload;
    waiter_init(&w, count_and_leave);
    right->ops->watch(right, &w);
    n_woken = 0;
    assert_int_equal(send_frame(left, &right->mac, "x"), OK);
    assert_int_equal(fiber_sleep(sched_now() + NS_PER_MS), OK);
    assert_true(n_woken > 1);
    assert_int_equal(right->ops->recv(right, frame, sizeof frame, &got, &offload), OK);
    n_woken = 0;
    assert_int_equal(fiber_sleep(sched_now() + NS_PER_MS), OK);
    assert_int_equal(n_woken, 0);
    right->ops->watch(right, NULL);
}

static void test_watched_while_frames_wait(void **state)
{
    run(watched_while_frames_wait);
}

static void pause_holds_frames(void)
{
    uint8_t frame[PLAT_FRAME_BYTES];
    struct bytes got;
    struct net_offload offload;
    sim_link_pause(wire, sched_now() + NS_PER_S);
    assert_int_equal(send_frame(left, &right->mac, "x"), OK);
    assert_int_equal(fiber_sleep(sched_now() + 900 * NS_PER_MS), OK);
    assert_int_equal(right->ops->recv(right, frame, sizeof frame, &got, &offload), ERR_AGAIN);
    assert_int_equal(fiber_sleep(sched_now() + 200 * NS_PER_MS), OK);
    assert_int_equal(right->ops->recv(right, frame, sizeof frame, &got, &offload), OK);
}

static void test_pause_holds_frames(void **state)
{
    run(pause_holds_frames);
}

static void full_receiver_drops(void)
{
    uint8_t frame[PLAT_FRAME_BYTES];
    size_t n = 0;
    struct bytes got;
    struct net_offload offload;
    uint64_t before = sim_link_counters(wire).n_overflow;
    for (int i = 0; i < 2000; i++)
        assert_int_equal(send_frame(left, &right->mac, "x"), OK);
    assert_int_equal(fiber_sleep(sched_now() + NS_PER_MS), OK);
    while (right->ops->recv(right, frame, sizeof frame, &got, &offload) == OK)
        n++;
    assert_true(n > 0 && n < 2000);
    assert_int_equal(sim_link_counters(wire).n_overflow - before, 2000 - n);
}

static void test_full_receiver_drops(void **state)
{
    run(full_receiver_drops);
}

static void unknown_devices(void **state)
{
    struct netdev *d;
    struct block *b;
    assert_int_equal(netdev_open("disk", &d), ERR_NOT_FOUND);
    assert_int_equal(netdev_open("none", &d), ERR_NOT_FOUND);
    assert_int_equal(block_open("left", &b), ERR_NOT_FOUND);
}

static void blocks(void **state)
{
    struct block *b;
    uint8_t data[1024], got[1024];
    memset(data, 0x5a, sizeof data);
    assert_int_equal(block_open("disk", &b), OK);
    assert_int_equal(b->capacity_bytes, 64 * 512);
    assert_int_equal(b->block_bytes, 512);
    assert_int_equal(block_write(b, 62 * 512, data, 1024), OK);
    assert_int_equal(block_read(b, 62 * 512, got, 1024), OK);
    assert_memory_equal(got, data, 1024);
    assert_int_equal(block_flush(b), OK);
    assert_int_equal(block_read(b, 64 * 512, got, 0), OK);
    static const struct {
        uint64_t offset;
        size_t len;
    } wrong[] = {{1, 512}, {0, 511}, {63 * 512, 1024}, {64 * 512, 512}, {UINT64_MAX - 511, 512}, {0, SIZE_MAX - 511}};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_int_equal(block_read(b, wrong[i].offset, got, wrong[i].len), ERR_INVALID);
        assert_int_equal(block_write(b, wrong[i].offset, data, wrong[i].len), ERR_INVALID);
    }
    free(b);
}

static void disk_faults(void **state)
{
    struct block *b;
    uint8_t data[512] = {0};
    const struct sim_disk_faults all = {1000000, 1000000, 1000000, false, false}, none = {0};
    assert_int_equal(block_open("disk", &b), OK);
    sim_disk_faults(medium, &all);
    assert_int_equal(block_read(b, 0, data, 512), ERR_IO);
    assert_int_equal(block_write(b, 0, data, 512), ERR_IO);
    assert_int_equal(block_flush(b), ERR_IO);
    assert_int_equal(block_discard(b, 0, 512), ERR_IO);
    sim_disk_faults(medium, &none);
    assert_int_equal(block_flush(b), OK);
    free(b);
}

static bool all_are(const uint8_t *data, size_t len, uint8_t value)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] != value)
            return false;
    }
    return true;
}

/* To the byte what was asked for, and nothing of what was refused. */
static void discarded_blocks_are_zero(void **state)
{
    struct block *b;
    const size_t whole = 64 * 512;
    uint8_t *data = sim_disk_data(medium);
    static const struct {
        uint64_t offset, len;
    } wrong[] = {{1, 512}, {0, 511}, {63 * 512, 1024}, {64 * 512, 512}, {UINT64_MAX - 511, 512}, {0, UINT64_MAX - 511}};
    assert_int_equal(block_open("disk", &b), OK);
    memset(data, 0x5a, whole);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_int_equal(block_discard(b, wrong[i].offset, wrong[i].len), ERR_INVALID);
    assert_int_equal(block_discard(b, 512, 0), OK);
    assert_true(all_are(data, whole, 0x5a));
    assert_int_equal(block_discard(b, 512, 3 * 512), OK);
    assert_int_equal(block_discard(b, 63 * 512, 512), OK);
    assert_true(all_are(data, 512, 0x5a) && all_are(data + 512, 3 * 512, 0));
    assert_true(all_are(data + 4 * 512, 59 * 512, 0x5a) && all_are(data + 63 * 512, 512, 0));
    assert_int_equal(block_discard(b, 0, whole), OK);
    assert_true(all_are(data, whole, 0));
    free(b);
}

static void a_disk_that_cannot_discard_says_so(void **state)
{
    struct block *b;
    const struct sim_disk_faults cannot = {.no_discard = true}, none = {0};
    assert_int_equal(block_open("disk", &b), OK);
    memset(sim_disk_data(medium), 0x5a, 512);
    sim_disk_faults(medium, &cannot);
    for (int i = 0; i < 3; i++)
        assert_int_equal(block_discard(b, 0, 512), ERR_UNSUPPORTED);
    assert_int_equal(block_discard(b, 1, 512), ERR_INVALID);
    assert_true(all_are(sim_disk_data(medium), 512, 0x5a));
    sim_disk_faults(medium, &none);
    assert_int_equal(block_discard(b, 0, 512), OK);
    free(b);
}

/* Starts as generated mains do. */
static int wants_two_disks(int argc, char **argv)
{
    struct block *disk = boot_block_optional("disk");
    plat_console(disk ? "disk " : "no disk ", disk ? 5 : 8);
    struct block *needed = boot_block("needed");
    bool good = needed->capacity_bytes == 512 && (!disk || disk->capacity_bytes == 1024);
    free(needed);
    free(disk);
    return good ? 7 : 1;
}

static void what_is_optional_may_be_left_out(void **state)
{
    struct sim *s = sim_new(6);
    struct sim_machine *both = sim_machine_add(s, "both", wants_two_disks, NULL);
    struct sim_machine *one = sim_machine_add(s, "one", wants_two_disks, NULL);
    struct sim_machine *none = sim_machine_add(s, "none", wants_two_disks, NULL);
    sim_disk_attach(sim_disk_add(s, 1024, 512), both, "disk");
    sim_disk_attach(sim_disk_add(s, 512, 512), both, "needed");
    sim_disk_attach(sim_disk_add(s, 512, 512), one, "needed");
    assert_true(sim_run(s, 3 * SIM_START_NS));
    assert_int_equal(sim_status(both), 7);
    assert_string_equal(sim_console(both), "disk ");
    assert_int_equal(sim_status(one), 7);
    assert_string_equal(sim_console(one), "no disk ");
    assert_int_equal(sim_status(none), EXIT_DEVICE);
    assert_non_null(strstr(sim_console(none), "no disk "));
    assert_non_null(strstr(sim_console(none), "block device 'needed' did not come up"));
    sim_free(s);
}

/* A machine that writes and flushes even blocks, writes odd ones, and waits for its end. */
static int writer_machine(int argc, char **argv)
{
    uint8_t block[512];
    struct plat_block_info info;
    if (plat_block_open("disk", &info) != OK)
        return 1;
    for (uint64_t i = 0; i < 64; i += 2) {
        memset(block, 0xee, sizeof block);
        if (plat_block_write(info.index, i * 512, block, 512) != OK)
            return 2;
    }
    if (plat_block_flush(info.index) != OK)
        return 3;
    for (uint64_t i = 1; i < 64; i += 2) {
        if (plat_block_write(info.index, i * 512, block, 512) != OK)
            return 4;
    }
    plat_wait(UINT64_MAX);
    return 0;
}

static void cut(void *arg)
{
    sim_power_cut(arg);
}

static void power_cut_keeps_what_was_flushed(void **state)
{
    for (int torn = 0; torn < 2; torn++) {
        struct sim *s = sim_new(99);
        struct sim_machine *m = sim_machine_add(s, "writer", writer_machine, NULL);
        struct sim_disk *d = sim_disk_add(s, 64 * 512, 512);
        const struct sim_disk_faults faults = {.torn = torn};
        sim_disk_faults(d, &faults);
        sim_disk_attach(d, m, "disk");
        sim_at(s, 2 * SIM_START_NS, cut, m);
        assert_true(sim_run(s, 5 * SIM_START_NS));
        assert_int_equal(sim_status(m), SIM_POWER_CUT);
        int n_new = 0, n_old = 0, n_torn = 0;
        for (int i = 0; i < 64; i++) {
            const uint8_t *block = sim_disk_data(d) + i * 512;
            bool first = block[0] == 0xee, last = block[511] == 0xee;
            if (i % 2 == 0)
                assert_true(first && last);
            else
                n_new += first && last, n_old += !first && !last, n_torn += first != last;
        }
        assert_int_equal(n_new + n_old + n_torn, 32);
        if (torn)
            assert_true(n_torn > 20);
        else
            assert_true(n_torn == 0 && n_new > 5 && n_old > 5);
        sim_free(s);
    }
}

static int exits_from_a_fiber(int argc, char **argv)
{
    plat_console("bye\n", 4);
    plat_exit(argc == 3 && strcmp(argv[2], "y z") == 0 ? 33 : 1);
}

static int has_a_bug(int argc, char **argv)
{
    plat_abort("some/file.c:1: a bug");
}

static int waits_for_ever(int argc, char **argv)
{
    plat_wait(UINT64_MAX);
    return 0;
}

static void machines_end_each_in_its_way(void **state)
{
    struct sim *s = sim_new(5);
    const char *const arguments[] = {"x", "y z", NULL};
    struct sim_machine *exits = sim_machine_add(s, "exits", exits_from_a_fiber, arguments);
    struct sim_machine *bug = sim_machine_add(s, "bug", has_a_bug, NULL);
    struct sim_machine *waits = sim_machine_add(s, "waits", waits_for_ever, NULL);
    assert_false(sim_run(s, 3 * SIM_START_NS));
    assert_int_equal(sim_now(s), 3 * SIM_START_NS);
    assert_int_equal(sim_status(exits), 33);
    assert_string_equal(sim_console(exits), "bye\n");
    assert_int_equal(sim_status(bug), 70);
    assert_string_equal(sim_console(bug), "some/file.c:1: a bug\n");
    assert_int_equal(sim_status(waits), SIM_RUNNING);
    sim_free(s);
}

static void wait_in_vain(void *arg)
{
    plat_wait(UINT64_MAX);
}

static void waiting_for_nothing_is_told(void **state)
{
    char text[200];
    assert_false(sim_aborts(wait_in_vain, NULL, text, sizeof text)); /* not the image's abort: the simulator's */
    assert_non_null(strstr(text, "what will never happen"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_arrive_whole),
        cmocka_unit_test(test_watched_while_frames_wait),
        cmocka_unit_test(test_pause_holds_frames),
        cmocka_unit_test(test_full_receiver_drops),
        cmocka_unit_test(unknown_devices),
        cmocka_unit_test(blocks),
        cmocka_unit_test(disk_faults),
        cmocka_unit_test(discarded_blocks_are_zero),
        cmocka_unit_test(a_disk_that_cannot_discard_says_so),
        cmocka_unit_test(what_is_optional_may_be_left_out),
        cmocka_unit_test(power_cut_keeps_what_was_flushed),
        cmocka_unit_test(machines_end_each_in_its_way),
        cmocka_unit_test(waiting_for_nothing_is_told),
    };
    return cmocka_run_group_tests(tests, attach, NULL);
}
