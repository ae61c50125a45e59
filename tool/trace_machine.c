/* SPDX-License-Identifier: ISC */
/* The tender answers while its image stands still. When it is gone, or says what can't be, every question fails. */
#include "tool/say.h"
#include "tool/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static bool send_message(struct trace *t)
{
    const struct channel_message *c = &t->message;
    size_t len = CHANNEL_HEAD_BYTES + (c->kind == CHANNEL_WRITE ? c->len : 0);
    return send(t->channel, c, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool receive_message(struct trace *t, int flags)
{
    struct channel_message *c = &t->message;
    ssize_t n = recv(t->channel, c, sizeof *c, flags);
    size_t data = n >= (ssize_t)CHANNEL_HEAD_BYTES && c->kind == CHANNEL_READ ? c->len : 0;
    return n >= (ssize_t)CHANNEL_HEAD_BYTES && data <= CHANNEL_DATA_MAX && n == (ssize_t)(CHANNEL_HEAD_BYTES + data);
}

/* With the rest of the message there; the answer takes its place. */
static bool ask(struct trace *t, enum channel_kind kind)
{
    t->message.kind = kind;
    return t->phase == TRACE_STOPPED && send_message(t) && receive_message(t, 0) && t->message.kind == kind &&
           t->message.good;
}

/* ---- Memory and registers ---- */

static size_t read_memory(void *self, uint64_t address, void *out, size_t len)
{
    struct trace *t = self;
    struct channel_message *c = &t->message;
    size_t done = 0;
    for (bool more = true; more && done < len; done += more ? c->len : 0) {
        uint32_t wanted = (uint32_t)(len - done < CHANNEL_DATA_MAX ? len - done : CHANNEL_DATA_MAX);
        c->address = address + done;
        c->len = wanted;
        more = ask(t, CHANNEL_READ) && c->len > 0 && c->len <= wanted;
        if (more)
            memcpy((uint8_t *)out + done, c->data, c->len);
    }
    return done;
}

static uint64_t next_touched(void *self, uint64_t address, uint64_t end)
{
    struct trace *t = self;
    uint64_t linked;
    if (!layout_linked(&t->layout, address, &linked))
        return address;
    uint64_t by = t->at + linked - address;
    return trace_touched(t->pid, address + by, end + by) - by;
}

static bool write_memory(void *self, uint64_t address, const void *data, size_t len)
{
    struct trace *t = self;
    struct channel_message *c = &t->message;
    bool good = layout_span(&t->layout, address, len) == len;
    for (size_t done = 0; good && done < len; done += c->len) {
        c->address = address + done;
        c->len = (uint32_t)(len - done < CHANNEL_DATA_MAX ? len - done : CHANNEL_DATA_MAX);
        memcpy(c->data, (const uint8_t *)data + done, c->len);
        good = ask(t, CHANNEL_WRITE) && c->len > 0;
    }
    return good;
}

static bool read_registers(void *self, struct debug_registers *r)
{
    struct trace *t = self;
    *r = (struct debug_registers){.known = DEBUG_ALL_KNOWN};
    if (!ask(t, CHANNEL_GET) || t->message.registers.xsave_len > DEBUG_XSAVE_BYTES)
        return false;
    *r = t->message.registers;
    return true;
}

static bool write_registers(void *self, const struct debug_registers *r)
{
    struct trace *t = self;
    t->message.registers = *r;
    return ask(t, CHANNEL_SET);
}

static bool set_debug_registers(void *self, const uint64_t address[DEBUG_SLOTS], uint64_t dr7)
{
    struct trace *t = self;
    memcpy(t->message.points.address, address, sizeof t->message.points.address);
    t->message.points.dr7 = dr7;
    return ask(t, CHANNEL_POINTS);
}

/* ---- Running ---- */

static void resume(void *self, enum debug_resume how)
{
    struct trace *t = self;
    t->message.kind = CHANNEL_RESUME;
    t->message.how = how;
    t->how = how == DEBUG_STEP ? DEBUG_STEP : DEBUG_GO;
    if (t->phase == TRACE_STOPPED)
        t->phase = send_message(t) ? TRACE_RUNS : TRACE_GONE;
}

static void interrupt(void *self)
{
    struct trace *t = self;
    if (t->phase != TRACE_RUNS)
        return;
    t->interrupting = true;
    (void)kill(t->pid, CHANNEL_SIGNAL);
}

static void kill_image(void *self)
{
    struct trace *t = self;
    (void)kill(t->pid, SIGKILL);
}

static const struct debug_ops ops = {
    .read_memory = read_memory,
    .next_touched = next_touched,
    .write_memory = write_memory,
    .read_registers = read_registers,
    .write_registers = write_registers,
    .set_debug_registers = set_debug_registers,
    .resume = resume,
    .interrupt = interrupt,
    .kill = kill_image,
};

/* ---- Stops ---- */

static bool begin(struct trace *t, pid_t pid)
{
    t->pid = pid;
    return true;
}

static bool status(struct trace *t, int status, struct debug_stop *stop)
{
    if (!WIFEXITED(status) && !WIFSIGNALED(status))
        return false;
    *stop = trace_end(t, status);
    return true;
}

/* An interrupt that comes when another stop was told already is no stop any more. */
static bool heard(struct trace *t, struct debug_stop *stop)
{
    struct channel_message *c = &t->message;
    errno = 0;
    if (!receive_message(t, MSG_DONTWAIT)) {
        if (errno != EAGAIN) {
            close(t->channel); /* its end will be told */
            t->channel = -1;
        }
        return false;
    }
    if (c->kind != (t->phase == TRACE_TENDER ? CHANNEL_STARTED : CHANNEL_STOPPED) || t->phase == TRACE_STOPPED)
        fail(STATUS_HOST, "the tender says what can't be; is it of another version?");
    bool late = t->phase == TRACE_RUNS && c->stop.kind == DEBUG_INTERRUPTED && !t->interrupting;
    *stop = t->phase == TRACE_TENDER ? (struct debug_stop){.kind = DEBUG_STARTED} : c->stop;
    if (t->phase == TRACE_TENDER) {
        t->layout = c->started.layout;
        t->at = c->started.memory;
        t->laid_out = true;
    }
    t->phase = TRACE_STOPPED;
    if (late)
        resume(t, t->how);
    else
        t->interrupting = false;
    return !late;
}

const struct trace_way trace_machine = {&ops, begin, status, heard};
