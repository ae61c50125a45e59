/* SPDX-License-Identifier: ISC */
/* Where a tender enters an image: %rdi is the address of the boot info, %rsp the top of memory. That stack has no
 * guard and may not even have been touched, so the first instruction leaves it for ours. */
	.section .text._start, "ax", @progbits
	.globl _start
	.type _start, @function
_start:
	lea jinn_boot_stack_end(%rip), %rsp
	xor %ebp, %ebp
	call image_start
	ud2
	.size _start, . - _start
	.section .note.GNU-stack, "", @progbits
