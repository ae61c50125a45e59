/* SPDX-License-Identifier: ISC */
/* The name server's journal: apart, since not every server has one. */
#include "proto/dns_journal.h"
#include "proto/dns_server.h"

#include <jinn/log.h>
#include <jinn/must.h>

#include <stdlib.h>

static struct log_source source = LOG_SOURCE("dns");

static void take_change(void *user, struct dns_zone *z, struct dns_entry *e)
{
    struct dns_role *role = dns_peers_role(user, dns_zone_origin(z));
    if (role)
        dns_history_add(&role->history, e);
    else
        dns_entry_release(e);
}

static enum err refuse_gap(const struct dns_journal *j)
{
    char text[DNS_NAME_TEXT_BYTES];
    dns_name_text(dns_name_bytes(&j->gap.origin), text);
    log_error(&source,
              "zone %s: its file is version %u, but changes of version %u were kept; give it the file that was "
              "changed, or raise its serial number above theirs",
              text, j->gap.have, j->gap.from);
    return ERR_INVALID;
}

static const char *reason(enum err e)
{
    if (e == ERR_INVALID)
        return "the device has less than 64 KB";
    return e == ERR_MALFORMED ? "the device holds something else, or has lost some" : err_text(e);
}

static enum err open_it(struct dns_journal *j, struct block *b, struct dns_server *d)
{
    enum err e = dns_journal_open(j, b);
    if (!e)
        e = dns_journal_replay(j, &d->zones, take_change, d->peers);
    if (e) {
        log_error(&source, "journal of changes: %s", reason(e));
        return e;
    }
    if (j->n.n_gaps)
        return refuse_gap(j);
    if (j->n.n_without_zone)
        log_warning(&source, "journal: %llu changes are of zones that are not here",
                    (unsigned long long)j->n.n_without_zone);
    log_info(&source, "journal: %llu changes done again, %llu are in the zones' files already",
             (unsigned long long)j->n.n_replayed, (unsigned long long)j->n.n_old);
    return OK;
}

static enum err keep_none(const struct dns_server *d)
{
    if (d->peers->update.n)
        log_info(&source, "changes by UPDATE are in memory only: no block device `journal`");
    return OK;
}

enum err dns_server_journal(struct dns_server *d, struct block *b)
{
    must(d->peers && !d->peers->keeper);
    if (!b)
        return keep_none(d);
    struct dns_journal *j = malloc(sizeof *j);
    if (!j)
        return ERR_FULL;
    enum err e = open_it(j, b, d);
    if (e) {
        free(j);
        return e;
    }
    d->peers->keeper = &j->keeper;
    return OK;
}
