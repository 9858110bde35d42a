/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest program there is to execute: no libc, no dynamic linker, so that what a benchmark
 * of fork+execve+wait sees is the kernel and whoever watches it. Ends at once with 0; with a first
 * argument that begins with `p` it waits for a signal instead. */
#if defined(__x86_64__)
__asm__(".globl _start\n"
	"_start:\n"
	"	cmpq $2, (%rsp)\n"
	"	jl 1f\n"
	"	movq 16(%rsp), %rax\n"
	"	cmpb $'p', (%rax)\n"
	"	jne 1f\n"
	"2:	movl $34, %eax\n" /* pause */
	"	syscall\n"
	"	jmp 2b\n"
	"1:	movl $231, %eax\n" /* exit_group */
	"	xorl %edi, %edi\n"
	"	syscall\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n"
	"_start:\n"
	"	ldr x0, [sp]\n"
	"	cmp x0, #2\n"
	"	b.lt 1f\n"
	"	ldr x1, [sp, #16]\n"
	"	ldrb w1, [x1]\n"
	"	cmp w1, #'p'\n"
	"	b.ne 1f\n"
	"2:	mov x0, #0\n" /* ppoll(NULL, 0, NULL, NULL) */
	"	mov x1, #0\n"
	"	mov x2, #0\n"
	"	mov x3, #0\n"
	"	mov x8, #73\n"
	"	svc #0\n"
	"	b 2b\n"
	"1:	mov x0, #0\n"
	"	mov x8, #94\n" /* exit_group */
	"	svc #0\n");
#else
#error "say here how this architecture makes a system call"
#endif
