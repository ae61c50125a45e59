/* SPDX-License-Identifier: ISC */
/* jinn zone check: reads a zone file as the name server's appliance will, tells all that is wrong with it, prints it. jinn zone pack
 * writes it in a form that needs no reader of zone files (proto/dns_packed.h). */
#include "tool/commands.h"
#include "tool/text.h"

#include "proto/dns_packed.h"
#include "proto/dns_zone.h"
#include "proto/dns_zonefile.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

struct check {
    const char *path;
    struct dns_name origin;
    struct dns_zone *zone;
    struct dns_zonefile *reader;
    unsigned n_errors;
};

static char *string_of(struct bytes b)
{
    return format_text("%.*s", (int)b.len, b.data ? (const char *)b.data : "");
}

static const char *name_text(struct bytes name)
{
    return dns_name_text(name, allocate(DNS_NAME_TEXT_BYTES));
}

/* ---- Reading ---- */

/* What $INCLUDE names is beside the zone's own file. */
static const char *open_included(void *context, struct bytes file, struct bytes *text)
{
    const char *zone_path = context, *name = string_of(file);
    size_t folder_len = (size_t)(path_base(zone_path) - zone_path);
    const char *path = *name == '/' ? name : format_text("%.*s%s", (int)folder_len, zone_path, name);
    return file_read(path, text) ? NULL : format_text("%s can't be read: %s", path, strerror(errno));
}

static void begin(struct check *c, struct bytes text, struct bytes origin)
{
    char *path = format_text("%s", c->path);
    dns_zonefile_begin(
        c->reader,
        &(struct dns_zonefile_options){
            .origin = origin, .text = text, .file = bytes_str(path), .open = open_included, .context = path});
}

/* Without -o, the zone is that of the first SOA record; which may need a $ORIGIN before it. */
static bool find_origin(struct check *c, struct bytes text)
{
    enum dns_zonefile_event event;
    begin(c, text, bytes_of(NULL, 0));
    while ((event = dns_zonefile_next(c->reader)) != DNS_ZONEFILE_END) {
        if (event == DNS_ZONEFILE_RECORD && c->reader->record.type == DNS_SOA) {
            dns_name_copy(&c->origin, c->reader->record.name);
            return true;
        }
    }
    return false;
}

static void complain(struct check *c, const char *reason)
{
    say_at(string_of(c->reader->file), (int)c->reader->line, "%s", reason);
    c->n_errors++;
}

static void add(struct check *c)
{
    const struct dns_zonefile_record *r = &c->reader->record;
    const struct dns_set *set = NULL;
    uint32_t ttl = r->ttl;
    if (!dns_name_is_under(r->name, dns_name_bytes(&c->origin))) {
        say_at(string_of(c->reader->file), (int)c->reader->line, "warning: %s is not in the zone and was left out",
               name_text(r->name));
        return;
    }
    if (r->type == DNS_SOA && !dns_name_equal(r->name, dns_name_bytes(&c->origin))) {
        complain(c, "a SOA record that is not at the top of the zone");
        return;
    }
    if (r->type != DNS_RRSIG && (set = dns_zone_find(c->zone, r->name, r->type)) != NULL && set->ttl != ttl) {
        say_at(string_of(c->reader->file), (int)c->reader->line,
               "warning: records of one name and type have one TTL: it is %u, as it was before", set->ttl);
        ttl = set->ttl;
    }
    enum err e = dns_zone_add(c->zone, r->name, r->type, ttl, r->rdata);
    if (e == ERR_TOO_LARGE)
        complain(c, "more records of this name and type than one message can hold");
    else if (e != OK && e != ERR_IN_USE)
        complain(c, err_text(e));
}

static void tell_error(struct check *c)
{
    const char *near = string_of(c->reader->near);
    complain(c, *near ? format_text("%s: '%s'", c->reader->reason, near) : c->reader->reason);
}

static void tell_errors(struct check *c, struct bytes text)
{
    enum dns_zonefile_event event;
    begin(c, text, bytes_of(NULL, 0));
    while ((event = dns_zonefile_next(c->reader)) != DNS_ZONEFILE_END) {
        if (event == DNS_ZONEFILE_ERROR)
            tell_error(c);
    }
}

static void read_zone(struct check *c, struct bytes text)
{
    enum dns_zonefile_event event;
    begin(c, text, dns_name_bytes(&c->origin));
    while ((event = dns_zonefile_next(c->reader)) != DNS_ZONEFILE_END) {
        if (event == DNS_ZONEFILE_RECORD)
            add(c);
        else
            tell_error(c);
    }
}

/* ---- What only the whole zone shows ---- */

/* An address for a name of the zone, of its own or by a wildcard. */
static bool has_address(const struct dns_zone *z, struct bytes name)
{
    struct dns_name wildcard;
    if (dns_zone_has_name(z, name))
        return dns_zone_find(z, name, DNS_A) || dns_zone_find(z, name, DNS_AAAA) || dns_zone_find(z, name, DNS_CNAME);
    do
        name = dns_name_parent(name);
    while (!dns_zone_has_name(z, name));
    return dns_name_wildcard(&wildcard, name) && dns_zone_has_name(z, dns_name_bytes(&wildcard)) &&
           has_address(z, dns_name_bytes(&wildcard));
}

/* Where mail and services are said to be, there should be an address, as far as the zone itself knows. */
static void check_targets(struct check *c)
{
    struct dns_cursor cursor;
    struct bytes name, rdata;
    const struct dns_set *set;
    dns_cursor_open(&cursor, c->zone, dns_zone_origin(c->zone));
    while (dns_cursor_next(&cursor, &name, &set)) {
        if ((set->type != DNS_MX && set->type != DNS_SRV) || dns_zone_is_occluded(c->zone, name))
            continue;
        for (size_t at = 0; dns_set_record(set, &at, &rdata);) {
            struct bytes target = dns_rdata_target(set->type, rdata);
            if (!dns_name_is_under(target, dns_zone_origin(c->zone)) || dns_name_labels(target) == 0 ||
                dns_zone_is_occluded(c->zone, target) || has_address(c->zone, target))
                continue;
            say_at(c->path, 0, "warning: %s: %s of the %s record has no address", name_text(name), name_text(target),
                   set->type == DNS_MX ? "MX" : "SRV");
        }
    }
    dns_cursor_close(&cursor);
}

static void check_whole(struct check *c)
{
    struct dns_name where;
    const char *why = dns_zone_check(c->zone, &where);
    if (why) {
        say_at(c->path, 0, "%s: %s", name_text(dns_name_bytes(&where)), why);
        c->n_errors++;
        return;
    }
    check_targets(c);
}

/* ---- Printing ---- */

static int in_order(const void *a, const void *b, void *type)
{
    return dns_rdata_compare(*(const uint16_t *)type, *(const struct bytes *)a, *(const struct bytes *)b);
}

/* Calls each(context, record) for the records of a set. */
typedef void record_fn(void *context, struct bytes name, const struct dns_set *set, struct bytes rdata);

static void each_of_set(struct bytes name, const struct dns_set *set, record_fn *each, void *context)
{
    static struct bytes rdata[UINT16_MAX];
    uint16_t type = set->type;
    size_t n = 0;
    for (size_t at = 0; dns_set_record(set, &at, &rdata[n]);)
        n++;
    qsort_r(rdata, n, sizeof *rdata, in_order, &type);
    for (size_t i = 0; i < n; i++)
        each(context, name, set, rdata[i]);
}

/* The SOA first, as transfers have it, then all else in canonical order. */
static void each_record(struct check *c, record_fn *each, void *context)
{
    struct dns_cursor cursor;
    struct bytes name, origin = dns_zone_origin(c->zone);
    const struct dns_set *set;
    each_of_set(origin, dns_zone_find(c->zone, origin, DNS_SOA), each, context);
    dns_cursor_open(&cursor, c->zone, origin);
    while (dns_cursor_next(&cursor, &name, &set)) {
        if (set->type != DNS_SOA)
            each_of_set(name, set, each, context);
    }
    dns_cursor_close(&cursor);
}

static void print_record(void *context, struct bytes name, const struct dns_set *set, struct bytes rdata)
{
    static uint8_t text[8 * DNS_RDATA_BYTES];
    struct writer w = writer_of(text, sizeof text);
    (void)context;
    dns_zonefile_write(&w, &(struct dns_zonefile_record){name, set->type, DNS_IN, set->ttl, rdata});
    fwrite(text, 1, writer_len(&w), stdout);
}

static void print_summary(struct check *c)
{
    struct dns_zone_stats stats;
    dns_zone_stats(c->zone, &stats);
    printf("%s serial %u, %zu names, %zu records\n", name_text(dns_zone_origin(c->zone)), dns_zone_serial(c->zone),
           stats.n_names, stats.n_records);
}

/* ---- Packing ---- */

struct packing {
    struct text packed;
    struct bytes before;
};

static void pack_record(void *context, struct bytes name, const struct dns_set *set, struct bytes rdata)
{
    static uint8_t room[DNS_PACKED_RECORD_BYTES];
    struct packing *p = context;
    struct writer w = writer_of(room, sizeof room);
    dns_packed_write(&w, p->before, &(struct dns_packed_record){name, set->type, set->ttl, rdata});
    text_add_bytes(&p->packed, room, writer_len(&w));
    p->before = name;
}

static void write_packed(struct check *c, const char *to)
{
    struct packing p = {.before = bytes_of(NULL, 0)};
    uint8_t head[DNS_PACKED_HEAD_BYTES];
    struct writer w = writer_of(head, sizeof head);
    dns_packed_write_begin(&w);
    text_add_bytes(&p.packed, head, sizeof head);
    each_record(c, pack_record, &p);
    file_write(to, p.packed.s, p.packed.len);
}

/* ---- The command ---- */

/* Reads the file; all that is wrong was told when it gives a status other than 0. */
static int read_file(struct check *c, bool has_origin)
{
    struct bytes text;
    c->reader = allocate(sizeof *c->reader);
    if (!file_read(c->path, &text))
        fail(STATUS_NO_INPUT, "%s can't be read: %s", c->path, strerror(errno));
    if (!has_origin && !find_origin(c, text)) {
        tell_errors(c, text);
        fail_at(c->path, 0, "no SOA record whose name is known; name the zone with -o");
    }
    if (dns_zone_new(dns_name_bytes(&c->origin), 0, SIZE_MAX, &c->zone) != OK)
        fail(STATUS_HOST, "no memory for the zone");
    dns_zone_begin(c->zone);
    read_zone(c, text);
    dns_zone_commit(c->zone);
    if (c->n_errors == 0)
        check_whole(c);
    return c->n_errors ? STATUS_DATA : 0;
}

static int check(struct check *c, bool has_origin, bool print)
{
    int status = read_file(c, has_origin);
    if (status)
        return status;
    if (print)
        each_record(c, print_record, NULL);
    else
        print_summary(c);
    return 0;
}

#define ZONE_SUFFIX ".zone"

/* The file is the zone that it is named after: FOLDER/example.com.packed of example.com.zone; the root is root.zone. */
static int pack_file(const char *folder, const char *path)
{
    struct check c = {.path = path};
    const char *base = path_base(path);
    size_t len = strlen(base);
    if (len <= strlen(ZONE_SUFFIX) || strcmp(base + len - strlen(ZONE_SUFFIX), ZONE_SUFFIX) != 0)
        fail(STATUS_USAGE, "%s: the file's name has to be the zone's with .zone behind it", path);
    const char *zone = format_text("%.*s", (int)(len - strlen(ZONE_SUFFIX)), base);
    const char *why = dns_name_parse(bytes_str(strcmp(zone, "root") == 0 ? "." : zone), dns_root(), &c.origin);
    if (why)
        fail(STATUS_USAGE, "%s: '%s' is no name of a zone: %s", path, zone, why);
    int status = read_file(&c, true);
    if (status == 0)
        write_packed(&c, path_join(folder, format_text("%s.packed", zone)));
    return status;
}

/* Of a folder all its zones, and what no longer belongs to one goes. */
static int pack(const char *folder, char **paths)
{
    int worst = 0;
    remove_tree(folder);
    make_folders(folder);
    for (; *paths; paths++) {
        glob_t found;
        const char *all = format_text(folder_exists(*paths) ? "%s/*" ZONE_SUFFIX : "%s", *paths);
        int flags = folder_exists(*paths) ? 0 : GLOB_NOMAGIC | GLOB_NOCHECK;
        if (glob(all, flags, NULL, &found) == GLOB_NOSPACE)
            fail(STATUS_HOST, "no memory");
        for (size_t i = 0; i < found.gl_pathc; i++) {
            int status = pack_file(folder, found.gl_pathv[i]);
            worst = status ? status : worst;
        }
    }
    return worst;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"origin", required_argument, NULL, 'o'}, {"print", no_argument, NULL, 'p'}, {0}};
    struct check c = {0};
    bool has_origin = false, print = false;
    for (int option; (option = command_option(argc, argv, "o:p", options)) != -1;) {
        if (option == 'p') {
            print = true;
            continue;
        }
        const char *why = dns_name_parse(bytes_str(optarg), dns_root(), &c.origin);
        if (why)
            command_usage("'%s' is no name of a zone: %s", optarg, why);
        has_origin = true;
    }
    if (optind < argc && strcmp(argv[optind], "pack") == 0 && !has_origin && !print) {
        if (argc - optind < 3)
            command_usage("name a folder for the packed zones, and the zones' files");
        return pack(argv[optind + 1], argv + optind + 2);
    }
    if (optind == argc || strcmp(argv[optind], "check") != 0)
        command_usage("say what to do with zones: check FILE, or pack FOLDER FILE|FOLDER...");
    optind++;
    c.path = command_operand(argc, argv, NULL);
    if (!c.path)
        command_usage("name the zone's file");
    return check(&c, has_origin, print);
}

const struct command command_zone = {
    .name = "zone",
    .synopsis = "check [-o ORIGIN] [--print] FILE | pack FOLDER FILE|FOLDER...",
    .summary = "Checks a zone file of the DNS, prints it canonically, packs it for an image",
    .details = "  -o, --origin NAME    the zone (default: where the file's SOA record is)\n"
               "  -p, --print          prints all records, one a line, in canonical order\n\n"
               "pack checks files that are named after their zones, example.com.zone, and writes "
               "FOLDER/example.com.packed and\n"
               "so on, for appliances that hold no reader of zone files.\n\n"
               "What is wrong is told as FILE:LINE: REASON, all of it, and the status is 65.\n",
    .run = run,
};
