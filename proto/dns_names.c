/* SPDX-License-Identifier: ISC */
#include "proto/dns_names.h"

/* Those of labels: dots that were escaped are none. */
static unsigned n_dots(const struct dns_candidates *c)
{
    unsigned labels = dns_name_labels(dns_name_bytes(&c->typed));
    return labels ? labels - 1 : 0;
}

static bool ends_with_dot(const char *text)
{
    size_t n = strlen(text);
    return n && text[n - 1] == '.' && !(n > 1 && text[n - 2] == '\\');
}

bool dns_candidates_begin(struct dns_candidates *c, const char *text, struct bytes search, unsigned ndots)
{
    *c = (struct dns_candidates){.search = search, .absolute = ends_with_dot(text)};
    if (!*text || dns_name_parse(bytes_str(text), dns_root(), &c->typed) || c->typed.len <= 1)
        return false;
    c->as_is_first = c->absolute || n_dots(c) >= ndots;
    return true;
}

static bool next_in_search(struct dns_candidates *c, struct dns_name *name)
{
    struct reader r = reader_of(c->search);
    for (unsigned i = 0; reader_left(&r) && i < DNS_SEARCH_MAX; i++) {
        struct bytes domain = dns_name_take(&r);
        if (i < c->n || !domain.len)
            continue;
        c->n = i + 1;
        if (dns_name_join(name, dns_name_bytes(&c->typed), domain))
            return true; /* otherwise too long, and so not there */
    }
    return false;
}

bool dns_candidates_next(struct dns_candidates *c, struct dns_name *name)
{
    bool as_is = !c->as_is_done;
    if (!(as_is && c->as_is_first) && !c->absolute && next_in_search(c, name))
        return true;
    c->as_is_done = true;
    *name = c->typed;
    return as_is;
}

enum dns_special dns_special(struct bytes name)
{
    static const struct {
        char wire[11]; /* a label and the root */
        uint8_t special;
    } table[] = {
        {"\11localhost", DNS_SPECIAL_LOOPBACK},
        {"\7invalid", DNS_SPECIAL_NOWHERE},
        {"\5local", DNS_SPECIAL_NOWHERE},
        {"\5onion", DNS_SPECIAL_NOWHERE},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (dns_name_is_under(name, bytes_of(table[i].wire, (size_t)table[i].wire[0] + 2)))
            return (enum dns_special)table[i].special;
    }
    return DNS_SPECIAL_NONE;
}
