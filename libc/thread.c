/* SPDX-License-Identifier: ISC */
/* The two things that musl does by instructions of its own, not through guest_syscall, or not as we want them: setting
 * the thread block, and the stack canary. Defined here, they keep musl's files of the same names out of the link. */
#include <jinn/plat.h>

#include <stdint.h>
#include <string.h>

#define CANARY_WORD \
    5 /* of the thread block, at %fs:0x28, where third parties' code looks for it; ours takes the variable (mk/flags.mk) */

int __set_thread_area(void *block);
void __init_ssp(void *entropy);
NO_RETURN void __stack_chk_fail(void);
extern uintptr_t __stack_chk_guard;
uintptr_t __stack_chk_guard;

int __set_thread_area(void *block)
{
    plat_set_thread(block);
    return 0;
}

/* The lowest byte stays zero, so that a string that runs over can't contain the canary. */
__attribute__((no_stack_protector)) void __init_ssp(void *entropy)
{
    uintptr_t *block;
    __asm__("mov %%fs:0, %0" : "=r"(block));
    memcpy(&__stack_chk_guard, entropy, sizeof __stack_chk_guard);
    __stack_chk_guard &= ~(uintptr_t)0xff;
    block[CANARY_WORD] = __stack_chk_guard;
}

void __stack_chk_fail(void)
{
    plat_abort("a stack was smashed: a function wrote past the end of a local array");
}
