/* SPDX-License-Identifier: ISC */
/* The context switch of x86_64; arch/switch.h is its contract.
 *
 * A saved context is what the System V ABI lets a function change only if it puts it back, lying on the stack that
 * it belongs to:
 *
 *     sp +  0  mxcsr (4 bytes), x87 control word (2), 2 unused
 *     sp +  8  r15, r14, r13, r12, rbx, rbp
 *     sp + 56  address to go on at
 *
 * Debuggers read that, too (tender/debug/registers.c). The unwind information is for them, and not loaded.
 */
    .cfi_sections .debug_frame
    .text

    .section .text.context_switch, "ax", @progbits
    .globl context_switch
    .type context_switch, @function
context_switch: /* rdi: void **save, rsi: void *to */
    .cfi_startproc
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbp, 0
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbx, 0
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r12, 0
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r13, 0
    pushq %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r14, 0
    pushq %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r15, 0
    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movq %rsp, (%rdi)
    movq %rsi, %rsp /* another stack with the same layout: what was said of the first holds for it */
    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    addq $8, %rsp
    .cfi_adjust_cfa_offset -8
    popq %r15
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r15
    popq %r14
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r14
    popq %r13
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r13
    popq %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r12
    popq %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbx
    popq %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbp
    ret
    .cfi_endproc
    .size context_switch, . - context_switch

    .section .text.context_new, "ax", @progbits
    .globl context_new
    .type context_new, @function
context_new: /* rdi: void *top, rsi: entry, rdx: arg; gives the saved stack pointer */
    .cfi_startproc
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
    .cfi_endproc
    .size context_new, . - context_new

/* The first instructions of a new context. The stack is aligned as before a call. */
    .section .text.context_start, "ax", @progbits
    .type context_start, @function
context_start:
    .cfi_startproc
    .cfi_undefined %rip  /* the first frame of its stack */
    movq %r13, %rdi
    callq *%r12
    ud2                  /* an entry function does not return */
    .cfi_endproc
    .size context_start, . - context_start

    .section .note.GNU-stack, "", @progbits
