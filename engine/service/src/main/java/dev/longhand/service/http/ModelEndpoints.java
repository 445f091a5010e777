package dev.longhand.service.http;

import com.fasterxml.jackson.annotation.JsonInclude;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.status.AdapterInfo;
import dev.longhand.service.Dialect;
import dev.longhand.service.RequestFields;
import dev.longhand.service.Service;
import dev.longhand.service.UnknownModelException;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** Lists models, and loads and unloads adapters with vLLM's requests. */
final class ModelEndpoints {
    static final String MODEL_PREFIX = "/v1/models/";

    private final Service service;
    private final Dialect dialect;
    private final long created = System.currentTimeMillis() / 1000;

    /** OpenAI's list of models. */
    record ModelList(String object, List<Model> data) {}

    /**
     * OpenAI's model object, with vLLM's fields.
     *
     * @param root the name of the base, or the content digest of an adapter
     * @param parent the base of an adapter; null for the base itself
     * @param maxModelLen the longest context, in tokens
     */
    record Model(
            String id,
            String object,
            long created,
            String ownedBy,
            String root,
            @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable String parent,
            int maxModelLen) {}

    ModelEndpoints(Service service, Dialect dialect) {
        this.service = service;
        this.dialect = dialect;
    }

    /** {@code GET /v1/models}. */
    void list(Exchange exchange) throws IOException {
        exchange.json(200, new ModelList("list", models()));
    }

    /** {@code GET /v1/models/NAME}. */
    void one(Exchange exchange) throws IOException {
        String name = exchange.path().substring(MODEL_PREFIX.length());
        for (Model model : models()) {
            if (model.id().equals(name)) {
                exchange.json(200, model);
                return;
            }
        }
        throw new UnknownModelException(name, service.models());
    }

    private List<Model> models() {
        List<Model> models = new ArrayList<>();
        models.add(model(service.base(), service.base(), null));
        for (AdapterInfo adapter : service.engine().adapters().list()) {
            models.add(model(adapter.name(), adapter.identity(), service.base()));
        }
        return models;
    }

    private Model model(String name, String root, @Nullable String parent) {
        return new Model(
                name,
                "model",
                created,
                "longhand",
                root,
                parent,
                service.engine().contextTokensMax());
    }

    /** {@code POST /v1/load_lora_adapter}. */
    void load(Exchange exchange) throws IOException {
        Settings body = exchange.body(Function.identity());
        refuseUnknown(body, Set.of("lora_name", "lora_path", "load_inplace"));
        String name = required(body, "lora_name");
        String path = required(body, "lora_path");
        if (!body.bool("load_inplace", false) && service.models().contains(name)) {
            throw new InputException(
                    "the lora adapter %s is loaded already; load_inplace replaces it"
                            .formatted(ErrorText.quote(name)));
        }
        exchange.onGone(Thread.currentThread()::interrupt);
        service.loadAdapter(name, path);
        exchange.onGone(null);
        exchange.setOutcome("adapter=" + name);
        exchange.text(
                200,
                "text/plain; charset=utf-8",
                "Success: LoRA adapter '%s' added successfully.".formatted(name));
    }

    /** {@code POST /v1/unload_lora_adapter}. */
    void unload(Exchange exchange) throws IOException {
        Settings body = exchange.body(Function.identity());
        refuseUnknown(body, Set.of("lora_name"));
        String name = required(body, "lora_name");
        service.adapter(name); // throws if unknown
        try {
            service.unloadAdapter(name);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        exchange.setOutcome("adapter=" + name);
        exchange.text(
                200,
                "text/plain; charset=utf-8",
                "Success: LoRA adapter '%s' removed successfully.".formatted(name));
    }

    /** The lenient dialect ignores vLLM's number of an adapter, since names identify ours. */
    private void refuseUnknown(Settings body, Set<String> known) {
        Set<String> ignored = dialect.lenient() ? Set.of("lora_int_id") : Set.of();
        RequestFields.refuseUnknown(body, List.of(known, ignored));
    }

    private static String required(Settings body, String key) {
        return body.string(key).orElseThrow(() -> body.refuse(key, "is missing"));
    }
}
