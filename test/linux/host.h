/* SPDX-License-Identifier: ISC */
/* What the tests of the host's sockets share: the parts of a platform and of a generated main that are not linked, a stack for
 * each test, and plain sockets of this process as peers, on loopback. They are linked as images for linux are: calls
 * go through plat/linux/dispatch.c. */
#ifndef TEST_LINUX_HOST_H
#define TEST_LINUX_HOST_H

#include "plat/linux/host.h"

#include <jinn/fiber.h>
#include <jinn/log.h>
#include <jinn/must.h>
#include <jinn/random.h>

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- What main.c and a generated main would bring ---- */

struct linux_state linux_state = {.epoll = -1, .control = -1};
const char plat_image_name[] = "test";
const struct plat_device plat_devices[] = {{"host", PLAT_NET, false}, {"wire", PLAT_NET, false}};
const size_t plat_n_devices = 2;
const size_t plat_stacks_n = 16;
const size_t plat_stack_bytes = 256 * 1024; /* the sanitizers' frames are large */

static jmp_buf refusal;
static char refused_with[512];

void linux_fail(int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(refused_with, sizeof refused_with, format, args);
    va_end(args);
    if (status != EXIT_DEVICE)
        abort();
    longjmp(refusal, 1);
}

/* Whether the call ended the image, and its line. */
#define REFUSES(call, line)                                      \
    do {                                                         \
        if (setjmp(refusal) == 0)                                \
            fail_msg("%s gave %d", #call, (call) != 0);          \
        if (!strstr(refused_with, line))                         \
            fail_msg("'%s' is not in '%s'", line, refused_with); \
    } while (0)

bool linux_descriptor(const char *text, int *fd)
{
    return false;
}

int unikernel_main(int argc, char **argv)
{
    return 0;
}

/* ---- Running ---- */

enum { BIG = 6000000, PATIENCE_S = 20, HARD_LIMIT = 1024 };

static const struct stack_options dual = {.ip6 = &stack_ip6};
static const struct stack_options four = {.ip6 = &stack_ip6, .ipv4_only = true};
static const struct stack_options six = {.ip6 = &stack_ip6, .ipv6_only = true};
static uint8_t big[BIG];

static struct stack *s;

struct body {
    const struct stack_options *o;
    void (*run)(void);
};

static inline const struct host_counters *counters(void)
{
    return &host_stack_of(s)->counters;
}

static inline int run_body(void *arg)
{
    const struct body *b = arg;
    s = boot_stack("host", b->o);
    assert_true(host_owns(s));
    b->run();
    host_stack_down(s);
    return 0;
}

static inline void run_with(const struct stack_options *o, void (*body)(void))
{
    struct body b = {o, body};
    linux_state.device[0].on_host = true;
    assert_int_equal(sched_run(run_body, &b), 0);
}

static inline void run(void (*body)(void))
{
    run_with(&dual, body);
}

static inline uint64_t soon(void)
{
    return time_after(sched_now(), PATIENCE_S * NS_PER_S);
}

static inline uint64_t in_ms(uint64_t ms)
{
    return time_after(sched_now(), ms * NS_PER_MS);
}

static inline void rest(uint64_t ms)
{
    assert_int_equal(fiber_sleep(in_ms(ms)), OK);
}

static const struct ip localhost4 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}};
static const struct ip localhost6 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

/* For tests of both families. */
static inline void need_ipv6(void)
{
    union host_address a;
    struct endpoint e = {localhost6, 0};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool has = fd >= 0 && bind(fd, &a.any, host_address_of(AF_INET6, &e, &a)) == 0;
    close(fd);
    if (!has)
        skip();
}

/* ---- Plain sockets ---- */

static inline int plain(int family, int kind)
{
    int fd = socket(family, kind, 0);
    assert_true(fd >= 0);
    return fd;
}

static inline struct endpoint local_of(int fd)
{
    union host_address a;
    socklen_t len = sizeof a;
    assert_int_equal(getsockname(fd, &a.any, &len), 0);
    return host_endpoint_of(&a);
}

/* On the loopback address, at a port the kernel chooses. */
static inline int plain_bound(int family, int kind)
{
    struct endpoint e = {family == AF_INET ? localhost4 : localhost6, 0};
    union host_address a;
    int fd = plain(family, kind);
    assert_int_equal(bind(fd, &a.any, host_address_of(family, &e, &a)), 0);
    return fd;
}

/* A port that nobody has. */
static inline uint16_t free_port(int kind)
{
    int fd = plain_bound(AF_INET, kind);
    uint16_t port = local_of(fd).port;
    close(fd);
    return port;
}

static inline int connect_to(int fd, int family, uint16_t port)
{
    struct endpoint e = {family == AF_INET ? localhost4 : localhost6, port};
    union host_address a;
    return connect(fd, &a.any, host_address_of(family, &e, &a));
}

static inline int plain_connected(int family, uint16_t port)
{
    int fd = plain(family, SOCK_STREAM);
    assert_int_equal(connect_to(fd, family, port), 0);
    return fd;
}

/* The peer reads without holding up the fibers: what is there now, or -1 with errno. */
static inline ssize_t peer_read(int fd, void *buffer, size_t size)
{
    ssize_t n;
    for (int i = 0; i < PATIENCE_S * 1000; i++) {
        n = recv(fd, buffer, size, MSG_DONTWAIT);
        if (n >= 0 || errno != EAGAIN)
            return n;
        rest(1);
    }
    return n;
}

static inline void peer_gets(int fd, const char *text)
{
    char in[256] = "";
    size_t len = 0;
    while (len < strlen(text)) {
        ssize_t n = peer_read(fd, in + len, sizeof in - len - 1);
        assert_true(n > 0);
        len += (size_t)n;
    }
    assert_string_equal(in, text);
}

static inline void peer_says(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static inline void peer_gets_end(int fd)
{
    char in[16];
    assert_int_equal(peer_read(fd, in, sizeof in), 0);
}

static inline void peer_gets_reset(int fd)
{
    char in[16];
    assert_int_equal(peer_read(fd, in, sizeof in), -1);
    assert_int_equal(errno, ECONNRESET);
}

/* ---- Flows ---- */

static inline struct listener *listening(uint16_t *port)
{
    struct listener *l;
    *port = free_port(SOCK_STREAM);
    assert_int_equal(stack_listen(s, *port, 256, &l), OK);
    assert_true(host_owns(l));
    return l;
}

/* A connection, and the plain socket at its other end. */
static inline struct flow *joined(int *peer)
{
    uint16_t port;
    struct flow *f;
    struct listener *l = listening(&port);
    *peer = plain_connected(AF_INET, port);
    assert_int_equal(listener_accept(l, soon(), &f), OK);
    listener_close(l);
    return f;
}

static inline void says(struct flow *f, const char *text)
{
    struct piece p = piece_copy(bytes_str(text));
    assert_int_equal(flow_write(f, &p, 1, soon()), OK);
}

static inline void gets(struct flow *f, const char *text)
{
    char in[256] = "";
    assert_int_equal(flow_read_exact(f, in, strlen(text), soon()), OK);
    assert_string_equal(in, text);
}

static inline enum err read_one(struct flow *f, uint64_t deadline_ns)
{
    char in[16];
    size_t len;
    return flow_read(f, in, sizeof in, &len, deadline_ns);
}

static inline void accept_family(int family, struct listener *l, uint16_t port)
{
    struct flow *f;
    int peer = plain_connected(family, port);
    assert_int_equal(listener_accept(l, soon(), &f), OK);
    struct endpoint there = flow_peer(f), here = local_of(peer);
    assert_true(ip_equal(&there.ip, &here.ip));
    assert_int_equal(there.port, here.port);
    peer_says(peer, "question");
    gets(f, "question");
    says(f, "answer");
    peer_gets(peer, "answer");
    flow_close(f);
    peer_gets_end(peer);
    close(peer);
}

static inline void fill_big(void)
{
    uint32_t x = 1;
    for (size_t i = 0; i < BIG; i++) {
        x = x * 1664525 + 1013904223;
        big[i] = (uint8_t)(x >> 24);
    }
}

static inline int run_host_tests(const char *name, const struct CMUnitTest *tests, size_t n)
{
    fill_big();
    linux_wait_init();
    for (size_t i = 0; i < PLAT_DEVICES_MAX; i++)
        linux_state.device[i].fd = -1;
    must(random_init() == OK && log_rules("*:warning") == OK);
    return _cmocka_run_group_tests(name, tests, n, NULL, NULL);
}

#endif
