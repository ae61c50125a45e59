/* SPDX-License-Identifier: ISC */
/* The filter, run as the kernel would run it: what passes, and what traps right beside it. */
#include "tender/seccomp.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct seccomp_program program;

static uint32_t jump(const struct sock_filter *i, uint32_t a, uint32_t b)
{
    bool taken = BPF_OP(i->code) == BPF_JEQ ? a == b : BPF_OP(i->code) == BPF_JGE ? a >= b : a > b;
    return taken ? i->jt : i->jf;
}

/* The part of the machine that the emitter uses; anything else fails the test. */
static uint32_t run(const struct seccomp_data *d)
{
    uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = {0};
    for (size_t at = 0; at < program.n; at++) {
        const struct sock_filter *i = &program.code[at];
        switch (i->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            assert_true(i->k % 4 == 0 && i->k + 4 <= sizeof *d);
            memcpy(&a, (const uint8_t *)d + i->k, 4);
            break;
        case BPF_JMP | BPF_JA:
            at += i->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
        case BPF_JMP | BPF_JGE | BPF_K:
        case BPF_JMP | BPF_JGT | BPF_K:
            at += jump(i, a, i->k);
            break;
        case BPF_JMP | BPF_JGE | BPF_X:
            at += jump(i, a, x);
            break;
        case BPF_ALU | BPF_ADD | BPF_X:
            a += x;
            break;
        case BPF_ALU | BPF_ADD | BPF_K:
            a += i->k;
            break;
        case BPF_ALU | BPF_SUB | BPF_K:
            a -= i->k;
            break;
        case BPF_ALU | BPF_AND | BPF_X:
            a &= x;
            break;
        case BPF_MISC | BPF_TAX:
            x = a;
            break;
        case BPF_ST:
            assert_true(i->k < BPF_MEMWORDS);
            memory[i->k] = a;
            break;
        case BPF_LD | BPF_MEM:
            assert_true(i->k < BPF_MEMWORDS);
            a = memory[i->k];
            break;
        case BPF_RET | BPF_K:
            return i->k;
        default:
            fail_msg("instruction %zu has code %x", at, i->code);
        }
    }
    fail_msg("the program has no end");
    return 0;
}

static uint32_t verdict(long n, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct seccomp_data data = {.nr = (int)n, .arch = AUDIT_ARCH_X86_64, .args = {a, b, c, d}};
    return run(&data);
}

static bool allowed(long n, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    uint32_t v = verdict(n, a, b, c, d);
    assert_true(v == SECCOMP_RET_ALLOW || v == SECCOMP_RET_TRAP);
    return v == SECCOMP_RET_ALLOW;
}

enum { NET = 4, SMALL = 5, LARGE = 6, EPOLL = 67, TIMER = 68, CONTROL = 69, VCPU = 71 };
#define LARGE_BYTES (UINT64_C(5) << 32)

static void emit(bool extended)
{
    static struct solo5_manifest m;
    m = (struct solo5_manifest){.n = 5};
    m.entries[0].type = SOLO5_RESERVED;
    m.entries[1] = (struct solo5_entry){.type = SOLO5_NET, .backing = NET, .attached = true};
    m.entries[2] = (struct solo5_entry){
        .type = SOLO5_BLOCK, .backing = SMALL, .attached = true, .capacity_bytes = 1536, .block_bytes = 512};
    m.entries[3] = (struct solo5_entry){
        .type = SOLO5_BLOCK, .backing = LARGE, .attached = true, .capacity_bytes = LARGE_BYTES, .block_bytes = 4096};
    m.entries[4] = (struct solo5_entry){.type = SOLO5_NET, .backing = 9, .attached = false};
    struct seccomp_policy policy = {&m, EPOLL, TIMER, extended ? CONTROL : -1, -1, extended, false, -1, -1, false};
    seccomp_emit(&policy, &program);
    assert_false(program.full);
}

static void only_the_listed_calls_pass(void **state)
{
    static const long some[] = {SYS_read,       SYS_write,       SYS_writev,        SYS_pread64,
                                SYS_pwrite64,   SYS_epoll_pwait, SYS_clock_gettime, SYS_timerfd_settime,
                                SYS_exit_group, SYS_arch_prctl,  SYS_fdatasync,     SYS_fallocate};
    for (int extended = 0; extended < 2; extended++) {
        emit(extended);
        for (long n = 0; n < 600; n++) {
            bool listed = false;
            for (size_t i = 0; i < ARRAY_LEN(some); i++)
                listed |= some[i] == n;
            if (!listed)
                assert_false(allowed(n, 1, 0, 0, 0));
            assert_false(allowed(n | 0x40000000, 1, 0, 0, 0)); /* x32's numbers */
        }
        assert_true(allowed(SYS_exit_group, 99, 0, 0, 0));
    }
}

static void another_processors_calls_end_the_process(void **state)
{
    emit(true);
    struct seccomp_data data = {.nr = SYS_exit_group, .arch = AUDIT_ARCH_I386};
    assert_int_equal(run(&data), SECCOMP_RET_KILL_PROCESS);
}

static void calls_are_tied_to_their_descriptors(void **state)
{
    for (int extended = 0; extended < 2; extended++) {
        emit(extended);
        for (uint64_t fd = 0; fd < 80; fd++) {
            assert_int_equal(allowed(SYS_read, fd, 0, 0, 0), fd == NET);
            assert_int_equal(allowed(SYS_write, fd, 0, 0, 0),
                             fd == NET || fd == 1 || fd == 2 || (extended && fd == CONTROL));
            assert_int_equal(allowed(SYS_writev, fd, 0, 0, 0), extended && fd == NET);
            assert_int_equal(allowed(SYS_epoll_pwait, fd, 0, 0, 0), fd == EPOLL);
            assert_int_equal(allowed(SYS_timerfd_settime, fd, 0, 0, 0), fd == TIMER);
            assert_int_equal(allowed(SYS_fdatasync, fd, 0, 0, 0), extended && (fd == SMALL || fd == LARGE));
            assert_int_equal(allowed(SYS_clock_gettime, fd, 0, 0, 0), fd == CLOCK_REALTIME || fd == CLOCK_MONOTONIC);
            assert_int_equal(allowed(SYS_pread64, fd, 0, 512, 0), fd == SMALL);
            assert_int_equal(allowed(SYS_pwrite64, fd, 0, 4096, 0), fd == LARGE);
        }
        assert_true(allowed(SYS_arch_prctl, 0x1002, 0, 0, 0));
        assert_false(allowed(SYS_arch_prctl, 0x1001, 0, 0, 0)); /* GS */
    }
}

/* Every length around the powers of two, at offsets around the last one that fits. */
static void block_transfers_stay_within_the_device(void **state)
{
    static const long calls[] = {SYS_pread64, SYS_pwrite64};
    for (size_t k = 0; k < 2; k++) {
        emit(false);
        assert_true(allowed(calls[k], SMALL, 0, 512, 1024));
        assert_false(allowed(calls[k], SMALL, 0, 512, 1025));
        assert_false(allowed(calls[k], SMALL, 0, 1024, 0)); /* stock images: one block a call */
        emit(true);
        assert_true(allowed(calls[k], SMALL, 0, 1024, 512));
        assert_false(allowed(calls[k], SMALL, 0, 1024, 513));
        assert_false(allowed(calls[k], SMALL, 0, 1536, 0)); /* not a power of two */
        assert_false(allowed(calls[k], SMALL, 0, 2048, 0)); /* larger than the device */
        assert_false(allowed(calls[k], SMALL, 0, 0, 0));
        for (uint64_t len = 512; len <= 4 * EXTENSION_RUN_BYTES; len *= 2) {
            bool fits = len >= 4096 && len <= EXTENSION_RUN_BYTES;
            uint64_t last = LARGE_BYTES - len;
            assert_int_equal(allowed(calls[k], LARGE, 0, len, 0), fits);
            assert_int_equal(allowed(calls[k], LARGE, 0, len, last), fits);
            assert_int_equal(allowed(calls[k], LARGE, 0, len, UINT32_MAX), fits);
            assert_false(allowed(calls[k], LARGE, 0, len, last + 1));
            assert_false(allowed(calls[k], LARGE, 0, len, LARGE_BYTES));
            assert_false(allowed(calls[k], LARGE, 0, len, UINT64_MAX));
            assert_false(allowed(calls[k], LARGE, 0, len, UINT64_C(1) << 63));
            assert_false(allowed(calls[k], LARGE, 0, len << 32, 0));
            assert_false(allowed(calls[k], LARGE, 0, len | UINT64_C(1) << 32, 0));
        }
    }
}

/* Any length up to the whole device, at any place inside it, and only as what leaves the file's length alone. */
static void discards_stay_within_the_device(void **state)
{
    static struct solo5_manifest none = {.n = 1};
    const uint64_t high = UINT64_C(1) << 32, top = UINT64_C(1) << 63;
    emit(false);
    assert_false(allowed(SYS_fallocate, LARGE, 3, 0, 4096));
    emit(true);
    for (uint64_t fd = 0; fd < 80; fd++)
        assert_int_equal(allowed(SYS_fallocate, fd, 3, 0, 512), fd == SMALL || fd == LARGE);
    for (uint64_t mode = 0; mode < 256; mode++)
        assert_int_equal(allowed(SYS_fallocate, LARGE, mode, 0, 4096), mode == 3);
    assert_false(allowed(SYS_fallocate, LARGE, UINT32_C(0x80000003), 0, 4096));
    assert_true(allowed(SYS_fallocate, SMALL, 3, 0, 1536) && allowed(SYS_fallocate, SMALL, 3, 1024, 512));
    assert_false(allowed(SYS_fallocate, SMALL, 3, 1, 1536) || allowed(SYS_fallocate, SMALL, 3, 0, 1537));
    assert_false(allowed(SYS_fallocate, SMALL, 3, 1536, 1) || allowed(SYS_fallocate, SMALL, 3, 0, high | 512));
    static const uint64_t lens[] = {1, 4096, UINT32_MAX, UINT64_C(1) << 32, (UINT64_C(1) << 32) + 1, LARGE_BYTES};
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        uint64_t last = LARGE_BYTES - lens[i];
        assert_true(allowed(SYS_fallocate, LARGE, 3, 0, lens[i]) && allowed(SYS_fallocate, LARGE, 3, last, lens[i]));
        assert_false(allowed(SYS_fallocate, LARGE, 3, last + 1, lens[i]));
        assert_false(allowed(SYS_fallocate, LARGE, 3, LARGE_BYTES, lens[i]));
        assert_false(allowed(SYS_fallocate, LARGE, 3, UINT64_MAX, lens[i]));
        assert_false(allowed(SYS_fallocate, LARGE, 3, 0 - lens[i], lens[i])); /* together they are 0 */
        assert_false(allowed(SYS_fallocate, LARGE, 3, top, lens[i]) ||
                     allowed(SYS_fallocate, LARGE, 3, 0, top | lens[i]));
    }
    assert_false(allowed(SYS_fallocate, LARGE, 3, top - 1, top - 1));
    struct seccomp_policy policy = {&none, EPOLL, TIMER, CONTROL, -1, true, false, -1, -1, false};
    seccomp_emit(&policy, &program);
    for (uint64_t fd = 0; fd < 80; fd++)
        assert_false(allowed(SYS_fallocate, fd, 3, 0, 512));
}

/* The tender of a virtual machine: nothing may be asked of the processor but to run, and nothing else is asked at all. */
static void a_virtual_processor_may_only_run(void **state)
{
    static struct solo5_manifest m = {.n = 1};
    struct seccomp_policy policy = {&m, EPOLL, TIMER, CONTROL, VCPU, true, false, -1, -1, false};
    seccomp_emit(&policy, &program);
    assert_false(program.full);
    for (uint64_t fd = 0; fd < 80; fd++)
        assert_int_equal(allowed(SYS_ioctl, fd, KVM_RUN, 0, 0), fd == VCPU);
    assert_false(allowed(SYS_ioctl, VCPU, KVM_SET_REGS, 0, 0));
    assert_false(allowed(SYS_ioctl, VCPU, 0, 0, 0));
    assert_false(allowed(SYS_arch_prctl, 0x1002, 0, 0, 0));
    assert_false(allowed(SYS_read, VCPU, 0, 0, 0));
    assert_false(allowed(SYS_write, VCPU, 0, 0, 0));
}

/* Debugged, it may be asked for three things more, and there are a socket and a signal; all else stays what it was. */
static void a_virtual_processor_that_is_debugged_may_do_little_more(void **state)
{
    enum { DEBUG = 72, INTERRUPT = 73 };
    static struct solo5_manifest m = {.n = 1};
    struct seccomp_policy policy = {&m, EPOLL, TIMER, CONTROL, VCPU, true, false, DEBUG, INTERRUPT, false};
    const unsigned long requests[] = {KVM_SET_GUEST_DEBUG, KVM_GET_XSAVE, KVM_SET_XSAVE};
    for (int debugged = 0; debugged < 2; debugged++) {
        policy.debugged = debugged;
        seccomp_emit(&policy, &program);
        assert_false(program.full);
        for (uint64_t fd = 0; fd < 80; fd++) {
            assert_int_equal(allowed(SYS_ioctl, fd, KVM_RUN, 0, 0), fd == VCPU);
            for (size_t i = 0; i < ARRAY_LEN(requests); i++)
                assert_int_equal(allowed(SYS_ioctl, fd, requests[i], 0, 0), debugged && fd == VCPU);
            assert_int_equal(allowed(SYS_read, fd, 0, 0, 0), debugged && (fd == DEBUG || fd == INTERRUPT));
            assert_int_equal(allowed(SYS_write, fd, 0, 0, 0),
                             fd == 1 || fd == 2 || fd == CONTROL || (debugged && fd == DEBUG));
        }
        for (unsigned long request = _IO(KVMIO, 0); request <= _IO(KVMIO, 0xff); request++)
            assert_int_equal(allowed(SYS_ioctl, VCPU, request, 0, 0), request == KVM_RUN);
        assert_false(allowed(SYS_ioctl, VCPU, KVM_SET_REGS, 0, 0));
        assert_false(allowed(SYS_ioctl, VCPU, KVM_SET_SREGS, 0, 0));
        assert_false(allowed(SYS_ioctl, VCPU, KVM_SET_DEBUGREGS, 0, 0));
        assert_false(allowed(SYS_ptrace, 0, 0, 0, 0));
        assert_false(allowed(SYS_mprotect, 0, 0, 0, 0));
    }
}

/* With devices that are called it may pause, and nothing else is different. */
static void an_image_with_called_devices_may_pause(void **state)
{
    static struct solo5_manifest m = {.n = 1};
    struct seccomp_policy policy = {&m, EPOLL, TIMER, CONTROL, -1, true, false, -1, -1, false};
    for (int pauses = 0; pauses < 2; pauses++) {
        policy.pauses = pauses;
        seccomp_emit(&policy, &program);
        for (long n = 0; n < 600; n++) {
            if (n != SYS_exit_group)
                assert_int_equal(allowed(n, 99, 0, 0, 0), pauses && n == SYS_nanosleep);
        }
    }
}

/* 63 of them are as many as a manifest can have. */
static void all_devices_that_there_can_be_fit(void **state)
{
    static struct solo5_manifest m;
    m.n = SOLO5_ENTRIES_MAX;
    for (size_t i = 1; i < m.n; i++)
        m.entries[i] = (struct solo5_entry){.type = SOLO5_BLOCK,
                                            .backing = 3 + i,
                                            .attached = true,
                                            .capacity_bytes = LARGE_BYTES + i * 512,
                                            .block_bytes = 512};
    struct seccomp_policy policy = {&m, EPOLL, TIMER, CONTROL, VCPU, true, false, -1, -1, false};
    seccomp_emit(&policy, &program);
    assert_false(program.full);
    for (size_t i = 1; i < m.n; i++) {
        assert_true(allowed(SYS_pwrite64, 3 + i, 0, 512, LARGE_BYTES + i * 512 - 512));
        assert_false(allowed(SYS_pwrite64, 3 + i, 0, 512, LARGE_BYTES + i * 512 - 511));
        assert_false(allowed(SYS_pwrite64, 3 + i, 0, 1024, LARGE_BYTES + i * 512 - 512));
        assert_true(allowed(SYS_fallocate, 3 + i, 3, 0, LARGE_BYTES + i * 512));
        assert_false(allowed(SYS_fallocate, 3 + i, 3, 0, LARGE_BYTES + i * 512 + 1));
    }
    assert_false(allowed(SYS_pwrite64, 3 + m.n, 0, 512, 0));
}

static void a_program_that_is_full_says_so(void **state)
{
    program.n = SECCOMP_PROGRAM_MAX - 1;
    program.full = false;
    give(&program, SECCOMP_RET_TRAP);
    assert_false(program.full);
    give(&program, SECCOMP_RET_TRAP);
    assert_true(program.full && program.n == SECCOMP_PROGRAM_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_listed_calls_pass),
        cmocka_unit_test(another_processors_calls_end_the_process),
        cmocka_unit_test(calls_are_tied_to_their_descriptors),
        cmocka_unit_test(block_transfers_stay_within_the_device),
        cmocka_unit_test(discards_stay_within_the_device),
        cmocka_unit_test(a_virtual_processor_may_only_run),
        cmocka_unit_test(a_virtual_processor_that_is_debugged_may_do_little_more),
        cmocka_unit_test(an_image_with_called_devices_may_pause),
        cmocka_unit_test(all_devices_that_there_can_be_fit),
        cmocka_unit_test(a_program_that_is_full_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
