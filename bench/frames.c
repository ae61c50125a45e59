/* SPDX-License-Identifier: ISC */
/* frames write|read TAP SECONDS SERVER_CPU CLIENT_CPU: what a tap gives without any stack. One process on the server's core writes (or
 * reads) frames of 1514 bytes as fast as it can; with `read` a second one on the client's core sends them by a packet
 * socket. The frames have a protocol that nobody knows, so the kernel drops them at once. Prints
 *
 *     FRAMES CPU_SECONDS
 *
 * of the process on the server's core. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FRAME_BYTES = 1514, PROTOCOL = 0x88b5 /* for local experiments */, TURN = 64 };

static void die(const char *what)
{
    fprintf(stderr, "frames: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set))
        die("affinity");
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int tap_open(const char *name)
{
    struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &r))
        die(name);
    return fd;
}

static void fill(unsigned char *frame)
{
    memset(frame, 0, FRAME_BYTES);
    memset(frame, 0xff, 6);
    frame[6] = 2;
    frame[12] = PROTOCOL >> 8;
    frame[13] = PROTOCOL & 0xff;
}

/* Sends into the tap until it is killed. */
static void feed(const char *name)
{
    unsigned char frame[FRAME_BYTES];
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(name), .sll_halen = 6};
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    fill(frame);
    if (fd < 0)
        die("packet socket");
    for (;;) {
        if (sendto(fd, frame, sizeof frame, 0, (struct sockaddr *)&to, sizeof to) < 0 && errno != ENOBUFS &&
            errno != EAGAIN)
            die("send");
    }
}

static long write_frames(int fd, double seconds)
{
    unsigned char frame[FRAME_BYTES];
    long n = 0;
    fill(frame);
    for (double end = now() + seconds; now() < end;) {
        for (int i = 0; i < TURN; i++)
            n += write(fd, frame, sizeof frame) == FRAME_BYTES;
    }
    return n;
}

static long read_frames(int fd, double seconds)
{
    unsigned char frame[FRAME_BYTES];
    long n = 0;
    for (double end = now() + seconds; now() < end;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        (void)poll(&ready, 1, 100);
        for (int i = 0; i < TURN && read(fd, frame, sizeof frame) == FRAME_BYTES; i++)
            n++;
    }
    return n;
}

int main(int argc, char **argv)
{
    int reads = argc == 6 && strcmp(argv[1], "read") == 0;
    if (argc != 6 || (!reads && strcmp(argv[1], "write") != 0)) {
        fprintf(stderr, "usage: frames write|read TAP SECONDS SERVER_CPU CLIENT_CPU\n");
        return 64;
    }
    int fd = tap_open(argv[2]);
    pid_t feeder = 0;
    if (reads && (feeder = fork()) == 0) {
        pin(atoi(argv[5]));
        feed(argv[2]);
    }
    pin(atoi(argv[4]));
    double start = cpu_seconds();
    long n = reads ? read_frames(fd, atof(argv[3])) : write_frames(fd, atof(argv[3]));
    printf("%ld %.6f\n", n, cpu_seconds() - start);
    if (feeder) {
        kill(feeder, SIGKILL);
        waitpid(feeder, NULL, 0);
    }
    return 0;
}
