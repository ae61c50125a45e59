/* SPDX-License-Identifier: ISC */
/* A name server with authority over zones.
 *
 *     struct dns_server *server;
 *     dns_server_new(&(struct dns_server_options){.id = bytes_str("ns1")}, &server);
 *     dns_server_load(server, self->zones);
 *     dns_server_udp(server, self->service, 53);
 *     dns_server_tcp(server, self->service, 53, &(struct dns_server_tcp_options){0});
 *     dns_server_run(server);
 *
 * UDP is answered by the stack itself, without a fiber; a TCP connection that waits holds none. What an appliance doesn't
 * call is not in its image: TCP, the reading of zone files, rate limits. */
#ifndef JINN_DNS_SERVER_H
#define JINN_DNS_SERVER_H

#include <jinn/block.h>
#include <jinn/kv.h>
#include <jinn/stack.h>

struct dns_server;

/* Zero means the default in brackets. All views are BORROWED for the server's life. */
struct dns_server_options {
    struct bytes id;       /* who we are, for who asks: NSID, id.server; at most 64 bytes [not told] */
    struct bytes version;  /* version.bind; likewise [not told] */
    uint16_t udp_bytes;    /* of an answer by UDP, 512 to 4096 [1232] */
    bool no_cookies;       /* RFC 7873: otherwise given to who has one */
    bool cookies_required; /* a client with a cookie that isn't ours is told so instead of being answered */
    struct bytes
        cookie_secret; /* 32 hex digits, the same at each server of an address; 64: behind them the one before it [random] */
    uint32_t zones;    /* at most [1048576] */
    size_t zone_bytes; /* memory of one zone, at most [no limit but the heap's] */
};

/* GIVES. ERR_INVALID: what is out of range; ERR_FULL. */
MUST_USE enum err dns_server_new(const struct dns_server_options *o, struct dns_server **d);
/* The same for zones that are not signed; signed ones are refused. The image then holds no proofs and no NSEC3. */
MUST_USE enum err dns_server_new_unsigned(const struct dns_server_options *o, struct dns_server **d);

/* Answers of one kind that a network (/24, /56) gets by UDP in a second, at most; beyond them each `slip`-th is empty and
 * truncated (0: none is), the others are dropped. Networks are remembered in a table of `entries` [16384 of 16 bytes]. */
struct dns_server_limit {
    uint32_t per_second, slip, entries;
};
MUST_USE enum err dns_server_limit(struct dns_server *d, const struct dns_server_limit *o);

/* Takes each value whose key ends with ".zone", read as a zone file (RFC 1035 5), as the zone that the key names:
 * "example.com.zone"; the root is "root.zone". $INCLUDE names another key. What is wrong is logged with file and line. When the
 * store can change (kv_refresh), the other zones are served then; else ERR_MALFORMED: a zone can't be served; ERR_FULL. ERR_IO. Zones
 * that are there already are replaced at once. */
MUST_USE enum err dns_server_load(struct dns_server *d, struct kv *zones) MAY_YIELD;
/* The same from what `jinn zone pack` made: each value whose key ends with ".packed". The reading of zone files is then not in the
 * image. */
MUST_USE enum err dns_server_load_packed(struct dns_server *d, struct kv *zones) MAY_YIELD;
/* One zone from text in memory; `file` is its name in errors. Nothing of the text is kept. */
MUST_USE enum err dns_server_load_text(struct dns_server *d, struct bytes origin, struct bytes text,
                                       const char *file) MAY_YIELD;

/* Looks at the store again and again while dns_server_run runs: zones whose files, or any files if they include some, have changed are read
 * anew and take the place of what is served, at once and whole; new ones are added, those whose files are gone go. One that
 * can't be read is logged, and what was served before stays. Queries are answered meanwhile. Not for zones that are
 * changed by UPDATE, which would be lost. Call it once, after the store was loaded. ERR_INVALID: no time; ERR_FULL. */
MUST_USE enum err dns_server_follow(struct dns_server *d, struct kv *zones, uint64_t every_ns) MAY_YIELD;

/* Answers on this port from now on. As stack_udp_serve. */
MUST_USE enum err dns_server_udp(struct dns_server *d, struct stack *s, uint16_t port);

struct dns_server_tcp_options {
    uint32_t connections;   /* at once [1024]; beyond that the one that has been idle longest goes */
    uint32_t per_client;    /* of an address [a quarter] */
    uint32_t workers;       /* fibers that answer [4] */
    uint32_t message_bytes; /* of a request [4096] */
    uint64_t idle_ns;       /* of a connection [20 s] */
};
/* The same by TCP while dns_server_run runs; once a server. As stack_listen. */
MUST_USE enum err dns_server_tcp(struct dns_server *d, struct stack *s, uint16_t port,
                                 const struct dns_server_tcp_options *o);

/* Other servers, and who may change zones. Lists are words with blanks or commas between them: who may is `192.0.2.1`, `10.0.0.0/8`, `key:NAME`,
 * `10.0.0.0/8+key:NAME` or `any`; servers are `ADDRESS`, `ADDRESS@PORT`, `ADDRESS@PORT+key:NAME`. */
struct dns_server_peers_options {
    struct bytes keys;       /* of TSIG: BIND's or knot's text, or lines `NAME ALGORITHM BASE64` [none] */
    const char *transfer;    /* who may have zones by AXFR and IXFR [nobody] */
    const char *update;      /* who may change zones by UPDATE [nobody] */
    const char *notify_from; /* who may tell of news, beside the primaries of the zone [nobody] */
    const char *secondaries; /* servers that are told of changes [none] */
    const char *primaries;   /* servers that `secondary` zones come from [none] */
    const char *secondary;   /* names of zones that come from there [none] */
    size_t history_bytes;    /* of changes of a zone that IXFR can give [1 MB] */
};
/* Call it once, after the zones were loaded and before dns_server_run. What is wrong is logged. ERR_INVALID, ERR_FULL. */
MUST_USE enum err dns_server_peers(struct dns_server *d, struct stack *s, const struct dns_server_peers_options *o);

/* Changes by UPDATE are kept on this device: each is safe there before it is answered, and they are done again here, to the zones
 * that were loaded. Call it once, after dns_server_peers. What was read and what is wrong is logged. ERR_MALFORMED: the device holds
 * something else, or has lost changes; ERR_INVALID: it is smaller than 64 KB, or a zone's file is neither the one that its changes
 * were made to nor of a later version; ERR_IO, ERR_FULL. BORROWS. NULL: changes are in memory only, which is logged where
 * somebody may make some. */
MUST_USE enum err dns_server_journal(struct dns_server *d, struct block *b) MAY_YIELD;

/* Zones are signed here (DNSSEC, ECDSA P-256) with the keys that they have, and served unsigned until they are, which takes about 1 ms a
 * name; changes by UPDATE are signed with them, and signatures made anew before they expire. Zero means the default in brackets. */
struct dns_server_sign_options {
    struct bytes
        keys; /* the texts of K*.key and K*.private, as dnssec-keygen writes them, one behind the other. BORROWS while called */
    bool nsec3;                /* denials are NSEC3 [NSEC] */
    const char *nsec3_salt;    /* in hex [none, RFC 9276] */
    uint16_t nsec3_iterations; /* [0, RFC 9276] */
    uint64_t validity_ns;      /* of signatures [14 days] */
    uint64_t refresh_ns;       /* what is left of it when they are made anew [half of it] */
    uint64_t jitter_ns;        /* up to so much of it is left out at random [a fourteenth of it] */
    bool increment;            /* serial numbers go up by one [they are the time, where that is higher] */
    bool no_cds;               /* no CDS and CDNSKEY for the parent */
};
/* Call it once, after the zones were loaded, and after dns_server_peers and dns_server_journal where there are such, before
 * dns_server_run. What is wrong is logged. ERR_INVALID: a key, one of no zone that is here, or the wall clock is before 2020; ERR_FULL. */
MUST_USE enum err dns_server_sign(struct dns_server *d, const struct dns_server_sign_options *o);
/* Text of keys from a block device: all before its first byte 0, 1 MB at most. GIVES keys->data, to be freed. ERR_IO, ERR_FULL, ERR_TOO_LARGE. */
MUST_USE enum err dns_server_keys_read(struct block *b, struct bytes *keys) MAY_YIELD;

/* Serves until the image is to stop. OK: it was stopped. */
MUST_USE enum err dns_server_run(struct dns_server *d) MAY_YIELD;
/* The same for an image that does nothing else, with what is logged of it: the port, or why it does not serve, which `made` is when the
 * server could not be set up (then the server is not looked at). The status that the image ends with. */
int dns_server_serve(struct dns_server *d, uint16_t port, enum err made) MAY_YIELD;

#endif
