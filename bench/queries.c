/* SPDX-License-Identifier: ISC */
/* queries ADDRESS NAMES SECONDS [WINDOW]: a load for name servers. Asks for the A record of n0000000.bench.test and so on, one of
 * NAMES at random each time, with EDNS and RD; so many are under way at any time, in equal parts on sockets of their own. It sends and
 * receives in batches and never sleeps, so that the server is what limits it. Writes how many were answered, how many of
 * these were no answer (NOERROR and a record), how many got none within LOST_S, and the seconds. A reply that is the
 * query itself with the response bit counts as an answer: that of an echo, with `echo` for NAMES. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
    SOCKETS = 16,
    BATCH = 64,
    REPLY_BYTES = 512,
    DIGITS = 7,
    DIGITS_AT = 14,
    QUERY_BYTES = 48,
    WINDOW = 256,
    BUFFER = 1 << 20
};
#define LOST_S 0.2

static const unsigned char query[QUERY_BYTES] = "\0\0\1\0\0\1\0\0\0\0\0\1\10n0000000\5bench\4test\0\0\1\0\1"
                                                "\0\0\51\4\320\0\0\0\0\0";

/* A query's id is its place of the window and, above that, the round: what comes after it was given up fits no more. */
struct socket_state {
    int fd;
    unsigned n_out, round;
    double heard;
    unsigned char is_out[BATCH];
};

struct load {
    struct socket_state socket[SOCKETS];
    unsigned window; /* of a socket */
    uint64_t names, seed;
    int echo;
    unsigned long n_answered, n_wrong, n_lost;
    unsigned char out[BATCH][QUERY_BYTES], in[BATCH][REPLY_BYTES];
    struct iovec out_part[BATCH], in_part[BATCH];
    struct mmsghdr out_message[BATCH], in_message[BATCH];
};

static void die(const char *what)
{
    fprintf(stderr, "queries: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t random_number(struct load *l)
{
    l->seed ^= l->seed << 13;
    l->seed ^= l->seed >> 7;
    l->seed ^= l->seed << 17;
    return l->seed >> 11;
}

static void open_sockets(struct load *l, const char *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(53)};
    int bytes = BUFFER;
    if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
        die(address);
    for (int i = 0; i < SOCKETS; i++) {
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to))
            die("socket");
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
        l->socket[i].fd = fd;
    }
}

static void lay_out(struct load *l)
{
    for (int i = 0; i < BATCH; i++) {
        memcpy(l->out[i], query, sizeof query);
        l->out_part[i] = (struct iovec){l->out[i], QUERY_BYTES};
        l->in_part[i] = (struct iovec){l->in[i], REPLY_BYTES};
        l->out_message[i].msg_hdr = (struct msghdr){.msg_iov = &l->out_part[i], .msg_iovlen = 1};
        l->in_message[i].msg_hdr = (struct msghdr){.msg_iov = &l->in_part[i], .msg_iovlen = 1};
    }
}

static void put_query(struct load *l, struct socket_state *s, unsigned char *at, unsigned place)
{
    uint64_t number = random_number(l) % l->names;
    at[0] = (unsigned char)s->round;
    at[1] = (unsigned char)place;
    for (int i = DIGITS - 1; i >= 0; i--, number /= 10)
        at[DIGITS_AT + i] = (unsigned char)('0' + number % 10);
}

static void fill(struct load *l, struct socket_state *s)
{
    unsigned n = 0;
    for (unsigned place = 0; place < l->window; place++) {
        if (!s->is_out[place]) {
            put_query(l, s, l->out[n++], place);
            s->is_out[place] = 1;
        }
    }
    if (!n)
        return;
    int sent = sendmmsg(s->fd, l->out_message, n, 0);
    if (sent < 0 && errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED)
        die("sendmmsg");
    for (unsigned i = sent < 0 ? 0 : (unsigned)sent; i < n; i++)
        s->is_out[l->out[i][1]] = 0; /* full for now */
    s->n_out += sent < 0 ? 0 : (unsigned)sent;
}

static int is_answer(const struct load *l, const unsigned char *at)
{
    return l->echo || ((at[3] & 15) == 0 && (at[6] | at[7]));
}

static void take(struct load *l, struct socket_state *s, double t)
{
    int n = recvmmsg(s->fd, l->in_message, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++) {
        const unsigned char *at = l->in[i];
        if (l->in_message[i].msg_len < 12 || !(at[2] & 0x80) || at[0] != (unsigned char)s->round ||
            at[1] >= l->window || !s->is_out[at[1]])
            continue;
        s->is_out[at[1]] = 0;
        s->n_out--;
        s->heard = t;
        l->n_answered++;
        l->n_wrong += !is_answer(l, at);
    }
    if (s->n_out && t - s->heard > LOST_S) {
        l->n_lost += s->n_out;
        s->n_out = 0;
        s->heard = t;
        s->round++;
        memset(s->is_out, 0, sizeof s->is_out);
    }
}

int main(int argc, char **argv)
{
    static struct load l = {.seed = UINT64_C(0x9e3779b97f4a7c15)};
    if (argc != 4 && argc != 5) {
        fprintf(stderr, "usage: queries ADDRESS NAMES|echo SECONDS [WINDOW]\n");
        return 64;
    }
    l.echo = strcmp(argv[2], "echo") == 0;
    l.names = l.echo ? 1 : strtoull(argv[2], NULL, 10);
    l.window = (argc == 5 ? (unsigned)atoi(argv[4]) : WINDOW) / SOCKETS;
    if (!l.names || !l.window || l.window > BATCH)
        return 64;
    open_sockets(&l, argv[1]);
    lay_out(&l);
    double begin = now(), end = begin + atof(argv[3]), t = begin;
    for (int i = 0; i < SOCKETS; i++)
        l.socket[i].heard = begin;
    for (unsigned i = 0; t < end; i = (i + 1) % SOCKETS, t = now()) {
        take(&l, &l.socket[i], t);
        fill(&l, &l.socket[i]);
    }
    printf("%lu %lu %lu %.6f\n", l.n_answered, l.n_wrong, l.n_lost, t - begin);
    return 0;
}
