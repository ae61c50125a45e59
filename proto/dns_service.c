/* SPDX-License-Identifier: ISC */
#include "proto/dns_service.h"
#include "proto/dns_answer.h"

#include <jinn/must.h>

enum {
    UDP_MOST_BYTES = 4096, /* beyond that fragments are certain on most links */
    OPT_BYTES = 11,
    EDE_BYTES = 6,
    OPTIONS_BYTES = 4 + DNS_COOKIE_BYTES + 4 + DNS_ID_BYTES + 6 + EDE_BYTES, /* all that we ever send */
    TYPE_IS_META = 128,                                                      /* from here to 255 */
    TYPE_MAILB = 253,
    TYPE_MAILA = 254,
    RD_CD = DNS_RD | DNS_CD
};

/* An answer as it grows. */
struct response {
    struct dns_service *s;
    const struct dns_request *r;
    struct dns_asked *asked; /* what is known of its name; NULL: nothing */
    struct writer options;   /* of its OPT record */
    uint16_t flags;
    unsigned rcode;
    unsigned ede;
    const struct dns_zone_entry *zone;
    bool cookie_good, later;
    struct dns_writer d;
    uint8_t option_bytes[OPTIONS_BYTES];
};

COLD enum err dns_service_init(struct dns_service *s, const struct dns_service_options *o)
{
    *s = (struct dns_service){.o = *o};
    if (o->udp_bytes == 0)
        s->o.udp_bytes = DNS_EDNS_BYTES;
    if (s->o.udp_bytes < DNS_UDP_BYTES || s->o.udp_bytes > UDP_MOST_BYTES || o->id.len > DNS_ID_BYTES ||
        o->version.len > DNS_ID_BYTES)
        return ERR_INVALID;
    return OK;
}

/* ---- Reading ---- */

static enum dns_opcode opcode_of(const struct dns_header *h)
{
    return (enum dns_opcode)((h->flags & DNS_OPCODE) >> DNS_OPCODE_SHIFT);
}

/* One OPT record at most, with the root as its owner; TSIG may be the last record of all. */
static bool take_additional(struct dns_request *r, const struct dns_record *record, bool last)
{
    if (record->type == DNS_TSIG) {
        r->is_signed = true;
        return last;
    }
    if (record->type != DNS_OPT)
        return true;
    return !r->edns.present && dns_edns_read(record, &r->edns);
}

static bool read_records(struct dns_request *r, struct reader *in)
{
    for (int section = DNS_ANSWER; section <= DNS_ADDITIONAL; section++) {
        for (uint16_t left = r->header.n[section]; left; left--) {
            struct dns_record record __attribute__((uninitialized)); /* 280 bytes; set when it was read whole */
            bool good = dns_record_read(in, r->message, &record);
            if (!good || (section == DNS_ADDITIONAL && !take_additional(r, &record, left == 1)))
                return false;
        }
    }
    return reader_left(in) == 0;
}

/* What a query has no business with; IXFR says in its authority which version is there. */
static bool has_strange_sections(const struct dns_request *r)
{
    const uint16_t *n = r->header.n;
    return n[DNS_ANSWER] || (n[DNS_AUTHORITY] && r->question.type != DNS_IXFR);
}

bool dns_request_read(const struct dns_from *from, struct bytes message, struct dns_request *r, unsigned *rcode)
{
    struct reader in = reader_of(message);
    r->from = from;
    r->message = message;
    r->edns = (struct dns_edns){.present = false};
    r->is_signed = false;
    r->question.name.len = 0;
    if (!dns_header_read(&in, &r->header) || r->header.flags & DNS_QR)
        return false;
    enum dns_opcode opcode = opcode_of(&r->header);
    *rcode = DNS_NOTIMP;
    if (opcode != DNS_QUERY && opcode != DNS_NOTIFY && opcode != DNS_UPDATE)
        return true;
    *rcode = DNS_FORMERR;
    /* None at all asks for a cookie (RFC 7873 5.4). */
    if (r->header.n[DNS_QUESTION] > 1 ||
        (r->header.n[DNS_QUESTION] && !dns_question_read(&in, message, &r->question))) {
        r->question.name.len = 0;
        return true;
    }
    if (!read_records(r, &in))
        return true;
    if (opcode == DNS_QUERY && has_strange_sections(r))
        return true;
    *rcode = DNS_NOERROR;
    return true;
}

static bool has_question(const struct dns_request *r)
{
    return r->question.name.len > 0;
}

/* ---- EDNS ---- */

static COLD void add_option(struct writer *w, uint16_t code, struct bytes content)
{
    write_be16(w, code);
    write_be16(w, (uint16_t)content.len);
    write_bytes(w, content);
}

static COLD void add_number(struct writer *w, uint16_t code, uint16_t number)
{
    uint8_t content[2];
    store_be16(content, number);
    add_option(w, code, bytes_of(content, sizeof content));
}

/* False: it is malformed. */
static COLD bool answer_cookie(struct response *a, struct bytes content)
{
    const struct dns_from *from = a->r->from;
    struct dns_service *s = a->s;
    s->n.n_cookies++;
    enum dns_cookie_kind kind = dns_cookie_check(s->o.cookies, from->wall_s, &from->peer.ip, content);
    if (kind == DNS_COOKIE_MALFORMED) {
        s->n.n_cookies_none++;
        return false;
    }
    a->cookie_good = kind == DNS_COOKIE_GOOD;
    s->n.n_cookies_good += a->cookie_good;
    write_be16(&a->options, DNS_COOKIE);
    write_be16(&a->options, DNS_COOKIE_BYTES);
    dns_cookie_write(s->o.cookies, from->wall_s, &from->peer.ip, content, &a->options);
    return true;
}

/* What the answer's OPT record says, and what of the request's makes an answer impossible. */
static unsigned read_options(struct response *a)
{
    const struct dns_edns *e = &a->r->edns;
    struct dns_service *s = a->s;
    struct bytes content;
    s->n.n_edns++;
    s->n.n_dnssec_ok += e->dnssec_ok;
    if (e->version)
        return DNS_BADVERS;
    if (e->options.len == 0)
        return DNS_NOERROR;
    if (s->o.id.len && dns_edns_find(e, DNS_NSID, &content))
        add_option(&a->options, DNS_NSID, s->o.id);
    if (s->o.idle_100ms && a->r->from->tcp && dns_edns_find(e, DNS_KEEPALIVE, &content))
        add_number(&a->options, DNS_KEEPALIVE, s->o.idle_100ms);
    if (!s->o.cookies || !dns_edns_find(e, DNS_COOKIE, &content))
        return DNS_NOERROR;
    if (!answer_cookie(a, content))
        return DNS_FORMERR;
    return s->o.cookies_required && !a->cookie_good && !a->r->from->tcp ? DNS_BADCOOKIE : DNS_NOERROR;
}

static void write_edns(struct response *a)
{
    if (!a->r->edns.present)
        return;
    size_t left = writer_left(&a->d.w);
    if (a->ede != DNS_EDE_NONE && left >= OPT_BYTES + writer_len(&a->options) + EDE_BYTES)
        add_number(&a->options, DNS_EDE, (uint16_t)a->ede);
    struct dns_edns e = {.dnssec_ok = a->r->edns.dnssec_ok,
                         .rcode_high = (uint8_t)(a->rcode >> 4),
                         .udp_bytes = a->s->o.udp_bytes,
                         .options = writer_bytes(&a->options)};
    must(writer_good(&a->options));
    (void)dns_write_edns(&a->d, &e);
}

/* ---- Class CHAOS ---- */

static const struct {
    const char *name;
    bool version;
} chaos[] = {
    {"\7version\4bind", true}, {"\7version\6server", true}, {"\2id\6server", false}, {"\10hostname\4bind", false}};

static COLD void answer_chaos(struct response *a)
{
    const struct dns_question *q = &a->r->question;
    a->rcode = DNS_REFUSED;
    for (size_t i = 0; i < ARRAY_LEN(chaos); i++) {
        struct bytes name = {(const uint8_t *)chaos[i].name, strlen(chaos[i].name) + 1};
        struct bytes text = chaos[i].version ? a->s->o.version : a->s->o.id;
        uint8_t rdata[1 + DNS_ID_BYTES];
        struct writer w = writer_of(rdata, sizeof rdata);
        if (!text.len || !dns_name_equal(name, dns_name_bytes(&q->name)))
            continue;
        write_u8(&w, (uint8_t)text.len);
        write_bytes(&w, text);
        a->rcode = DNS_NOERROR;
        a->flags |= DNS_AA;
        if (q->type == DNS_TXT || q->type == DNS_ANY)
            (void)dns_write_record(&a->d, DNS_ANSWER, dns_name_bytes(&q->name), DNS_TXT, DNS_CH, 0, writer_bytes(&w));
    }
}

/* ---- Answering ---- */

static void answer_from_zones(struct response *a, size_t reserve)
{
    const struct dns_edns *e = &a->r->edns;
    struct dns_query q = {.question = &a->r->question,
                          .dnssec_ok = e->dnssec_ok,
                          .tcp = a->r->from->tcp,
                          .zone = a->asked ? a->asked->zone : NULL,
                          .key = a->asked ? &a->asked->key : NULL};
    struct dns_result result;
    q.reserve_bytes = (uint16_t)(reserve + (e->present ? OPT_BYTES + writer_len(&a->options) : 0));
    dns_answer(a->s->o.zones, &q, &a->d, &result);
    a->flags |= result.flags & ~DNS_RCODE;
    a->rcode = result.flags & DNS_RCODE;
    a->ede = result.ede;
    a->zone = result.zone;
}

static void answer_from_beyond(struct response *a, size_t reserve)
{
    uint8_t *end = a->d.w.end;
    size_t want = reserve + (a->r->edns.present ? OPT_BYTES + writer_len(&a->options) + EDE_BYTES : 0);
    struct dns_beyond_answer more = {.w = &a->d, .ede = DNS_EDE_NONE};
    a->d.w.end -= want < writer_left(&a->d.w) ? want : writer_left(&a->d.w);
    a->later = !a->s->o.beyond->answer(a->s->o.beyond, a->r, &more);
    a->d.w.end = end;
    a->flags |= more.flags;
    a->rcode = more.rcode;
    a->ede = more.ede;
    a->zone = more.zone;
}

static COLD unsigned refuse_type(uint16_t type)
{
    if (type == DNS_AXFR || type == DNS_IXFR)
        return DNS_REFUSED;
    if (type == TYPE_MAILA || type == TYPE_MAILB)
        return DNS_NOTIMP;
    return DNS_FORMERR;
}

static void answer_question(struct response *a, size_t reserve)
{
    const struct dns_question *q = &a->r->question;
    enum dns_opcode opcode = opcode_of(&a->r->header);
    if (!has_question(a->r)) {
        bool wants_cookie = opcode == DNS_QUERY && writer_len(&a->options);
        a->rcode = wants_cookie ? DNS_NOERROR : DNS_FORMERR;
    } else if (opcode != DNS_QUERY) {
        a->rcode = DNS_NOTIMP;
    } else if (q->class_ == DNS_CH) {
        answer_chaos(a);
    } else if (q->class_ != DNS_IN) {
        a->rcode = DNS_REFUSED;
    } else if (dns_type_is_meta(q->type) && q->type != DNS_ANY) {
        a->rcode = refuse_type(q->type);
    } else if (a->s->o.beyond) {
        answer_from_beyond(a, reserve);
    } else {
        answer_from_zones(a, reserve);
    }
}

/* ---- Limits ---- */

static enum dns_limit_kind kind_of(const struct response *a)
{
    if (a->rcode == DNS_NXDOMAIN)
        return DNS_LIMIT_NXDOMAIN;
    if (a->rcode != DNS_NOERROR)
        return DNS_LIMIT_ERROR;
    if (a->d.n[DNS_ANSWER])
        return DNS_LIMIT_ANSWER;
    return a->flags & DNS_AA ? DNS_LIMIT_EMPTY : DNS_LIMIT_REFERRAL;
}

/* Whoever shows a cookie of ours is there. */
static enum dns_limit_verdict limit(struct response *a)
{
    if (!a->s->o.limit || a->r->from->tcp || a->cookie_good)
        return DNS_LIMIT_SEND;
    uint64_t zone = a->zone ? a->zone->hash : 0;
    return dns_limit_take(a->s->o.limit, a->r->from->now_ns, &a->r->from->peer.ip, kind_of(a), zone);
}

static void count(struct response *a)
{
    struct dns_service_counters *n = &a->s->n;
    if (a->rcode < ARRAY_LEN(n->n_rcode))
        n->n_rcode[a->rcode]++;
    n->n_truncated += (a->flags & DNS_TC) != 0;
}

static size_t most_bytes(const struct dns_service *s, const struct dns_request *r, size_t size)
{
    size_t most = DNS_MESSAGE_BYTES;
    if (!r->from->tcp)
        most = !r->edns.present                     ? DNS_UDP_BYTES
               : r->edns.udp_bytes < s->o.udp_bytes ? r->edns.udp_bytes
                                                    : s->o.udp_bytes;
    return most < size ? most : size;
}

static size_t respond(struct dns_service *s, const struct dns_request *r, unsigned rcode, struct dns_asked *asked,
                      uint8_t *out, size_t size, size_t reserve)
{
    struct response a __attribute__((uninitialized));
    const struct dns_question *q = &r->question;
    a.s = s;
    a.r = r;
    a.asked = asked;
    a.flags = (uint16_t)(DNS_QR | (r->header.flags & (DNS_OPCODE | RD_CD)) | (s->o.beyond ? DNS_RA : 0));
    a.rcode = rcode;
    a.ede = DNS_EDE_NONE;
    a.zone = NULL;
    a.cookie_good = a.later = false;
    a.options = writer_of(a.option_bytes, sizeof a.option_bytes);
    dns_write_begin(&a.d, out, most_bytes(s, r, size));
    if (has_question(r) && !dns_write_question(&a.d, dns_name_bytes(&q->name), q->type, q->class_))
        return 0;
    struct dns_mark begun __attribute__((uninitialized));
    if (s->o.limit)
        begun = dns_mark(&a.d);
    if (a.rcode == DNS_NOERROR && r->edns.present)
        a.rcode = read_options(&a);
    if (a.rcode == DNS_NOERROR)
        answer_question(&a, reserve);
    if (a.later)
        return 0;
    enum dns_limit_verdict verdict = limit(&a);
    if (verdict == DNS_LIMIT_DROP) {
        s->n.n_limited++;
        return 0;
    }
    if (verdict == DNS_LIMIT_SLIP) {
        s->n.n_slipped++;
        dns_rewind(&a.d, &begun);
        a.flags = (uint16_t)((a.flags | DNS_TC) & ~DNS_AA);
        a.rcode = DNS_NOERROR;
        a.ede = DNS_EDE_NONE;
    }
    write_edns(&a);
    count(&a);
    return dns_write_end(&a.d, r->header.id, (uint16_t)(a.flags | (a.rcode & DNS_RCODE))).len;
}

/* ---- The whole ---- */

COLD size_t dns_service_plain(struct dns_service *s, const struct dns_from *from, struct bytes message, uint8_t *out,
                              size_t size, size_t reserve)
{
    struct dns_request r __attribute__((uninitialized)); /* dns_request_read sets what is looked at */
    unsigned rcode;
    if (!dns_request_read(from, message, &r, &rcode))
        return 0;
    return respond(s, &r, rcode, NULL, out, size, reserve);
}

static bool is_extra(const struct dns_request *r)
{
    return r->is_signed || opcode_of(&r->header) != DNS_QUERY || r->question.type == DNS_IXFR;
}

void dns_service_ask(struct dns_service *s, struct bytes message, struct dns_asked *a)
{
    *(a->from.tcp ? &s->n.n_tcp : &s->n.n_udp) += 1;
    a->extra = false;
    a->zone = NULL;
    a->readable = dns_request_read(&a->from, message, &a->r, &a->rcode);
    a->has_key = a->readable && a->rcode == DNS_NOERROR && has_question(&a->r);
    if (a->has_key)
        dns_key_make(&a->key, dns_name_bytes(&a->r.question.name), s->o.zones->seed);
}

size_t dns_service_tell(struct dns_service *s, struct dns_asked *a, uint8_t *out, size_t size)
{
    if (!a->readable) {
        s->n.n_dropped++;
        return 0;
    }
    a->extra = a->has_key && s->o.extra && s->o.extra->message && is_extra(&a->r);
    if (a->extra) {
        s->n.n_extra++;
        return s->o.extra->message(s->o.extra, s, &a->r, out, size);
    }
    return respond(s, &a->r, a->rcode, a->has_key ? a : NULL, out, size, 0);
}

size_t dns_service_message(struct dns_service *s, const struct dns_from *from, struct bytes message, uint8_t *out,
                           size_t size)
{
    struct dns_asked a __attribute__((uninitialized)); /* dns_service_ask sets what is looked at */
    a.from = *from;
    dns_service_ask(s, message, &a);
    return dns_service_tell(s, &a, out, size);
}

COLD bool dns_service_transfer(struct dns_service *s, const struct dns_from *from, struct bytes message,
                               struct dns_stream *to, bool *alive)
{
    struct dns_request r;
    unsigned rcode;
    if (!s->o.extra || !s->o.extra->transfer || !from->tcp)
        return false;
    if (!dns_request_read(from, message, &r, &rcode) || rcode != DNS_NOERROR || !has_question(&r))
        return false;
    if (opcode_of(&r.header) != DNS_QUERY || (r.question.type != DNS_AXFR && r.question.type != DNS_IXFR))
        return false;
    s->n.n_tcp++;
    s->n.n_extra++;
    *alive = s->o.extra->transfer(s->o.extra, s, &r, to);
    return true;
}
