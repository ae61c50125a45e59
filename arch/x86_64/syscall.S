/* SPDX-License-Identifier: ISC */
/* long arch_syscall(long n, long a, long b, long c, long d, long e, long f) */
	.cfi_sections .debug_frame
	.section .text.arch_syscall, "ax", @progbits
	.globl arch_syscall
	.type arch_syscall, @function
arch_syscall:
	.cfi_startproc
	mov %rdi, %rax
	mov %rsi, %rdi
	mov %rdx, %rsi
	mov %rcx, %rdx
	mov %r8, %r10
	mov %r9, %r8
	mov 8(%rsp), %r9
	syscall
	ret
	.cfi_endproc
	.size arch_syscall, . - arch_syscall
	.section .note.GNU-stack, "", @progbits
