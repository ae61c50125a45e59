/* SPDX-License-Identifier: ISC */
#include "tool/symbols.h"
#include "tool/say.h"
#include "tool/text.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ADDRESSES_MAX 64 /* more than a report shows */

extern char **environ;

static size_t find_addresses(const char *report, struct words *addresses)
{
    for (const char *at = report; (at = strstr(at, "0x")) != NULL && addresses->n < ADDRESSES_MAX;) {
        size_t digits = strspn(at + 2, "0123456789abcdef");
        if (digits >= 5 && digits <= 16)
            words_format(addresses, "%.*s", (int)digits + 2, at);
        at += 2 + digits;
    }
    return addresses->n;
}

/* addr2line -p prints one line an address: "0x104a2c: tcp_input at /net/tcp.c:120" or "?? ??:0". */
static void print_known(FILE *lines)
{
    char *line = NULL;
    size_t room = 0;
    bool any = false;
    while (getline(&line, &room, lines) > 0) {
        if (strstr(line, "??"))
            continue;
        if (!any)
            fprintf(stderr, "in the source:\n");
        any = true;
        fprintf(stderr, "  %s", line);
    }
    free(line);
}

void symbols_print(const char *report, const char *debug_file)
{
    struct words argv = {0}, addresses = {0};
    posix_spawn_file_actions_t actions;
    int ends[2];
    pid_t pid;
    if (!file_exists(debug_file) || find_addresses(report, &addresses) == 0 || pipe2(ends, O_CLOEXEC) != 0)
        return;
    words_add(&argv, "addr2line");
    words_add(&argv, "-afpe");
    words_add(&argv, debug_file);
    words_append(&argv, &addresses);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    int problem = posix_spawnp(&pid, argv.v[0], &actions, NULL, argv.v, environ);
    close(ends[1]);
    FILE *lines = fdopen(ends[0], "r");
    if (problem == 0 && lines) {
        print_known(lines);
        waitpid(pid, NULL, 0);
    }
}
