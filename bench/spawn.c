/* SPDX-License-Identifier: ISC */
/* spawn ROUNDS COMMAND... : starts each command (one string, split at blanks) in turns, ROUNDS times, and prints for each
 * the median and the quartiles of the time from before the fork to after the wait, in milliseconds:
 *
 *     MEDIAN QUARTILE1 QUARTILE3 COMMAND
 *
 * Run it pinned (taskset): an idle processor takes milliseconds to wake. Output of the commands is dropped. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

enum { ARGS_MAX = 32, COMMANDS_MAX = 16 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double run(char **argv, const posix_spawn_file_actions_t *quiet)
{
    pid_t pid;
    int status;
    double start = now_ms();
    if (posix_spawn(&pid, argv[0], quiet, NULL, argv, environ) != 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "spawn: %s failed\n", argv[0]);
        exit(1);
    }
    return now_ms() - start;
}

int main(int argc, char **argv)
{
    int rounds = argc > 2 ? atoi(argv[1]) : 0, n = argc - 2;
    if (rounds < 1 || n < 1 || n > COMMANDS_MAX) {
        fprintf(stderr, "usage: spawn ROUNDS COMMAND...\n");
        return 64;
    }
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    static char *args[COMMANDS_MAX][ARGS_MAX];
    double *times[COMMANDS_MAX];
    for (int c = 0; c < n; c++) {
        char *text = strdup(argv[c + 2]), *save = NULL;
        int i = 0;
        for (char *w = strtok_r(text, " ", &save); w && i < ARGS_MAX - 1; w = strtok_r(NULL, " ", &save))
            args[c][i++] = w;
        times[c] = calloc((size_t)rounds, sizeof *times[c]);
    }
    for (int r = -3; r < rounds; r++) { /* the first three warm the caches */
        for (int c = 0; c < n; c++) {
            double ms = run(args[c], &quiet);
            if (r >= 0)
                times[c][r] = ms;
        }
    }
    for (int c = 0; c < n; c++) {
        qsort(times[c], (size_t)rounds, sizeof *times[c], compare);
        printf("%.3f %.3f %.3f %s\n", times[c][rounds / 2], times[c][rounds / 4], times[c][rounds * 3 / 4],
               argv[c + 2]);
    }
    return 0;
}
