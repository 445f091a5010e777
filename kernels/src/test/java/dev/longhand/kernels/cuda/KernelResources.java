package dev.longhand.kernels.cuda;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a kernel takes on an architecture, as {@code ptxas --verbose} says.
 *
 * @param sharedBytes static shared memory of a block
 * @param stackBytes local memory of a thread
 * @param spillBytes registers stored to and loaded from it
 */
record KernelResources(
        String kernel,
        String architecture,
        int registers,
        int sharedBytes,
        int stackBytes,
        int spillBytes) {
    private static final Pattern ENTRY =
            Pattern.compile("Compiling entry function '(\\w+)' for '(\\w+)'");
    private static final Pattern STACK =
            Pattern.compile(
                    "(\\d+) bytes stack frame, (\\d+) bytes spill stores, (\\d+) bytes spill"
                            + " loads");
    private static final Pattern REGISTERS = Pattern.compile("Used (\\d+) registers");
    private static final Pattern SHARED = Pattern.compile("(\\d+) bytes smem");

    /** The SHA-256 of bytes, in hexadecimal. */
    static String sha256(byte[]... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (byte[] part : parts) {
                digest.update(part);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e); // every JDK has it
        }
    }

    /** Every kernel of a log. */
    static List<KernelResources> parse(String log) {
        List<KernelResources> kernels = new ArrayList<>();
        Matcher entry = ENTRY.matcher(log);
        List<Integer> starts = new ArrayList<>();
        while (entry.find()) {
            starts.add(entry.start());
        }
        for (int i = 0; i < starts.size(); i++) {
            int end = i + 1 < starts.size() ? starts.get(i + 1) : log.length();
            kernels.add(parseOne(log.substring(starts.get(i), end)));
        }
        return kernels;
    }

    private static KernelResources parseOne(String part) {
        Matcher entry = ENTRY.matcher(part);
        Matcher stack = STACK.matcher(part);
        Matcher registers = REGISTERS.matcher(part);
        if (!entry.find() || !stack.find() || !registers.find()) {
            throw new IllegalArgumentException("not what ptxas --verbose says: " + part);
        }
        Matcher shared = SHARED.matcher(part);
        return new KernelResources(
                entry.group(1),
                entry.group(2),
                Integer.parseInt(registers.group(1)),
                shared.find() ? Integer.parseInt(shared.group(1)) : 0,
                Integer.parseInt(stack.group(1)),
                Integer.parseInt(stack.group(2)) + Integer.parseInt(stack.group(3)));
    }

    /** Whether registers are all it needs. */
    boolean staysInRegisters() {
        return stackBytes == 0 && spillBytes == 0;
    }
}
