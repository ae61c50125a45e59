/* SPDX-License-Identifier: ISC */
/* A whole name server with everybody around it an adversary: clients by UDP and on up to five streams, which ask, change zones,
 * transfer them, send halves of messages and stop reading; a primary that answers what it likes; secondaries that are told
 * of changes; a disk for the journal that may fail; time. The stack is played here. The first byte chooses what the server has, the
 * rest is a list of steps.
 *
 * What must hold: no sanitizer and no assertion speaks. Each answer is whole, repeats its request's id and question and is no longer
 * than it may be; what comes on a stream is such messages one behind the other; an AXFR begins and ends with the same SOA and has
 * as many records as that version of the zone had. In the end, when all have gone and time has passed, no connection, no buffer and no
 * notification is left, and a server that starts on the same disk has the same zones. */
#include "proto/dns_tcp.c" /* its pools */

#include "fuzz/dns_server_compose.h"
#include "wire/dns_rdata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* ---- What must hold of answers ---- */

static struct dns_zone *own_zone(void)
{
    struct dns_zone_entry *entry = dns_zones_get(&the.server->zones, bytes_of(OWN, sizeof OWN));
    must(entry);
    return entry->zone;
}

static void note_version(void)
{
    struct dns_zone_stats stats;
    dns_zone_stats(own_zone(), &stats);
    the.version[the.n_versions++ % VERSIONS] = (struct version){dns_zone_serial(own_zone()), (uint32_t)stats.n_records};
}

static bool was_version(const struct stream *s)
{
    for (unsigned i = 0; i < the.n_versions && i < VERSIONS; i++) {
        if (the.version[i].serial == s->serial && the.version[i].n_records == s->n_records)
            return true;
    }
    return false;
}

static uint32_t serial_of(struct bytes message, const struct dns_record *record)
{
    uint8_t data[DNS_SOA_BYTES];
    struct writer w = writer_of(data, sizeof data);
    struct dns_soa soa;
    must(dns_rdata_expand(message, record, &w) && dns_soa_read(writer_bytes(&w), &soa));
    return soa.serial;
}

/* The next record of an AXFR of our zone. */
static void take_record(struct stream *s, struct bytes message, const struct dns_record *record)
{
    must(s->in_transfer && dns_name_is_under(dns_name_bytes(&record->name), bytes_of(OWN, sizeof OWN)));
    bool is_soa = record->type == DNS_SOA;
    must(is_soa || s->n_records > 0);
    if (is_soa && s->n_records > 0) {
        must(serial_of(message, record) == s->serial && was_version(s));
        s->in_transfer = false;
        return;
    }
    if (is_soa)
        s->serial = serial_of(message, record);
    s->n_records++;
}

static void begin_transfer(struct stream *s, const struct dns_header *h, const struct dns_question *q)
{
    bool sends = (h->flags & DNS_RCODE) == DNS_NOERROR && h->n[DNS_ANSWER] > 0;
    bool own = dns_name_equal(dns_name_bytes(&q->name), bytes_of(OWN, sizeof OWN));
    must(!s->in_transfer);
    s->in_transfer = sends && own && q->type == DNS_AXFR;
    s->is_other = sends && !s->in_transfer && (q->type == DNS_AXFR || q->type == DNS_IXFR);
    s->n_records = 0;
}

static void take_message(struct stream *s, struct bytes m)
{
    struct reader r = reader_of(m);
    struct dns_header h;
    struct dns_question q;
    struct dns_record record;
    must(dns_header_read(&r, &h) && h.flags & DNS_QR && h.n[DNS_QUESTION] <= 1);
    if (h.n[DNS_QUESTION]) {
        must(dns_question_read(&r, m, &q));
        begin_transfer(s, &h, &q);
    } else {
        must(s->in_transfer || s->is_other || (h.flags & DNS_RCODE) != DNS_NOERROR);
    }
    for (unsigned n = (unsigned)h.n[1] + h.n[2] + h.n[3], i = 0; i < n; i++) {
        must(dns_record_read(&r, m, &record));
        if (i < h.n[DNS_ANSWER] && s->in_transfer)
            take_record(s, m, &record);
    }
    must(reader_left(&r) == 0);
}

static void check(struct bytes answer, struct bytes question)
{
    struct reader r = reader_of(answer), q = reader_of(question);
    struct dns_header h, asked;
    struct dns_question again, first;
    struct dns_record record;
    must(dns_header_read(&r, &h) && dns_header_read(&q, &asked));
    must(h.id == asked.id && h.flags & DNS_QR && !(asked.flags & DNS_QR) && h.n[DNS_QUESTION] <= 1);
    if (h.n[DNS_QUESTION])
        must(dns_question_read(&r, answer, &again) && dns_question_read(&q, question, &first) &&
             dns_name_equal(dns_name_bytes(&again.name), dns_name_bytes(&first.name)) && again.type == first.type &&
             again.class_ == first.class_);
    for (unsigned n = (unsigned)h.n[1] + h.n[2] + h.n[3]; n; n--)
        must(dns_record_read(&r, answer, &record));
    must(reader_left(&r) == 0);
}

/* ---- Steps ---- */

static const uint16_t flags[] = {0,
                                 DNS_RD,
                                 DNS_UPDATE << DNS_OPCODE_SHIFT,
                                 DNS_UPDATE << DNS_OPCODE_SHIFT,
                                 DNS_NOTIFY << DNS_OPCODE_SHIFT | DNS_AA,
                                 DNS_UPDATE << DNS_OPCODE_SHIFT,
                                 DNS_CD | DNS_AD,
                                 0xffff};

static void datagram(struct reader *r)
{
    uint8_t question[1500], from = read_u8(r), size = read_u8(r);
    struct udp_server *server = the.service->server;
    size_t room = the.server->service.o.udp_bytes, len = compose(r, from, flags[from & 7], question, sizeof question);
    if (size & 1)
        len = len * (size >> 1) / 128;
    struct udp_question q = {.from = {ip4(10, 0, 0, from >> 3 & 15), (uint16_t)(1000 + from)},
                             .payload = bytes_of(question, len),
                             .now_ns = sched_now()};
    uint8_t *answer = malloc(room); /* of its own, so that the sanitizer sees who writes too far */
    must(answer);
    size_t n = server->answer(server, &q, answer, room);
    if (n != UDP_NO_ANSWER) {
        must(n > 0 && n <= room);
        check(bytes_of(answer, n), q.payload);
    }
    free(answer);
}

static void open_client(void)
{
    struct stream *s = free_stream(the.client, STREAMS);
    struct flow *theirs;
    struct listener *l = &the.listener;
    if (!s || l->n == STREAMS)
        return;
    must(flow_pipe(PIPE_BYTES, &s->flow, &theirs) == OK);
    s->len = 0;
    s->in_transfer = s->is_other = false;
    l->queue[l->n++] = theirs;
    if (l->waiting)
        fiber_wake(l->waiting);
}

static void put(struct stream *s, struct bytes b)
{
    struct piece piece = piece_copy(b);
    if (s->flow && b.len && flow_write(s->flow, &piece, 1, time_after(sched_now(), NS_PER_MS)) != OK)
        end_stream(s, true);
}

/* A message behind its length, of which perhaps a part only, or with another length. */
static void put_message(struct stream *s, uint8_t *message, size_t len, uint8_t how)
{
    size_t says = how & 1 ? len + (how >> 4) - 4 : len;
    message[0] = (uint8_t)(says >> 8);
    message[1] = (uint8_t)says;
    len += 2;
    put(s, bytes_of(message, how & 2 ? len * (how >> 3) / 32 : len));
}

static void ask_by_stream(struct reader *r)
{
    uint8_t message[2 + 2000], which = read_u8(r), how = read_u8(r);
    struct stream *s = &the.client[which % STREAMS];
    size_t len = compose(r, which, flags[which >> 4 & 7], message + 2, 2000);
    put_message(s, message, len, how & 128 ? how : 0);
}

static void put_raw(struct reader *r)
{
    uint8_t which = read_u8(r), n = read_u8(r);
    put(&the.client[which % STREAMS], read_bytes(r, n < reader_left(r) ? n : reader_left(r)));
}

static void take_whole(struct stream *s)
{
    size_t at = 0;
    while (s->len - at >= 2) {
        size_t len = (size_t)(s->in[at] << 8 | s->in[at + 1]);
        if (s->len - at < 2 + len)
            break;
        take_message(s, bytes_of(s->in + at + 2, len));
        at += 2 + len;
    }
    memmove(s->in, s->in + at, s->len - at);
    s->len -= at;
}

/* What there is, at most so much. */
static bool read_some(struct stream *s, size_t most)
{
    size_t n = 0, room = sizeof s->in - s->len;
    if (!s->flow || flow_read(s->flow, s->in + s->len, most < room ? most : room, &n, 0) != OK)
        return false;
    s->len += n;
    take_whole(s);
    return true;
}

static void read_step(struct reader *r)
{
    uint8_t which = read_u8(r), n = read_u8(r);
    (void)read_some(&the.client[which % STREAMS], 1 + n * 16u);
}

static void pass_time(struct reader *r)
{
    static const uint64_t span_ns[] = {
        0, NS_PER_MS, 20 * NS_PER_MS, NS_PER_S, 3 * NS_PER_S, 11 * NS_PER_S, 31 * NS_PER_S, 400 * NS_PER_S};
    must(fiber_sleep(time_after(sched_now(), span_ns[read_u8(r) % 8])) == OK);
}

/* Signed if the request was, but for some. */
static void answer_request(struct stream *s, uint8_t *message, size_t len, size_t size, uint8_t how)
{
    if (s->tsig.present && len >= DNS_HEADER_BYTES && !(how & 4))
        (void)!dns_tsig_answer(&s->tsig, plat_wall_ns() / NS_PER_S, message + 2, &len, size - 2);
    put_message(s, message, len, how);
}

static struct bytes soa_of(uint8_t serial, uint8_t buffer[static DNS_SOA_BYTES])
{
    struct writer w = writer_of(buffer, DNS_SOA_BYTES);
    write_name(&w, 3 | 1 << 3);
    write_name(&w, 3 | 1 << 3);
    for (int i = 0; i < 5; i++)
        write_be32(&w, i ? 3 : serial);
    return writer_bytes(&w);
}

static void put_soa(struct dns_writer *d, uint8_t serial)
{
    uint8_t soa[DNS_SOA_BYTES];
    must(dns_write_record(d, DNS_ANSWER, bytes_of(FROM_PRIMARY, sizeof FROM_PRIMARY), DNS_SOA, DNS_IN, 60,
                          soa_of(serial, soa)));
}

static void put_addresses(struct dns_writer *d, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        uint8_t name[2 + sizeof FROM_PRIMARY] = {1, (uint8_t)('a' + i)};
        memcpy(name + 2, FROM_PRIMARY, sizeof FROM_PRIMARY);
        must(dns_write_record(d, DNS_ANSWER, bytes_of(name, sizeof name), DNS_A, DNS_IN, 60, bytes_of(name, 4)));
    }
}

/* A zone that can be served. */
static void send_zone(struct stream *s, uint8_t serial, uint8_t n)
{
    uint8_t message[2 + 4000];
    struct dns_writer d;
    dns_write_begin(&d, message + 2, sizeof message - 2);
    put_soa(&d, serial);
    must(dns_write_record(&d, DNS_ANSWER, bytes_of(FROM_PRIMARY, sizeof FROM_PRIMARY), DNS_NS, DNS_IN, 60,
                          bytes_of("\2ns", 4)));
    put_addresses(&d, 0, n);
    put_soa(&d, serial);
    answer_request(s, message, dns_write_end(&d, s->id, DNS_QR | DNS_AA).len, sizeof message, 0);
}

/* From a version to the next but one, in two steps; what is removed may be there, and what is added not. */
static void send_changes(struct stream *s, uint8_t serial, uint8_t n)
{
    uint8_t message[2 + 4000];
    struct dns_writer d;
    dns_write_begin(&d, message + 2, sizeof message - 2);
    put_soa(&d, serial + 2);
    put_soa(&d, serial);
    put_addresses(&d, n & 3, n >> 2);
    put_soa(&d, serial + 1);
    put_soa(&d, serial + 1);
    put_soa(&d, serial + 2);
    put_addresses(&d, n >> 2, n);
    put_soa(&d, serial + 2);
    answer_request(s, message, dns_write_end(&d, s->id, DNS_QR | DNS_AA).len, sizeof message, 0);
}

static void primary_step(struct reader *r)
{
    uint8_t message[2 + 2000], which = read_u8(r), how = read_u8(r);
    struct stream *s = &the.primary[which % TOWARD];
    if (!s->flow)
        return;
    read_request(s);
    if (!s->flow)
        return;
    if (how % 8 == 0)
        end_stream(s, how & 8);
    else if (how % 8 < 3)
        send_zone(s, read_u8(r), how >> 3);
    else if (how % 8 == 3)
        send_changes(s, read_u8(r), how >> 3);
    else
        answer_request(s, message, compose(r, s->id, DNS_QR, message + 2, 2000), sizeof message, how & 128 ? how : 0);
}

static void do_step(struct reader *r)
{
    uint8_t what = read_u8(r);
    switch (what % 16) {
    case 0:
        open_client();
        break;
    case 1:
        end_stream(&the.client[(what >> 4) % STREAMS], what & 128);
        break;
    case 2:
        put_raw(r);
        break;
    case 3:
        the.how_to_connect = read_u8(r);
        break;
    case 4:
        the.disk_fails = what == 0xf4;
        break;
    case 5:
    case 6:
        pass_time(r);
        break;
    case 7:
    case 8:
        read_step(r);
        break;
    case 9:
    case 10:
        primary_step(r);
        break;
    case 11:
    case 12:
    case 13:
        datagram(r);
        break;
    default:
        ask_by_stream(r);
    }
}

/* ---- Life ---- */

static void add(struct dns_zone *z, const char *name, uint16_t type, const char *rdata, size_t len)
{
    must(dns_zone_add(z, bytes_of(name, strlen(name) + 1), type, 60, bytes_of(rdata, len)) == OK);
}

#define ADD(name, type, rdata) add(z, name, type, rdata, sizeof(rdata) - 1)

/* A transfer of a long zone takes several messages. */
enum { LONG_NAMES = 200, LONG_BYTES = 200 };

static void put_own_zone(struct dns_zones *zs)
{
    struct dns_zone *z;
    must(dns_zone_new(bytes_of(OWN, sizeof OWN), zs->seed, 1 << 18, &z) == OK);
    ADD(OWN, DNS_SOA, "\3ns1" OWN "\0\4host" OWN "\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5");
    ADD(OWN, DNS_NS, "\3ns1" OWN "\0");
    ADD("\3ns1" OWN, DNS_A, "\300\0\2\1");
    ADD("\1a" OWN, DNS_A, "\300\0\2\1");
    ADD("\1*" OWN, DNS_TXT, "\4wild");
    ADD("\1c" OWN, DNS_CNAME, "\1a" OWN "\0");
    ADD("\3sub" OWN, DNS_NS, "\3ns1\3sub" OWN "\0");
    for (unsigned i = 0; i < LONG_NAMES && the.options & LONG_ZONE; i++) {
        static const char text[LONG_BYTES + 1] = {(char)LONG_BYTES};
        char name[] = "\3i\0\0" OWN;
        name[2] = (char)('a' + i / 16);
        name[3] = (char)('a' + i % 16);
        add(z, name, DNS_TXT, text, sizeof text);
    }
    must(dns_zones_put(zs, z) == OK);
}

static void (*done_of_peers)(struct dns_update_user *u, struct dns_zone *z, struct dns_entry *e);

static void note_done(struct dns_update_user *u, struct dns_zone *z, struct dns_entry *e)
{
    if (z == own_zone())
        note_version();
    done_of_peers(u, z, e);
}

static void begin_server(void)
{
    struct dns_server *d;
    const char *who = the.options & BY_KEY ? "key:good" : "any";
    const struct dns_server_options o = {.zone_bytes = 1 << 18, .no_cookies = the.options & NO_COOKIES};
    const struct dns_server_tcp_options tcp = {.connections = 4, .per_client = 4, .workers = 3, .message_bytes = 2000};
    const struct dns_server_peers_options peers = {.keys = bytes_str(KEYS),
                                                   .transfer = who,
                                                   .update = who,
                                                   .notify_from = "10.0.0.1",
                                                   .secondaries = "10.0.0.9 10.0.0.9@5353+key:good",
                                                   .primaries = "10.0.0.2 10.0.0.3+key:good",
                                                   .secondary = "sec.test",
                                                   .history_bytes = 4096};
    must(dns_server_new(&o, &d) == OK);
    the.server = d;
    put_own_zone(&d->zones);
    if (the.options & WITH_LIMIT)
        must(dns_server_limit(d, &(struct dns_server_limit){.per_second = 3, .slip = 2, .entries = 64}) == OK);
    must(dns_server_peers(d, NULL, &peers) == OK);
    device.block_bytes = the.options & LARGE_BLOCKS ? 4096 : 512; /* summed up every few changes, or never */
    if (the.options & WITH_JOURNAL)
        must(dns_server_journal(d, &device) == OK);
    must(dns_server_udp(d, NULL, DNS_PORT) == OK && dns_server_tcp(d, NULL, DNS_PORT, &tcp) == OK);
    done_of_peers = d->peers->user.done;
    d->peers->user.done = note_done;
    note_version();
}

static void run_server(void *server)
{
    must(dns_server_run(server) == ERR_CANCELLED);
}

/* A server that starts on the same disk has the same zone. */
static void check_journal(void)
{
    struct dns_zones zs;
    struct dns_journal j;
    struct dns_zone_stats stats[2];
    dns_zones_init(&zs, 1, 4);
    put_own_zone(&zs);
    must(dns_journal_open(&j, &device) == OK && dns_journal_replay(&j, &zs, NULL, NULL) == OK && j.n.n_gaps == 0);
    struct dns_zone *z = dns_zones_get(&zs, bytes_of(OWN, sizeof OWN))->zone;
    dns_zone_stats(z, &stats[0]);
    dns_zone_stats(own_zone(), &stats[1]);
    must(dns_zone_serial(z) == dns_zone_serial(own_zone()) && stats[0].n_records == stats[1].n_records &&
         stats[0].n_sets == stats[1].n_sets && stats[0].n_names == stats[1].n_names);
    dns_zones_free(&zs);
}

static void end_server(void)
{
    struct dns_server *d = the.server;
    struct dns_peers *p = d->peers;
    struct dns_tcp *t = d->tcp;
    struct dns_journal *j = p->keeper ? CONTAINER_OF(p->keeper, struct dns_journal, keeper) : NULL;
    the.disk_fails = false;
    if (j && !j->failed)
        check_journal();
    for (struct list *n; (n = list_pop(&p->roles));) {
        struct dns_role *role = CONTAINER_OF(n, struct dns_role, link);
        dns_history_clear(&role->history);
        free(role);
    }
    dns_tsig_keys_clear(&p->keys);
    free(p->room);
    free(p->request);
    free(p);
    free(j);
    pool_free(&t->connections);
    pool_free(&t->buffers);
    free(t);
    udp_close(the.service);
    dns_limit_free(d->service.o.limit);
    dns_zones_free(&d->zones);
    free(d);
}

/* All go, and time passes: nothing is left of them. */
static void all_go(void)
{
    const struct dns_tcp *t = the.server->tcp;
    the.how_to_connect = 0;
    for (int i = 0; i < STREAMS; i++) {
        while (read_some(&the.client[i], SIZE_MAX))
            must(fiber_yield() == OK);
        end_stream(&the.client[i], false);
    }
    for (int i = 0; i < TOWARD; i++)
        end_stream(&the.primary[i], false);
    must(fiber_sleep(time_after(sched_now(), 100 * NS_PER_S)) == OK);
    must(t->connections.n_used == 0 && t->buffers.n_used == 0 && t->n_streaming == 0 && t->n_writing == 0);
    for (int i = 0; i < CLIENTS; i++)
        must(t->clients[i] == 0);
    must(the.server->peers->n_notifies == 0);
}

static int live(void *arg)
{
    struct scope scope;
    unsigned line;
    the.options = read_u8(&the.input);
    must(!dns_tsig_keys_parse(&the.keys, bytes_str(KEYS), &line));
    must(!dns_tsig_keys_parse(&the.other_keys, bytes_str(OTHER_KEYS), &line));
    begin_server();
    scope_open(&scope);
    must(scope_spawn(&scope, "server", run_server, the.server) == OK);
    for (int i = 0; i < STEPS_MAX && reader_left(&the.input); i++) {
        do_step(&the.input);
        must(fiber_yield() == OK);
    }
    all_go();
    scope_cancel(&scope);
    scope_join(&scope);
    end_server();
    dns_tsig_keys_clear(&the.keys);
    dns_tsig_keys_clear(&the.other_keys);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    random_state = 1;
    the = (struct fuzz_world){.input = reader_of(bytes_of(data, len))};
    memset(medium, 0, sizeof medium);
    fuzz_begin();
    must(sched_run(live, NULL) == 0);
    return 0;
}
