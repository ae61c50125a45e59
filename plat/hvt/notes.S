/* SPDX-License-Identifier: ISC */
/* What makes a file an image for the hvt target: Solo5's ABI1 note (wire/solo5.h has the format; target 1, version 2), and
 * an interpreter that does not exist, so that a kernel asked to run the file as a program refuses. The third part, the
 * manifest's note, comes from `jinn build`. */
	.section .note.solo5.abi, "a", @note
	.balign 4
	.globl jinn_abi_note
jinn_abi_note:
	.long 6, 16, 0x31494241
	.asciz "Solo5"
	.balign 4
	.long 1, 2, 0, 0

	.section .interp, "a", @progbits
	.asciz "/nonexistent/jinn-image/"

	.section .note.GNU-stack, "", @progbits
