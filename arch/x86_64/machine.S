/* SPDX-License-Identifier: ISC */
/* Exceptions at CPL 0. The entries are 16 bytes each and leave on the stack: number, error code (0 where there is none),
 * instruction. They run on a stack of their own. */
	.section .text.arch_exceptions, "ax", @progbits
	.globl arch_exceptions
	.type arch_exceptions, @function
	.balign 16
arch_exceptions:
number = 0
	.rept 32
	.balign 16
	.if (number == 8) || (number >= 10 && number <= 14) || (number == 17) || (number == 21)
	.else
	push $0
	.endif
	push $number
	jmp common
number = number + 1
	.endr
common:
	cld
	pop %rdi
	pop %rsi
	mov %cr2, %rdx
	pop %rcx
	and $-16, %rsp
	call machine_exception
	ud2
	.size arch_exceptions, . - arch_exceptions

/* void arch_load_tables(const void *gdt, const void *idt): limit and base each; then the segments anew: 8 is code, 16 data,
 * 24 the task. */
	.section .text.arch_load_tables, "ax", @progbits
	.globl arch_load_tables
	.type arch_load_tables, @function
arch_load_tables:
	lgdt (%rdi)
	lidt (%rsi)
	mov $16, %eax
	mov %eax, %ss
	mov %eax, %ds
	mov %eax, %es
	mov $24, %eax
	ltr %ax
	pop %rax
	push $8
	push %rax
	lretq
	.size arch_load_tables, . - arch_load_tables
	.section .note.GNU-stack, "", @progbits
