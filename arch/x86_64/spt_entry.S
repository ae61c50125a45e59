/* SPDX-License-Identifier: ISC */
/* Where a tender enters an spt image: %rdi is the address of the boot info, %rsp the top of memory. That stack has no
 * guard and may not even have been touched, so the first instruction leaves it for ours. */
	.cfi_sections .debug_frame
	.section .text._start, "ax", @progbits
	.globl _start
	.type _start, @function
_start:
	.cfi_startproc
	.cfi_undefined %rip /* nobody called: a backtrace ends here */
	lea jinn_boot_stack_end(%rip), %rsp
	xor %ebp, %ebp
	call spt_start
	ud2
	.cfi_endproc
	.size _start, . - _start
	.section .note.GNU-stack, "", @progbits
