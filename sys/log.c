/* SPDX-License-Identifier: ISC */
/* The rules are file-scope because every source in the image reads them. A source remembers the level it found and
 * the generation of the rules that it found it in. */
#include <jinn/format.h>
#include <jinn/log.h>
#include <jinn/plat.h>
#include <jinn/time.h>

#include <stdarg.h>

#define RULES_MAX 16       /* more sources than one debugs at once */
#define RULE_NAME_BYTES 24 /* a source is one word */

struct log_rule {
    char name[RULE_NAME_BYTES];
    enum log_level level;
};

struct log_rules {
    struct log_rule rule[RULES_MAX];
    size_t n;
    bool given;            /* else LOG_INFO for all: all zeros take no room in the image's file */
    enum log_level others; /* of sources without a rule: "*" */
};

static struct log_rules rules;
static unsigned generation = 1;
static uint64_t start_ns; /* 0: not known yet */

static const char level_names[][8] = {"quiet", "error", "warning", "info", "debug"};
static const char level_columns[][6] = {"     ", "error", "warn ", "info ", "debug"};

static bool level_parse(struct bytes text, enum log_level *level)
{
    for (size_t i = 0; i < ARRAY_LEN(level_names); i++) {
        if (!bytes_equal_nocase(text, bytes_str(level_names[i])))
            continue;
        *level = (enum log_level)i;
        return true;
    }
    return false;
}

static struct bytes next_part(struct bytes *text, uint8_t separator)
{
    size_t at = bytes_find(*text, separator);
    struct bytes part = bytes_slice(*text, 0, at);
    *text = bytes_slice(*text, at + 1, text->len);
    return bytes_trim(part);
}

/* "tcp:debug", "*:info", or "debug" alone for all. */
static bool rule_parse(struct log_rules *out, struct bytes text)
{
    struct bytes level_text = text;
    struct bytes name = bytes_find(text, ':') < text.len ? next_part(&level_text, ':') : bytes_str("*");
    enum log_level level;
    if (name.len == 0 || name.len >= RULE_NAME_BYTES || !level_parse(bytes_trim(level_text), &level))
        return false;
    if (bytes_equal(name, bytes_str("*"))) {
        out->others = level;
        return true;
    }
    if (out->n == RULES_MAX)
        return false;
    struct log_rule *rule = &out->rule[out->n++];
    memcpy(rule->name, name.data, name.len);
    rule->level = level;
    return true;
}

enum err log_rules(const char *text)
{
    struct log_rules parsed = {.given = true, .others = LOG_INFO};
    struct bytes left = bytes_str(text);
    bool more = true;
    while (more) {
        more = bytes_find(left, ',') < left.len;
        if (!rule_parse(&parsed, next_part(&left, ',')))
            return ERR_INVALID;
    }
    rules = parsed;
    generation++;
    return OK;
}

/* The last rule that names the source wins, as people expect of a command line. */
static enum log_level level_of(const char *name)
{
    for (size_t i = rules.n; i-- > 0;) {
        if (strcmp(rules.rule[i].name, name) == 0)
            return rules.rule[i].level;
    }
    return rules.given ? rules.others : LOG_INFO;
}

bool log_enabled(struct log_source *s, enum log_level level)
{
    if (s->level < 0 || s->generation != generation) {
        s->level = (int)level_of(s->name);
        s->generation = generation;
    }
    return (int)level <= s->level;
}

void log_began(uint64_t now_ns)
{
    start_ns = now_ns;
}

static size_t put_prefix(char *line, size_t size, const struct log_source *s, enum log_level level)
{
    uint64_t now_ns = plat_clock_ns();
    if (!start_ns)
        log_began(now_ns);
    uint64_t us = (now_ns - start_ns) / NS_PER_US;
    return format(line, size, "%u.%06u %s %.24s: ", (unsigned)(us / 1000000), (unsigned)(us % 1000000),
                  level_columns[level], s->name);
}

/* One message is one line, whatever got into it. */
static void make_harmless(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            text[i] = '?';
    }
}

void log_print(struct log_source *s, enum log_level level, const char *text, ...)
{
    char line[LOG_LINE_BYTES];
    if (!log_enabled(s, level))
        return;
    size_t len = put_prefix(line, sizeof line, s, level);
    va_list args;
    va_start(args, text);
    size_t n = format_list(line + len, sizeof line - len, text, args);
    va_end(args);
    len = n < sizeof line - len ? len + n : sizeof line - 1;
    make_harmless(line, len);
    line[len] = '\n'; /* where the NUL was */
    plat_console(line, len + 1);
}

static bool is_plain(uint8_t c)
{
    return c >= ' ' && c < 0x7f && c != '\\';
}

static size_t quoted_len(struct bytes b)
{
    size_t len = 0;
    for (size_t i = 0; i < b.len; i++)
        len += is_plain(b.data[i]) ? 1 : 4;
    return len;
}

const char *log_quoted(struct bytes b, char *out, size_t size)
{
    static const char hex[] = "0123456789abcdef", dots[] = "...";
    if (size == 0)
        return "";
    bool cut = quoted_len(b) > size - 1;
    size_t n_dots = !cut ? 0 : size - 1 < 3 ? size - 1 : 3;
    struct writer w = writer_of(out, size - 1 - n_dots);
    for (size_t i = 0; i < b.len && writer_left(&w) >= (is_plain(b.data[i]) ? 1 : 4); i++) {
        if (is_plain(b.data[i])) {
            write_u8(&w, b.data[i]);
            continue;
        }
        uint8_t escape[4] = {'\\', 'x', (uint8_t)hex[b.data[i] >> 4], (uint8_t)hex[b.data[i] & 15]};
        write_copy(&w, escape, sizeof escape);
    }
    size_t len = writer_len(&w);
    memcpy(out + len, dots, n_dots);
    out[len + n_dots] = '\0';
    return out;
}
