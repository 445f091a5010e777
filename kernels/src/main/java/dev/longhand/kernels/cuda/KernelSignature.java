package dev.longhand.kernels.cuda;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A kernel's parameters as its PTX declares them.
 *
 * @param kernel the name of the kernel
 * @param parameterBytes the size of each parameter, in order
 */
record KernelSignature(String kernel, List<Integer> parameterBytes) {
    private static final String ENTRY = ".entry ";

    /** {@code .param .u64 name} or {@code .param .align 8 .b8 name[24]}. */
    private static final Pattern PARAMETER =
            Pattern.compile(
                    "\\.param\\s+(?:\\.align\\s+\\d+\\s+)?\\.[busf](\\d+)\\s[^,\\[]*(?:\\[(\\d+)])?");

    KernelSignature {
        parameterBytes = List.copyOf(parameterBytes);
    }

    /** The signatures of all kernels of a module, by the kernels' names. */
    static Map<String, KernelSignature> parse(String ptx) {
        Map<String, KernelSignature> signatures = new HashMap<>();
        for (int at = ptx.indexOf(ENTRY); at >= 0; at = ptx.indexOf(ENTRY, at)) {
            int open = ptx.indexOf('(', at);
            int close = ptx.indexOf(')', open);
            String kernel = ptx.substring(at + ENTRY.length(), open).strip();
            signatures.put(kernel, new KernelSignature(kernel, sizes(ptx.substring(open, close))));
            at = close;
        }
        return signatures;
    }

    private static List<Integer> sizes(String parameters) {
        List<Integer> sizes = new ArrayList<>();
        Matcher parameter = PARAMETER.matcher(parameters);
        while (parameter.find()) {
            int element = Integer.parseInt(parameter.group(1)) / Byte.SIZE;
            String count = parameter.group(2);
            sizes.add(count == null ? element : element * Integer.parseInt(count));
        }
        return sizes;
    }
}
