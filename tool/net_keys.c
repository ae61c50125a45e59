/* SPDX-License-Identifier: ISC */
#include "tool/net_keys.h"

#include <jinn/attr.h>

#include <string.h>

struct net_key {
    const char *name, *type, *option; /* a member of struct stack_options */
    const char *fallback;             /* C; NULL: none */
    const char *help, *help_end;      /* the device's name stands between them; help_end NULL: no name */
    bool ipv6;                        /* not in an image without IPv6 */
};

static const struct net_key net_keys[] = {
    {"ipv4", "KEY_NET", "ipv4", NULL, "address of ", ", as in 10.0.0.2/24; asks DHCP when not given", false},
    {"ipv4-gateway", "KEY_IP", "ipv4_gateway", NULL, "router of ", "", false},
    {"ipv4-route", "KEY_ROUTES", "ipv4_routes", NULL, "another way, as in 10.0.0.0/8,10.0.0.3; may be given again",
     NULL, false},
    {"ipv6", "KEY_NET", "ipv6", NULL, "address of ", ", as in fd00::2/64, beside those of advertised prefixes", true},
    {"ipv6-gateway", "KEY_IP", "ipv6_gateway", NULL, "router of ", " instead of advertised ones", true},
    {"accept-router-advertisements", "KEY_BOOL", "accept_routers", "\"true\"",
     "take addresses and routers of IPv6 from routers", NULL, true},
    {"ipv6-dhcp", "KEY_BOOL", "ipv6_dhcp", "\"true\"", "ask DHCPv6 when routers say that there is a server", NULL,
     true},
    {"ipv6-temporary", "KEY_BOOL", "ipv6_temporary", NULL, "connect from addresses that change daily", NULL, true},
    {"ipv4-only", "KEY_BOOL", "ipv4_only", NULL, "no IPv6 on ", "", true},
    {"ipv6-only", "KEY_BOOL", "ipv6_only", NULL, "no IPv4 on ", "", true},
    {"dns-servers", "KEY_IPS", "dns_servers", NULL, "name servers, instead of those that the network names", NULL,
     false},
    {"dns-search", "KEY_STRING", "dns_search", NULL, "domains of short names, as in lab.example,example", NULL, false},
    {"ipv6-secret", "KEY_SECRET", "ipv6_secret", NULL, "keeps addresses of advertised prefixes the same at each start",
     NULL, true},
};

bool net_keys_have(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(net_keys); i++) {
        size_t len = strlen(name), key_len = strlen(net_keys[i].name);
        if (len >= key_len && strcmp(name + len - key_len, net_keys[i].name) == 0 &&
            (len == key_len || name[len - key_len - 1] == '-'))
            return true;
    }
    return false;
}

size_t net_keys_count(const struct device *d)
{
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(net_keys); i++)
        n += !(d->no_ipv6 && net_keys[i].ipv6);
    return n;
}

void net_keys_add(struct text *t, const struct device *d, const char *prefix)
{
    for (size_t i = 0; i < ARRAY_LEN(net_keys); i++) {
        const struct net_key *k = &net_keys[i];
        if (d->no_ipv6 && k->ipv6)
            continue;
        text_add(t, "    {\"%s%s\", %s, true, &%s_options.%s, %s, \"%s%s%s\"},\n", prefix, k->name, k->type,
                 c_identifier(d->name), k->option, k->fallback ? k->fallback : "NULL", k->help,
                 k->help_end ? d->name : "", k->help_end ? k->help_end : "");
    }
}
