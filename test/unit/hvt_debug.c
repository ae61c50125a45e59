/* SPDX-License-Identifier: ISC */
/* What the tender of a virtual machine does for who debugs it. KVM is played: with debug registers for its guest, and without.
 * Questions are put on the socket before the stop that lets them be answered. */
#include <sys/ioctl.h>

static int played_ioctl(int fd, unsigned long request, void *argument);
#define ioctl played_ioctl
#include "tender/hvt/debug.c"
#undef ioctl
#include "tender/layout.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>
#undef fail

#define ENTRY UINT64_C(0x100000)
#define END UINT64_C(0x200000) /* of memory */
#define VARIABLE UINT64_C(0x180008)
#define FIRST 0x55 /* byte of the image's text */

static struct solo5_entry ours;
static struct tender tender = {.jinn = &ours};
static struct kvm_run processor;
static struct machine machine = {.tender = &tender, .run = &processor, .xcr0 = 7};
static struct kvm_guest_debug armed;
static struct channel_message told;
static int jinn;
static unsigned level;

static int played_ioctl(int fd, unsigned long request, void *argument)
{
    assert_int_equal(fd, TENDER_FD_CPU);
    if (request == KVM_SET_GUEST_DEBUG)
        memcpy(&armed, argument, sizeof armed);
    else if (request == KVM_GET_XSAVE)
        memset(argument, 7, sizeof(struct kvm_xsave));
    else
        assert_int_equal(request, KVM_SET_XSAVE);
    return 0;
}

struct kvm_sync_regs *machine_registers(struct machine *m)
{
    return &m->run->s.regs;
}

void machine_set_registers(struct machine *m)
{
    assert_ptr_equal(m, &machine);
}

void machine_set_level(struct kvm_sregs *s, uint64_t selector)
{
    s->cs.selector = (uint16_t)selector;
    level = selector & 3;
}

void tender_stage(struct tender *t, int place, int fd)
{
    fail(FAIL_HOST, "%p %d %d", (void *)t, place, fd);
}

void fail(enum fail_status status, const char *format, ...)
{
    print_error("%d %s\n", status, format);
    abort();
}

static int begin(void **state)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    assert_int_equal(dup2(ends[1], TENDER_FD_DEBUG), TENDER_FD_DEBUG);
    close(ends[1]);
    jinn = ends[0];
    memset(&debug, 0, sizeof debug);
    memset(&processor, 0, sizeof processor);
    tender.memory = calloc(1, END);
    tender.memory[ENTRY] = FIRST;
    tender.plan = (struct elf_plan){.entry = ENTRY, .stacks = 0x110000, .end = 0x120000};
    layout_as_linked(&tender.layout, &tender.plan, END);
    debug.on = true;
    debug_begin(&machine);
    return 0;
}

static int end(void **state)
{
    free(tender.memory);
    close(jinn);
    close(TENDER_FD_DEBUG);
    return 0;
}

static void ask(struct channel_message c)
{
    size_t len = CHANNEL_HEAD_BYTES + (c.kind == CHANNEL_WRITE ? c.len : 0);
    assert_int_equal(send(jinn, &c, len, 0), len);
}

static void resume(enum debug_resume how)
{
    ask((struct channel_message){.kind = CHANNEL_RESUME, .how = how});
}

static void watch(unsigned long dr7)
{
    ask((struct channel_message){.kind = CHANNEL_POINTS, .points = {{VARIABLE, ENTRY + 4}, dr7}});
}

static void tells(enum channel_kind kind)
{
    assert_true(recv(jinn, &told, sizeof told, MSG_DONTWAIT) >= (ssize_t)CHANNEL_HEAD_BYTES);
    assert_int_equal(told.kind, kind);
}

static void stops(enum debug_stop_kind kind)
{
    tells(CHANNEL_STOPPED);
    assert_int_equal(told.stop.kind, kind);
}

static void tells_nothing_more(void)
{
    assert_true(recv(jinn, &told, sizeof told, MSG_DONTWAIT) < 0);
}

static struct exception exception(unsigned number, uint64_t rip)
{
    return (struct exception){.number = number,
                              .frame = {.rip = rip, .rsp = 0x118000, .cs = TABLES_CODE_3, .flags = 0x302}};
}

static bool exits(uint64_t pc, uint64_t dr6)
{
    processor.debug.arch.pc = processor.s.regs.regs.rip = pc;
    processor.debug.arch.dr6 = 0xffff0ff0 | dr6;
    processor.debug.arch.exception = dr6 ? EXCEPTION_DEBUG : EXCEPTION_INT3;
    return debug_exit(&machine);
}

static void start_without_registers(void)
{
    struct exception e = exception(EXCEPTION_INT3, ENTRY + 1);
    assert_true(debug_exception(&machine, &e));
    tells(CHANNEL_STARTED);
}

/* DR7: the first register, of 4 bytes, and what it waits for. */
#define WRITTEN 0x000d0001UL
#define TOUCHED 0x000f0001UL

static void registers_that_kvm_has_are_used(void **state)
{
    assert_int_equal(armed.control, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP);
    assert_int_equal(armed.arch.debugreg[0], ENTRY);
    assert_int_equal(tender.memory[ENTRY], INT3);
    watch(TOUCHED | 1 << 2); /* and the second one for execution */
    resume(DEBUG_GO);
    assert_true(exits(ENTRY, 1));
    tells(CHANNEL_STARTED);
    assert_int_equal(told.started.memory, (uintptr_t)tender.memory);
    assert_int_equal(tender.memory[ENTRY], FIRST);
    assert_int_equal(processor.s.regs.regs.rip, ENTRY);
    tells(CHANNEL_POINTS);
    assert_true(told.good);
    assert_int_equal(armed.control, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP);
    assert_int_equal(armed.arch.debugreg[0], VARIABLE);
    assert_int_equal(armed.arch.debugreg[1], ENTRY + 4);
    assert_int_equal(armed.arch.debugreg[7], TOUCHED | 1 << 2);
    resume(DEBUG_STEP);
    assert_true(exits(ENTRY + 4, 2 | 8)); /* what is not in use says nothing */
    stops(DEBUG_TRACED);
    assert_int_equal(told.stop.dr6, 2);
    assert_int_equal(armed.control, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP | KVM_GUESTDBG_SINGLESTEP);
    assert_true(exits(TABLES_SYSTEM, DR6_STEP)); /* in a stub: the exception is on its way */
    tells_nothing_more();
}

static void without_them_each_step_is_looked_at(void **state)
{
    watch(TOUCHED);
    watch(WRITTEN);
    resume(DEBUG_GO);
    start_without_registers();
    assert_int_equal(processor.s.regs.regs.rip, ENTRY);
    tells(CHANNEL_POINTS);
    assert_false(told.good);
    tells(CHANNEL_POINTS);
    assert_true(told.good);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(armed.control, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP);
        memset(&armed, 0, sizeof armed);
        tender.memory[VARIABLE - 1] = tender.memory[VARIABLE + 4] = (uint8_t)(i + 1); /* beside it */
        struct exception e = exception(EXCEPTION_DEBUG, ENTRY + 8);
        assert_true(i ? exits(ENTRY + 8, DR6_STEP) : debug_exception(&machine, &e));
        tells_nothing_more();
    }
    tender.memory[VARIABLE + 3] = 1;
    resume(DEBUG_GO);
    assert_true(exits(ENTRY + 9, DR6_STEP));
    stops(DEBUG_TRACED);
    assert_int_equal(told.stop.dr6 & DR6_SLOTS, 1);
    debug.interrupted = true;
    watch(0);
    resume(DEBUG_GO);
    assert_true(exits(ENTRY + 10, DR6_STEP));
    stops(DEBUG_INTERRUPTED);
    assert_int_equal(armed.control, 0);
}

static void only_memory_is_read_and_written(void **state)
{
    const struct {
        uint64_t address;
        uint32_t len, there;
    } rows[] = {{ENTRY, 16, 16},           {END - 8, 16, 8},    {END, 16, 0},   {0, 16, 0},
                {SOLO5_MEMORY_BASE, 4, 4}, {UINT64_MAX, 16, 0}, {END - 8, 8, 8}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ask((struct channel_message){.kind = CHANNEL_READ, .address = rows[i].address, .len = rows[i].len});
        ask((struct channel_message){.kind = CHANNEL_WRITE, .address = rows[i].address, .len = rows[i].len});
    }
    resume(DEBUG_GO);
    start_without_registers();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tells(CHANNEL_READ);
        assert_int_equal(told.len, rows[i].there);
        tells(CHANNEL_WRITE);
        assert_int_equal(told.good, rows[i].there == rows[i].len);
    }
}

static void a_fault_is_undone_and_may_take_its_course(void **state)
{
    resume(DEBUG_GO);
    start_without_registers();
    ask((struct channel_message){.kind = CHANNEL_GET});
    resume(DEBUG_GO_DIE);
    struct exception e = exception(EXCEPTION_PAGE, ENTRY + 12);
    assert_false(debug_exception(&machine, &e));
    stops(DEBUG_FAULT);
    assert_int_equal(told.stop.signal, DEBUG_SIGSEGV);
    tells(CHANNEL_GET);
    assert_int_equal(told.registers.r[DEBUG_RIP], ENTRY + 12);
    assert_int_equal(told.registers.r[DEBUG_RSP], 0x118000);
    assert_int_equal(told.registers.r[DEBUG_RFLAGS], 0x202); /* the trap flag is ours */
    assert_int_equal(told.registers.xsave_len, DEBUG_XSAVE_BYTES);
    assert_int_equal(level, 3);
}

/* KVM tells of its breakpoints, since it has handlers of its own. */
static void an_image_of_others_is_debugged(void **state)
{
    tender.jinn = NULL;
    resume(DEBUG_GO);
    start_without_registers();
    assert_int_equal(armed.control, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP);
    resume(DEBUG_STEP);
    assert_true(exits(ENTRY + 5, 0));
    stops(DEBUG_INT3);
    assert_int_equal(told.stop.address, ENTRY + 5);
    assert_int_equal(armed.control, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP | KVM_GUESTDBG_SINGLESTEP);
    tender.jinn = &ours;
}

static void nobody_debugs(void **state)
{
    struct exception e = exception(EXCEPTION_INT3, ENTRY + 1);
    debug.on = false;
    assert_false(debug_exception(&machine, &e));
    assert_false(debug_fault(&machine, DEBUG_SIGSYS));
    assert_false(exits(ENTRY, 1));
    debug_aborted(&machine);
    debug_interrupted(&machine);
    tells_nothing_more();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(registers_that_kvm_has_are_used, begin, end),
        cmocka_unit_test_setup_teardown(without_them_each_step_is_looked_at, begin, end),
        cmocka_unit_test_setup_teardown(only_memory_is_read_and_written, begin, end),
        cmocka_unit_test_setup_teardown(a_fault_is_undone_and_may_take_its_course, begin, end),
        cmocka_unit_test_setup_teardown(an_image_of_others_is_debugged, begin, end),
        cmocka_unit_test_setup_teardown(nobody_debugs, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
