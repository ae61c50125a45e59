/* SPDX-License-Identifier: ISC */
#include "tool/ports.h"
#include "tool/commands.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static bool port_number(struct bytes text, uint64_t min, uint16_t *port)
{
    uint64_t v;
    if (!bytes_decimal(text, 65535, &v) || v < min)
        return false;
    *port = (uint16_t)v;
    return true;
}

static bool parse(const char *text, struct port *p)
{
    struct bytes all = bytes_str(text), rest, address = {0};
    struct in_addr ignored;
    size_t slash = bytes_find(all, '/');
    struct bytes protocol = bytes_slice(all, slash + 1, all.len);
    p->udp = bytes_equal(protocol, bytes_str("udp"));
    if (slash < all.len && !p->udp && !bytes_equal(protocol, bytes_str("tcp")))
        return false;
    all = bytes_slice(all, 0, slash);
    size_t colon = bytes_find(all, ':');
    rest = bytes_slice(all, colon + 1, all.len);
    size_t second = bytes_find(rest, ':');
    if (second < rest.len) {
        address = bytes_slice(all, 0, colon);
        all = rest;
        colon = second;
        rest = bytes_slice(all, colon + 1, all.len);
    }
    if (address.len >= sizeof p->address)
        return false;
    if (address.data)
        snprintf(p->address, sizeof p->address, "%.*s", (int)address.len, (const char *)address.data);
    else
        snprintf(p->address, sizeof p->address, "127.0.0.1");
    return colon < all.len && inet_pton(AF_INET, p->address, &ignored) == 1 &&
           port_number(bytes_slice(all, 0, colon), 0, &p->host) && port_number(rest, 1, &p->guest);
}

void ports_add(struct ports *ports, const char *text)
{
    struct port p = {.host = 0};
    if (!parse(text, &p))
        command_usage(
            "-p %s: write [ADDRESS:]HOST:GUEST[/udp] with an IPv4 address and ports up to 65535, as in -p 8080:80",
            text);
    for (size_t i = 0; i < ports->n; i++) {
        const struct port *other = &ports->list[i];
        if (p.host && other->host == p.host && other->udp == p.udp && strcmp(other->address, p.address) == 0)
            command_usage("-p %s: port %u is published twice", text, p.host);
    }
    if (ports->n == PORTS_MAX)
        command_usage("-p is given more than %d times", PORTS_MAX);
    ports->list[ports->n++] = p;
}

/* On the terms that the network helper has: SO_REUSEADDR lets it take a port that is only lingering. */
static int take(struct port *p)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(p->host)};
    socklen_t len = sizeof a;
    int yes = 1, problem = 0;
    int fd = socket(AF_INET, (p->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, p->address, &a.sin_addr);
    if (!p->udp)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || (!p->udp && listen(fd, 1) != 0) ||
        getsockname(fd, (struct sockaddr *)&a, &len) != 0)
        problem = errno;
    p->host = ntohs(a.sin_port);
    close(fd);
    return problem;
}

void ports_check(struct ports *ports)
{
    for (size_t i = 0; i < ports->n; i++) {
        struct port *p = &ports->list[i];
        int problem = take(p);
        if (problem == EADDRINUSE)
            fail(STATUS_UNAVAILABLE, "port %u of %s is taken; choose another one, as in -p %u:%u", p->host, p->address,
                 p->host < 65535 ? p->host + 1 : 8080, p->guest);
        if (problem == EACCES)
            fail(STATUS_UNAVAILABLE, "port %u of %s is for root; choose one from 1024 on, as in -p 8080:%u", p->host,
                 p->address, p->guest);
        if (problem)
            fail(STATUS_UNAVAILABLE, "port %u of %s can't be had: %s; choose another address or port", p->host,
                 p->address, strerror(problem));
    }
}

static bool web_port(uint16_t port)
{
    static const uint16_t web[] = {80, 8000, 8080, 8081, 8443, 443, 3000, 5000};
    for (size_t i = 0; i < ARRAY_LEN(web); i++)
        if (web[i] == port)
            return true;
    return false;
}

/* Where clients find the guest's port. */
static void print_place(const char *name, const char *host, uint16_t port, uint16_t guest, bool udp)
{
    bool secure = guest == 443 || guest == 8443;
    if (udp || !(web_port(guest) || web_port(port)))
        printf("%s: %s %s:%u\n", name, udp ? "udp" : "tcp", host, port);
    else if (port == (secure ? 443 : 80))
        printf("%s: %s://%s/\n", name, secure ? "https" : "http", host);
    else
        printf("%s: %s://%s:%u/\n", name, secure ? "https" : "http", host, port);
}

static void print_one(const struct port *p, const char *name)
{
    bool local = strcmp(p->address, "127.0.0.1") == 0 || strcmp(p->address, "0.0.0.0") == 0;
    print_place(name, local ? "localhost" : p->address, p->host, p->guest, p->udp);
}

void ports_print_on_host(const char *name, const char *protocol, const char *address, uint16_t port)
{
    bool local = strcmp(address, "*") == 0 || strcmp(address, "127.0.0.1") == 0;
    const char *host = local ? "localhost" : strchr(address, ':') ? format_text("[%s]", address) : address;
    print_place(name, host, port, port, strcmp(protocol, "udp") == 0);
    fflush(stdout);
}

void ports_print(const struct ports *ports, const char *name, const char *protocol, uint16_t guest)
{
    bool published = false;
    for (size_t i = 0; i < ports->n; i++) {
        const struct port *p = &ports->list[i];
        if (p->guest != guest || p->udp != (strcmp(protocol, "udp") == 0))
            continue;
        print_one(p, name);
        published = true;
    }
    if (!published)
        printf("%s: serves %s port %u\n", name, protocol, guest);
    fflush(stdout);
}
