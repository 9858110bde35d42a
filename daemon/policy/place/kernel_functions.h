/* SPDX-License-Identifier: Apache-2.0 */
/* Which functions this kernel has, and on which of them it lets programs be put. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "lib/error.h"

/* The file of tracefs that has them. */
#define TRACEABLE_FUNCTIONS "available_filter_functions"

/* All that programs can be put on, by name, one after the other; close it with fclose(). 0 or
 * -errno: there is no tracefs, or the kernel's has no such file. */
int traceable_functions_open(FILE **ret_functions);
bool traceable_functions_next(FILE *functions, char *ret_name, size_t size);

/* 1, 0, or -errno where the kernel does not say. Reads all of them. */
int function_is_traceable(const char *name);
/* Of functions that the kernel's own type information has not: those that the compiler gave another
 * name, and of modules. 0, and the module's name, "" for the kernel itself and where it does not
 * say which functions it has; -ENOENT. Reads all of them. */
int function_find(const char *name, char *ret_module, size_t size);
