/* SPDX-License-Identifier: ISC */
/* The text of keys, as words: what lies between blanks, braces, semicolons and quotes. Three ways of writing the same come out as
 *
 *   key NAME algorithm A secret S        BIND
 *   key - id NAME algorithm A secret S   knot: colons at the end of a word are dropped
 *   NAME A S                             plain
 */
#include "proto/dns_tsig.h"

#include "base/radix.h"

#include <mbedtls/platform_util.h>

struct words {
    struct bytes text;
    size_t at;
    unsigned line; /* of the last word */
};

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '{' || c == '}' || c == ';' || c == '"';
}

static bool starts_comment(struct bytes rest)
{
    return rest.data[0] == '#' || bytes_starts(rest, bytes_str("//"));
}

/* Up to the next word, over blanks and comments. A semicolon ends what BIND says, so it begins no comment. */
static void skip(struct words *w)
{
    while (w->at < w->text.len) {
        struct bytes rest = bytes_slice(w->text, w->at, w->text.len);
        if (starts_comment(rest))
            w->at += bytes_find(rest, '\n');
        else if (is_space(rest.data[0]))
            w->line += w->text.data[w->at++] == '\n';
        else
            return;
    }
}

/* Empty: no more. */
static struct bytes next_word(struct words *w)
{
    skip(w);
    size_t start = w->at;
    while (w->at < w->text.len && !is_space(w->text.data[w->at]))
        w->at++;
    struct bytes word = bytes_slice(w->text, start, w->at - start);
    if (word.len > 1 && word.data[word.len - 1] == ':')
        word.len--;
    return word;
}

static bool is(struct bytes word, const char *text)
{
    return bytes_equal_nocase(word, bytes_str(text));
}

static const char *add(struct dns_tsig_keys *keys, struct bytes name, struct bytes algorithm, struct bytes secret)
{
    struct dns_name n, a;
    uint8_t buffer[DNS_TSIG_SECRET_BYTES];
    struct writer w = writer_of(buffer, sizeof buffer);
    if (dns_name_parse(name, dns_root(), &n) != NULL)
        return "a key's name that is no name";
    if (dns_name_parse(algorithm, dns_root(), &a) != NULL)
        return "an algorithm that is no name";
    const char *why = "a secret that is not base64, or of more than 128 bytes";
    if (radix_read_all(RADIX_BASE64, secret, &w))
        why = dns_tsig_keys_add(keys, dns_name_bytes(&n), dns_name_bytes(&a), writer_bytes(&w));
    mbedtls_platform_zeroize(buffer, sizeof buffer);
    return why;
}

/* A key that is being read: what has come of it. */
struct draft {
    struct bytes name, algorithm, secret;
};

static bool is_whole(const struct draft *d)
{
    return d->name.len && d->algorithm.len && d->secret.len;
}

/* One thing that is said about it: by a word and what follows, or three words in a row. */
static const char *read_one(struct words *w, struct bytes word, struct draft *d)
{
    struct bytes *field = is(word, "algorithm") ? &d->algorithm : is(word, "secret") ? &d->secret : NULL;
    if (is(word, "key") || is(word, "-"))
        return NULL;
    if (!field && d->name.len)
        return "a word that is neither algorithm nor secret of the key begun before";
    if (field || is(word, "id")) {
        field = field ? field : &d->name;
        if (field->len)
            return "the same thing twice";
        *field = next_word(w);
        return field->len ? NULL : "nothing after the last word";
    }
    struct words ahead = *w;
    struct bytes second = next_word(&ahead);
    d->name = word;
    if (is(second, "algorithm") || is(second, "secret"))
        return NULL;
    d->algorithm = next_word(w);
    d->secret = next_word(w);
    return d->secret.len ? NULL : "a name without an algorithm and a secret";
}

const char *dns_tsig_keys_parse(struct dns_tsig_keys *keys, struct bytes text, unsigned *line)
{
    struct words w = {text, 0, 1};
    struct draft d = {0};
    const char *why = NULL;
    for (struct bytes word = next_word(&w); !why && word.len; word = next_word(&w)) {
        *line = w.line;
        why = read_one(&w, word, &d);
        if (why || !is_whole(&d))
            continue;
        why = add(keys, d.name, d.algorithm, d.secret);
        d = (struct draft){0};
    }
    if (!why && (d.name.len || d.algorithm.len || d.secret.len))
        why = "a key of which something is missing";
    return why;
}
