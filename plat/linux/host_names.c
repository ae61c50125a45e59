/* SPDX-License-Identifier: ISC */
/* The host's service of names: /etc/resolv.conf, read whenever it is asked for, since it changes with the network. */
#include "plat/linux/host.h"
#include "wire/dns_name.h"

#include <stdio.h>

enum { FILE_MAX_BYTES = 8192, NDOTS_MOST = 15 }; /* as glibc has it */

static void add_server(struct stack_names *names, struct bytes word)
{
    struct ip ip;
    if (names->n_servers < STACK_SERVERS_MAX && ip_parse(word, &ip))
        names->server[names->n_servers++] = ip;
}

static void add_domain(struct stack_names *names, struct bytes word)
{
    struct dns_name name;
    if (dns_name_parse(word, dns_root(), &name) || name.len == 1 || name.len > sizeof names->search - names->search_len)
        return;
    memcpy(names->search + names->search_len, name.wire, name.len);
    names->search_len += name.len;
}

static void take_option(struct stack_names *names, struct bytes word)
{
    const struct bytes prefix = bytes_str("ndots:");
    uint64_t v;
    if (bytes_starts(word, prefix) && bytes_decimal(bytes_slice(word, prefix.len, word.len), UINT32_MAX, &v))
        names->ndots = (uint8_t)(v < NDOTS_MOST ? v : NDOTS_MOST);
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == ',';
}

/* The next word of a line; empty at its end. */
static struct bytes next_word(struct bytes *line)
{
    size_t from = 0;
    while (from < line->len && is_space(line->data[from]))
        from++;
    size_t to = from;
    while (to < line->len && !is_space(line->data[to]))
        to++;
    struct bytes word = bytes_slice(*line, from, to - from);
    *line = bytes_slice(*line, to, line->len);
    return word;
}

static void take_words(struct stack_names *names, struct bytes line, void (*take)(struct stack_names *, struct bytes))
{
    for (struct bytes word; (word = next_word(&line)).len;)
        take(names, word);
}

/* Of search and domain the last one counts. */
static void take_line(struct stack_names *names, struct bytes line)
{
    struct bytes word = next_word(&line);
    bool search = bytes_equal(word, bytes_str("search")) || bytes_equal(word, bytes_str("domain"));
    if (search) {
        names->search_len = 0;
        take_words(names, line, add_domain);
    } else if (bytes_equal(word, bytes_str("nameserver"))) {
        add_server(names, next_word(&line));
    } else if (bytes_equal(word, bytes_str("options"))) {
        take_words(names, line, take_option);
    }
}

void host_names_of(struct bytes text, struct stack_names *names)
{
    *names = (struct stack_names){.ndots = 0};
    for (size_t at = 0; at < text.len;) {
        struct bytes rest = bytes_slice(text, at, text.len);
        size_t len = bytes_find(rest, '\n');
        take_line(names, bytes_slice(rest, 0, len));
        at += len + 1;
    }
}

void host_stack_names(const struct stack *s, struct stack_names *names)
{
    const struct host_stack *h = (const struct host_stack *)(const void *)s;
    char text[FILE_MAX_BYTES];
    FILE *f = fopen("/etc/resolv.conf", "re");
    size_t len = f ? fread(text, 1, sizeof text, f) : 0;
    if (f)
        fclose(f);
    host_names_of(bytes_of(text, len), names);
    if (h->dns_search) {
        names->search_len = 0;
        take_words(names, bytes_str(h->dns_search), add_domain);
    }
    if (h->dns_servers.n) {
        names->n_servers = h->dns_servers.n;
        memcpy(names->server, h->dns_servers.ip, sizeof h->dns_servers.ip);
    }
}

struct ip host_stack_resolver(const struct stack *s)
{
    struct stack_names names;
    host_stack_names(s, &names);
    return names.n_servers ? names.server[0] : IP_NONE;
}
