# SPDX-License-Identifier: Apache-2.0
# jq functions of the system tests.

# The process of an exec or exit event, or nothing.
def process: (.process_exec // .process_exit // empty).process;
def exec: .process_exec // empty;
def exit: .process_exit // empty;

# The name of the event's kind.
def kind: keys_unsorted - ["node_name", "time", "cluster_name", "sequence", "stream"] | first;

# The exact bytes of argv, each argument in base64: argv_b64 where the text had to be mended, else the
# text itself.
def argv_base64: .argv_b64 as $exact
	| if $exact then $exact else [.argv[]? | @base64] end;
def binary_base64: .binary_b64 // (.binary | @base64);
def cwd_base64: .cwd_b64 // (.cwd | @base64);

# Whether an argument is exactly this text.
def has_argument($text): (.argv // []) | index($text) != null;
# The same, of an event or of what is in it.
def argument($text): (.process_exec // .process_exit // .).process | has_argument($text);

# An exec or exit of NOTHING with this argument, as actors, `podman exec` and the tests run it. (The
# argument alone is on podman's own command line too, and on conmon's and runc's.)
def nothing($text): argument($text)
	and ((.process_exec // .process_exit // .).process.argv[0] | test("(^|/)nothing$"));

# Signal number of its name, on Linux x86-64 and arm64.
def signal_number: if startswith("SIGRTMIN+") then 34 + (.[9:] | tonumber) else {SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGILL: 4, SIGTRAP: 5, SIGABRT: 6, SIGBUS: 7,
	SIGFPE: 8, SIGKILL: 9, SIGUSR1: 10, SIGSEGV: 11, SIGUSR2: 12, SIGPIPE: 13, SIGALRM: 14,
	SIGTERM: 15, SIGSTKFLT: 16, SIGCHLD: 17, SIGCONT: 18, SIGSTOP: 19, SIGTSTP: 20, SIGTTIN: 21,
	SIGTTOU: 22, SIGURG: 23, SIGXCPU: 24, SIGXFSZ: 25, SIGVTALRM: 26, SIGPROF: 27, SIGWINCH: 28,
	SIGIO: 29, SIGPWR: 30, SIGSYS: 31, SIGRTMIN: 34}[.] end;
