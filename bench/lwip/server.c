/* SPDX-License-Identifier: ISC */
/* server TAP ADDRESS GATEWAY: one page of 1 KB on port 80, by lwIP's raw API, to compare with. The least that answers
 * keep-alive requests: it looks for the end of a head, nothing else, and its response is one constant that lwIP
 * sends in place. The interface is ours, without a copy where lwIP's own has one, so that the stack is compared and
 * not its example. */
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { PARTS_MAX = 16, BATCH = 64, PAGE_BYTES = 1024, FRAME_BYTES = 1514 };

static char response[2048];
static size_t response_len;
static int tap;

u32_t sys_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (u32_t)(t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- The interface ---- */

static err_t tap_output(struct netif *netif, struct pbuf *p)
{
    struct iovec v[PARTS_MAX];
    int n = 0;
    for (; p && n < PARTS_MAX; p = p->next)
        v[n++] = (struct iovec){p->payload, p->len};
    return writev(tap, v, n) < 0 ? ERR_IF : ERR_OK;
}

static err_t tap_init(struct netif *netif)
{
    static const u8_t mac[] = {2, 0x12, 0x34, 0x56, 0x78, 0xab};
    memcpy(netif->hwaddr, mac, sizeof mac);
    netif->hwaddr_len = sizeof mac;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP;
    netif->mtu = 1500;
    netif->output = etharp_output;
    netif->linkoutput = tap_output;
    return ERR_OK;
}

static void tap_open(const char *name)
{
    struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
    tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    if (tap < 0 || ioctl(tap, TUNSETIFF, &r) != 0)
        die(name);
}

static void tap_input(struct netif *netif)
{
    for (int i = 0; i < BATCH; i++) {
        struct pbuf *p = pbuf_alloc(PBUF_RAW, FRAME_BYTES, PBUF_POOL);
        if (!p)
            return;
        ssize_t len = read(tap, p->payload, FRAME_BYTES);
        if (len <= 0) {
            pbuf_free(p);
            return;
        }
        pbuf_realloc(p, (u16_t)len);
        if (netif->input(p, netif) != ERR_OK)
            pbuf_free(p);
    }
}

/* ---- The server ---- */

static void on_error(void *arg, err_t e)
{
}

static err_t answer(struct tcp_pcb *c)
{
    err_t e = tcp_write(c, response, (u16_t)response_len, 0);
    return e == ERR_OK ? tcp_output(c) : e;
}

/* wrk's requests come whole in one segment each, or several in one. */
static err_t on_bytes(void *arg, struct tcp_pcb *c, struct pbuf *p, err_t e)
{
    static const char end[] = "\r\n\r\n";
    if (!p)
        return tcp_close(c);
    tcp_recved(c, p->tot_len);
    for (u16_t at = 0; (at = pbuf_memfind(p, end, 4, at)) != 0xffff; at += 4) {
        if (answer(c) != ERR_OK)
            fprintf(stderr, "lwip: no memory for a response\n");
    }
    pbuf_free(p);
    return ERR_OK;
}

static err_t on_connection(void *arg, struct tcp_pcb *c, err_t e)
{
    if (e != ERR_OK || !c)
        return ERR_VAL;
    tcp_nagle_disable(c);
    tcp_err(c, on_error);
    tcp_recv(c, on_bytes);
    return ERR_OK;
}

static void make_response(void)
{
    static char page[PAGE_BYTES + 1];
    memset(page, 'x', PAGE_BYTES);
    response_len =
        (size_t)snprintf(response, sizeof response,
                         "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: text/html; "
                         "charset=utf-8\r\nETag: \"0123456789abcdef\"\r\nCache-Control: no-cache\r\n"
                         "X-Content-Type-Options: nosniff\r\nAccept-Ranges: bytes\r\nContent-Length: "
                         "%d\r\n\r\n%s",
                         PAGE_BYTES, page);
}

int main(int argc, char **argv)
{
    struct netif netif;
    ip4_addr_t address, gateway, mask;
    if (argc != 4 || !ip4addr_aton(argv[2], &address) || !ip4addr_aton(argv[3], &gateway)) {
        fprintf(stderr, "usage: server TAP ADDRESS GATEWAY\n");
        return 2;
    }
    IP4_ADDR(&mask, 255, 255, 255, 0);
    make_response();
    tap_open(argv[1]);
    lwip_init();
    if (!netif_add(&netif, &address, &mask, &gateway, NULL, tap_init, ethernet_input))
        die("netif");
    netif_set_default(&netif);
    netif_set_up(&netif);
    struct tcp_pcb *listener = tcp_new();
    if (!listener || tcp_bind(listener, IP_ADDR_ANY, 80) != ERR_OK ||
        !(listener = tcp_listen_with_backlog(listener, 255)))
        die("listen");
    tcp_accept(listener, on_connection);
    for (;;) {
        u32_t ms = sys_timeouts_sleeptime();
        struct pollfd ready = {.fd = tap, .events = POLLIN};
        (void)poll(&ready, 1, ms > 1000 ? 1000 : (int)ms);
        tap_input(&netif);
        sys_check_timeouts();
    }
}
