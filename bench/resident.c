/* SPDX-License-Identifier: ISC */
/* resident COMMAND ARGS... : runs a tender with an image to its end, stops it at its exit, and prints how many KB are
 * resident of the guest's memory and in the whole process. Seccomp does not hinder a tracer. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define GUEST_END UINT64_C(0x550000000000) /* a tender lays guests below it (tender/memory.c), and is itself above */

static void report(pid_t pid)
{
    char path[64], line[512];
    snprintf(path, sizeof path, "/proc/%d/smaps", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f) {
        perror(path);
        exit(1);
    }
    uint64_t start = 0, kb, guest = 0, all = 0;
    while (fgets(line, sizeof line, f)) {
        uint64_t a, b;
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &a, &b) == 2)
            start = a;
        else if (sscanf(line, "Rss: %" SCNu64, &kb) == 1) {
            all += kb;
            guest += start < GUEST_END ? kb : 0;
        }
    }
    fclose(f);
    printf("%" PRIu64 " %" PRIu64 "\n", guest, all);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: resident COMMAND ARGS...\n");
        return 64;
    }
    pid_t pid = fork();
    if (pid == 0) {
        dup2(open("/dev/null", O_WRONLY), 1);
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        execv(argv[1], argv + 1);
        _exit(127);
    }
    int status;
    waitpid(pid, &status, 0);
    ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL);
    for (int pass = 0; !WIFEXITED(status) && !WIFSIGNALED(status);) {
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8))
            report(pid);
        pass = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
        ptrace(PTRACE_CONT, pid, 0, (long)pass);
        waitpid(pid, &status, 0);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
