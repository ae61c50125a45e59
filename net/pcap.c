/* SPDX-License-Identifier: ISC */
/* The file:  4 magic 0xa1b23c4d (nanoseconds)   2 major 2   2 minor 4   8 zero   4 snap length   4 link type
 * a frame:   4 seconds   4 nanoseconds   4 captured bytes   4 bytes   then the bytes. All little-endian here. */
#include <jinn/pcap.h>
#include <jinn/time.h>

#include <stdlib.h>

enum { SNAP_BYTES = 262144, LINK_ETHERNET = 1, RECORD_BYTES = 16, FILE_BYTES = 24 };

struct pcap {
    struct netdev dev;
    struct netdev *below;
    struct pcap_sink *sink;
    uint64_t (*wall_ns)(void);
};

static struct pcap *pcap_of(struct netdev *d)
{
    return CONTAINER_OF(d, struct pcap, dev);
}

static void write_file_header(struct pcap_sink *sink)
{
    uint8_t head[FILE_BYTES];
    struct writer w = writer_of(head, sizeof head);
    write_le32(&w, 0xa1b23c4d);
    write_le16(&w, 2);
    write_le16(&w, 4);
    write_le64(&w, 0);
    write_le32(&w, SNAP_BYTES);
    write_le32(&w, LINK_ETHERNET);
    sink->write(sink, writer_bytes(&w));
}

static void capture(struct pcap *p, const struct bytes *v, size_t n)
{
    uint8_t head[RECORD_BYTES];
    struct writer w = writer_of(head, sizeof head);
    uint64_t now_ns = p->wall_ns();
    uint32_t len = (uint32_t)bytes_total(v, n);
    write_le32(&w, (uint32_t)(now_ns / NS_PER_S));
    write_le32(&w, (uint32_t)(now_ns % NS_PER_S));
    write_le32(&w, len);
    write_le32(&w, len);
    p->sink->write(p->sink, writer_bytes(&w));
    for (size_t i = 0; i < n; i++)
        p->sink->write(p->sink, v[i]);
}

static enum err pcap_send(struct netdev *d, const struct bytes *v, size_t n, const struct net_offload *o)
{
    struct pcap *p = pcap_of(d);
    enum err e = p->below->ops->send(p->below, v, n, o);
    if (e == OK)
        capture(p, v, n);
    return e;
}

static enum err pcap_recv(struct netdev *d, uint8_t *buffer, size_t size, struct bytes *frame, struct net_offload *o)
{
    struct pcap *p = pcap_of(d);
    enum err e = p->below->ops->recv(p->below, buffer, size, frame, o);
    if (e == OK)
        capture(p, frame, 1);
    return e;
}

static void pcap_watch(struct netdev *d, struct waiter *w)
{
    struct pcap *p = pcap_of(d);
    p->below->ops->watch(p->below, w);
}

static const struct netdev_ops pcap_ops = {pcap_send, pcap_recv, pcap_watch};

enum err netdev_pcap(struct netdev *below, struct pcap_sink *sink, uint64_t (*wall_ns)(void), struct netdev **d)
{
    struct pcap *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_FULL;
    p->dev = (struct netdev){&pcap_ops, below->mac, below->mtu_bytes, below->features, below->n_lost};
    p->below = below;
    p->sink = sink;
    p->wall_ns = wall_ns;
    write_file_header(sink);
    *d = &p->dev;
    return OK;
}

void netdev_pcap_free(struct netdev *d)
{
    free(pcap_of(d));
}
