package dev.longhand.batch;

import dev.longhand.engine.error.EngineFailureException;
import dev.longhand.service.http.OfflineCompletions;
import dev.longhand.service.http.OfflineCompletions.Reply;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Answers a file of requests in OpenAI's batch form, many at a time, as the server of completions
 * would. Its files, and how it resumes, are those of a {@link BatchRun}.
 *
 * <p>One thread calls {@link #run}, once. Virtual threads wait for the answers and pass them to it
 * through a queue; that thread alone touches the files.
 */
public final class RequestRun {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int BUSY = 429;
    private static final int CLOSED = 503;

    private final OfflineCompletions completions;
    private final List<BatchRequest> requests;
    private final BlockingQueue<Ended> ended = new LinkedBlockingQueue<>();
    private final Map<String, Integer> statuses = new TreeMap<>();
    private final List<Thread> threads = new ArrayList<>();
    private long outputTokens;

    /** The end of a request: a reply, or a failure that ends the run. */
    private record Ended(
            int index, @Nullable Reply reply, long nanos, @Nullable RuntimeException failure) {}

    /** Prepares a run. */
    public RequestRun(OfflineCompletions completions, List<BatchRequest> requests) {
        this.completions = completions;
        this.requests = List.copyOf(requests);
    }

    /**
     * Makes the missing answers.
     *
     * @param input the file of the requests
     * @param out the output file; other files of the run are beside it, with its name as prefix
     * @param settings everything else that answers depend on, by name: the model, the adapters, the
     *     machine, the context
     * @param atATime the number of concurrent requests
     * @return the result; new answers are counted by status, or as "error" for bad lines
     * @throws dev.longhand.engine.error.InputException if the output belongs to another run, or
     *     another run is writing it
     * @throws java.io.UncheckedIOException if a write fails; stored answers are kept
     */
    public BatchRun.Summary run(
            Path input,
            Path out,
            Map<String, String> settings,
            int atATime,
            BatchRun.Progress progress)
            throws InterruptedException {
        RunManifest manifest = RunManifest.ofRequests(FileHash.of(input), settings);
        try (RunFiles files = RunFiles.open(out, manifest, new Order(requests))) {
            files.damage().forEach(line -> progress.noted(out + ": " + line));
            int before = files.stored();
            progress.answered(before, requests.size());
            int next = 0;
            int running = 0;
            while (files.stored() < requests.size()) {
                for (; next < requests.size() && running < atATime; next++) {
                    if (!files.has(next)) {
                        begin(next);
                        running++;
                    }
                }
                running -= collect(files);
                progress.answered(files.stored(), requests.size());
            }
            files.complete();
            return new BatchRun.Summary(before, statuses, outputTokens);
        } finally {
            threads.forEach(Thread::interrupt);
        }
    }

    private void begin(int index) {
        threads.removeIf(thread -> !thread.isAlive());
        threads.add(Thread.ofVirtual().start(() -> ended.add(answer(index))));
    }

    private Ended answer(int index) {
        BatchRequest request = requests.get(index);
        long began = System.nanoTime();
        if (request.fault() != null) {
            return new Ended(index, null, 0, null);
        }
        try {
            byte[] body = request.body().getBytes(StandardCharsets.UTF_8);
            String id = request.id().replace("batch_req_", "");
            Reply reply = completions.answer(request.url(), body, id);
            while (reply.status() == BUSY) {
                Thread.sleep(reply.retryAfterMillis());
                reply = completions.answer(request.url(), body, id);
            }
            if (reply.status() == CLOSED) {
                return new Ended(index, null, 0, new IllegalStateException(reply.json()));
            }
            return new Ended(index, reply, System.nanoTime() - began, null);
        } catch (InterruptedException e) {
            return new Ended(index, null, 0, new IllegalStateException("interrupted", e));
        } catch (RuntimeException | Error e) { // the run must not wait for ever
            return new Ended(index, null, 0, EngineFailureException.of(e));
        }
    }

    /** Waits for an answer and stores all that have ended; returns their number. */
    private int collect(RunFiles files) throws InterruptedException {
        List<Ended> batch = new ArrayList<>(List.of(ended.take()));
        ended.drainTo(batch);
        List<RunFiles.Stored> answers = new ArrayList<>();
        RuntimeException failure = null;
        for (Ended each : batch) {
            if (each.failure != null) {
                failure = each.failure;
                continue;
            }
            ObjectNode timing = JSON.createObjectNode().put("id", requests.get(each.index).id());
            timing.put("total_ms", each.nanos / 1_000_000);
            answers.add(new RunFiles.Stored(each.index, line(each), timing.toString()));
            Reply reply = each.reply;
            statuses.merge(reply == null ? "error" : "" + reply.status(), 1, Integer::sum);
            outputTokens += reply == null ? 0 : reply.outputTokens();
        }
        files.store(answers);
        if (failure != null) {
            throw failure;
        }
        return batch.size();
    }

    private String line(Ended each) {
        BatchRequest request = requests.get(each.index);
        ObjectNode line = JSON.createObjectNode();
        line.put("id", request.id()).put("custom_id", request.customId());
        Reply reply = each.reply;
        if (reply == null) {
            line.putNull("response");
            line.putObject("error").put("code", "invalid_request").put("message", request.fault());
        } else {
            line.putObject("response")
                    .put("status_code", reply.status())
                    .put("request_id", request.id().replace("batch_req_", "req_"))
                    .set("body", JSON.readTree(reply.json()));
            line.putNull("error");
        }
        return JSON.writeValueAsString(line);
    }

    /** Answers in the order of the requests, told apart by {@link BatchRequest#id}. */
    private static final class Order implements AnswerOrder {
        private final List<BatchRequest> requests;
        private final Map<String, Integer> indexes = new HashMap<>();

        Order(List<BatchRequest> requests) {
            this.requests = requests;
            for (int i = 0; i < requests.size(); i++) {
                indexes.put(requests.get(i).id(), i);
            }
        }

        @Override
        public boolean isAnswer(int index, JsonNode line) {
            return index >= 0 && index(line) == index;
        }

        @Override
        public int index(JsonNode line) {
            return indexes.getOrDefault(line.path("id").asString(""), -1);
        }

        @Override
        public ObjectNode name(int index) {
            return JSON.createObjectNode().put("id", requests.get(index).id());
        }
    }
}
