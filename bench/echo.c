/* SPDX-License-Identifier: ISC */
/* echo TAP: sends each IPv4 UDP packet that a tap gives back to where it came from, with the bit set that makes a DNS query a
 * response. Nothing is looked up or checked: what is left is the kernel's work for a packet each way, and a program's
 * at its least. The kernel has to know a neighbour on the tap. Runs until it is killed. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { FRAME_BYTES = 1514, TURN = 64, IP_AT = 14, UDP_AT = 34, FLAGS_AT = 44, RESPONSE = 0x80 };

static void swap(unsigned char *a, unsigned char *b, size_t n)
{
    unsigned char c[16];
    memcpy(c, a, n);
    memcpy(a, b, n);
    memcpy(b, c, n);
}

/* One bit more of a word that lies at an even place: the sum of all words grows by it (RFC 1624). */
static void set_response(unsigned char *f)
{
    unsigned sum = (unsigned)f[UDP_AT + 6] << 8 | f[UDP_AT + 7];
    if (f[FLAGS_AT] & RESPONSE)
        return;
    f[FLAGS_AT] |= RESPONSE;
    sum = (~sum & 0xffff) + (RESPONSE << 8);
    sum = ~((sum >> 16) + (sum & 0xffff)) & 0xffff;
    f[UDP_AT + 6] = (unsigned char)(sum >> 8);
    f[UDP_AT + 7] = (unsigned char)sum;
}

int main(int argc, char **argv)
{
    struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    unsigned char f[FRAME_BYTES];
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    if (argc != 2) {
        fprintf(stderr, "usage: echo TAP\n");
        return 64;
    }
    snprintf(r.ifr_name, sizeof r.ifr_name, "%s", argv[1]);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &r)) {
        fprintf(stderr, "echo: %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        ssize_t n;
        (void)poll(&ready, 1, -1);
        for (int i = 0; i < TURN && (n = read(fd, f, sizeof f)) > 0; i++) {
            if (n <= FLAGS_AT || f[12] != 8 || f[13] != 0 || f[IP_AT + 9] != 17)
                continue;
            swap(f, f + 6, 6);
            swap(f + IP_AT + 12, f + IP_AT + 16, 4);
            swap(f + UDP_AT, f + UDP_AT + 2, 2);
            set_response(f);
            (void)!write(fd, f, (size_t)n);
        }
    }
}
