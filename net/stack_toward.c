/* SPDX-License-Identifier: ISC */
#include <jinn/stack_tables.h>

static bool is_own(const struct stack *s, const struct ip *ip)
{
    struct stack_address a;
    for (size_t at = 0; stack_next_address(s, &at, &a);) {
        if (ip_equal(&a.net.ip, ip))
            return true;
    }
    return false;
}

static bool fits(const struct stack_route *r, const struct ip *to)
{
    bool everywhere6 = r->to.prefix_len == 0 && ip_equal(&r->to.ip, &IP_NONE);
    return everywhere6 ? !ip_is4(to) : ip_in_net(to, &r->to);
}

static bool is_better(const struct stack_route *a, const struct stack_route *b)
{
    if (a->to.prefix_len != b->to.prefix_len)
        return a->to.prefix_len > b->to.prefix_len;
    return a->dead != b->dead ? b->dead : a->metric < b->metric;
}

struct stack *stack_toward(struct stack *const *list, size_t n, const struct ip *to)
{
    struct stack *best = NULL;
    struct stack_route r, way = {.metric = 0};
    for (size_t i = 0; i < n; i++) {
        if (is_own(list[i], to))
            return list[i];
        for (size_t at = 0; stack_next_route(list[i], &at, &r);) {
            if (!fits(&r, to) || (best && !is_better(&r, &way)))
                continue;
            best = list[i];
            way = r;
        }
    }
    return best;
}
