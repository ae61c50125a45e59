/* SPDX-License-Identifier: ISC */
/* Where the kernel enters the tender: relocate, then start the C library. */
	.text
	.globl _start
	.type _start, @function
_start:
	xor %ebp, %ebp
	mov %rsp, %rbx
	and $-16, %rsp
	lea __ehdr_start(%rip), %rdi
	lea _DYNAMIC(%rip), %rsi
	call tender_relocate
	lea main(%rip), %rdi
	mov (%rbx), %rsi
	lea 8(%rbx), %rdx
	xor %ecx, %ecx
	xor %r8d, %r8d
	xor %r9d, %r9d
	call __libc_start_main
	ud2
	.size _start, . - _start
	.hidden __ehdr_start
	.hidden _DYNAMIC
	.section .note.GNU-stack, "", @progbits
