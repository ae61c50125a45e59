/* SPDX-License-Identifier: ISC */
/* The simulator: machines, a network between them, disks and a clock, all in one process and all virtual. Time passes
 * only when every machine waits, and then jumps to what happens next. All chance comes from one seed, so
 * one seed replays one run, byte for byte and nanosecond for nanosecond.
 *
 * A machine is an appliance built as one relocatable object of its own (see mk/sim.mk). A program that
 * uses the library without one (most unit tests) is itself a machine, made on first use: the host machine of the
 * default simulation, whose seed is 1. Its plat_wait runs the others.
 *
 * Everything here belongs to the simulation and lives until sim_free. Misuse and lack of memory end the process. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <jinn/bytes.h>
#include <jinn/plat.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_EPOCH_S UINT64_C(1577836800)  /* the wall clock at the start: 2020-01-01 */
#define SIM_START_NS UINT64_C(1000000000) /* the clock at the start: 0 is in the past */

struct sim;
struct sim_machine;
struct sim_link;
struct sim_disk;

struct sim *sim_new(uint64_t seed);
void sim_free(struct sim *s);
/* The simulation that the host machine is in, and that machine. */
struct sim *sim_default(void);
struct sim_machine *sim_host(void);

uint64_t sim_now(const struct sim *s);
/* Random numbers from the simulation's seed, for tests that want chance of their own. */
uint64_t sim_random(struct sim *s);
/* A hash over every frame that was delivered, to whom and when: equal for equal runs. */
uint64_t sim_trace(const struct sim *s);

/* ---- Machines ---- */

#define SIM_MACHINES_MAX 64
#define SIM_RUNNING (-1) /* sim_status: has not ended */
#define SIM_POWER_CUT (-2)

/* `entry` is the function sim_boot_NAME of the machine's object. `arguments` are those after its name, up to a NULL;
 * may be NULL. BORROWS the name and the arguments for as long as it runs. It starts with the next sim_run. */
struct sim_machine *sim_machine_add(struct sim *s, const char *name, int (*entry)(int argc, char **argv),
                                    const char *const *arguments);
/* Runs until every machine has ended or the clock reaches `until_ns`. True: all have ended. False also when all that
 * are left wait for what can't come. */
bool sim_run(struct sim *s, uint64_t until_ns);
/* The exit status, SIM_RUNNING or SIM_POWER_CUT. */
int sim_status(const struct sim_machine *m);
/* What it wrote to its console so far, NUL-terminated. With SIM_ECHO in the environment it is also printed. */
const char *sim_console(const struct sim_machine *m);
/* Whether it said that it serves, e.g. "tcp", 80. */
bool sim_serves(const struct sim_machine *m, const char *protocol, uint16_t port);
/* As --key-file NAME=FILE. BORROWS. At most 8. */
void sim_secret_add(struct sim_machine *m, const char *name, struct bytes secret);
/* SIGTERM. */
void sim_stop(struct sim_machine *m);
/* It never runs again, and its disks keep only what a power cut leaves. */
void sim_power_cut(struct sim_machine *m);
/* The power is back: a machine of the same name, arguments, devices (address of the net device, content of the disk) and secrets
 * as one that ended. `entry` is that of another copy of the object (mk/sim.mk), since each boots once in a process. */
struct sim_machine *sim_power_on(struct sim_machine *dead, int (*entry)(int argc, char **argv));
/* Calls fn(arg) at that time, between the machines. */
void sim_at(struct sim *s, uint64_t at_ns, void (*fn)(void *arg), void *arg);

/* Runs fn(arg) in a child process: true when it ended by plat_abort, whose line is put into `text`. */
bool sim_aborts(void (*fn)(void *arg), void *arg, char *text, size_t size);

/* Runs fn(arg, result) in a child process, which brings its result back. A machine's object boots once in a process,
 * since its static data keeps what it did; a test that wants several runs makes a child of each. False: the
 * child died. */
bool sim_in_child(void (*fn)(void *arg, void *result), void *arg, void *result, size_t size);

/* ---- Network ---- */

#define SIM_PORTS_MAX 32

/* What goes wrong on a link, drawn anew for every frame and every receiver. Per million where it says ppm. */
struct sim_faults {
    uint32_t loss_ppm;
    uint32_t duplicate_ppm;
    uint32_t corrupt_ppm; /* one bit is flipped */
    uint32_t reorder_ppm; /* held back by reorder_ns, so that later ones overtake it */
    uint64_t delay_ns;    /* at least a microsecond is always added */
    uint64_t jitter_ns;   /* up to this much more; keeps the order */
    uint64_t reorder_ns;
    uint64_t rate_bps;    /* bits per second of each sender; 0: no limit */
    uint32_t queue_bytes; /* a sender's queue before the rate; 0: 64 KB. What does not fit is ERR_AGAIN */
    uint16_t mtu_bytes;   /* longer IP packets vanish; 0: none do */
    bool mtu_tells;       /* not without a word: an IPv4 packet's sender is told how long it may be (RFC 1191) */
    uint32_t mtu_ports;   /* they vanish on the way to these only, a bit each in the order of attaching; 0: to all */
};

/* A switch: a frame goes to the port with its destination's address, to all others when none has it. */
struct sim_link *sim_link_add(struct sim *s);
/* Gives the machine a net device of this name on the link. Two devices of one machine may be on it. */
void sim_attach(struct sim_link *l, struct sim_machine *m, const char *device);
/* A device with these features (enum net_feature): it cuts and sums what it is given, so that the link carries, captures and
 * spoils what a wire would; and of what waits it joins what follows on one another. */
void sim_attach_offload(struct sim_link *l, struct sim_machine *m, const char *device, uint32_t features);
/* From now on; zeroes for a perfect link. */
void sim_link_faults(struct sim_link *l, const struct sim_faults *f);
/* What is under way arrives when the pause is over, not before. */
void sim_link_pause(struct sim_link *l, uint64_t until_ns);
/* Writes all frames that are sent, before any fault, to a file for Wireshark. */
void sim_link_pcap(struct sim_link *l, const char *path);

struct sim_link_counters {
    uint64_t n_sent, n_delivered;
    uint64_t n_lost, n_duplicated, n_corrupted, n_reordered, n_too_long;
    uint64_t n_told;     /* of those that were too long, whose senders were told */
    uint64_t n_refused;  /* the sender's queue was full */
    uint64_t n_overflow; /* the receiver's queue was full */
};
struct sim_link_counters sim_link_counters(const struct sim_link *l);

/* ---- Disks ---- */

struct sim_disk_faults {
    uint32_t read_error_ppm;
    uint32_t write_error_ppm;
    uint32_t flush_error_ppm;
    bool torn;       /* a power cut may leave a part of a block old and the rest new */
    bool no_discard; /* it can't */
    bool flush_lies; /* a flush says that all is safe, and nothing is: a check of what survives must find that */
};

struct sim_disk *sim_disk_add(struct sim *s, uint64_t bytes, uint32_t block_bytes);
/* As the block device of this name. After a power cut it can go to another machine. */
void sim_disk_attach(struct sim_disk *d, struct sim_machine *m, const char *device);
void sim_disk_faults(struct sim_disk *d, const struct sim_disk_faults *f);
/* The power of the machine that has it goes during its n-th write, flush or discard from now on (1: the next): what is
 * under way gets there, or not, or some blocks of it do. 0: no more. Once: a cut ends it. */
void sim_disk_cut_at(struct sim_disk *d, uint64_t n);
/* Writes, flushes and discards so far. */
uint64_t sim_disk_operations(const struct sim_disk *d);
/* The content as the machine sees it. */
uint8_t *sim_disk_data(struct sim_disk *d);

#endif
