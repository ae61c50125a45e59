/* SPDX-License-Identifier: ISC */
/* idle COUNT ADDRESS PORT SOURCE... : opens COUNT connections from the sources in turns, sends one request on each and
 * reads its whole response of 1 KB, prints "ready" and keeps them until its standard input ends. Then it asks once more
 * on every hundredth, to show that they live, and prints how many answered. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BODY_BYTES = 1024, ALIVE_STEP = 100 };

static void die(const char *what)
{
    fprintf(stderr, "idle: %s: %s\n", what, strerror(errno));
    exit(1);
}

static struct sockaddr_in address_of(const char *text, int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, text, &a.sin_addr) != 1)
        die(text);
    return a;
}

static int open_one(const struct sockaddr_in *from, const struct sockaddr_in *to)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    struct timeval patience = {10, 0};
    if (fd < 0)
        die("socket");
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (bind(fd, (const struct sockaddr *)from, sizeof *from) || connect(fd, (const struct sockaddr *)to, sizeof *to))
        die("connect");
    return fd;
}

/* Whether a response came whole. */
static int ask(int fd)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: bench\r\n\r\n";
    char buffer[4096];
    size_t len = 0;
    if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) != (ssize_t)sizeof request - 1)
        return 0;
    for (;;) {
        ssize_t n = recv(fd, buffer + len, sizeof buffer - 1 - len, 0);
        if (n <= 0)
            return 0;
        len += (size_t)n;
        buffer[len] = 0;
        char *body = strstr(buffer, "\r\n\r\n");
        if (body && (size_t)(buffer + len - body) >= BODY_BYTES + 4)
            return strncmp(buffer, "HTTP/1.1 200", 12) == 0;
    }
}

int main(int argc, char **argv)
{
    int n = argc > 4 ? atoi(argv[1]) : 0, n_sources = argc - 4, alive = 0, asked = 0;
    if (n < 1) {
        fprintf(stderr, "usage: idle COUNT ADDRESS PORT SOURCE...\n");
        return 64;
    }
    struct rlimit files = {(rlim_t)n + 64, (rlim_t)n + 64};
    if (setrlimit(RLIMIT_NOFILE, &files))
        die("setrlimit");
    int *fds = calloc((size_t)n, sizeof *fds);
    if (!fds)
        die("memory");
    struct sockaddr_in to = address_of(argv[2], atoi(argv[3]));
    for (int i = 0; i < n; i++) {
        struct sockaddr_in from = address_of(argv[4 + i % n_sources], 0);
        fds[i] = open_one(&from, &to);
        if (!ask(fds[i])) {
            fprintf(stderr, "idle: connection %d got no response: %s\n", i, strerror(errno));
            return 1;
        }
    }
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    for (int i = 0; i < n; i += ALIVE_STEP) {
        asked++;
        alive += ask(fds[i]);
    }
    printf("%d of %d answered\n", alive, asked);
    return alive == asked ? 0 : 1;
}
