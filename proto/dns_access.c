/* SPDX-License-Identifier: ISC */
#include "proto/dns_access.h"

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',';
}

struct bytes dns_word(struct bytes *text)
{
    size_t start = 0;
    while (start < text->len && is_space(text->data[start]))
        start++;
    size_t end = start;
    while (end < text->len && !is_space(text->data[end]))
        end++;
    struct bytes word = bytes_slice(*text, start, end - start);
    *text = bytes_slice(*text, end, text->len);
    return word;
}

static bool parse_net(struct bytes word, struct ip_net *net)
{
    if (bytes_find(word, '/') < word.len)
        return ip_net_parse(word, net);
    if (!ip_parse(word, &net->ip))
        return false;
    net->prefix_len = ip_is4(&net->ip) ? 32 : 128;
    return true;
}

static const char *parse_part(struct dns_access_rule *r, struct bytes part)
{
    struct bytes key = bytes_str("key:");
    if (bytes_equal(part, bytes_str("any")))
        return NULL;
    if (bytes_starts(part, key)) {
        r->by_key = true;
        return dns_name_parse(bytes_slice(part, key.len, part.len), dns_root(), &r->key)
                   ? "a key's name that is no name"
                   : NULL;
    }
    r->by_net = true;
    return parse_net(part, &r->net) ? NULL : "neither an address, a network, key:NAME nor any";
}

const char *dns_access_parse(struct dns_access *a, struct bytes text)
{
    for (struct bytes word; (word = dns_word(&text)).len;) {
        struct dns_access_rule r = {0};
        size_t plus = bytes_find(word, '+');
        const char *why = parse_part(&r, bytes_slice(word, 0, plus));
        if (!why && plus < word.len)
            why = parse_part(&r, bytes_slice(word, plus + 1, word.len));
        if (why)
            return why;
        if (a->n == DNS_ACCESS_MAX)
            return "more than 16 rules";
        a->rule[a->n++] = r;
    }
    return NULL;
}

static bool in_net(const struct ip *ip, const struct ip_net *net)
{
    unsigned bits = net->prefix_len + (ip_is4(&net->ip) ? 96u : 0u);
    if (ip_is4(ip) != ip_is4(&net->ip) || memcmp(ip->b, net->ip.b, bits / 8) != 0)
        return false;
    unsigned rest = bits % 8;
    return rest == 0 || ((ip->b[bits / 8] ^ net->ip.b[bits / 8]) >> (8 - rest)) == 0;
}

static bool fits(const struct dns_access_rule *r, const struct ip *peer, const struct dns_tsig_key *key)
{
    if (r->by_net && !in_net(peer, &r->net))
        return false;
    return !r->by_key || (key && dns_name_equal(dns_name_bytes(&key->name), dns_name_bytes(&r->key)));
}

bool dns_access_allows(const struct dns_access *a, const struct ip *peer, const struct dns_tsig_key *key)
{
    for (size_t i = 0; i < a->n; i++) {
        if (fits(&a->rule[i], peer, key))
            return true;
    }
    return false;
}
