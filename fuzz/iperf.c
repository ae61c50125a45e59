/* SPDX-License-Identifier: ISC */
/* What clients of the iperf appliance say: heads of iperf 2, datagrams, settings of iperf3. What is found lies in the input. */
#include "appliances/iperf/datagrams.c"
#include "appliances/iperf/iperf2_head.c"
#include "appliances/iperf/iperf3_settings.c"
#include "appliances/iperf/json.c"
#include "appliances/iperf/traffic.c"

#include <jinn/must.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum datagram_format iperf3_format(const struct iperf3 *s)
{
    return s->settings.wide_sequence ? DATAGRAM_IPERF3_WIDE : DATAGRAM_IPERF3;
}

static bool inside(struct bytes part, struct bytes whole)
{
    return part.len == 0 || (part.data >= whole.data && part.len <= whole.len &&
                             (size_t)(part.data - whole.data) <= whole.len - part.len);
}

static void check_json(struct bytes text)
{
    struct reader r = json_object(text);
    struct json_member m;
    size_t n = 0;
    uint64_t value;
    while (json_next(&r, &m)) {
        must(inside(m.name, text) && inside(m.text, text));
        must(m.kind != JSON_NUMBER || m.text.len > 0);
        must(!json_unsigned(&m, 1000, &value) || value <= 1000);
        must(++n <= text.len);
    }
}

static void check_settings(struct bytes text)
{
    struct iperf3_settings s;
    if (!iperf3_settings_parse(text, &s))
        return;
    must(s.n_streams > 0 && s.n_streams <= MAX_STREAMS);
    must(s.block_bytes <= MAX_BLOCK_BYTES && s.omit_s <= MAX_OMIT_S);
}

static void check_head(struct bytes text)
{
    struct iperf2_request q;
    struct reader r = reader_of(text);
    size_t len = iperf2_head_len(read_be32(&r));
    must(len >= IPERF2_FLAGS_BYTES && len <= IPERF2_HEAD_MAX);
    iperf2_head_parse(text, &q);
    must(q.max_bytes == 0 || q.span_ns == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = bytes_of(data, size);
    uint64_t sent_ns;
    int64_t number;
    check_json(text);
    check_settings(text);
    check_head(text);
    for (int format = DATAGRAM_IPERF2; format <= DATAGRAM_IPERF3_WIDE; format++)
        must(!datagram_parse(text, (enum datagram_format)format, &sent_ns, &number) || size >= 12);
    return 0;
}
