/* SPDX-License-Identifier: ISC */
/* forward [OPTION=NUMBER]... NETNS TAP NETNS TAP
 *
 * Makes the two taps in the two network namespaces and carries frames from each to the other, with all that can go wrong on
 * the way: the fault device for real traffic. Options are those of the simulator's links (plat/sim/sim.h): loss,
 * duplicate, corrupt, reorder (per million), delay, jitter, reorder-by (microseconds), rate (bits a second), queue
 * (bytes before the rate), seed. Both directions have the same faults and each a chance of its own.
 *
 * Says "ready" once frames are carried, and at SIGTERM or SIGINT what it did, a direction a line. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_tun.h>

#define FRAME_MAX 65550
#define QUEUE_DEFAULT (1024 * 1024)
#define UNDER_WAY_MAX 65536 /* frames of one direction: 1 Gbit/s for 50 ms is 4300 */
#define NS_PER_US UINT64_C(1000)
#define NS_PER_S UINT64_C(1000000000)

struct faults {
    uint64_t loss, duplicate, corrupt, reorder;
    uint64_t delay, jitter, reorder_by;
    uint64_t rate, queue, seed;
};

struct frame {
    uint64_t due_ns, number; /* what came first goes first */
    size_t len;
    uint8_t bytes[];
};

struct direction {
    const struct faults *faults;
    int from, to;
    uint64_t chance; /* the generator's state */
    uint64_t busy_until_ns, last_ns;
    struct frame *heap[UNDER_WAY_MAX]; /* the next one first */
    size_t n;
    uint64_t n_in, n_out, n_lost, n_duplicated, n_corrupted, n_reordered, n_queue_full, n_refused;
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

__attribute__((noreturn)) static void die(const char *what)
{
    fprintf(stderr, "forward: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* ---- Chance ---- */

static uint64_t draw(struct direction *d)
{
    uint64_t z = (d->chance += UINT64_C(0x9e3779b97f4a7c15)); /* SplitMix64 */
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static bool happens(struct direction *d, uint64_t per_million)
{
    return per_million && draw(d) % 1000000 < per_million;
}

/* ---- Under way ---- */

static bool before(const struct frame *a, const struct frame *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->number < b->number;
}

static void push(struct direction *d, struct frame *f)
{
    size_t i = d->n++;
    for (; i > 0 && before(f, d->heap[(i - 1) / 2]); i = (i - 1) / 2)
        d->heap[i] = d->heap[(i - 1) / 2];
    d->heap[i] = f;
}

static struct frame *pop(struct direction *d)
{
    struct frame *first = d->heap[0], *last = d->heap[--d->n];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < d->n; i = child) {
        if (child + 1 < d->n && before(d->heap[child + 1], d->heap[child]))
            child++;
        if (!before(d->heap[child], last))
            break;
        d->heap[i] = d->heap[child];
    }
    d->heap[i] = last;
    return first;
}

/* When the frame has left, by the rate; false when the queue before it is full. */
static bool take_turn(struct direction *d, uint64_t now, size_t len, uint64_t *sent_ns)
{
    const struct faults *f = d->faults;
    *sent_ns = now;
    if (!f->rate)
        return true;
    const uint64_t begin = d->busy_until_ns > now ? d->busy_until_ns : now;
    if ((begin - now) / 8 * f->rate / NS_PER_S + len > (f->queue ? f->queue : QUEUE_DEFAULT))
        return false;
    d->busy_until_ns = begin + len * 8 * NS_PER_S / f->rate;
    *sent_ns = d->busy_until_ns;
    return true;
}

/* Jitter keeps the order; who is reordered is overtaken. */
static uint64_t arrival(struct direction *d, uint64_t sent_ns)
{
    const struct faults *f = d->faults;
    uint64_t at = sent_ns + f->delay * NS_PER_US;
    if (f->jitter)
        at += draw(d) % (f->jitter * NS_PER_US);
    if (happens(d, f->reorder)) {
        d->n_reordered++;
        return at + f->reorder_by * NS_PER_US;
    }
    if (at < d->last_ns)
        at = d->last_ns;
    d->last_ns = at;
    return at;
}

static void send_off(struct direction *d, const uint8_t *bytes, size_t len, uint64_t sent_ns)
{
    struct frame *f = malloc(sizeof *f + len);
    if (!f || d->n == UNDER_WAY_MAX) {
        d->n_queue_full++;
        free(f);
        return;
    }
    memcpy(f->bytes, bytes, len);
    f->len = len;
    f->number = d->n_in;
    if (happens(d, d->faults->corrupt)) {
        const uint64_t bit = draw(d) % (len * 8);
        f->bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        d->n_corrupted++;
    }
    f->due_ns = arrival(d, sent_ns);
    push(d, f);
}

static void take(struct direction *d, const uint8_t *bytes, size_t len)
{
    uint64_t sent_ns;
    d->n_in++;
    if (!take_turn(d, now_ns(), len, &sent_ns)) {
        d->n_queue_full++;
        return;
    }
    if (happens(d, d->faults->loss)) {
        d->n_lost++;
        return;
    }
    send_off(d, bytes, len, sent_ns);
    if (happens(d, d->faults->duplicate)) {
        d->n_duplicated++;
        send_off(d, bytes, len, sent_ns);
    }
}

static void take_all(struct direction *d)
{
    static uint8_t buffer[FRAME_MAX];
    ssize_t len;
    while ((len = read(d->from, buffer, sizeof buffer)) > 0)
        take(d, buffer, (size_t)len);
}

static void deliver_due(struct direction *d)
{
    const uint64_t now = now_ns();
    while (d->n && d->heap[0]->due_ns <= now) {
        struct frame *f = pop(d);
        if (write(d->to, f->bytes, f->len) == (ssize_t)f->len)
            d->n_out++;
        else
            d->n_refused++;
        free(f);
    }
}

/* ---- Set-up ---- */

static int open_tap(const char *netns, const char *tap)
{
    char path[200];
    struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    snprintf(path, sizeof path, "/run/netns/%s", netns);
    const int ns = open(path, O_RDONLY | O_CLOEXEC);
    if (ns < 0 || setns(ns, CLONE_NEWNET) < 0)
        die(path);
    close(ns);
    snprintf(r.ifr_name, sizeof r.ifr_name, "%s", tap);
    const int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &r) < 0)
        die(tap);
    return fd;
}

static void set_option(struct faults *f, const char *option)
{
    const struct {
        const char *name;
        uint64_t *value;
    } all[] = {
        {"loss", &f->loss},   {"duplicate", &f->duplicate}, {"corrupt", &f->corrupt},       {"reorder", &f->reorder},
        {"delay", &f->delay}, {"jitter", &f->jitter},       {"reorder-by", &f->reorder_by}, {"rate", &f->rate},
        {"queue", &f->queue}, {"seed", &f->seed},
    };
    const size_t len = strcspn(option, "=");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char *end;
        if (strlen(all[i].name) != len || strncmp(all[i].name, option, len) != 0 || option[len] == '\0')
            continue;
        *all[i].value = strtoull(option + len + 1, &end, 10);
        if (*end == '\0')
            return;
    }
    errno = EINVAL;
    die(option);
}

static void say(const char *name, const struct direction *d)
{
    printf("%s: %llu in, %llu out, %llu lost, %llu duplicated, %llu corrupted, %llu reordered, %llu without room, %llu "
           "refused\n",
           name, (unsigned long long)d->n_in, (unsigned long long)d->n_out, (unsigned long long)d->n_lost,
           (unsigned long long)d->n_duplicated, (unsigned long long)d->n_corrupted, (unsigned long long)d->n_reordered,
           (unsigned long long)d->n_queue_full, (unsigned long long)d->n_refused);
}

static uint64_t next_due(const struct direction d[2])
{
    uint64_t due = UINT64_MAX;
    for (int i = 0; i < 2; i++) {
        if (d[i].n && d[i].heap[0]->due_ns < due)
            due = d[i].heap[0]->due_ns;
    }
    return due;
}

static void carry(struct direction d[2])
{
    struct pollfd fds[2] = {{.fd = d[0].from, .events = POLLIN}, {.fd = d[1].from, .events = POLLIN}};
    sigset_t none;
    sigemptyset(&none);
    while (!stopped) {
        const uint64_t due = next_due(d), now = now_ns(), left = due > now ? due - now : 0;
        const struct timespec t = {(time_t)(left / NS_PER_S), (long)(left % NS_PER_S)};
        if (ppoll(fds, 2, due == UINT64_MAX ? NULL : &t, &none) < 0 && errno != EINTR)
            die("ppoll");
        for (int i = 0; i < 2; i++) {
            take_all(&d[i]);
            deliver_due(&d[i]);
        }
    }
}

int main(int argc, char **argv)
{
    static struct direction d[2];
    static struct faults faults;
    struct sigaction action = {.sa_handler = stop};
    sigset_t both;
    if (argc < 5) {
        fprintf(stderr, "usage: forward [OPTION=NUMBER]... NETNS TAP NETNS TAP\n");
        return 2;
    }
    for (int i = 1; i < argc - 4; i++)
        set_option(&faults, argv[i]);
    const int a = open_tap(argv[argc - 4], argv[argc - 3]), b = open_tap(argv[argc - 2], argv[argc - 1]);
    d[0] = (struct direction){.faults = &faults, .from = a, .to = b, .chance = 2 * faults.seed};
    d[1] = (struct direction){.faults = &faults, .from = b, .to = a, .chance = 2 * faults.seed + 1};
    /* Only while it waits: so none is missed. */
    sigemptyset(&both);
    sigaddset(&both, SIGTERM);
    sigaddset(&both, SIGINT);
    sigprocmask(SIG_BLOCK, &both, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    printf("ready\n");
    fflush(stdout);
    carry(d);
    say("there", &d[0]);
    say("back", &d[1]);
    return 0;
}
