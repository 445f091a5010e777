package dev.longhand.app.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;

/** The process's standard streams: their encoding, and which of them are terminals. */
public final class StandardStreams {
    private static final Path DESCRIPTORS = Paths.get("/proc/self/fd");
    private static final int IN = 0;
    private static final int OUT = 1;
    private static final int ERR = 2;

    private StandardStreams() {}

    /** Prints UTF-8 whatever the locale, so that the text of arguments and files stays whole. */
    public static void printUtf8() {
        System.setOut(utf8(FileDescriptor.out));
        System.setErr(utf8(FileDescriptor.err));
    }

    private static PrintStream utf8(FileDescriptor descriptor) {
        return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
    }

    /** Whether standard input is a terminal. */
    static boolean terminalIn() {
        return isTerminal(IN);
    }

    /** Whether standard error is a terminal. */
    static boolean terminalErr() {
        return isTerminal(ERR);
    }

    /** Whether standard output is a terminal. */
    static boolean terminalOut() {
        return isTerminal(OUT);
    }

    /** Whether a user types into standard input and reads standard output. */
    static boolean interactive() {
        return isTerminal(IN) && isTerminal(OUT);
    }

    /** Whether standard output shows colours. */
    public static boolean coloursOnOutput() {
        return isTerminal(OUT) && coloursAllowed();
    }

    /** Whether colours may be printed: see no-color.org. */
    static boolean coloursAllowed() {
        String refused = System.getenv("NO_COLOR");
        return (refused == null || refused.isEmpty()) && !"dumb".equals(System.getenv("TERM"));
    }

    /** Java knows of input and output together only, so this looks at the device on Linux. */
    @SuppressWarnings("SystemConsoleNull") // JDK 25 returns null again without a terminal
    private static boolean isTerminal(int descriptor) {
        try {
            String device = Files.readSymbolicLink(DESCRIPTORS.resolve("" + descriptor)).toString();
            return device.startsWith("/dev/pts/")
                    || device.startsWith("/dev/tty")
                    || device.equals("/dev/console");
        } catch (IOException e) {
            return System.console() != null;
        }
    }
}
