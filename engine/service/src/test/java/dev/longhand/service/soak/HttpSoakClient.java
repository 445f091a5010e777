package dev.longhand.service.soak;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A streaming client of {@code /v1/completions}; it cancels by disconnecting. */
final class HttpSoakClient implements SoakClient {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String DATA = "data: ";

    private final SoakAnswers answers;
    private final HttpClient http;
    private final URI uri;
    private final Random random;
    private final PauseTimes pauses = new PauseTimes();

    HttpSoakClient(SoakAnswers answers, HttpClient http, InetSocketAddress address, long seed) {
        this.answers = answers;
        this.http = http;
        uri =
                URI.create(
                        "http://%s:%d/v1/completions"
                                .formatted(
                                        address.getAddress().getHostAddress(), address.getPort()));
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
            answers.count("HTTP " + mood);
            SoakRequest request = answers.any(random);
            ObjectNode body = JSON.createObjectNode().put("model", request.model());
            request.prompt().forEach(body.putArray("prompt")::add);
            body.put("max_tokens", request.tokens()).put("temperature", request.temperature());
            body.put("seed", request.seed()).put("stream", true);
            body.put("logprobs", Math.max(1, request.logprobs()));
            body.put("return_token_ids", true);
            request.addPhases(body);
            if (mood == Mood.RUDE) {
                body.put("n", "many");
            }
            long sent = System.nanoTime();
            HttpResponse<InputStream> response =
                    http.send(
                            HttpRequest.newBuilder(uri)
                                    .header("Content-Type", "application/json")
                                    .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                                    .build(),
                            HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream in = response.body()) {
                if (mood == Mood.RUDE) {
                    answers.require(
                            response.statusCode() == 400,
                            () -> "a bad request got " + response.statusCode());
                    in.readAllBytes();
                } else if (response.statusCode() != 200) {
                    String error = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                    answers.checkStatus(request, response.statusCode(), error, sent);
                } else {
                    read(in, request, mood, sent);
                }
            }
        }
    }

    private void read(InputStream in, SoakRequest request, Mood mood, long sent)
            throws IOException, InterruptedException {
        List<Integer> ids = new ArrayList<>();
        List<Float> logprobs = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        String finish = "";
        long first = 0;
        long last = 0;
        int patience = random.nextInt(60);
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (!line.startsWith(DATA) || line.equals(DATA + "[DONE]")) {
                continue;
            }
            long now = System.nanoTime();
            JsonNode event = JSON.readTree(line.substring(DATA.length()));
            JsonNode choice = event.path("choices").path(0);
            if (choice.isMissingNode()) {
                answers.require(!event.has("error"), () -> request + " got " + event);
                continue;
            }
            choice.path("token_ids").forEach(id -> ids.add(id.asInt()));
            choice.at("/logprobs/token_logprobs").forEach(each -> logprobs.add(each.floatValue()));
            text.append(choice.path("text").asString(""));
            finish = choice.path("finish_reason").asString(finish);
            if (first == 0) {
                first = now;
            } else if (mood == Mood.HONEST && !ids.isEmpty()) {
                pauses.add(now - last);
            }
            last = now;
            if (patience-- == 0 && (mood == Mood.LEAVES || mood == Mood.CANCELS)) {
                answers.checkBegunOverHttp(request, ids, logprobs, sent, first);
                return;
            }
            if (mood == Mood.SLOW && random.nextInt(8) == 0) {
                Thread.sleep(random.nextInt(200));
            }
        }
        answers.checkOverHttp(request, ids, logprobs, text.toString(), finish, sent, first);
    }
}
