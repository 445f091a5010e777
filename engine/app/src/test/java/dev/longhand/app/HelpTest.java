package dev.longhand.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import picocli.CommandLine;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;

/** Every command says how it is used. */
class HelpTest {
    /** Help comes before required options are asked for. */
    @Test
    void everyCommandHelps() {
        Set<String> commands = new CommandLine(new Main()).getSubcommands().keySet();
        assertTrue(commands.containsAll(Set.of("generate", "chat", "help", "completion")));
        for (String command : commands) {
            String help = printed(command, "--help");
            assertTrue(help.contains("Usage: longhand " + command), help);
            assertEquals(help, printed("help", command));
            if (!command.equals("help")) {
                assertTrue(printed(command, "--version").startsWith("longhand "), command);
            }
        }
    }

    private static String printed(String... arguments) {
        PrintStream out = System.out;
        ByteArrayOutputStream captured = new ByteArrayOutputStream();
        System.setOut(new PrintStream(captured, true, StandardCharsets.UTF_8));
        try {
            assertEquals(0, Main.run(arguments), List.of(arguments).toString());
        } finally {
            System.setOut(out);
        }
        return captured.toString(StandardCharsets.UTF_8);
    }
}
