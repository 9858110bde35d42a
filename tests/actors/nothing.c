/* SPDX-License-Identifier: Apache-2.0 */
/* What the other actors execute: it ends at once, with 0. */
int main(void)
{
	return 0;
}
