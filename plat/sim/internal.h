/* SPDX-License-Identifier: ISC */
#ifndef SIM_INTERNAL_H
#define SIM_INTERNAL_H

#include "plat/sim/sim.h"

#include "arch/context.h"

#include <jinn/list.h>

#include <stdio.h>

#define SIM_LINKS_MAX 64
#define SIM_DISKS_MAX 64
#define SIM_SECRETS_MAX 8
#define SIM_SERVING_MAX 8
#define SIM_PORT_FRAMES 1024 /* waiting in a receiver's queue: more than any burst that a test means to survive */
#define SIM_FRAME_MAX (65536 + 14)

struct sim_rng {
    uint64_t state;
};

uint64_t sim_rng_next(struct sim_rng *r);
uint64_t sim_rng_below(struct sim_rng *r, uint64_t limit);
bool sim_rng_chance(struct sim_rng *r, uint32_t ppm);

/* A thing that will happen: a frame arrives, or a test's function is called. */
struct sim_event {
    uint64_t at_ns;
    uint64_t sequence; /* what was planned first happens first */
    void (*happen)(struct sim *s, struct sim_event *e);
};

struct sim_frame {
    struct sim_event event;
    struct list node; /* in the receiver's queue once it has arrived */
    struct sim_port *to;
    size_t len;
    uint8_t bytes[];
};

struct sim_port {
    struct sim_link *link;
    uint8_t mac[6];
    uint32_t features; /* enum net_feature */
    struct list arrived;
    size_t n_arrived;
    uint64_t busy_until_ns; /* its sender's rate */
    uint64_t last_ns;       /* when the last frame that kept its place arrives */
};

struct sim_link {
    struct sim *sim;
    struct sim_port *port[SIM_PORTS_MAX];
    size_t n;
    struct sim_faults faults;
    uint64_t pause_until_ns;
    FILE *pcap;
    struct sim_link_counters counters;
};

struct sim_disk {
    struct sim *sim;
    uint64_t bytes;
    uint32_t block_bytes;
    uint8_t *live;      /* what reads see */
    uint8_t *durable;   /* what a power cut can't take away */
    struct list unsafe; /* what was written since the last flush, oldest first */
    uint64_t n_operations, cut_at;
    struct sim_disk_faults faults;
};

struct sim_device {
    char name[PLAT_NAME_MAX + 1];
    struct sim_port *port; /* one of these two */
    struct sim_disk *disk;
};

enum sim_machine_state { SIM_NEW, SIM_WAITING, SIM_ENDED };

struct sim_machine {
    struct sim *sim;
    const char *name;
    size_t index;
    int (*boot)(int argc, char **argv); /* NULL: the host machine */
    int argc;
    char **argv;
    enum sim_machine_state state;
    struct context context;
    uint64_t deadline_ns;   /* of its plat_wait */
    uint64_t busy_until_ns; /* it does not look before */
    struct plat_stacks stacks;
    struct sim_rng entropy;
    char *console;
    size_t console_len;
    int status;
    bool stop, stop_told;
    struct sim_device device[PLAT_DEVICES_MAX];
    size_t n_devices;
    struct {
        const char *name;
        struct bytes bytes;
    } secret[SIM_SECRETS_MAX];
    size_t n_secrets;
    struct {
        char protocol[8];
        uint16_t port;
    } serving[SIM_SERVING_MAX];
    size_t n_serving;
};

struct sim {
    uint64_t now_ns;
    struct sim_rng rng;
    uint64_t trace;
    uint64_t sequence;
    struct sim_event **events; /* a binary heap, the next one first */
    size_t n_events, events_room;
    struct sim_machine *machine[SIM_MACHINES_MAX];
    size_t n_machines;
    struct sim_link *link[SIM_LINKS_MAX];
    size_t n_links;
    struct sim_disk *disk[SIM_DISKS_MAX];
    size_t n_disks;
    struct context host; /* whoever runs the machines, while one of them runs */
    bool echo;
};

/* Ends the process when there is no memory: a test has nothing better to do. */
void *sim_alloc(size_t size);
NO_RETURN void sim_misused(const char *what);

/* TAKES the event. */
void sim_plan(struct sim *s, struct sim_event *e, uint64_t at_ns);
/* The machine that runs now. */
struct sim_machine *sim_current(void);
/* Waits in the current machine, letting the others run and the time pass. */
void sim_wait(struct sim_machine *m, uint64_t deadline_ns);
NO_RETURN void sim_machine_end(struct sim_machine *m, int status);
/* The power of the current machine goes, now. */
NO_RETURN void sim_power_goes(struct sim_machine *m);
/* The devices that can be read now. */
uint64_t sim_machine_ready(const struct sim_machine *m);
struct sim_device *sim_device_add(struct sim_machine *m, const char *name);
struct sim_device *sim_device_at(unsigned index);

enum err sim_port_send(struct sim_port *p, const struct bytes *v, size_t n, const struct net_offload *o);
enum err sim_port_recv(struct sim_port *p, uint8_t *buffer, size_t size, struct bytes *frame, struct net_offload *o);
void sim_link_free(struct sim_link *l);
/* A frame that is no longer in the port's queue. */
void sim_frame_free(struct sim_port *p, struct sim_frame *f);
/* Of a device without power: what has arrived is gone. */
void sim_port_empty(struct sim_port *p);

/* GIVES segment i of a frame that stands for several; false: there is none. */
bool sim_offload_cut(const struct sim_frame *f, const struct net_offload *o, size_t i, struct sim_frame **segment);
/* What the port's device says of `first`, whose bytes are in the buffer; takes frames out of the port's queue that it
 * joins to it. How many bytes there are then. */
size_t sim_offload_join(struct sim_port *p, const struct sim_frame *first, uint8_t *buffer, size_t size,
                        struct net_offload *o);

enum err sim_disk_read(struct sim_disk *d, uint64_t offset, uint8_t *buffer, size_t len);
enum err sim_disk_write(struct sim_disk *d, uint64_t offset, const uint8_t *data, size_t len);
enum err sim_disk_flush(struct sim_disk *d);
enum err sim_disk_discard(struct sim_disk *d, uint64_t offset, uint64_t len);
/* Counts one more write, flush or discard: whether the machine's power goes during it. */
bool sim_disk_power_goes(struct sim_disk *d);
void sim_disk_cut(struct sim_disk *d);
void sim_disk_free(struct sim_disk *d);

#endif
