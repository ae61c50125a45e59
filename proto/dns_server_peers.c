/* SPDX-License-Identifier: ISC */
/* Peers of the name server: apart, since not every server has them. */
#include "proto/dns_peers.h"
#include "proto/dns_server.h"

#include <jinn/log.h>

#include <stdlib.h>

static struct log_source source = LOG_SOURCE("dns");

static struct bytes text_of(const char *text)
{
    return bytes_str(text ? text : "");
}

static enum err refuse(const char *what, const char *why)
{
    log_error(&source, "%s: %s", what, why);
    return ERR_INVALID;
}

static enum err take_keys(struct dns_peers *p, struct bytes text)
{
    unsigned line = 0;
    const char *why = dns_tsig_keys_parse(&p->keys, text, &line);
    if (why)
        log_error(&source, "keys of TSIG, line %u: %s", line, why);
    return why ? ERR_INVALID : OK;
}

/* A key that isn't there is a mistake of who wrote the list: found now, not when a zone doesn't come. */
static bool there_is(const struct dns_peers *p, const struct dns_name *key)
{
    char text[DNS_NAME_TEXT_BYTES];
    if (dns_tsig_keys_find(&p->keys, dns_name_bytes(key)))
        return true;
    log_error(&source, "there is no key %s of TSIG", dns_name_text(dns_name_bytes(key), text));
    return false;
}

static bool keys_are_there(const struct dns_peers *p, const struct dns_remotes *r, const struct dns_access *a)
{
    for (size_t i = 0; r && i < r->n; i++) {
        if (r->remote[i].by_key && !there_is(p, &r->remote[i].key))
            return false;
    }
    for (size_t i = 0; a && i < a->n; i++) {
        if (a->rule[i].by_key && !there_is(p, &a->rule[i].key))
            return false;
    }
    return true;
}

static enum err take_lists(struct dns_peers *p, const struct dns_server_peers_options *o, struct dns_remotes *primaries)
{
    const struct {
        const char *what, *text;
        struct dns_access *access;
        struct dns_remotes *remotes;
    } list[] = {{"who may transfer", o->transfer, &p->transfer, NULL},
                {"who may update", o->update, &p->update, NULL},
                {"who may notify", o->notify_from, &p->notify, NULL},
                {"secondaries", o->secondaries, NULL, &p->secondaries},
                {"primaries", o->primaries, NULL, primaries}};
    for (size_t i = 0; i < ARRAY_LEN(list); i++) {
        struct bytes text = text_of(list[i].text);
        const char *why =
            list[i].access ? dns_access_parse(list[i].access, text) : dns_remotes_parse(list[i].remotes, text);
        if (why)
            return refuse(list[i].what, why);
        if (!keys_are_there(p, list[i].remotes, list[i].access))
            return ERR_INVALID;
    }
    return OK;
}

static enum err take_zones(struct dns_peers *p, struct bytes text, const struct dns_remotes *primaries)
{
    for (struct bytes word; (word = dns_word(&text)).len;) {
        struct dns_name origin;
        const char *why = dns_name_parse(word, dns_root(), &origin);
        if (why || primaries->n == 0)
            return refuse("a zone to be secondary of", why ? why : "no primaries are named");
        enum err e = dns_peers_secondary(p, dns_name_bytes(&origin), primaries);
        if (e)
            return e;
    }
    return OK;
}

static void run(void *server)
{
    struct dns_server *d = server;
    enum err e = dns_peers_run(d->peers, d->stack);
    if (e != ERR_CANCELLED)
        log_error(&source, "peers: %s", err_text(e));
}

/* Who restarts may have other zones than before: the secondaries are asked to look. */
static void tell_of_all(struct dns_peers *p)
{
    struct dns_zone_entry *entry;
    for (uint32_t at = 0; (entry = dns_zones_next(p->zones, &at)) != NULL;) {
        if (dns_zone_serial(entry->zone) != 0)
            dns_peers_changed(p, dns_zone_origin(entry->zone));
    }
}

/* Secondaries can't be told what is different, only that something is. */
static void replaced(struct dns_server *d, struct bytes origin)
{
    struct dns_role *role = dns_peers_role(d->peers, origin);
    if (role)
        dns_history_clear(&role->history);
    dns_peers_changed(d->peers, origin);
}

enum err dns_server_peers(struct dns_server *d, struct stack *s, const struct dns_server_peers_options *o)
{
    struct dns_remotes primaries = {0};
    struct dns_peers *p = calloc(1, sizeof *p);
    enum err e = p ? dns_peers_init(p, &d->zones, d->zone_bytes) : ERR_FULL;
    d->peers = p;
    if (!e && o->history_bytes)
        p->history_bytes = o->history_bytes;
    if (!e)
        e = take_keys(p, o->keys);
    if (!e)
        e = take_lists(p, o, &primaries);
    if (!e)
        e = take_zones(p, text_of(o->secondary), &primaries);
    if (e)
        return e; /* the image ends: nothing is given back */
    tell_of_all(p);
    d->replaced = replaced;
    d->stack = s;
    dns_server_job(d, "dns-peers", run);
    d->service.o.extra = &p->extra;
    return OK;
}
