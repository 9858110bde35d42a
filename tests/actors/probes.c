/* SPDX-License-Identifier: Apache-2.0 */
/* probes NUMBER [TEXT]: calls functions and passes probes that policies hook, then asks for a
 * process group from a known stack. The notes are those of sys/sdt.h, written by hand: what it says
 * of an argument is the compiler's choice otherwise. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int probes_add(int number, long more, const char *text, unsigned char byte);
int probes_inner(void);
int probes_outer(void);

/* tracers count themselves here */
unsigned short probes_semaphore __attribute__((used, section(".probes")));

#if defined(__x86_64__)
#define REGISTER "%0"
#define MEMORY	 "%2"
#define CONSTANT "$-7"
#define INDEXED	 "(%4,%5,8)"
#else
#define REGISTER "%w0"
#define MEMORY	 "%2"
#define CONSTANT "-7"
#define INDEXED	 "[%4, 16]"
#endif

#define PROBE(name, semaphore, arguments, ...)                                                     \
	__asm__ volatile(                                                                          \
		"990: nop\n"                                                                       \
		".pushsection .note.stapsdt, \"\", \"note\"\n"                                     \
		".balign 4\n"                                                                      \
		".4byte 992f - 991f, 994f - 993f, 3\n"                                             \
		"991: .asciz \"stapsdt\"\n"                                                        \
		"992: .balign 4\n"                                                                 \
		"993: .8byte 990b\n"                                                               \
		".8byte _.stapsdt.base\n"                                                          \
		".8byte " semaphore "\n"                                                           \
		".asciz \"tallyman\"\n"                                                            \
		".asciz \"" name "\"\n"                                                            \
		".asciz \"" arguments "\"\n"                                                       \
		"994: .balign 4\n"                                                                 \
		".popsection\n"                                                                    \
		".ifndef _.stapsdt.base\n"                                                         \
		".pushsection .stapsdt.base, \"aG\", \"progbits\", .stapsdt.base, comdat\n"        \
		".weak _.stapsdt.base\n"                                                           \
		".hidden _.stapsdt.base\n"                                                         \
		"_.stapsdt.base: .space 1\n"                                                       \
		".size _.stapsdt.base, 1\n"                                                        \
		".popsection\n"                                                                    \
		".endif\n" ::__VA_ARGS__)

/* Its second step stands behind five bytes, or four. */
int probes_steps(void);
#if defined(__x86_64__)
#define STEP(number) "movl $" #number ", %eax\n"
#else
#define STEP(number) "mov w0, #" #number "\n"
#endif
#define FIVE(text) text text text text text
#define TEN(text)  FIVE(text) FIVE(text)
/* Mangled names are as long. */
#define LONG_NAME "probes_" TEN("a_long_") TEN("and_longer_") "name"
/* clang-format off */
__asm__(".pushsection .text\n"
	".globl probes_steps, " LONG_NAME "\n"
	".type probes_steps, %function\n"
	".type " LONG_NAME ", %function\n"
	"probes_steps:\n"
	LONG_NAME ":\n"
	STEP(1)
	STEP(2)
	"ret\n"
	".size probes_steps, . - probes_steps\n"
	".popsection\n");
/* clang-format on */

__attribute__((noinline)) int probes_add(
	int number, long more, const char *text, unsigned char byte)
{
	int sum = number + (int)more + byte;

	__asm__ volatile("" : "+r"(sum) : "r"(text));
	return sum;
}

__attribute__((noinline)) static void pass_probes(int number, const char *text)
{
	volatile int in_memory = number;
	long array[3] = {1, 2, number * 100L}, index = 2;
	const char *volatile kept = text;

	PROBE("all", "probes_semaphore",
		"-4@" REGISTER " 8@%1 -4@" MEMORY " -4@" CONSTANT " -8@" INDEXED, "r"(number),
		"r"(kept), "m"(in_memory), "i"(0), "r"(array), "r"(index), "m"(array));
	/* a probe in two places, with its argument in another one at each */
	PROBE("twice", "0", "-4@" REGISTER, "r"(number));
	PROBE("twice", "0", "-4@" CONSTANT, "i"(0));
}

__attribute__((noinline)) int probes_inner(void)
{
	int group = getpgid(0);

	__asm__ volatile("" : "+r"(group));
	return group;
}

__attribute__((noinline)) int probes_outer(void)
{
	int group = probes_inner();

	__asm__ volatile("" : "+r"(group));
	return group;
}

/* Which function it is gets chosen when the program starts. */
int probes_chosen(void) __attribute__((ifunc("probes_choose")));
__attribute__((used)) static int (*probes_choose(void))(void)
{
	return probes_inner;
}

/* A text on a page that nothing has touched: a fault brings in its surroundings too. */
#define AROUND (32 * 4096)
static const struct {
	char before[AROUND], text[AROUND], after[AROUND];
} untouched __attribute__((aligned(4096))) = {.text = "untouched"};

int main(int argc, char **argv)
{
	char text[64];
	int number;

	if (argc < 2 || argc > 3)
		return 2;
	number = atoi(argv[1]);
	if (argc == 2) {
		if (number)
			probes_add(number, -2, untouched.text, 3);
		else
			pass_probes(number, untouched.text);
		return 0;
	}
	snprintf(text, sizeof(text), "%s", argv[2]);
	probes_add(number, -2, text, 3);
	pass_probes(number, text);
	probes_outer();
	probes_steps();
	printf("%d\n", *(volatile unsigned short *)&probes_semaphore);
	return 0;
}
