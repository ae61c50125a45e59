/* SPDX-License-Identifier: ISC */
/* What the files of the TCP core share. Only net/tcp*.c and tests of single files include this.
 *
 *   tcp_user.c     connect, read, write, close          tcp_input.c    a segment arrives: RFC 9293 3.10.7
 *   tcp_listen.c   listeners, half-open, accept         tcp_ack.c      acknowledgements, RTT, fast recovery
 *   tcp_table.c    lookup by addresses and ports        tcp_output.c   what is sent, and when
 *   tcp_cookie.c   when too many are half-open
 *   tcp_isn.c      what attackers must not guess        tcp_rx.c       received bytes, in order and not
 *   tcp_timer.c    timeouts                             tcp_tx.c       bytes to send
 *   tcp_wait.c     TIME-WAIT                            tcp_problem.c  ICMP errors
 *   tcp_sack.c     what of it the peer is told          tcp_newreno.c  the congestion window
 *   tcp_board.c    what became of what was sent         tcp_rack.c     what of it is lost, and when that is known
 *   tcp_recover.c  how fast that is sent again          tcp_undo.c     when it was no loss
 *                                                     tcp_cubic.c    the one that is used
 *   tcp_tune.c     how large a window is promised       tcp_mtu.c      how large a segment may be
 *   tcp_rows.c     the table, for who looks on
 *   tcp.c          all of it together
 *
 * Who may be found by a segment is in the table, as one of three kinds: a connection, a half-open one (a passive
 * opening that has not seen the third packet), or one in TIME-WAIT. The last two are small blocks.
 *
 *   RFC 9293      here
 *   LISTEN        struct tcp_listener
 *   SYN-RECEIVED  struct tcp_half; after a simultaneous opening, a connection in TCP_SYN_RECEIVED
 *   TIME-WAIT     struct tcp_timewait; a connection whose user still holds it is TCP_CLOSED with its bytes and no error
 *   CLOSED        not in the table. A connection whose user holds it is TCP_CLOSED, and `error` says why
 *
 * Every entry into the core that may have changed a connection ends with tcp_settle, after which the pointer may be
 * dead: nothing in between frees a connection, and waiters are woken only there. */
#ifndef NET_TCP_INTERNAL_H
#define NET_TCP_INTERNAL_H

#include "net/ip.h"
#include "net/tcp_congestion.h"
#include "net/tcp_core.h"
#include "net/tcp_limits.h"
#include "wire/tcp.h"

#include <jinn/flow.h>
#include <jinn/list.h>
#include <jinn/pool.h>
#include <jinn/wheel.h>

#define TCP_CHUNK_DATA (TCP_CHUNK_BYTES - 16)

/* Bytes from `from` up to `to` of `data` count. While out of order, `seq` is the number of the first of them. */
struct tcp_chunk {
    struct tcp_chunk *next;
    struct seq seq;
    uint16_t from;
    uint16_t to;
    uint8_t data[TCP_CHUNK_DATA];
};

/* A part of what is to be sent: static bytes where they lie, or those in a chunk that it owns. */
struct tcp_piece {
    struct tcp_piece *next;
    const uint8_t *data;
    size_t len;
    struct tcp_chunk *chunk; /* NULL: static */
};

/* Bytes that were sent at one time and share one fate (tcp_board.c). */
struct tcp_run {
    struct tcp_run *next;
    uint64_t sent_ns;
    struct seq from, to;
    bool sacked; /* reported by the peer */
    bool lost;   /* to be sent again */
    bool resent; /* at sent_ns, not for the first time */
};

/* What was sent and not acknowledged: [una, nxt) without gaps. Empty without SACK. */
struct tcp_board {
    struct tcp_run *head, *tail;
    struct tcp_run first;
    uint32_t sacked_bytes, lost_bytes;
    uint16_t n_pooled;
    bool first_used;
};

/* RFC 8985 5.2 and 7. */
struct tcp_rack {
    uint64_t sent_ns; /* of what was sent last among all that has arrived; it ends at `end` */
    struct seq end, fack, round, probe_end;
    uint32_t rtt_us;
    uint32_t min_rtt_us;           /* of the current and the last half of TCP_MIN_RTT_MS */
    uint32_t half_min_us, half_ms; /* of the current one, and when it began */
    uint8_t more;                  /* quarters of a round trip that the reordering window is longer */
    uint8_t persist;
    bool reordered : 1;
    bool has_fack : 1;
    bool has_round : 1;
    bool tail : 1;      /* rack_ns is for a probe of the tail */
    bool probed : 1;    /* one is under way, up to probe_end */
    bool probe_new : 1; /* it was new data */
};

/* RFC 6937 3: bytes since recovery began. */
struct tcp_prr {
    uint32_t delivered, out, flight;
};

/* What there is to take back when a loss was none (tcp_undo.c). */
struct tcp_undo {
    struct tcp_window before;
    struct seq from;       /* una when it began */
    uint32_t ts;           /* our timestamp then */
    uint32_t resent_bytes; /* sent again since, and not reported as needless */
};

enum tcp_undo_of { TCP_UNDO_RECOVERY, TCP_UNDO_TIMEOUT };
enum tcp_frto { TCP_FRTO_OFF, TCP_FRTO_FIRST, TCP_FRTO_SEND, TCP_FRTO_SECOND };

/* What the receive window follows (tcp_tune.c). */
struct tcp_tune {
    uint32_t limit_bytes; /* the window is not larger */
    uint32_t read_bytes;  /* by the user, since since_ms */
    uint32_t since_ms;
    uint16_t rtt_ms;   /* a round is over after this */
    uint16_t least_ms; /* the shortest round trip in this round; UINT16_MAX: none */
    struct seq edge;   /* without timestamps: the window's at edge_ms */
    uint32_t edge_ms;
};

enum tcp_kind { TCP_CONNECTION, TCP_HALF, TCP_TIMEWAIT };

struct tcp_entry {
    struct tcp_entry *next; /* in its bucket */
    uint32_t hash;
    struct endpoint local;
    struct endpoint peer;
    uint8_t kind;
};

enum tcp_state {
    TCP_CLOSED,
    TCP_SYN_SENT,
    TCP_SYN_RECEIVED,
    TCP_ESTABLISHED,
    TCP_FIN_WAIT_1,
    TCP_FIN_WAIT_2,
    TCP_CLOSE_WAIT,
    TCP_CLOSING,
    TCP_LAST_ACK
};

/* Received data. In order: a list of chunks, the first read from, the last appended to. Out of order: sorted,
 * disjoint. */
struct tcp_rx {
    struct tcp_chunk *head;
    struct tcp_chunk *tail;
    struct tcp_chunk *ooo;
    struct tcp_chunk *ooo_tail;
    uint32_t len; /* in order and not read */
    uint16_t n_ooo;
};

/* Data to send: from the first unacknowledged byte on. `at` and `at_offset` are where the next new byte lies. */
struct tcp_tx {
    struct tcp_piece *head;
    struct tcp_piece *tail;
    struct tcp_piece *at; /* NULL: at the end of the queue */
    size_t at_offset;
    size_t head_offset; /* bytes of head acknowledged already */
    size_t len;         /* unacknowledged and unsent bytes */
    uint32_t copied;    /* bytes in chunks */
    uint16_t n_static;  /* pieces without one */
};

struct tcp_connection {
    struct tcp_entry entry; /* first: the table's */
    struct flow flow;       /* tcp_flow.c's; ops are NULL until it takes the connection */
    struct tcp *t;

    /* What is used most lies in the first 128 bytes, up to what the window begins with: shorter instructions reach it, and two
     * lines of the cache hold it. */
    uint8_t state;
    uint8_t error; /* enum err */
    uint8_t n_duplicates;
    uint8_t n_resent; /* timeouts in a row */
    bool timestamps : 1;
    bool scaling : 1;
    bool sack : 1; /* both sides permit it */
    bool has_twice : 1;
    bool ecn : 1;        /* both sides understand marks */
    bool echo : 1;       /* a mark came in: told until the peer says that it knows */
    bool slowed : 1;     /* because of the peer's echo: to be told with the next new data */
    bool orphan : 1;     /* the user gave it back */
    bool push_late : 1;  /* there is something to send at tcp_flush */
    bool held : 1;       /* the device had no room for a segment: again at soon_ns, whatever leaves before */
    bool ack_now : 1;    /* at tcp_flush, or with the next segment */
    bool fin_queued : 1; /* the user's stream ends after tx */
    bool fin_sent : 1;   /* at least once */
    bool has_fin : 1;    /* the peer's stream ends at fin_seq */
    bool fin_taken : 1;  /* all before it has arrived */
    bool in_recovery : 1;
    bool rtt_timing : 1;
    bool limited : 1; /* cwnd is what held the sender back */
    bool nagle : 1;
    bool probing : 1; /* the window is closed: resend_ns is for a probe */
    bool wake_reader : 1;
    bool wake_writer : 1;
    bool in_table : 1;
    bool syn_resent : 1;
    bool single : 1; /* what is below takes no pieces on this way */
    bool undoable : 1;
    bool undo_timeout : 1;    /* of a timeout, not of a recovery */
    uint64_t resend_ns;       /* retransmission, or a window probe */
    struct seq una, nxt, max; /* sending: una <= nxt <= max; they differ while older data is sent again */
    struct seq rcv_nxt;       /* receiving */
    uint32_t wnd_bytes;
    uint16_t mss;       /* payload of one segment, options taken off */
    uint16_t probe_len; /* of a larger segment under way, which ends at probe_end; 0: none */
    struct seq recover; /* RFC 6582 */
    uint32_t srtt_us;   /* 0: none yet */
    struct tcp_window window;

    struct list node;    /* in the listener's queue of established connections; later in t->tuned or t->orphans */
    struct list pending; /* in t->pending: something is to be sent at tcp_flush */
    struct list starved; /* in t->starved: its writer waits for shared memory */
    struct waiter *reader;
    struct waiter *writer;

    struct timer timer;   /* never later than resend_ns and the first four below; see tcp_timer.c */
    uint64_t soon_ns;     /* a delayed ACK, or a segment that the device had no room for */
    uint64_t alive_ns;    /* keepalive */
    uint64_t rack_ns;     /* a segment will be known as lost, or the tail is to be probed */
    uint64_t end_ns;      /* FIN-WAIT-2 of a closed flow */
    uint64_t progress_ns; /* when the oldest unacknowledged byte was first sent, or the last acknowledgement came */
    uint64_t heard_ns;    /* the last acceptable segment */
    uint64_t rtt_at_ns;   /* when the segment that ends at rtt_seq was sent */
    uint64_t search_ns;   /* from when on larger segments are tried; TIME_NEVER */

    /* Sending. */
    struct seq iss;
    struct seq wl1, wl2; /* seq and ack of the segment that set wnd */
    struct seq rtt_seq;
    struct seq marked; /* an echo counts when all that was sent before the last one is acknowledged */
    struct seq round;  /* in slow start: a round ends when it is acknowledged */
    uint32_t wnd_max_bytes;
    uint16_t peer_mss;
    uint16_t mss_not; /* the smallest that did not arrive; 0: none known */
    struct seq probe_end;
    uint32_t rttvar_us, rto_us;
    struct tcp_tx tx;
    struct tcp_board board;
    struct tcp_rack rack;
    struct tcp_prr prr;
    struct tcp_undo undo; /* holds while undoable */

    /* Receiving. */
    struct seq irs;
    struct seq rcv_edge; /* the right edge of the window that was advertised; never moves back */
    struct seq acked;    /* the last acknowledgement that was sent: Last.ACK.sent of RFC 7323 */
    struct seq fin_seq;  /* of the peer's FIN, when has_fin */
    uint32_t ts_recent, ts_offset, ts_recent_ms;
    uint32_t resent_ts; /* our timestamp when something was last sent again, up to `recover` */
    struct tcp_rx rx;
    struct tcp_tune tune;
    struct tcp_range twice;             /* arrived again, to be reported, when has_twice */
    struct seq recent[TCP_SACK_RECENT]; /* a place in each block reported last, the last first */

    uint32_t user_timeout_ms;
    uint16_t challenge_s; /* the second that n_challenges counts in */
    uint16_t keepalive_s, keepalive_interval_s;
    uint8_t n_keepalives; /* sent in vain */
    uint8_t n_challenges;
    uint8_t soft_error;
    uint8_t snd_shift, rcv_shift;
    uint8_t n_recent;
    uint8_t frto;      /* enum tcp_frto */
    uint8_t told;      /* when IP was told that the peer is there, in units of 2^32 ns */
    uint8_t n_unacked; /* full segments received since the last acknowledgement was sent */
};

/* "below 1 KB" is what the design promises; three quarters of it is the aim. */
_Static_assert(sizeof(struct tcp_connection) <= 768, "an idle connection is a small block");

/* A passive opening. */
struct tcp_half {
    struct tcp_entry entry;
    struct list node; /* in t->half, oldest first */
    struct tcp *t;
    struct tcp_listener *listener;
    struct timer timer;
    uint64_t sent_ns; /* TIME_NEVER: not known, it was a cookie */
    struct seq iss, irs;
    uint32_t ts_recent, ts_offset;
    uint32_t wnd_bytes;
    uint16_t window; /* what we advertised */
    uint16_t peer_mss;
    uint8_t snd_shift;
    uint8_t n_resent;
    bool scaling, timestamps, sack, ecn;
};

struct tcp_timewait {
    struct tcp_entry entry;
    struct list node; /* in t->waiting, in the order of their ends */
    uint64_t end_ns;
    struct seq snd_nxt, rcv_nxt;
    uint32_t ts_recent, ts_offset;
    uint16_t window;
    bool timestamps;
};

/* What an appliance holds; tcp_flow.c's. */
struct listener {
    struct stack *stack;
    uint32_t n_accepting; /* fibers in listener_accept: the slot is not used again before they left */
};

struct tcp_listener {
    struct listener open;
    uint16_t port; /* 0: free */
    uint32_t backlog;
    uint32_t n_ready;
    struct tcp *t;
    struct list ready; /* of connections */
    struct list waiters;
};

struct tcp {
    struct ip_below *below;
    const struct tcp_congestion *congestion;
    struct tcp_entry **bucket;
    uint32_t bucket_mask;
    uint32_t window_first, window_max; /* receive windows */
    uint32_t tune_bytes, tuned_bytes;  /* for windows above the first, in all: the limit, and now */
    uint32_t n_tuned;
    uint16_t next_port;
    uint8_t rcv_shift;
    uint32_t n_listeners;
    struct tcp_listener *listener;
    struct pool chunks, connections, halves, waits, pieces, runs;
    struct list pending, half, waiting, starved, tuned;
    struct list orphans;     /* closed flows in FIN-WAIT-2, oldest first */
    uint64_t resets_paid_ns; /* the bucket that resets to nowhere are taken from */
    bool freed;              /* shared memory was given back since tcp_flush looked */
    struct timer wait_timer;
    uint64_t cookies_until_ns; /* the last one that was sent may come back until then */
    uint8_t secret[32];
    uint64_t hash_key[2];
    struct wheel wheel;
    struct tcp_counters n;
    struct stack *stack; /* tcp_flow.c's */
};

/* ---- tcp.c ---- */

struct tcp_connection *tcp_connection_new(struct tcp *t, uint64_t now_ns);
/* Ends the connection as the network sees it: out of the table, no buffers, no timers. `error` OK: in good order; what
 * was received can still be read. */
void tcp_end(struct tcp_connection *c, enum err error);
/* Wakes who waits, sets the timer, frees what ended and is nobody's. `c` may be dead afterwards. */
void tcp_settle(struct tcp_connection *c);
void tcp_set_pending(struct tcp_connection *c);
/* Wakes who waits there, if somebody does; nobody does afterwards. */
void tcp_wake(struct waiter **slot);
static inline bool tcp_is_opening(const struct tcp_connection *c)
{
    return c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED;
}

/* An orphan in FIN-WAIT-2 waits for the peer's FIN, not for ever, and only while there is room. */
void tcp_wait_for_fin(struct tcp_connection *c, uint64_t now_ns);

/* ---- tcp_table.c ---- */

enum err tcp_table_init(struct tcp *t, uint32_t n);
struct tcp_entry *tcp_table_find(const struct tcp *t, const struct ip *local, uint16_t local_port,
                                 const struct ip *peer, uint16_t peer_port);
void tcp_table_add(struct tcp *t, struct tcp_entry *e);
void tcp_table_remove(struct tcp *t, struct tcp_entry *e);
struct tcp_listener *tcp_find_listener(const struct tcp *t, uint16_t port);

/* ---- tcp_isn.c ---- */

struct tcp_secrets {
    struct seq iss;
    uint32_t ts_offset;
};
struct tcp_secrets tcp_secrets(const struct tcp *t, uint64_t now_ns, const struct endpoint *local,
                               const struct endpoint *peer);
/* Where to begin the search for a free port (RFC 6056 3.3.3). */
uint32_t tcp_port_offset(const struct tcp *t, const struct ip *local, const struct endpoint *peer);
/* Keys for tcp_table.c. */
void tcp_hash_keys(struct tcp *t);

static inline uint32_t tcp_timestamp(uint64_t now_ns, uint32_t offset)
{
    return (uint32_t)(now_ns / NS_PER_MS) + offset;
}

/* ---- tcp_input.c ---- */

void tcp_input_connection(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s);
/* RFC 5961: an ACK that makes a peer that is alive say something better; limited in rate. */
void tcp_challenge(struct tcp_connection *c, uint64_t now_ns);

/* ---- tcp_ack.c ---- */

/* The ACK of an acceptable segment: false when the segment is to be dropped. */
bool tcp_ack_input(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s);
void tcp_rtt_sample(struct tcp_connection *c, uint32_t rtt_us);
/* New data was acknowledged outside of a recovery, while the congestion window was the limit. */
void tcp_window_acked(struct tcp_connection *c, uint64_t now_ns, uint32_t bytes);
/* Slows down, of `flight_bytes`, where nothing is to be sent again. */
void tcp_window_reduced(struct tcp_connection *c, uint64_t now_ns, uint32_t flight_bytes);
static inline uint32_t tcp_flight(const struct tcp_connection *c)
{
    return c->max.v - c->una.v;
}
/* Of what is sent again from now on, up to `recover`, there is no sample, and its loss makes the window smaller once. */
static inline void tcp_resending(struct tcp_connection *c, uint64_t now_ns)
{
    c->recover = c->max;
    c->resent_ts = tcp_timestamp(now_ns, c->ts_offset);
    c->rtt_timing = false;
}
/* How much of it a loss is to be measured by: no more than the congestion window had allowed, without what limited transmit
 * sent beyond it (RFC 5681 3.2). While a retransmission is lost, too, what was reported and what was sent for it pile up
 * behind the hole, two or three windows of it; 0.7 of that would make the window grow by each loss. */
static inline uint32_t tcp_flight_reducible(const struct tcp_connection *c)
{
    uint32_t most = c->sack && c->in_recovery ? c->window.ssthresh_bytes : c->window.cwnd_bytes;
    uint32_t flight = tcp_flight(c);
    return flight > most ? most : flight;
}

/* ---- tcp_output.c ---- */

void tcp_output(struct tcp_connection *c, uint64_t now_ns);
/* Sends the first unacknowledged segment again. */
void tcp_resend_first(struct tcp_connection *c, uint64_t now_ns);
void tcp_send_ack(struct tcp_connection *c, uint64_t now_ns);
/* One more segment at the end, new or again, whatever the congestion window says: RFC 8985 7.3. */
void tcp_send_tail(struct tcp_connection *c, uint64_t now_ns);
/* One byte that was acknowledged already: for keepalive. */
void tcp_send_keepalive(struct tcp_connection *c, uint64_t now_ns);
void tcp_send_probe(struct tcp_connection *c, uint64_t now_ns);
void tcp_send_reset(struct tcp_connection *c, uint64_t now_ns);
/* Answers a segment that belongs to no connection (RFC 9293 3.10.7.1); none for a reset. */
void tcp_refuse(struct tcp *t, uint64_t now_ns, const struct endpoint *local, const struct endpoint *peer,
                const struct tcp_segment *s);
/* Any segment without data, for blocks that are not connections. */
void tcp_send_bare(struct tcp *t, uint64_t now_ns, const struct tcp_entry *e, struct tcp_segment *s);
/* Payload of one segment towards the peer, by the route and what the peer said. */
void tcp_set_mss(struct tcp_connection *c, uint16_t payload_bytes);
uint16_t tcp_mss_for(const struct tcp_connection *c, uint16_t payload_bytes);
/* The segment size that a SYN names, of what the way carries. */
static inline uint16_t tcp_syn_mss(uint16_t payload_bytes)
{
    return payload_bytes > TCP_HEADER_BYTES ? (uint16_t)(payload_bytes - TCP_HEADER_BYTES) : TCP_MSS_DEFAULT;
}
uint16_t tcp_route_payload(struct tcp *t, const struct ip *dst, struct ip *src);

/* ---- tcp_rx.c ---- */

/* Takes the data of an acceptable segment that begins at `seq`, trimmed to the window by itself. */
void tcp_rx_take(struct tcp_connection *c, struct seq seq, struct bytes data);
size_t tcp_rx_read(struct tcp_connection *c, void *buffer, size_t size);
void tcp_rx_free(struct tcp_connection *c);
void tcp_rx_free_ooo(struct tcp_connection *c);
/* What of the window that was advertised is still open. */
static inline uint32_t tcp_rx_promised(const struct tcp_connection *c)
{
    return seq_after(c->rcv_edge, c->rcv_nxt) ? c->rcv_edge.v - c->rcv_nxt.v : 0;
}
/* In which units it is said. */
static inline uint32_t tcp_rx_shift(const struct tcp_connection *c)
{
    return c->scaling ? c->rcv_shift : 0;
}
/* The window to advertise now, unscaled; moves rcv_edge on when it is worth it. */
uint32_t tcp_rx_window(struct tcp_connection *c);
/* A reader took so much that the peer should be told. */
bool tcp_rx_update_due(const struct tcp_connection *c);
struct tcp_chunk *tcp_chunk_take(struct tcp *t);
void tcp_chunk_give(struct tcp *t, struct tcp_chunk *chunk);
uint32_t tcp_chunks_free(const struct tcp *t);

/* ---- tcp_mtu.c ---- */

/* Before a timeout is answered. */
void tcp_mtu_black_hole(struct tcp_connection *c, uint64_t now_ns);
/* Nothing larger is tried for a while. */
void tcp_mtu_later(struct tcp_connection *c, uint64_t now_ns);
/* How large a segment of new data is to be, to see whether it arrives; 0: as they are. */
uint16_t tcp_mtu_search(struct tcp_connection *c, uint64_t now_ns);
void tcp_mtu_sent(struct tcp_connection *c, uint16_t size);
/* While a probe is under way: una has moved. */
void tcp_mtu_arrived(struct tcp_connection *c);
/* True when nothing is lost but the probe. */
bool tcp_mtu_lost(struct tcp_connection *c);

/* ---- tcp_tune.c ---- */

void tcp_tune_init(struct tcp *t);
void tcp_tune_start(struct tcp_connection *c, uint64_t now_ns);
void tcp_tune_end(struct tcp_connection *c);
/* The user has read `len` bytes; a segment of some size has arrived. */
void tcp_tune_read(struct tcp_connection *c, uint64_t now_ns, uint32_t len);
void tcp_tune_arrived(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s);

/* ---- tcp_sack.c ---- */

/* Data out of order has arrived at `seq`; [from, to) has arrived again. */
void tcp_sack_arrived(struct tcp_connection *c, struct seq seq);
void tcp_sack_twice(struct tcp_connection *c, struct seq from, struct seq to);
/* Puts as many blocks into `s` as `room_bytes` of options hold. */
void tcp_sack_fill(struct tcp_connection *c, struct tcp_segment *s, size_t room_bytes);
static inline bool tcp_sack_due(const struct tcp_connection *c)
{
    return c->sack && (c->rx.ooo || c->has_twice);
}

/* ---- tcp_board.c ---- */

/* `len` numbers were sent at nxt, which moves on after the call; `again`: not for the first time. */
void tcp_board_sent(struct tcp_connection *c, uint64_t now_ns, uint32_t len, bool again);
/* una has moved; the segment that moved it. */
void tcp_board_acked(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s);
/* Takes the report in; true when it tells that something arrived twice. */
bool tcp_board_sacked(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s);
void tcp_board_lost(struct tcp_connection *c, struct tcp_run *r);
void tcp_board_all_lost(struct tcp_connection *c);
void tcp_board_none_lost(struct tcp_connection *c);
/* Reported bytes before `end`. */
uint32_t tcp_board_reported(const struct tcp_connection *c, struct seq end);
/* The first lost bytes that touch; false: none. */
bool tcp_board_next(struct tcp_connection *c, struct seq *from, uint32_t *len);
void tcp_board_resent(struct tcp_connection *c, uint64_t now_ns, struct seq from, uint32_t len);
void tcp_board_free(struct tcp_connection *c);
/* What is thought to be on the network: `pipe` of RFC 6675 4. */
static inline uint32_t tcp_pipe(const struct tcp_connection *c)
{
    return c->nxt.v - c->una.v - c->board.sacked_bytes - c->board.lost_bytes;
}

/* ---- tcp_rack.c ---- */

void tcp_rack_start(struct tcp_connection *c, uint64_t now_ns);
/* The part of `r` up to `end` has arrived, as `s` says. */
void tcp_rack_delivered(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s, const struct tcp_run *r,
                        struct seq end);
void tcp_rack_detect(struct tcp_connection *c, uint64_t now_ns);
void tcp_rack_twice(struct tcp_connection *c);
void tcp_rack_recovered(struct tcp_connection *c);
void tcp_rack_arm_tail(struct tcp_connection *c, uint64_t now_ns);
void tcp_rack_due(struct tcp_connection *c, uint64_t now_ns);
/* True when the probe of the tail has repaired a loss. */
bool tcp_rack_tail_repaired(struct tcp_connection *c, const struct tcp_segment *s, uint32_t acked, bool twice);

/* ---- tcp_recover.c ---- */

/* An acknowledgement on a connection with SACK that moved una by `acked`. */
void tcp_recover_input(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s, uint32_t acked);
/* A loss was found otherwise than by a timeout. */
void tcp_recover_begin(struct tcp_connection *c, uint64_t now_ns);
/* Begins a recovery if something is lost. */
void tcp_recover_lost(struct tcp_connection *c, uint64_t now_ns);
void tcp_recover_timeout(struct tcp_connection *c, uint64_t now_ns);

/* ---- tcp_undo.c ---- */

/* A reduction of the window follows. */
void tcp_undo_begin(struct tcp_connection *c, uint64_t now_ns, enum tcp_undo_of of);
void tcp_undo_timeout(struct tcp_connection *c, uint64_t now_ns);
/* It was no mistake, or too much has changed since. */
void tcp_undo_forget(struct tcp_connection *c);
/* `s` will move una on; [r.from, r.to) has arrived twice. */
void tcp_undo_echo(struct tcp_connection *c, const struct tcp_segment *s);
void tcp_undo_twice(struct tcp_connection *c, struct tcp_range r);
/* While c->frto is FIRST or SECOND: una has moved by `acked`, to within what was sent `again`; bytes below `recover` were
 * reported. */
void tcp_frto_input(struct tcp_connection *c, uint32_t acked, bool again, bool old_reported);
/* There is nothing new to send, or the loss was one. */
void tcp_frto_stop(struct tcp_connection *c);

/* ---- tcp_tx.c ---- */

enum err tcp_tx_add(struct tcp_connection *c, struct piece p, size_t *taken);
bool tcp_tx_has_room(const struct tcp_connection *c);
void tcp_tx_acked(struct tcp_connection *c, size_t len);
/* Slices that begin `offset` bytes after the first unacknowledged one, at most `len` bytes and `n_max` slices. */
size_t tcp_tx_slices(const struct tcp_connection *c, size_t offset, size_t len, struct bytes *v, size_t n_max,
                     size_t *n);
/* Sets or moves the place of the next new byte. */
void tcp_tx_seek(struct tcp_connection *c, size_t offset);
size_t tcp_tx_slices_at(const struct tcp_connection *c, size_t len, struct bytes *v, size_t n_max, size_t *n);
void tcp_tx_advance(struct tcp_connection *c, size_t len);
void tcp_tx_free(struct tcp_connection *c);

/* ---- tcp_timer.c ---- */

void tcp_timer_fire(struct timer *timer, uint64_t now_ns);
void tcp_timer_arm(struct tcp_connection *c);
/* The retransmission timeout that holds now, backoff included. */
uint64_t tcp_resend_after(const struct tcp_connection *c, uint64_t now_ns);

/* ---- tcp_listen.c ---- */

void tcp_input_syn(struct tcp *t, uint64_t now_ns, struct tcp_listener *l, const struct endpoint *local,
                   const struct endpoint *peer, const struct tcp_segment *s, const struct tcp_timewait *before);
void tcp_input_half(struct tcp_half *h, uint64_t now_ns, const struct tcp_segment *s);
void tcp_half_free(struct tcp_half *h);
/* An ACK that belongs to nothing but may bring a cookie back; false: it does not. */
bool tcp_input_cookie(struct tcp *t, uint64_t now_ns, struct tcp_listener *l, const struct endpoint *local,
                      const struct endpoint *peer, const struct tcp_segment *s);
void tcp_send_syn_ack(const struct tcp_half *h, uint64_t now_ns, uint32_t ts_value);
/* The window that a SYN-ACK names: what the shared buffers have for a newcomer, not scaled. */
uint16_t tcp_first_window(const struct tcp *t);
/* Wakes one who waits to accept, if there is something to accept. */
void tcp_wake_acceptor(struct tcp_listener *l);
void tcp_established(struct tcp_connection *c, uint64_t now_ns);

/* ---- tcp_cookie.c ---- */

/* Answers a SYN and remembers nothing. */
void tcp_cookie_send(struct tcp *t, uint64_t now_ns, const struct endpoint *local, const struct endpoint *peer,
                     const struct tcp_segment *syn);
/* Fills `h` with what would have been remembered; false: the ACK brings no cookie of ours back. */
bool tcp_cookie_take(struct tcp *t, uint64_t now_ns, const struct endpoint *local, const struct endpoint *peer,
                     const struct tcp_segment *s, struct tcp_half *h);

/* ---- tcp_wait.c ---- */

/* TIME-WAIT: a small block takes the connection's place in the table. */
void tcp_wait_enter(struct tcp_connection *c, uint64_t now_ns);
void tcp_input_wait(struct tcp *t, struct tcp_timewait *w, uint64_t now_ns, const struct endpoint *local,
                    const struct endpoint *peer, const struct tcp_segment *s);
void tcp_wait_free(struct tcp *t, struct tcp_timewait *w);
void tcp_wait_fire(struct timer *timer, uint64_t now_ns);

#endif
