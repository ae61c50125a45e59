/* SPDX-License-Identifier: ISC */
/* The contract, for whichever machine runs now. */
#include "plat/sim/internal.h"

#include <jinn/boot.h>
#include <jinn/must.h>
#include <jinn/time.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

uint64_t plat_clock_ns(void)
{
    return sim_current()->sim->now_ns;
}

uint64_t plat_wall_ns(void)
{
    return SIM_EPOCH_S * NS_PER_S + sim_current()->sim->now_ns - SIM_START_NS;
}

uint64_t plat_wait(uint64_t deadline_ns)
{
    struct sim_machine *m = sim_current();
    sim_wait(m, deadline_ns);
    uint64_t ready = sim_machine_ready(m);
    m->stop_told = m->stop;
    return ready;
}

void plat_console(const char *text, size_t len)
{
    struct sim_machine *m = sim_current();
    if (m->sim->echo)
        fprintf(stderr, "[%s] %.*s", m->name, (int)len, text);
    char *grown = realloc(m->console, m->console_len + len + 1);
    if (!grown)
        sim_misused("no memory");
    m->console = grown;
    memcpy(grown + m->console_len, text, len);
    m->console_len += len;
    grown[m->console_len] = '\0';
}

enum err plat_secret(const char *name, struct bytes *secret)
{
    const struct sim_machine *m = sim_current();
    for (size_t i = 0; i < m->n_secrets; i++) {
        if (strcmp(m->secret[i].name, name) != 0)
            continue;
        *secret = m->secret[i].bytes;
        return OK;
    }
    return ERR_NOT_FOUND;
}

void plat_serving(const char *protocol, uint16_t port)
{
    struct sim_machine *m = sim_current();
    if (sim_serves(m, protocol, port))
        return; /* it was closed and opened again */
    if (m->n_serving == SIM_SERVING_MAX || strlen(protocol) >= sizeof m->serving[0].protocol)
        sim_misused("too much is served");
    memcpy(m->serving[m->n_serving].protocol, protocol, strlen(protocol) + 1);
    m->serving[m->n_serving++].port = port;
}

void plat_exit(int status)
{
    struct sim_machine *m = sim_current();
    if (m->boot)
        sim_machine_end(m, status);
    exit(status);
}

void plat_abort(const char *text)
{
    struct sim_machine *m = sim_current();
    if (m->boot) {
        plat_console(text, strlen(text));
        plat_console("\n", 1);
        sim_machine_end(m, EXIT_BUG);
    }
    (void)!write(STDERR_FILENO, text, strlen(text));
    (void)!write(STDERR_FILENO, "\n", 1);
    _exit(EXIT_BUG);
}

enum err plat_entropy(uint8_t seed[static PLAT_SEED_BYTES])
{
    struct sim_machine *m = sim_current();
    for (size_t i = 0; i < PLAT_SEED_BYTES; i += sizeof(uint64_t)) {
        uint64_t v = sim_rng_next(&m->entropy);
        memcpy(seed + i, &v, sizeof v);
    }
    return OK;
}

bool plat_seeded(void)
{
    return true;
}

struct plat_memory plat_heap(void)
{
    return (struct plat_memory){NULL, 0};
}

struct plat_stacks plat_stacks(void)
{
    return sim_current()->stacks;
}

struct sim_device *sim_device_add(struct sim_machine *m, const char *name)
{
    if (m->n_devices == PLAT_DEVICES_MAX || strlen(name) > PLAT_NAME_MAX)
        sim_misused("too many devices, or too long a name");
    struct sim_device *d = &m->device[m->n_devices++];
    memcpy(d->name, name, strlen(name) + 1);
    return d;
}

struct sim_device *sim_device_at(unsigned index)
{
    struct sim_machine *m = sim_current();
    must(index < m->n_devices);
    return &m->device[index];
}

static struct sim_device *device_named(const char *name)
{
    struct sim_machine *m = sim_current();
    for (size_t i = 0; i < m->n_devices; i++) {
        if (strcmp(m->device[i].name, name) == 0)
            return &m->device[i];
    }
    return NULL;
}

enum err plat_net_open(const char *name, struct plat_net_info *info)
{
    const struct sim_device *d = device_named(name);
    if (!d || !d->port)
        return ERR_NOT_FOUND;
    *info = (struct plat_net_info){
        .index = (unsigned)(d - sim_current()->device), .mtu_bytes = 1500, .features = d->port->features};
    memcpy(info->mac, d->port->mac, sizeof info->mac);
    return OK;
}

enum err plat_net_send(unsigned index, const struct bytes *v, size_t n, const struct net_offload *o)
{
    const struct sim_device *d = sim_device_at(index);
    must(d->port && n <= NET_PARTS_MAX);
    return sim_port_send(d->port, v, n, o);
}

enum err plat_net_recv(unsigned index, uint8_t *buffer, size_t size, struct bytes *frame, struct net_offload *o)
{
    const struct sim_device *d = sim_device_at(index);
    must(d->port);
    return sim_port_recv(d->port, buffer, size, frame, o);
}

enum err plat_block_open(const char *name, struct plat_block_info *info)
{
    const struct sim_device *d = device_named(name);
    if (!d || !d->disk)
        return ERR_NOT_FOUND;
    *info = (struct plat_block_info){(unsigned)(d - sim_current()->device), d->disk->bytes, d->disk->block_bytes};
    return OK;
}

enum err plat_block_read(unsigned index, uint64_t offset, uint8_t *buffer, size_t len)
{
    const struct sim_device *d = sim_device_at(index);
    must(d->disk);
    return sim_disk_read(d->disk, offset, buffer, len);
}

enum err plat_block_write(unsigned index, uint64_t offset, const uint8_t *data, size_t len)
{
    const struct sim_device *d = sim_device_at(index);
    must(d->disk);
    bool last = sim_disk_power_goes(d->disk);
    enum err e = sim_disk_write(d->disk, offset, data, len);
    if (last)
        sim_power_goes(sim_current());
    return e;
}

enum err plat_block_flush(unsigned index)
{
    const struct sim_device *d = sim_device_at(index);
    must(d->disk);
    bool last = sim_disk_power_goes(d->disk);
    enum err e = !last || sim_rng_below(&d->disk->sim->rng, 2) ? sim_disk_flush(d->disk) : OK;
    if (last)
        sim_power_goes(sim_current());
    return e;
}

enum err plat_block_discard(unsigned index, uint64_t offset, uint64_t len)
{
    const struct sim_device *d = sim_device_at(index);
    must(d->disk);
    bool last = sim_disk_power_goes(d->disk);
    enum err e = sim_disk_discard(d->disk, offset, len);
    if (last)
        sim_power_goes(sim_current());
    return e;
}

enum err plat_kv_directory(const char *path, struct kv **kv)
{
    (void)path, (void)kv;
    return ERR_UNSUPPORTED;
}
