/* SPDX-License-Identifier: ISC */
/* peer dgram|seqpacket|none TENDER ARGUMENT...: runs the tender with descriptor 9 as one end of a socket pair, sends frames of many
 * lengths through the other, one by one and some at once, and checks that each comes back as it was; "none" only
 * holds the socket. Its status is the tender's, or 100 and more. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define GUEST_FD 9
#define PATIENCE_MS 20000
#define ALARM_S 60

static void fill(uint8_t *frame, size_t len, const char *text)
{
    for (size_t i = 0; i < len; i++)
        frame[i] = (uint8_t)(i * 31 + len);
    memcpy(frame + 14, text, strlen(text));
}

static int give(int fd, size_t len, const char *text)
{
    uint8_t frame[2048];
    fill(frame, len, text);
    return send(fd, frame, len, 0) == (ssize_t)len ? 0 : 101;
}

static int take(int fd, size_t len, const char *text)
{
    uint8_t frame[2048], back[2048];
    fill(frame, len, text);
    struct pollfd p = {fd, POLLIN, 0};
    if (poll(&p, 1, PATIENCE_MS) != 1)
        return 102;
    ssize_t n;
    do
        n = recv(fd, back, sizeof back, 0);
    while (n < 0 && errno == ECONNRESET); /* said once, when it ended with a frame unread */
    return n == (ssize_t)len && memcmp(frame, back, len) == 0 ? 0 : 103;
}

static int echo(int fd, size_t len, const char *text)
{
    int e = give(fd, len, text);
    return e ? e : take(fd, len, text);
}

/* Frames that wait for it all at once, long ones among short ones: they come back in their order. The last but one ends it, and
 * what it has sent until then is not lost. */
static int burst(int fd, pid_t child, bool last)
{
    static const size_t lens[] = {60, 61, 300, 1514, 62, 63, 64};
    size_t n = sizeof lens / sizeof lens[0], quit = last ? n - 2 : n;
    int e = kill(child, SIGSTOP) == 0 ? 0 : 106;
    for (size_t i = 0; i < n && !e; i++)
        e = give(fd, lens[i], i == quit ? "quit" : "more");
    if (kill(child, SIGCONT) != 0)
        return 106;
    for (size_t i = 0; i < n && i <= quit && !e; i++)
        e = take(fd, lens[i], i == quit ? "quit" : "more");
    return e;
}

static int converse(int fd, pid_t child)
{
    int e = 0;
    for (size_t len = 19; len <= 1514 && !e; len += 65)
        e = echo(fd, len, "more");
    for (int i = 0; i < 3 && !e; i++)
        e = burst(fd, child, i == 2);
    return e;
}

int main(int argc, char **argv)
{
    int fds[2], status;
    if (argc < 3 || socketpair(AF_UNIX, strcmp(argv[1], "dgram") == 0 ? SOCK_DGRAM : SOCK_SEQPACKET, 0, fds) != 0)
        return 100;
    alarm(ALARM_S); /* a test that hangs ends, and its image with it */
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(fds[1], GUEST_FD);
        execv(argv[2], argv + 2);
        _exit(104);
    }
    close(fds[1]);
    int e = strcmp(argv[1], "none") == 0 ? 0 : converse(fds[0], child);
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return 105;
    if (e)
        fprintf(stderr, "peer: step %d failed\n", e);
    return e ? e : WEXITSTATUS(status);
}
