/* SPDX-License-Identifier: ISC */
/* Where a tender enters an image: %rdi is the address of the boot info, %rsp the top of memory. That stack has no guard
 * and may not even have been touched, so the first instruction leaves it for ours. Where that is a relocated word says,
 * not the distance from here: the tender moves the stacks on their own. */
	.cfi_sections .debug_frame
	.section .text._start, "ax", @progbits
	.globl _start
	.type _start, @function
_start:
	.cfi_startproc
	.cfi_undefined %rip /* nobody called: a backtrace ends here */
	mov jinn_stacks(%rip), %rsp
	xor %ebp, %ebp
	call image_start
	ud2
	.cfi_endproc
	.size _start, . - _start

/* struct image_stacks (plat/solo5/given.h). */
	.section .data.rel.ro.jinn_stacks, "aw", @progbits
	.balign 8
	.globl jinn_stacks
	.hidden jinn_stacks
	.type jinn_stacks, @object
jinn_stacks:
	.quad jinn_boot_stack_end
	.quad jinn_first_stack
	.size jinn_stacks, . - jinn_stacks
	.section .note.GNU-stack, "", @progbits
