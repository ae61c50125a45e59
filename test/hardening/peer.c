/* SPDX-License-Identifier: ISC */
/* peer dgram|seqpacket|none TENDER ARGUMENT...: runs the tender with descriptor 9 as one end of a socket pair, sends frames of many
 * lengths through the other, and checks that each comes back as it was; "none" only
 * holds the socket. Its status is the tender's, or 100 and more. */
#include <poll.h>
#include <signal.h>
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

static int echo(int fd, size_t len, const char *text)
{
    uint8_t frame[2048], back[2048];
    for (size_t i = 0; i < len; i++)
        frame[i] = (uint8_t)(i * 31 + len);
    memcpy(frame + 14, text, strlen(text));
    if (send(fd, frame, len, 0) != (ssize_t)len)
        return 101;
    struct pollfd p = {fd, POLLIN, 0};
    if (poll(&p, 1, PATIENCE_MS) != 1)
        return 102;
    ssize_t n = recv(fd, back, sizeof back, 0);
    return n == (ssize_t)len && memcmp(frame, back, len) == 0 ? 0 : 103;
}

static int converse(int fd)
{
    for (size_t len = 19; len <= 1514; len += 65) {
        int e = echo(fd, len, "more");
        if (e)
            return e;
    }
    int e = echo(fd, 1514, "more");
    return e ? e : echo(fd, 60, "quit");
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
    int e = strcmp(argv[1], "none") == 0 ? 0 : converse(fds[0]);
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return 105;
    if (e)
        fprintf(stderr, "peer: step %d failed\n", e);
    return e ? e : WEXITSTATUS(status);
}
