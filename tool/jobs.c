/* SPDX-License-Identifier: ISC */
#include "tool/jobs.h"
#include "tool/say.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT_ONCE_MAX 16

extern char **environ;

static pid_t start(const struct job *job, const char *folder)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawn_file_actions_addchdir_np(&actions, folder) != 0)
        fail(STATUS_HOST, "out of memory");
    fflush(NULL);
    int problem = posix_spawnp(&pid, job->argv.v[0], &actions, NULL, job->argv.v, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (problem != 0)
        fail(STATUS_UNAVAILABLE, "can't run %s: %s; install it", job->argv.v[0], strerror(problem));
    return pid;
}

/* Waits for one of the children; gives whether it did well. */
static bool reap(void)
{
    int status;
    if (wait(&status) < 0)
        fail(STATUS_HOST, "lost a child process");
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool jobs_run(const struct job *jobs, size_t n, const char *folder, const char *verb)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t at_once = processors < 1 ? 1 : processors > AT_ONCE_MAX ? AT_ONCE_MAX : (size_t)processors;
    size_t running = 0;
    bool good = true;
    for (size_t i = 0; i < n && good; i++) {
        if (running == at_once) {
            good = reap();
            running--;
        }
        if (!good)
            break;
        if (verb)
            say_progress("  %s %s", verb, jobs[i].what);
        start(&jobs[i], folder);
        running++;
    }
    while (running-- > 0)
        good = reap() && good;
    return good;
}
