package dev.longhand.service.soak;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A client of the line protocol, which changes its behaviour from connection to connection. */
final class LineSoakClient implements SoakClient {
    private static final int TOGETHER_MAX = 3;

    private final SoakAnswers answers;
    private final SocketAddress address;
    private final Random random;
    private final PauseTimes pauses = new PauseTimes();

    /** A running request. */
    private static final class Pending {
        private final SoakRequest request;
        private final long sentNanos = System.nanoTime();
        private final List<Integer> ids = new ArrayList<>();
        private final List<String> logprobs = new ArrayList<>();
        private final StringBuilder text = new StringBuilder();
        private long firstNanos;
        private long lastNanos;

        Pending(SoakRequest request) {
            this.request = request;
        }

        SoakRequest.Answer answer(String finish) {
            return new SoakRequest.Answer(ids, logprobs, text.toString(), finish);
        }

        /** The latest time at which it can have taken its adapter: the first token, or now. */
        long begunNanos() {
            return firstNanos != 0 ? firstNanos : System.nanoTime();
        }
    }

    LineSoakClient(SoakAnswers answers, SocketAddress address, long seed) {
        this.answers = answers;
        this.address = address;
        random = new Random(seed);
    }

    @Override
    public PauseTimes pauses() {
        return pauses;
    }

    @Override
    public void run(long endNanos) throws IOException, InterruptedException {
        while (System.nanoTime() < endNanos) {
            Mood mood = Mood.of(random);
            answers.count(mood.name());
            try (LineClient client = new LineClient(address)) {
                serve(client, mood);
            }
        }
    }

    private void serve(LineClient client, Mood mood) throws IOException, InterruptedException {
        if (mood == Mood.RUDE) {
            client.send("{\"id\":\"rude\",\"prompt_ids\":[1],\"" + random.nextInt() + "\":1}");
            JsonNode event = client.next();
            answers.require(
                    event != null && event.path("code").asString("").equals("bad_request"),
                    () -> "a bad request was answered by " + event);
        }
        Map<String, Pending> pending = new HashMap<>();
        for (int i = random.nextInt(TOGETHER_MAX); i >= 0; i--) {
            Pending each = new Pending(answers.any(random));
            pending.put("r" + i, each);
            client.send(each.request.json("r" + i));
        }
        if (mood == Mood.HALF_CLOSES) {
            client.shutdownOutput();
        }
        int patience = random.nextInt(60); // events until it misbehaves
        while (!pending.isEmpty()) {
            JsonNode event = client.next();
            if (event == null) {
                answers.require(false, () -> mood + ": the server left");
                return;
            }
            take(event, pending, mood);
            if (patience-- == 0 && mood == Mood.LEAVES) {
                pending.values()
                        .forEach(
                                each ->
                                        answers.checkBegun(
                                                each.request,
                                                each.answer(""),
                                                each.sentNanos,
                                                each.begunNanos()));
                return;
            }
            if (patience == -1 && mood == Mood.CANCELS) {
                for (String id : pending.keySet()) {
                    client.send("{\"cancel\":\"" + id + "\"}");
                }
            }
            if (mood == Mood.SLOW && random.nextInt(8) == 0) {
                Thread.sleep(random.nextInt(200));
            }
        }
    }

    private void take(JsonNode event, Map<String, Pending> pending, Mood mood) {
        String id = event.path("id").asString("");
        @Nullable Pending one = pending.get(id);
        if (one == null) {
            answers.require(false, () -> "an event of nobody: " + event);
            return;
        }
        switch (event.path("event").asString("")) {
            case "token" -> {
                long now = System.nanoTime();
                if (one.firstNanos == 0) {
                    one.firstNanos = now;
                } else if (mood == Mood.HONEST || mood == Mood.HALF_CLOSES) {
                    pauses.add(now - one.lastNanos);
                }
                one.lastNanos = now;
                one.ids.add(event.get("token").asInt());
                one.logprobs.add(SoakRequest.logprobs(event));
                one.text.append(event.get("text").asString());
            }
            case "done" -> {
                pending.remove(id);
                one.text.append(event.get("text").asString());
                String finish = event.get("finish").asString();
                if (finish.equals("cancelled") && mood == Mood.CANCELS) {
                    answers.checkBegun(
                            one.request, one.answer(finish), one.sentNanos, one.begunNanos());
                } else {
                    answers.checkWhole(
                            one.request, one.answer(finish), one.sentNanos, one.begunNanos());
                }
            }
            default -> {
                pending.remove(id);
                answers.checkError(one.request, event, one.sentNanos);
            }
        }
    }
}
