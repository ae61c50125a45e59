/* SPDX-License-Identifier: ISC */
#include "proto/dns_iterate_internal.h"

#include <jinn/attr.h>
#include <jinn/must.h>

#include <stdlib.h>

enum { TASKS = 128, QUESTION_TRIES = 3 };

/* ---- Life ---- */

enum err dns_iterate_new(const struct dns_iterate_options *o, struct dns_iterate **out)
{
    if (o->n_hints == 0 || o->n_hints > DNS_ITERATE_HINTS)
        return ERR_INVALID;
    struct dns_iterate *it = calloc(1, sizeof *it);
    if (!it)
        return ERR_FULL;
    it->o = *o;
    it->o.port = o->port ? o->port : DNS_PORT;
    it->n_tasks = o->tasks ? o->tasks : TASKS;
    it->n_hints = o->n_hints;
    memcpy(it->hints, o->hints, o->n_hints * sizeof it->hints[0]);
    it->task = calloc(it->n_tasks, sizeof *it->task);
    if (!it->task) {
        free(it);
        return ERR_FULL;
    }
    list_init(&it->ready);
    list_init(&it->free);
    list_init(&it->answered);
    dns_servers_init(&it->servers, o->random);
    for (size_t i = 0; i < it->n_tasks; i++)
        list_append(&it->free, &it->task[i].node);
    *out = it;
    return OK;
}

void dns_iterate_free(struct dns_iterate *it)
{
    free(it->task);
    free(it);
}

struct dns_iterate_counters dns_iterate_counters(const struct dns_iterate *it)
{
    return it->counters;
}

size_t dns_iterate_tasks(const struct dns_iterate *it)
{
    return it->n_busy;
}

/* ---- Failures ---- */

static uint64_t hash_of(const struct dns_iterate *it, struct bytes name, uint16_t type)
{
    return dns_name_hash(name, it->servers.seed) + type * UINT64_C(0x9e3779b97f4a7c15);
}

static void remember_failure(struct dns_iterate *it, uint64_t now_ns, uint64_t hash)
{
    size_t i = hash % DNS_ITERATE_FAILURES;
    it->failure[i].hash = hash;
    it->failure[i].until_ns = time_after(now_ns, DNS_ITERATE_FAILURE_NS);
}

bool dns_iterate_has_failed(const struct dns_iterate *it, uint64_t now_ns, struct bytes name, uint16_t type)
{
    uint64_t hash = hash_of(it, name, type);
    size_t i = hash % DNS_ITERATE_FAILURES;
    return it->failure[i].hash == hash && it->failure[i].until_ns > now_ns;
}

/* ---- Tasks ---- */

void dns_task_ready(struct dns_iterate *it, struct dns_task *t)
{
    t->state = DNS_TASK_READY;
    t->child = NULL;
    list_remove(&t->node);
    list_append(&it->ready, &t->node);
}

static struct dns_task *find_task(struct dns_iterate *it, uint64_t hash, struct bytes name, uint16_t type)
{
    for (size_t i = 0; i < it->n_tasks; i++) {
        struct dns_task *t = &it->task[i];
        if (t->state != DNS_TASK_FREE && t->hash == hash && t->type == type &&
            dns_name_equal(dns_name_bytes(&t->name), name))
            return t;
    }
    return NULL;
}

struct dns_task *dns_task_for(struct dns_iterate *it, struct bytes name, uint16_t type, struct dns_task *parent)
{
    uint64_t hash = hash_of(it, name, type);
    struct dns_task *t = find_task(it, hash, name, type);
    it->counters.joined += t != NULL;
    if (t)
        return t;
    if (list_empty(&it->free)) {
        it->counters.tasks_full++;
        return NULL;
    }
    t = CONTAINER_OF(list_pop(&it->free), struct dns_task, node);
    *t = (struct dns_task){.hash = hash, .type = type, .payer = parent, .n_left = DNS_ITERATE_QUERIES, .no_zone = true};
    t->depth = parent ? (uint8_t)(parent->depth + 1) : 0;
    list_init(&t->node);
    list_init(&t->questions);
    list_init(&t->parents);
    dns_name_lower(&t->name, name);
    it->counters.tasks++;
    it->n_busy++;
    dns_task_ready(it, t);
    return t;
}

/* Those that it pays for pay for themselves from now on. */
static void end_task(struct dns_iterate *it, struct dns_task *t)
{
    while (!list_empty(&t->parents))
        dns_task_ready(it, CONTAINER_OF(t->parents.next, struct dns_task, node));
    LIST_EACH(&t->questions, node)
    CONTAINER_OF(node, struct dns_client_query, node)->task = NULL;
    list_append_all(&it->answered, &t->questions);
    for (size_t i = 0; i < it->n_tasks; i++) {
        if (it->task[i].payer == t)
            it->task[i].payer = NULL;
    }
    t->state = DNS_TASK_FREE;
    list_remove(&t->node);
    list_append(&it->free, &t->node);
    it->n_busy--;
}

/* Is it known by now? With a validator, also: may it be told. OK, ERR_AGAIN: no; ERR_MALFORMED: it must not. */
static enum err look(struct dns_iterate *it, uint64_t now_ns, struct dns_task *t)
{
    struct dns_cached found;
    struct dns_name name;
    uint16_t type;
    struct bytes own = dns_name_bytes(&t->name);
    bool known = (dns_cache_find(it->o.cache, now_ns, own, t->type, &found) && found.ttl_s) ||
                 (t->type != DNS_CNAME && dns_cache_find(it->o.cache, now_ns, own, DNS_CNAME, &found) && found.ttl_s &&
                  found.kind == DNS_KIND_SET);
    bool good = known && found.trust >= DNS_TRUST_ANSWER && !t->no_zone;
    if (!good || !it->o.validate)
        return good ? OK : ERR_AGAIN;
    switch (it->o.validate(it->o.validate_arg, now_ns, &found, &name, &type)) {
    case DNS_VERDICT_NEEDS:
        return dns_task_wait(it, t, dns_name_bytes(&name), type) ? ERR_IN_USE : ERR_MALFORMED;
    case DNS_VERDICT_BOGUS:
        it->counters.bogus++;
        return ERR_MALFORMED;
    default:
        return OK;
    }
}

static void run_task(struct dns_iterate *it, uint64_t now_ns, struct dns_task *t)
{
    enum err e = look(it, now_ns, t);
    list_remove(&t->node);
    if (e == ERR_IN_USE) {
        list_append(&t->child->parents, &t->node);
        return;
    }
    if (e == OK) {
        end_task(it, t);
        return;
    }
    t->no_zone = false;
    if (e == ERR_AGAIN && dns_task_go_on(it, now_ns, t)) {
        if (t->state == DNS_TASK_WAITING)
            list_append(&t->child->parents, &t->node);
        return;
    }
    remember_failure(it, now_ns, t->hash);
    end_task(it, t);
}

/* ---- Questions ---- */

static void end_question(struct dns_iterate *it, uint64_t now_ns, struct dns_client_query *q, enum dns_outcome outcome)
{
    it->counters.failed += outcome == DNS_OUTCOME_FAILED;
    q->task = NULL;
    q->done(q, now_ns, outcome);
}

/* Whoever asks for a set that dies soon has it fetched anew (for the next one who asks). */
static void prefetch(struct dns_iterate *it, const struct dns_cached *found)
{
    struct dns_name name;
    if (found->kind != DNS_KIND_SET || found->first_ttl_s < DNS_ITERATE_PREFETCH_LEAST_S ||
        found->ttl_s > found->first_ttl_s / DNS_ITERATE_PREFETCH_SHARE)
        return;
    dns_name_copy(&name, found->name);
    uint16_t type = found->type;
    if (dns_task_for(it, dns_name_bytes(&name), type, NULL))
        it->counters.prefetched++;
}

/* True: the set, or a no, is known (or with `stale`, was once). `final` goes along the aliases. */
static bool follow(struct dns_iterate *it, uint64_t now_ns, struct dns_client_query *q, bool stale,
                   struct dns_cached *found)
{
    for (;; q->n_aliases++) {
        struct bytes name = dns_name_bytes(&q->final), target;
        if (dns_cache_find(it->o.cache, now_ns, name, q->type, found) && (stale || found->ttl_s) &&
            found->trust >= DNS_TRUST_ANSWER)
            return true;
        if (dns_cache_find_cut(it->o.cache, now_ns, name, found))
            return true;
        if (q->type == DNS_CNAME || q->n_aliases > DNS_ITERATE_ALIASES ||
            !dns_cache_find(it->o.cache, now_ns, name, DNS_CNAME, found) || !(stale || found->ttl_s) ||
            found->kind != DNS_KIND_SET || found->trust < DNS_TRUST_ANSWER)
            return false;
        struct reader r = reader_of(found->data);
        if (!dns_cached_next(&r, &target))
            return false;
        dns_name_lower(&q->final, target);
    }
}

/* What was once known is better than nothing. */
static void give_up(struct dns_iterate *it, uint64_t now_ns, struct dns_client_query *q)
{
    struct dns_cached found;
    q->final = q->name;
    q->n_aliases = 0;
    bool stale = follow(it, now_ns, q, true, &found);
    it->counters.stale += stale;
    end_question(it, now_ns, q, stale ? DNS_OUTCOME_ANSWERED : DNS_OUTCOME_FAILED);
}

static void run_question(struct dns_iterate *it, uint64_t now_ns, struct dns_client_query *q)
{
    struct dns_cached found;
    if (follow(it, now_ns, q, false, &found)) {
        it->counters.from_cache += q->n_tries == 0;
        if (q->n_tries == 0)
            prefetch(it, &found);
        end_question(it, now_ns, q, DNS_OUTCOME_ANSWERED);
        return;
    }
    struct bytes name = dns_name_bytes(&q->final);
    bool many = q->n_aliases > DNS_ITERATE_ALIASES || q->n_tries > DNS_ITERATE_ALIASES + QUESTION_TRIES;
    it->counters.many_aliases += many;
    if (many || dns_iterate_has_failed(it, now_ns, name, q->type) ||
        !(q->task = dns_task_for(it, name, q->type, NULL))) {
        give_up(it, now_ns, q);
        return;
    }
    q->n_tries++;
    list_append(&q->task->questions, &q->node);
}

/* Everything goes on from here, and nothing calls itself, however long the chains are that a message makes go on. */
void dns_iterate_pump(struct dns_iterate *it, uint64_t now_ns)
{
    if (it->pumping)
        return;
    it->pumping = true;
    while (!list_empty(&it->ready) || !list_empty(&it->answered)) {
        struct list *node = list_pop(&it->ready);
        if (node)
            run_task(it, now_ns, CONTAINER_OF(node, struct dns_task, node));
        else
            run_question(it, now_ns, CONTAINER_OF(list_pop(&it->answered), struct dns_client_query, node));
    }
    it->pumping = false;
}

void dns_iterate_ask(struct dns_iterate *it, uint64_t now_ns, struct dns_client_query *q, struct bytes name,
                     uint16_t type)
{
    void (*done)(struct dns_client_query *, uint64_t, enum dns_outcome) = q->done;
    *q = (struct dns_client_query){.type = type, .done = done};
    list_init(&q->node);
    dns_name_lower(&q->name, name);
    q->final = q->name;
    it->counters.questions++;
    list_append(&it->answered, &q->node);
    dns_iterate_pump(it, now_ns);
}

void dns_iterate_cancel(struct dns_client_query *q)
{
    list_remove(&q->node);
    q->task = NULL;
}

/* ---- Answers ---- */

static bool write_set(struct dns_writer *w, const struct dns_cached *set, bool signatures)
{
    struct reader r = reader_of(set->data);
    struct bytes rdata;
    uint32_t ttl_s = set->ttl_s ? set->ttl_s : DNS_ITERATE_STALE_TTL_S;
    unsigned n = set->n_records + (signatures ? set->n_signatures : 0u);
    for (unsigned i = 0; i < n && dns_cached_next(&r, &rdata); i++) {
        uint16_t type = i < set->n_records ? set->type : (uint16_t)DNS_RRSIG;
        if (!dns_write_record(w, DNS_ANSWER, set->name, type, DNS_IN, ttl_s, rdata))
            return false;
    }
    return true;
}

/* The SOA of a no: its owner and data. */
static bool write_no(struct dns_writer *w, const struct dns_cached *no)
{
    struct reader r = reader_of(no->data);
    struct bytes both;
    if (!dns_cached_next(&r, &both))
        return true;
    r = reader_of(both);
    struct bytes owner = dns_name_take(&r);
    uint32_t ttl_s = no->ttl_s ? no->ttl_s : DNS_ITERATE_STALE_TTL_S;
    return dns_write_record(w, DNS_AUTHORITY, owner, DNS_SOA, DNS_IN, ttl_s, read_rest(&r));
}

int dns_iterate_answer(struct dns_iterate *it, uint64_t now_ns, struct bytes asked, uint16_t type, bool signatures,
                       struct dns_writer *w, bool *whole)
{
    struct dns_name name;
    struct dns_cached found;
    struct bytes target;
    dns_name_copy(&name, asked);
    *whole = true;
    for (unsigned n = 0; n <= DNS_ITERATE_ALIASES; n++) {
        struct bytes own = dns_name_bytes(&name);
        bool known = dns_cache_find(it->o.cache, now_ns, own, type, &found) && found.trust >= DNS_TRUST_ANSWER;
        if (!known || (found.kind != DNS_KIND_SET && !found.ttl_s))
            known = dns_cache_find_cut(it->o.cache, now_ns, own, &found) || known;
        if (known && found.kind != DNS_KIND_SET) {
            *whole = *whole && write_no(w, &found);
            return found.kind == DNS_KIND_NXDOMAIN ? DNS_NXDOMAIN : DNS_NOERROR;
        }
        if (known) {
            *whole = *whole && write_set(w, &found, signatures);
            return DNS_NOERROR;
        }
        if (!dns_cache_find(it->o.cache, now_ns, own, DNS_CNAME, &found) || found.kind != DNS_KIND_SET ||
            found.trust < DNS_TRUST_ANSWER)
            return -1;
        *whole = *whole && write_set(w, &found, signatures);
        struct reader r = reader_of(found.data);
        if (!dns_cached_next(&r, &target))
            return -1;
        dns_name_lower(&name, target);
    }
    return -1;
}

/* ---- Time ---- */

uint64_t dns_iterate_deadline(const struct dns_iterate *it)
{
    uint64_t at_ns = TIME_NEVER;
    for (size_t i = 0; it->n_busy && i < it->n_tasks; i++) {
        if (it->task[i].state == DNS_TASK_ASKING)
            at_ns = time_min(at_ns, it->task[i].deadline_ns);
    }
    return at_ns;
}

void dns_iterate_tick(struct dns_iterate *it, uint64_t now_ns)
{
    for (size_t i = 0; it->n_busy && i < it->n_tasks; i++) {
        struct dns_task *t = &it->task[i];
        if (t->state != DNS_TASK_ASKING || t->deadline_ns > now_ns)
            continue;
        it->counters.timeouts++;
        dns_server_silent(dns_servers_find(&it->servers, now_ns, &t->server), now_ns);
        dns_task_ready(it, t);
    }
    dns_iterate_pump(it, now_ns);
}
