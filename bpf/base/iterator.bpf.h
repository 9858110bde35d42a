/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The processes that are there already: one TASK record each into the iterator's file. Command
 * lines are read from /proc by user space: another process's memory may have to be paged in for
 * them. */
#pragma once

#include "base/exec.bpf.h"

static __always_inline int iterate(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	__u64 used = 0;
	struct exec_scratch *scratch;
	struct exec_record *record;
	struct mm_struct *mm;

	if (!task)
		return 0;
	scratch = exec_scratch(instances);
	if (!scratch)
		return 0;
	record = &scratch->record;
	header_init(&record->header, RECORD_TASK, bpf_ktime_get_boot_ns());
	attribute(task, &record->attribution); /* threads too: each keeps its container */
	process_state_update(instances, task, false);
	if (task->pid != task->tgid)
		return 0;
	task_read(record, task);
	mm = task->mm;
	record->exe_inode = 0;
	record->exe_links = 1;
	record->exe_mode = record->exe_uid = record->exe_gid = record->exe_device = 0;
	if (task->flags & PF_KTHREAD) {
		record->header.flags |= RECORD_FLAG_KERNEL_THREAD;
		record->exe_length = record->cwd_length = 0;
	} else if (task->fs) {
		struct file *exe_file = mm ? mm->exe_file : NULL;

		if (exe_file)
			exe_properties(scratch, exe_file);
		used = paths_read(instances, scratch, used, task, exe_file);
		if (mm)
			record->arguments_total = mm->arg_end - mm->arg_start;
	} else { /* a zombie has neither files nor memory */
		record->exe_length = record->cwd_length = 0;
	}
	used = BOUNDED((used + 7) & ~7ULL, EXEC_TEXT_MAX); /* the next record begins aligned */
	record->header.size = sizeof(*record) + used;
	record->header.sequence = 0;
	bpf_seq_write(context->meta->seq, record, sizeof(*record) + used);
	return 0;
}

SEC("iter/task")
int iterate_tasks(struct bpf_iter__task *context)
{
	return iterate(context);
}
