/* SPDX-License-Identifier: ISC */
#include "proto/dns_iterate_internal.h"

#include <jinn/attr.h>
#include <jinn/must.h>

#include <stdlib.h>

enum { TASKS = 128, QUESTION_TRIES = 3 };

/* ---- Life ---- */

enum err dns_iterate_new(const struct dns_iterate_options *o, struct dns_iterate **out)
{
    if (o->n_hints == 0 || o->n_hints > DNS_ITERATE_HINTS || o->tasks > DNS_ITERATE_TASKS_MAX)
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
    list_init(&it->young);
    list_init(&it->old);
    dns_servers_init(&it->servers, o->random);
    for (size_t i = 0; i < it->n_tasks; i++)
        list_append(&it->free, &it->task[i].node);
    *out = it;
    return OK;
}

void dns_iterate_set_validator(struct dns_iterate *it,
                               enum dns_verdict (*validate)(void *arg, uint64_t now_ns, const struct dns_cached *set,
                                                            struct dns_name *name, uint16_t *type),
                               bool (*deny)(void *arg, uint64_t now_ns, struct bytes name, uint16_t type), void *arg)
{
    it->o.validate = validate;
    it->o.deny = deny;
    it->o.validate_arg = arg;
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

void dns_task_over(struct dns_iterate *it, struct dns_task *t)
{
    if (t->state == DNS_TASK_ASKING && !t->by_stream && it->o.below->over)
        it->o.below->over(it->o.below, t->socket);
}

void dns_task_ready(struct dns_iterate *it, struct dns_task *t)
{
    dns_task_over(it, t);
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
    *t = (struct dns_task){.hash = hash, .type = type, .payer = parent, .n_left = DNS_ITERATE_QUERIES};
    t->depth = parent ? (uint8_t)(parent->depth + 1) : 0;
    list_init(&t->node);
    list_init(&t->questions);
    list_init(&t->parents);
    dns_name_lower(&t->name, name);
    if (dns_task_is_priming(it, t))
        t->n_left = DNS_ITERATE_PRIMING;
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

/* What is known of that very name and type: the set, a no, or that the name or one above it does not exist. */
static bool find(struct dns_iterate *it, uint64_t now_ns, struct bytes name, uint16_t type, bool stale,
                 struct dns_cached *found)
{
    if (dns_cache_find(it->o.cache, now_ns, name, type, found) && found->trust >= DNS_TRUST_ANSWER &&
        (found->ttl_s || stale)) {
        struct dns_cached cut;
        if (found->ttl_s || !dns_cache_find_cut(it->o.cache, now_ns, name, &cut))
            return true;
        *found = cut; /* of now, instead of what once was */
        return true;
    }
    return dns_cache_find_cut(it->o.cache, now_ns, name, found);
}

static bool find_alias(struct dns_iterate *it, uint64_t now_ns, struct bytes name, uint16_t type, bool stale,
                       struct dns_cached *found)
{
    return type != DNS_CNAME && dns_cache_find(it->o.cache, now_ns, name, DNS_CNAME, found) &&
           found->trust >= DNS_TRUST_ANSWER && found->kind == DNS_KIND_SET && (found->ttl_s || stale);
}

bool dns_iterate_may_tell(const struct dns_iterate *it, bool checking_disabled, const struct dns_cached *found)
{
    return !it->o.validate || checking_disabled || found->verdict == DNS_VERDICT_SECURE ||
           found->verdict == DNS_VERDICT_INSECURE;
}

/* Is it known by now? With a validator, also: may it be told. OK; ERR_AGAIN: no; ERR_IN_USE: it waits for another task;
 * ERR_MALFORMED: it must not be told. */
static enum err look(struct dns_iterate *it, uint64_t now_ns, struct dns_task *t)
{
    struct dns_cached found;
    struct dns_name name;
    uint16_t type;
    struct bytes own = dns_name_bytes(&t->name);
    if (t->fetch)
        return ERR_AGAIN;
    if (!find(it, now_ns, own, t->type, false, &found) && !find_alias(it, now_ns, own, t->type, false, &found))
        return ERR_AGAIN;
    if (!it->o.validate)
        return OK;
    switch (it->o.validate(it->o.validate_arg, now_ns, &found, &name, &type)) {
    case DNS_VERDICT_NEEDS:
        return dns_task_wait(it, t, dns_name_bytes(&name), type) ? ERR_IN_USE : ERR_MALFORMED;
    case DNS_VERDICT_BOGUS: /* another server may have better ones */
        it->counters.bogus++;
        t->fetch = true;
        dns_task_shun(t);
        return ++t->n_bogus < DNS_ITERATE_BOGUS ? ERR_AGAIN : ERR_MALFORMED;
    default:
        return OK;
    }
}

static void run_task(struct dns_iterate *it, uint64_t now_ns, struct dns_task *t)
{
    enum err e = look(it, now_ns, t);
    list_remove(&t->node);
    if (e == ERR_AGAIN && dns_task_go_on(it, now_ns, t))
        e = t->state == DNS_TASK_WAITING ? ERR_IN_USE : ERR_AGAIN;
    else if (e == ERR_AGAIN)
        e = ERR_MALFORMED;
    if (e == ERR_IN_USE)
        list_append(&t->child->parents, &t->node);
    if (e == ERR_MALFORMED)
        remember_failure(it, now_ns, t->hash);
    if (e != ERR_MALFORMED && e != OK)
        return;
    if (dns_task_is_priming(it, t))
        dns_iterate_primed(it, now_ns, e == OK);
    end_task(it, t);
}

/* ---- Questions ---- */

static void end_question(struct dns_iterate *it, uint64_t now_ns, struct dns_client_query *q, enum dns_outcome outcome)
{
    it->counters.failed += outcome == DNS_OUTCOME_FAILED;
    q->task = NULL;
    list_remove(&q->node);
    list_remove(&q->timing);
    q->done(q, now_ns, outcome);
}

/* True: the set, or a no, is known (or with `stale`, was once). `final` goes along the aliases. */
static bool follow(struct dns_iterate *it, uint64_t now_ns, struct dns_client_query *q, bool stale)
{
    struct dns_cached found;
    for (;; q->n_aliases++) {
        struct bytes name = dns_name_bytes(&q->final), target;
        bool known = find(it, now_ns, name, q->type, stale, &found);
        bool alias = !known && find_alias(it, now_ns, name, q->type, stale, &found);
        if ((known || alias) && !dns_iterate_may_tell(it, q->checking_disabled, &found)) {
            q->reason = found.verdict == DNS_VERDICT_BOGUS ? found.reason : q->reason;
            return false;
        }
        if (known || !alias || q->n_aliases > DNS_ITERATE_ALIASES)
            return known;
        struct reader r = reader_of(found.data);
        if (!dns_cached_next(&r, &target))
            return false;
        dns_name_lower(&q->final, target);
    }
}

/* What was once known is better than nothing. */
static bool serve_stale(struct dns_iterate *it, uint64_t now_ns, struct dns_client_query *q)
{
    q->final = q->name;
    q->n_aliases = 0;
    bool stale = follow(it, now_ns, q, true);
    it->counters.stale += stale;
    if (stale)
        end_question(it, now_ns, q, DNS_OUTCOME_ANSWERED);
    return stale;
}

static void give_up(struct dns_iterate *it, uint64_t now_ns, struct dns_client_query *q)
{
    if (!serve_stale(it, now_ns, q))
        end_question(it, now_ns, q, DNS_OUTCOME_FAILED);
}

static bool is_known(struct dns_iterate *it, uint64_t now_ns, struct dns_client_query *q)
{
    if (follow(it, now_ns, q, false))
        return true;
    return it->o.deny && it->o.deny(it->o.validate_arg, now_ns, dns_name_bytes(&q->final), q->type) &&
           follow(it, now_ns, q, false);
}

/* It came along with another answer, perhaps after it had failed, and has yet to be judged. */
static bool is_unjudged(struct dns_iterate *it, uint64_t now_ns, struct bytes name, uint16_t type)
{
    struct dns_cached found;
    return it->o.validate &&
           (find(it, now_ns, name, type, false, &found) || find_alias(it, now_ns, name, type, false, &found)) &&
           found.verdict == DNS_VERDICT_NONE;
}

static void run_question(struct dns_iterate *it, uint64_t now_ns, struct dns_client_query *q)
{
    if (is_known(it, now_ns, q)) {
        it->counters.from_cache += q->n_tries == 0;
        end_question(it, now_ns, q, DNS_OUTCOME_ANSWERED);
        return;
    }
    struct bytes name = dns_name_bytes(&q->final);
    bool many = q->n_aliases > DNS_ITERATE_ALIASES || q->n_tries > DNS_ITERATE_ALIASES + QUESTION_TRIES;
    it->counters.many_aliases += many;
    bool failed = dns_iterate_has_failed(it, now_ns, name, q->type) && !is_unjudged(it, now_ns, name, q->type);
    if (many || failed || !(q->task = dns_task_for(it, name, q->type, NULL))) {
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
                     uint16_t type, bool checking_disabled)
{
    void (*done)(struct dns_client_query *, uint64_t, enum dns_outcome) = q->done;
    *q = (struct dns_client_query){
        .type = type, .done = done, .asked_ns = now_ns, .checking_disabled = checking_disabled};
    list_init(&q->node);
    list_init(&q->timing);
    dns_name_lower(&q->name, name);
    q->final = q->name;
    it->counters.questions++;
    list_append(&it->young, &q->timing);
    list_append(&it->answered, &q->node);
    dns_iterate_pump(it, now_ns);
}

void dns_iterate_cancel(struct dns_client_query *q)
{
    list_remove(&q->node);
    list_remove(&q->timing);
    q->task = NULL;
}

/* ---- Answers ---- */

static uint32_t told_ttl_s(const struct dns_cached *c)
{
    return c->ttl_s ? c->ttl_s : DNS_ITERATE_STALE_TTL_S;
}

static bool write_proofs(struct dns_writer *w, const struct dns_cached *c, enum dns_section section, bool signatures)
{
    struct reader r = reader_of(c->data);
    struct bytes rdata;
    struct dns_cached_proof proof;
    for (unsigned i = 0; i < (unsigned)c->n_records + c->n_signatures && dns_cached_next(&r, &rdata); i++)
        ;
    for (unsigned i = 0; i < c->n_proofs && dns_cached_next_proof(&r, &proof); i++) {
        if ((signatures || proof.type != DNS_RRSIG) &&
            !dns_write_record(w, section, proof.owner, proof.type, DNS_IN, told_ttl_s(c), proof.rdata))
            return false;
    }
    return true;
}

static bool write_set(struct dns_writer *w, const struct dns_cached *set, bool signatures)
{
    struct reader r = reader_of(set->data);
    struct bytes rdata;
    unsigned n = set->n_records + (signatures ? set->n_signatures : 0u);
    for (unsigned i = 0; i < n && dns_cached_next(&r, &rdata); i++) {
        uint16_t type = i < set->n_records ? set->type : (uint16_t)DNS_RRSIG;
        if (!dns_write_record(w, DNS_ANSWER, set->name, type, DNS_IN, told_ttl_s(set), rdata))
            return false;
    }
    return true;
}

/* The SOA of a no: its owner and data. */
static bool write_no(struct dns_writer *w, const struct dns_cached *no, bool proofs)
{
    struct reader r = reader_of(no->data);
    struct bytes both;
    if (!no->n_records || !dns_cached_next(&r, &both))
        return true;
    r = reader_of(both);
    struct bytes owner = dns_name_take(&r);
    return dns_write_record(w, DNS_AUTHORITY, owner, DNS_SOA, DNS_IN, told_ttl_s(no), read_rest(&r)) &&
           (!proofs || write_proofs(w, no, DNS_AUTHORITY, true));
}

bool dns_iterate_dies_soon(const struct dns_cached *found)
{
    return found->kind == DNS_KIND_SET && found->first_ttl_s >= DNS_ITERATE_PREFETCH_LEAST_S && found->ttl_s &&
           found->ttl_s <= found->first_ttl_s / DNS_ITERATE_PREFETCH_SHARE;
}

void dns_iterate_prefetch(struct dns_iterate *it, uint64_t now_ns, struct bytes name, uint16_t type)
{
    size_t before = it->n_busy;
    if (dns_iterate_has_failed(it, now_ns, name, type))
        return;
    struct dns_task *t = dns_task_for(it, name, type, NULL);
    if (!t || it->n_busy == before)
        return;
    t->fetch = true;
    it->counters.prefetched++;
    dns_iterate_pump(it, now_ns);
}

static void take_note(struct dns_iterate_told *told, const struct dns_cached *found)
{
    told->secure = told->secure && found->verdict == DNS_VERDICT_SECURE;
    told->stale = told->stale || !found->ttl_s;
}

/* A walk along the aliases. */
struct walk {
    const struct dns_iterate_wish *wish;
    struct bytes name;
    struct dns_name alias;
    struct dns_cached found;
    bool known; /* `found` is the end: otherwise an alias */
    unsigned n;
};

static bool walk_on(struct dns_iterate *it, uint64_t now_ns, struct walk *k)
{
    const struct dns_iterate_wish *wish = k->wish;
    struct bytes target;
    if (k->n++) {
        struct reader r = reader_of(k->found.data);
        if (k->known || k->n > DNS_ITERATE_ALIASES + 1 || !dns_cached_next(&r, &target))
            return false;
        dns_name_lower(&k->alias, target);
        k->name = dns_name_bytes(&k->alias);
    }
    k->known = find(it, now_ns, k->name, wish->type, wish->stale, &k->found);
    return (k->known || find_alias(it, now_ns, k->name, wish->type, wish->stale, &k->found)) &&
           dns_iterate_may_tell(it, wish->checking_disabled, &k->found);
}

static bool write_found(struct dns_writer *w, const struct walk *k)
{
    if (k->found.kind != DNS_KIND_SET)
        return true;
    if (!k->known && k->found.n_proofs && dns_cached_made_by_dname(&k->found) &&
        !write_proofs(w, &k->found, DNS_ANSWER, k->wish->dnssec_ok))
        return false;
    return write_set(w, &k->found, k->wish->dnssec_ok);
}

/* Behind all answers. */
static bool write_behind(struct dns_writer *w, const struct walk *k)
{
    if (k->found.kind != DNS_KIND_SET)
        return write_no(w, &k->found, k->wish->dnssec_ok);
    return !k->wish->dnssec_ok || !k->found.n_proofs || dns_cached_made_by_dname(&k->found) ||
           write_proofs(w, &k->found, DNS_AUTHORITY, true);
}

struct dns_iterate_told dns_iterate_answer(struct dns_iterate *it, uint64_t now_ns, const struct dns_iterate_wish *wish,
                                           struct dns_writer *w)
{
    struct dns_iterate_told told = {.rcode = -1, .whole = true, .secure = it->o.validate != NULL};
    struct walk k = {.wish = wish, .name = wish->name};
    bool behind = false;
    while (walk_on(it, now_ns, &k)) {
        take_note(&told, &k.found);
        told.whole = told.whole && write_found(w, &k);
        behind = behind || k.found.kind != DNS_KIND_SET || k.found.n_proofs;
        if (k.known)
            told.rcode = k.found.kind == DNS_KIND_NXDOMAIN ? DNS_NXDOMAIN : DNS_NOERROR;
    }
    if (told.rcode < 0)
        return told;
    bool soon = dns_iterate_dies_soon(&k.found);
    struct walk again = {.wish = wish, .name = wish->name};
    while (behind && walk_on(it, now_ns, &again))
        told.whole = told.whole && write_behind(w, &again);
    if (soon)
        dns_iterate_prefetch(it, now_ns, k.name, wish->type);
    return told;
}

/* ---- Time ---- */

uint64_t dns_iterate_deadline(const struct dns_iterate *it)
{
    uint64_t at_ns = TIME_NEVER;
    for (size_t i = 0; it->n_busy && i < it->n_tasks; i++) {
        if (it->task[i].state == DNS_TASK_ASKING)
            at_ns = time_min(at_ns, it->task[i].deadline_ns);
    }
    if (!list_empty(&it->young))
        at_ns = time_min(at_ns, CONTAINER_OF(it->young.next, struct dns_client_query, timing)->asked_ns +
                                    DNS_ITERATE_STALE_NS);
    if (!list_empty(&it->old))
        at_ns = time_min(at_ns, CONTAINER_OF(it->old.next, struct dns_client_query, timing)->asked_ns +
                                    DNS_ITERATE_PATIENCE_NS);
    return at_ns;
}

/* The first of a list that has waited as long. */
static struct dns_client_query *waited(struct list *l, uint64_t now_ns, uint64_t span_ns)
{
    if (list_empty(l))
        return NULL;
    struct dns_client_query *q = CONTAINER_OF(l->next, struct dns_client_query, timing);
    return q->asked_ns + span_ns <= now_ns ? q : NULL;
}

static void tick_questions(struct dns_iterate *it, uint64_t now_ns)
{
    struct dns_client_query *q;
    while ((q = waited(&it->young, now_ns, DNS_ITERATE_STALE_NS))) {
        struct dns_name final = q->final;
        uint8_t n_aliases = q->n_aliases;
        list_remove(&q->timing);
        list_append(&it->old, &q->timing);
        if (serve_stale(it, now_ns, q))
            continue;
        q->final = final;
        q->n_aliases = n_aliases;
    }
    while ((q = waited(&it->old, now_ns, DNS_ITERATE_PATIENCE_NS))) {
        it->counters.impatient++;
        end_question(it, now_ns, q, DNS_OUTCOME_FAILED);
    }
}

void dns_iterate_tick(struct dns_iterate *it, uint64_t now_ns)
{
    for (size_t i = 0; it->n_busy && i < it->n_tasks; i++) {
        struct dns_task *t = &it->task[i];
        if (t->state != DNS_TASK_ASKING || t->deadline_ns > now_ns)
            continue;
        it->counters.timeouts++;
        if (t->by_stream)
            dns_task_shun(t);
        else
            dns_known_silent(dns_servers_find(&it->servers, now_ns, &t->server), now_ns);
        dns_task_ready(it, t);
    }
    dns_iterate_pump(it, now_ns);
    tick_questions(it, now_ns);
}
