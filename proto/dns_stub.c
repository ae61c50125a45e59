/* SPDX-License-Identifier: ISC */
#include "proto/dns_stub.h"

#include <jinn/attr.h>
#include <jinn/must.h>

void dns_stub_init(struct dns_stub *s, const struct dns_stub_options *o)
{
    *s = (struct dns_stub){.o = *o};
    s->o.port = o->port ? o->port : DNS_PORT;
    s->o.patience_ns = o->patience_ns ? o->patience_ns : DNS_STUB_PATIENCE_NS;
}

/* ---- Questions ---- */

static bool is_waiting(const struct dns_question_asked *q)
{
    return q->state == DNS_QUESTION_NEW || q->state == DNS_QUESTION_ASKED || q->state == DNS_QUESTION_STREAM;
}

static bool any_in(const struct dns_ask *a, enum dns_question_state state)
{
    for (size_t i = 0; i < DNS_STUB_QUESTIONS; i++) {
        if (a->question[i].state == state)
            return true;
    }
    return false;
}

static bool any_waiting(const struct dns_ask *a)
{
    for (size_t i = 0; i < DNS_STUB_QUESTIONS; i++) {
        if (is_waiting(&a->question[i]))
            return true;
    }
    return false;
}

static void finish(struct dns_question_asked *q, enum err result)
{
    q->state = DNS_QUESTION_DONE;
    q->result = (uint8_t)result;
}

/* This server does not answer it. */
static void pass_on(struct dns_question_asked *q, enum err why)
{
    q->state = DNS_QUESTION_FAILED;
    if (why != ERR_TIMEOUT || q->last_failure == ERR_TIMEOUT)
        q->last_failure = (uint8_t)why;
}

static void fail_questions(struct dns_ask *a)
{
    for (size_t i = 0; i < DNS_STUB_QUESTIONS; i++) {
        if (is_waiting(&a->question[i]))
            pass_on(&a->question[i], ERR_TIMEOUT);
    }
}

/* ---- Servers ---- */

static const struct dns_stub_server *known(const struct dns_stub *s, const struct ip *ip)
{
    for (unsigned i = 0; i < s->n_servers; i++) {
        if (ip_equal(&s->server[i].ip, ip))
            return &s->server[i];
    }
    return NULL;
}

static bool same_servers(const struct dns_stub *s, const struct ip *ip, size_t n)
{
    bool same = s->n_servers == n;
    for (size_t i = 0; same && i < n; i++)
        same = ip_equal(&s->server[i].ip, &ip[i]);
    return same;
}

void dns_stub_servers(struct dns_stub *s, const struct ip *ip, size_t n)
{
    struct dns_stub_server next[DNS_STUB_SERVERS];
    n = n < DNS_STUB_SERVERS ? n : DNS_STUB_SERVERS;
    if (same_servers(s, ip, n))
        return;
    for (size_t i = 0; i < n; i++) {
        const struct dns_stub_server *old = known(s, &ip[i]);
        next[i] = old ? *old : (struct dns_stub_server){.ip = ip[i]};
    }
    memcpy(s->server, next, n * sizeof next[0]);
    s->n_servers = (unsigned)n;
    for (size_t i = 0; i < DNS_STUB_ASKS; i++) {
        struct dns_ask *a = &s->ask[i];
        a->tried = 0;
        if (a->attempting)
            fail_questions(a);
        a->attempting = false;
    }
}

/* The first one that was not tried in this round and is not known to be silent, or else the first that was not tried; n_servers:
 * none. */
static unsigned next_server(const struct dns_stub *s, const struct dns_ask *a, uint64_t now_ns)
{
    unsigned last_resort = s->n_servers;
    for (unsigned i = s->n_servers; i-- > 0;) {
        if (!(a->tried & 1U << i))
            last_resort = i;
    }
    for (unsigned i = 0; i < s->n_servers; i++) {
        if (!(a->tried & 1U << i) && s->server[i].bad_until_ns <= now_ns)
            return i;
    }
    return last_resort;
}

/* ---- Asks ---- */

static struct dns_question_asked *find_question(struct dns_ask *a, uint16_t type)
{
    struct dns_question_asked *place = NULL;
    for (size_t i = DNS_STUB_QUESTIONS; i-- > 0;) {
        struct dns_question_asked *q = &a->question[i];
        if (q->state != DNS_QUESTION_FREE && q->type == type)
            return q;
        if (q->state == DNS_QUESTION_FREE)
            place = q;
    }
    return place;
}

static struct dns_ask *find_ask(struct dns_stub *s, struct bytes name)
{
    struct dns_ask *place = NULL;
    for (size_t i = DNS_STUB_ASKS; i-- > 0;) {
        struct dns_ask *a = &s->ask[i];
        if (a->name.len && dns_name_equal(dns_name_bytes(&a->name), name))
            return a;
        if (!a->name.len)
            place = a;
    }
    if (place) {
        *place = (struct dns_ask){.n_users = 0};
        dns_name_lower(&place->name, name);
        s->counters.asks++;
    }
    return place;
}

/* A question that is done is asked anew: whoever wants it found nothing in the cache. */
static void begin_question(struct dns_stub *s, struct dns_ask *a, uint64_t now_ns, struct dns_question_asked *q,
                           uint16_t type)
{
    if (q->state != DNS_QUESTION_FREE && q->state != DNS_QUESTION_DONE) {
        s->counters.joined++;
        return;
    }
    if (!any_waiting(a) && !any_in(a, DNS_QUESTION_FAILED)) {
        a->tried = 0;
        a->round = 0;
    }
    *q = (struct dns_question_asked){.type = type, .state = DNS_QUESTION_NEW, .last_failure = ERR_TIMEOUT};
    if (a->attempting)
        a->deadline_ns = time_after(now_ns, s->o.patience_ns);
}

struct dns_ask *dns_stub_ask(struct dns_stub *s, uint64_t now_ns, struct bytes name, uint16_t type)
{
    struct dns_ask *a = find_ask(s, name);
    struct dns_question_asked *q = a ? find_question(a, type) : NULL;
    if (!q) {
        s->counters.full++;
        return NULL;
    }
    begin_question(s, a, now_ns, q, type);
    a->n_users++;
    return a;
}

void dns_stub_leave(struct dns_stub *s, struct dns_ask *a)
{
    (void)s;
    must(a->n_users);
    if (--a->n_users == 0)
        a->name.len = 0;
}

enum err dns_ask_result(const struct dns_ask *a, uint16_t type)
{
    for (size_t i = 0; i < DNS_STUB_QUESTIONS; i++) {
        const struct dns_question_asked *q = &a->question[i];
        if (q->state != DNS_QUESTION_FREE && q->type == type)
            return q->state == DNS_QUESTION_DONE ? (enum err)q->result : ERR_AGAIN;
    }
    return ERR_AGAIN;
}

static void finish_failed(struct dns_ask *a, enum err instead)
{
    for (size_t i = 0; i < DNS_STUB_QUESTIONS; i++) {
        struct dns_question_asked *q = &a->question[i];
        if (q->state == DNS_QUESTION_FAILED || is_waiting(q))
            finish(q, instead ? instead : (enum err)q->last_failure);
    }
}

/* ---- Attempts ---- */

/* All of a round refused: the next round would bring nothing else. */
static bool all_refused(const struct dns_ask *a)
{
    for (size_t i = 0; i < DNS_STUB_QUESTIONS; i++) {
        if (a->question[i].state == DNS_QUESTION_FAILED && a->question[i].last_failure == ERR_TIMEOUT)
            return false;
    }
    return true;
}

/* The next server, for all questions that have no answer yet. False: there is no more to be tried, and they are done. */
static bool begin_attempt(struct dns_stub *s, struct dns_ask *a, uint64_t now_ns)
{
    unsigned next = next_server(s, a, now_ns);
    if (next == s->n_servers && a->tried && a->round + 1 < DNS_STUB_ROUNDS && !all_refused(a)) {
        a->round++;
        a->tried = 0;
        next = next_server(s, a, now_ns);
    }
    if (next == s->n_servers) {
        finish_failed(a, s->n_servers ? OK : ERR_UNREACHABLE);
        a->attempting = false;
        a->round = 0;
        a->tried = 0;
        return false;
    }
    s->counters.retries += a->tried != 0 || a->round != 0;
    a->server = (uint8_t)next;
    a->tried = (uint16_t)(a->tried | 1U << next);
    a->attempting = a->fresh = true;
    a->n_forgeries = 0;
    a->deadline_ns = time_after(now_ns, s->o.patience_ns << a->round);
    for (size_t i = 0; i < DNS_STUB_QUESTIONS; i++) {
        if (a->question[i].state == DNS_QUESTION_FAILED)
            a->question[i].state = DNS_QUESTION_NEW;
    }
    return true;
}

static void end_attempt_if_over(struct dns_stub *s, struct dns_ask *a, uint64_t now_ns)
{
    if (now_ns >= a->deadline_ns && any_in(a, DNS_QUESTION_ASKED)) {
        s->counters.timeouts++;
        s->server[a->server].bad_until_ns = time_after(now_ns, DNS_STUB_BAD_NS);
        fail_questions(a);
    }
    if (!any_waiting(a))
        a->attempting = false;
}

/* Capitals where the bits say so; the name has small letters. */
static void spell(const struct dns_ask *a, uint64_t letters, struct dns_name *out)
{
    *out = a->name;
    for (unsigned i = 0, bit = 0; i < out->len && bit < 64; i++) {
        if (out->wire[i] < 'a' || out->wire[i] > 'z')
            continue; /* nor the lengths of labels, which are less */
        if (letters >> bit++ & 1)
            out->wire[i] = (uint8_t)(out->wire[i] - 'a' + 'A');
    }
}

static struct bytes write_query(struct dns_stub *s, const struct dns_ask *a, struct dns_question_asked *q)
{
    struct dns_name name;
    struct dns_writer w;
    struct dns_edns e = {.present = true, .udp_bytes = DNS_EDNS_BYTES};
    s->o.random(&q->id, sizeof q->id);
    q->letters = 0;
    if (!s->o.small_letters)
        s->o.random(&q->letters, sizeof q->letters);
    spell(a, q->letters, &name);
    dns_write_begin(&w, s->message, sizeof s->message);
    bool good = dns_write_question(&w, dns_name_bytes(&name), q->type, DNS_IN);
    good = good && (s->server[a->server].no_edns || dns_write_edns(&w, &e));
    must(good); /* 12 + 255 + 4 + 11 bytes fit */
    return dns_write_end(&w, q->id, DNS_RD);
}

static bool step_question(struct dns_stub *s, struct dns_ask *a, unsigned i, uint64_t now_ns, struct dns_step *step)
{
    struct dns_question_asked *q = &a->question[i];
    bool stream = q->state == DNS_QUESTION_STREAM;
    if (q->state != DNS_QUESTION_NEW && !stream)
        return false;
    *step = (struct dns_step){.kind = stream ? DNS_STEP_STREAM : DNS_STEP_SEND,
                              .server = {s->server[a->server].ip, s->o.port},
                              .fresh = !stream && a->fresh,
                              .question = i,
                              .message = write_query(s, a, q)};
    if (stream) {
        s->counters.streams++;
        a->deadline_ns = time_after(now_ns, DNS_STUB_STREAM_NS);
    } else {
        s->counters.queries++;
        a->fresh = false;
    }
    step->deadline_ns = a->deadline_ns;
    q->state = DNS_QUESTION_ASKED;
    return true;
}

void dns_stub_step(struct dns_stub *s, struct dns_ask *a, uint64_t now_ns, struct dns_step *step)
{
    if (a->attempting)
        end_attempt_if_over(s, a, now_ns);
    if (!a->attempting) {
        bool more = any_in(a, DNS_QUESTION_FAILED) || any_in(a, DNS_QUESTION_NEW);
        if (!more || !begin_attempt(s, a, now_ns)) {
            *step = (struct dns_step){.kind = DNS_STEP_DONE};
            return;
        }
    }
    for (unsigned i = 0; i < DNS_STUB_QUESTIONS; i++) {
        if (step_question(s, a, i, now_ns, step))
            return;
    }
    *step = (struct dns_step){.kind = DNS_STEP_WAIT, .deadline_ns = a->deadline_ns};
}

void dns_stub_failed(struct dns_stub *s, struct dns_ask *a, uint64_t now_ns, unsigned question)
{
    struct dns_question_asked *q = &a->question[question];
    if (!a->attempting || !is_waiting(q))
        return; /* it came to an end otherwise */
    s->server[a->server].bad_until_ns = time_after(now_ns, DNS_STUB_BAD_NS);
    pass_on(q, ERR_TIMEOUT);
}

void dns_stub_again(struct dns_ask *a, unsigned question)
{
    if (a->question[question].state == DNS_QUESTION_ASKED)
        a->question[question].state = DNS_QUESTION_STREAM;
}

bool dns_stub_joined(struct dns_stub *s, struct dns_ask *a, uint64_t now_ns, struct dns_step *step)
{
    for (unsigned i = 0; a->attempting && !a->fresh && i < DNS_STUB_QUESTIONS; i++) {
        if (a->question[i].state == DNS_QUESTION_NEW)
            return step_question(s, a, i, now_ns, step);
    }
    return false;
}
