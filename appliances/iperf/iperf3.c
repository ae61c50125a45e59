/* SPDX-License-Identifier: ISC */
/* A few fibers accept connections. Who finds no test running becomes the control connection of the next one, and its
 * fiber runs the test; whose cookie is that of the test becomes one of its streams; all others are sent away. */
#include "iperf3.h"

#include <jinn/fiber.h>
#include <jinn/log.h>

static struct log_source source = LOG_SOURCE("iperf3");

#define GREETERS 4 /* three clients may be slow with their cookie */
#define BACKLOG 128
#define ANSWER_NS (10 * NS_PER_S)  /* for what a client does at once */
#define STREAMS_NS (30 * NS_PER_S) /* for it to open all of its streams */
#define SILENCE_NS (120 * NS_PER_S)
#define REST_NS (8 * NS_PER_S) /* for a host's full send buffer to come in after the end */

/* Of iperf3's own list of errors. */
#define ERROR_TOO_MANY_STREAMS 6
#define ERROR_BAD_SETTINGS 114

static enum err send_state(struct iperf3 *s, enum iperf3_state state) MAY_YIELD
{
    const uint8_t byte = (uint8_t)state;
    struct piece p = piece_copy(bytes_of(&byte, 1));
    return flow_write(s->control, &p, 1, time_after(sched_now(), ANSWER_NS));
}

static enum err send_error(struct iperf3 *s, uint32_t code) MAY_YIELD
{
    uint8_t out[9];
    struct writer w = writer_of(out, sizeof out);
    write_u8(&w, IPERF3_SERVER_ERROR);
    write_be32(&w, code);
    write_be32(&w, 0);
    struct piece p = piece_copy(writer_bytes(&w));
    enum err e = flow_write(s->control, &p, 1, time_after(sched_now(), ANSWER_NS));
    return e ? e : ERR_INVALID;
}

/* How long the text is that comes now. */
static enum err read_len(struct iperf3 *s, uint64_t deadline_ns, uint32_t *len) MAY_YIELD
{
    uint8_t head[4];
    enum err e = flow_read_exact(s->control, head, sizeof head, deadline_ns);
    if (e)
        return e;
    struct reader r = reader_of(bytes_of(head, sizeof head));
    *len = read_be32(&r);
    return OK;
}

static enum err read_text(struct iperf3 *s, struct bytes *text) MAY_YIELD
{
    uint32_t len;
    const uint64_t deadline_ns = time_after(sched_now(), ANSWER_NS);
    enum err e = read_len(s, deadline_ns, &len);
    if (e)
        return e;
    if (len > sizeof s->text)
        return ERR_TOO_LARGE;
    *text = bytes_of(s->text, len);
    return flow_read_exact(s->control, s->text, len, deadline_ns);
}

/* What our reader has no use for. */
static enum err pass_text(struct iperf3 *s) MAY_YIELD
{
    uint32_t left = 0;
    const uint64_t deadline_ns = time_after(sched_now(), ANSWER_NS);
    enum err e = read_len(s, deadline_ns, &left);
    while (e == OK && left > 0) {
        size_t len;
        e = flow_read(s->control, NULL, left, &len, deadline_ns);
        left -= e ? 0 : (uint32_t)len;
    }
    return e;
}

static enum err write_text(struct iperf3 *s, struct bytes text) MAY_YIELD
{
    uint8_t head[4];
    struct writer w = writer_of(head, sizeof head);
    write_be32(&w, (uint32_t)text.len);
    struct piece p[] = {piece_copy(writer_bytes(&w)), piece_copy(text)};
    return flow_write(s->control, p, 2, time_after(sched_now(), ANSWER_NS));
}

/* ---- Streams ---- */

static enum err send_datagrams(struct iperf3_stream *stream, const struct traffic_plan *plan) MAY_YIELD
{
    struct iperf3 *s = stream->server;
    struct datagram_sender d = {
        .socket = s->socket, .from = stream->at, .to = stream->peer, .payload = s->payload, .format = iperf3_format(s)};
    enum err e = datagrams_send(&d, plan, &stream->bytes);
    stream->meter.n_highest = d.n_sent;
    return e;
}

static void send_stream(void *arg)
{
    struct iperf3_stream *stream = arg;
    const struct iperf3_settings *o = &stream->server->settings;
    const struct traffic_plan plan = {.block_bytes = o->block_bytes, .rate_bps = o->rate_bps};
    enum err e = stream->flow ? traffic_send(stream->flow, stream->server->payload, &plan, &stream->bytes)
                              : send_datagrams(stream, &plan);
    if (e && e != ERR_CANCELLED)
        log_debug(&source, "a stream ended: %s", err_text(e));
    /* A client that waits for the rest of a block learns that there is none. */
    if (stream->flow && (e = flow_shutdown(stream->flow)) != OK)
        log_debug(&source, "ending a stream: %s", err_text(e));
}

/* Owns its connection and outlives the test: a client ends that by another connection, and what it has sent before on
 * this one still comes in. By then the stream may be another test's. */
static void receive_stream(void *arg)
{
    struct iperf3_stream *stream = arg;
    const struct iperf3 *s = stream->server;
    struct flow *f = stream->flow;
    const uint32_t test = s->n_tests;
    enum err e = OK;
    while (e == OK || e == ERR_TIMEOUT) {
        size_t len;
        e = flow_read(f, NULL, SIZE_MAX, &len, time_after(sched_now(), REST_NS / 4));
        const bool over = s->n_tests != test;
        if (e == OK && !over)
            stream->bytes += len;
        if (over && sched_now() - s->end_ns > REST_NS)
            break;
    }
    if (e == ERR_END)
        flow_close(f);
    else
        flow_abort(f);
}

/* Streams on which the client sends come first. */
void iperf3_add_stream(struct iperf3 *s, struct flow *f, const struct endpoint *peer)
{
    const uint32_t n_received = s->settings.both ? s->n_wanted / 2 : s->settings.reverse ? 0 : s->n_wanted;
    struct iperf3_stream *stream = &s->stream[s->n_streams];
    *stream = (struct iperf3_stream){.server = s, .sends = s->n_streams >= n_received, .flow = f, .peer = *peer};
    s->n_streams++;
    fiber_wake(s->waiting);
}

static enum err wait_streams(struct iperf3 *s) MAY_YIELD
{
    const uint64_t deadline_ns = time_after(sched_now(), STREAMS_NS);
    enum err e = send_state(s, IPERF3_CREATE_STREAMS);
    s->waiting = fiber_self();
    while (e == OK && s->n_streams < s->n_wanted)
        e = fiber_park(deadline_ns);
    s->waiting = NULL;
    return e;
}

/* The moment to which the results refer. What was written counts once it is with the peer. */
static void stop_counting(struct iperf3 *s)
{
    s->running = false;
    s->n_tests++;
    s->end_ns = sched_now();
    for (uint32_t i = 0; i < s->n_streams; i++) {
        struct iperf3_stream *stream = &s->stream[i];
        const size_t unsent = stream->sends && stream->flow ? flow_unsent(stream->flow) : 0;
        stream->bytes -= unsent < stream->bytes ? unsent : stream->bytes;
    }
}

static void close_streams(struct iperf3 *s)
{
    for (uint32_t i = 0; i < s->n_streams; i++) {
        if (s->stream[i].flow && !s->stream[i].owned)
            flow_close(s->stream[i].flow);
    }
}

static uint64_t bytes_in_all(const struct iperf3 *s)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < s->n_streams; i++)
        bytes += s->stream[i].bytes;
    return bytes;
}

/* ---- A test ---- */

static enum err settle(struct iperf3 *s) MAY_YIELD
{
    struct bytes text;
    enum err e = send_state(s, IPERF3_PARAM_EXCHANGE);
    if (!e)
        e = read_text(s, &text);
    if (e)
        return e;
    if (!iperf3_settings_parse(text, &s->settings))
        return send_error(s, ERROR_BAD_SETTINGS);
    s->n_wanted = s->settings.n_streams * (s->settings.both ? 2 : 1);
    return s->n_wanted <= IPERF3_STREAMS ? OK : send_error(s, ERROR_TOO_MANY_STREAMS);
}

static void omit(struct iperf3 *s)
{
    for (uint32_t i = 0; i < s->n_streams; i++) {
        s->stream[i].bytes = 0;
        s->stream[i].meter.n_lost = s->stream[i].meter.n_out_of_order = 0;
    }
    s->begin_ns = sched_now();
}

/* Waits for the client to end the test. One that says nothing and sends nothing for long is gone. */
static enum err wait_end(struct iperf3 *s) MAY_YIELD
{
    uint64_t omit_ns = s->settings.omit_s ? time_after(s->begin_ns, s->settings.omit_s * NS_PER_S) : TIME_NEVER;
    for (;;) {
        const uint64_t before = bytes_in_all(s);
        uint8_t state;
        enum err e = flow_read_exact(s->control, &state, 1, time_min(omit_ns, time_after(sched_now(), SILENCE_NS)));
        if (e == OK)
            return state == IPERF3_TEST_END ? OK : state == IPERF3_CLIENT_TERMINATE ? ERR_CLOSED : ERR_MALFORMED;
        if (e != ERR_TIMEOUT)
            return e;
        if (sched_now() >= omit_ns) {
            omit(s);
            omit_ns = TIME_NEVER;
        } else if (bytes_in_all(s) == before) {
            return ERR_TIMEOUT;
        }
    }
}

static enum err exchange_results(struct iperf3 *s) MAY_YIELD
{
    uint8_t state;
    enum err e = send_state(s, IPERF3_EXCHANGE_RESULTS);
    if (!e)
        e = pass_text(s);
    stop_counting(s); /* now, an exchange later: most of what was under way is in */
    if (!e)
        e = write_text(s, iperf3_results(s));
    if (!e)
        e = send_state(s, IPERF3_DISPLAY_RESULTS);
    return e ? e : flow_read_exact(s->control, &state, 1, time_after(sched_now(), ANSWER_NS)); /* IPERF3_DONE */
}

/* One fiber receives all datagrams, so streams of those need none. */
static enum err start_stream(struct iperf3 *s, struct scope *senders, struct iperf3_stream *stream)
{
    if (stream->sends)
        return scope_spawn(senders, "iperf3-sender", send_stream, stream);
    enum err e = stream->flow ? scope_spawn(s->fibers, "iperf3-receiver", receive_stream, stream) : OK;
    stream->owned = e == OK;
    return e;
}

static enum err run_streams(struct iperf3 *s) MAY_YIELD
{
    struct scope senders;
    enum err e = send_state(s, IPERF3_TEST_START);
    if (!e)
        e = send_state(s, IPERF3_TEST_RUNNING);
    s->begin_ns = sched_now();
    s->running = true;
    scope_open(&senders);
    for (uint32_t i = 0; e == OK && i < s->n_streams; i++)
        e = start_stream(s, &senders, &s->stream[i]);
    if (!e)
        e = wait_end(s);
    scope_cancel(&senders);
    scope_join(&senders);
    return e;
}

static void say(const struct iperf3 *s, enum err e)
{
    char text[ENDPOINT_TEXT_BYTES];
    const struct endpoint peer = flow_peer(s->control);
    log_info(&source, "port %u: %s %s, %u streams: %llu bytes in %llu ms%s%s", s->port, endpoint_text(&peer, text),
             s->settings.udp ? "udp" : "tcp", s->n_streams, (unsigned long long)bytes_in_all(s),
             (unsigned long long)((s->end_ns - s->begin_ns) / NS_PER_MS), e ? ": " : "", e ? err_text(e) : "");
}

/* TAKES the control connection. */
static void run_test(struct iperf3 *s, struct flow *control) MAY_YIELD
{
    s->control = control;
    s->n_streams = s->n_wanted = 0;
    s->begin_ns = s->end_ns = sched_now();
    enum err e = settle(s);
    if (!e)
        e = wait_streams(s);
    if (!e)
        e = run_streams(s);
    if (!e)
        e = exchange_results(s);
    else
        stop_counting(s);
    close_streams(s);
    say(s, e);
    flow_close(s->control);
    s->control = NULL;
}

static void deny(struct flow *f)
{
    const uint8_t byte = IPERF3_ACCESS_DENIED;
    struct piece p = piece_copy(bytes_of(&byte, 1));
    if (flow_write(f, &p, 1, time_after(sched_now(), ANSWER_NS)) == OK)
        flow_close(f);
    else
        flow_abort(f);
}

static void greet(struct iperf3 *s, struct flow *f) MAY_YIELD
{
    char cookie[IPERF3_COOKIE_BYTES];
    if (flow_read_exact(f, cookie, sizeof cookie, time_after(sched_now(), ANSWER_NS)) != OK) {
        flow_abort(f);
    } else if (!s->control) {
        memcpy(s->cookie, cookie, sizeof cookie);
        run_test(s, f);
    } else if (s->waiting && !s->settings.udp && s->n_streams < s->n_wanted &&
               memcmp(s->cookie, cookie, sizeof cookie) == 0) {
        const struct endpoint peer = flow_peer(f);
        iperf3_add_stream(s, f, &peer);
    } else {
        deny(f);
    }
}

static void accept_and_greet(void *server)
{
    struct iperf3 *s = server;
    struct flow *f;
    while (listener_accept(s->listener, TIME_NEVER, &f) == OK)
        greet(s, f);
}

enum err iperf3_open(struct iperf3 *s)
{
    enum err e = stack_listen(s->stack, s->port, BACKLOG, &s->listener);
    if (!e)
        e = stack_udp(s->stack, s->port, &s->socket);
    if (!e)
        e = scope_spawn(s->fibers, "iperf3-udp", iperf3_receive, s);
    for (int i = 0; e == OK && i < GREETERS; i++)
        e = scope_spawn(s->fibers, "iperf3", accept_and_greet, s);
    return e;
}
