package dev.longhand.app.study;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Reads the end of a stage's log. */
final class StageLog {
    private static final int END_BYTES = 4096;

    private StageLog() {}

    /** Returns the last line that is not blank; empty if there is none. */
    static String lastLine(Path log) {
        try (FileChannel file = FileChannel.open(log)) {
            long from = Math.max(0, file.size() - END_BYTES);
            ByteBuffer end = ByteBuffer.allocate((int) (file.size() - from));
            file.read(end, from);
            return new String(end.array(), 0, end.position(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank())
                    .reduce("", (before, line) -> line);
        } catch (IOException e) {
            return "";
        }
    }
}
