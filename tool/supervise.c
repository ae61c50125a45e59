/* SPDX-License-Identifier: ISC */
/* One loop waits for four things: the image's output, its word that it serves, signals, and the end of a child.
 *
 *   running --SIGINT or SIGTERM--> stopping (the image got SIGTERM) --5 s, or a second one--> killed
 *
 * The children are in process groups of their own, so that Ctrl-C reaches only this process, which passes it on. */
#include "tool/supervise.h"
#include "tender/console.h"
#include "tool/debug.h"
#include "tool/say.h"
#include "tool/symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STOP_NS (UINT64_C(5) * 1000000000)
#define HELPER_END_NS UINT64_C(1000000000) /* after the image */
#define OUTPUT_BYTES 16384
#define WRITE_BYTES 4096   /* what poll's POLLOUT promises of a pipe: PIPE_BUF */
#define LAST_WORDS_MS 1000 /* how long a slow reader is waited for at the end */
#define STATUS_CRASH 70

/* One stream of the image on its way to ours. A reader of ours that is slow must hold up neither this process, which has signals
 * to pass on, nor the image: what is held is written when there is room, and meanwhile the image's pipe fills up and
 * what it prints is lost. */
struct output {
    int fd; /* the pipe's end; -1: closed */
    int to;
    struct console_filter filter;
    uint8_t held[CONSOLE_ROOM(OUTPUT_BYTES)];
    size_t held_from, held_to;
    struct text report; /* the last part of standard error, for symbols after a crash */
};

struct state {
    struct supervised *s;
    pid_t image, helpers[HELPERS_MAX];
    struct output out, err;
    int signals;
    uint64_t start_ns, kill_at_ns; /* 0: not stopping */
    struct text control;
    bool ended, helper_lost;
    int status;
};

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- Children ---- */

/* In the child: nothing of it may outlive its parent. */
static NO_RETURN void become(const struct program *p, int out, int err, pid_t parent, const sigset_t *mask)
{
    int in = open("/dev/null", O_RDONLY);
    char byte;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || (p->gate > 0 && read(p->gate, &byte, 1) < 0))
        _exit(STATUS_HOST);
    setpgid(0, 0);
    if (in >= 0)
        dup2(in, 0);
    close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC);
    for (size_t i = 0; i < p->n_keep; i++)
        fcntl(p->keep[i], F_SETFD, 0);
    if (out >= 0)
        dup2(out, 1);
    if (err >= 0)
        dup2(err, 2);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execv(p->argv.v[0], p->argv.v);
    dprintf(2, "jinn: %s can't be started: %s\n", p->argv.v[0], strerror(errno));
    _exit(STATUS_HOST);
}

static pid_t start(const struct program *p, int out, int err, const sigset_t *mask)
{
    pid_t parent = getpid();
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        fail(STATUS_HOST, "can't start a process: %s", strerror(errno));
    if (pid == 0)
        become(p, out, err, parent, mask);
    return pid;
}

static void make_pipe(struct output *o, int to, int *theirs)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        fail(STATUS_HOST, "can't make a pipe: %s", strerror(errno));
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    fcntl(ends[1], F_SETFL, O_NONBLOCK); /* an image whose console is full loses lines, and never waits */
    o->fd = ends[0];
    o->to = to;
    *theirs = ends[1];
}

/* Waits until it has its ports and has confined itself: what it can't have is known before the image starts. */
static void start_helper(struct state *t, size_t i, const sigset_t *mask)
{
    int ready[2], status;
    char byte;
    if (pipe2(ready, O_CLOEXEC) != 0)
        fail(STATUS_HOST, "can't make a pipe: %s", strerror(errno));
    struct program *p = &t->s->helpers[i];
    words_format(&p->argv, "--ready=%d", ready[1]);
    p->keep[p->n_keep++] = ready[1];
    t->helpers[i] = start(p, -1, -1, mask);
    close(ready[1]);
    ssize_t n = read(ready[0], &byte, 1);
    close(ready[0]);
    if (n == 1)
        return;
    if (waitpid(t->helpers[i], &status, 0) == t->helpers[i] && WIFEXITED(status) && WEXITSTATUS(status))
        exit(WEXITSTATUS(status)); /* it has said why */
    fail(STATUS_UNAVAILABLE, "the user-mode network does not start");
}

/* Who is traced waits until it is, before it becomes the tender. */
static void start_image(struct state *t, int out, int err, const sigset_t *mask)
{
    int gate[2];
    if (!t->s->debug) {
        t->image = start(&t->s->image, out, err, mask);
        return;
    }
    if (pipe2(gate, O_CLOEXEC) != 0)
        fail(STATUS_HOST, "can't make a pipe: %s", strerror(errno));
    t->s->image.gate = gate[0];
    t->image = start(&t->s->image, out, err, mask);
    debug_begin(t->s->debug, t->image);
    (void)!write(gate[1], "", 1);
    close(gate[0]);
    close(gate[1]);
}

static void start_all(struct state *t)
{
    sigset_t caught, before;
    int out, err;
    sigemptyset(&caught);
    sigaddset(&caught, SIGINT);
    sigaddset(&caught, SIGTERM);
    sigaddset(&caught, SIGHUP);
    sigaddset(&caught, SIGCHLD);
    if (t->s->debug)
        sigaddset(&caught, SIGQUIT);
    sigprocmask(SIG_BLOCK, &caught, &before);
    t->signals = signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK);
    if (t->signals < 0)
        fail(STATUS_HOST, "can't wait for signals: %s", strerror(errno));
    make_pipe(&t->out, STDOUT_FILENO, &out);
    make_pipe(&t->err, STDERR_FILENO, &err);
    for (size_t i = 0; i < t->s->n_helpers; i++)
        start_helper(t, i, &before);
    t->start_ns = now_ns();
    start_image(t, out, err, &before);
    close(out);
    close(err);
    for (size_t i = 0; i < t->s->n_theirs; i++)
        close(t->s->theirs[i]);
}

/* ---- What the image says ---- */

/* Writes some of what is held, if there is room. */
static void write_held(struct output *o, int wait_ms)
{
    struct pollfd p = {.fd = o->to, .events = POLLOUT};
    size_t len = o->held_to - o->held_from;
    if (len == 0 || poll(&p, 1, wait_ms) <= 0)
        return;
    ssize_t n = write(o->to, o->held + o->held_from, len < WRITE_BYTES ? len : WRITE_BYTES);
    if (n > 0)
        o->held_from += (size_t)n;
    else if (n < 0 && errno != EINTR && errno != EAGAIN)
        o->held_from = o->held_to; /* nobody reads our output any more, and the image goes on */
}

/* A crash report comes last, and an image may have said much before. */
static void keep_for_report(struct text *report, struct bytes b)
{
    text_add_bytes(report, b.data, b.len);
    if (report->len <= 2 * OUTPUT_BYTES)
        return;
    memmove(report->s, report->s + report->len - OUTPUT_BYTES, OUTPUT_BYTES);
    report->len = OUTPUT_BYTES;
    report->s[report->len] = 0;
}

static void read_more(struct output *o)
{
    uint8_t in[OUTPUT_BYTES];
    struct writer w = writer_of(o->held, sizeof o->held);
    ssize_t n = o->fd >= 0 ? read(o->fd, in, sizeof in) : -1;
    if (n < 0)
        return;
    if (n == 0) {
        console_finish(&o->filter, &w);
        close(o->fd);
        o->fd = -1;
    } else {
        console_filter(&o->filter, bytes_of(in, (size_t)n), &w);
    }
    o->held_from = 0;
    o->held_to = writer_len(&w);
    if (o->to == STDERR_FILENO)
        keep_for_report(&o->report, bytes_of(o->held, o->held_to));
}

/* False when there is nothing to pass on for now. */
static bool pass_output(struct output *o, int wait_ms)
{
    if (o->held_from == o->held_to)
        read_more(o);
    size_t before = o->held_from;
    write_held(o, wait_ms);
    return o->held_from != before;
}

/* What to wait for: room for what is held, or more of it. */
static struct pollfd output_poll(const struct output *o)
{
    if (o->held_from != o->held_to)
        return (struct pollfd){.fd = o->to, .events = POLLOUT};
    return (struct pollfd){.fd = o->fd, .events = POLLIN};
}

static void take_line(struct state *t, const char *line)
{
    char protocol[4], address[46];
    unsigned port;
    int n = sscanf(line, "serving %3[a-z] %u on %45[0-9a-f.:*]", protocol, &port, address);
    if (n < 2 || port == 0 || port > 65535)
        return;
    uint64_t took_ns = now_ns() - t->start_ns;
    if (!t->s->quiet && n == 3)
        ports_print_on_host(t->s->name, protocol, address, (uint16_t)port);
    else if (!t->s->quiet)
        ports_print(t->s->ports, t->s->name, protocol, (uint16_t)port);
    if (t->s->timing)
        printf("%s: served %.1f ms after its start\n", t->s->name, (double)took_ns / 1e6);
    t->s->timing = false;
    fflush(stdout);
}

static void take_control(struct state *t)
{
    char in[512];
    ssize_t n = recv(t->s->control_fd, in, sizeof in, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        close(t->s->control_fd);
        t->s->control_fd = -1;
    }
    if (n <= 0 || t->control.len > sizeof in) /* a line this long is none that we know */
        return;
    text_add_bytes(&t->control, in, (size_t)n);
    for (char *end; (end = memchr(t->control.s, '\n', t->control.len)) != NULL;) {
        *end++ = 0;
        take_line(t, t->control.s);
        t->control.len -= (size_t)(end - t->control.s);
        memmove(t->control.s, end, t->control.len);
    }
}

/* ---- The end ---- */

static void stop(struct state *t)
{
    if (t->ended)
        return;
    bool stands = t->s->debug && debug_stands(t->s->debug); /* it could not hear */
    kill(t->image, t->kill_at_ns || stands ? SIGKILL : SIGTERM);
    if (!t->kill_at_ns)
        t->kill_at_ns = now_ns() + STOP_NS;
}

/* It ends well when the image has ended, and otherwise it is the reason why the image has to. */
static void helper_ended(struct state *t, size_t i, int status)
{
    t->helpers[i] = 0;
    if (t->kill_at_ns || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return;
    const char *program = path_base(t->s->helpers[i].argv.v[0]);
    if (WIFSIGNALED(status))
        say_error("the user-mode network (%s) was ended by signal %d (%s), and so %s ends", program, WTERMSIG(status),
                  strsignal(WTERMSIG(status)), t->s->name);
    else
        say_error("the user-mode network (%s) ended with status %d, and so %s ends", program, WEXITSTATUS(status),
                  t->s->name);
    t->helper_lost = true;
    stop(t);
}

static void reap(struct state *t)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid == t->image && t->s->debug)
            debug_status(t->s->debug, status);
        if (WIFSTOPPED(status))
            continue;
        if (pid == t->image) {
            t->ended = true;
            t->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        for (size_t i = 0; i < t->s->n_helpers; i++)
            if (pid == t->helpers[i])
                helper_ended(t, i, status);
    }
}

static void take_signals(struct state *t)
{
    struct signalfd_siginfo info;
    while (read(t->signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            reap(t);
        else if (info.ssi_signo == SIGQUIT)
            debug_core(t->s->debug);
        else
            stop(t);
    }
}

static int wait_ms(const struct state *t)
{
    if (!t->kill_at_ns)
        return -1;
    uint64_t now = now_ns();
    return now >= t->kill_at_ns ? 0 : (int)((t->kill_at_ns - now) / 1000000) + 1;
}

static void run(struct state *t)
{
    while (!t->ended) {
        struct pollfd p[] = {{.fd = t->signals, .events = POLLIN},
                             output_poll(&t->out),
                             output_poll(&t->err),
                             {.fd = t->s->control_fd, .events = POLLIN},
                             {.fd = -1},
                             {.fd = -1},
                             {.fd = -1}};
        if (t->s->debug)
            debug_polls(t->s->debug, p + 4);
        (void)poll(p, ARRAY_LEN(p), wait_ms(t));
        /* By the clock, not by poll's result: an image that prints without a pause would never let it time out. */
        if (t->kill_at_ns && now_ns() >= t->kill_at_ns) {
            say_error("%s did not stop within 5 s and was ended", t->s->name);
            kill(t->image, SIGKILL);
            t->kill_at_ns += STOP_NS;
        }
        pass_output(&t->out, 0);
        pass_output(&t->err, 0);
        if (p[3].revents)
            take_control(t);
        take_signals(t);
        if (t->s->debug)
            debug_polled(t->s->debug, p + 4);
    }
}

static bool any_helper(const struct state *t)
{
    for (size_t i = 0; i < t->s->n_helpers; i++)
        if (t->helpers[i])
            return true;
    return false;
}

/* They end by themselves once the image is gone. How they did is told even if the image's end, which may have come of
 * it, was seen first. */
static void end_helpers(struct state *t)
{
    uint64_t until = now_ns() + HELPER_END_NS;
    for (uint64_t now = now_ns(); any_helper(t) && now < until; now = now_ns()) {
        struct pollfd p = {.fd = t->signals, .events = POLLIN};
        poll(&p, 1, (int)((until - now) / 1000000) + 1);
        take_signals(t);
    }
    for (size_t i = 0; i < t->s->n_helpers; i++) {
        if (t->helpers[i]) {
            kill(t->helpers[i], SIGKILL);
            waitpid(t->helpers[i], NULL, 0);
        }
    }
}

int supervise(struct supervised *s)
{
    static struct state t;
    t.s = s;
    signal(SIGPIPE, SIG_IGN);
    start_all(&t);
    run(&t);
    while (pass_output(&t.out, LAST_WORDS_MS) || pass_output(&t.err, LAST_WORDS_MS))
        continue;
    end_helpers(&t);
    if (s->debug)
        debug_end(s->debug);
    if (t.status == STATUS_CRASH && s->debug_file)
        symbols_print(t.err.report.s ? t.err.report.s : "", s->debug_file);
    return t.helper_lost ? STATUS_UNAVAILABLE : t.status;
}
