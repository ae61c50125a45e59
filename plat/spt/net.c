/* SPDX-License-Identifier: ISC */
/* Net devices on descriptors of the tender's: a call of the kernel for each frame, each way.
 *
 * Where frames wait, most of what such a call takes is code that left the caches since the last one: the kernel's two ways are
 * longer than a first-level cache, and so is ours between them. So they are read some at a time, the more of them the
 * longer the queue, and what is sent while they are looked at is written behind the last of them: each way is then gone
 * several times in a row. A frame that comes alone is read and answered as it comes.
 *
 * Only of devices whose frames are short; large ones (NET_LARGE_IN) are read one by one, into the caller's buffer. */
#include "plat/spt/spt.h"

#include "wire/vnet.h"

#include <jinn/boot.h>
#include <jinn/must.h>

#include <sys/uio.h>

/* Up to here the kernel takes longer to look at a list of parts than we to put them together. */
#define SHORT_BYTES 320

enum {
    AHEAD_MAX = 16,  /* beyond that little is gained */
    BEHIND_MAX = 16, /* an answer to each */
    LINE_BYTES = 64, /* of the cache: frames begin on them */
    LONGEST_BYTES = PLAT_FRAME_BYTES + NET_HEAD_BYTES
};

#define WHOLE_LINES(bytes) (((bytes) + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES)

/* Frames that were read, of one device. */
static struct {
    unsigned index;
    unsigned n, next; /* how many; the first that was not looked at */
    unsigned more;    /* to be read at a time, beside the first */
    bool empty;       /* none waited behind them */
    struct bytes frame[AHEAD_MAX];
} ahead;
static uint8_t ahead_room[AHEAD_MAX * WHOLE_LINES(LONGEST_BYTES)] __attribute__((aligned(LINE_BYTES)));

/* Frames that are to be written, in this order. */
static struct {
    unsigned n;
    struct {
        unsigned index, len;
    } frame[BEHIND_MAX];
} behind;
static uint8_t behind_room[BEHIND_MAX][WHOLE_LINES(VNET_HEADER_BYTES + SHORT_BYTES)]
    __attribute__((aligned(LINE_BYTES)));

static uint64_t n_lost[SOLO5_ENTRIES_MAX];

/* Enum net_feature, or EXTENSION_NET_CALLED. */
static unsigned features_of(unsigned index)
{
    return given.extended ? given.extension.net_features[index] : 0;
}

static const struct extension_net_calls *calls(void)
{
    return (const struct extension_net_calls *)given.extension.net_calls;
}

const uint64_t *given_lost(unsigned index)
{
    return (features_of(index) & EXTENSION_NET_CALLED ? calls()->n_lost : n_lost) + index;
}

static bool has_header(unsigned index)
{
    return features_of(index);
}

static bool any_ahead(void)
{
    return ahead.next < ahead.n;
}

uint64_t spt_ahead(void)
{
    return any_ahead() ? UINT64_C(1) << ahead.index : 0;
}

/* ---- Sending ---- */

static void write_behind(void)
{
    unsigned n = behind.n;
    behind.n = 0;
    for (unsigned i = 0; i < n; i++) {
        unsigned index = behind.frame[i].index;
        long r = SPT_CALL(SYS_write, given.manifest.entries[index].backing, behind_room[i], behind.frame[i].len, 0);
        n_lost[index] += r < 0;
    }
}

void spt_settle(bool idle)
{
    write_behind();
    if (given.extension.net_calls)
        calls()->settle(idle && !any_ahead());
}

static const struct net_offload plain;

/* With the header, if the device has one. */
static size_t put_together(uint8_t *frame, size_t size, unsigned index, const struct net_offload *o,
                           const struct bytes *v, size_t n)
{
    size_t len = has_header(index) ? VNET_HEADER_BYTES : 0;
    struct writer w = writer_of(frame, len);
    if (len)
        vnet_emit(&w, o ? o : &plain);
    for (size_t i = 0; i < n; i++) {
        must(v[i].len <= size - len);
        memcpy(frame + len, v[i].data, v[i].len);
        len += v[i].len;
    }
    return len;
}

/* Stock tenders' filters know no writev, so the parts must become one piece. */
static COLD long send_in_one_piece(long fd, const struct bytes *v, size_t n)
{
    static uint8_t frame[PLAT_FRAME_BYTES];
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        must(v[i].len <= sizeof frame - len);
        memcpy(frame + len, v[i].data, v[i].len);
        len += v[i].len;
    }
    return SPT_CALL(SYS_write, fd, frame, len, 0);
}

static COLD long send_gathered(long fd, const struct bytes *v, size_t n)
{
    struct iovec parts[NET_PARTS_MAX];
    for (size_t i = 0; i < n; i++)
        parts[i] = (struct iovec){(void *)(uintptr_t)v[i].data, v[i].len};
    return SPT_CALL(SYS_writev, fd, parts, n, 0);
}

/* Where frames have headers the tender is ours, and its filter knows writev. */
static long send_with_header(long fd, const struct bytes *v, size_t n, const struct net_offload *o)
{
    uint8_t header[VNET_HEADER_BYTES];
    struct iovec parts[1 + NET_PARTS_MAX] __attribute__((uninitialized)); /* on each packet's way; n + 1 are set here */
    struct writer w = writer_of(header, sizeof header);
    vnet_emit(&w, o);
    parts[0].iov_base = header;
    parts[0].iov_len = sizeof header;
    for (size_t i = 0; i < n; i++) {
        parts[i + 1].iov_base = (void *)(uintptr_t)v[i].data;
        parts[i + 1].iov_len = v[i].len;
    }
    return SPT_CALL(SYS_writev, fd, parts, n + 1, 0);
}

static long send_long(long fd, bool header, const struct bytes *v, size_t n, const struct net_offload *o)
{
    if (header)
        return send_with_header(fd, v, n, o ? o : &plain);
    if (n == 1)
        return SPT_CALL(SYS_write, fd, v[0].data, v[0].len, 0);
    return given.features & EXTENSION_WRITEV ? send_gathered(fd, v, n) : send_in_one_piece(fd, v, n);
}

static enum err sent(long r)
{
    if (r >= 0)
        return OK;
    return r == SPT_EAGAIN || r == SPT_ENOBUFS ? ERR_AGAIN : ERR_IO;
}

enum err plat_net_send(unsigned index, const struct bytes *v, size_t n, const struct net_offload *o)
{
    const struct solo5_entry *e = given_device(index, SOLO5_NET);
    must(n >= 1 && n <= NET_PARTS_MAX);
    if (features_of(index) & EXTENSION_NET_CALLED)
        return calls()->send(index, v, n);
    bool later = bytes_total(v, n) <= SHORT_BYTES;
    if (!later || !any_ahead() || behind.n == BEHIND_MAX)
        write_behind();
    if (!later)
        return sent(send_long((long)e->backing, has_header(index), v, n, o));
    uint8_t *frame = behind_room[behind.n];
    size_t len = put_together(frame, sizeof behind_room[0], index, o, v, n);
    if (!any_ahead())
        return sent(SPT_CALL(SYS_write, e->backing, frame, len, 0));
    behind.frame[behind.n].index = index;
    behind.frame[behind.n++].len = (unsigned)len;
    return OK;
}

/* ---- Receiving ---- */

/* What the last call said, when there is none now. */
static long read_ahead(unsigned index, const struct solo5_entry *e)
{
    uint8_t *at = ahead_room;
    bool empty = ahead.empty && ahead.index == index;
    long r = SPT_EAGAIN;
    ahead.index = index;
    ahead.n = ahead.next = 0;
    while (!empty && ahead.n <= ahead.more && (r = SPT_CALL(SYS_read, e->backing, at, LONGEST_BYTES, 0)) > 0) {
        ahead.frame[ahead.n++] = bytes_of(at, (size_t)r);
        at += WHOLE_LINES((size_t)r);
    }
    ahead.empty = ahead.n && r == SPT_EAGAIN;
    ahead.more = r <= 0 ? 0 : ahead.n < AHEAD_MAX ? 2 * ahead.more + 1 : ahead.more;
    return r;
}

static COLD enum err no_frame(long r)
{
    if (r == 0 || r == SPT_EBADFD) {
        /* The other end of a socket pair is gone, or a tap. It would be ready for ever, and there is no network any more. */
        static const char text[] = "the host closed a network device\n";
        plat_console(text, sizeof text - 1);
        plat_exit(EXIT_DEVICE);
    }
    return r == SPT_EAGAIN ? ERR_AGAIN : ERR_IO;
}

static enum err give_frame(unsigned index, struct bytes whole, struct bytes *frame, struct net_offload *o)
{
    if (has_header(index))
        return vnet_split(whole, frame, o) ? OK : ERR_MALFORMED;
    *o = plain;
    *frame = whole;
    return OK;
}

static enum err read_one(unsigned index, const struct solo5_entry *e, uint8_t *buffer, size_t size, struct bytes *frame,
                         struct net_offload *o)
{
    long r = SPT_CALL(SYS_read, e->backing, buffer, size, 0);
    return r > 0 ? give_frame(index, bytes_of(buffer, (size_t)r), frame, o) : no_frame(r);
}

static enum err ask_for_one(unsigned index, struct bytes *frame, struct net_offload *o)
{
    *o = plain;
    enum err e = calls()->recv(index, frame);
    return e == ERR_CLOSED ? no_frame(0) : e;
}

enum err plat_net_recv(unsigned index, uint8_t *buffer, size_t size, struct bytes *frame, struct net_offload *o)
{
    const struct solo5_entry *e = given_device(index, SOLO5_NET);
    unsigned features = features_of(index);
    if (features & EXTENSION_NET_CALLED)
        return ask_for_one(index, frame, o);
    if (features & NET_LARGE_IN || (any_ahead() && ahead.index != index))
        return read_one(index, e, buffer, size, frame, o);
    if (!any_ahead()) {
        write_behind();
        long r = read_ahead(index, e);
        if (!any_ahead())
            return no_frame(r);
    }
    return give_frame(index, ahead.frame[ahead.next++], frame, o);
}
