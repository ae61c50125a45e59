/* SPDX-License-Identifier: ISC */
/* Words of a zone file: what stands between blanks, between quotes, and before what ends both. Escapes are left as they
 * are, but what is escaped ends no word. */
#include "proto/dns_zonefile_words.h"

const char dns_zonefile_open_parenthesis[] = "a parenthesis that is not closed";

/* What ends a word, and what makes one go on. */
enum { BLANK = 1, END = 2, SPECIAL = 4 };
static const uint8_t kinds[256] = {
    [' '] = BLANK | END, ['\t'] = BLANK | END, ['\r'] = BLANK | END,  ['\n'] = END,     [';'] = END,
    ['('] = END,         [')'] = END,          ['"'] = END | SPECIAL, ['\\'] = SPECIAL,
};

/* Behind what is quoted, which begins at `p`, and its quotes; NULL: they are not closed on this line. */
static const uint8_t *end_of_quoted(const uint8_t *p, const uint8_t *end)
{
    for (p++; p != end && *p != '"'; p++) {
        if (*p == '\\' && end - p > 1)
            p++;
        if (*p == '\n')
            return NULL;
    }
    return p == end ? NULL : p + 1;
}

static const uint8_t *end_of_plain(const uint8_t *p, const uint8_t *end, bool in_values)
{
    const uint8_t *start = p;
    while (p != end) {
        uint8_t kind = kinds[*p];
        if (*p == '\\' && end - p > 1 && p[1] != '\n')
            p++;
        else if (*p == '"' && in_values && p != start && p[-1] == '=')
            return end_of_quoted(p, end);
        else if (kind & END)
            break;
        p++;
    }
    return p;
}

static const char *take(struct dns_zonefile_frame *f, bool in_values, struct dns_word *word)
{
    const uint8_t *start = f->at;
    word->quoted = *start == '"';
    const uint8_t *end = word->quoted ? end_of_quoted(start, f->end) : end_of_plain(start, f->end, in_values);
    if (!end)
        return "quotes that are not closed on their line";
    f->at = end;
    word->text = bytes_of(start + word->quoted, (size_t)(end - start) - 2 * word->quoted);
    return NULL;
}

/* Parentheses make of several lines one. */
static const char *turn(struct dns_zonefile_frame *f, uint8_t c)
{
    if (c == '(') {
        if (f->n_open++ == 0)
            f->opened = f->line;
        return NULL;
    }
    if (f->n_open == 0)
        return "a parenthesis is closed that was not opened";
    f->n_open--;
    return NULL;
}

const char *dns_zonefile_word(struct dns_zonefile_frame *f, bool in_values, struct dns_word *word)
{
    *word = (struct dns_word){.quoted = false};
    while (f->at != f->end) {
        uint8_t c = *f->at;
        if (c == '\n') {
            f->at++;
            f->line++;
            f->ended = f->n_open == 0;
            if (f->ended)
                return NULL;
        } else if (kinds[c] & BLANK) {
            f->at++;
        } else if (c == ';') {
            const uint8_t *line_end = memchr(f->at, '\n', (size_t)(f->end - f->at));
            f->at = line_end ? line_end : f->end;
        } else if (c == '(' || c == ')') {
            f->at++;
            const char *why = turn(f, c);
            if (why)
                return why;
        } else {
            return take(f, in_values, word);
        }
    }
    f->ended = f->n_open == 0;
    return f->ended ? NULL : dns_zonefile_open_parenthesis;
}

void dns_zonefile_skip(struct dns_zonefile_frame *f)
{
    struct dns_word word;
    while (!f->ended) {
        if (dns_zonefile_word(f, false, &word) == NULL)
            continue;
        /* Where parentheses and quotes would end can't be known any more: it goes on with the next line. */
        const uint8_t *line_end = f->at == f->end ? NULL : memchr(f->at, '\n', (size_t)(f->end - f->at));
        f->at = line_end ? line_end : f->end;
        f->n_open = 0;
    }
}
