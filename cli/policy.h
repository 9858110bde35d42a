/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `tallyman policy`. argv[0] is the word after "policy". */
#pragma once

#include "cli/cli.h"

int policy_check(struct cli *cli, int argc, char **argv);
int policy_add(struct cli *cli, int argc, char **argv);
int policy_delete(struct cli *cli, int argc, char **argv);
int policy_enable(struct cli *cli, int argc, char **argv);
int policy_disable(struct cli *cli, int argc, char **argv);
int policy_set_mode(struct cli *cli, int argc, char **argv);
int policy_list(struct cli *cli, int argc, char **argv);
