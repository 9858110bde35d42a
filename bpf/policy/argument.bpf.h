/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading arguments, each when a selector first asks for it, the rest when the hit is sent. One
 * global function for each family of readers: the verifier looks at it once, and not at all where
 * the hook has none of them.
 */
#pragma once

#include "policy/slot.bpf.h"
