/* SPDX-License-Identifier: ISC */
/* Floating point and wide registers across yields: fibers count in x87, SSE and AVX registers at once, each rounding in a
 * direction of its own, with sleeps (so calls of the host) and other fibers in between. A switch keeps MXCSR's and the
 * x87's control words; the registers themselves are the caller's to save (System V ABI), so this says that compiler and switch
 * agree. Prints what was tried. */
#include "test/hardening/image.h"

#include <jinn/fiber.h>

#include <string.h>

#define FIBERS 3
#define ROUNDS 200
#define LANES 4
#define SLEEP_EVERY 50

typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));

struct count {
    unsigned rounding; /* as the processor numbers them: to nearest, down, up, to zero */
    bool kept;
    double sse;
    long double x87;
    double wide[LANES];
};

/* A processor may have AVX, and a system may not have switched it on. */
static bool has_avx(void)
{
    uint32_t eax = 1, ebx, ecx = 0, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    if (!(ecx & 1u << 27) || !(ecx & 1u << 28))
        return false;
    __asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
    return (eax & 6) == 6;
}

static void set_rounding(unsigned direction)
{
    uint32_t mxcsr;
    uint16_t control;
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    __asm__ volatile("fnstcw %0" : "=m"(control));
    mxcsr = (mxcsr & ~0x6000u) | direction << 13;
    control = (uint16_t)((control & ~0xc00u) | direction << 10);
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    __asm__ volatile("fldcw %0" : : "m"(control));
}

static bool rounding_is(unsigned direction)
{
    uint32_t mxcsr;
    uint16_t control;
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    __asm__ volatile("fnstcw %0" : "=m"(control));
    return (mxcsr >> 13 & 3) == direction && (control >> 10 & 3) == direction;
}

static bool rest(unsigned round, bool yields)
{
    if (!yields)
        return true;
    if (round % SLEEP_EVERY == 0)
        return fiber_sleep(sched_now() + 100 * NS_PER_US) == OK;
    return fiber_yield() == OK;
}

/* 1/3 can't be written in binary, so that each direction ends elsewhere. */
static void count(struct count *c, bool yields)
{
    double sse = 0, step = 1.0 / *(volatile double *)&(double){3};
    long double x87 = 0, long_step = 1.0L / *(volatile long double *)&(long double){3};
    c->kept = true;
    for (unsigned i = 0; i < ROUNDS; i++) {
        sse += step;
        x87 += long_step;
        c->kept &= rest(i, yields) && rounding_is(c->rounding);
    }
    c->sse = sse;
    c->x87 = x87;
}

__attribute__((target("avx"))) static void count_wide(struct count *c, bool yields)
{
    lanes sum = {0, 1, 2, 3}, step = {1, 2, 3, 4};
    step /= *(volatile double *)&(double){3};
    for (unsigned i = 0; i < ROUNDS; i++) {
        sum += step;
        c->kept &= rest(i, yields);
    }
    memcpy(c->wide, &sum, sizeof sum);
}

static void count_all(struct count *c, bool yields)
{
    set_rounding(c->rounding);
    count(c, yields);
    if (has_avx())
        count_wide(c, yields);
}

static void fiber(void *arg)
{
    count_all(arg, true);
}

int unikernel_main(int argc, char **argv)
{
    static struct count alone[FIBERS], together[FIBERS];
    struct scope s;
    scope_open(&s);
    for (unsigned i = 0; i < FIBERS; i++) {
        alone[i].rounding = together[i].rounding = i + 1;
        if (scope_spawn(&s, "count", fiber, &together[i]) != OK)
            return 1;
    }
    scope_join(&s);
    if (!rounding_is(0))
        return 2;
    for (unsigned i = 0; i < FIBERS; i++)
        count_all(&alone[i], false);
    set_rounding(0);
    for (unsigned i = 0; i < FIBERS; i++) {
        const struct count *a = &alone[i], *t = &together[i];
        if (!t->kept || a->sse != t->sse || a->x87 != t->x87 || memcmp(a->wide, t->wide, sizeof a->wide) != 0)
            return 3;
    }
    if (alone[0].sse == alone[1].sse || alone[0].x87 == alone[1].x87)
        return 4; /* then no direction was ever in force */
    printf("x87 SSE%s\n", has_avx() ? " AVX" : "");
    return 0;
}
