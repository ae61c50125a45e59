/* SPDX-License-Identifier: ISC */
/* void arch_hypercall(unsigned number, void *arguments): a write to one of 32 ports from 0x500 on. */
	.cfi_sections .debug_frame
	.section .text.arch_hypercall, "ax", @progbits
	.globl arch_hypercall
	.type arch_hypercall, @function
arch_hypercall:
	.cfi_startproc
	lea 0x500(%rdi), %edx
	mov %esi, %eax
	out %eax, (%dx)
	ret
	.cfi_endproc
	.size arch_hypercall, . - arch_hypercall
	.section .note.GNU-stack, "", @progbits
