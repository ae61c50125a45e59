/* SPDX-License-Identifier: ISC */
#include "updater.h"

#include <jinn/boot.h>
#include <jinn/fiber.h>
#include <jinn/log.h>
#include <jinn/plat.h>
#include <jinn/random.h>

#define AGAIN_NS (200 * NS_PER_MS)
#define PATIENCE_NS (300 * NS_PER_S) /* for a server that is switched on again, and a secondary that follows */
#define QUIET_NS (3 * NS_PER_S)      /* after the last update; the server's power may go once more */

const char plat_image_name[] = "updater";
const struct plat_device plat_devices[] = {{"net", PLAT_NET, false}};
const size_t plat_n_devices = 1;

static struct log_source logs = LOG_SOURCE("updater");

static void wait(uint64_t ns)
{
    (void)!fiber_sleep(time_after(sched_now(), ns));
}

static bool set_fault(struct updater *u, const char *fault)
{
    if (fault && !u->fault)
        u->fault = fault;
    return u->fault == NULL;
}

/* All of the zone from the server, as soon as it has power. NULL: a fault. GIVES. */
static struct dns_zone *fetch_whole(struct updater *u, const struct story *s)
{
    uint64_t end_ns = time_after(sched_now(), PATIENCE_NS);
    while (!u->fault && sched_now() < end_ns) {
        struct dns_zone *z = NULL;
        enum err e = talk_fetch(u, u->server, s, &z);
        if (e == OK)
            return z;
        if (e == ERR_REFUSED)
            set_fault(u, "the server has a zone no more");
        wait(AGAIN_NS);
    }
    set_fault(u, "the server doesn't come back");
    return NULL;
}

static bool begin(struct updater *u)
{
    static const char *const name[STORIES] = {"a.test", "b.test"};
    for (unsigned i = 0; i < STORIES; i++) {
        struct story *s = &u->story[i];
        s->index = i;
        if (dns_name_parse(bytes_str(name[i]), dns_root(), &s->origin))
            return false;
        struct dns_zone *z = fetch_whole(u, s);
        if (!z)
            return false;
        story_begin(s, z);
        dns_zone_release(z);
    }
    return true;
}

/* What is in doubt is settled by looking. */
static void settle(struct updater *u, struct story *s)
{
    struct dns_zone *z = fetch_whole(u, s);
    if (z)
        set_fault(u, story_seen(s, z));
    dns_zone_release(z);
}

/* By IXFR it becomes the same as by AXFR. OK, or that the server can't be asked now. */
static enum err compare_changes(struct updater *u, struct story *s)
{
    enum err e = talk_fetch(u, u->server, s, &s->copy);
    if (e == ERR_NOT_FOUND)
        e = dns_zone_serial(s->copy) == dns_zone_serial(s->model) ? OK : ERR_AGAIN;
    if (e == OK)
        set_fault(u, story_seen(s, s->copy));
    return e;
}

static void look_at_secondary(struct updater *u, struct story *s)
{
    struct dns_zone *z = NULL;
    enum err e = ip_equal(&u->secondary.ip, &IP_NONE) ? ERR_AGAIN : talk_fetch(u, u->secondary, s, &z);
    if (e == OK) {
        set_fault(u, story_followed(s, z));
        dns_zone_release(z);
        s->was_followed = true;
        u->n.followed++;
    } else if (e == ERR_REFUSED) {
        u->n.gone += s->was_followed;
    }
}

/* As many as go together: one that is long goes alone. */
static unsigned burst(const struct updater *u, unsigned from)
{
    unsigned n = 1, most = 1 + random_below(BURST_MAX);
    while (n < most && from + n < u->n_updates && !story_is_long(from) && !story_is_long(from + n))
        n++;
    return n;
}

static void one_round(struct updater *u)
{
    struct story *s = &u->story[random_below(STORIES)];
    unsigned from = s->n_known;
    if (from < u->n_updates) {
        unsigned n = burst(u, from);
        talk_update(u, s, from, n, story_is_long(from) || (n == 1 && random_below(4) == 0));
        if (!u->fault && (s->n_known < from + n || random_below(6) == 0))
            settle(u, s);
    }
    if (!u->fault && random_below(3) == 0)
        look_at_secondary(u, s);
    if (!u->fault && random_below(3) == 0)
        (void)!compare_changes(u, s);
    if (random_below(4) == 0)
        wait(random_below(1000) * NS_PER_MS);
}

static bool all_known(const struct updater *u)
{
    for (unsigned i = 0; i < STORIES; i++) {
        if (u->story[i].n_known < u->n_updates)
            return false;
    }
    return true;
}

static void settle_all(struct updater *u)
{
    for (unsigned i = 0; i < STORIES && !u->fault; i++) {
        settle(u, &u->story[i]);
        while (!u->fault && compare_changes(u, &u->story[i]) != OK)
            wait(AGAIN_NS);
    }
}

static void await_secondary(struct updater *u, struct story *s)
{
    uint64_t end_ns = time_after(sched_now(), PATIENCE_NS);
    while (!u->fault && s->n_followed < u->n_updates) {
        look_at_secondary(u, s);
        wait(AGAIN_NS);
        if (sched_now() > end_ns)
            set_fault(u, "the secondary doesn't follow");
    }
}

static void tell(struct updater *u)
{
    begin(u);
    while (!u->fault && !all_known(u))
        one_round(u);
    log_info(&logs, "all sent");
    wait(QUIET_NS);
    settle_all(u);
    for (unsigned i = 0; i < STORIES && !ip_equal(&u->secondary.ip, &IP_NONE); i++)
        await_secondary(u, &u->story[i]);
}

static int up(struct updater *u, const struct stack_options *o)
{
    struct netdev *dev;
    struct bytes keys;
    unsigned line;
    if (netdev_open("net", &dev) != OK || stack_up(dev, o, TIME_NEVER, &u->stack) != OK ||
        stack_udp(u->stack, 0, &u->udp) != OK)
        return EXIT_DEVICE;
    return plat_secret("tsig", &keys) != OK || dns_tsig_keys_parse(&u->keys, keys, &line) ? EXIT_ARGUMENTS : 0;
}

int unikernel_main(int argc, char **argv)
{
    static struct updater u;
    struct stack_options o = {.tcp = &stack_tcp_part};
    int64_t n_updates;
    int status;
    const struct key keys[] = {
        {"ipv4", KEY_NET, false, &o.ipv4, NULL, "its address"},
        {"server", KEY_IP, false, &u.server.ip, NULL, "to which the updates go"},
        {"secondary", KEY_IP, true, &u.secondary.ip, NULL, "which follows it"},
        {"updates", KEY_INT, false, &n_updates, "20", "of each zone"},
    };
    if (!boot_arguments(argc, argv, keys, ARRAY_LEN(keys), &status))
        return status;
    u.server.port = u.secondary.port = DNS_PORT;
    u.n_updates = (unsigned)n_updates;
    status = up(&u, &o);
    if (status)
        return status;
    tell(&u);
    if (u.fault)
        log_error(&logs, "fault: %s", u.fault);
    else
        log_info(&logs, "result answered=%u unmet=%u unanswered=%u failed=%u wholes=%u changes=%u followed=%u gone=%u",
                 u.n.answered, u.n.unmet, u.n.unanswered, u.n.failed, u.n.wholes, u.n.changes, u.n.followed, u.n.gone);
    return u.fault != NULL;
}
