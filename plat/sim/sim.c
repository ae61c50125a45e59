/* SPDX-License-Identifier: ISC */
/* The clock, what is planned, and who runs when. */
#include "plat/sim/internal.h"

#include <jinn/boot.h>
#include <jinn/time.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOOT_STACK_BYTES (512 * 1024) /* sanitizers make frames large */
#define STACK_BYTES (128 * 1024)
#define STACKS 256
#define GUARD_BYTES 4096
#define ROUND_NS 1000 /* what a machine needs between two waits: who polls, or leaves frames lying, lets time pass */

static struct sim *default_sim;
static struct sim_machine *current;

void *sim_alloc(size_t size)
{
    void *p = calloc(1, size);
    if (!p)
        sim_misused("no memory");
    return p;
}

void sim_misused(const char *what)
{
    fprintf(stderr, "sim: %s\n", what);
    abort();
}

/* ---- Chance: splitmix64 ---- */

uint64_t sim_rng_next(struct sim_rng *r)
{
    uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t sim_rng_below(struct sim_rng *r, uint64_t limit)
{
    return limit ? sim_rng_next(r) % limit : 0;
}

bool sim_rng_chance(struct sim_rng *r, uint32_t ppm)
{
    return ppm && sim_rng_below(r, 1000000) < ppm;
}

/* ---- Events ---- */

static bool earlier(const struct sim_event *a, const struct sim_event *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->sequence < b->sequence;
}

void sim_plan(struct sim *s, struct sim_event *e, uint64_t at_ns)
{
    e->at_ns = at_ns;
    e->sequence = s->sequence++;
    if (s->n_events == s->events_room) {
        s->events_room = s->events_room ? 2 * s->events_room : 64;
        s->events = realloc(s->events, s->events_room * sizeof *s->events);
        if (!s->events)
            sim_misused("no memory");
    }
    size_t i = s->n_events++;
    for (; i > 0 && earlier(e, s->events[(i - 1) / 2]); i = (i - 1) / 2)
        s->events[i] = s->events[(i - 1) / 2];
    s->events[i] = e;
}

static struct sim_event *event_pop(struct sim *s)
{
    struct sim_event *first = s->events[0], *last = s->events[--s->n_events];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < s->n_events; i = child) {
        if (child + 1 < s->n_events && earlier(s->events[child + 1], s->events[child]))
            child++;
        if (!earlier(s->events[child], last))
            break;
        s->events[i] = s->events[child];
    }
    s->events[i] = last;
    return first;
}

struct sim_call {
    struct sim_event event;
    void (*fn)(void *arg);
    void *arg;
};

static void call_happens(struct sim *s, struct sim_event *e)
{
    struct sim_call *call = CONTAINER_OF(e, struct sim_call, event);
    (void)s;
    call->fn(call->arg);
    free(call);
}

void sim_at(struct sim *s, uint64_t at_ns, void (*fn)(void *arg), void *arg)
{
    struct sim_call *call = sim_alloc(sizeof *call);
    *call = (struct sim_call){.event.happen = call_happens, .fn = fn, .arg = arg};
    sim_plan(s, &call->event, at_ns);
}

/* ---- Machines ---- */

static uint8_t *map(size_t len)
{
    void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        sim_misused("no memory for stacks");
    sanitizer_root(p, len);
    return p;
}

static struct plat_stacks map_stacks(void)
{
    const size_t stride = STACK_BYTES + GUARD_BYTES;
    uint8_t *area = map(stride * STACKS);
    for (size_t i = 0; i < STACKS; i++)
        mprotect(area + i * stride, GUARD_BYTES, PROT_NONE);
    return (struct plat_stacks){area + GUARD_BYTES, STACK_BYTES, stride, STACKS};
}

static struct sim_machine *machine_new(struct sim *s, const char *name)
{
    if (s->n_machines == SIM_MACHINES_MAX)
        sim_misused("too many machines");
    struct sim_machine *m = sim_alloc(sizeof *m);
    m->sim = s;
    m->name = name;
    m->index = s->n_machines;
    m->status = SIM_RUNNING;
    m->entropy.state = sim_rng_next(&s->rng);
    m->console = sim_alloc(1);
    m->stacks = map_stacks();
    s->machine[s->n_machines++] = m;
    return m;
}

struct sim_machine *sim_current(void)
{
    return current ? current : sim_host();
}

struct sim_machine *sim_host(void)
{
    return sim_default()->machine[0];
}

struct sim *sim_default(void)
{
    if (!default_sim) {
        default_sim = sim_new(1);
        machine_new(default_sim, "host")->state = SIM_WAITING;
        default_sim->machine[0]->deadline_ns = TIME_NEVER;
    }
    return default_sim;
}

static void machine_main(void *arg)
{
    struct sim_machine *m = arg;
    context_arrived(&m->sim->host);
    sim_machine_end(m, m->boot(m->argc, m->argv));
}

/* May be called on one of the machine's fibers, which is then left as it is. */
void sim_machine_end(struct sim_machine *m, int status)
{
    m->status = status;
    m->state = SIM_ENDED;
    context_leave_for_good(&m->context, &m->sim->host);
}

static char **copy_arguments(const char *name, const char *const *arguments, int *argc)
{
    int n = 0;
    while (arguments && arguments[n])
        n++;
    char **argv = sim_alloc(((size_t)n + 2) * sizeof *argv);
    argv[0] = strdup(name);
    for (int i = 0; i < n; i++)
        argv[i + 1] = strdup(arguments[i]);
    *argc = n + 1;
    return argv;
}

struct sim_machine *sim_machine_add(struct sim *s, const char *name, int (*entry)(int argc, char **argv),
                                    const char *const *arguments)
{
    struct sim_machine *m = machine_new(s, name);
    m->boot = entry;
    m->argv = copy_arguments(name, arguments, &m->argc);
    uint8_t *stack = map(BOOT_STACK_BYTES + GUARD_BYTES);
    mprotect(stack, GUARD_BYTES, PROT_NONE);
    stack += GUARD_BYTES;
    context_init(&m->context, stack, BOOT_STACK_BYTES, stack + BOOT_STACK_BYTES, machine_main, m);
    return m;
}

uint64_t sim_machine_ready(const struct sim_machine *m)
{
    uint64_t ready = m->stop ? PLAT_READY_STOP : 0;
    for (size_t i = 0; i < m->n_devices; i++) {
        if (m->device[i].port && m->device[i].port->n_arrived)
            ready |= UINT64_C(1) << i;
    }
    return ready;
}

/* When a machine that waits goes on, if nothing happens until then. */
static uint64_t wakes_at(const struct sim_machine *m)
{
    bool news = (sim_machine_ready(m) & ~PLAT_READY_STOP) || (m->stop && !m->stop_told);
    return news || m->deadline_ns < m->busy_until_ns ? m->busy_until_ns : m->deadline_ns;
}

static bool can_go_on(const struct sim_machine *m)
{
    if (m->state == SIM_NEW)
        return true;
    if (m->state == SIM_ENDED)
        return false;
    return wakes_at(m) <= m->sim->now_ns;
}

static void enter(struct sim_machine *m)
{
    struct sim_machine *before = current;
    current = m;
    context_go(&m->sim->host, &m->context);
    current = before;
}

static bool run_machines(struct sim *s)
{
    bool any = false;
    for (size_t i = 0; i < s->n_machines; i++) {
        struct sim_machine *m = s->machine[i];
        if (!m->boot || !can_go_on(m))
            continue;
        enter(m);
        any = true;
    }
    return any;
}

/* Lets the time pass to what comes next, at most to `until_ns`. False: nothing will come before that. */
static bool advance(struct sim *s, uint64_t until_ns)
{
    uint64_t next = s->n_events ? s->events[0]->at_ns : TIME_NEVER;
    for (size_t i = 0; i < s->n_machines; i++) {
        if (s->machine[i]->state == SIM_WAITING)
            next = time_min(next, wakes_at(s->machine[i]));
    }
    if (next == TIME_NEVER || next > until_ns)
        return false;
    if (next > s->now_ns)
        s->now_ns = next;
    while (s->n_events && s->events[0]->at_ns <= s->now_ns) {
        struct sim_event *e = event_pop(s);
        e->happen(s, e);
    }
    return true;
}

/* The host machine runs the others itself; every other one gives the processor back. */
void sim_wait(struct sim_machine *m, uint64_t deadline_ns)
{
    struct sim *s = m->sim;
    m->deadline_ns = deadline_ns;
    m->busy_until_ns = s->now_ns + ROUND_NS;
    m->state = SIM_WAITING;
    if (m->boot) {
        context_go(&m->context, &s->host);
        return;
    }
    while (!can_go_on(m)) {
        if (!run_machines(s) && !advance(s, TIME_NEVER))
            sim_misused("every fiber of every machine waits for what will never happen");
    }
    m->deadline_ns = TIME_NEVER;
}

bool sim_run(struct sim *s, uint64_t until_ns)
{
    if (current)
        sim_misused("sim_run inside a machine");
    while (run_machines(s) || advance(s, until_ns))
        ;
    bool ended = true;
    for (size_t i = 0; i < s->n_machines; i++)
        ended = ended && (!s->machine[i]->boot || s->machine[i]->state == SIM_ENDED);
    if (!ended && until_ns != TIME_NEVER && until_ns > s->now_ns)
        s->now_ns = until_ns;
    return ended;
}

struct sim *sim_new(uint64_t seed)
{
    struct sim *s = sim_alloc(sizeof *s);
    s->now_ns = SIM_START_NS;
    s->rng.state = seed;
    s->trace = UINT64_C(0xcbf29ce484222325);
    s->echo = getenv("SIM_ECHO") != NULL;
    return s;
}

/* The machines' stacks stay mapped: what their appliances allocated for ever is known only from there, and would look
 * like a leak. */
static void machine_free(struct sim_machine *m)
{
    for (char **argument = m->argv; argument && *argument; argument++)
        free(*argument);
    free(m->argv);
    free(m->console);
    free(m);
}

static void event_drop(struct sim_event *e)
{
    if (e->happen == call_happens)
        free(CONTAINER_OF(e, struct sim_call, event));
    else
        free(CONTAINER_OF(e, struct sim_frame, event));
}

void sim_free(struct sim *s)
{
    for (size_t i = 0; i < s->n_events; i++)
        event_drop(s->events[i]);
    for (size_t i = 0; i < s->n_links; i++)
        sim_link_free(s->link[i]);
    for (size_t i = 0; i < s->n_disks; i++)
        sim_disk_free(s->disk[i]);
    for (size_t i = 0; i < s->n_machines; i++)
        machine_free(s->machine[i]);
    free(s->events);
    if (s == default_sim)
        default_sim = NULL;
    free(s);
}

uint64_t sim_now(const struct sim *s)
{
    return s->now_ns;
}

uint64_t sim_random(struct sim *s)
{
    return sim_rng_next(&s->rng);
}

uint64_t sim_trace(const struct sim *s)
{
    return s->trace;
}

int sim_status(const struct sim_machine *m)
{
    return m->status;
}

const char *sim_console(const struct sim_machine *m)
{
    return m->console;
}

bool sim_serves(const struct sim_machine *m, const char *protocol, uint16_t port)
{
    for (size_t i = 0; i < m->n_serving; i++) {
        if (m->serving[i].port == port && strcmp(m->serving[i].protocol, protocol) == 0)
            return true;
    }
    return false;
}

void sim_secret_add(struct sim_machine *m, const char *name, struct bytes secret)
{
    if (m->n_secrets == SIM_SECRETS_MAX)
        sim_misused("too many secrets");
    m->secret[m->n_secrets].name = name;
    m->secret[m->n_secrets++].bytes = secret;
}

void sim_stop(struct sim_machine *m)
{
    m->stop = true;
}

static void lose_power(struct sim_machine *m)
{
    m->state = SIM_ENDED;
    m->status = SIM_POWER_CUT;
    for (size_t i = 0; i < m->n_devices; i++) {
        if (m->device[i].disk)
            sim_disk_cut(m->device[i].disk);
    }
}

void sim_power_cut(struct sim_machine *m)
{
    if (m == current || !m->boot)
        sim_misused("a machine can't cut its own power");
    if (m->state != SIM_ENDED)
        lose_power(m);
}

void sim_power_goes(struct sim_machine *m)
{
    if (!m->boot)
        sim_misused("the host machine can't lose its power");
    lose_power(m);
    context_leave_for_good(&m->context, &m->sim->host);
}

struct sim_machine *sim_power_on(struct sim_machine *dead, int (*entry)(int argc, char **argv))
{
    if (dead->state != SIM_ENDED)
        sim_misused("a machine that runs can't be switched on");
    struct sim_machine *m = sim_machine_add(dead->sim, dead->name, entry, (const char *const *)dead->argv + 1);
    memcpy(m->device, dead->device, sizeof m->device);
    memcpy(m->secret, dead->secret, sizeof m->secret);
    m->n_devices = dead->n_devices;
    m->n_secrets = dead->n_secrets;
    dead->n_devices = 0;
    for (size_t i = 0; i < m->n_devices; i++) {
        if (m->device[i].port)
            sim_port_empty(m->device[i].port);
    }
    return m;
}

/* ---- Tests of what must end the image ---- */

static size_t read_all(int fd, char *text, size_t size)
{
    size_t len = 0;
    for (ssize_t n; len + 1 < size && (n = read(fd, text + len, size - 1 - len)) > 0;)
        len += (size_t)n;
    text[len] = '\0';
    return len;
}

bool sim_aborts(void (*fn)(void *arg), void *arg, char *text, size_t size)
{
    int fds[2], status = 0;
    if (pipe(fds) != 0)
        sim_misused("no pipe");
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(fds[1], STDERR_FILENO);
        close(fds[0]);
        close(fds[1]);
        fn(arg);
        _exit(0);
    }
    close(fds[1]);
    read_all(fds[0], text, size);
    close(fds[0]);
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_BUG;
}

bool sim_in_child(void (*fn)(void *arg, void *result), void *arg, void *result, size_t size)
{
    int status = 0;
    void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        sim_misused("no memory");
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        fn(arg, shared);
        fflush(NULL);
        _exit(0);
    }
    waitpid(child, &status, 0);
    memcpy(result, shared, size);
    munmap(shared, size);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
