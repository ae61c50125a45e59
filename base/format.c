/* SPDX-License-Identifier: ISC */
#include <jinn/format.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum length { INT, LONG, CHAR, SHORT };

struct out {
    char *at;
    size_t left; /* without the NUL */
    size_t len;  /* of all, whether it fits or not */
};

struct spec {
    bool minus, zero;
    int width, precision; /* precision below 0: none */
    enum length length;
    char conversion;
};

enum { DIGITS_MAX = 20 }; /* of 2^64 */

static void put(struct out *o, char c)
{
    o->len++;
    if (o->left > 0) {
        *o->at++ = c;
        o->left--;
    }
}

static void put_times(struct out *o, char c, int n)
{
    while (n-- > 0)
        put(o, c);
}

static void put_text(struct out *o, const struct spec *s, const char *text, int len)
{
    put_times(o, ' ', s->minus ? 0 : s->width - len);
    for (int i = 0; i < len; i++)
        put(o, text[i]);
    put_times(o, ' ', s->minus ? s->width - len : 0);
}

/* `sign` is "", "-" or "0x". */
static void put_number(struct out *o, const struct spec *s, const char *sign, uint64_t value, unsigned base)
{
    const char *digits = s->conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[DIGITS_MAX];
    int n = 0, sign_len = (int)strlen(sign);
    for (; value; value /= base)
        text[n++] = digits[value % base];
    int zeros = (s->precision < 0 ? 1 : s->precision) - n;
    if (zeros < 0)
        zeros = 0;
    int pad = s->width - sign_len - zeros - n;
    bool with_zeros = s->zero && !s->minus && s->precision < 0;
    put_times(o, ' ', s->minus || with_zeros ? 0 : pad);
    for (int i = 0; i < sign_len; i++)
        put(o, sign[i]);
    put_times(o, '0', with_zeros ? zeros + (pad > 0 ? pad : 0) : zeros);
    while (n > 0)
        put(o, text[--n]);
    put_times(o, ' ', s->minus ? pad : 0);
}

/* A number, or what a * stands for, which may be below 0. */
static int read_number(const char **at, va_list *args)
{
    int n = 0;
    if (**at == '*') {
        ++*at;
        return va_arg(*args, int);
    }
    for (; **at >= '0' && **at <= '9' && n < INT16_MAX; ++*at)
        n = n * 10 + (**at - '0');
    return n;
}

static enum length read_length(const char **at)
{
    enum length l = INT;
    for (;; ++*at) {
        if (**at == 'h')
            l = l == SHORT ? CHAR : SHORT;
        else if (**at == 'l' || **at == 'j' || **at == 'z' || **at == 't')
            l = LONG;
        else
            return l;
    }
}

static struct spec read_spec(const char **at, va_list *args)
{
    struct spec s = {.precision = -1};
    for (; **at == '-' || **at == '0'; ++*at) {
        s.minus |= **at == '-';
        s.zero |= **at == '0';
    }
    s.width = read_number(at, args);
    if (s.width < 0) {
        s.minus = true;
        s.width = -s.width;
    }
    if (**at == '.') {
        ++*at;
        s.precision = read_number(at, args);
    }
    s.length = read_length(at);
    s.conversion = **at;
    return s;
}

static void put_signed(struct out *o, const struct spec *s, va_list *args)
{
    int64_t v = s->length == LONG ? va_arg(*args, int64_t) : va_arg(*args, int);
    if (s->length == CHAR)
        v = (signed char)v;
    else if (s->length == SHORT)
        v = (short)v;
    put_number(o, s, v < 0 ? "-" : "", v < 0 ? -(uint64_t)v : (uint64_t)v, 10);
}

static void put_unsigned(struct out *o, const struct spec *s, va_list *args)
{
    uint64_t v = s->length == LONG ? va_arg(*args, uint64_t) : va_arg(*args, unsigned);
    if (s->length == CHAR)
        v = (uint8_t)v;
    else if (s->length == SHORT)
        v = (uint16_t)v;
    put_number(o, s, "", v, s->conversion == 'u' ? 10 : 16);
}

static void put_string(struct out *o, const struct spec *s, const char *text)
{
    size_t most = s->precision < 0 ? INT32_MAX : (size_t)s->precision;
    put_text(o, s, text, (int)strnlen(text, most));
}

/* False: not known here. */
static bool put_one(struct out *o, const struct spec *s, va_list *args)
{
    char c;
    switch (s->conversion) {
    case 'd':
    case 'i':
        put_signed(o, s, args);
        return true;
    case 'u':
    case 'x':
    case 'X':
        put_unsigned(o, s, args);
        return true;
    case 'p':
        put_number(o, s, "0x", (uintptr_t)va_arg(*args, void *), 16);
        return true;
    case 's':
        put_string(o, s, va_arg(*args, const char *));
        return true;
    case 'c':
        c = (char)va_arg(*args, int);
        put_text(o, s, &c, 1);
        return true;
    case '%':
        put(o, '%');
        return true;
    }
    return false;
}

size_t format_list(char *out, size_t size, const char *text, va_list args)
{
    struct out o = {out, size ? size - 1 : 0, 0};
    bool known = true;
    va_list rest;
    va_copy(rest, args);
    while (*text) {
        const char *at = text + 1;
        struct spec s;
        if (*text == '%' && known) {
            s = read_spec(&at, &rest);
            known = put_one(&o, &s, &rest);
        }
        if (*text == '%' && known)
            text = at + 1;
        else
            put(&o, *text++);
    }
    va_end(rest);
    if (size)
        *o.at = 0;
    return o.len;
}

size_t format(char *out, size_t size, const char *text, ...)
{
    va_list args;
    va_start(args, text);
    size_t len = format_list(out, size, text, args);
    va_end(args);
    return len;
}
