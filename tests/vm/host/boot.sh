# shellcheck shell=bash disable=SC2154,SC2034 # variables of tests/vm/run
# SPDX-License-Identifier: Apache-2.0
# One machine under QEMU, by emulation: it needs no /dev/kvm and runs wherever this runs.

# What the machine may take. Plain `-cpu max` has cmpxchg16b, of which kernel 6.12 died under emulation.
machine_options=(-accel "tcg,thread=multi" -cpu "max,-cx16" -smp 2 -m 2G -nodefaults -no-user-config -display none
	-no-reboot -device virtio-rng-pci)
# A failure of the kernel ends the machine.
machine_command_line="root=/dev/vda console=ttyS0 panic=-1 oops=panic quiet systemd.show_status=no"
# bpf last: Debian's kernels have it, but do not all turn it on by themselves
machine_command_line+=" lsm=landlock,lockdown,yama,apparmor,bpf"
# On a busy machine the checks of timers fail; the kernel would take the HPET for its clock, which is ten
# times as slow to emulate, or stop. What keeps a processor's secrets costs without there being one.
machine_command_line+=" tsc=reliable no_timer_check mitigations=off"

disk_option() {
	printf '%s\n' -drive "file=$1,format=$2,if=virtio,cache=unsafe${3:+,$3}"
}

# machine_disks DIRECTORY KERNEL: as QEMU's options, one a line
machine_disks() {
	disk_option "$1/root.qcow2" qcow2
	disk_option "$2/modules.ext4" raw readonly=on
	disk_option "$1/tests.ext4" raw readonly=on
	disk_option "$1/results.tar" raw
}

# boot_machine DIRECTORY KERNEL TASK SECONDS: the console goes to console.log, what the task says to
# output.log. A machine that asks for a reboot gets it. 124 if it was not done in time.
boot_machine() {
	local directory=$1 kernel=$2 task=$3 deadline=$((SECONDS + $4)) disks status
	mapfile -t disks < <(machine_disks "$directory" "$kernel")
	: >"$directory/output.log"
	while true; do
		status=0
		timeout --foreground -k 5 "$((deadline > SECONDS ? deadline - SECONDS : 1))" qemu-system-x86_64 "${machine_options[@]}" \
			-kernel "$kernel/vmlinuz" -initrd "$kernel/initrd" \
			-append "$machine_command_line tallyman.task=$task" "${disks[@]}" \
			-chardev "file,id=console,path=$directory/console.log,append=on" -serial chardev:console \
			-chardev "file,id=output,path=$directory/output.log,append=on" -serial chardev:output \
			</dev/null >>"$directory/qemu.log" 2>&1 || status=$?
		[ "$status" = 0 ] || break
		tail -n 1 "$directory/output.log" | grep -q '^# reboot' || break
	done
	return "$status"
}

# What the kernel said when it failed
panic_of() {
	grep -m 1 -o 'Kernel panic - not syncing.*' "$1/console.log" | tr -d '\r'
}

# boot_new_machine DIRECTORY BASE KERNEL TASK SECONDS: a machine whose disk begins as BASE. The emulation makes a
# kernel fail once in a long while (a breakpoint that the kernel has just taken out of its text is hit
# all the same): then another one is booted, once, and the output says so.
boot_new_machine() {
	local directory=$1 base=$2 status=0 panic
	shift 2
	new_machine "$directory" "$base"
	boot_machine "$directory" "$@" || status=$?
	panic=$(panic_of "$directory")
	[ -n "$panic" ] || return "$status"
	mv "$directory/console.log" "$cache/tmp/console-panic.log"
	progress "$2: the machine failed (${panic}): trying once more"
	status=0
	new_machine "$directory" "$base"
	boot_machine "$directory" "$@" || status=$?
	mv "$cache/tmp/console-panic.log" "$directory/"
	echo "# second try: the first ended in \"$panic\", see console-panic.log" >>"$directory/output.log"
	return "$status"
}

# shell_machine DIRECTORY KERNEL: a person has the console; Ctrl-a x ends it
shell_machine() {
	local disks
	mapfile -t disks < <(machine_disks "$1" "$2")
	qemu-system-x86_64 "${machine_options[@]}" -kernel "$2/vmlinuz" -initrd "$2/initrd" \
		-append "$machine_command_line tallyman.shell" "${disks[@]}" \
		-chardev stdio,id=console,mux=on,signal=off -serial chardev:console -mon chardev=console -serial null
}
