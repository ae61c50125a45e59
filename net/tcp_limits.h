/* SPDX-License-Identifier: ISC */
/* The limits and times of TCP, each with its reason. */
#ifndef NET_TCP_LIMITS_H
#define NET_TCP_LIMITS_H

#include <jinn/time.h>

/* ---- Memory ---- */

/* A chunk of the shared pool, its 16 bytes of header included. One request or one response's header fits in one, a
 * full segment in two, and a thousand clients answered at once hold a megabyte. */
#define TCP_CHUNK_BYTES 1024
/* Copied bytes that any connection may hold unacknowledged: the bandwidth-delay product of 10 Mbit/s at 50 ms. One whose
 * congestion window and peer allow more may hold twice of that. */
#define TCP_COPIED_BYTES (64 * 1024)
/* Static pieces queued on one connection: a deep pipeline of responses. */
#define TCP_PIECES_MAX 128
/* Pieces of all connections together, for each connection that there may be; and one for each chunk. Two static bodies
 * for each; with more of them an idle connection would cost more than a kilobyte in all. */
#define TCP_PIECES_PER_CONNECTION 2
/* The largest receive window: 650 Mbit/s at 50 ms, the most that a shift of 6 can say. Also at most half of the
 * buffers. */
#define TCP_WINDOW_MAX_BYTES (65535 << 6)
/* Who reads nothing for so long has the first window again: longer than the pauses of somebody who watches or
 * listens, shorter than the keep-alive of a web server. */
#define TCP_TUNE_IDLE_MS (10 * 1000)
/* A round of which nothing is known: long, so that little is promised. */
#define TCP_TUNE_ROUND_MS 100
/* A connection gets at most this share of the chunks that are free now, so that many slow ones leave room for a fast
 * one: with n of them a share of 1 / (1 + n / 4) stays free. */
#define TCP_FAIR_SHARE 4
/* And one that has earned it, by reading or sending fast, so much: alone it may have half. */
#define TCP_GROWN_SHARE 2
/* This share of the chunks is not for copied data to send, so that requests can come in while nobody reads answers. */
#define TCP_RESERVE_SHARE 8
/* And a chunk for each connection, of this share at most, is for who has none yet: however many do not read their answers,
 * the others get the head of theirs. */
#define TCP_FIRST_SHARE 4
/* What comes in may take all but this share. Then data out of order is dropped, since it can be sent again, and a
 * connection that has TCP_UNREAD_MIN_CHUNKS waiting gets no more, whatever window it was promised. Windows are promised
 * while there is room: a few peers that send to whom does not read would hold all chunks otherwise, and nobody could
 * answer anybody. */
#define TCP_UNREAD_SHARE 4
#define TCP_UNREAD_MIN_CHUNKS 2
/* Chunks that one connection's data out of order may hold, and one for each kilobyte of its window. Many tiny segments
 * with gaps reach it before the pool is empty. */
#define TCP_OUT_OF_ORDER_MAX 256
/* Runs of the scoreboard that one connection takes from the pool: with the largest window, one for each segment of a
 * window in which every second is lost. The list is walked for each report, so it must not be long. */
#define TCP_RUNS_MAX 256
/* Runs of all connections together, for each connection that there may be; with losses on all at once, the last
 * reports are passed over. */
#define TCP_RUNS_PER_CONNECTION 1
/* Blocks whose turn in the report is remembered: as many as there is room for beside timestamps (RFC 2018 3). */
#define TCP_SACK_RECENT 3

/* ---- Tables ---- */

/* Connections that have sent a SYN and not yet the ACK. At less than 192 bytes each; 31 seconds' worth of SYNs
 * lost by honest clients. When it is full, cookies are sent
 * instead (tcp_cookie.c). */
#define TCP_HALF_OPEN_MAX 256
/* RFC 6335: the dynamic ports. */
#define TCP_PORT_FIRST 49152
#define TCP_PORT_LAST 65535

/* ---- Segments ---- */

#define TCP_MSS_DEFAULT 536   /* RFC 9293 3.7.1, when the peer names none */
#define TCP_MSS_MIN 64        /* a smaller one named by the peer would make us send headers only */
#define TCP_MSS_PMTU_MIN 512  /* RFC 5927 7.2: a forged "too big" must not push us below what every network carries */
#define TCP_MSS_BASE 1024     /* RFC 4821 7.2: segments that a black hole is tried with first; tunnels carry them */
#define TCP_MTU_STEP 32       /* what is closer is not searched: 2 % of a segment */
#define TCP_INITIAL_WINDOW 10 /* RFC 6928, segments */
#define TCP_CWND_MAX_BYTES (UINT32_C(1) << 30) /* as large as a scaled window can be */
#define TCP_DUPLICATE_ACKS 3                   /* RFC 5681 3.2 */
#define TCP_REORDER_PERSIST 16 /* RFC 8985 6.2: recoveries without a needless retransmission until it is short again */
#define TCP_MIN_RTT_MS \
    (300 * 1000) /* RFC 8985 6.2: the shortest round trip is one of the last 5 minutes, so that a path may change */
#define TCP_REORDER_MORE_MAX 15 /* four round trips, and srtt is the limit anyhow */

/* The most that goes to a device in one piece, to be made segments of: what an IPv4 packet holds beside headers with all
 * options. */
#define TCP_LARGE_BYTES (65535 - 60 - 60)

/* ---- Times ---- */

/* RFC 6298 wants one second at least, from a time when clocks ticked twice a second; hosts of today use 200 ms,
 * which is well above any peer's delayed acknowledgement. */
#define TCP_RTO_MIN_US (200 * 1000)
#define TCP_RTO_MAX_US (60 * 1000 * 1000)   /* RFC 6298 2.5 */
#define TCP_RTO_FIRST_US (1000 * 1000)      /* RFC 6298 2.1 */
#define TCP_RTO_SYN_LOST_US (3000 * 1000)   /* RFC 6298 5.7: after a SYN had to be sent again */
#define TCP_TAIL_ACK_NS (200 * NS_PER_MS)   /* RFC 8985 7.2: what a peer may delay the ACK of a lone segment */
#define TCP_TAIL_MIN_NS (10 * NS_PER_MS)    /* shorter ones would fire a timer often to save little */
#define TCP_MTU_AGE_NS (600 * NS_PER_S)     /* RFC 1191 6.3, RFC 8201 4: a larger MTU is tried again */
#define TCP_DELAYED_ACK_NS (40 * NS_PER_MS) /* RFC 1122 allows 500; 40 is below every sender's timeout */
#define TCP_SEND_AGAIN_NS (2 * NS_PER_MS)   /* the device was full: a queue of 256 frames drains in less */
#define TCP_USER_TIMEOUT_MS (180 * 1000)    /* RFC 9293 3.8.3: R2 is at least 100 s, and 3 minutes for a SYN */
#define TCP_LINGER_MS (60 * 1000)           /* undelivered data of a closed flow, without progress */
#define TCP_TRIES_MIN 3                     /* and never given up before so many retransmissions, on slow paths */
#define TCP_FIN_WAIT_2_NS (60 * NS_PER_S)   /* a closed flow whose peer does not close */
#define TCP_TIME_WAIT_NS (60 * NS_PER_S)    /* twice an MSL of 30 s, as hosts of today have it */
#define TCP_HALF_OPEN_TRIES 4               /* SYN-ACKs sent again: after 1, 2, 4, 8 s; given up 16 s later */
#define TCP_KEEPALIVE_TRIES 9
/* RFC 7323 5.5: after 24 days of idleness the peer's timestamp clock may have wrapped. */
#define TCP_PAWS_IDLE_MS (24U * 24 * 3600 * 1000)

/* Resets for what belongs to no connection: a burst for a port scan or a restart with many clients, then so many a second,
 * as BSD has it. */
#define TCP_RESETS_BURST 200
#define TCP_RESETS_PER_S 200

/* RFC 5961 7: challenge ACKs a second, for each connection. A limit shared by connections would tell an attacker
 * on one of them what happens on the others (CVE-2016-5696). */
#define TCP_CHALLENGES_PER_S 5

#endif
