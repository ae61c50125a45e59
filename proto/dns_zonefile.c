/* SPDX-License-Identifier: ISC */
/* An entry is a line, or several between parentheses:
 *
 *     owner [TTL] [class] type data...     a blank before it, for the last owner: [TTL] [class] type data...
 *     $ORIGIN name     $TTL seconds     $INCLUDE file [origin]     $GENERATE (dns_zonefile_generate.c) */
#include "proto/dns_zonefile_words.h"

static const char no_field[] = "a field is missing";
static const char extra[] = "more words than belong here";

static struct dns_zonefile_frame *top(struct dns_zonefile *z)
{
    return &z->frame[z->n_frames - 1];
}

static const char *push(struct dns_zonefile *z, struct bytes text, struct bytes file, struct bytes origin)
{
    if (z->n_frames == DNS_ZONEFILE_DEPTH)
        return "files that include each other more than 8 deep";
    struct dns_zonefile_frame *f = &z->frame[z->n_frames++];
    f->at = text.data;
    f->end = text.data ? text.data + text.len : NULL;
    f->line = 1;
    f->n_open = 0;
    f->file = file;
    f->owner.len = 0;
    f->origin.len = 0;
    if (origin.len)
        dns_name_copy(&f->origin, origin);
    return NULL;
}

void dns_zonefile_begin(struct dns_zonefile *z, const struct dns_zonefile_options *options)
{
    z->options = *options;
    if (!z->options.class_)
        z->options.class_ = DNS_IN;
    z->n_frames = 0;
    z->generate.next = 1;
    z->generate.stop = 0;
    z->has_default_ttl = z->has_last_ttl = z->has_minimum = false;
    (void)push(z, options->text, options->file, options->origin);
}

/* ---- Records ---- */

const char *dns_zonefile_data(struct dns_zonefile *z, struct dns_zonefile_frame *f, uint16_t type)
{
    struct writer w = writer_of(z->rdata, sizeof z->rdata);
    bool in_values = type == DNS_SVCB || type == DNS_HTTPS;
    size_t n = 0;
    struct dns_word word;
    const char *why;
    while ((why = dns_zonefile_word(f, in_values, &word)) == NULL) {
        if (!word.text.data) {
            why = dns_rdata_parse(type, z->word, n, dns_name_bytes(&f->origin), &w);
            z->record.rdata = writer_bytes(&w);
            return why;
        }
        if (n == DNS_ZONEFILE_WORDS)
            return "more than 1024 words in one record";
        z->word[n++] = word;
    }
    return why;
}

static const char *parse_ttl(struct bytes text, uint32_t *ttl)
{
    if (!dns_duration_parse(text, ttl))
        return "not a TTL: seconds, or like 1h30m";
    return *ttl > DNS_ZONEFILE_TTL_MAX ? "a TTL above 2147483647" : NULL;
}

/* RFC 2308 4 and RFC 1035 5.1, and what BIND takes when there is neither: the SOA's last number. */
const char *dns_zonefile_choose_ttl(struct dns_zonefile *z, const struct dns_zonefile_ttl *ttl)
{
    if (ttl->given) {
        z->has_last_ttl = true;
        z->last_ttl = ttl->seconds;
    }
    if (!ttl->given && !z->has_default_ttl && !z->has_last_ttl && !z->has_minimum)
        return "no TTL: give one here, or a $TTL before";
    z->record.ttl = ttl->given           ? ttl->seconds
                    : z->has_default_ttl ? z->default_ttl
                    : z->has_last_ttl    ? z->last_ttl
                                         : z->minimum;
    return NULL;
}

/* TTL and class in any order, then the type, into the record; `word` is the first of them. */
const char *dns_zonefile_type(struct dns_zonefile *z, struct dns_zonefile_frame *f, struct dns_word word,
                              struct dns_zonefile_ttl *ttl)
{
    bool has_class = false;
    const char *why = NULL;
    ttl->given = false;
    for (; !why; why = dns_zonefile_word(f, false, &word)) {
        uint16_t class_;
        z->near = word.text;
        if (!word.text.data)
            return no_field;
        if (word.quoted)
            return "quotes where no string can be";
        if (!ttl->given && word.text.data[0] - (unsigned)'0' < 10) {
            why = parse_ttl(word.text, &ttl->seconds);
            if (why)
                return why;
            ttl->given = true;
        } else if (!has_class && dns_class_parse(word.text, &class_)) {
            has_class = true;
            if (class_ != z->options.class_)
                return "a class that is not the zone's";
        } else if (!dns_type_parse(word.text, &z->record.type)) {
            return "an unknown type";
        } else if (dns_type_is_meta(z->record.type)) {
            return "a type that no zone can hold";
        } else {
            z->near.len = 0;
            return NULL;
        }
    }
    return why;
}

/* The last number of a SOA may be what gives all others their TTL. */
static const char *finish(struct dns_zonefile *z, const struct dns_zonefile_ttl *ttl)
{
    struct bytes rdata = z->record.rdata;
    if (z->record.type == DNS_SOA && !z->has_minimum) {
        struct reader r = reader_of(bytes_slice(rdata, rdata.len - 4, 4));
        z->minimum = read_be32(&r);
        z->has_minimum = z->minimum <= DNS_ZONEFILE_TTL_MAX;
    }
    return dns_zonefile_choose_ttl(z, ttl);
}

static const char *read_record(struct dns_zonefile *z, struct dns_zonefile_frame *f, struct dns_word word,
                               bool has_owner)
{
    struct dns_zonefile_ttl ttl;
    const char *why = NULL;
    if (has_owner) {
        z->near = word.text;
        why = dns_name_parse(word.text, dns_name_bytes(&f->origin), &f->owner);
        if (!why)
            why = dns_zonefile_word(f, false, &word);
        else
            f->owner.len = 0;
    } else if (!f->owner.len) {
        why = "no name: nothing before this line has one";
    }
    if (!why)
        why = dns_zonefile_type(z, f, word, &ttl);
    if (!why)
        why = dns_zonefile_data(z, f, z->record.type);
    if (!why)
        why = finish(z, &ttl);
    z->record.name = dns_name_bytes(&f->owner);
    return why;
}

/* ---- Directives ---- */

/* The next word, which must be there. */
static const char *argument(struct dns_zonefile *z, struct dns_zonefile_frame *f, struct dns_word *word)
{
    const char *why = dns_zonefile_word(f, false, word);
    z->near = word->text;
    return why || word->text.data ? why : no_field;
}

static const char *end_of_entry(struct dns_zonefile_frame *f)
{
    struct dns_word word;
    const char *why = dns_zonefile_word(f, false, &word);
    return why || !word.text.data ? why : extra;
}

static const char *read_origin(struct dns_zonefile *z, struct dns_zonefile_frame *f)
{
    struct dns_word word;
    struct dns_name name;
    const char *why = argument(z, f, &word);
    if (!why)
        why = dns_name_parse(word.text, dns_name_bytes(&f->origin), &name);
    if (!why)
        why = end_of_entry(f);
    if (!why)
        f->origin = name;
    return why;
}

static const char *read_ttl(struct dns_zonefile *z, struct dns_zonefile_frame *f)
{
    struct dns_word word;
    uint32_t ttl;
    const char *why = argument(z, f, &word);
    if (!why)
        why = parse_ttl(word.text, &ttl);
    if (!why)
        why = end_of_entry(f);
    if (why)
        return why;
    z->has_default_ttl = true;
    z->default_ttl = ttl;
    return NULL;
}

static const char *read_include(struct dns_zonefile *z, struct dns_zonefile_frame *f)
{
    struct dns_word file, word;
    struct dns_name origin = f->origin;
    struct bytes text = {0};
    const char *why = argument(z, f, &file);
    if (!why)
        why = dns_zonefile_word(f, false, &word);
    if (!why && word.text.data) {
        why = dns_name_parse(word.text, dns_name_bytes(&f->origin), &origin);
        if (!why)
            why = end_of_entry(f);
    }
    if (why)
        return why;
    if (!z->options.open)
        return "no file can be included here";
    why = z->options.open(z->options.context, file.text, &text);
    return why ? why : push(z, text, file.text, dns_name_bytes(&origin));
}

static const char *read_directive(struct dns_zonefile *z, struct dns_zonefile_frame *f, struct bytes name)
{
    if (bytes_equal_nocase(name, bytes_str("$ORIGIN")))
        return read_origin(z, f);
    if (bytes_equal_nocase(name, bytes_str("$TTL")))
        return read_ttl(z, f);
    if (bytes_equal_nocase(name, bytes_str("$INCLUDE")))
        return read_include(z, f);
    if (bytes_equal_nocase(name, bytes_str("$GENERATE")))
        return dns_zonefile_generate_begin(z, f);
    z->near = name;
    return "an unknown directive";
}

/* ---- Events ---- */

static enum dns_zonefile_event error(struct dns_zonefile *z, struct dns_zonefile_frame *f, const char *why)
{
    z->reason = why;
    if (why == dns_zonefile_open_parenthesis)
        z->line = f->opened;
    dns_zonefile_skip(f);
    return DNS_ZONEFILE_ERROR;
}

/* One entry. False: nothing in it to tell of. */
static bool read_entry(struct dns_zonefile *z, struct dns_zonefile_frame *f, enum dns_zonefile_event *event)
{
    struct dns_word word;
    bool has_owner = *f->at != ' ' && *f->at != '\t';
    z->line = f->line;
    z->file = f->file;
    z->near.len = 0;
    f->ended = false;
    const char *why = dns_zonefile_word(f, false, &word);
    if (!why && !word.text.data)
        return false;
    bool is_directive = !why && has_owner && !word.quoted && word.text.data[0] == '$';
    if (is_directive)
        why = read_directive(z, f, word.text);
    else if (!why)
        why = read_record(z, f, word, has_owner);
    if (!why && is_directive)
        return false;
    *event = why ? error(z, f, why) : DNS_ZONEFILE_RECORD;
    return true;
}

enum dns_zonefile_event dns_zonefile_next(struct dns_zonefile *z)
{
    enum dns_zonefile_event event;
    z->record.class_ = z->options.class_;
    for (;;) {
        struct dns_zonefile_frame *f = top(z);
        if (z->generate.next <= z->generate.stop)
            return dns_zonefile_generate_next(z, f);
        if (f->at != f->end) {
            if (read_entry(z, f, &event))
                return event;
        } else if (z->n_frames == 1) {
            return DNS_ZONEFILE_END;
        } else {
            z->n_frames--;
        }
    }
}

void dns_zonefile_write(struct writer *w, const struct dns_zonefile_record *record)
{
    dns_name_write_text(w, record->name);
    write_format(w, " %u ", record->ttl);
    dns_class_write(w, record->class_);
    write_u8(w, ' ');
    dns_type_write(w, record->type);
    write_u8(w, ' ');
    dns_rdata_write_text(w, record->type, record->rdata);
    write_u8(w, '\n');
}
