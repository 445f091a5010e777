package dev.longhand.bench.kit;

import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;

/**
 * What the report of JUnit's console says about a step's tests.
 *
 * @param tests all of them
 * @param skipped those that did not run
 * @param failed failures and errors
 * @param firstSkipped why the first one that did not run did not; empty if all ran
 * @param firstFailed the name of the first one that failed; empty if none did
 */
record TestCounts(int tests, int skipped, int failed, String firstSkipped, String firstFailed) {
    private static final String FILE = "TEST-junit-jupiter.xml";

    /** Reads the report in a folder; without one, no test ran. */
    static TestCounts read(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        if (!Files.exists(file)) {
            return new TestCounts(0, 0, 0, "", "");
        }
        try {
            Document report =
                    DocumentBuilderFactory.newDefaultInstance()
                            .newDocumentBuilder()
                            .parse(file.toFile());
            Element suite = report.getDocumentElement();
            NodeList skipped = suite.getElementsByTagName("skipped");
            return new TestCounts(
                    count(suite, "tests"),
                    count(suite, "skipped"),
                    count(suite, "failures") + count(suite, "errors"),
                    skipped.getLength() == 0 ? "" : firstLine(skipped.item(0).getTextContent()),
                    firstFailed(suite));
        } catch (ParserConfigurationException | SAXException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    private static int count(Element suite, String attribute) {
        String value = suite.getAttribute(attribute);
        return value.isEmpty() ? 0 : Integer.parseInt(value);
    }

    private static String firstFailed(Element suite) {
        NodeList cases = suite.getElementsByTagName("testcase");
        for (int i = 0; i < cases.getLength(); i++) {
            Element test = (Element) cases.item(i);
            if (test.getElementsByTagName("failure").getLength() > 0
                    || test.getElementsByTagName("error").getLength() > 0) {
                return test.getAttribute("classname") + " " + test.getAttribute("name");
            }
        }
        return "";
    }

    private static String firstLine(String text) {
        return text.strip().lines().findFirst().orElse("");
    }

    /** How many tests ran. */
    int ran() {
        return tests - skipped;
    }

    /** The counts in words. */
    String text() {
        return "%d tests passed%s%s"
                .formatted(
                        ran() - failed,
                        failed == 0 ? "" : ", %d failed, first %s".formatted(failed, firstFailed),
                        skipped == 0
                                ? ""
                                : ", %d skipped, first: %s".formatted(skipped, firstSkipped));
    }
}
