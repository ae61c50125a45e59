/* SPDX-License-Identifier: ISC */
/* The server of iperf3: a control connection on which states, a byte each, and texts of JSON with their length before
 * them go to and fro, and streams that begin with the cookie of their control connection. One test at a time. */
#ifndef IPERF_IPERF3_H
#define IPERF_IPERF3_H

#include "datagrams.h"

struct fiber;
struct scope;

#define IPERF3_COOKIE_BYTES 37
#define IPERF3_STREAMS 32    /* of one test, both directions together; a fiber each */
#define IPERF3_TEXT_MAX 8192 /* of JSON: settings are 300 bytes, results of all streams below 5000 */

enum iperf3_state {
    IPERF3_TEST_START = 1,
    IPERF3_TEST_RUNNING = 2,
    IPERF3_TEST_END = 4,
    IPERF3_PARAM_EXCHANGE = 9,
    IPERF3_CREATE_STREAMS = 10,
    IPERF3_SERVER_TERMINATE = 11,
    IPERF3_CLIENT_TERMINATE = 12,
    IPERF3_EXCHANGE_RESULTS = 13,
    IPERF3_DISPLAY_RESULTS = 14,
    IPERF3_DONE = 16,
    IPERF3_ACCESS_DENIED = 255,
    IPERF3_SERVER_ERROR = 254,
};

/* What the client's settings say of us. */
struct iperf3_settings {
    bool udp;
    bool reverse;       /* we send */
    bool both;          /* as many streams again on which we do */
    bool wide_sequence; /* datagrams are counted in 64 bits */
    uint32_t n_streams; /* each way */
    uint32_t omit_s;    /* at the start, of which nothing counts */
    size_t block_bytes; /* of a write or datagram */
    uint64_t rate_bps;  /* of a stream; 0: as fast as possible */
};

struct iperf3_stream {
    struct iperf3 *server;
    bool sends;
    uint64_t bytes;       /* that count */
    struct flow *flow;    /* TCP */
    bool owned;           /* by its fiber, which closes it */
    struct endpoint peer; /* UDP */
    struct ip at;         /* where that one asked */
    struct datagram_meter meter;
};

struct iperf3 {
    struct stack *stack;
    struct bytes payload;
    uint16_t port;
    struct scope *fibers;
    struct listener *listener;
    struct udp_socket *socket;
    /* The test that runs, if one does. */
    struct flow *control;
    struct fiber *waiting; /* for streams; NULL: none are wanted */
    char cookie[IPERF3_COOKIE_BYTES];
    struct iperf3_settings settings;
    struct iperf3_stream stream[IPERF3_STREAMS];
    uint32_t n_streams, n_wanted;
    uint64_t begin_ns, end_ns;
    uint32_t n_tests; /* that are over */
    bool running;     /* from the state TEST_RUNNING until its end */
    char text[IPERF3_TEXT_MAX];
};

/* False when it is not JSON, or asks for what makes no sense. Whether there are streams enough is not asked. */
bool iperf3_settings_parse(struct bytes text, struct iperf3_settings *s);
/* The results of the test, as the client wants them. */
struct bytes iperf3_results(struct iperf3 *s);

/* A new stream. TAKES the flow, which is NULL for UDP. */
void iperf3_add_stream(struct iperf3 *s, struct flow *f, const struct endpoint *peer);
enum datagram_format iperf3_format(const struct iperf3 *s);
/* Receives all datagrams, as long as there are any. */
void iperf3_receive(void *server) MAY_YIELD;

/* Opens the port and spawns its fibers. ERR_IN_USE, ERR_FULL. */
MUST_USE enum err iperf3_open(struct iperf3 *s);

#endif
