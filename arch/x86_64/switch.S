/* SPDX-License-Identifier: ISC */
/* The context switch of x86_64; arch/switch.h is its contract.
 *
 * A saved context is what the System V ABI lets a function change only if it puts it back, lying on the stack that
 * it belongs to:
 *
 *     sp +  0  mxcsr (4 bytes), x87 control word (2), 2 unused
 *     sp +  8  r15, r14, r13, r12, rbx, rbp
 *     sp + 56  address to go on at
 */
    .text

    .section .text.context_switch, "ax", @progbits
    .globl context_switch
    .type context_switch, @function
context_switch: /* rdi: void **save, rsi: void *to */
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $8, %rsp
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    addq $8, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size context_switch, . - context_switch

    .section .text.context_new, "ax", @progbits
    .globl context_new
    .type context_new, @function
context_new: /* rdi: void *top, rsi: entry, rdx: arg; gives the saved stack pointer */
    andq $-16, %rdi
    leaq -80(%rdi), %rax
    stmxcsr (%rax)
    fnstcw 4(%rax)
    movw $0, 6(%rax)
    movq $0, 8(%rax)
    movq $0, 16(%rax)
    movq %rdx, 24(%rax)  /* r13: arg */
    movq %rsi, 32(%rax)  /* r12: entry */
    movq $0, 40(%rax)
    movq $0, 48(%rax)    /* rbp: where a walk of frame pointers ends */
    leaq context_start(%rip), %rcx
    movq %rcx, 56(%rax)
    movq $0, 64(%rax)
    movq $0, 72(%rax)
    ret
    .size context_new, . - context_new

/* The first instructions of a new context. The stack is aligned as before a call. */
    .section .text.context_start, "ax", @progbits
    .type context_start, @function
context_start:
    movq %r13, %rdi
    callq *%r12
    ud2                  /* an entry function does not return */
    .size context_start, . - context_start

    .section .note.GNU-stack, "", @progbits
