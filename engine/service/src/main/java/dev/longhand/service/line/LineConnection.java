package dev.longhand.service.line;

import dev.longhand.engine.error.EngineBusyException;
import dev.longhand.engine.error.EngineFailureException;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.status.AdapterInfo;
import dev.longhand.service.AccessLog;
import dev.longhand.service.ClientRules;
import dev.longhand.service.Connection;
import dev.longhand.service.GenerationInstrument;
import dev.longhand.service.RequestBuffer;
import dev.longhand.service.RequestRules;
import dev.longhand.service.ServedGeneration;
import dev.longhand.service.Service;
import dev.longhand.service.ServiceLimits;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One client connection of the line protocol.
 *
 * <p>Threads: {@link #serve} reads requests on one thread. Each generation has its own virtual
 * thread, which reads the generation and writes its events. The {@code writing} lock keeps lines
 * whole. The server's watch thread calls {@link #giveUpIfStuck}. {@link #close} may be called by
 * any thread.
 *
 * <p>A failed write cancels the generation that wrote. A client that closes only its sending side
 * still receives all its answers.
 */
final class LineConnection implements Connection {
    private static final JsonMapper JSON = new JsonMapper();

    private final ByteChannel channel;
    private final Service service;
    private final ServiceLimits limits;
    private final RequestRules rules;
    private final ClientRules clients;
    private final String client;
    private final LineReader lines;
    private final Map<String, Samples> running = new ConcurrentHashMap<>();
    private final AtomicInteger generationCount = new AtomicInteger();
    private final Phaser writers = new Phaser(1);
    private final ReentrantLock writing = new ReentrantLock();
    private volatile long writingSinceNanos; // 0 while no thread writes
    private volatile long usedNanos = System.nanoTime(); // last line in or generation ended
    private volatile boolean authorized;
    private volatile boolean asked; // a first request has come
    private final AtomicBoolean timedOut = new AtomicBoolean();

    /** The generations of one request, and the number of those that have not ended. */
    private record Samples(List<ServedGeneration> generations, AtomicInteger left) {
        void cancel() {
            generations.forEach(ServedGeneration::cancel);
        }
    }

    LineConnection(
            ByteChannel channel,
            String client,
            Service service,
            ServiceLimits limits,
            ClientRules clients) {
        this.channel = channel;
        this.client = client;
        lines = new LineReader(channel, limits.requestBytesMax(), service.requestBytes());
        this.service = service;
        this.limits = limits;
        rules = RequestRules.of(service, limits, clients);
        this.clients = clients;
        authorized = clients.token() == null;
    }

    @Override
    public void refuse() {
        error("", new EngineBusyException("too many connections", limits.requestMillisMax()));
        close();
    }

    @Override
    public void giveWay() {
        refuse();
    }

    @Override
    public long idleSinceNanos() {
        boolean idle = generationCount.get() == 0 && writers.getRegisteredParties() <= 1;
        return idle ? usedNanos : Long.MAX_VALUE;
    }

    /** Serves the client until it closes and has received all its answers, or disconnects. */
    @Override
    public void serve() {
        try {
            for (RequestBuffer line = lines.next(); line != null; line = lines.next()) {
                usedNanos = System.nanoTime();
                if (line.length() > 0 && !take(line)) {
                    break;
                }
            }
        } catch (InputException | EngineBusyException e) {
            error("", e); // the start of the next line is unknown, or it is another protocol
        } catch (IOException e) {
            cancelAll();
        } catch (Error e) { // such as a full heap, while a line is read or parsed
            error("", EngineFailureException.of(e));
        } finally {
            lines.close();
        }
        writers.arriveAndAwaitAdvance();
        close();
    }

    /**
     * Handles a line; returns whether the connection stays open.
     *
     * @throws InputException if the line is not a JSON object, so that this may be another protocol
     */
    private boolean take(RequestBuffer line) throws IOException {
        Settings settings = LineRequest.parse(line);
        String id = LineRequest.idOf(settings);
        try {
            LineRequest request = LineRequest.of(line, settings, rules);
            asked = true;
            if (request instanceof LineRequest.Authorize(String given)) {
                authorized = clients.admit(given);
            }
            if (!authorized) {
                error(id, new InputException("the token is missing or wrong"));
                return false;
            }
            answer(request);
        } catch (InputException | EngineBusyException | IllegalStateException e) {
            error(id, e);
            return authorized;
        } catch (Error e) {
            error(id, EngineFailureException.of(e)); // such as a full heap
        }
        return true;
    }

    private void answer(LineRequest request) throws IOException {
        switch (request) {
            case LineRequest.Generate generate -> begin(generate);
            case LineRequest.Cancel(String id) -> {
                Samples samples = running.get(id);
                if (samples != null) {
                    samples.cancel();
                }
            }
            case LineRequest.Authorize authorize -> {}
            case LineRequest.LoadAdapter(String id, String name, String folder) -> {
                AdapterInfo info = service.loadAdapter(name, folder);
                ObjectNode event = event(id, "adapter_loaded");
                event.put("name", name).put("identity", info.identity());
                write(event.put("rank_max", info.rankMax()).put("bytes", info.bytes()));
            }
            case LineRequest.UnloadAdapter(String id, String name) -> unload(id, name);
            case LineRequest.Models(String id) -> {
                ObjectNode event = event(id, "models");
                ArrayNode names = event.putArray("models");
                service.models().forEach(names::add);
                write(event);
            }
        }
    }

    private void begin(LineRequest.Generate asked) {
        int count = asked.samples();
        if (generationCount.get() + count > limits.requestsPerConnectionMax()) {
            throw new InputException(
                    "at most %d generations of a connection at a time"
                            .formatted(limits.requestsPerConnectionMax()));
        }
        String id = asked.id();
        if (running.containsKey(id)) {
            throw new InputException("the id is in use by a generation under way");
        }
        List<ServedGeneration> generations = asked.submit(service);
        Samples samples = new Samples(generations, new AtomicInteger(count));
        running.put(id, samples);
        generationCount.addAndGet(count);
        for (int i = 0; i < count; i++) {
            writers.register();
            ObjectNode head = head(id);
            if (count > 1) {
                head.put("index", i);
            }
            ServedGeneration generation = generations.get(i);
            Thread.ofVirtual().start(() -> stream(id, head, generation, samples));
        }
    }

    /** Unloads on a thread of its own, since unloading waits for the adapter's generations. */
    private void unload(String id, String name) {
        writers.register();
        Thread.ofVirtual()
                .start(
                        () -> {
                            try {
                                service.unloadAdapter(name);
                                write(event(id, "adapter_unloaded").put("name", name));
                            } catch (InputException e) {
                                error(id, e);
                            } catch (IOException | InterruptedException e) {
                                cancelAll();
                            } finally {
                                writers.arriveAndDeregister();
                            }
                        });
    }

    private void stream(String id, ObjectNode head, ServedGeneration generation, Samples samples) {
        long beganNanos = System.nanoTime();
        boolean counted = true;
        List<GenerationInstrument> instruments = service.newInstruments();
        try (generation) {
            boolean open = true;
            for (GenerationEvent event = generation.next();
                    event != null;
                    event = generation.next()) {
                for (GenerationInstrument each : instruments) {
                    each.observe(event);
                }
                if (open && !(event instanceof GenerationEvent.TokenEmitted)) {
                    counted = false;
                    writeEnd(id, samples, LineEvents.put(head.deepCopy(), event, instruments));
                } else if (open && !written(LineEvents.put(head.deepCopy(), event, instruments))) {
                    open = false;
                    generation.cancel(); // read on to the end, which frees its slot
                }
            }
            // Before the generation is closed: a draining server exits with the last one.
            long nanos = System.nanoTime() - beganNanos;
            AccessLog.log(client, "generate", outcome(generation), nanos);
        } catch (InterruptedException e) {
            generation.cancel();
        } catch (RuntimeException | Error e) { // such as a full heap while an event is written
            failed(head, e);
        } finally {
            if (counted) {
                ended(id, samples);
            }
            writers.arriveAndDeregister();
        }
    }

    /** Ends the stream of a generation by an error, or the connection if that fails too. */
    private void failed(ObjectNode head, Throwable cause) {
        try {
            written(LineEvents.putError(head, EngineFailureException.of(cause)));
        } catch (RuntimeException | Error e) {
            close();
        }
    }

    /**
     * Writes the final event and frees the id under the same lock. Freeing the id later would
     * reject a client that reuses it immediately; freeing it earlier would let a client that never
     * reads open unlimited requests.
     */
    private void writeEnd(String id, Samples samples, ObjectNode end) {
        writing.lock();
        try {
            ended(id, samples);
            written(end);
        } finally {
            writing.unlock();
        }
    }

    /** Frees the slot of one generation; the last sample of a request frees its id. */
    private void ended(String id, Samples samples) {
        usedNanos = System.nanoTime();
        generationCount.decrementAndGet();
        if (samples.left.decrementAndGet() == 0) {
            running.remove(id, samples);
        }
    }

    private static String outcome(ServedGeneration generation) {
        return "model=%s prompt_tokens=%d output_tokens=%d finish=%s"
                .formatted(
                        generation.model(),
                        generation.promptTokens(),
                        generation.outputTokens(),
                        generation.finish());
    }

    private boolean written(ObjectNode json) {
        try {
            write(json);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static ObjectNode event(String id, String kind) {
        return head(id).put("event", kind);
    }

    private static ObjectNode head(String id) {
        ObjectNode json = JSON.createObjectNode();
        return id.isEmpty() ? json : json.put("id", id);
    }

    private void error(String id, RuntimeException cause) {
        AccessLog.log(client, "refuse", LineEvents.code(cause), 0);
        try {
            write(LineEvents.putError(head(id), cause));
        } catch (IOException e) {
            cancelAll();
        }
    }

    private void write(ObjectNode json) throws IOException {
        ByteBuffer line =
                ByteBuffer.wrap(
                        (JSON.writeValueAsString(json) + "\n").getBytes(StandardCharsets.UTF_8));
        writing.lock();
        try {
            writingSinceNanos = System.nanoTime() | 1;
            while (line.hasRemaining()) {
                channel.write(line);
            }
        } finally {
            writingSinceNanos = 0;
            writing.unlock();
        }
    }

    /** Disconnects a client that blocks a write, sends too slowly or is idle beyond the limits. */
    @Override
    public void giveUpIfStuck(long nowNanos) {
        long since = writingSinceNanos;
        if (since != 0 && nowNanos - since > limits.writeMillisMax() * 1_000_000) {
            close();
        }
        String fault = fault(nowNanos);
        if (fault != null && timedOut.compareAndSet(false, true)) {
            Thread.ofVirtual() // the write may block
                    .start(
                            () -> {
                                error("", new InputException(fault));
                                close();
                            });
        }
    }

    /** Describes the time limit that the client has exceeded; null if none. */
    private @Nullable String fault(long nowNanos) {
        long requestNanosMax = limits.requestMillisMax() * 1_000_000;
        long lineSince = lines.lineSinceNanos();
        if (lineSince != 0 && nowNanos - lineSince > requestNanosMax) {
            return "a request was not sent within %d ms".formatted(limits.requestMillisMax());
        }
        long unusedNanos = nowNanos - usedNanos;
        if (!authorized && unusedNanos > requestNanosMax) {
            return "the token was not sent within %d ms".formatted(limits.requestMillisMax());
        }
        if (!asked && unusedNanos > requestNanosMax) {
            return "no request was sent within %d ms".formatted(limits.requestMillisMax());
        }
        return running.isEmpty() && unusedNanos > limits.idleMillisMax() * 1_000_000
                ? "the connection was of no use for %d ms".formatted(limits.idleMillisMax())
                : null;
    }

    private void cancelAll() {
        running.values().forEach(Samples::cancel);
    }

    @Override
    public void close() {
        cancelAll();
        try {
            channel.close();
        } catch (IOException e) {
            // already closed
        }
    }
}
