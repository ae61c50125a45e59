/* SPDX-License-Identifier: ISC */
#include "iperf3.h"
#include "json.h"

#define MAX_BLOCK_BYTES (1024 * 1024) /* iperf3's own limits */
#define MAX_OMIT_S 600
#define MAX_STREAMS 128

static bool is(const struct json_member *m, const char *name)
{
    return bytes_equal(m->name, bytes_str(name));
}

static bool set_number(const struct json_member *m, struct iperf3_settings *s)
{
    uint64_t n = 0;
    if (is(m, "parallel")) {
        bool good = json_unsigned(m, MAX_STREAMS, &n) && n > 0;
        s->n_streams = (uint32_t)n;
        return good;
    }
    if (is(m, "omit")) {
        bool good = json_unsigned(m, MAX_OMIT_S, &n);
        s->omit_s = (uint32_t)n;
        return good;
    }
    if (is(m, "len")) {
        bool good = json_unsigned(m, MAX_BLOCK_BYTES, &n);
        s->block_bytes = (size_t)n;
        return good;
    }
    return !is(m, "bandwidth") || json_unsigned(m, UINT64_MAX, &s->rate_bps);
}

/* These are there or not there, whatever their value. */
static void set_flag(const struct json_member *m, struct iperf3_settings *s)
{
    s->udp = s->udp || is(m, "udp");
    s->reverse = s->reverse || is(m, "reverse");
    s->both = s->both || is(m, "bidirectional");
    s->wide_sequence = s->wide_sequence || is(m, "udp_counters_64bit");
}

bool iperf3_settings_parse(struct bytes text, struct iperf3_settings *s)
{
    struct reader r = json_object(text);
    struct json_member m;
    *s = (struct iperf3_settings){.n_streams = 1};
    while (json_next(&r, &m)) {
        set_flag(&m, s);
        if (is(&m, "sctp") || !set_number(&m, s))
            return false;
    }
    return reader_good(&r);
}

static void write_stream(struct writer *w, const struct iperf3 *s, uint32_t i)
{
    const struct iperf3_stream *stream = &s->stream[i];
    const uint64_t us = (s->end_ns - s->begin_ns) / NS_PER_US;
    const uint64_t jitter_ns = stream->meter.jitter_ns;
    write_format(w, "%s{\"id\":%u,\"bytes\":%llu,\"retransmits\":-1,", i ? "," : "",
                 i ? i + 2 : 1, /* iperf3 counts 1, 3, 4, ... */
                 (unsigned long long)stream->bytes);
    write_format(w, "\"jitter\":%llu.%09llu,\"errors\":%llu,\"packets\":%llu,",
                 (unsigned long long)(jitter_ns / NS_PER_S), (unsigned long long)(jitter_ns % NS_PER_S),
                 (unsigned long long)stream->meter.n_lost, (unsigned long long)stream->meter.n_highest);
    write_format(w, "\"start_time\":0,\"end_time\":%llu.%06llu}", (unsigned long long)(us / 1000000),
                 (unsigned long long)(us % 1000000));
}

struct bytes iperf3_results(struct iperf3 *s)
{
    struct writer w = writer_of(s->text, sizeof s->text);
    const bool receives = !s->settings.reverse && !s->settings.both;
    /* How busy the processor was is not known in here. */
    write_format(&w, "{\"cpu_util_total\":0,\"cpu_util_user\":0,\"cpu_util_system\":0,\"sender_has_retransmits\":%d,",
                 receives ? -1 : 0);
    write_str(&w, "\"streams\":[");
    for (uint32_t i = 0; i < s->n_streams; i++)
        write_stream(&w, s, i);
    write_str(&w, "]}");
    return writer_good(&w) ? writer_bytes(&w) : bytes_str("{}");
}
