package dev.longhand.app.cli;

import dev.longhand.engine.error.InputException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The command line's arguments as they were typed. The JVM decodes them by the locale: under {@code
 * LC_ALL=C} it replaces every character beyond ASCII without a word.
 */
public final class Utf8Arguments {
    private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");
    private static final char REPLACEMENT = '\uFFFD';

    private Utf8Arguments() {}

    /**
     * Decodes the process's arguments as UTF-8, where the system tells their bytes.
     *
     * @param decoded the arguments as the JVM has decoded them
     * @throws InputException if one is not UTF-8, or was damaged by decoding
     */
    public static String[] of(String... decoded) {
        try {
            return restore(Files.readAllBytes(COMMAND_LINE), decoded);
        } catch (IOException e) {
            return requireWhole(decoded);
        }
    }

    /**
     * Decodes the last of the process's arguments, which are the program's.
     *
     * @param commandLine all arguments, each ended by a zero
     */
    static String[] restore(byte[] commandLine, String... decoded) {
        List<byte[]> all = split(commandLine);
        if (all.size() < decoded.length) {
            return requireWhole(decoded);
        }
        String[] restored = new String[decoded.length];
        List<byte[]> last = all.subList(all.size() - decoded.length, all.size());
        for (int i = 0; i < restored.length; i++) {
            byte[] bytes = last.get(i);
            if (isAscii(bytes)) {
                restored[i] = new String(bytes, StandardCharsets.US_ASCII);
                if (!restored[i].equals(decoded[i])) {
                    return requireWhole(decoded); // something else started the program
                }
            } else {
                restored[i] = decode(bytes, i);
            }
        }
        return restored;
    }

    private static List<byte[]> split(byte[] commandLine) {
        List<byte[]> arguments = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < commandLine.length; i++) {
            if (commandLine[i] == 0) {
                arguments.add(Arrays.copyOfRange(commandLine, start, i));
                start = i + 1;
            }
        }
        return arguments;
    }

    private static boolean isAscii(byte[] bytes) {
        for (byte each : bytes) {
            if (each < 0) {
                return false;
            }
        }
        return true;
    }

    private static String decode(byte[] bytes, int index) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw new InputException("argument %d is not UTF-8".formatted(index + 1), e);
        }
    }

    private static String[] requireWhole(String... decoded) {
        for (String argument : decoded) {
            if (argument.indexOf(REPLACEMENT) >= 0) {
                throw new InputException(
                        "the locale cannot decode the argument '%s'; set LC_ALL=C.UTF-8"
                                .formatted(argument));
            }
        }
        return decoded;
    }

    /**
     * Returns the path of an argument.
     *
     * @throws InputException if the locale has no bytes for it
     */
    public static Path path(String argument) {
        try {
            return Path.of(argument);
        } catch (InvalidPathException e) {
            throw new InputException(
                    "the locale has no file name '%s'; set LC_ALL=C.UTF-8".formatted(argument), e);
        }
    }
}
