/* SPDX-License-Identifier: ISC */
#include "tender/device.h"
#include "tender/fail.h"
#include "tender/kind.h"
#include "tender/tender.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_BYTES_LEAST 512
#define BLOCK_BYTES_MOST 32768 /* the manifest has 16 bits for it */
#define BLOCK_BYTES_DEFAULT 512

static const char *kind_text(uint32_t type)
{
    return type == SOLO5_NET ? "net" : "block";
}

/* Both sides must want it: the image says so in its manifest. */
static bool may_offload(struct tender *t, const struct solo5_entry *e)
{
    const struct option *o = options_find(&t->options, OPTION_NET_OFFLOAD, e->name);
    bool off = o && strcmp(o->value, "off") == 0;
    if (o && !off && strcmp(o->value, "on") != 0)
        fail(FAIL_USAGE, "--net-offload:%s=%s: write on or off", e->name, o->value);
    return !off && t->jinn && t->jinn->features & EXTENSION_NET_OFFLOAD;
}

static void open_xdp(struct tender *t, const struct solo5_entry *e, const char *value, struct net_device *d)
{
    if (!tender_kind.open_xdp)
        fail(FAIL_DEVICE, "--net:%s=%s: only spt images have AF_XDP; give this one a tap", e->name, value);
    tender_kind.open_xdp(t, e, value + 4, d);
}

static void open_net(struct tender *t, struct solo5_entry *e, struct option *o)
{
    int given = option_descriptor(o->value);
    bool offload = may_offload(t, e);
    struct net_device d = {.fd = -1};
    if (o->value[0] == '@' && given < 0)
        fail(FAIL_USAGE, "--net:%s=%s: write @ and the number of an open descriptor", e->name, o->value);
    if (strncmp(o->value, "xdp:", 4) == 0)
        open_xdp(t, e, o->value, &d);
    else if (given >= 0)
        net_device_take(e->name, given, offload, &d);
    else
        net_device_open(e->name, o->value, offload, &d);
    struct option *mac = options_find(&t->options, OPTION_NET_MAC, e->name);
    if (mac && !net_device_mac_parse(mac->value, e->mac))
        fail(FAIL_USAGE, "--net-mac:%s=%s: write six bytes in hexadecimal, as in 02:00:00:12:34:56, the first one even",
             e->name, mac->value);
    if (!mac && d.mac[0] | d.mac[1] | d.mac[2] | d.mac[3] | d.mac[4] | d.mac[5])
        memcpy(e->mac, d.mac, sizeof d.mac);
    else if (!mac)
        net_device_mac_random(e->mac);
    e->mtu_bytes = d.mtu_bytes;
    t->net_features[e - t->manifest.entries] = d.features;
    tender_stage(t, TENDER_FD_DEVICE + (int)(e - t->manifest.entries), d.fd);
}

static uint16_t block_bytes(struct tender *t, const struct solo5_entry *e)
{
    struct option *o = options_find(&t->options, OPTION_BLOCK_SIZE, e->name);
    uint64_t bytes = BLOCK_BYTES_DEFAULT;
    if (o && (!bytes_decimal(bytes_str(o->value), BLOCK_BYTES_MOST, &bytes) || bytes < BLOCK_BYTES_LEAST ||
              (bytes & (bytes - 1)) != 0))
        fail(FAIL_USAGE, "--block-sector-size:%s=%s: write a power of two from 512 to 32768", e->name, o->value);
    return (uint16_t)bytes;
}

/* Two images that write to one file would destroy it, so the second one is refused. */
static int open_block_file(const struct solo5_entry *e, const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct stat s;
    if (fd < 0)
        fail(FAIL_DEVICE, "--block:%s=%s: can't open it for reading and writing: %s", e->name, path, strerror(errno));
    if (fstat(fd, &s) != 0 || (!S_ISREG(s.st_mode) && !S_ISBLK(s.st_mode)))
        fail(FAIL_DEVICE, "--block:%s=%s: this is neither a file nor a block device", e->name, path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        fail(FAIL_DEVICE, "--block:%s=%s: another image has it; stop that one first", e->name, path);
    return fd;
}

static void open_block(struct tender *t, struct solo5_entry *e, const struct option *o)
{
    int fd = open_block_file(e, o->value);
    e->block_bytes = block_bytes(t, e);
    off_t capacity = lseek(fd, 0, SEEK_END);
    if (capacity < e->block_bytes || capacity % e->block_bytes)
        fail(FAIL_DEVICE,
             "--block:%s=%s: its size of %lld bytes is not a multiple of its block size, %u; make it so with "
             "`truncate`",
             e->name, o->value, (long long)capacity, e->block_bytes);
    e->capacity_bytes = (uint64_t)capacity;
    tender_stage(t, TENDER_FD_DEVICE + (int)(e - t->manifest.entries), fd);
}

/* An option of a device that isn't there would be a mistake. */
static bool left_out(struct tender *t, const struct solo5_entry *e)
{
    return solo5_optional(&t->manifest, t->jinn, (size_t)(e - t->manifest.entries)) &&
           !options_find(&t->options, OPTION_BLOCK_SIZE, e->name);
}

static void open_device(struct tender *t, struct solo5_entry *e)
{
    bool net = e->type == SOLO5_NET;
    struct option *o = options_find(&t->options, net ? OPTION_NET : OPTION_BLOCK, e->name);
    if (!o && left_out(t, e))
        return;
    if (!o)
        fail(FAIL_DEVICE, "%s: its %s device %s is not attached; add --%s:%s=%s", t->options.image, kind_text(e->type),
             e->name, kind_text(e->type), e->name, net ? "INTERFACE" : "FILE");
    if (net)
        open_net(t, e, o);
    else
        open_block(t, e, o);
    e->attached = true;
    e->backing = (uint64_t)(TENDER_FD_DEVICE + (e - t->manifest.entries));
}

static void check_names(struct tender *t)
{
    for (size_t i = 0; i < t->options.n; i++) {
        const struct option *o = &t->options.list[i];
        if (o->kind == OPTION_SECRET)
            continue;
        bool net = o->kind == OPTION_NET || o->kind == OPTION_NET_MAC || o->kind == OPTION_NET_OFFLOAD;
        uint32_t type = net ? SOLO5_NET : SOLO5_BLOCK;
        if (!solo5_find(&t->manifest, o->name, type))
            fail(FAIL_DEVICE, "%s: its manifest has no %s device %.*s; leave the option out", t->options.image,
                 kind_text(type), (int)o->name.len, (const char *)o->name.data);
    }
}

void tender_open_devices(struct tender *t)
{
    check_names(t);
    for (size_t i = 0; i < t->manifest.n; i++) {
        struct solo5_entry *e = &t->manifest.entries[i];
        if (e->type == SOLO5_NET || e->type == SOLO5_BLOCK)
            open_device(t, e);
        else if (e->type < SOLO5_RESERVED)
            fail(FAIL_IMAGE, "%s: device %s is of a type that this tender does not know", t->options.image, e->name);
    }
}
