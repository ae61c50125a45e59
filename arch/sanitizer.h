/* SPDX-License-Identifier: ISC */
/* Tells AddressSanitizer and ThreadSanitizer of switches between stacks; nothing at all in other builds. */
#ifndef ARCH_SANITIZER_H
#define ARCH_SANITIZER_H

#include <stddef.h>

#if defined(__has_feature)
#define SANITIZER_FEATURE(name) __has_feature(name)
#else
#define SANITIZER_FEATURE(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || SANITIZER_FEATURE(address_sanitizer)

#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>

#define NO_SANITIZE_ADDRESS __attribute__((no_sanitize_address))

struct sanitizer_context {
    const void *bottom; /* of its stack; NULL for the host's own stack until it was left once */
    size_t size;
    void *fake_stack;
};

static inline void sanitizer_new(struct sanitizer_context *c, void *bottom, size_t size)
{
    /* Whoever used the stack before may have left its frames poisoned. */
    __asan_unpoison_memory_region(bottom, size);
    *c = (struct sanitizer_context){bottom, size, NULL};
}

/* Memory outside the heap that holds pointers into it. */
static inline void sanitizer_root(const void *base, size_t len)
{
    __lsan_register_root_region(base, len);
}

static inline void sanitizer_first(struct sanitizer_context *from)
{
    const void *bottom;
    size_t size;
    __sanitizer_finish_switch_fiber(NULL, &bottom, &size);
    if (!from || from->bottom)
        return;
    from->bottom = bottom;
    from->size = size;
}

static inline void sanitizer_leave(struct sanitizer_context *from, struct sanitizer_context *to)
{
    __sanitizer_start_switch_fiber(&from->fake_stack, to->bottom, to->size);
}

static inline void sanitizer_arrive(struct sanitizer_context *self)
{
    __sanitizer_finish_switch_fiber(self->fake_stack, NULL, NULL);
}

static inline void sanitizer_end(struct sanitizer_context *from, struct sanitizer_context *to)
{
    (void)from;
    __sanitizer_start_switch_fiber(NULL, to->bottom, to->size);
}

#elif defined(__SANITIZE_THREAD__) || SANITIZER_FEATURE(thread_sanitizer)

#include <sanitizer/tsan_interface.h>

#define NO_SANITIZE_ADDRESS

struct sanitizer_context {
    void *fiber; /* TSan's; NULL for the host's own until it was left once */
};

static inline void sanitizer_new(struct sanitizer_context *c, void *bottom, size_t size)
{
    /* The context that last had this stack has ended, and what it left of TSan's is given back only now: a context
     * can't destroy itself. Blocks that hold contexts start zeroed. */
    (void)bottom, (void)size;
    if (c->fiber)
        __tsan_destroy_fiber(c->fiber);
    c->fiber = __tsan_create_fiber(0);
}

static inline void sanitizer_root(const void *base, size_t len)
{
    (void)base, (void)len;
}

static inline void sanitizer_first(struct sanitizer_context *from)
{
    (void)from;
}

static inline void sanitizer_leave(struct sanitizer_context *from, struct sanitizer_context *to)
{
    if (!from->fiber)
        from->fiber = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(to->fiber, 0);
}

static inline void sanitizer_arrive(struct sanitizer_context *self)
{
    (void)self;
}

static inline void sanitizer_end(struct sanitizer_context *from, struct sanitizer_context *to)
{
    (void)from;
    __tsan_switch_to_fiber(to->fiber, 0);
}

#else

#define NO_SANITIZE_ADDRESS

struct sanitizer_context {
    char unused[0];
};

static inline void sanitizer_new(struct sanitizer_context *c, void *bottom, size_t size)
{
    (void)c, (void)bottom, (void)size;
}

static inline void sanitizer_root(const void *base, size_t len)
{
    (void)base, (void)len;
}

static inline void sanitizer_first(struct sanitizer_context *from)
{
    (void)from;
}

static inline void sanitizer_leave(struct sanitizer_context *from, struct sanitizer_context *to)
{
    (void)from, (void)to;
}

static inline void sanitizer_arrive(struct sanitizer_context *self)
{
    (void)self;
}

static inline void sanitizer_end(struct sanitizer_context *from, struct sanitizer_context *to)
{
    (void)from, (void)to;
}

#endif

#endif
