import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Formats every Java file under a folder (AOSP style), or checks that it is formatted. Generated bindings stay as
 * their generator wrote them. Usage: java -cp google-java-format.jar Format.java check|fix FOLDER
 */
public final class Format {
    public static void main(String[] arguments) throws Exception {
        boolean fix = arguments[0].equals("fix");
        var formatter =
                new Formatter(
                        JavaFormatterOptions.builder().style(JavaFormatterOptions.Style.AOSP).build());
        List<Path> wrong = new ArrayList<>();
        for (Path file : sources(Path.of(arguments[1]))) {
            String source = Files.readString(file);
            String formatted = formatter.formatSourceAndFixImports(source);
            if (!formatted.equals(source)) {
                wrong.add(file);
                if (fix) {
                    Files.writeString(file, formatted);
                }
            }
        }
        if (!wrong.isEmpty() && !fix) {
            wrong.forEach(file -> System.err.println("not formatted: " + file));
            System.err.println("mend with: mvn -N process-sources -Dformat.mode=fix");
            System.exit(1);
        }
    }

    private static List<Path> sources(Path folder) throws Exception {
        try (var paths = Files.walk(folder)) {
            return paths.filter(path -> path.toString().endsWith(".java"))
                    .filter(path -> path.toString().contains("/src/"))
                    .filter(path -> !path.toString().contains("/target/"))
                    .filter(path -> !path.toString().contains("/generated/"))
                    .sorted()
                    .toList();
        }
    }
}
