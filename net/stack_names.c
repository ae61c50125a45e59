/* SPDX-License-Identifier: ISC */
/* Name servers and search lists from all who tell of them. A file of its own: an image that looks no names up has none of
 * it. */
#include "net/net.h"
#include "net/stack_internal.h"
#include "wire/dns_name.h"

#include <jinn/stack.h>

static void add_servers(struct stack_names *names, const struct ip *ip, size_t n)
{
    for (size_t i = 0; i < n && names->n_servers < STACK_SERVERS_MAX; i++) {
        bool known = ip_is_unspecified(&ip[i]) || ip_is_multicast(&ip[i]);
        for (size_t k = 0; k < names->n_servers; k++)
            known |= ip_equal(&names->server[k], &ip[i]);
        if (!known)
            names->server[names->n_servers++] = ip[i];
    }
}

/* The root ends nothing that is worth a search, and a domain that was named twice is tried once. */
static void add_domain(struct stack_names *names, struct bytes name)
{
    struct reader r = reader_of(bytes_of(names->search, names->search_len));
    bool known = name.len <= 1;
    while (reader_left(&r))
        known |= dns_name_equal(dns_name_take(&r), name);
    if (known || name.len > sizeof names->search - names->search_len)
        return;
    memcpy(names->search + names->search_len, name.data, name.len);
    names->search_len += name.len;
}

/* What came by the network, as far as it can be read. */
static void add_list(struct stack_names *names, struct bytes list)
{
    struct reader r = reader_of(list);
    struct dns_name name;
    while (reader_left(&r) && dns_name_read(&r, list, &name))
        add_domain(names, dns_name_bytes(&name));
}

/* Domains with commas or blanks between them. */
static void add_text(struct stack_names *names, struct bytes text)
{
    struct dns_name name;
    for (size_t at = 0; at < text.len;) {
        struct bytes rest = bytes_slice(text, at, text.len);
        size_t len = bytes_find(rest, ','), blank = bytes_find(rest, ' ');
        len = blank < len ? blank : len;
        if (len && !dns_name_parse(bytes_slice(rest, 0, len), dns_root(), &name))
            add_domain(names, dns_name_bytes(&name));
        at += len + 1;
    }
}

static void add_dhcp(struct stack_names *names, const struct dhcp_config *c, bool servers, bool search)
{
    struct bytes b = bytes_of(c->search, c->search_len);
    if (servers)
        add_servers(names, c->dns, c->n_dns);
    if (search && c->search_is_text)
        add_text(names, b);
    else if (search)
        add_list(names, b);
}

static void add_six(struct stack_names *names, const struct ip6 *six, bool servers, bool search)
{
    const struct dhcp6 *d = &six->dhcp.client;
    if (servers) {
        add_servers(names, six->slaac.server, six->slaac.n_servers);
        add_servers(names, d->dns, d->n_dns);
    }
    if (search) {
        add_list(names, bytes_of(six->slaac.search, six->slaac.search_len));
        add_list(names, bytes_of(d->search, d->search_len));
    }
}

void stack_names(const struct stack *s, struct stack_names *names)
{
    const struct net *n = stack_const_net(s);
    const struct stack_given_names *given = stack_given_names(s);
    bool servers = given->servers.n == 0, search = !given->search;
    *names = (struct stack_names){.ndots = 0};
    add_servers(names, given->servers.ip, given->servers.n);
    if (!search)
        add_text(names, bytes_str(given->search));
    if (dhcp_is_bound(&n->dhcp))
        add_dhcp(names, &n->dhcp.lease.config, servers, search);
    if (n->ip6)
        add_six(names, n->ip6, servers, search);
}
