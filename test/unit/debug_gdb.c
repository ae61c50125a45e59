/* SPDX-License-Identifier: ISC */
/* gdb's protocol as transcripts: what gdb sends, what it is told, what is asked of the image. */
#include "tender/debug/fibers.c"
#include "tender/debug/gdb.c"
#include "tender/debug/gdb_command.c"
#include "tender/debug/gdb_points.c"
#include "tender/debug/gdb_query.c"
#include "tender/debug/packet.c"
#include "tender/debug/registers.c"
#include "test/support/fake_image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct fake_image image;
static struct gdb gdb;

/* The payload of the one packet that came out, unescaped; "" for none. */
static const char *answer(void)
{
    static struct packet_parser p;
    static char text[PACKET_MAX + 1];
    struct bytes out = gdb_output(&gdb);
    int n = 0;
    text[0] = 0;
    memset(&p, 0, sizeof p);
    for (size_t i = 0; i < out.len; i++) {
        if (packet_take(&p, out.data[i]) != PACKET_WHOLE)
            continue;
        memcpy(text, p.payload, p.len);
        text[p.len] = 0;
        n++;
    }
    assert_true(n <= 1);
    gdb_sent(&gdb, out.len);
    return text;
}

static void say(const char *payload)
{
    uint8_t framed[PACKET_ROOM(PACKET_MAX)];
    struct writer w = writer_of(framed, sizeof framed);
    packet_emit(&w, bytes_str(payload));
    gdb_input(&gdb, writer_bytes(&w));
}

static const char *ask(const char *payload)
{
    say(payload);
    return answer();
}

static void stop(enum debug_stop_kind kind, uint64_t address, uint64_t dr6, uint8_t signal)
{
    gdb_stopped(&gdb, &(struct debug_stop){.kind = kind, .address = address, .dr6 = dr6, .signal = signal});
}

/* A debugger is there, at the image's first instruction or later. */
static int setup(void **state)
{
    (void)state;
    fake_init(&image);
    gdb_init(&gdb, &image.target);
    stop(DEBUG_STARTED, 0, 0, 0);
    gdb_connected(&gdb);
    return 0;
}

static uint8_t *at(uint64_t address)
{
    return image.memory + (address - FAKE_START);
}

/* ---- Framing ---- */

static void test_frames(void **state)
{
    static const char *const bad[] = {"$qC#b5", "$qC#zz", "$qC}#b4"};
    (void)state;
    gdb_input(&gdb, bytes_str("junk$qC#b4"));
    assert_memory_equal(gdb_output(&gdb).data, "+$QC2#c6", 8);
    gdb_sent(&gdb, gdb_output(&gdb).len);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        gdb_input(&gdb, bytes_str(bad[i]));
        if (gdb_output(&gdb).len)
            assert_memory_equal(gdb_output(&gdb).data, "-", 1);
        gdb_sent(&gdb, gdb_output(&gdb).len);
        gdb.in.state = PACKET_OUTSIDE;
    }
    gdb_input(&gdb, bytes_str("$brok$qC#b4")); /* the end of the first was lost */
    assert_string_equal(answer(), "QC2");
}

static void test_acks_end_when_asked(void **state)
{
    (void)state;
    say("QStartNoAckMode");
    assert_memory_equal(gdb_output(&gdb).data, "+$OK#9a", 7);
    gdb_sent(&gdb, gdb_output(&gdb).len);
    say("qC");
    assert_int_equal(gdb_output(&gdb).data[0], '$');
    gdb_sent(&gdb, gdb_output(&gdb).len);
    gdb_input(&gdb, bytes_str("$qC#00"));
    assert_int_equal(gdb_output(&gdb).len, 0);
}

static void test_escapes(void **state)
{
    static const char text[] = "a#b$c}d*e";
    uint8_t framed[64];
    static struct packet_parser p;
    struct writer w = writer_of(framed, sizeof framed);
    (void)state;
    packet_emit(&w, bytes_str(text));
    assert_int_equal(writer_len(&w), 9 + 4 + 4);
    for (size_t i = 0; i + 1 < writer_len(&w); i++)
        assert_int_equal(packet_take(&p, framed[i]), PACKET_NOTHING);
    assert_int_equal(packet_take(&p, framed[writer_len(&w) - 1]), PACKET_WHOLE);
    assert_int_equal(p.len, 9);
    assert_memory_equal(p.payload, text, 9);
}

static void test_too_long(void **state)
{
    static char text[PACKET_MAX + 2];
    (void)state;
    memset(text, 'a', sizeof text - 1);
    gdb_input(&gdb, bytes_str("$"));
    gdb_input(&gdb, bytes_str(text));
    gdb_input(&gdb, bytes_str("#61")); /* the sum of 8193 times 0x61 */
    assert_int_equal(gdb_output(&gdb).len, 1);
    assert_memory_equal(gdb_output(&gdb).data, "-", 1);
}

/* An answer that there is no room for is not sent in part. */
static void test_asked_without_reading(void **state)
{
    (void)state;
    (void)ask("QStartNoAckMode");
    for (int i = 0; i < 100; i++)
        say("g");
    struct bytes out = gdb_output(&gdb);
    assert_true(out.len > 0 && out.len <= GDB_OUT_BYTES);
    assert_int_equal(out.data[out.len - 3], '#');
    gdb_sent(&gdb, out.len);
    assert_string_equal(ask("qC"), "QC2");
}

static void test_unknown(void **state)
{
    (void)state;
    assert_string_equal(ask("vMustReplyEmpty"), "");
    assert_string_equal(ask("X10000,0:"), "");
    assert_string_equal(ask("Z7,10000,1"), "");
    assert_string_equal(ask("qXfer:nothing:read::0,10"), "");
    assert_string_equal(ask("m10000"), "E01");
    assert_string_equal(ask("m11111111111111111,1"), "E01");
}

/* ---- Registers ---- */

static void test_registers(void **state)
{
    (void)state;
    image.registers.r[DEBUG_RAX] = 0x1122334455667788;
    image.registers.r[DEBUG_RFLAGS] = 0x246;
    image.registers.xsave[AT_FTW] = 0x81;
    image.registers.xsave[AT_XMM0] = 0xaa;
    image.registers.xsave[AT_YMM0H + 15] = 0xbb;
    const char *all = ask("g");
    assert_int_equal(strlen(all), 2 * (17 * 8 + 7 * 4 + 8 * 10 + 8 * 4 + 16 * 16 + 4 + 8 + 16 + 16 * 16));
    assert_memory_equal(all, "8877665544332211", 16);
    assert_memory_equal(all + 2 * 17 * 8, "46020000", 8);
    assert_string_equal(ask("p22"), "fc3f0000"); /* ftag: all empty but the first and the last */
    assert_string_equal(ask("p28"), "aa000000000000000000000000000000");
    assert_string_equal(ask("p3c"), "000000000000000000000000000000bb");
    assert_string_equal(ask("p4c"), "E01");
}

static void test_writing_registers(void **state)
{
    static char line[PACKET_MAX];
    (void)state;
    assert_string_equal(ask("P0=0102030405060708"), "OK");
    assert_int_equal(image.registers.r[DEBUG_RAX], 0x0807060504030201);
    assert_string_equal(ask("P3c=000000000000000000000000000000cc"), "OK");
    assert_int_equal(image.registers.xsave[AT_YMM0H + 15], 0xcc);
    assert_int_equal(image.registers.xsave[AT_XSTATE_BV], XSTATE_AVX);
    assert_string_equal(ask("P22=ffff0000"), "OK");
    assert_int_equal(image.registers.xsave[AT_FTW], 0);
    assert_string_equal(ask("P0=01020304"), "E01");
    assert_string_equal(ask("P0=zz02030405060708"), "E01");
    snprintf(line, sizeof line, "G%s", ask("g"));
    memcpy(line + 1, "ff00000000000000", 16);
    assert_string_equal(ask(line), "OK");
    assert_int_equal(image.registers.r[DEBUG_RAX], 0xff);
    assert_int_equal(image.registers.r[DEBUG_RIP], FAKE_TEXT);
    line[strlen(line) - 1] = 0;
    assert_string_equal(ask(line), "E01");
}

static void test_no_avx(void **state)
{
    (void)state;
    image.registers.xsave_len = DEBUG_FXSAVE_BYTES;
    assert_int_equal(strlen(ask("g")), 2 * (17 * 8 + 7 * 4 + 8 * 10 + 8 * 4 + 16 * 16 + 4 + 8 + 16));
    assert_null(strstr(ask("qXfer:features:read:target.xml:0,1f00"), "ymm"));
}

static void test_waiting_fiber(void **state)
{
    (void)state;
    assert_string_equal(ask("Hg3"), "OK");
    assert_string_equal(ask("p0"), "xxxxxxxxxxxxxxxx");
    assert_string_equal(ask("p6"), "0502000000000000"); /* rbp */
    assert_string_equal(ask("p10"), "0021010000000000");
    assert_string_equal(ask("P1=4242000000000000"), "OK"); /* rbx */
    assert_string_equal(ask("p1"), "4242000000000000");
    assert_string_equal(ask("P3=4242000000000000"), "E01"); /* rdx is lost */
    assert_string_equal(ask("P7=4242000000000000"), "E01"); /* its stack stays */
    assert_int_not_equal(image.registers.r[DEBUG_RBX], 0x4242);
    assert_string_equal(ask("Hg4"), "E01"); /* has ended */
    assert_string_equal(ask("Hg99"), "E01");
    assert_string_equal(ask("Hc-1"), "OK");
}

/* ---- Memory ---- */

static void test_memory(void **state)
{
    (void)state;
    memcpy(at(FAKE_TEXT), "\x90\x91\x92\x93", 4);
    assert_string_equal(ask("m12000,4"), "90919293");
    assert_string_equal(ask("M12001,2:a1a2"), "OK");
    assert_string_equal(ask("m12000,4"), "90a1a293");
    assert_string_equal(ask("m1fffe,8"), "0000"); /* up to the end */
    assert_string_equal(ask("mffff,1"), "E01");
    assert_string_equal(ask("M1ffff,2:0000"), "E01");
    assert_string_equal(ask("M12001,2:a1"), "E01");
    assert_string_equal(ask("m10000,ffffffffffffffff") + PACKET_MAX, "");
    image.gone = true;
    assert_string_equal(ask("m12000,4"), "E01");
    assert_string_equal(ask("g"), "E01");
}

/* ---- Points ---- */

static void test_soft_breakpoint(void **state)
{
    (void)state;
    memcpy(at(FAKE_TEXT), "\x90\x91\x92\x93", 4);
    assert_string_equal(ask("Z0,12001,1"), "OK");
    assert_string_equal(ask("Z0,12001,1"), "OK");
    assert_int_equal(*at(FAKE_TEXT + 1), INT3);
    assert_string_equal(ask("m12000,4"), "90919293");
    assert_string_equal(ask("M12000,2:a0a1"), "OK");
    assert_int_equal(*at(FAKE_TEXT + 1), INT3);
    assert_string_equal(ask("vCont;c"), "");
    assert_int_equal(image.how, DEBUG_GO);
    image.registers.r[DEBUG_RIP] = FAKE_TEXT + 2;
    stop(DEBUG_INT3, FAKE_TEXT + 1, 0, 0);
    assert_string_equal(answer(), "T05thread:2;swbreak:;");
    assert_int_equal(image.registers.r[DEBUG_RIP], FAKE_TEXT + 1);
    assert_string_equal(ask("z0,12001,1"), "OK");
    assert_memory_equal(at(FAKE_TEXT), "\xa0\xa1\x92\x93", 4);
    assert_string_equal(ask("z0,12001,1"), "OK");
    assert_string_equal(ask("Z0,ff,1"), "E01");
}

/* An int3 of the image's own is left as it is. */
static void test_int3_of_the_image(void **state)
{
    (void)state;
    (void)ask("c");
    image.registers.r[DEBUG_RIP] = FAKE_TEXT + 1;
    stop(DEBUG_INT3, FAKE_TEXT, 0, 0);
    assert_string_equal(answer(), "T05thread:2;");
    assert_int_equal(image.registers.r[DEBUG_RIP], FAKE_TEXT + 1);
}

static void test_soft_limit(void **state)
{
    char line[32];
    (void)state;
    for (unsigned i = 0; i <= GDB_SOFT_MAX; i++) {
        snprintf(line, sizeof line, "Z0,%x,1", 0x12000 + i);
        assert_string_equal(ask(line), i < GDB_SOFT_MAX ? "OK" : "E01");
    }
    assert_int_equal(*at(FAKE_TEXT + GDB_SOFT_MAX), 0);
}

static void test_hard_points(void **state)
{
    (void)state;
    assert_string_equal(ask("Z1,12345,1"), "OK");
    assert_int_equal(image.dr7, 1);
    assert_string_equal(ask("Z2,13004,4"), "OK");
    assert_int_equal(image.slots[1], 0x13004);
    assert_int_equal(image.dr7, 5 | 0xd << 20);
    assert_string_equal(ask("Z4,14006,4"), "OK"); /* straddles: two halves */
    assert_int_equal(image.slots[2], 0x14006);
    assert_int_equal(image.slots[3], 0x14008);
    assert_int_equal(image.dr7, 0x55 | 0xd << 20 | 0x7 << 24 | UINT64_C(0x7) << 28);
    assert_string_equal(ask("Z2,15000,1"), "E01"); /* there are four */
    assert_int_equal(image.dr7, 0x55 | 0xd << 20 | 0x7 << 24 | UINT64_C(0x7) << 28);
    (void)ask("c");
    stop(DEBUG_TRACED, 0, 8, 0);
    assert_string_equal(answer(), "T05thread:2;awatch:14008;");
    (void)ask("c");
    stop(DEBUG_TRACED, 0, 2, 0);
    assert_string_equal(answer(), "T05thread:2;watch:13004;");
    (void)ask("c");
    stop(DEBUG_TRACED, 0, 1, 0);
    assert_string_equal(answer(), "T05thread:2;hwbreak:;");
    assert_string_equal(ask("z2,13004,4"), "OK");
    assert_string_equal(ask("z4,14006,4"), "OK");
    assert_string_equal(ask("z1,12345,1"), "OK");
    assert_int_equal(image.dr7, 0);
}

static void test_watched_areas(void **state)
{
    (void)state;
    assert_string_equal(ask("Z2,13000,20"), "OK");
    assert_int_equal(image.slots[3], 0x13018);
    assert_string_equal(ask("z2,13000,20"), "OK");
    assert_string_equal(ask("Z2,13001,20"), "E01");
    assert_string_equal(ask("Z2,13000,0"), "E01");
    assert_string_equal(ask("Z2,ffffffffffffffff,2"), "E01");
    assert_int_equal(image.dr7, 0);
}

/* ---- Running ---- */

static void test_steps_and_signals(void **state)
{
    (void)state;
    assert_string_equal(ask("vCont?"), "vCont;c;C;s;S");
    assert_string_equal(ask("vCont;s:2;c"), "");
    assert_int_equal(image.how, DEBUG_STEP);
    stop(DEBUG_TRACED, 0, DR6_STEP, 0);
    assert_string_equal(answer(), "T05thread:2;");
    (void)ask("vCont;c:2;s:3"); /* the first that fits counts, and thread 3 is waited for */
    assert_int_equal(image.how, DEBUG_GO);
    stop(DEBUG_FAULT, 0, 0, DEBUG_SIGSEGV);
    assert_string_equal(answer(), "T0bthread:2;");
    assert_string_equal(ask("?"), "T0bthread:2;");
    (void)ask("vCont;C0b:2;c");
    assert_int_equal(image.how, DEBUG_GO_DIE);
    gdb_stopped(&gdb, &(struct debug_stop){.kind = DEBUG_EXITED, .status = 70});
    assert_string_equal(answer(), "W46");
    assert_string_equal(ask("?"), "W46");
    assert_string_equal(ask("g"), "E01");
    (void)ask("k");
    assert_int_equal(image.n_killed, 0);
}

static void test_fault_taken_back(void **state)
{
    (void)state;
    (void)ask("c");
    stop(DEBUG_FAULT, 0, 0, DEBUG_SIGSEGV);
    (void)answer();
    (void)ask("vCont;c");
    assert_int_equal(image.how, DEBUG_GO);
    stop(DEBUG_ABORTED, 0, 0, 0);
    assert_string_equal(answer(), "T06thread:2;");
    (void)ask("C06");
    assert_int_equal(image.how, DEBUG_GO);
}

static void test_bad_actions(void **state)
{
    static const char *const lines[] = {"vCont;x", "vCont;C", "vCont;s:", "vCont;c,", "vCont;s:77", "C"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        assert_string_equal(ask(lines[i]), "E01");
    assert_int_equal(image.n_resumed, 0);
}

static void test_interrupt(void **state)
{
    (void)state;
    gdb_input(&gdb, bytes_str("\3"));
    assert_int_equal(image.n_interrupted, 0);
    (void)ask("c");
    assert_string_equal(ask("g"), ""); /* it runs: nothing is answered */
    gdb_input(&gdb, bytes_str("\3"));
    assert_int_equal(image.n_interrupted, 1);
    stop(DEBUG_INTERRUPTED, 0, 0, 0);
    assert_string_equal(answer(), "T02thread:2;");
}

static void test_kill(void **state)
{
    (void)state;
    assert_string_equal(ask("vKill;1"), "OK");
    assert_int_equal(image.n_killed, 1);
    assert_false(gdb_listens(&gdb));
    gdb_disconnected(&gdb);
    assert_int_equal(image.n_resumed, 0);
    gdb_stopped(&gdb, &(struct debug_stop){.kind = DEBUG_KILLED, .signal = DEBUG_SIGKILL});
    assert_int_equal(gdb.state, GDB_GONE);
}

/* ---- Coming and going ---- */

static void test_detach(void **state)
{
    (void)state;
    (void)ask("Z0,12001,1");
    (void)ask("Z2,13000,8");
    assert_string_equal(ask("D"), "OK");
    assert_int_equal(*at(FAKE_TEXT + 1), 0);
    assert_int_equal(image.dr7, 0);
    assert_int_equal(image.how, DEBUG_GO);
    assert_int_equal(gdb.state, GDB_FREE);
    gdb_disconnected(&gdb);
    assert_int_equal(image.n_resumed, 1);
}

/* Breakpoints don't stay when the connection is lost, whether the image runs or stands still. */
static void test_lost_connection(void **state)
{
    (void)state;
    (void)ask("Z0,12001,1");
    (void)ask("c");
    gdb_disconnected(&gdb);
    assert_int_equal(image.n_interrupted, 1);
    assert_int_equal(*at(FAKE_TEXT + 1), INT3);
    stop(DEBUG_INTERRUPTED, 0, 0, 0);
    assert_int_equal(*at(FAKE_TEXT + 1), 0);
    assert_int_equal(image.n_resumed, 2);
    assert_int_equal(gdb.state, GDB_FREE);
    assert_int_equal(gdb_output(&gdb).len, 0);
}

static void test_lost_at_a_fault(void **state)
{
    (void)state;
    (void)ask("c");
    stop(DEBUG_FAULT, 0, 0, DEBUG_SIGSEGV);
    gdb_disconnected(&gdb);
    assert_int_equal(image.how, DEBUG_GO_DIE);
}

static void test_attach(void **state)
{
    (void)state;
    (void)ask("D");
    gdb_disconnected(&gdb);
    gdb_connected(&gdb);
    assert_int_equal(image.n_interrupted, 1);
    assert_false(gdb_listens(&gdb));
    stop(DEBUG_INTERRUPTED, 0, 0, 0);
    assert_true(gdb_listens(&gdb));
    assert_int_equal(gdb_output(&gdb).len, 0);
    assert_string_equal(ask("?"), "T02thread:2;");
}

static void test_left_while_attaching(void **state)
{
    (void)state;
    (void)ask("D");
    gdb_disconnected(&gdb);
    gdb_connected(&gdb);
    gdb_disconnected(&gdb);
    gdb_connected(&gdb);
    assert_int_equal(image.n_interrupted, 1);
    gdb_disconnected(&gdb);
    stop(DEBUG_INTERRUPTED, 0, 0, 0);
    assert_int_equal(gdb.state, GDB_FREE);
    assert_int_equal(image.n_resumed, 2);
}

/* Nobody is there: no stop lasts but the first. */
static void test_alone(void **state)
{
    (void)state;
    (void)ask("D");
    gdb_disconnected(&gdb);
    stop(DEBUG_FAULT, 0, 0, DEBUG_SIGSEGV);
    assert_int_equal(image.how, DEBUG_GO_DIE);
    stop(DEBUG_ABORTED, 0, 0, 0);
    assert_int_equal(image.how, DEBUG_GO);
    assert_int_equal(image.n_resumed, 3);
}

/* ---- Threads ---- */

static const char threads_xml[] =
    "<?xml version=\"1.0\"?><threads><thread id=\"1\" name=\"scheduler\">waits</thread>"
    "<thread id=\"2\" name=\"one\">running</thread><thread id=\"3\" name=\"two\">parked</thread></threads>";

static void test_threads(void **state)
{
    char whole[512], line[64];
    size_t len = 0;
    (void)state;
    snprintf(whole, sizeof whole, "l%s", threads_xml);
    assert_string_equal(ask("qXfer:threads:read::0,1000"), whole);
    for (bool more = true; more;) {
        snprintf(line, sizeof line, "qXfer:threads:read::%zx,7", len);
        const char *part = ask(line);
        more = part[0] == 'm';
        strcpy(whole + len, part + 1);
        len += strlen(part + 1);
    }
    assert_string_equal(whole, threads_xml);
    assert_string_equal(ask("qfThreadInfo"), "m1,2,3");
    assert_string_equal(ask("qsThreadInfo"), "l");
    assert_string_equal(ask("T3"), "OK");
    assert_string_equal(ask("T4"), "E01");
    assert_string_equal(ask("qThreadExtraInfo,3"), "74776f2c207061726b6564"); /* two, parked */
    assert_string_equal(ask("qC"), "QC2");
}

static void test_whose_stack(void **state)
{
    struct fibers f;
    (void)state;
    fibers_look(&f, &image.target, FAKE_START + 0x3000);
    assert_int_equal(f.current, THREAD_SCHEDULER);
    fibers_look(&f, &image.target, FAKE_BASE + FAKE_STRIDE - 8); /* in the guard of the second */
    assert_int_equal(f.current, 3);
    fibers_look(&f, &image.target, FAKE_BASE - 8);
    assert_int_equal(f.current, 2);
    fibers_look(&f, &image.target, FAKE_BASE + 3 * FAKE_STRIDE); /* on a stack that was never used */
    assert_int_equal(f.current, THREAD_SCHEDULER);
}

/* What an image says of itself may be wrong. */
static void test_broken_tables(void **state)
{
    static const struct {
        unsigned field;
        uint64_t value;
    } bad[] = {{24, 0},
               {24, FAKE_START + 0x100},
               {24, UINT64_MAX},
               {32, 8},
               {32, UINT64_MAX},
               {40, 0},
               {40, 0xfff},
               {40, UINT64_MAX},
               {48, UINT64_MAX},
               {48, FIBERS_MAX + 1},
               {0, 0}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        fake_init(&image);
        fake_put64(&image, FAKE_SCHEDULER + bad[i].field, bad[i].value);
        gdb_init(&gdb, &image.target);
        stop(DEBUG_STARTED, 0, 0, 0);
        gdb_connected(&gdb);
        assert_string_equal(ask("qfThreadInfo"), "m1");
        assert_string_equal(ask("Hg2"), "E01");
    }
}

static void test_names_are_cleaned(void **state)
{
    (void)state;
    memcpy(at(FAKE_NAMES + 64), "a<b>\"&'\n\x80z", 11);
    assert_non_null(strstr(ask("qXfer:threads:read::0,1000"), "name=\"a?b??????z\""));
    memset(at(FAKE_NAMES + 64), 'n', 64);
    assert_non_null(strstr(ask("qXfer:threads:read::0,1000"), "name=\"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\""));
    fake_put64(&image, fake_block(1) + 8, 3); /* no address at all */
    assert_non_null(strstr(ask("qXfer:threads:read::0,1000"), "id=\"3\" name=\"\""));
    fake_put64(&image, fake_block(1), 0x18000 + 0x10); /* a context that is on another stack */
    assert_string_equal(ask("qfThreadInfo"), "m1,2");
}

/* ---- Steps of a fiber that has not the processor ---- */

static void test_waited_for(void **state)
{
    uint64_t turn = FAKE_TEXT + 0x100;
    (void)state;
    *at(turn) = 0x90;
    assert_string_equal(ask("vCont;s:3;c"), "");
    assert_int_equal(image.how, DEBUG_GO);
    assert_int_equal(*at(turn), INT3);
    image.registers.r[DEBUG_RIP] = turn + 1; /* fiber 2 comes by */
    stop(DEBUG_INT3, turn, 0, 0);
    assert_int_equal(gdb_output(&gdb).len, 0);
    assert_int_equal(image.registers.r[DEBUG_RIP], turn);
    assert_int_equal(image.how, DEBUG_STEP);
    assert_int_equal(*at(turn), 0x90);
    stop(DEBUG_TRACED, 0, DR6_STEP, 0);
    assert_int_equal(image.how, DEBUG_GO);
    assert_int_equal(*at(turn), INT3);
    image.registers.r[DEBUG_RSP] = FAKE_BASE + FAKE_STRIDE + 0x800;
    image.registers.r[DEBUG_RIP] = turn + 1;
    stop(DEBUG_INT3, turn, 0, 0);
    assert_string_equal(answer(), "T05thread:3;");
    assert_int_equal(image.registers.r[DEBUG_RIP], turn);
    assert_int_equal(*at(turn), 0x90);
}

/* A step through the switch ends when the fiber is back. */
static void test_step_through_a_switch(void **state)
{
    uint64_t turn = FAKE_TEXT + 0x200;
    (void)state;
    (void)ask("vCont;s:2;c");
    fake_fiber(&image, 0, "one", 1, turn);
    image.registers.r[DEBUG_RSP] = FAKE_START + 0x3000; /* the scheduler's */
    stop(DEBUG_TRACED, 0, DR6_STEP, 0);
    assert_int_equal(gdb_output(&gdb).len, 0);
    assert_int_equal(image.how, DEBUG_GO);
    assert_int_equal(*at(turn), INT3);
    image.registers.r[DEBUG_RSP] = FAKE_BASE + 0x800;
    image.registers.r[DEBUG_RIP] = turn + 1;
    stop(DEBUG_INT3, turn, 0, 0);
    assert_string_equal(answer(), "T05thread:2;");
    assert_int_equal(*at(turn), 0);
}

/* It has ended: there is nobody to wait for. */
static void test_step_over_its_end(void **state)
{
    (void)state;
    (void)ask("vCont;s:2;c");
    fake_fiber(&image, 0, "one", FIBER_STATE_ENDED, FAKE_TEXT);
    image.registers.r[DEBUG_RSP] = FAKE_START + 0x3000;
    stop(DEBUG_TRACED, 0, DR6_STEP, 0);
    assert_string_equal(answer(), "T05thread:1;");
}

static void test_interrupted_while_waited_for(void **state)
{
    uint64_t turn = FAKE_TEXT + 0x100;
    (void)state;
    (void)ask("vCont;s:3;c");
    stop(DEBUG_INTERRUPTED, 0, 0, 0);
    assert_string_equal(answer(), "T02thread:2;");
    assert_int_equal(*at(turn), 0);
    (void)ask("Z0,12100,1"); /* gdb's own at the same place is told of */
    (void)ask("vCont;s:3;c");
    stop(DEBUG_INT3, turn, 0, 0);
    assert_string_equal(answer(), "T05thread:2;swbreak:;");
    (void)ask("z0,12100,1");
    assert_int_equal(*at(turn), 0);
}

/* ---- Objects ---- */

static void test_objects(void **state)
{
    (void)state;
    assert_string_equal(ask("qSupported:swbreak+"),
                        "PacketSize=2000;QStartNoAckMode+;qXfer:features:read+;qXfer:threads:read+;qXfer:auxv:read+;"
                        "swbreak+;hwbreak+;vContSupported+;qXfer:exec-file:read+");
    assert_string_equal(ask("qXfer:exec-file:read::0,100"), "l/image.debug");
    assert_string_equal(ask("qXfer:exec-file:read::7,3"), "mdeb");
    assert_string_equal(ask("qXfer:exec-file:read::ffffffffffffffff,3"), "l");
    assert_string_equal(ask("qXfer:exec-file:read::7"), "E01");
    assert_string_equal(ask("qAttached"), "1");
    assert_string_equal(ask("qOffsets"), "");
    image.target.bias = 0x200000;
    image.target.base = 0x300000;
    assert_string_equal(ask("qOffsets"), "TextSeg=300000");
    const char *xml = ask("qXfer:features:read:target.xml:0,1f00");
    assert_int_equal(xml[0], 'l');
    assert_non_null(strstr(xml, "<reg name=\"r15\" bitsize=\"64\" type=\"int64\"/><reg name=\"rip\""));
    assert_non_null(strstr(xml, "<reg name=\"ymm15h\" bitsize=\"128\""));
    assert_string_equal(xml + strlen(xml) - 9, "</target>");
}

static void test_note(void **state)
{
    uint8_t file[64 + 56 + FIBER_NOTE_BYTES] = {0};
    struct fiber_note n;
    struct writer w = writer_of(file + 64, sizeof file - 64);
    (void)state;
    file[32] = 64;
    file[56] = 1;
    write_le32(&w, 4);
    write_le32(&w, 4);
    write_le64(&w, 120);
    write_zeros(&w, 16);
    write_le64(&w, FIBER_NOTE_BYTES);
    write_zeros(&w, 16);
    write_le32(&w, 5);
    write_le32(&w, FIBER_NOTE_CONTENT_BYTES);
    write_le32(&w, FIBER_NOTE_TYPE);
    write_copy(&w, "Jinn\0\0\0\0\0\0\0", 12);
    write_le64(&w, 0x10b340);
    write_le32(&w, FIBER_NOTE_VERSION);
    write_le32(&w, 0x98);
    for (uint16_t i = 1; i <= 10; i++)
        write_le16(&w, i);
    write_le32(&w, 0);
    assert_true(writer_good(&w) && writer_left(&w) == 0);
    assert_int_equal(fiber_note_find(bytes_of(file, sizeof file), &n), OK);
    assert_int_equal(n.scheduler, 0x10b340);
    assert_int_equal(n.fiber_bytes, 0x98);
    assert_int_equal(n.running, 1);
    assert_int_equal(n.n_used, 7);
    assert_int_equal(n.fiber_state, 10);
    assert_int_equal(fiber_note_find(bytes_of(file, sizeof file - 1), &n), ERR_NOT_FOUND);
    file[120 + 32] = FIBER_NOTE_VERSION + 1;
    assert_int_equal(fiber_note_find(bytes_of(file, sizeof file), &n), ERR_MALFORMED);
    file[64] = 1;
    assert_int_equal(fiber_note_find(bytes_of(file, sizeof file), &n), ERR_NOT_FOUND);
    assert_int_equal(fiber_note_find(bytes_of(file, 100), &n), ERR_MALFORMED);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_frames),
        TEST(test_acks_end_when_asked),
        TEST(test_escapes),
        TEST(test_too_long),
        TEST(test_asked_without_reading),
        TEST(test_unknown),
        TEST(test_registers),
        TEST(test_writing_registers),
        TEST(test_no_avx),
        TEST(test_waiting_fiber),
        TEST(test_memory),
        TEST(test_soft_breakpoint),
        TEST(test_int3_of_the_image),
        TEST(test_soft_limit),
        TEST(test_hard_points),
        TEST(test_watched_areas),
        TEST(test_steps_and_signals),
        TEST(test_fault_taken_back),
        TEST(test_bad_actions),
        TEST(test_interrupt),
        TEST(test_kill),
        TEST(test_detach),
        TEST(test_lost_connection),
        TEST(test_lost_at_a_fault),
        TEST(test_attach),
        TEST(test_left_while_attaching),
        TEST(test_alone),
        TEST(test_threads),
        TEST(test_whose_stack),
        TEST(test_broken_tables),
        TEST(test_names_are_cleaned),
        TEST(test_waited_for),
        TEST(test_step_through_a_switch),
        TEST(test_step_over_its_end),
        TEST(test_interrupted_while_waited_for),
        TEST(test_objects),
        TEST(test_note),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
