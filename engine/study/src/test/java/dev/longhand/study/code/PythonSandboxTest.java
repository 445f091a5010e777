package dev.longhand.study.code;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.longhand.batch.JsonLine;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;

/** Honest and hostile programs; skipped where there is no sandbox. */
class PythonSandboxTest {
    private static final String SUM = "a, b = map(int, input().split())\nprint(a + b)\n";
    private static final String FILES = "import os, itertools\nfor i in itertools.count():\n";
    private static final CodeTest ADDITION = new CodeTest(null, "2 3\n", "5\n");

    @TempDir private Path outside;

    private PythonSandbox sandbox;

    @BeforeEach
    void find() throws InterruptedException {
        PythonSandbox found = PythonSandbox.find(20);
        assumeTrue(found != null, "there is no python3");
        sandbox = found;
        PythonSandbox.Result first = sandbox.run("", null, "");
        assumeTrue(first.refusal() == null, "no sandbox here: " + first.refusal());
    }

    private CodeAnswer.Result judge(String program, CodeTest... tests) throws InterruptedException {
        return CodeAnswer.judge(program, List.of(tests), sandbox);
    }

    @Test
    void passAndFail() throws InterruptedException {
        assertEquals(true, judge(SUM, ADDITION, new CodeTest(null, "4 4", "8")).passed());
        assertEquals(false, judge(SUM.replace('+', '-'), ADDITION).passed());
        assertEquals(false, judge("this is no Python", ADDITION).passed());
        assertNull(judge(SUM).passed());
        String threads =
                """
                import threading, collections, re
                import resource
                resource.setrlimit(resource.RLIMIT_STACK, resource.getrlimit(resource.RLIMIT_STACK))
                threading.stack_size(1 << 26)
                t = threading.Thread(target=lambda: print(sum(map(int, input().split()))))
                t.start(); t.join()
                open("mine.txt", "w").write("x")
                """;
        assertEquals(true, judge(threads, ADDITION).passed());
    }

    @Test
    void functionsAreCalled() throws InterruptedException {
        String program =
                """
                class Solution:
                    def twice(self, xs, k):
                        print("noise")
                        return [k * x for x in xs]
                """;
        CodeTest test = new CodeTest("twice", "[1, 2]\n3", "[3,6]");
        assertEquals(true, judge(program, test).passed());
        assertEquals(false, judge(program, new CodeTest("twice", "[1]\n3", "[4]")).passed());
        assertEquals(false, judge(program, new CodeTest("absent", "[1]\n3", "[3]")).passed());
    }

    /** Each program must fail, and the honest one after it pass. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "import os\nwhile True:\n    os.fork()",
                "import subprocess\nsubprocess.run(['/bin/sh', '-c', 'true'], check=True)",
                "import os\nos.execv('/bin/true', ['true'])",
                "while True:\n    print('x' * 10000)",
                "import sys\nwhile True:\n    sys.stderr.write('x' * 10000)",
                "x = bytearray(4 << 30)",
                "open('/etc/passwd').read()",
                "import os\nos.listdir('/')",
                "open('/tmp/longhand-escaped', 'w')",
                "import socket\nsocket.socket()",
                "import socket\nsocket.create_connection(('127.0.0.1', PORT))",
                "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
                "import ctypes\nctypes.string_at(0)",
                "f = open('big', 'w')\nwhile True:\n    f.write('x' * 1000000)",
                "open('OUTSIDE').read()",
                "import os\nos.symlink('OUTSIDE', 'link')\nopen('link').read()",
                "import os\nos.chmod('OUTSIDE', 0)",
                "import os\nos.utime('OUTSIDE', (1, 1))",
                "import os\nos.truncate('OUTSIDE', 0)",
                "import os, resource as r\nr.prlimit(os.getppid(), r.RLIMIT_CORE, (0, 0))",
                "import resource as r\nr.setrlimit(r.RLIMIT_AS, (1 << 40, 1 << 40))",
                "import os\nos.sched_setaffinity(os.getppid(), {0})",
                "import os\nos.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
                "import signal, threading as t\nsignal.pthread_kill(t.get_ident(), 9)",
                "import os, shutil\nshutil.rmtree(os.getcwd())",
                FILES + "    with open(str(i), 'wb') as f:\n        f.write(bytes(15 << 20))",
                FILES + "    open(str(i), 'wb').close()",
                FILES + "    os.mkdir('d' * 250)\n    os.chdir('d' * 250)",
                "import threading as t, time\nt.stack_size(32768)\n"
                        + "while True:\n    t.Thread(target=time.sleep, args=(9,)).start()",
            })
    void hostileProgramsAreContained(String program) throws IOException, InterruptedException {
        Path secret = Files.writeString(outside.resolve("secret"), "5");
        FileTime written = Files.getLastModifiedTime(secret);
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String named =
                    program.replace("PORT", Integer.toString(server.getLocalPort()))
                            .replace("OUTSIDE", secret.toString());
            assertEquals(false, judge(named + "\nprint(5)", ADDITION).passed());
        }
        assertFalse(Files.exists(Path.of("/tmp/longhand-escaped")));
        assertEquals("5", Files.readString(secret));
        assertEquals(written, Files.getLastModifiedTime(secret));
        assertEquals(true, judge(SUM, ADDITION).passed());
    }

    @Test
    void unreadableFoldersAreDeleted() throws IOException, InterruptedException {
        String mark = "longhand-" + System.nanoTime();
        String program =
                """
                import os
                os.mkdir("%s", 0o300); open("%1$s/x", "w"); os.umask(0o777); os.mkdir("b")
                """;
        assertEquals(false, judge(program.formatted(mark), ADDITION).passed());
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        try (Stream<Path> left = Files.list(temporary)) {
            assertFalse(left.anyMatch(each -> Files.exists(each.resolve(mark))));
        }
    }

    /** What a program wrote before its end counts, however late it is read. */
    @Test
    void theOutputIsWhole() throws InterruptedException {
        CodeTest test = new CodeTest(null, "", "5");
        for (int i = 0; i < 8; i++) {
            assertEquals(true, judge("print(5)", test).passed());
        }
    }

    @Test
    void sleepersAreEnded() throws InterruptedException {
        PythonSandbox impatient = PythonSandbox.find(2);
        for (String program : List.of("import time\ntime.sleep(1000)", "while True: pass")) {
            long start = System.nanoTime();
            CodeTest test = new CodeTest(null, "", "");
            var result = CodeAnswer.judge(program, List.of(test), impatient);
            assertTrue(System.nanoTime() - start < 60e9, "contained");
            assertTrue(result.passed() == null || !result.passed());
        }
    }

    @Test
    void testsInTheirSpellings() {
        String json =
                """
                {"func_name":"f","tests":[{"input":"1","output":"2"},\
                {"input":"3","output":"4","testtype":"stdin"}],\
                "public_test_cases":"[{\\"input\\":\\"5\\",\\"output\\":\\"6\\",\
                \\"testtype\\":\\"functional\\"}]",\
                "input_output":"{\\"inputs\\":[\\"7\\"],\\"outputs\\":[\\"8\\"]}"}\
                """;
        JsonLine meta = JsonLine.parse("m", json.getBytes(StandardCharsets.UTF_8));
        assertEquals(
                List.of(
                        new CodeTest("f", "1", "2"),
                        new CodeTest(null, "3", "4"),
                        new CodeTest("f", "5", "6"),
                        new CodeTest(null, "7", "8")),
                CodeTest.of(meta.object()));
    }

    @Test
    void theLastBlockIsTheProgram() {
        assertEquals(
                "b = 2\n", CodeAnswer.program("```python\na\n```\ntext\n```\nb = 2\n```\nend"));
        assertNull(CodeAnswer.program("no code"));
    }
}
