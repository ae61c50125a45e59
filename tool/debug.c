/* SPDX-License-Identifier: ISC */
#include "tool/debug.h"

#include "tender/debug/core.h"
#include "tender/debug/gdb_parts.h"
#include "tool/say.h"
#include "tool/trace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define INPUT_BYTES 4096

struct debug {
    const struct debug_wishes *wishes;
    const struct image *image;
    struct trace trace;
    struct debug_target target;
    struct gdb gdb;
    struct debug_stop stop;   /* the last */
    int listener, connection; /* -1: none */
    const char *socket_path;  /* to be removed; NULL: none */
    bool core_wanted;         /* at the next stop */
    bool interrupt_wanted;    /* by gdb */
    bool ended;
};

/* ---- Where gdb connects ---- */

static NO_RETURN void refuse_socket(const char *where)
{
    fail(errno == EADDRINUSE ? STATUS_UNAVAILABLE : STATUS_NO_OUTPUT, "--gdb %s: can't listen there: %s", where,
         strerror(errno));
}

/* What a run that was killed left behind is in the way of the next; a socket that somebody listens on is not ours. */
static void remove_dead_socket(const struct sockaddr_un *a)
{
    struct stat st;
    if (lstat(a->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)a, sizeof *a) != 0 && errno == ECONNREFUSED)
        (void)unlink(a->sun_path);
    if (fd >= 0)
        close(fd);
}

static int listen_at_path(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof a.sun_path)
        fail(STATUS_USAGE, "--gdb %s: the path of a socket has at most %zu characters", path, sizeof a.sun_path - 1);
    strcpy(a.sun_path, path);
    remove_dead_socket(&a);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(0177);
    bool good = fd >= 0 && bind(fd, (const struct sockaddr *)&a, sizeof a) == 0;
    int problem = errno;
    umask(mask);
    errno = problem;
    if (!good || listen(fd, 1) != 0)
        refuse_socket(path);
    return fd;
}

/* Whoever is on this machine can reach it: there are no modes on ports. */
static int listen_at_port(const char *where, uint64_t port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;
    if (fd >= 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 1) != 0)
        refuse_socket(where);
    return fd;
}

/* A path, unless there is a colon and no slash. */
static void listen_for_gdb(struct debug *d, const char *where)
{
    const char *colon = strchr(where, '/') ? NULL : strrchr(where, ':');
    uint64_t port;
    if (!colon) {
        d->listener = listen_at_path(where);
        d->socket_path = where;
        return;
    }
    struct bytes host = bytes_of(where, (size_t)(colon - where));
    if (host.len && !bytes_equal(host, bytes_str("127.0.0.1")) && !bytes_equal(host, bytes_str("localhost")))
        fail(STATUS_USAGE,
             "--gdb %s: a debugger may do anything with the image, so it must be on this machine; write "
             "127.0.0.1:PORT or a socket's path",
             where);
    if (!bytes_decimal(bytes_str(colon + 1), 65535, &port) || port == 0)
        fail(STATUS_USAGE, "--gdb %s: write a port from 1 to 65535 behind the colon", where);
    d->listener = listen_at_port(where, port);
}

static void say_where(const struct debug *d)
{
    const char *where = d->wishes->gdb;
    say_error("%s waits for gdb: gdb -ex 'target remote %s'%s%s; whoever can reach %s can do anything with the image",
              d->image->name, where, d->target.debug_file ? " " : "", d->target.debug_file ? d->target.debug_file : "",
              d->socket_path ? "this socket" : "this port");
}

/* ---- The core file ---- */

static bool write_at(void *to, uint64_t offset, const void *data, size_t len)
{
    int fd = *(const int *)to;
    for (size_t done = 0; done < len;) {
        ssize_t n = pwrite(fd, (const uint8_t *)data + done, len - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

/* Breakpoints are not what was there. */
static size_t read_for_core(void *self, uint64_t address, void *out, size_t len)
{
    struct debug *d = CONTAINER_OF(self, struct debug, trace);
    return gdb_read(&d->gdb, address, out, len);
}

/* Secrets lie in an image's memory, so the file is the owner's alone. It gets its name when it is whole. */
static bool write_core(struct debug *d, int signal_number, const char *part)
{
    static struct core_area areas[CORE_AREAS_MAX];
    size_t n = core_areas(d->image->plan, &d->trace.layout, areas);
    (void)unlink(part);
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    struct core_sink sink = {write_at, &fd};
    struct debug_ops ops = *d->trace.way->ops;
    struct debug_target target = d->target;
    ops.read_memory = read_for_core;
    target.ops = &ops;
    errno = 0;
    bool good = core_write(&target, areas, n, signal_number, &sink);
    int problem = errno;
    good = close(fd) == 0 && good;
    if (good && rename(part, d->wishes->core) == 0)
        return true;
    errno = good || !problem ? errno : problem;
    problem = errno;
    (void)unlink(part);
    errno = problem;
    return false;
}

static void make_core(struct debug *d, int signal_number)
{
    const char *file = d->wishes->core;
    d->core_wanted = false;
    if (!file)
        return;
    if (!write_core(d, signal_number, format_text("%s.part", file)))
        say_error("--core %s: no core file was written: %s", file, errno ? strerror(errno) : "the image is gone");
    else
        say_error("%s: its core is in %s: gdb %s %s", d->image->name, file,
                  d->target.debug_file ? d->target.debug_file : d->image->path, file);
}

/* What the stop is for Linux's eyes; 0: none that leaves a core. */
static int core_signal(const struct debug_stop *stop)
{
    switch (stop->kind) {
    case DEBUG_ABORTED:
        return SIGABRT;
    case DEBUG_FAULT:
        return stop->signal == DEBUG_SIGSYS ? SIGSYS : stop->signal == DEBUG_SIGBUS ? SIGBUS : stop->signal;
    default:
        return 0;
    }
}

void debug_core(struct debug *d)
{
    if (d->ended)
        return;
    if (!d->wishes->core) {
        say_error("no core was written: start %s with --core FILE", d->image->name);
        return;
    }
    if (d->trace.phase == TRACE_STOPPED) {
        make_core(d, SIGQUIT);
        return;
    }
    d->core_wanted = true;
    d->trace.way->ops->interrupt(&d->trace);
}

bool debug_stands(const struct debug *d)
{
    return d->trace.phase == TRACE_STOPPED;
}

static void check_core(const char *file)
{
    char *folder = format_text("%.*s", (int)(path_base(file) - file), file);
    if (folder_exists(file) || access(*folder ? folder : ".", W_OK) != 0)
        fail(STATUS_NO_OUTPUT, "--core %s: %s", file, folder_exists(file) ? "that is a folder" : strerror(errno));
    (void)signal(SIGXFSZ, SIG_IGN); /* a limit on files is an error like a full disk */
}

/* ---- Stops ---- */

static void interrupt_for_gdb(void *self)
{
    struct debug *d = CONTAINER_OF(self, struct debug, trace);
    d->interrupt_wanted = true;
    d->trace.way->ops->interrupt(&d->trace);
}

/* A fault leaves its core when it takes its course: gdb may catch one, and calls of functions by hand end in one. */
static void resume(void *self, enum debug_resume how)
{
    struct debug *d = CONTAINER_OF(self, struct debug, trace);
    d->interrupt_wanted = false;
    if (how == DEBUG_GO_DIE)
        make_core(d, core_signal(&d->stop));
    d->trace.way->ops->resume(&d->trace, how);
}

/* The tender drew the same places from the same seed; which attempt it was, the entry tells. */
static bool draw_layout(struct debug *d)
{
    const struct elf_plan *plan = d->image->plan;
    struct layout *l = &d->trace.layout;
    layout_as_linked(l, plan, d->wishes->memory_bytes);
    bool found = !plan->movable;
    for (unsigned i = 0; i < LAYOUT_SPT_ATTEMPTS && !found; i++)
        found = layout_draw(l, d->wishes->layout_seed, i, LAYOUT_SPT_LOWEST, LAYOUT_SPT_HIGHEST) &&
                layout_placed(l, plan->entry) == d->target.entry;
    return found;
}

/* The tender has said where the image lies; is it that image? */
static bool check_layout(const struct debug *d)
{
    const struct layout *l = &d->trace.layout;
    struct layout linked;
    layout_as_linked(&linked, d->image->plan, d->wishes->memory_bytes);
    bool good = layout_placed(l, d->image->plan->entry) == d->target.entry;
    for (size_t i = 0; i < LAYOUT_PARTS; i++)
        good &= l->parts[i].start == linked.parts[i].start && l->parts[i].end == linked.parts[i].end;
    return good;
}

static void find_layout(struct debug *d)
{
    if (!(d->trace.laid_out ? check_layout(d) : draw_layout(d)))
        fail(STATUS_HOST, "the tender has laid out %s in an unknown way; is it of another version?", d->image->name);
    d->trace.laid_out = true;
}

static void started(struct debug *d)
{
    struct debug_registers r;
    if (!d->trace.way->ops->read_registers(&d->trace, &r))
        return;
    d->target.entry = r.r[DEBUG_RIP];
    find_layout(d);
    d->target.bias = d->target.entry - d->image->plan->entry;
    d->target.base = d->image->plan->segments[0].start + d->target.bias;
}

/* Nobody is there who could want the image to stand still, or gdb knows nothing of a stop that was for the core only. */
static bool goes_on(struct debug *d, const struct debug_stop *stop)
{
    bool for_core = stop->kind == DEBUG_INTERRUPTED && !d->interrupt_wanted;
    if (d->listener >= 0 && !for_core)
        return false;
    resume(&d->trace, stop->kind == DEBUG_FAULT ? DEBUG_GO_DIE : for_core ? d->trace.how : DEBUG_GO);
    return true;
}

static void take_stop(struct debug *d, const struct debug_stop *stop)
{
    d->stop = *stop;
    if (stop->kind == DEBUG_STARTED)
        started(d);
    d->ended = stop->kind == DEBUG_EXITED || stop->kind == DEBUG_KILLED;
    if (d->core_wanted && !d->ended)
        make_core(d, SIGQUIT);
    if (stop->kind == DEBUG_ABORTED)
        make_core(d, SIGABRT);
    if (!d->ended && goes_on(d, stop))
        return;
    gdb_stopped(&d->gdb, stop);
    if (stop->kind == DEBUG_STARTED && d->gdb.state == GDB_WAITING)
        say_where(d);
}

void debug_status(struct debug *d, int status)
{
    struct debug_stop stop;
    if (d->trace.way->status(&d->trace, status, &stop))
        take_stop(d, &stop);
}

static void hear(struct debug *d)
{
    struct debug_stop stop;
    if (d->trace.way->heard(&d->trace, &stop))
        take_stop(d, &stop);
}

/* ---- The connection ---- */

static void send_more(struct debug *d)
{
    struct bytes out = gdb_output(&d->gdb);
    ssize_t n = out.len ? send(d->connection, out.data, out.len, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
    if (n > 0)
        gdb_sent(&d->gdb, (size_t)n);
}

static void hang_up(struct debug *d)
{
    if (d->connection < 0)
        return;
    send_more(d);
    close(d->connection);
    d->connection = -1;
    gdb_disconnected(&d->gdb);
}

static void take_connection(struct debug *d)
{
    int fd = accept4(d->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), yes = 1;
    if (fd < 0)
        return;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* a socket of another kind ignores it */
    d->connection = fd;
    gdb_connected(&d->gdb);
}

static void take_input(struct debug *d)
{
    uint8_t in[INPUT_BYTES];
    ssize_t n = recv(d->connection, in, sizeof in, MSG_DONTWAIT);
    if (n > 0)
        gdb_input(&d->gdb, bytes_of(in, (size_t)n));
    else if (n == 0 || errno != EAGAIN)
        hang_up(d);
}

void debug_polls(const struct debug *d, struct pollfd p[static DEBUG_POLLS])
{
    bool connected = d->connection >= 0;
    p[0] = (struct pollfd){.fd = connected ? -1 : d->listener, .events = POLLIN};
    p[1] = (struct pollfd){.fd = d->connection, .events = POLLRDHUP};
    if (connected && gdb_listens(&d->gdb))
        p[1].events |= POLLIN;
    if (connected && gdb_output(&d->gdb).len)
        p[1].events |= POLLOUT;
    p[2] = (struct pollfd){.fd = d->trace.channel, .events = POLLIN};
}

void debug_polled(struct debug *d, const struct pollfd p[static DEBUG_POLLS])
{
    if (p[2].revents && !d->ended)
        hear(d);
    if (p[0].revents)
        take_connection(d);
    if (d->connection < 0)
        return;
    if (p[1].revents & POLLIN)
        take_input(d);
    else if (p[1].revents & (POLLHUP | POLLRDHUP | POLLERR))
        hang_up(d);
    if (d->connection >= 0)
        send_more(d);
    if (d->connection >= 0 && d->gdb.state == GDB_FREE && gdb_output(&d->gdb).len == 0)
        hang_up(d); /* it has detached */
}

/* ---- Beginning and end ---- */

struct debug *debug_new(const struct debug_wishes *wishes, const struct image *image)
{
    static struct debug_ops ops;
    struct debug *d = allocate(sizeof *d);
    int ends[2];
    bool process = strcmp(image->target, "spt") == 0;
    trace_init(&d->trace, process ? &trace_process : &trace_machine);
    if (!process && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        fail(STATUS_HOST, "can't make a socket pair: %s", strerror(errno));
    if (!process) {
        d->trace.channel = ends[0];
        d->trace.theirs = ends[1];
    }
    ops = *d->trace.way->ops;
    ops.interrupt = interrupt_for_gdb;
    ops.resume = resume;
    d->wishes = wishes;
    d->image = image;
    d->listener = d->connection = -1;
    const char *symbols = wishes->debug_file && file_exists(wishes->debug_file) ? wishes->debug_file : NULL;
    d->target = (struct debug_target){.ops = &ops,
                                      .self = &d->trace,
                                      .entry = image->plan->entry,
                                      .debug_file = symbols ? realpath(symbols, NULL) : NULL};
    d->target.has_fibers = fiber_note_find(image->file, &d->target.fibers) == OK;
    gdb_init(&d->gdb, &d->target);
    if (wishes->core)
        check_core(wishes->core);
    if (wishes->gdb)
        listen_for_gdb(d, wishes->gdb);
    return d;
}

int debug_channel(const struct debug *d)
{
    return d->trace.theirs;
}

void debug_begin(struct debug *d, pid_t pid)
{
    if (d->trace.way->begin(&d->trace, pid))
        return;
    int problem = errno;
    (void)kill(pid, SIGKILL);
    debug_end(d);
    fail(STATUS_HOST, "the host does not let processes be traced (%s), which --gdb and --core need", strerror(problem));
}

void debug_end(struct debug *d)
{
    hang_up(d);
    if (d->socket_path)
        (void)unlink(d->socket_path);
    d->socket_path = NULL;
}
