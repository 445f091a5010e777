import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Lets a JDK 17 read the module descriptor in a folder of classes: maven-jar-plugin calls the jar
 * tool of the JDK that Maven runs on, which refuses descriptors of class file version 69 (JDK 25).
 * Descriptors have not changed in between. javac can compile module-info.java alone for release 17
 * as well, but maven-compiler-plugin then does not notice when it has to.
 */
class ModuleDescriptor {
    private static final int MAJOR_VERSION_OFFSET = 6;
    private static final int JDK_17 = 61;

    public static void main(String[] arguments) throws IOException {
        Path descriptor = Path.of(arguments[0], "module-info.class");
        if (!Files.exists(descriptor)) {
            return;
        }
        try (RandomAccessFile file = new RandomAccessFile(descriptor.toFile(), "rw")) {
            file.seek(MAJOR_VERSION_OFFSET);
            if (file.readShort() > JDK_17) {
                file.seek(MAJOR_VERSION_OFFSET);
                file.writeShort(JDK_17);
            }
        }
    }
}
