/* SPDX-License-Identifier: ISC */
/* What comes back: is it the answer to what was asked, and what does it say. What of it is kept: dns_iterate_keep.c. */
#include "proto/dns_iterate_internal.h"

#include <jinn/attr.h>

/* ---- Is it ours ---- */

/* Walks all records, so that later readers can't fail, and takes what OPT says. */
static bool read_whole(struct dns_reply *m)
{
    struct reader r = m->section[0];
    struct dns_record record;
    for (int section = DNS_ANSWER; section <= DNS_ADDITIONAL; section++) {
        m->section[section - DNS_ANSWER] = r;
        for (unsigned i = 0; i < m->header.n[section]; i++) {
            if (!dns_record_read(&r, m->message, &record))
                return false;
            if (section != DNS_ADDITIONAL || record.type != DNS_OPT)
                continue;
            if (m->edns.present || !dns_edns_read(&record, &m->edns))
                return false;
            m->rcode |= (unsigned)m->edns.rcode_high << 4;
        }
    }
    return true;
}

static bool read_head(struct dns_reply *m)
{
    struct reader r = reader_of(m->message);
    uint16_t *n = m->header.n;
    if (!dns_header_read(&r, &m->header) || (m->header.flags & (DNS_QR | DNS_OPCODE)) != DNS_QR)
        return false;
    m->rcode = m->header.flags & DNS_RCODE;
    /* A server that does not understand EDNS may leave the question out (RFC 6891 7): it then says so, and nothing else. */
    m->bare = n[DNS_QUESTION] == 0 && (m->rcode == DNS_FORMERR || m->rcode == DNS_NOTIMP);
    if (!m->bare && (n[DNS_QUESTION] != 1 || !dns_question_read(&r, m->message, &m->question)))
        return false;
    m->section[0] = r;
    return true;
}

static bool is_question_of(const struct dns_task *t, const struct dns_reply *m)
{
    return m->bare || (m->question.type == dns_task_asked_type(t) && m->question.class_ == DNS_IN &&
                       dns_name_equal(dns_name_bytes(&m->question.name), dns_task_asked(t)));
}

static bool same_letters(const struct dns_task *t, const struct dns_reply *m)
{
    struct dns_name asked;
    dns_task_spell(t, &asked);
    return m->bare || (asked.len == m->question.name.len && memcmp(asked.wire, m->question.name.wire, asked.len) == 0);
}

static bool is_from_server(const struct dns_iterate *it, const struct dns_task *t, const struct endpoint *from)
{
    return from->port == it->o.port && ip_equal(&from->ip, &t->server);
}

/* Somebody else's message, or a lie. After many of them UDP is no good here. */
static void suspect(struct dns_iterate *it, struct dns_task *t)
{
    if (++t->n_forgeries < DNS_ITERATE_FORGERIES)
        return;
    it->counters.forgeries++;
    t->stream_next = true;
    dns_task_ready(it, t);
}

/* All that this might have been meant for. */
static void suspect_all(struct dns_iterate *it, unsigned socket, uint64_t *counter)
{
    ++*counter;
    for (size_t i = 0; i < it->n_tasks; i++) {
        struct dns_task *t = &it->task[i];
        if (t->state == DNS_TASK_ASKING && !t->by_stream && t->socket == socket)
            suspect(it, t);
    }
}

static struct dns_task *find_asking(struct dns_iterate *it, const struct endpoint *from, unsigned socket,
                                    const struct dns_reply *m, bool *from_server)
{
    for (size_t i = 0; it->n_busy && i < it->n_tasks; i++) {
        struct dns_task *t = &it->task[i];
        if (t->state != DNS_TASK_ASKING || t->by_stream || t->socket != socket || !is_from_server(it, t, from))
            continue;
        *from_server = true;
        if (t->id == m->header.id && is_question_of(t, m))
            return t;
    }
    return NULL;
}

/* ---- What it says ---- */

static void ask_whole(struct dns_task *t)
{
    t->whole_next = true;
    t->same_next = !t->by_stream;
    t->stream_next = t->by_stream;
}

static bool is_minimised(const struct dns_task *t)
{
    return dns_task_asked(t).len < t->name.len;
}

/* False: the message must not be believed, or it's no answer but a demand for a cookie; the server is asked again. */
static bool check_cookie(struct dns_iterate *it, struct dns_task *t, const struct dns_reply *m,
                         struct dns_known_server *s)
{
    struct bytes content;
    bool has = m->edns.present && dns_edns_find(&m->edns, DNS_COOKIE, &content);
    if (has && (content.len < DNS_COOKIE_CLIENT_BYTES || content.len > DNS_COOKIE_MOST_BYTES ||
                memcmp(content.data, s->client, sizeof s->client) != 0))
        has = false;
    /* Who gave cookies once gives them always: what comes without one was not sent by it, or it has forgotten. */
    if (!has && s->cookie_len && !t->by_stream) {
        it->counters.bad_cookie++;
        t->stream_next = true;
        return false;
    }
    if (!has) {
        s->cookie_len = 0;
        return true;
    }
    if (content.len > DNS_COOKIE_CLIENT_BYTES) {
        s->cookie_len = (uint8_t)(content.len - DNS_COOKIE_CLIENT_BYTES);
        memcpy(s->cookie, content.data + DNS_COOKIE_CLIENT_BYTES, s->cookie_len);
    }
    if (m->rcode != DNS_BADCOOKIE)
        return true;
    bool again = t->new_cookie;
    t->new_cookie = true;
    t->same_next = !again && !t->by_stream;
    t->stream_next = again && !t->by_stream;
    return !t->same_next && !t->stream_next;
}

static bool is_about_edns(const struct dns_reply *m, const struct dns_known_server *s)
{
    return !s->no_edns &&
           ((!m->edns.present && (m->rcode == DNS_FORMERR || m->rcode == DNS_NOTIMP)) || m->rcode == DNS_BADVERS);
}

static void take(struct dns_iterate *it, uint64_t now_ns, struct dns_task *t, const struct dns_reply *m)
{
    struct dns_known_server *s = dns_servers_find(&it->servers, now_ns, &t->server);
    if (m->header.flags & DNS_TC && !t->by_stream) {
        it->counters.truncated++;
        t->stream_next = true;
    } else if (is_about_edns(m, s)) {
        it->counters.no_edns++;
        s->no_edns = true;
        t->same_next = !t->by_stream;
        t->stream_next = t->by_stream;
    } else if (!check_cookie(it, t, m, s)) {
        return;
    } else if (m->rcode == DNS_NOERROR || m->rcode == DNS_NXDOMAIN) {
        dns_task_take(it, now_ns, t, m);
    } else if (is_minimised(t) && !t->whole_next) {
        it->counters.failures++; /* perhaps it only dislikes the shorter name (RFC 9156 2.3) */
        ask_whole(t);
    } else {
        it->counters.failures++;
        dns_task_shun(t);
    }
}

/* Names that are compressed point to the question, whose capitals are ours: they are no part of any answer. */
static void forget_letters(struct dns_iterate *it, struct dns_reply *m)
{
    size_t len = m->message.len, read = len - reader_left(&m->section[0]);
    memcpy(it->reply, m->message.data, len);
    m->message = bytes_of(it->reply, len);
    for (size_t at = DNS_HEADER_BYTES; !m->bare && at < read && it->reply[at]; at += it->reply[at] + 1u) {
        for (size_t i = at + 1; i <= at + it->reply[at]; i++) {
            uint8_t c = it->reply[i];
            it->reply[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
        }
    }
    m->section[0] = reader_of(m->message);
    (void)read_bytes(&m->section[0], read);
}

/* The same for UDP and TCP, once it is clear that it's an answer of that server's. */
static void accept(struct dns_iterate *it, uint64_t now_ns, struct dns_task *t, struct dns_reply *m)
{
    struct dns_known_server *s = dns_servers_find(&it->servers, now_ns, &t->server);
    dns_known_answered(s, now_ns - t->sent_ns);
    forget_letters(it, m);
    bool truncated = m->header.flags & DNS_TC; /* what it holds is of no use then: it need not even be whole */
    if (m->bare || (truncated && !t->by_stream) || read_whole(m)) {
        take(it, now_ns, t, m);
    } else {
        it->counters.malformed++;
        dns_task_shun(t);
    }
    dns_task_ready(it, t);
    dns_iterate_pump(it, now_ns);
}

void dns_iterate_input(struct dns_iterate *it, uint64_t now_ns, const struct endpoint *from, unsigned socket,
                       struct bytes message)
{
    struct dns_reply m = {.message = message};
    bool from_server = false;
    if (!read_head(&m)) {
        suspect_all(it, socket, &it->counters.malformed);
        dns_iterate_pump(it, now_ns);
        return;
    }
    struct dns_task *t = find_asking(it, from, socket, &m, &from_server);
    if (!t) {
        suspect_all(it, socket, from_server ? &it->counters.wrong_question : &it->counters.wrong_sender);
        dns_iterate_pump(it, now_ns);
        return;
    }
    if (!same_letters(t, &m)) {
        it->counters.wrong_case++; /* a server that does not keep it, or a good guess: TCP tells */
        t->stream_next = true;
        dns_task_ready(it, t);
        dns_iterate_pump(it, now_ns);
        return;
    }
    accept(it, now_ns, t, &m);
}

void dns_iterate_input_stream(struct dns_iterate *it, uint64_t now_ns, unsigned ticket, struct bytes message)
{
    struct dns_reply m = {.message = message};
    size_t i = ticket & ((1u << DNS_TICKET_BITS) - 1);
    struct dns_task *t = i < it->n_tasks ? &it->task[i] : NULL;
    if (!t || t->state != DNS_TASK_ASKING || !t->by_stream || t->ticket != ticket)
        return;
    if (!read_head(&m) || m.header.id != t->id || !is_question_of(t, &m)) {
        it->counters.malformed += message.len > 0;
        dns_task_shun(t);
        dns_task_ready(it, t);
        dns_iterate_pump(it, now_ns);
        return;
    }
    if (!same_letters(t, &m))
        dns_servers_find(&it->servers, now_ns, &t->server)->small_letters = true;
    accept(it, now_ns, t, &m);
}
