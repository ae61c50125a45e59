/* SPDX-License-Identifier: ISC */
/* TCP as packet transcripts: a script is the trace, one event a line, checked against a core with a clock of its
 * own.
 *
 *     listen 80 4                    calls of the user: listen, connect, accept, read, write, close...
 *     < S seq 0 win 65535 <mss 1460>     the peer sends; numbers count from its first SYN's (0)
 *     > S. seq 0 ack 1 <mss 1460>        we must have sent this, next; numbers count from our SYN's (0)
 *     < . seq 1 ack 1
 *     +40ms                          time passes
 *
 * Flags are S F R P U E W (CWR) . (ACK). Of an expected segment flags and length are compared always (length 0 if not
 * given), the rest if given. A segment that no line expects fails the test. Data is a pattern of its place in the
 * stream, checked on both sides. Options: mss N, ws N, sackok, sack FROM TO (as often as there are blocks; "nosack": must
 * have none), ts VALUE ECHO; "ecn N" is the mark of the IP header; our own timestamps count from 100 at our first segment.
 * "times N" is as many such segments, each where the one before ends.
 * "<+" is "<" without the tcp_flush that ends a batch. "# text" is a comment.
 *
 * "offload" makes the device below take checksums and segments: then "tso N" says that it is to cut what was sent into
 * segments of N bytes ("single": it refuses), "cwr-once" that CWR belongs to the first of them; and what arrives "large" was
 * joined by the device, which vouches for it (its checksum is left wrong). */
#ifndef TEST_TCP_SCRIPT_H
#define TEST_TCP_SCRIPT_H

#include "test/support/tcp_wire.h"

/* ---- Time ---- */

static void run_to(struct script *x, uint64_t to_ns)
{
    uint64_t at_ns;
    while ((at_ns = tcp_deadline(x->t)) <= to_ns) {
        if (at_ns > x->now_ns)
            x->now_ns = at_ns;
        tcp_tick(x->t, x->now_ns);
        tcp_flush(x->t, x->now_ns);
        if (tcp_deadline(x->t) <= at_ns)
            x->now_ns += NS_PER_MS; /* the wheel's slot is not over */
    }
    if (to_ns > x->now_ns)
        x->now_ns = to_ns;
}

static void pass_time(struct script *x, const char *at)
{
    char *unit;
    uint64_t n = strtoull(at, &unit, 10);
    uint64_t ns = !strncmp(unit, "us", 2) ? NS_PER_US : !strncmp(unit, "ms", 2) ? NS_PER_MS : NS_PER_S;
    run_to(x, x->now_ns + n * ns);
}

/* ---- Calls ---- */

static enum err err_named(struct script *x, const char *w)
{
    static const struct {
        const char *name;
        enum err e;
    } names[] = {{"ok", OK},
                 {"again", ERR_AGAIN},
                 {"timeout", ERR_TIMEOUT},
                 {"end", ERR_END},
                 {"closed", ERR_CLOSED},
                 {"reset", ERR_RESET},
                 {"full", ERR_FULL},
                 {"refused", ERR_REFUSED},
                 {"unreachable", ERR_UNREACHABLE},
                 {"inuse", ERR_IN_USE},
                 {"invalid", ERR_INVALID}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!strcmp(names[i].name, w))
            return names[i].e;
    }
    script_fail(x, "unknown result");
    return OK;
}

static void check_err(struct script *x, enum err e, const char *w)
{
    if (e != err_named(x, w))
        script_fail(x, err_text(e));
}

static void call_read(struct script *x, const char *at)
{
    char w[32], *end;
    uint8_t buffer[4096];
    size_t len;
    if (!word(&at, w, sizeof w))
        script_fail(x, "read what?");
    size_t n = strtoul(w, &end, 10);
    if (*end) {
        check_err(x, tcp_read(x->c, x->now_ns, buffer, sizeof buffer, &len), w);
        return;
    }
    for (; n > 0; n -= len) {
        enum err e = tcp_read(x->c, x->now_ns, buffer, n < sizeof buffer ? n : sizeof buffer, &len);
        if (e)
            script_fail(x, err_text(e));
        for (size_t i = 0; i < len; i++) {
            if (buffer[i] != pattern((uint32_t)(1 + x->n_read + i)))
                script_fail(x, "other bytes");
        }
        x->n_read += len;
    }
}

/* "write 100" static, "copy 100" copied; with "queue" before it without sending; with a result after it. */
static void call_write(struct script *x, const char *at, enum life life, bool push)
{
    char w[32] = "ok";
    size_t n = (size_t)number(x, &at), taken = 0;
    word(&at, w, sizeof w);
    struct piece p = {bytes_of(pattern_static + 1 + x->n_written, n), life};
    uint8_t *copy = NULL;
    if (life == LIFE_COPY) {
        copy = malloc(n);
        memcpy(copy, p.bytes.data, n);
        p.bytes.data = copy;
    }
    check_err(x, tcp_write(x->c, p, &taken), w);
    free(copy);
    if (!strcmp(w, "ok") && taken != n)
        script_fail(x, "only a part was taken");
    x->n_written += taken;
    if (push)
        tcp_push(x->c, x->now_ns);
}

#define COUNTER(name)                                  \
    {                                                  \
#name, offsetof(struct tcp_counters, n_##name) \
    }
static const struct {
    const char *name;
    size_t offset;
} counter_names[] = {
    COUNTER(retransmitted),
    COUNTER(resets_in),
    COUNTER(resets_out),
    COUNTER(bad_checksum),
    COUNTER(malformed),
    COUNTER(no_connection),
    COUNTER(paws),
    COUNTER(no_timestamp),
    COUNTER(out_of_window),
    COUNTER(bad_ack),
    COUNTER(no_ack),
    COUNTER(old_duplicate),
    COUNTER(no_memory),
    COUNTER(ooo_dropped),
    COUNTER(received_twice),
    COUNTER(tail_probes),
    COUNTER(sent_twice),
    COUNTER(bad_sack),
    COUNTER(marked),
    COUNTER(slowed_by_marks),
    COUNTER(reneged),
    COUNTER(runs_refused),
    COUNTER(accepted),
    COUNTER(timed_out),
    COUNTER(reset),
    COUNTER(keepalive_lost),
    COUNTER(lingered),
    COUNTER(refused_backlog),
    COUNTER(refused_full),
    COUNTER(writes_held),
    COUNTER(half_dropped),
    COUNTER(cookies),
    COUNTER(cookies_taken),
    COUNTER(bad_cookies),
    COUNTER(half_expired),
    COUNTER(orphans_reclaimed),
    COUNTER(resets_held),
    COUNTER(time_wait_dropped),
    COUNTER(time_wait_reused),
    COUNTER(timeouts),
    COUNTER(fast_retransmits),
    COUNTER(partial_acks),
    COUNTER(duplicate_acks),
    COUNTER(undone_timeouts),
    COUNTER(undone_recoveries),
    COUNTER(windows_grown),
    COUNTER(windows_held),
    COUNTER(windows_reclaimed),
    COUNTER(window_probes),
    COUNTER(keepalives),
    COUNTER(challenges),
    COUNTER(challenges_held),
    COUNTER(delayed_acks),
    COUNTER(urgent),
    COUNTER(shrunk_window),
    COUNTER(device_full),
    COUNTER(large_out),
    COUNTER(large_in),
    COUNTER(problems_ignored),
    COUNTER(path_mtu),
    COUNTER(black_holes),
    COUNTER(mtu_probes),
    COUNTER(mtu_probes_lost),
};

static void call_count(struct script *x, const char *at)
{
    char w[32], text[80];
    word(&at, w, sizeof w);
    long wanted = number(x, &at);
    struct tcp_counters n = tcp_counters(x->t);
    const struct {
        const char *name;
        uint32_t v;
    } now[] = {{"connections", n.n_connections},
               {"half", n.n_half_open},
               {"waiting", n.n_time_wait},
               {"chunks", n.n_chunks},
               {"pieces", n.n_pieces},
               {"runs", n.n_runs},
               {"reached", (uint32_t)x->n_reached},
               {"narrow", (uint32_t)x->n_narrow},
               {"narrow_bytes", x->narrow_bytes}};
    long v = -1;
    for (size_t i = 0; i < ARRAY_LEN(now); i++) {
        if (!strcmp(now[i].name, w))
            v = now[i].v;
    }
    for (size_t i = 0; i < ARRAY_LEN(counter_names); i++) {
        if (!strcmp(counter_names[i].name, w))
            v = (long)*(const uint64_t *)(const void *)((const char *)&n + counter_names[i].offset);
    }
    snprintf(text, sizeof text, "is %ld", v);
    if (v != wanted)
        script_fail(x, text);
}

static void call_problem(struct script *x, const char *at)
{
    char w[32];
    word(&at, w, sizeof w);
    uint8_t quoted[8];
    struct writer q = writer_of(quoted, sizeof quoted);
    struct peer *p = peer_of(x, x->peer_port);
    struct ip_problem problem = {.src = ip4(10, 0, 0, 1), .dst = ip4(10, 0, 0, 9), .protocol = IP_TCP};
    problem.problem = !strcmp(w, "port")    ? PROBLEM_PORT_UNREACHABLE
                      : !strcmp(w, "net")   ? PROBLEM_UNREACHABLE
                      : !strcmp(w, "admin") ? PROBLEM_PROHIBITED
                      : !strcmp(w, "big")   ? PROBLEM_TOO_BIG
                                            : PROBLEM_TIME_EXCEEDED;
    uint32_t seq = (uint32_t)number(x, &at);
    if (problem.problem == PROBLEM_TOO_BIG)
        problem.mtu_bytes = (uint16_t)number(x, &at);
    write_be16(&q, x->local_port);
    write_be16(&q, x->peer_port);
    write_be32(&q, p->iss + seq);
    problem.payload = bytes_of(quoted, sizeof quoted);
    tcp_problem(x->t, x->now_ns, &problem);
}

static void script_wake_reader(struct waiter *w)
{
    CONTAINER_OF(w, struct script, reader)->n_woken_reader++;
}

static void script_wake_writer(struct waiter *w)
{
    CONTAINER_OF(w, struct script, writer)->n_woken_writer++;
}

static bool call_wait(struct script *x, const char *w, const char *at)
{
    if (!strcmp(w, "arm"))
        tcp_wait_readable(x->c, &x->reader);
    else if (!strcmp(w, "arm-writer"))
        tcp_wait_writable(x->c, &x->writer);
    else if (!strcmp(w, "woken") && x->n_woken_reader != number(x, &at))
        script_fail(x, "the reader was woken another number of times");
    else if (!strcmp(w, "woken-writer") && x->n_woken_writer != number(x, &at))
        script_fail(x, "the writer was woken another number of times");
    else
        return !strncmp(w, "woken", 5);
    return true;
}

static bool call_open(struct script *x, const char *w, const char *at)
{
    char result[32] = "ok";
    if (!strcmp(w, "listen")) {
        uint16_t port = (uint16_t)number(x, &at);
        uint32_t backlog = (uint32_t)number(x, &at);
        word(&at, result, sizeof result);
        check_err(x, tcp_listen(x->t, port, backlog, &x->listener), result);
    } else if (!strcmp(w, "unlisten")) {
        tcp_unlisten(x->listener, x->now_ns);
    } else if (!strcmp(w, "accept")) {
        word(&at, result, sizeof result);
        check_err(x, tcp_accept(x->listener, &x->c), result);
        x->n_read = x->n_written = 0;
    } else if (!strcmp(w, "connect")) {
        word(&at, result, sizeof result);
        struct endpoint to = {ip4(10, 0, 0, 9), x->peer_port};
        check_err(x, tcp_connect(x->t, x->now_ns, to, &x->c), result);
        x->n_read = x->n_written = 0;
    } else if (!strcmp(w, "connected")) {
        word(&at, result, sizeof result);
        check_err(x, tcp_connected(x->c), result);
    } else if (!strcmp(w, "peer")) {
        x->peer_port = (uint16_t)number(x, &at);
    } else if (!strcmp(w, "local")) {
        x->local_port = (uint16_t)number(x, &at);
    } else {
        return false;
    }
    return true;
}

static bool call_bytes(struct script *x, const char *w, const char *at)
{
    char result[32] = "ok";
    if (!strcmp(w, "read"))
        call_read(x, at);
    else if (!strcmp(w, "write"))
        call_write(x, at, LIFE_STATIC, true);
    else if (!strcmp(w, "copy"))
        call_write(x, at, LIFE_COPY, true);
    else if (!strcmp(w, "queue"))
        call_write(x, at, LIFE_STATIC, false);
    else if (!strcmp(w, "queue-copy"))
        call_write(x, at, LIFE_COPY, false);
    else if (!strcmp(w, "push"))
        tcp_push(x->c, x->now_ns);
    else if (!strcmp(w, "push-late"))
        tcp_push_late(x->c);
    else if (!strcmp(w, "unsent") && tcp_unsent(x->c) != (size_t)number(x, &at))
        script_fail(x, "another number of bytes");
    else if (!strcmp(w, "shutdown")) {
        word(&at, result, sizeof result);
        check_err(x, tcp_shutdown(x->c, x->now_ns), result);
    } else if (!strcmp(w, "close"))
        tcp_close(x->c, x->now_ns);
    else if (!strcmp(w, "abort"))
        tcp_abort(x->c, x->now_ns);
    else
        return !strcmp(w, "unsent");
    return true;
}

static bool call_set(struct script *x, const char *w, const char *at)
{
    if (!strcmp(w, "nagle"))
        tcp_set_nagle(x->c, true);
    else if (!strcmp(w, "keepalive")) {
        uint16_t idle_s = (uint16_t)number(x, &at);
        tcp_set_keepalive(x->c, x->now_ns, idle_s, (uint16_t)number(x, &at));
    } else if (!strcmp(w, "user-timeout"))
        tcp_set_user_timeout(x->c, (uint32_t)number(x, &at));
    else if (!strcmp(w, "flush"))
        tcp_flush(x->t, x->now_ns);
    else if (!strcmp(w, "device-full"))
        x->full = true;
    else if (!strcmp(w, "device-ready"))
        x->full = false;
    else if (!strcmp(w, "offload"))
        x->below.features = NET_FEATURES;
    else if (!strcmp(w, "single"))
        x->single = true;
    else if (!strcmp(w, "no-route"))
        x->no_route = true;
    else if (!strcmp(w, "mtu"))
        x->payload_bytes = (uint16_t)(number(x, &at) - 20);
    else if (!strcmp(w, "count"))
        call_count(x, at);
    else if (!strcmp(w, "problem"))
        call_problem(x, at);
    else
        return false;
    return true;
}

static void run_line(struct script *x, const char *at)
{
    char w[32];
    while (*at == ' ')
        at++;
    if (*at == '\n' || *at == '\0' || *at == '#')
        return;
    if (*at == '>') {
        expect(x, at + 1);
        return;
    }
    none_left(x);
    if (*at == '<') {
        inject(x, at + 1);
    } else if (*at == '+') {
        pass_time(x, at + 1);
    } else {
        word(&at, w, sizeof w);
        if (!call_open(x, w, at) && !call_bytes(x, w, at) && !call_set(x, w, at) && !call_wait(x, w, at))
            script_fail(x, "unknown call");
    }
}

static struct script *script_new(uint32_t connections, uint32_t buffer_bytes)
{
    if (pattern_static[1] == 0) {
        for (size_t i = 0; i < sizeof pattern_static; i++)
            pattern_static[i] = pattern((uint32_t)i);
    }
    struct script *x = calloc(1, sizeof *x);
    x->below = (struct ip_below){
        .send = script_send, .route = script_route, .reached = script_reached, .narrow = script_narrow};
    x->now_ns = 1000 * NS_PER_S;
    x->local_port = 80;
    x->peer_port = 1234;
    x->payload_bytes = 1480;
    waiter_init(&x->reader, script_wake_reader);
    waiter_init(&x->writer, script_wake_writer);
    struct tcp_options o = {&x->below, {1, 2, 3}, connections, 4, buffer_bytes};
    assert_int_equal(tcp_new(&o, x->now_ns, &x->t), OK);
    return x;
}

static void script_free(struct script *x)
{
    tcp_free(x->t);
    for (size_t i = 0; i < SENT_MAX; i++)
        free(x->sent[i].data);
    free(x);
}

static void script_run(struct script *x, const char *text)
{
    for (const char *at = text; *at;) {
        x->line = at;
        x->line_number++;
        run_line(x, at);
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    none_left(x);
}

/* A failure leaves by a jump; what is left then is freed by the next test. */
static struct script *script_last;

static inline void script_sized(uint32_t connections, uint32_t buffer_bytes, const char *text)
{
    if (script_last)
        script_free(script_last);
    script_last = script_new(connections, buffer_bytes);
    script_run(script_last, text);
    script_free(script_last);
    script_last = NULL;
}

static inline void script(const char *text)
{
    script_sized(16, 1 << 20, text);
}

/* A peer opens a connection, with no options: no scaling, no timestamps, segments of 1460 bytes. */
#define OPENS                                 \
    "< S seq 0 win 65535 <mss 1460>\n"        \
    "> S. seq 0 ack 1 win 65535 <mss 1460>\n" \
    "< . seq 1 ack 1 win 65535\n"

/* The first lines of most transcripts. */
#define ACCEPTED "listen 80 4\n" OPENS "accept\n"

/* With timestamps, segments of 1448 bytes, the peer's window in units of 128 bytes and ours of 8. */
#define ACCEPTED_TS                                              \
    "listen 80 4\n"                                              \
    "< S seq 0 win 65535 <mss 1460, ws 7, ts 1000 0>\n"          \
    "> S. seq 0 ack 1 win 65535 <mss 1460, ws 3, ts 100 1000>\n" \
    "< . seq 1 ack 1 win 512 <ts 1000 100>\n"                    \
    "accept\n"

/* With SACK, no timestamps and no scaling: segments of 1460 bytes. */
#define ACCEPTED_SACK                                 \
    "listen 80 4\n"                                   \
    "< S seq 0 win 65535 <mss 1460, sackok>\n"        \
    "> S. seq 0 ack 1 win 65535 <mss 1460, sackok>\n" \
    "< . seq 1 ack 1 win 65535\n"                     \
    "accept\n"

/* A round trip of 50 ms: a timeout after 200, a probe of the tail after 100. Without options, and with SACK. */
#define ACCEPTED_FAR                   \
    "listen 80 4\n"                    \
    "< S seq 0 win 65535 <mss 1460>\n" \
    "> S. seq 0 ack 1\n"               \
    "+50ms\n"                          \
    "< . seq 1 ack 1 win 65535\n"      \
    "accept\n"

#define ACCEPTED_FAR_SACK                      \
    "listen 80 4\n"                            \
    "< S seq 0 win 65535 <mss 1460, sackok>\n" \
    "> S. seq 0 ack 1 <sackok>\n"              \
    "+50ms\n"                                  \
    "< . seq 1 ack 1 win 65535\n"              \
    "accept\n"

#define CONNECTED                                        \
    "connect\n"                                          \
    "> SEW seq 0 win 65535 <mss 1460, ws 3, ts 100 0>\n" \
    "< S. seq 0 ack 1 win 65535 <mss 1460>\n"            \
    "> . seq 1 ack 1\n"                                  \
    "connected\n"

#endif
