/* SPDX-License-Identifier: ISC */
/* Workers that do jobs, one after the other, all chosen by the seed: each either brings every byte and finds it right, or
 * fails with an error. */
#include "peer.h"

#include "net/tcp_core.h"

#include <jinn/fiber.h>
#include <jinn/log.h>
#include <jinn/random.h>

#include <stdlib.h>
#include <string.h>

#define IDLE_NS (20 * NS_PER_S)   /* longer than any timer of a connection that has nothing to do */
#define QUIET_NS (600 * NS_PER_S) /* all that a connection may leave behind ends within that */
#define PIPELINE_MAX 6
#define PROBES_PER_S 10

static struct log_source logs = LOG_SOURCE("client");
static const struct peer *self;
static struct {
    unsigned good, failed, timeouts, bad, held, refused;
    uint64_t bytes;
} count;

static uint64_t patience(void)
{
    return time_after(sched_now(), PEER_PATIENCE_NS);
}

static enum err open_to(uint16_t port, struct flow **f)
{
    enum err e =
        stack_connect(self->stack, (struct endpoint){self->server, port}, time_after(sched_now(), PEER_CONNECT_NS), f);
    return e == ERR_TIMEOUT ? ERR_UNREACHABLE : e;
}

static enum err end(struct flow *f, enum err e)
{
    if (e)
        flow_abort(f);
    else
        flow_close(f);
    return e;
}

/* Most are short, some as long as may be. */
static uint64_t some_bytes(void)
{
    return random_below(1 + ((uint32_t)self->most_bytes >> random_below(8)));
}

static enum err maybe_idle(void)
{
    return random_below(3) ? OK : fiber_sleep(time_after(sched_now(), random_below(1000) * (IDLE_NS / 1000)));
}

static enum err expect(struct flow *f, uint32_t id, uint64_t from, uint64_t len)
{
    uint8_t buffer[4096];
    while (len > 0) {
        size_t n, size = 1 + random_below(sizeof buffer);
        enum err e = flow_read(f, buffer, size < len ? size : len, &n, patience());
        if (e)
            return e == ERR_END ? ERR_RESET : e;
        if (!content_equal(id, from, buffer, n))
            return ERR_MALFORMED;
        from += n;
        len -= n;
        count.bytes += n;
    }
    return OK;
}

static enum err expect_end(struct flow *f)
{
    uint8_t byte;
    size_t n;
    enum err e = flow_read(f, &byte, 1, &n, patience());
    return e == OK ? ERR_MALFORMED : e == ERR_END ? OK : e;
}

static enum err send_order(struct flow *f, uint32_t id, uint64_t len)
{
    uint8_t order[12];
    struct writer w = writer_of(order, sizeof order);
    write_be32(&w, id);
    write_be64(&w, len);
    struct piece p = piece_copy(writer_bytes(&w));
    return flow_write(f, &p, 1, patience());
}

/* ---- Jobs on plain TCP ---- */

static enum err job_download(void)
{
    struct flow *f;
    uint32_t id = random_u32();
    uint64_t len = some_bytes();
    enum err e = open_to(PORT_SOURCE, &f);
    if (e)
        return e;
    e = send_order(f, id, len);
    if (e == OK)
        e = expect(f, id, 0, len);
    if (e == OK)
        e = expect_end(f);
    return end(f, e);
}

/* Half-closes, and is then told how much arrived. */
static enum err job_upload(void)
{
    struct flow *f;
    uint32_t id = random_u32();
    uint64_t len = some_bytes();
    uint8_t answer[8];
    enum err e = open_to(PORT_SINK, &f);
    if (e)
        return e;
    e = send_order(f, id, len);
    if (e == OK)
        e = content_send(f, id, 0, len);
    if (e == OK)
        e = flow_shutdown(f);
    if (e == OK)
        e = flow_read_exact(f, answer, sizeof answer, patience());
    struct reader r = reader_of(bytes_of(answer, sizeof answer));
    if (e == OK && read_be64(&r) != len)
        e = ERR_MALFORMED;
    if (e == OK)
        e = expect_end(f);
    count.bytes += len;
    return end(f, e == ERR_END ? ERR_RESET : e);
}

struct speech {
    struct flow *f;
    uint32_t id;
    uint64_t len;
    enum err error;
};

/* Both halves with some idle time between, then the end of this side's stream. */
static void speak(void *arg)
{
    struct speech *s = arg;
    s->error = content_send(s->f, s->id, 0, s->len / 2);
    if (s->error == OK)
        s->error = maybe_idle();
    if (s->error == OK)
        s->error = content_send(s->f, s->id, s->len / 2, s->len - s->len / 2);
    if (s->error == OK)
        s->error = flow_shutdown(s->f);
}

static enum err job_echo(void)
{
    struct speech s = {.id = random_u32(), .len = some_bytes()};
    struct scope scope;
    enum err e = open_to(PORT_ECHO, &s.f);
    if (e)
        return e;
    scope_open(&scope);
    e = scope_spawn(&scope, "speak", speak, &s);
    if (e == OK)
        e = expect(s.f, s.id, 0, s.len);
    if (e == OK)
        e = expect_end(s.f);
    if (e)
        scope_cancel(&scope);
    scope_join(&scope);
    return end(s.f, e ? e : s.error);
}

static enum err job_abort(void)
{
    struct flow *f;
    uint32_t id = random_u32();
    uint64_t len = 1 + some_bytes();
    enum err e = open_to(PORT_SOURCE, &f);
    if (e)
        return e;
    e = send_order(f, id, len);
    if (e == OK)
        e = expect(f, id, 0, random_below((uint32_t)len));
    flow_abort(f);
    return e;
}

/* ---- Jobs on HTTP ---- */

struct talk {
    struct flow *f;
    char head[1024];
};

/* Byte by byte, so that nothing of the body is taken. */
static enum err read_head(struct talk *t)
{
    size_t n = 0, len;
    while (n < sizeof t->head - 1) {
        enum err e = flow_read(t->f, t->head + n, 1, &len, patience());
        if (e)
            return e == ERR_END ? ERR_RESET : e;
        t->head[++n] = '\0';
        if (n >= 4 && memcmp(t->head + n - 4, "\r\n\r\n", 4) == 0)
            return OK;
    }
    return ERR_MALFORMED;
}

/* Any other status than 200 is the server's clear word that it gave up (408, 503), except that it found wrong bytes. */
static enum err read_status(struct talk *t, uint64_t *len)
{
    enum err e = read_head(t);
    if (e)
        return e;
    const char *length = strstr(t->head, "Content-Length: ");
    *len = length ? strtoull(length + 16, NULL, 10) : 0;
    if (strncmp(t->head, "HTTP/1.1 500", 12) == 0 || strncmp(t->head, "HTTP/1.1 ", 9) != 0)
        return ERR_MALFORMED;
    return strncmp(t->head + 9, "200", 3) == 0 ? OK : ERR_REFUSED;
}

static enum err say(struct flow *f, struct writer *w)
{
    struct piece p = piece_copy(writer_bytes(w));
    return flow_write(f, &p, 1, patience());
}

static uint32_t some_file(void)
{
    uint32_t n;
    do
        n = random_below(N_FILES);
    while (file_bytes[n] > 4 * self->most_bytes);
    return n;
}

static enum err get_one(struct talk *t, uint32_t file)
{
    char text[40];
    struct writer w = writer_of(text, sizeof text);
    uint64_t len;
    write_format(&w, "GET /%u HTTP/1.1\r\nHost: sim\r\n\r\n", (unsigned)file);
    enum err e = say(t->f, &w);
    if (e == OK)
        e = read_status(t, &len);
    if (e == OK && len != file_bytes[file])
        e = ERR_MALFORMED;
    return e == OK ? expect(t->f, FILE_ID + file, 0, len) : e;
}

static enum err get_some(struct talk *t, uint32_t n)
{
    uint32_t file[PIPELINE_MAX];
    char text[PIPELINE_MAX * 40];
    struct writer w = writer_of(text, sizeof text);
    uint64_t len;
    for (uint32_t i = 0; i < n; i++) {
        file[i] = some_file();
        write_format(&w, "GET /%u HTTP/1.1\r\nHost: sim\r\n\r\n", (unsigned)file[i]);
    }
    enum err e = say(t->f, &w);
    for (uint32_t i = 0; e == OK && i < n; i++) {
        e = read_status(t, &len);
        if (e == OK && len != file_bytes[file[i]])
            e = ERR_MALFORMED;
        if (e == OK)
            e = expect(t->f, FILE_ID + file[i], 0, len);
    }
    return e;
}

/* A keep-alive connection with pipelined requests, which goes idle and comes back. */
static enum err job_get(void)
{
    struct talk t;
    enum err e = open_to(PORT_HTTP, &t.f);
    if (e)
        return e;
    for (uint32_t i = 1 + random_below(3); e == OK && i > 0; i--) {
        e = get_some(&t, 1 + random_below(PIPELINE_MAX));
        if (e == OK)
            e = maybe_idle();
    }
    return end(t.f, e);
}

static enum err job_post(void)
{
    struct talk t;
    uint32_t id = random_u32();
    uint64_t body = some_bytes(), len;
    char text[128];
    struct writer w = writer_of(text, sizeof text);
    enum err e = open_to(PORT_HTTP, &t.f);
    if (e)
        return e;
    write_format(&w, "POST /%u HTTP/1.1\r\nHost: sim\r\nContent-Length: %llu\r\n\r\n", (unsigned)id,
                 (unsigned long long)body);
    e = say(t.f, &w);
    if (e == OK)
        e = content_send(t.f, id, 0, body);
    if (e == OK)
        e = read_status(&t, &len);
    count.bytes += body;
    return end(t.f, e);
}

/* ---- Workers ---- */

static enum err (*const jobs[])(void) = {job_download, job_upload, job_echo, job_abort, job_get, job_post};
static const char *const job_names[] = {"download", "upload", "echo", "abort", "get", "post"};

static void work(void *arg)
{
    (void)arg;
    for (int64_t i = 0; i < self->n_jobs; i++) {
        uint32_t kind = random_below(ARRAY_LEN(jobs));
        enum err e = jobs[kind]();
        count.good += e == OK;
        count.bad += e == ERR_MALFORMED;
        count.timeouts += e == ERR_TIMEOUT;
        count.failed += e != OK && e != ERR_MALFORMED && e != ERR_TIMEOUT;
        if (e)
            log_info(&logs, "%s: %s", job_names[kind], err_text(e));
    }
}

/* ---- Holding connections, to see what the server makes of it ---- */

static enum err read_slowly(struct flow *f, uint32_t id, uint64_t until_ns)
{
    enum err e = send_order(f, id, 1 << 20);
    for (uint64_t at = 0; e == OK && sched_now() < until_ns; at++) {
        e = expect(f, id, at, 1);
        if (e == OK)
            e = fiber_sleep(time_after(sched_now(), NS_PER_S));
    }
    return e;
}

static void hold(void *arg)
{
    uint64_t until_ns = *(const uint64_t *)arg;
    struct flow *f;
    uint8_t byte;
    size_t n;
    enum err e = open_to(self->held_port, &f);
    if (e) {
        count.refused++;
        return;
    }
    e = self->held_slow ? read_slowly(f, random_u32(), until_ns) : flow_read(f, &byte, 1, &n, until_ns);
    count.held += e == OK || e == ERR_TIMEOUT; /* still there at the end */
    count.refused += e == ERR_END || e == ERR_RESET;
    count.bad += e == ERR_MALFORMED;
    flow_abort(f);
}

/* ---- Probing: how long others wait while a crowd is there ---- */

static struct {
    uint64_t sum_ns, most_ns;
} wait;

static enum err ask_for(struct talk *t, uint32_t file)
{
    uint32_t id = FILE_ID + file;
    if (self->held_port == PORT_HTTP)
        return get_one(t, file);
    enum err e = send_order(t->f, id, file_bytes[file]);
    return e == OK ? expect(t->f, id, 0, file_bytes[file]) : e;
}

/* Either on the connection that it keeps or on a new one. */
static enum err ask_on(struct talk *kept, bool fresh)
{
    struct talk t;
    if (!fresh)
        return ask_for(kept, (uint32_t)self->held_file);
    enum err e = open_to(self->held_port, &t.f);
    return e == OK ? end(t.f, ask_for(&t, (uint32_t)self->held_file)) : e;
}

static void probe(void *arg)
{
    uint64_t n_probes = self->for_ns / NS_PER_S * PROBES_PER_S;
    struct talk kept;
    enum err e = open_to(self->held_port, &kept.f);
    (void)arg;
    if (e) {
        count.failed++;
        return;
    }
    for (uint64_t n = 0; e == OK && n < n_probes; n++) {
        uint64_t begin_ns = sched_now(), took_ns;
        e = ask_on(&kept, n % 4 == 3);
        took_ns = sched_now() - begin_ns;
        wait.sum_ns += took_ns;
        wait.most_ns = took_ns > wait.most_ns ? took_ns : wait.most_ns;
        count.good += e == OK;
        if (e == OK)
            e = fiber_sleep(time_after(begin_ns, NS_PER_S / PROBES_PER_S));
    }
    count.failed += e != OK;
    count.bad += e == ERR_MALFORMED;
    end(kept.f, e);
}

/* ---- The whole ---- */

/* Until nothing is in use: TIME-WAIT is the last to end. */
static bool all_given_back(void)
{
    uint64_t end_ns = time_after(sched_now(), QUIET_NS);
    while (peer_used(self->stack) > 0 && sched_now() < end_ns && fiber_sleep(time_after(sched_now(), NS_PER_S)) == OK)
        ;
    return peer_used(self->stack) == 0 && sched_counters().n_alive == 1;
}

int peer_client(const struct peer *p)
{
    struct scope scope;
    uint64_t until_ns = time_after(sched_now(), p->for_ns);
    int64_t n = p->probe ? 1 : p->n_held ? p->n_held : p->n_workers;
    self = p;
    scope_open(&scope);
    for (int64_t i = 0; i < n; i++) {
        if (scope_spawn(&scope, "worker", p->probe ? probe : p->n_held ? hold : work, &until_ns) != OK)
            return 1;
    }
    scope_join(&scope);
    uint64_t done_ns = sched_now();
    bool clean = all_given_back();
    struct tcp_counters t = tcp_counters(peer_tcp(p->stack));
    log_info(&logs, "result good=%u failed=%u timeouts=%u bad=%u bytes=%llu used=%zu fibers=%u done_ms=%llu",
             count.good, count.failed, count.timeouts, count.bad, (unsigned long long)count.bytes, peer_used(p->stack),
             sched_counters().n_alive, (unsigned long long)(done_ns / NS_PER_MS));
    log_info(&logs, "result wait_ns=%llu most_ns=%llu", (unsigned long long)wait.sum_ns,
             (unsigned long long)wait.most_ns);
    log_info(&logs, "result held=%u refused=%u checksums=%llu retransmitted=%llu", count.held, count.refused,
             (unsigned long long)t.n_bad_checksum, (unsigned long long)t.n_retransmitted);
    return count.bad ? 2 : clean ? 0 : 3;
}
