/* SPDX-License-Identifier: ISC */
/* What both protocols do with a connection: fill it, or drain it. */
#ifndef IPERF_TRAFFIC_H
#define IPERF_TRAFFIC_H

#include <jinn/err.h>
#include <jinn/flow.h>
#include <jinn/time.h>

/* A piece of what is sent: several segments' worth, and with all pieces that a connection may have queued a few
 * megabytes, as much as a host's send buffer. */
#define TRAFFIC_PAYLOAD_BYTES (32 * 1024)

/* What fills connections and datagrams: allocated once, never written again, so it is sent in place. */
MUST_USE enum err traffic_payload(struct bytes *payload);

/* A span of sending. Zero means no limit. */
struct traffic_plan {
    size_t block_bytes; /* of a write; at most TRAFFIC_PAYLOAD_BYTES count */
    uint64_t rate_bps;
    uint64_t max_bytes;
    uint64_t until_ns; /* no more is written after that */
};

/* Waits until `sent_bytes` since `begin_ns` are within the rate. ERR_CANCELLED. */
MUST_USE enum err traffic_pace(uint64_t rate_bps, uint64_t begin_ns, uint64_t sent_bytes) MAY_YIELD;
/* Writes until the plan is done (OK) or the flow fails; *bytes grows by what was written. */
MUST_USE enum err traffic_send(struct flow *f, struct bytes payload, const struct traffic_plan *plan,
                               uint64_t *bytes) MAY_YIELD;
/* Drops what comes until its end (OK) or a failure; *bytes grows by it. */
MUST_USE enum err traffic_drop(struct flow *f, uint64_t *bytes) MAY_YIELD;

#endif
