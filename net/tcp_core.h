/* SPDX-License-Identifier: ISC */
/* The user's calls of the TCP core, a connection each. None blocks, none yields: what would wait says ERR_AGAIN, and a
 * waiter tells when to try again. `now_ns` never goes back from call to call.
 *
 * A connection belongs to its user from tcp_connect or tcp_accept until tcp_close or tcp_abort, whatever happens to
 * it on the network. */
#ifndef NET_TCP_CORE_H
#define NET_TCP_CORE_H

#include "net/tcp.h"

/* ---- Opening ---- */

/* GIVES a connection whose SYN was sent. tcp_connected tells how it went; the writable waiter is woken then.
 * ERR_UNREACHABLE: no route; ERR_FULL: no control block (counted); ERR_IN_USE: no free port towards `to` (counted);
 * ERR_INVALID: an address that can't be connected to. */
MUST_USE enum err tcp_connect(struct tcp *t, uint64_t now_ns, struct endpoint to, struct tcp_connection **c);
/* OK once established. ERR_AGAIN, ERR_TIMEOUT, ERR_REFUSED, ERR_UNREACHABLE, ERR_RESET. */
MUST_USE enum err tcp_connected(const struct tcp_connection *c);

/* Accepts connections to `port` on any address. ERR_IN_USE, ERR_FULL, ERR_INVALID (port or backlog 0). */
MUST_USE enum err tcp_listen(struct tcp *t, uint16_t port, uint32_t backlog, struct tcp_listener **l);
/* GIVES an established connection. ERR_AGAIN. */
MUST_USE enum err tcp_accept(struct tcp_listener *l, struct tcp_connection **c);
/* Wakes `w` once when tcp_accept has something; at once if it has. Several may wait; list_remove(&w->node) leaves. */
void tcp_wait_accept(struct tcp_listener *l, struct waiter *w);
/* TAKES the listener. Connections not accepted yet are reset, half-open ones forgotten. Its waiters are woken. */
void tcp_unlisten(struct tcp_listener *l, uint64_t now_ns);

/* ---- Bytes ---- */

/* Gives 1 to `size` bytes. ERR_AGAIN, ERR_END, or why the connection broke. `size` is at least 1. */
MUST_USE enum err tcp_read(struct tcp_connection *c, uint64_t now_ns, void *buffer, size_t size, size_t *len);
/* Queues a prefix of the piece without sending it and says how long the prefix is. ERR_AGAIN: nothing fits now;
 * ERR_CLOSED after shutdown; or why the connection broke. Static bytes are taken whole or not at all. */
MUST_USE enum err tcp_write(struct tcp_connection *c, struct piece p, size_t *taken);
/* Sends what may be sent of what is queued. */
void tcp_push(struct tcp_connection *c, uint64_t now_ns);
/* The same at the next tcp_flush. */
void tcp_push_late(struct tcp_connection *c);
/* Sends a FIN after what is queued. ERR_CLOSED: done already; or why the connection broke. */
MUST_USE enum err tcp_shutdown(struct tcp_connection *c, uint64_t now_ns);

/* Calls w->wake once when the call would not say ERR_AGAIN; at once if so. NULL disarms. One waiter each. */
void tcp_wait_readable(struct tcp_connection *c, struct waiter *w);
void tcp_wait_writable(struct tcp_connection *c, struct waiter *w); /* and for the end of tcp_connect */

/* ---- Ending: both TAKE the connection ---- */

/* What was written is delivered in the background, for as long as the peer takes some of it every TCP_LINGER_MS. What
 * was received and not read is dropped; what arrives later is too, and once the peer has got all that was
 * written it is told so by a reset (RFC 9293 3.6.1). */
void tcp_close(struct tcp_connection *c, uint64_t now_ns);
void tcp_abort(struct tcp_connection *c, uint64_t now_ns);

/* ---- Looking and setting ---- */

size_t tcp_unsent(const struct tcp_connection *c); /* bytes written and not acknowledged */
struct endpoint tcp_local(const struct tcp_connection *c);
struct endpoint tcp_peer(const struct tcp_connection *c);
/* Off by default: a gathering write says all that there is to send, so its last part never has to wait for company, and
 * a server's answers would only be late. For users that write byte by byte. RFC 9293 3.7.4. */
void tcp_set_nagle(struct tcp_connection *c, bool on);
/* Probes after `idle_s` seconds of silence, then every `interval_s`; 0 is off, the default. RFC 9293 3.8.4. */
void tcp_set_keepalive(struct tcp_connection *c, uint64_t now_ns, uint16_t idle_s, uint16_t interval_s);
/* How long written data may stay unacknowledged; 0 is the default, TCP_USER_TIMEOUT_MS. RFC 5482. */
void tcp_set_user_timeout(struct tcp_connection *c, uint32_t ms);

struct tcp_counters {
    /* Segments. */
    uint64_t n_in, n_out, n_retransmitted, n_resets_in, n_resets_out;
    /* Segments dropped: why. */
    uint64_t n_bad_checksum, n_malformed, n_not_unicast, n_no_connection, n_paws, n_no_timestamp, n_out_of_window,
        n_bad_ack, n_no_ack, n_old_duplicate, n_no_memory, n_ooo_dropped, n_received_twice;
    /* Connections. */
    uint64_t n_opened, n_accepted, n_closed, n_timed_out, n_reset, n_keepalive_lost, n_lingered;
    uint64_t n_refused_backlog, n_refused_full, n_no_port, n_half_dropped, n_cookies, n_cookies_taken, n_bad_cookies,
        n_half_expired, n_time_wait_dropped, n_time_wait_reused, n_orphans_reclaimed, n_resets_held;
    /* Mechanisms. */
    uint64_t n_timeouts, n_fast_retransmits, n_partial_acks, n_duplicate_acks, n_tail_probes, n_sent_twice, n_bad_sack,
        n_marked, n_slowed_by_marks, n_reneged, n_runs_refused, n_window_probes, n_keepalives, n_challenges,
        n_challenges_held, n_delayed_acks, n_urgent, n_shrunk_window, n_device_full, n_large_out, n_large_in;
    uint64_t n_undone_timeouts, n_undone_recoveries;
    uint64_t n_writes_held;                                        /* there was no room, here or of what all share */
    uint64_t n_windows_grown, n_windows_held, n_windows_reclaimed; /* held: not as large as it would have been alone */
    uint64_t n_problems, n_problems_ignored, n_path_mtu, n_black_holes, n_mtu_probes, n_mtu_probes_lost;
    /* Now. */
    uint32_t n_connections, n_half_open, n_time_wait, n_chunks, n_pieces, n_runs;
};

struct tcp_counters tcp_counters(const struct tcp *t);

/* One line of the table: a connection, a half-open one or one in TIME-WAIT; for the last two all numbers are 0. */
struct tcp_row {
    struct endpoint local, peer;
    const char *state;                        /* as RFC 9293 3.3.2 writes it */
    size_t unread_bytes, unsent_bytes;        /* received and not read; written and not acknowledged */
    uint32_t flight_bytes;                    /* of these, sent */
    uint32_t cwnd_bytes, ssthresh_bytes;      /* the congestion window, and where slow start ends */
    uint32_t window_bytes, peer_window_bytes; /* what we have promised to take, and what the peer has */
    uint32_t rtt_us, rto_us;                  /* smoothed, 0: not measured; the timeout, backoff included */
    uint16_t mss_bytes;
    uint8_t n_timeouts; /* in a row, without an acknowledgement between them */
    bool sack, orphan;  /* both sides permit it; the user has closed it */
};

/* Walks the table: `at` begins as {0}. False: the end. What comes or goes between two calls may be missed or seen twice, and
 * nothing else. */
struct tcp_rows {
    uint32_t bucket, n_seen;
};
bool tcp_rows_next(const struct tcp *t, struct tcp_rows *at, struct tcp_row *row);

#endif
