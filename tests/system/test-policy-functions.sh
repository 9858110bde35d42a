#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Functions of the kernel and LSM hooks, as people write policies about them: each with an actor that makes it
# match, what the event says, and one that makes it miss. Where functions cannot be hooked, each is refused
# with that reason.
# shellcheck disable=SC2154 # what lib.sh sets
. "$(dirname "$0")/lib.sh"
. "$tests_dir/policy.sh"

# name ~ hook ~ its arguments ~ selectors ~ what matches ~ what misses ~ what is said (jq) ~ and is
# A hook is kprobe, fentry or lsm, a colon, and the function; %W is the test's directory, %A the actors'. What is
# run is run by bash, whose children count too.
cases=$(
	cat <<'E2'
file-by-descriptor~kprobe:fd_install~{index: 0, type: int}, {index: 1, type: file}~matchArgs: [{index: 1, operator: Equal, values: ["%W/regular"]}]~: <%W/regular~: <%W/other~[.function_name, (.args[0].int_arg > 2), .args[1].file_arg]~["fd_install",true,{"path":"%W/regular","permission":"-rw-r--r--"}]
file-permission~kprobe:security_file_permission~{index: 0, type: file}, {index: 1, type: int}~matchArgs: [{index: 0, operator: Prefix, values: ["%W/reg"]}, {index: 1, operator: Equal, values: ["2"]}]~echo x >>%W/regular~cat %W/regular~[.args[0].file_arg.path, .args[1].int_arg]~["%W/regular",2]
map-file~kprobe:security_mmap_file~{index: 0, type: file}, {index: 1, type: uint32}~matchArgs: [{index: 0, operator: Postfix, values: ["/actors/nothing"]}, {index: 1, operator: Mask, values: ["4"]}]~%A/nothing~%A/call fsync -1~[(.args[0].file_arg.path | endswith("/nothing")), .args[1].uint_arg]~[true,5]
truncate~kprobe:security_path_truncate~{index: 0, type: path}~matchArgs: [{index: 0, operator: Equal, values: ["%W/regular"]}]~%A/call truncate s:%W/regular 1~%A/call truncate s:%W/other 1~.args[0].path_arg~{"path":"%W/regular","permission":"-rw-r--r--"}
program~kprobe:security_bprm_check~{index: 0, type: linux_binprm}~matchArgs: [{index: 0, operator: Equal, values: ["%W/program"]}]~%W/program~%W/another~.args[0].linux_binprm_arg~{"path":"%W/program","permission":"-rwxr-xr-x"}
unlink~kprobe:security_inode_unlink~{index: 1, type: dentry}~matchArgs: [{index: 1, operator: Postfix, values: ["/gone"]}]~touch %W/gone; rm %W/gone~touch %W/gone2; rm %W/gone2~[(.args[0].path_arg.path | endswith("/gone")), .args[0].path_arg.permission]~[true,"-rw-r--r--"]
link~kprobe:security_inode_link~{index: 0, type: dentry}, {index: 2, type: dentry}~matchArgs: [{index: 2, operator: SubString, values: ["ew-li"]}]~ln %W/regular %W/new-link~ln %W/regular %W/old-link~[.args[] | .path_arg.path | split("/")[-1]]~["regular","new-link"]
created~kprobe:security_inode_create~{index: 1, type: dentry}~matchArgs: [{index: 1, operator: Postfix, values: ["/created"]}]~: >%W/created~: >%W/made~.args[0].path_arg | [(.path | split("/")[-1]), .deleted]~["created",null]
unlinked~kprobe:vfs_write~{index: 0, type: file}~matchArgs: [{index: 0, operator: Equal, values: ["%W/unlinked"]}]~exec 7>%W/unlinked; rm %W/unlinked; echo x >&7~exec 7>%W/linked; rm %W/linked; echo x >&7~.args[0].file_arg | [.path, .deleted]~["%W/unlinked",true]
mkdir-mode~kprobe:security_inode_mkdir~{index: 1, type: dentry}, {index: 2, type: uint16}~matchArgs: [{index: 2, operator: Mask, values: ["2"]}]~mkdir -m 777 %W/open-to-all~mkdir -m 700 %W/closed~[(.args[0].path_arg.path | split("/")[-1]), .args[1].uint_arg]~["open-to-all",511]
mkdir-failed~kprobe:do_mkdirat~{index: 1, type: filename}, {index: 2, type: uint16}~matchArgs: [{index: 1, operator: Prefix, values: ["%W/"]}], matchReturnArgs: [{index: 0, operator: Equal, values: ["-17"]}]~mkdir %W/there~mkdir %W/not-there~[.args[0].string_arg, .return.int_arg]~["%W/there",-17]
file-name~kprobe:do_filp_open~{index: 0, type: int}, {index: 1, type: filename}~matchArgs: [{index: 1, operator: Equal, values: ["%W/regular"]}]~: <%W/regular~: <%W/other~[.args[0].int_arg, .args[1].string_arg]~[-100,"%W/regular"]
written~kprobe:vfs_write~{index: 0, type: file}, {index: 1, type: char_buf, sizeArgIndex: 3}, {index: 2, type: size_t}~matchArgs: [{index: 1, operator: Prefix, values: ["tally "]}]~echo tally man >%W/other~echo telly man >%W/other~[.args[0].file_arg.path, (.args[1].bytes_arg | @base64d), .args[2].size_arg]~["%W/other","tally man\n","10"]
read~kprobe:vfs_read~{index: 0, type: file}, {index: 1, type: char_buf, sizeArgIndex: 3, returnCopy: true}~matchArgs: [{index: 0, operator: Equal, values: ["%W/text"]}]~head -c 9 %W/text~head -c 9 %W/other~[.args[0].file_arg.path, (.args[1].bytes_arg // .args[1].truncated_bytes_arg.bytes_arg | @base64d[0:5])]~["%W/text","texts"]
pipe~kprobe:pipe_write~{index: 0, type: kiocb}, {index: 1, type: iov_iter}~matchArgs: [{index: 1, operator: Equal, values: ["through a pipe\n"]}]~echo through a pipe | cat~echo through another | cat~[(.args[0].file_arg.permission[0:1]), (.args[1].bytes_arg | @base64d)]~["p","through a pipe\n"]
connect~kprobe:tcp_connect~{index: 0, type: sock}~matchArgs: [{index: 0, operator: DAddr, values: ["127.0.0.0/8"]}, {index: 0, operator: DPort, values: ["11"]}]~: 3<>/dev/tcp/127.0.0.1/11~: 3<>/dev/tcp/127.0.0.1/12~.args[0].sock_arg | [.family, .type, .protocol, .daddr, .dport, .state]~["AF_INET","SOCK_STREAM","IPPROTO_TCP","127.0.0.1",11,"TCP_SYN_SENT"]
connect-family~kprobe:tcp_connect~{index: 0, type: sock}~matchArgs: [{index: 0, operator: Family, values: [AF_INET6]}, {index: 0, operator: NotDPort, values: ["1:20", "22:65535"]}]~: 3<>/dev/tcp/::1/21~: 3<>/dev/tcp/::1/22~.args[0].sock_arg | [.family, .daddr, .dport]~["AF_INET6","::1",21]
closed~kprobe:tcp_close~{index: 0, type: sock}~matchArgs: [{index: 0, operator: Protocol, values: [tcp]}, {index: 0, operator: State, values: [TCP_CLOSE]}]~: 3<>/dev/tcp/127.0.0.1/31~: 3<>/dev/udp/127.0.0.1/32~.args[0].sock_arg | [.protocol, .state]~["IPPROTO_TCP","TCP_CLOSE"]
datagram~kprobe:udp_sendmsg~{index: 0, type: sock}, {index: 2, type: size_t}~matchArgs: [{index: 0, operator: DPort, values: ["41"]}]~echo tally >/dev/udp/127.0.0.1/41~echo tally >/dev/udp/127.0.0.1/42~[(.args[0].sock_arg | .protocol, .type, .dport), .args[1].size_arg]~["IPPROTO_UDP","SOCK_DGRAM",41,"6"]
packet~kprobe:ip_output~{index: 2, type: skb}~matchArgs: [{index: 2, operator: DPort, values: ["51"]}, {index: 2, operator: Protocol, values: [udp]}]~echo tally >/dev/udp/127.0.0.1/51~echo tally >/dev/udp/127.0.0.1/52~.args[0].skb_arg | [.daddr, .dport, .protocol, .family]~["127.0.0.1",51,"IPPROTO_UDP","AF_INET"]
address~kprobe:security_socket_connect~{index: 0, type: socket}, {index: 1, type: sockaddr}~matchArgs: [{index: 1, operator: SAddr, values: ["127.0.0.9"]}]~: 3<>/dev/tcp/127.0.0.9/61~: 3<>/dev/tcp/127.0.0.8/61~[.args[0].sock_arg.family, .args[0].sock_arg.protocol, .args[1].sockaddr_arg]~["AF_INET","IPPROTO_TCP",{"family":"AF_INET","addr":"127.0.0.9","port":61}]
device~kprobe:dev_change_flags~{index: 0, type: net_device}, {index: 1, type: uint32}~matchArgs: [{index: 0, operator: Equal, values: [lo]}]~ip link set lo up || ifconfig lo up~true~.args[0]~{"string_arg":"lo"}
credentials~kprobe:commit_creds~{index: 0, type: cred}, {index: 0, type: uint32, resolve: egid.val}~matchArgs: [{args: [1], operator: Equal, values: ["7777"]}]~%A/call setgid 7777~%A/call setgid 7778~[.args[0].process_credentials_arg.egid, .args[0].process_credentials_arg.caps.effective[0], .args[1].uint_arg]~[7777,"CAP_CHOWN",7777]
capability~kprobe:cap_capable~{index: 1, type: user_namespace}, {index: 2, type: capability}~matchArgs: [{index: 2, operator: Equal, values: ["18"]}]~%A/call chroot s:/tally-absent; %A/call chroot s:/~%A/call mount s:a s:/tally-absent s:tmpfs~[.args[0].user_ns_arg.ns.is_host, .args[1].capability_arg]~[true,{"value":18,"name":"CAP_SYS_CHROOT"}]
mount~kprobe:security_sb_mount~{index: 0, type: string}, {index: 1, type: path}, {index: 2, type: string}~matchArgs: [{index: 2, operator: Equal, values: [tmpfs]}, {index: 0, operator: Prefix, values: [tally]}]~mount -t tmpfs tally %W/there; umount %W/there~mount -t tmpfs other %W/there; umount %W/there~[.args[0].string_arg, .args[1].path_arg.path, .args[2].string_arg]~["tally","%W/there","tmpfs"]
resolve~kprobe:security_file_open~{index: 0, type: string, resolve: f_path.dentry.d_name.name}, {index: 0, type: uint32, resolve: f_inode.i_uid.val}, {index: 0, type: uint16, resolve: f_inode.i_mode}~matchArgs: [{args: [0], operator: Equal, values: [regular]}]~: <%W/regular~: <%W/other~[.args[0].string_arg, .args[1].uint_arg, .args[2].uint_arg]~["regular",0,33188]
task~kprobe:security_file_open~{index: 0, type: file}, {source: current_task, index: 0, type: string, resolve: comm}, {source: current_task, index: 0, type: uint32, resolve: cred.euid.val}~matchArgs: [{args: [0], operator: Equal, values: ["%W/text"]}, {args: [1], operator: Equal, values: [cat]}]~cat %W/text~head -c 1 %W/text~[.args[1].string_arg, .args[2].uint_arg]~["cat",0]
registers~kprobe:do_faccessat~{index: 0, type: string, source: pt_regs, resolve: rsi}, {index: 0, type: int, source: pt_regs, resolve: edx, label: mode}, {index: 0, type: uint64, source: pt_regs, resolve: rsp}~matchArgs: [{args: [0], operator: Prefix, values: ["/tally-registers"]}, {args: [1], operator: LT, values: ["3"]}, {args: [2], operator: Mask, values: ["0x8000000000000000"]}]~%A/call access s:/tally-registers 2~%A/call access s:/tally-registers 4~[.args[0].string_arg, .args[1].label, .args[1].int_arg]~["/tally-registers","mode",2]
automatic~fentry:security_file_open~{index: 0}~matchArgs: [{index: 0, operator: Equal, values: ["%W/regular"]}]~: <%W/regular~: <%W/other~.args[0].file_arg.path~"%W/regular"
automatic-socket~fentry:tcp_connect~{index: 0}~matchArgs: [{index: 0, operator: DPort, values: ["71"]}]~: 3<>/dev/tcp/127.0.0.1/71~: 3<>/dev/tcp/127.0.0.1/72~.args[0].sock_arg.dport~71
bpf-command~kprobe:security_bpf~{index: 0, type: bpf_cmd}, {index: 1, type: bpf_attr}~matchArgs: [{index: 0, operator: Equal, values: ["5"]}]~%A/call bpf 5 z:64 64~%A/call bpf 6 z:64 64~[.args[0].bpf_cmd_arg, .args[1].bpf_attr_arg.ProgType]~["BPF_PROG_LOAD","BPF_PROG_TYPE_UNSPEC"]
after-structure~kprobe:__sys_bpf~{index: 0, type: bpf_cmd}, {index: 2, type: uint32}~matchArgs: [{index: 2, operator: Equal, values: ["63"]}], matchReturnArgs: [{index: 0, operator: LessThan, values: ["0"]}]~%A/call bpf 0 z:64 63~%A/call bpf 0 z:64 62~[.args[0].bpf_cmd_arg, .args[1].uint_arg, .return.int_arg]~["BPF_MAP_CREATE",63,-22]
lsm-open~lsm:file_open~{index: 0, type: file}~matchArgs: [{index: 0, operator: Equal, values: ["%W/regular"]}]~: <%W/regular~: <%W/other~[.function_name, .args[0].file_arg.path]~["file_open","%W/regular"]
lsm-denied~lsm:file_open~{index: 0, type: file}~matchArgs: [{index: 0, operator: Equal, values: ["%W/denied"]}], matchActions: [{action: Override, argError: -13}]~! cat %W/denied~: <%W/other~.action~"KPROBE_ACTION_OVERRIDE"
lsm-program~lsm:bprm_check_security~{index: 0, type: linux_binprm}, {index: 0, type: string, resolve: mm.owner.comm}~matchArgs: [{args: [0], operator: Equal, values: ["%W/program"]}]~%W/program~%W/another~.args[0].linux_binprm_arg.path~"%W/program"
lsm-socket~lsm:socket_create~{index: 0, type: int}, {index: 1, type: int}, {index: 3, type: int}~matchArgs: [{index: 0, operator: Equal, values: ["2"]}, {index: 1, operator: Equal, values: ["2"]}]~: >/dev/udp/127.0.0.1/81~: >/dev/tcp/127.0.0.1/81~[.args[].int_arg]~[2,2,0]
lsm-connect~lsm:socket_connect~{index: 1, type: sockaddr}~matchArgs: [{index: 1, operator: SPort, values: ["91"]}], matchActions: [{action: Override, argError: -1}]~: 3<>/dev/tcp/127.0.0.1/91~: 3<>/dev/tcp/127.0.0.1/92~[.args[0].sockaddr_arg.port, .action]~[91,"KPROBE_ACTION_OVERRIDE"]
lsm-capable~lsm:capable~{index: 0, type: cred}, {index: 2, type: capability}~matchArgs: [{index: 2, operator: Equal, values: ["18"]}]~%A/call chroot s:/~%A/call mount s:a s:/tally-absent s:tmpfs~[.args[0].process_credentials_arg.uid, .args[1].capability_arg.name]~[0,"CAP_SYS_CHROOT"]
lsm-ioctl~lsm:file_ioctl~{index: 0, type: file}, {index: 1, type: uint32}~matchArgs: [{index: 0, operator: Equal, values: ["/dev/null"]}]~[ -t 9 ] 9</dev/null~[ -t 9 ] 9</dev/zero~[.args[0].file_arg, .args[1].uint_arg]~[{"path":"/dev/null","permission":"crw-rw-rw-"},21505]
lsm-namespace~lsm:userns_create~{index: 0, type: cred}~matchCapabilities: [{type: Effective, operator: In, values: [CAP_SYS_ADMIN]}]~unshare -U true~unshare -n true~[.args[0].process_credentials_arg.euid]~[0]
lsm-unlink~lsm:inode_unlink~{index: 1, type: dentry}~matchArgs: [{index: 1, operator: Postfix, values: ["/kept"]}], matchActions: [{action: Override, argError: -1}]~touch %W/kept; rm -f %W/kept; [ -e %W/kept ]~touch %W/kept2; rm %W/kept2~[.action, .enforced]~["KPROBE_ACTION_OVERRIDE",true]
lsm-mapped~lsm:mmap_file~{index: 0, type: file}, {index: 2, type: ulong}~matchArgs: [{index: 0, operator: Postfix, values: ["/actors/nothing"]}, {index: 2, operator: Mask, values: ["4"]}]~%A/nothing~%A/call fsync -1~[(.args[0].file_arg.path | endswith("/nothing")), .args[1].size_arg]~[true,"5"]
path-removed~lsm:path_unlink~{index: 0, type: path}, {index: 1, type: dentry}~matchArgs: [{index: 0, operator: Equal, values: ["%W/there"]}]~touch %W/there/x; rm %W/there/x~touch %W/x; rm %W/x~[.args[0].path_arg.path, (.args[1].path_arg.path | split("/")[-1])]~["%W/there","x"]
lsm-renamed~lsm:inode_rename~{index: 1, type: dentry}, {index: 3, type: dentry}~matchArgs: [{index: 3, operator: Postfix, values: ["/renamed"]}]~touch %W/a; mv %W/a %W/renamed~touch %W/b; mv %W/b %W/c~[.args[].path_arg.path | split("/")[-1]]~["a","renamed"]
lsm-mounted~lsm:sb_mount~{index: 0, type: string}, {index: 1, type: path}, {index: 2, type: string}, {index: 3, type: ulong}~matchArgs: [{index: 2, operator: Equal, values: [ramfs]}]~mount -t ramfs tally %W/there; umount %W/there~mount -t tmpfs tally %W/there; umount %W/there~[.args[0].string_arg, .args[1].path_arg.path, .args[2].string_arg, (.args[3].size_arg | type)]~["tally","%W/there","ramfs","string"]
lsm-setuid~lsm:task_fix_setuid~{index: 0, type: cred}, {index: 1, type: cred}, {index: 2, type: int}~matchArgs: [{index: 2, operator: Equal, values: ["1"]}]~%A/call setuid 7~%A/call setreuid 7 7~[.args[0].process_credentials_arg.uid, .args[1].process_credentials_arg.uid // 0]~[7,0]
lsm-capset~lsm:capset~{index: 2, type: cap_effective}, {index: 4, type: cap_permitted}~matchBinaries: [{operator: Postfix, values: ["/setpriv"]}]~setpriv --inh-caps=-all true~true~[(.args[0].cap_effective_arg | length), (.args[1].cap_permitted_arg | length)]~[16,16]
lsm-bpf~lsm:bpf~{index: 0, type: bpf_cmd}, {index: 1, type: bpf_attr}~matchArgs: [{index: 0, operator: Equal, values: ["5"]}]~%A/call bpf 5 z:64 64~%A/call bpf 6 z:64 64~[.args[0].bpf_cmd_arg, .args[1].bpf_attr_arg.ProgType]~["BPF_PROG_LOAD","BPF_PROG_TYPE_UNSPEC"]
lsm-unix~lsm:socket_connect~{index: 0, type: socket}, {index: 1, type: sockaddr_un, sizeArgIndex: 3}~matchArgs: [{index: 1, operator: Equal, values: ["/tally/socket"]}]~%A/send-message /tally/socket none </dev/null~%A/send-message /tally/other none </dev/null~[.args[0].sock_arg.family, .args[1].sockaddrun_arg.path]~["AF_UNIX","/tally/socket"]
lsm-message~lsm:socket_sendmsg~{index: 0, type: socket}, {index: 1, type: iov_iter, resolve: msg_iter}, {index: 2, type: int}~matchArgs: [{args: [2], operator: Equal, values: ["7"]}]~echo tally- >/dev/udp/127.0.0.1/141~echo tally >/dev/udp/127.0.0.1/142~[.args[0].sock_arg.dport, (.args[1].bytes_arg | @base64d), .args[2].int_arg]~[141,"tally-\n",7]
lsm-void~lsm:bprm_committed_creds~{index: 0, type: linux_binprm}~matchArgs: [{index: 0, operator: Equal, values: ["%W/program"]}]~%W/program~%W/another~.args[0].linux_binprm_arg.path~"%W/program"
lsm-parents~lsm:bprm_check_security~{index: 0, type: linux_binprm}, {index: 0, type: string, resolve: mm.owner.real_parent.comm}, {index: 0, type: int, resolve: mm.owner.real_parent.pid}~matchArgs: [{args: [0], operator: Equal, values: ["%W/program"]}, {args: [1], operator: NotEqual, values: [""]}]~bash -c "%W/program; true"~bash -c "%W/another; true"~[.args[1].string_arg, (.args[2].int_arg > 1)]~["bash",true]
many-parameters~kprobe:do_mmap~{index: 0, type: file}, {index: 2, type: ulong}, {index: 3, type: ulong}~matchArgs: [{index: 0, operator: Postfix, values: ["/actors/nothing"]}, {index: 3, operator: Equal, values: ["5"]}]~%A/nothing~%A/call fsync -1~[(.args[0].file_arg.path | endswith("/nothing")), .args[2].size_arg]~[true,"5"]
child-of~kprobe:security_file_open~{index: 0, type: file}~matchArgs: [{index: 0, operator: Equal, values: ["%W/regular"]}], matchParentBinaries: [{operator: Postfix, values: ["/timeout"]}]~timeout 9 bash -c ': <%W/regular'~bash -c "bash -c ': <%W/regular'; true"~.args[0].file_arg.path~"%W/regular"
below~kprobe:security_file_open~{index: 0, type: file}~matchArgs: [{index: 0, operator: Equal, values: ["%W/regular"]}], matchNamespaces: [{namespace: Net, operator: NotIn, values: [host_ns]}]~unshare -n bash -c ': <%W/regular'~: <%W/regular~.args[0].file_arg.path~"%W/regular"
with-data~kprobe:security_file_open~{index: 0, type: file}~matchArgs: [{index: 0, operator: Equal, values: ["%W/regular"]}], matchData: [{args: [0], operator: Equal, values: [tally-comm]}]~printf tally-comm >/proc/self/comm; : <%W/regular~: <%W/regular~.data[0].string_arg~"tally-comm"
listed~kprobe:list:calls~{index: 1, type: dentry}~matchArgs: [{index: 1, operator: Postfix, values: ["/listed"]}]~mkdir %W/listed; rmdir %W/listed~mkdir %W/unlisted; rmdir %W/unlisted~.function_name~"security_inode_mkdir"
generated~kprobe:list:pattern~{index: 1, type: dentry}~matchArgs: [{index: 1, operator: Postfix, values: ["/generated"]}]~mkdir %W/generated; rmdir %W/generated~mkdir %W/ungenerated; rmdir %W/ungenerated~.function_name~"security_inode_rmdir"
by-label~kprobe:security_file_open~{index: 0, type: file, label: which}, {index: 0, type: uint32, resolve: f_flags, label: how}~matchArgs: [{args: [1], operator: Mask, values: ["0x40000"]}, {args: [0], operator: Prefix, values: ["%W"]}]~dd if=/dev/zero of=%W/other oflag=noatime count=1 bs=1~: <%W/other~[.args[].label]~["which","how"]
E2
)

[ "$(uname -m)" = x86_64 ] || cases=$(grep -v '^registers~' <<<"$cases") # their names

for name in regular other text denied; do
	echo "$name" >"$work/$name"
	chmod 644 "$work/$name"
done
echo texts >"$work/text"
mkdir "$work/there"
cp "$actors/nothing" "$work/program"
cp "$actors/nothing" "$work/another"

# In $pid is whose children are meant.
run() {
	local command=${1//%W/$work}
	bash -c "${command//%A/$actors}" >"$work/run.txt" 2>&1 &
	pid=$!
	wait "$pid"
}

lists='lists: [{name: calls, type: "", values: [security_inode_mkdir, security_inode_symlink]}, {name: pattern, type: generated_ftrace, pattern: "^security_inode_(rmdir|mknod)$"}]'
policy_of() {
	local kind=${2%%:*} function=${2#*:} arguments=$3 selectors=${4//%W/$work} more=''
	[[ $selectors != *matchReturnArgs* && $arguments != *returnCopy* ]] || more=', return: true, returnArg: {index: 0, type: int}'
	[[ $selectors != *matchData* ]] || more+=', data: [{index: 0, type: string, source: current_task, resolve: comm}]'
	case $kind in
	lsm) echo "lsmhooks: [{hook: $function, args: [$arguments], selectors: [{$selectors}]}]" ;;
	kprobe) echo "kprobes: [{call: \"$function\", syscall: false, args: [$arguments]$more, selectors: [{$selectors}]}]" ;;
	fentry) echo "fentries: [{call: $function, syscall: false, args: [$arguments]$more, selectors: [{$selectors}]}]" ;;
	esac
	[[ $function != list:* ]] || echo "$lists"
}

daemon_start
declare -A refused matches misses
while IFS='~' read -r name hook arguments selectors _; do
	policy_file "$name" "$(policy_of "$name" "$hook" "$arguments" "$selectors")"
	tallyman policy add "$work/$name.yaml" >"$work/$name.txt" 2>&1 || refused[$name]=yes
done <<<"$cases"
while IFS='~' read -r name _ _ _ matching missing _; do
	[ -z "${refused[$name]-}" ] || continue
	run "$matching"
	matches[$name]=$pid
	run "$missing"
	misses[$name]=$pid
done <<<"$cases"
settle

# of NAME PID FILTER: what its events say
of() {
	events "(.process_kprobe // .process_lsm) | select(. != null and .policy_name == \$policy and (.process.pid == \$pid or .parent.pid == \$pid)) | $3" \
		--arg policy "$1" --argjson pid "$2"
}

while IFS='~' read -r name hook _ _ _ _ filter expected; do
	if [ -n "${refused[$name]-}" ]; then
		like "$name: is refused with its reason" "$(cat "$work/$name.txt")" 'trampolines|no such function|kprobes|has no LSM hook|tracefs|is not among this kernel'
		continue
	fi
	is "$name: matches" "$(of "$name" "${matches[$name]}" "$filter" | head -n 1)" "${expected//%W/$work}"
	is "$name: misses" "$(of "$name" "${misses[$name]}" .policy_name)" ""
done <<<"$cases"
# ---- what would be accepted and then silent, or say what is not so ----
refuses() {
	policy_file refused "$2"
	like "$1" "$(tallyman policy add "$work/refused.yaml" 2>&1)" "$3"
	like "$1: policy check says so" "$(tallyman policy check --kernel "$work/refused.yaml" 2>&1)" "$3"
}
refuses "a function that is not there" 'kprobes: [{call: tally_function, syscall: false}]' 'this kernel has no such function: tally_function'
refuses "a system call's name is none" 'fentries: [{call: sys_openat, syscall: false}]' 'this kernel has no such function: sys_openat'
refuses "a function that nothing can be put on" 'kprobes: [{call: do_syscall_64, syscall: false}]' \
	'lets no program be put on do_syscall_64|no BPF trampolines'
refuses "the return of what returns nothing" 'kprobes: [{call: fd_install, syscall: false, return: true, returnArg: {index: 0, type: int}}]' \
	'return: fd_install returns nothing'
refuses "Override of what returns nothing" 'kprobes: [{call: security_bprm_committed_creds, syscall: false, selectors: [{matchActions: [{action: Override, argError: -1}]}]}]' \
	'security_bprm_committed_creds returns nothing'
refuses "and by its LSM hook" 'lsmhooks: [{hook: bprm_committed_creds, selectors: [{matchActions: [{action: Override, argError: -1}]}]}]' \
	'bprm_committed_creds returns nothing'
refuses "an argument that one of a list has not" 'lists: [{name: l, type: "", values: [security_inode_mkdir, security_inode_rmdir]}]
kprobes: [{call: "list:l", syscall: false, args: [{index: 2, type: uint16}]}]' 'index 2: security_inode_rmdir has 2 arguments'
refuses "a size that the function is not given" 'kprobes: [{call: vfs_write, syscall: false, args: [{index: 1, type: char_buf, sizeArgIndex: 6}]}]' \
	'sizeArgIndex 6: vfs_write has 4 arguments'
refuses "what is no file" 'kprobes: [{call: vfs_truncate, syscall: false, args: [{index: 0, type: file}]}]' \
	'index 0: is a pointer to path, not what type file reads'
refuses "what is a file in one of a list only" 'lists: [{name: l, type: "", values: [security_file_open, security_path_truncate]}]
kprobes: [{call: "list:l", syscall: false, args: [{index: 0, type: file}]}]' 'index 0: of security_path_truncate is a pointer to path, not what type file reads'
refuses "a field of what only one of a list is given" 'lists: [{name: l, type: "", values: [security_file_open, security_path_truncate]}]
kprobes: [{call: "list:l", syscall: false, args: [{index: 0, type: uint32, resolve: f_flags}]}]' 'index 0: of security_path_truncate is not the structure'
refuses "a number as an address" 'fentries: [{call: vfs_fallocate, syscall: false, args: [{index: 1, type: path}]}]' \
	'index 1: is a number of 4 bytes, not what type path reads'
refuses "another socket that is returned" 'kprobes: [{call: inet_csk_accept, syscall: false, return: true, returnArg: {index: 0, type: socket}}]' \
	'index 0: is a pointer to sock, not what type socket reads'
refuses "an LSM hook's argument" 'lsmhooks: [{hook: file_open, args: [{index: 0, type: fd}]}]' 'index 0: is a pointer, not what type fd reads'
refuses "a field that is something else" 'kprobes: [{call: security_file_open, syscall: false, args: [{index: 0, type: file, resolve: f_path}]}]' \
	'resolve: f_path of index 0: is a structure path, not what type file reads'
refuses "a raw tracepoint's argument" 'tracepoints: [{subsystem: sched, event: sched_process_exec, raw: true, args: [{index: 2, type: file}]}]' \
	'index 2: is a pointer to linux_binprm, not what type file reads'
refuses "a register that there is not" 'kprobes: [{call: security_file_open, syscall: false, args: [{index: 0, type: uint64, source: pt_regs, resolve: r99}]}]' \
	'resolve: this machine has no register r99'
refuses "a register of a system call that is no argument" 'kprobes: [{call: sys_openat, args: [{index: 0, type: uint64, source: pt_regs, resolve: rcx}]}]' \
	'resolve: no argument of a system call is in rcx; allowed: rdi'
refuses "what a system call returns, by its register" 'kprobes: [{call: sys_openat, return: true, returnArg: {index: 0, type: uint64, source: pt_regs, resolve: rax}}]' \
	'source: pt_regs: not here; allowed: arguments of system calls'
exited='tracepoints: [{subsystem: sched, event: sched_process_exit, raw: true, args: [{index: 0, type: uint32, resolve: pid'
refuses "a type that there is not" "$exited, btfType: tally}]}]" 'btfType: there is no structure of that name'
refuses "a module that there is not" "$exited, btfType: task_struct, btfTypeModule: tally-module}]}]" \
	'btfTypeModule: there is no type information .BTF. of a module tally_module'
refuses "what is no module's name" "$exited, btfType: task_struct, btfTypeModule: ../fs/x}]}]" 'btfTypeModule: "../fs/x" is not a module'
refuses "Override of any function" 'kprobes: [{call: vfs_write, syscall: false, selectors: [{matchActions: [{action: Override, argError: -1}]}]}]' \
	'lets vfs_write not be answered|no BPF trampolines'
refuses "a part of a pointer" 'kprobes: [{call: sys_openat, data: [{type: int, source: current_task, resolve: real_parent}]}]' \
	'resolve: real_parent is a pointer, of which type int is a part; real_parent\[0\] is what it points at'
policy_add ignored 'kprobes: [{call: tally_function, syscall: false, ignore: {callNotFound: true}, args: [{index: 0, type: int}]}, {call: sys_tally, ignore: {callNotFound: true}, args: [{index: 0, type: int}]}]'
is "what is not there can be ignored" "$(tallyman policy list -o json | jq -c '.[] | select(.name == "ignored") | [.state, .hooks[].places]')" '["enabled",[],[]]'
policy_delete ignored

if [ -z "${refused[file-by-descriptor]-}" ]; then
	# Functions of one list, with more and fewer arguments: each has its own return.
	policy_add returns 'lists: [{name: l, type: "", values: [security_inode_mkdir, security_inode_rmdir]}]
kprobes: [{call: "list:l", syscall: false, return: true, returnArg: {index: 0, type: int}, args: [{index: 1, type: dentry}], selectors: [{matchArgs: [{index: 1, operator: Postfix, values: ["/returned"]}]}]}]'
	run "mkdir %W/returned; rmdir %W/returned"
	returned=$pid
	# What may be answered returns like any other.
	policy_add answered "kprobes: [{call: security_file_open, syscall: false, return: true, returnArg: {index: 0, type: int}, args: [{index: 0, type: file}], selectors: [
  {matchArgs: [{index: 0, operator: Equal, values: [\"$work/denied\"]}], matchActions: [{action: Override, argError: -13}]},
  {matchArgs: [{index: 0, operator: Equal, values: [\"$work/other\"]}]}]}]"
	run ": <%W/denied"
	denied=$pid
	run ": <%W/other"
	opened=$pid
	# The eighth argument is on the stack, where only newer kernels' trampolines have it.
	policy_file eighth 'kprobes: [{call: do_mmap, syscall: false, args: [{index: 0, type: file}, {index: 1, type: ulong}, {index: 5, type: ulong}, {index: 7, type: uint64}], selectors: [{matchArgs: [{index: 0, operator: Postfix, values: ["/actors/nothing"]}]}]}]'
	if tallyman policy add "$work/eighth.yaml" >"$work/eighth.txt" 2>&1; then
		run "%A/nothing"
		settle
		is "an argument on the stack is an address" "$(of eighth "$pid" '.args[3].size_arg' | grep -c '^"[1-9][0-9]*"$')" \
			"$(of eighth "$pid" .function_name | wc -l)"
	else
		like "an argument on the stack is refused" "$(cat "$work/eighth.txt")" 'no more than arguments 0 to 5'
	fi
	settle
	is "each of a list returns its own" "$(of returns "$returned" '[.function_name, .return.int_arg]')" \
		'["security_inode_mkdir",0]
["security_inode_rmdir",0]'
	is "what was answered returns the answer" "$(of answered "$denied" '[.action, .return.int_arg]')" '["KPROBE_ACTION_OVERRIDE",-13]'
	is "what was not returns as ever" "$(of answered "$opened" '[.action, .return.int_arg]')" '["KPROBE_ACTION_POST",0]'
fi
is "none of them had errors" "$(tallyman policy list -o json | jq -c '[.[] | select(.errors != "0") | .name]')" "[]"
finish
