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

static void add_address(struct words *addresses, const char *at)
{
    size_t digits = strspn(at + 2, "0123456789abcdef");
    const char *text = format_text("%.*s", (int)digits + 2, at);
    for (size_t i = 0; i < addresses->n; i++)
        if (strcmp(addresses->v[i], text) == 0)
            return;
    if (digits >= 5 && digits <= 16 && addresses->n < ADDRESSES_MAX)
        words_add(addresses, text);
}

/* "in the image's file: rip 0x104a2c, return addresses: 0x104b00 ...": the registers above have them as they were moved. */
static size_t find_addresses(const char *report, struct words *addresses)
{
    static const char in_file[] = "in the image's file: rip ";
    const char *rip = strstr(report, in_file), *callers = strstr(report, "return addresses:");
    if (rip)
        add_address(addresses, rip + strlen(in_file));
    const char *end = callers ? callers + strcspn(callers, "\n") : NULL;
    for (const char *at = callers; at && (at = strstr(at, "0x")) != NULL && at < end; at += 2)
        add_address(addresses, at);
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
