/* SPDX-License-Identifier: ISC */
#include "tender/terminal.h"

#include "tender/console.h"
#include "tender/fail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK_BYTES 4096
#define STATUS_SIGNAL 128 /* and the signal's number, as a shell says it */

struct stream {
    int from; /* -1: ended, or no terminal */
    int to;
    struct console_filter filter;
};

/* Whom the handler tells: a signal has no other argument. */
static volatile pid_t child;

static void hand_on(int number)
{
    (void)kill(child, number);
}

static void write_all(int fd, struct bytes b)
{
    while (b.len > 0) {
        ssize_t n = write(fd, b.data, b.len);
        if (n < 0 && errno != EINTR)
            return; /* the terminal is gone; the image need not be */
        if (n > 0)
            b = bytes_slice(b, (size_t)n, b.len);
    }
}

static void pass(struct stream *s)
{
    uint8_t in[CHUNK_BYTES], out[CONSOLE_ROOM(CHUNK_BYTES)];
    struct writer w = writer_of(out, sizeof out);
    ssize_t n = read(s->from, in, sizeof in);
    if (n < 0 && errno == EINTR)
        return;
    if (n > 0) {
        console_filter(&s->filter, bytes_of(in, (size_t)n), &w);
    } else {
        console_finish(&s->filter, &w);
        (void)close(s->from);
        s->from = -1;
    }
    write_all(s->to, writer_bytes(&w));
}

NO_RETURN static void filter_until_end(struct stream s[static 2])
{
    int status = 0;
    (void)signal(SIGTERM, hand_on);
    (void)signal(SIGHUP, hand_on);
    (void)signal(SIGINT, SIG_IGN); /* a terminal's Ctrl-C reaches the child by itself */
    while (s[0].from >= 0 || s[1].from >= 0) {
        struct pollfd p[2] = {{s[0].from, POLLIN, 0}, {s[1].from, POLLIN, 0}};
        if (poll(p, 2, -1) < 0)
            continue;
        for (int i = 0; i < 2; i++) {
            if (p[i].revents)
                pass(&s[i]);
        }
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_SIGNAL + WTERMSIG(status));
}

static void open_pipe(int fds[static 2])
{
    if (pipe2(fds, O_CLOEXEC) != 0)
        fail(FAIL_HOST, "the host refused a pipe before the terminal: %s", strerror(errno));
}

void terminal_guard(void)
{
    int pipes[2][2];
    struct stream streams[2] = {{-1, STDOUT_FILENO, {{0}, 0}}, {-1, STDERR_FILENO, {{0}, 0}}};
    bool guarded[2] = {isatty(STDOUT_FILENO) == 1, isatty(STDERR_FILENO) == 1};
    if (!guarded[0] && !guarded[1])
        return;
    for (int i = 0; i < 2; i++) {
        if (guarded[i])
            open_pipe(pipes[i]);
    }
    child = fork();
    if (child < 0)
        fail(FAIL_HOST, "the host refused a process before the terminal: %s", strerror(errno));
    for (int i = 0; i < 2; i++) {
        if (!guarded[i])
            continue;
        if (child == 0)
            (void)dup2(pipes[i][1], streams[i].to);
        else
            streams[i].from = pipes[i][0];
        (void)close(pipes[i][1]);
        if (child == 0)
            (void)close(pipes[i][0]);
    }
    if (child > 0)
        filter_until_end(streams);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody else would end it */
}
