/* SPDX-License-Identifier: ISC */
/* Fibers that tell what they do: each run of the scheduler begins with an empty story. */
#ifndef TEST_STORY_H
#define TEST_STORY_H

#include <jinn/fiber.h>
#include <jinn/plat.h>
#include <jinn/wheel.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What the fibers of a test did, in order. */
static char story[256];

static void tell(const char *what)
{
    strncat(story, what, sizeof story - strlen(story) - 1);
}

static int run_void(void *arg)
{
    void (*const *fn)(void) = arg;
    (*fn)();
    return 0;
}

static void run(void (*fn)(void))
{
    story[0] = '\0';
    assert_int_equal(sched_run(run_void, &fn), 0);
}

static void spawn(struct scope *s, void (*fn)(void *arg), const void *arg)
{
    assert_int_equal(scope_spawn(s, "child", fn, (void *)(uintptr_t)arg), OK);
}

#endif
