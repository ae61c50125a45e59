/* SPDX-License-Identifier: ISC */
	.text
	.globl launch_on_stack
	.type launch_on_stack, @function
launch_on_stack:
	mov %rdi, %rsp
	xor %ebp, %ebp
	call *%rsi
	ud2
	.size launch_on_stack, . - launch_on_stack

/* The guest gets no address and no value of the tender's in a register. */
	.macro prepare
	mov %rdi, %rsp
	mov %rsi, %rax
	mov %rdx, %rdi
	xor %ebx, %ebx
	xor %ecx, %ecx
	xor %edx, %edx
	xor %esi, %esi
	xor %ebp, %ebp
	xor %r8d, %r8d
	xor %r9d, %r9d
	xor %r10d, %r10d
	xor %r11d, %r11d
	xor %r12d, %r12d
	xor %r13d, %r13d
	xor %r14d, %r14d
	xor %r15d, %r15d
	pxor %xmm0, %xmm0
	pxor %xmm1, %xmm1
	pxor %xmm2, %xmm2
	pxor %xmm3, %xmm3
	pxor %xmm4, %xmm4
	pxor %xmm5, %xmm5
	pxor %xmm6, %xmm6
	pxor %xmm7, %xmm7
	pxor %xmm8, %xmm8
	pxor %xmm9, %xmm9
	pxor %xmm10, %xmm10
	pxor %xmm11, %xmm11
	pxor %xmm12, %xmm12
	pxor %xmm13, %xmm13
	pxor %xmm14, %xmm14
	pxor %xmm15, %xmm15
	cld
	.endm

	.globl launch_jump
	.type launch_jump, @function
launch_jump:
	prepare
	jmp *%rax
	.size launch_jump, . - launch_jump

/* A tracer finds the image's first instruction one step behind the trap. */
	.globl launch_jump_traced
	.type launch_jump_traced, @function
launch_jump_traced:
	prepare
	int3
	jmp *%rax
	.size launch_jump_traced, . - launch_jump_traced
	.section .note.GNU-stack, "", @progbits
