package dev.longhand.service.attack;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Clients that behave badly over time; what they receive does not matter to them. */
enum HostileClient {
    LEAVES_A_STREAM {
        @Override
        void run(AttackedProcess server) throws IOException {
            try (Socket socket = server.http()) {
                send(socket, post(LONG.formatted(",\"n\":4,\"stream\":true")));
                socket.getInputStream().readNBytes(500);
            }
        }
    },
    LEAVES_BEFORE_THE_ANSWER {
        @Override
        void run(AttackedProcess server) throws IOException {
            try (Socket socket = server.http()) {
                send(socket, post(LONG.formatted("")));
            }
        }
    },
    RESETS {
        @Override
        void run(AttackedProcess server) throws IOException {
            try (Socket socket = server.http()) {
                socket.setSoLinger(true, 0);
                send(socket, post(LONG.formatted(",\"stream\":true")));
                socket.getInputStream().readNBytes(100);
            }
        }
    },
    NEVER_READS {
        @Override
        void run(AttackedProcess server) throws IOException, InterruptedException {
            try (Socket socket = server.http()) {
                send(socket, post(LONG.formatted(",\"n\":4,\"logprobs\":20,\"stream\":true")));
                Thread.sleep(3_000);
            }
        }
    },
    SENDS_A_BYTE_AT_A_TIME {
        @Override
        void run(AttackedProcess server) throws IOException, InterruptedException {
            try (Socket socket = server.http()) {
                trickle(socket, AttackList.head("GET /v1/models", "X: " + "x".repeat(10_000)));
            }
        }
    },
    SENDS_A_BODY_BYTE_BY_BYTE {
        @Override
        void run(AttackedProcess server) throws IOException, InterruptedException {
            try (Socket socket = server.http()) {
                trickle(socket, post("{\"prompt\":\"%s\"}".formatted("x".repeat(10_000))));
            }
        }
    },
    OPENS_MANY_CONNECTIONS {
        @Override
        void run(AttackedProcess server) throws IOException, InterruptedException {
            List<Socket> sockets = new ArrayList<>();
            try {
                for (int i = 0; i < 40; i++) {
                    sockets.add(i % 2 == 0 ? server.http() : server.lines());
                }
                Thread.sleep(1_000);
            } finally {
                for (Socket each : sockets) {
                    each.close();
                }
            }
        }
    },
    NEVER_ENDS_ITS_CONNECTION {
        @Override
        void run(AttackedProcess server) throws IOException {
            try (Socket socket = server.http()) {
                String request = AttackList.head("GET /health");
                for (int i = 0; i < 200; i++) {
                    send(socket, request);
                }
                socket.getInputStream().readNBytes(10_000);
            }
        }
    },
    HALF_A_LINE {
        @Override
        void run(AttackedProcess server) throws IOException, InterruptedException {
            try (Socket socket = server.lines()) {
                send(socket, AUTHORIZE + "{\"prompt\":\"" + "x".repeat(1_000_000));
                Thread.sleep(500);
            }
        }
    },
    A_LINE_BYTE_BY_BYTE {
        @Override
        void run(AttackedProcess server) throws IOException, InterruptedException {
            try (Socket socket = server.lines()) {
                send(socket, AUTHORIZE);
                trickle(socket, "{\"prompt\":\"%s\"}\n".formatted("x".repeat(10_000)));
            }
        }
    },
    LEAVES_ITS_LINES {
        @Override
        void run(AttackedProcess server) throws IOException {
            try (Socket socket = server.lines()) {
                send(socket, AUTHORIZE);
                for (int i = 0; i < 10; i++) {
                    send(socket, LINE.formatted(i));
                }
                socket.getInputStream().readNBytes(1_000);
            }
        }
    },
    CANCELS_ALWAYS {
        @Override
        void run(AttackedProcess server) throws IOException {
            try (Socket socket = server.lines()) {
                send(socket, AUTHORIZE);
                for (int i = 0; i < 200; i++) {
                    send(socket, LINE.formatted("a") + "{\"cancel\":\"a\"}\n");
                }
                socket.shutdownOutput();
                socket.getInputStream().transferTo(OutputStream.nullOutputStream());
            }
        }
    },
    NEVER_READS_ITS_LINES {
        @Override
        void run(AttackedProcess server) throws IOException, InterruptedException {
            try (Socket socket = server.lines()) {
                send(socket, AUTHORIZE);
                send(socket, LINE.formatted("a").replace("}", ",\"n\":16,\"logprobs\":100}"));
                Thread.sleep(3_000);
            }
        }
    };

    private static final String LONG =
            "{\"prompt\":\"What is 17 plus 24?\",\"max_tokens\":200,\"ignore_eos\":true%s}";

    private static final String LINE = "{\"id\":\"%s\"," + LONG.substring(1).formatted("") + "\n";
    private static final String AUTHORIZE =
            "{\"authorize\":\"%s\"}\n".formatted(AttackedServer.TOKEN);

    private static final int TRICKLE_MILLIS = 20;

    /**
     * Behaves badly once.
     *
     * @throws IOException if the server ends the connection, as it may
     */
    abstract void run(AttackedProcess server) throws IOException, InterruptedException;

    private static String post(String body) {
        String length = "Content-Length: " + body.length();
        return AttackList.head("POST /v1/completions", length) + body;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** Sends slowly until the server, whose limit is 5 s, ends the connection. */
    private static void trickle(Socket socket, String text)
            throws IOException, InterruptedException {
        InputStream in = socket.getInputStream();
        for (byte each : text.getBytes(StandardCharsets.US_ASCII)) {
            socket.getOutputStream().write(each);
            Thread.sleep(TRICKLE_MILLIS);
            if (in.available() > 0) {
                return; // an error
            }
        }
        throw new AssertionError("a client may send for ever");
    }
}
