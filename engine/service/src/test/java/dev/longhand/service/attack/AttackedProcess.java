package dev.longhand.service.attack;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.JavaProcess;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/** A process with a heap of 128 MB that runs {@link AttackedServer}. */
final class AttackedProcess implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 60_000;

    private final Process process;
    private final int httpPort;
    private final int linePort;
    private final Queue<String> log = new ConcurrentLinkedQueue<>();

    AttackedProcess() throws IOException {
        this(List.of());
    }

    /** Starts the process with a limit on its file descriptors, at most that of this process. */
    AttackedProcess(int descriptors) throws IOException {
        this(List.of("sh", "-c", "ulimit -n " + descriptors + " && exec \"$0\" \"$@\""));
    }

    private AttackedProcess(List<String> launcher) throws IOException {
        List<String> command = new ArrayList<>(launcher);
        command.addAll(JavaProcess.command(List.of("-Xmx128m"), AttackedServer.class));
        command.add(Goldens.DEMO.toAbsolutePath().toString());
        process = new ProcessBuilder(command).start();
        BufferedReader out = process.inputReader();
        Thread.ofVirtual().start(() -> process.errorReader().lines().forEach(log::add));
        String ports = out.readLine();
        if (ports == null) {
            throw new IOException("the server did not start: " + log);
        }
        httpPort = Integer.parseInt(ports.substring(0, ports.indexOf(' ')));
        linePort = Integer.parseInt(ports.substring(ports.indexOf(' ') + 1));
    }

    /** Connects to the HTTP port. */
    Socket http() throws IOException {
        return connect(httpPort);
    }

    /** Connects to the port of the line protocol. */
    Socket lines() throws IOException {
        return connect(linePort);
    }

    private static Socket connect(int port) throws IOException {
        Socket socket = new Socket();
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return socket;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** The processor time that the process has used. */
    Duration processorTime() {
        return process.info().totalCpuDuration().orElseThrow();
    }

    /** The warnings and errors that the process has logged. */
    List<String> log() {
        return List.copyOf(log);
    }

    /** Ends the process as its operator would; returns its exit status. */
    int stop() throws IOException, InterruptedException {
        process.getOutputStream().close();
        return process.waitFor(30, TimeUnit.SECONDS) ? process.exitValue() : -1;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
