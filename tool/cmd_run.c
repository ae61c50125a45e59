/* SPDX-License-Identifier: ISC */
#include "tool/build.h"
#include "tool/commands.h"
#include "tool/debug.h"
#include "tool/image.h"
#include "tool/net_keys.h"
#include "tool/ports.h"
#include "tool/root.h"
#include "tool/supervise.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMORY_MB_FOREIGN 512 /* of images that others built: the stock tender's default */

/* NAME=VALUE of an option. */
struct pair {
    const char *name, *value;
    bool used;
};

struct pairs {
    struct pair list[DEVICES_MAX];
    size_t n;
};

struct request {
    const char *target; /* NULL: not named */
    const char *operand;
    char **keys;
    struct ports ports;
    struct pairs nets, offloads, blocks, kvs, secrets;
    uint32_t memory_mb; /* 0: not named */
    const char *pcap, *layout_seed, *gdb, *core;
    bool quiet, timing;
};

/* What is to be run, from an appliance's folder or an image's file. */
struct subject {
    const char *name, *image, *debug_file;
    const char *target;
    bool sealed; /* runs under a tender, with no way to the host */
    uint32_t memory_mb;
    struct device devices[DEVICES_MAX];
    size_t n_devices;
    const struct manifest *m; /* NULL: an image alone, whose keys aren't known here */
};

/* ---- The command line ---- */

static void add_pair(struct pairs *p, const char *option, const char *text)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text || !equals[1])
        command_usage("%s %s: write %s NAME=VALUE", option, text, option);
    const char *name = format_text("%.*s", (int)(equals - text), text);
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->list[i].name, name) == 0)
            command_usage("%s %s is given twice", option, name);
    if (p->n == ARRAY_LEN(p->list))
        command_usage("%s is given too often", option);
    p->list[p->n++] = (struct pair){name, equals + 1, false};
}

static struct pair *find_pair(struct pairs *p, const char *name)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->list[i].name, name) == 0)
            return &p->list[i];
    return NULL;
}

static uint32_t parse_memory(const char *text)
{
    uint64_t mb;
    if (!bytes_decimal(bytes_str(text), MEMORY_MB_MAX, &mb) || mb < MEMORY_MB_MIN)
        command_usage("--mem %s: write megabytes, from %d to %d", text, MEMORY_MB_MIN, MEMORY_MB_MAX);
    return (uint32_t)mb;
}

static void set_layout_seed(struct request *r, const char *text)
{
    uint64_t seed;
    if (!bytes_decimal(bytes_str(text), UINT64_MAX, &seed))
        command_usage("--layout-seed %s: write a number from 0 to 18446744073709551615", text);
    r->layout_seed = text;
}

static void add_offload(struct request *r, const char *text)
{
    add_pair(&r->offloads, "--net-offload", text);
    const char *value = r->offloads.list[r->offloads.n - 1].value;
    if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
        command_usage("--net-offload %s: write on or off after the =", text);
}

static void take_option(struct request *r, int c)
{
    switch (c) {
    case 't':
        r->target = optarg;
        build_check_target(optarg);
        return;
    case 'p':
        ports_add(&r->ports, optarg);
        return;
    case 'n':
        add_pair(&r->nets, "--net", optarg);
        return;
    case 'o':
        add_offload(r, optarg);
        return;
    case 'b':
        add_pair(&r->blocks, "--block", optarg);
        return;
    case 'k':
        add_pair(&r->kvs, "--kv", optarg);
        return;
    case 's':
        add_pair(&r->secrets, "--key-file", optarg);
        return;
    case 'm':
        r->memory_mb = parse_memory(optarg);
        return;
    case 'l':
        set_layout_seed(r, optarg);
        return;
    case 'c':
        r->pcap = optarg;
        return;
    case 'g':
        r->gdb = optarg;
        return;
    case 'd':
        r->core = optarg;
        return;
    case 'T':
        r->timing = true;
        return;
    default:
        r->quiet = true;
        say_quiet();
    }
}

static struct request parse(int argc, char **argv)
{
    static const struct option options[] = {
        {"target", required_argument, NULL, 't'},
        {"publish", required_argument, NULL, 'p'},
        {"net", required_argument, NULL, 'n'},
        {"net-offload", required_argument, NULL, 'o'},
        {"block", required_argument, NULL, 'b'},
        {"kv", required_argument, NULL, 'k'},
        {"key-file", required_argument, NULL, 's'},
        {"mem", required_argument, NULL, 'm'},
        {"pcap", required_argument, NULL, 'c'},
        {"timing", no_argument, NULL, 'T'},
        {"quiet", no_argument, NULL, 'q'},
        {"layout-seed", required_argument, NULL, 'l'},
        {"gdb", required_argument, NULL, 'g'},
        {"core", required_argument, NULL, 'd'},
        {0},
    };
    static char *no_keys[] = {NULL};
    struct request r = {.keys = no_keys};
    /* getopt would mix what follows -- with the folder. */
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            argv[i] = NULL;
            r.keys = argv + i + 1;
            argc = i;
        }
    }
    for (int c; (c = command_option(argc, argv, "t:p:q", options)) != -1;)
        take_option(&r, c);
    r.operand = command_operand(argc, argv, ".");
    return r;
}

/* ---- What to run ---- */

static void add_device(struct subject *s, enum device_kind kind, const char *name, bool optional)
{
    if (s->n_devices < ARRAY_LEN(s->devices))
        s->devices[s->n_devices++] =
            (struct device){.kind = kind, .name = format_text("%s", name), .optional = optional};
}

static struct subject from_folder(const struct request *r)
{
    const char *target = r->target ? r->target : "spt";
    if (strcmp(target, "sim") == 0)
        command_usage("images for sim are linked into simulations and don't run by themselves; use -t spt or -t linux");
    struct build b = build_appliance(r->operand, target, BUILD_RELEASE);
    struct subject s = {.name = b.m->name,
                        .image = path_join(r->operand, b.image),
                        .debug_file = path_join(r->operand, b.unstripped),
                        .target = target,
                        .sealed = build_sealed(target),
                        .memory_mb = b.m->memory_mb,
                        .n_devices = b.m->n_devices,
                        .m = b.m};
    memcpy(s.devices, b.m->devices, sizeof s.devices);
    for (size_t i = 0; i < s.n_devices; i++) {
        if (s.devices[i].kind == DEVICE_ARCHIVE)
            s.devices[i].kind = DEVICE_BLOCK;
    }
    return s;
}

/* "net service", "block journal optional" and the like, one a line, as origin.c writes them. */
static void devices_of_origin(struct subject *s, const char *origin)
{
    char *rest = format_text("%s", origin);
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char name[PLAT_NAME_MAX + 1], optional[9] = "";
        if (sscanf(line, "net %67s", name) == 1)
            add_device(s, DEVICE_NET, name, false);
        else if (sscanf(line, "block %67s %8s", name, optional) >= 1)
            add_device(s, DEVICE_BLOCK, name, strcmp(optional, "optional") == 0);
        else if (sscanf(line, "kv %67s", name) == 1)
            add_device(s, DEVICE_KV, name, false);
    }
}

static struct subject from_image(const struct request *r)
{
    struct image i = image_read(r->operand);
    if (r->target && strcmp(r->target, i.target) != 0)
        command_usage("%s is an image for %s, not for %s", r->operand, i.target, r->target);
    const char *memory = image_origin_word(&i, "memory");
    struct subject s = {.name = i.name, .image = i.path, .target = i.target, .sealed = build_sealed(i.target)};
    s.memory_mb = memory ? (uint32_t)atoi(memory) : i.origin ? MEMORY_MB_DEFAULT : MEMORY_MB_FOREIGN;
    const char *folder = format_text("%.*s", (int)(path_base(r->operand) - r->operand), r->operand);
    s.debug_file = s.sealed ? path_join(folder, format_text(".%s/%s.debug", i.target, path_base(r->operand))) : i.path;
    if (!s.sealed) {
        devices_of_origin(&s, i.origin);
        return s;
    }
    for (size_t k = 0; k < i.plan->manifest.n; k++) {
        const struct solo5_entry *e = &i.plan->manifest.entries[k];
        if (e->type == SOLO5_NET || e->type == SOLO5_BLOCK)
            add_device(&s, e->type == SOLO5_NET ? DEVICE_NET : DEVICE_BLOCK, e->name, image_optional(&i, k));
    }
    return s;
}

/* ---- Devices ---- */

static NO_RETURN void refuse_device(const struct subject *s, enum device_kind kind, const char *option,
                                    const char *name)
{
    struct words names = {0};
    struct text list = {0};
    for (size_t i = 0; i < s->n_devices; i++) {
        if (s->devices[i].kind != kind)
            continue;
        words_add(&names, s->devices[i].name);
        text_add(&list, "%s%s", names.n > 1 ? ", " : "", s->devices[i].name);
    }
    if (names.n == 0)
        fail(STATUS_NO_INPUT, "%s %s: %s has no %s device; leave the option out", option, name, s->name,
             device_kind_text(kind));
    fail(STATUS_NO_INPUT, "%s %s: %s has no %s device of that name; there is %s%s", option, name, s->name,
         device_kind_text(kind), list.s, say_hint(name, (const char *const *)names.v));
}

static void check_names(const struct subject *s, struct pairs *p, enum device_kind kind, const char *option)
{
    for (size_t i = 0; i < p->n; i++) {
        bool known = false;
        for (size_t j = 0; j < s->n_devices; j++)
            known |= s->devices[j].kind == kind && strcmp(s->devices[j].name, p->list[i].name) == 0;
        if (!known)
            refuse_device(s, kind, option, p->list[i].name);
    }
}

static void socket_pair(int kind, int ends[static 2])
{
    if (socketpair(AF_UNIX, kind | SOCK_CLOEXEC, 0, ends) != 0)
        fail(STATUS_HOST, "can't make a socket pair: %s", strerror(errno));
}

/* The descriptor goes to the child, and this process forgets it then. */
static void hand_over(struct supervised *v, struct program *p, int fd)
{
    p->keep[p->n_keep++] = fd;
    v->theirs[v->n_theirs++] = fd;
}

/* An address in the user-mode network that the operator gave the guest by a key. */
static const char *guest_address(char **keys)
{
    for (; *keys; keys++) {
        const char *text = strncmp(*keys, "--ipv4=", 7) == 0         ? *keys + 7
                           : strcmp(*keys, "--ipv4") == 0 && keys[1] ? keys[1]
                                                                     : NULL;
        char address[16];
        struct in_addr a;
        if (text && sscanf(text, "%15[0-9.]", address) == 1 && inet_pton(AF_INET, address, &a) == 1)
            return format_text("%s", address);
    }
    return NULL;
}

static void add_usernet(struct supervised *v, struct request *r, const struct device *d, bool first)
{
    int ends[2];
    struct program *helper = &v->helpers[v->n_helpers];
    struct words *argv = &helper->argv;
    if (v->n_helpers == HELPERS_MAX)
        fail(STATUS_USAGE, "more than %d devices on user-mode networks; attach the others by --net NAME=tap0",
             HELPERS_MAX);
    v->n_helpers++;
    socket_pair(SOCK_SEQPACKET, ends);
    words_add(argv, root_helper("jinn-net"));
    words_format(argv, "--fd=%d", ends[0]);
    const char *guest = first ? guest_address(r->keys) : NULL;
    if (guest)
        words_format(argv, "--guest=%s", guest);
    if (first && r->pcap)
        words_format(argv, "--pcap=%s", r->pcap);
    for (size_t i = 0; first && i < r->ports.n; i++) {
        const struct port *p = &r->ports.list[i];
        words_format(argv, "--forward=%s,%s,%u,%u", p->udp ? "udp" : "tcp", p->address, p->host, p->guest);
    }
    words_format(&v->image.argv, "--net:%s=@%d", d->name, ends[1]);
    hand_over(v, helper, ends[0]);
    hand_over(v, &v->image, ends[1]);
}

/* A device that is there but leads nowhere: its other end stays open in this process and is never read. */
static void add_no_net(struct supervised *v, const struct device *d)
{
    int ends[2];
    socket_pair(SOCK_SEQPACKET, ends);
    words_format(&v->image.argv, "--net:%s=@%d", d->name, ends[1]);
    hand_over(v, &v->image, ends[1]);
}

static void add_interface(struct supervised *v, const struct device *d, const char *value)
{
    uint64_t fd;
    bool xdp = strncmp(value, "xdp:", 4) == 0;
    const char *interface = xdp || strncmp(value, "tap:", 4) == 0 ? value + 4 : value;
    if (value[0] == '@') {
        if (!bytes_decimal(bytes_str(value + 1), INT_MAX, &fd) || fd < 3 || fcntl((int)fd, F_GETFD) < 0)
            fail(STATUS_NO_INPUT, "--net %s=%s: that is no open descriptor", d->name, value);
        hand_over(v, &v->image, (int)fd);
    } else if (if_nametoindex(interface) == 0) {
        fail(STATUS_NO_INPUT,
             xdp ? "--net %s=%s: there is no such link; make it: ip link add %.15s type veth peer name ..."
                 : "--net %s=%s: there is no such interface; make it: ip tuntap add %.15s mode tap user $USER",
             d->name, value, interface);
    }
    words_format(&v->image.argv, "--net:%s=%s", d->name, value[0] == '@' || xdp ? value : interface);
}

/* No packets: the image for linux has the host's sockets behind its stack (plat/linux/host.h). */
static void add_host_sockets(struct supervised *v, const struct subject *s, const struct device *d)
{
    if (s->sealed)
        fail(STATUS_USAGE, "--net %s=host: a sealed image can't reach the host's sockets; use -t linux", d->name);
    words_format(&v->image.argv, "--net:%s=host", d->name);
}

static void add_net(struct supervised *v, struct request *r, const struct subject *s, const struct device *d,
                    bool *user_taken)
{
    struct pair *given = find_pair(&r->nets, d->name), *offload = find_pair(&r->offloads, d->name);
    if (offload)
        words_format(&v->image.argv, "--net-offload:%s=%s", d->name, offload->value);
    if (!given) {
        add_usernet(v, r, d, !*user_taken);
        *user_taken = true;
    } else if (strcmp(given->value, "none") == 0) {
        add_no_net(v, d);
    } else if (strcmp(given->value, "host") == 0) {
        add_host_sockets(v, s, d);
    } else {
        add_interface(v, d, given->value);
    }
}

static void add_block(struct supervised *v, struct request *r, const struct subject *s, const struct device *d)
{
    struct pair *given = find_pair(&r->blocks, d->name);
    struct stat st;
    if (!given && d->optional)
        return;
    if (!given)
        fail(STATUS_NO_INPUT, "%s needs a file for its block device %s; add --block %s=FILE", s->name, d->name,
             d->name);
    if (stat(given->value, &st) != 0 || access(given->value, R_OK | W_OK) != 0)
        fail(STATUS_NO_INPUT, "--block %s=%s: %s; make the file with 'truncate -s 16M FILE'", d->name, given->value,
             strerror(errno));
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        fail(STATUS_NO_INPUT, "--block %s=%s: that is neither a file nor a block device", d->name, given->value);
    words_format(&v->image.argv, "--block:%s=%s", d->name, given->value);
}

static void add_devices(struct supervised *v, struct request *r, const struct subject *s)
{
    bool user_taken = false;
    for (size_t i = 0; i < s->n_devices; i++) {
        if (s->devices[i].kind == DEVICE_NET)
            add_net(v, r, s, &s->devices[i], &user_taken);
        else if (s->devices[i].kind == DEVICE_BLOCK)
            add_block(v, r, s, &s->devices[i]);
    }
    if (r->ports.n && !user_taken)
        fail(STATUS_USAGE, "-p publishes ports of the user-mode network, but %s",
             r->nets.n ? "--net attached every device elsewhere" : format_text("%s has no net device", s->name));
    if (r->pcap && !user_taken)
        fail(STATUS_USAGE, "--pcap records the user-mode network, and no device is attached to it");
}

/* Nobody would read it: a name mistyped, and an image that runs without its secret. */
static void check_secret(const struct subject *s, const char *name)
{
    const char *there = NULL;
    if (!s->m || net_keys_have(name))
        return;
    for (size_t i = 0; i < s->m->n_keys; i++) {
        const struct setting *k = &s->m->keys[i];
        if (k->type == KEY_SECRET && strcmp(k->name, name) == 0)
            return;
        if (k->type == KEY_SECRET)
            there = there ? format_text("%s, %s", there, k->name) : k->name;
    }
    fail(STATUS_USAGE, "--key-file %s: %s has no secret key of that name%s%s", name, s->name,
         there ? "; there is " : "", there ? there : "");
}

static void add_secrets(struct supervised *v, const struct request *r, const struct subject *s)
{
    for (size_t i = 0; i < r->secrets.n; i++) {
        const struct pair *p = &r->secrets.list[i];
        if (!file_exists(p->value) || access(p->value, R_OK) != 0)
            fail(STATUS_NO_INPUT, "--key-file %s=%s: there is no such file, or it can't be read", p->name, p->value);
        check_secret(s, p->name);
        words_format(&v->image.argv, "--key-file=%s=%s", p->name, p->value);
    }
}

/* Folders become keys of the image, which only the linux target has. */
static void add_folders(struct words *argv, const struct request *r, const struct subject *s)
{
    for (size_t i = 0; i < r->kvs.n; i++) {
        const struct pair *p = &r->kvs.list[i];
        if (s->sealed)
            fail(STATUS_USAGE, "--kv %s: a sealed image has its files inside; use -t linux for a folder of the host",
                 p->name);
        if (!folder_exists(p->value))
            fail(STATUS_NO_INPUT, "--kv %s=%s: there is no such folder", p->name, p->value);
        words_format(argv, "--kv:%s=%s", p->name, p->value);
    }
}

/* Whoever debugs an image must know where it lies, so the seed is drawn here when none is given. */
static uint64_t drawn_seed(struct request *r)
{
    uint64_t seed = 0;
    if (!r->layout_seed) {
        if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
            fail(STATUS_HOST, "the host has no random bytes: %s", strerror(errno));
        r->layout_seed = format_text("%llu", (unsigned long long)seed);
    }
    (void)bytes_decimal(bytes_str(r->layout_seed), UINT64_MAX, &seed);
    return seed;
}

static void add_debug(struct supervised *v, struct request *r, const struct subject *s)
{
    if (!r->gdb && !r->core)
        return;
    if (!s->sealed)
        fail(STATUS_USAGE, "%s: an image for linux is an ordinary process; debug it by: gdb --args %s",
             r->gdb ? "--gdb" : "--core", s->image);
    struct debug_wishes *wishes = allocate(sizeof *wishes);
    struct image *image = allocate(sizeof *image);
    uint64_t memory_mb = r->memory_mb ? r->memory_mb : s->memory_mb;
    *image = image_read(s->image);
    *wishes = (struct debug_wishes){r->gdb, r->core, s->debug_file, memory_mb << 20, 0};
    if (image->plan->movable)
        wishes->layout_seed = drawn_seed(r);
    v->debug = debug_new(wishes, image);
    int channel = debug_channel(v->debug);
    if (channel < 0) {
        words_add(&v->image.argv, "--traced");
        return;
    }
    hand_over(v, &v->image, channel);
    words_format(&v->image.argv, "--debug=@%d", channel);
}

/* Only a tender lays an image out; an ordinary process is laid out by the kernel. */
static void add_layout_seed(struct words *argv, const struct request *r, const struct subject *s)
{
    if (r->layout_seed && !s->sealed)
        fail(STATUS_USAGE, "--layout-seed %s: an ordinary process is laid out by the host's kernel; use -t spt",
             r->layout_seed);
    if (r->layout_seed)
        words_format(argv, "--layout-seed=%s", r->layout_seed);
}

static int run(int argc, char **argv)
{
    struct request r = parse(argc, argv);
    struct subject s = folder_exists(r.operand) ? from_folder(&r) : from_image(&r);
    struct supervised v = {
        .name = s.name, .ports = &r.ports, .debug_file = s.debug_file, .timing = r.timing, .quiet = r.quiet};
    int control[2];
    check_names(&s, &r.nets, DEVICE_NET, "--net");
    check_names(&s, &r.offloads, DEVICE_NET, "--net-offload");
    check_names(&s, &r.blocks, DEVICE_BLOCK, "--block");
    if (!s.sealed)
        check_names(&s, &r.kvs, DEVICE_KV, "--kv");
    ports_check(&r.ports);
    words_add(&v.image.argv, s.sealed               ? root_helper(format_text("jinn-%s", s.target))
                             : strchr(s.image, '/') ? s.image
                                                    : format_text("./%s", s.image));
    words_format(&v.image.argv, "--mem=%u", r.memory_mb ? r.memory_mb : s.memory_mb);
    add_debug(&v, &r, &s);
    add_layout_seed(&v.image.argv, &r, &s);
    add_devices(&v, &r, &s);
    add_secrets(&v, &r, &s);
    socket_pair(SOCK_SEQPACKET, control);
    v.control_fd = control[0];
    hand_over(&v, &v.image, control[1]);
    words_format(&v.image.argv, "--control=@%d", control[1]);
    words_add(&v.image.argv, "--");
    if (s.sealed)
        words_add(&v.image.argv, s.image);
    add_folders(&v.image.argv, &r, &s);
    for (char **k = r.keys; *k; k++)
        words_add(&v.image.argv, *k);
    return supervise(&v);
}

const struct command command_run = {
    .name = "run",
    .synopsis = "[OPTIONS] [DIR|IMAGE] [-- KEYS]",
    .summary = "Builds what has changed, and runs an image in the foreground",
    .details =
        "  -t, --target TARGET       spt (default), hvt or linux\n"
        "  -p, --publish [ADDR:]HOST:GUEST[/udp]\n"
        "                            a port of the host leads to one of the image; ADDR is 127.0.0.1 when\n"
        "                            not named; HOST 0 takes a free one\n"
        "      --net NAME=WHERE      a tap interface, @FD, or none, instead of the user-mode network; host: the\n"
        "                            host's own sockets (linux only); xdp:LINK: all of a link, by AF_XDP (spt, root)\n"
        "      --net-offload NAME=off\n"
        "                            the host's kernel gets plain frames only: no checksums or segments are left\n"
        "                            to it\n"
        "      --block NAME=FILE     the file or device behind a block device; only an optional one can be left out\n"
        "      --kv NAME=DIR         a folder of the host as a key-value store (linux only)\n"
        "      --key-file NAME=FILE  the file's content is the value of a secret key\n"
        "      --mem MB              memory of the image\n"
        "      --layout-seed N       lays the image where the start with this number had it, as a crash report names "
        "it\n"
        "      --pcap FILE           records the packets of the user-mode network\n"
        "      --gdb SOCKET          waits before the image's first instruction for gdb ('target remote SOCKET'); "
        "also\n"
        "                            127.0.0.1:PORT\n"
        "      --core FILE           leaves a core file for gdb when the image aborts or crashes, and on SIGQUIT "
        "(Ctrl-\\)\n"
        "      --timing              says how long the image took until it served\n"
        "  -q, --quiet               prints the image's own output and errors only\n\n"
        "What follows -- are keys of the image, as in -- --ipv4=10.0.0.2/24; '-- --help' lists them. Ctrl-C stops\n"
        "the image, a second one ends it. The exit status is the image's.\n",
    .run = run,
    .has_options_of_image = true,
};
