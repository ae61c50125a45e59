/* SPDX-License-Identifier: ISC */
/* Payload bytes go to their place in chunks of 2 KB; a bit for every 8 bytes says what came. A datagram is complete
 * when its last fragment told the length and as many units came. Whole fragments meet units that came before either
 * fully and with equal bytes (a duplicate), or the datagram dies: it stays in the table, without memory, to swallow
 * what still comes. */
#include "net/frag.h"

enum { ECN_CE = 3 };

enum err frag_init(struct frag *f, struct counters_frag *counters)
{
    f->counters = counters;
    f->n_used = 0;
    memset(f->datagram, 0, sizeof f->datagram);
    return pool_init(&f->chunks, FRAG_CHUNK_BYTES, FRAG_CHUNKS);
}

void frag_free(struct frag *f)
{
    pool_free(&f->chunks);
}

/* ---- Datagrams ---- */

static void give_chunks(struct frag *f, struct frag_datagram *d)
{
    for (size_t i = 0; i < FRAG_CHUNKS_PER_DATAGRAM; i++) {
        if (d->chunk[i])
            pool_give(&f->chunks, d->chunk[i]);
        d->chunk[i] = NULL;
    }
}

static void forget(struct frag *f, struct frag_datagram *d)
{
    give_chunks(f, d);
    d->used = false;
    f->n_used--;
}

static void kill_datagram(struct frag *f, struct frag_datagram *d, uint64_t *counter)
{
    (*counter)++;
    give_chunks(f, d);
    d->dead = true;
}

static bool is_of(const struct frag_datagram *d, const struct frag_part *h)
{
    return d->used && d->id == h->id && d->protocol == h->protocol && ip_equal(&d->src, &h->src) &&
           ip_equal(&d->dst, &h->dst);
}

/* The one that began first; a dead one goes before all others. */
static struct frag_datagram *oldest(struct frag *f, const struct frag_datagram *but)
{
    struct frag_datagram *best = NULL;
    for (size_t i = 0; i < FRAG_DATAGRAMS; i++) {
        struct frag_datagram *d = &f->datagram[i];
        if (!d->used || d == but)
            continue;
        if (!best || d->dead > best->dead || (d->dead == best->dead && d->expires_ns < best->expires_ns))
            best = d;
    }
    return best;
}

/* The oldest living one other than `but`, which holds memory. */
static struct frag_datagram *oldest_alive(struct frag *f, const struct frag_datagram *but)
{
    struct frag_datagram *best = NULL;
    for (size_t i = 0; i < FRAG_DATAGRAMS; i++) {
        struct frag_datagram *d = &f->datagram[i];
        if (d->used && !d->dead && d != but && (!best || d->expires_ns < best->expires_ns))
            best = d;
    }
    return best;
}

static struct frag_datagram *begin(struct frag *f, uint64_t now_ns, const struct frag_part *h)
{
    struct frag_datagram *d = NULL;
    for (size_t i = 0; i < FRAG_DATAGRAMS && !d; i++)
        d = f->datagram[i].used ? NULL : &f->datagram[i];
    if (!d) {
        d = oldest(f, NULL);
        if (!d->dead)
            f->counters->evicted_full++;
        forget(f, d);
    }
    *d = (struct frag_datagram){.used = true,
                                .src = h->src,
                                .dst = h->dst,
                                .id = h->id,
                                .protocol = h->protocol,
                                .expires_ns = time_after(now_ns, FRAG_TIMEOUT_NS)};
    f->n_used++;
    return d;
}

static struct frag_datagram *find_or_begin(struct frag *f, uint64_t now_ns, const struct frag_part *h)
{
    for (size_t i = 0; i < FRAG_DATAGRAMS; i++) {
        if (is_of(&f->datagram[i], h))
            return &f->datagram[i];
    }
    return begin(f, now_ns, h);
}

/* ---- Bytes ---- */

static bool has_unit(const struct frag_datagram *d, size_t unit)
{
    return d->came[unit / 64] >> (unit % 64) & 1;
}

static size_t count_units(const struct frag_datagram *d, size_t from, size_t to)
{
    size_t n = 0;
    for (size_t i = from; i < to; i++)
        n += has_unit(d, i);
    return n;
}

/* True when all the bytes are there already, and equal. All units of the range have come. */
static bool is_equal(const struct frag_datagram *d, size_t offset, struct bytes b)
{
    while (b.len) {
        struct bytes part = bytes_slice(b, 0, FRAG_CHUNK_BYTES - offset % FRAG_CHUNK_BYTES);
        if (memcmp(d->chunk[offset / FRAG_CHUNK_BYTES] + offset % FRAG_CHUNK_BYTES, part.data, part.len) != 0)
            return false;
        offset += part.len;
        b = bytes_slice(b, part.len, b.len);
    }
    return true;
}

/* Memory for chunk i, if need be from the oldest of the others. */
static bool need_chunk(struct frag *f, struct frag_datagram *d, size_t i)
{
    while (!d->chunk[i]) {
        d->chunk[i] = pool_take(&f->chunks);
        if (d->chunk[i])
            break;
        struct frag_datagram *victim = oldest_alive(f, d);
        if (!victim)
            return false;
        kill_datagram(f, victim, &f->counters->evicted_memory);
    }
    return true;
}

static bool store(struct frag *f, struct frag_datagram *d, size_t offset, struct bytes b)
{
    for (size_t unit = offset / FRAG_UNIT_BYTES; unit * FRAG_UNIT_BYTES < offset + b.len; unit++) {
        d->came[unit / 64] |= UINT64_C(1) << (unit % 64);
        d->n_units++;
    }
    while (b.len) {
        size_t i = offset / FRAG_CHUNK_BYTES;
        struct bytes part = bytes_slice(b, 0, FRAG_CHUNK_BYTES - offset % FRAG_CHUNK_BYTES);
        if (!need_chunk(f, d, i))
            return false;
        memcpy(d->chunk[i] + offset % FRAG_CHUNK_BYTES, part.data, part.len);
        offset += part.len;
        b = bytes_slice(b, part.len, b.len);
    }
    return true;
}

static struct bytes gather(struct frag *f, const struct frag_datagram *d)
{
    for (size_t at = 0; at < d->total; at += FRAG_CHUNK_BYTES) {
        size_t left = d->total - at;
        memcpy(f->whole + at, d->chunk[at / FRAG_CHUNK_BYTES], left < FRAG_CHUNK_BYTES ? left : FRAG_CHUNK_BYTES);
    }
    return bytes_of(f->whole, d->total);
}

/* ---- Input ---- */

/* What no datagram can contain: an end past 65535 (the ping of death), or a middle that is not made of units. */
static bool is_possible(const struct frag_part *p)
{
    if (p->payload.len == 0 || (p->more && p->payload.len % FRAG_UNIT_BYTES != 0))
        return false;
    return p->offset + p->payload.len <= p->most_bytes;
}

/* Whether the fragment agrees with the others about where the datagram ends. Notes what it says. */
static bool agrees(struct frag_datagram *d, const struct frag_part *h, uint32_t end)
{
    uint32_t at_least = h->more ? end + 1 : end;
    if (d->at_least < at_least)
        d->at_least = at_least;
    if (!h->more && d->total && d->total != end)
        return false;
    if (!h->more)
        d->total = end;
    return d->total == 0 || d->at_least <= d->total;
}

static void keep_header(struct frag_datagram *d, const struct frag_part *p)
{
    if (p->offset != 0 || d->header_len)
        return;
    struct bytes kept = bytes_slice(p->header, 0, sizeof d->header);
    memcpy(d->header, kept.data, kept.len);
    d->header_len = (uint8_t)kept.len;
    d->next = p->next;
    d->tos = p->tos;
}

/* Adds the fragment to its datagram; false when it changed nothing or the datagram died of it. */
static bool add(struct frag *f, struct frag_datagram *d, const struct frag_part *h)
{
    size_t first = h->offset / FRAG_UNIT_BYTES;
    size_t last = (h->offset + h->payload.len + FRAG_UNIT_BYTES - 1) / FRAG_UNIT_BYTES;
    if (!agrees(d, h, (uint32_t)(h->offset + h->payload.len))) {
        kill_datagram(f, d, &f->counters->malformed);
        return false;
    }
    size_t n_came = count_units(d, first, last);
    if (n_came == last - first && is_equal(d, h->offset, h->payload)) {
        f->counters->duplicates++;
        return false;
    }
    if (n_came) {
        kill_datagram(f, d, &f->counters->overlaps);
        return false;
    }
    if (++d->n_fragments > FRAG_FRAGMENTS) {
        kill_datagram(f, d, &f->counters->too_many);
        return false;
    }
    if (!store(f, d, h->offset, h->payload)) {
        kill_datagram(f, d, &f->counters->evicted_memory);
        return false;
    }
    keep_header(d, h);
    d->congested |= (h->tos & ECN_CE) == ECN_CE;
    return true;
}

bool frag_input(struct frag *f, uint64_t now_ns, struct frag_part *p)
{
    f->counters->in++;
    if (!is_possible(p)) {
        f->counters->malformed++;
        return false;
    }
    struct frag_datagram *d = find_or_begin(f, now_ns, p);
    if (d->dead) {
        f->counters->poisoned++;
        return false;
    }
    if (!add(f, d, p))
        return false;
    if (!d->total || d->n_units * FRAG_UNIT_BYTES < d->total)
        return false;
    f->counters->reassembled++;
    p->payload = gather(f, d);
    p->header = bytes_of(d->header, d->header_len);
    p->next = d->next;
    p->tos = d->congested ? d->tos | ECN_CE : d->tos;
    forget(f, d);
    return true;
}

/* ---- Time ---- */

uint64_t frag_deadline(const struct frag *f)
{
    uint64_t at = TIME_NEVER;
    if (f->n_used == 0)
        return at;
    for (size_t i = 0; i < FRAG_DATAGRAMS; i++) {
        if (f->datagram[i].used)
            at = time_min(at, f->datagram[i].expires_ns);
    }
    return at;
}

bool frag_expire(struct frag *f, uint64_t now_ns, struct bytes *header, struct bytes *payload)
{
    for (size_t i = 0; f->n_used && i < FRAG_DATAGRAMS; i++) {
        struct frag_datagram *d = &f->datagram[i];
        if (!d->used || d->expires_ns > now_ns)
            continue;
        bool tell = !d->dead && d->header_len;
        f->counters->timeouts += !d->dead;
        if (tell) {
            memcpy(f->whole, d->chunk[0], FRAG_UNIT_BYTES);
            *payload = bytes_of(f->whole, FRAG_UNIT_BYTES);
            *header = bytes_of(d->header, d->header_len);
        }
        forget(f, d);
        if (tell)
            return true;
    }
    return false;
}
