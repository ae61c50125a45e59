/* SPDX-License-Identifier: ISC */
/* idle COUNT ADDRESS PORT SOURCE... : opens COUNT connections from the sources in turns, sends one request on each and
 * reads its whole response of 1 KB, prints "ready" and keeps them until its standard input ends. Then it asks once more
 * on every hundredth: the exit status says whether they live. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process may have only so many descriptors, and the limit can't be raised everywhere. */
enum { BODY_BYTES = 1024, ALIVE_STEP = 100, PER_PROCESS = 900 };

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

/* One process's part: tells `ready` when its connections are open, keeps them until `control` ends; its exit status says
 * whether those that it asked again are alive. */
static void keep(int n, int first, char **sources, int n_sources, const struct sockaddr_in *to, int ready, int control)
{
    static int fds[PER_PROCESS];
    char c = 1;
    for (int i = 0; i < n; i++) {
        struct sockaddr_in from = address_of(sources[(first + i) % n_sources], 0);
        fds[i] = open_one(&from, to);
        if (!ask(fds[i]))
            die("no response");
    }
    if (write(ready, &c, 1) != 1 || read(control, &c, 1) != 0)
        die("control");
    for (int i = 0; i < n; i += ALIVE_STEP) {
        if (!ask(fds[i]))
            die("a connection is dead");
    }
    exit(0);
}

int main(int argc, char **argv)
{
    int n = argc > 4 ? atoi(argv[1]) : 0, ready[2], control[2], n_processes = 0, status, failed = 0;
    char c;
    if (n < 1) {
        fprintf(stderr, "usage: idle COUNT ADDRESS PORT SOURCE...\n");
        return 64;
    }
    struct rlimit files = {PER_PROCESS + 64, PER_PROCESS + 64};
    if (setrlimit(RLIMIT_NOFILE, &files) || pipe(ready) || pipe(control))
        die("descriptors");
    struct sockaddr_in to = address_of(argv[2], atoi(argv[3]));
    for (int first = 0; first < n; first += PER_PROCESS, n_processes++) {
        if (fork() == 0) {
            close(control[1]);
            close(ready[0]);
            keep(n - first < PER_PROCESS ? n - first : PER_PROCESS, first, argv + 4, argc - 4, &to, ready[1],
                 control[0]);
        }
    }
    close(ready[1]);
    for (int i = 0; i < n_processes; i++) {
        if (read(ready[0], &c, 1) != 1)
            return 1;
    }
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    close(control[1]);
    while (wait(&status) > 0)
        failed += status != 0;
    return failed != 0;
}
