"""Runs a program without network, processes, or files outside its folder.

Arguments: folder, memory in bytes, processor seconds, bytes of a file, and the function to call
(empty: the program reads standard input itself). The first line of standard output is "sandboxed".
"""

import ctypes
import json
import os
import platform
import resource
import struct
import sys

LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
READ = 1 << 0 | 1 << 2 | 1 << 3
READ_FILE, WRITE_FILE = 1 << 2, 1 << 1
EPERM, ENOSYS = 1, 38
CLONE_THREAD = 0x10000

# The audit number of the architecture, clone, prlimit64, and the calls that are refused: sockets,
# processes, kernel objects outside folders, signals and priorities of others, and what Landlock does
# not cover: modes, owners, times and attributes of files, and truncation by name.
CALLS = {
    "x86_64": (0xC000003E, 56, 302, [
        41, 42, 53, 57, 58, 59, 322, 101, 272, 308, 165, 321, 298, 310, 311, 250, 29, 68, 64, 240,
        62, 200, 234, 129, 297, 141, 142, 144, 203, 314, 251, 256, 279, 160,
        76, 90, 91, 268, 92, 93, 94, 260, 132, 235, 261, 280, 188, 189, 190, 197, 198, 199, 133, 259,
        319, 323, 134, 159, 161, 164, 169, 227, 305]),
    "aarch64": (0xC00000B7, 220, 261, [
        198, 203, 199, 221, 281, 117, 97, 268, 40, 280, 241, 270, 271, 219, 194, 186, 190, 180,
        129, 130, 131, 138, 240, 140, 118, 119, 122, 274, 30, 238, 239, 164,
        45, 52, 53, 54, 55, 88, 5, 6, 7, 14, 15, 16, 33,
        279, 282, 51, 112, 142, 170, 171, 266]),
}
# pidfd_send_signal, pidfd_open, pidfd_getfd, io_uring, process_madvise, memfd_secret, fchmodat2,
# setxattrat, removexattrat and file_setattr have one number everywhere.
REFUSED = [424, 434, 438, 425, 440, 447, 452, 463, 466, 469]
RLIMIT_STACK = 3
CLONE3 = 435

libc = ctypes.CDLL(None, use_errno=True)


def checked(result, what):
    if result < 0:
        sys.exit("%s: %s" % (what, os.strerror(ctypes.get_errno())))
    return result


def restrict_files(folder):
    abi = checked(libc.syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1), "Landlock")
    bits = 13 + (abi >= 2) + (abi >= 3) + (abi >= 5)
    everything = (1 << bits) - 1
    attributes = ctypes.create_string_buffer(struct.pack("=Q", everything), 8)
    rules = checked(libc.syscall(LANDLOCK_CREATE, attributes, ctypes.c_size_t(8), 0), "Landlock")
    allowed = [(folder, everything), ("/dev/null", READ_FILE | WRITE_FILE),
               ("/dev/urandom", READ_FILE), ("/etc/ld.so.cache", READ_FILE),
               (sys.prefix, READ), (sys.base_prefix, READ)]
    allowed += [(path, READ) for path in ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share",
                                          "/lib", "/lib64")]
    for path, access in allowed:
        if not os.path.exists(path):
            continue
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        beneath = ctypes.create_string_buffer(struct.pack("=Qi", access, opened), 12)
        checked(libc.syscall(LANDLOCK_ADD, rules, 1, beneath, 0), "Landlock " + path)
        os.close(opened)
    checked(libc.syscall(LANDLOCK_RESTRICT, rules, 0), "Landlock")
    os.close(rules)


def restrict_calls():
    machine = platform.machine()
    if machine not in CALLS:
        sys.exit("seccomp: no list of calls for " + machine)
    audit, clone, prlimit, refused = CALLS[machine]
    load, equal, at_least, has, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, error = 0x7FFF0000, 0x00050000
    program = [(load, 0, 0, 4), (equal, 1, 0, audit), (answer, 0, 0, error | EPERM), (load, 0, 0, 0),
               (at_least, 0, 1, 0x40000000), (answer, 0, 0, error | EPERM)]
    for call in refused + REFUSED:
        program += [(equal, 0, 1, call), (answer, 0, 0, error | EPERM)]
    program += [(equal, 0, 1, CLONE3), (answer, 0, 0, error | ENOSYS), (equal, 0, 4, clone),
                (load, 0, 0, 16), (has, 0, 1, CLONE_THREAD), (answer, 0, 0, allow),
                (answer, 0, 0, error | EPERM)]
    # A program may ask for its own limits, and change that of its stack.
    program += [(equal, 0, 9, prlimit), (load, 0, 0, 16), (equal, 0, 6, 0), (load, 0, 0, 24),
                (equal, 5, 0, RLIMIT_STACK), (load, 0, 0, 32), (equal, 0, 2, 0), (load, 0, 0, 36),
                (equal, 1, 0, 0), (answer, 0, 0, error | EPERM), (answer, 0, 0, allow)]
    code = b"".join(struct.pack("=HBBI", *each) for each in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    checked(libc.prctl(22, 2, ctypes.create_string_buffer(header, len(header)), 0, 0), "seccomp")


def drop_capabilities():
    header = struct.pack("=II", 0x20080522, 0)
    checked(libc.capset(header, bytes(24)), "capset")


def call(name, space, results):
    arguments = [json.loads(line) for line in sys.stdin.read().split("\n") if line.strip()]
    holder = space["Solution"]() if "Solution" in space else None
    function = getattr(holder, name) if hasattr(holder, name) else space[name]
    results.write(json.dumps(function(*arguments)) + "\n")


def main():
    folder, memory, seconds, size, name = sys.argv[1:6]
    with open(os.path.join(folder, "program.py"), encoding="utf-8") as file:
        source = file.read()
    for limit, value in ((resource.RLIMIT_AS, int(memory)), (resource.RLIMIT_CPU, int(seconds)),
                         (resource.RLIMIT_FSIZE, int(size)), (resource.RLIMIT_CORE, 0),
                         (resource.RLIMIT_NOFILE, 32)):
        resource.setrlimit(limit, (value, value))
    checked(libc.prctl(38, 1, 0, 0, 0), "prctl")
    drop_capabilities()
    restrict_files(folder)
    restrict_calls()
    sys.setrecursionlimit(50_000)
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")
    results.write("sandboxed\n")
    results.flush()
    space = {"__name__": "__main__"}
    if name:
        sys.stdout = open("/dev/null", "w", encoding="utf-8")
    exec(compile(source, "program.py", "exec"), space)
    if name:
        call(name, space, results)
    results.close()


main()
