package dev.longhand.service.attack;

import java.util.List;

/** Clients that load adapters from where they must not, under names that they must not use. */
final class AdapterAttacks {
    private static final String LOAD = "/v1/load_lora_adapter";
    private static final String UNLOAD = "/v1/unload_lora_adapter";

    private AdapterAttacks() {}

    static void addTo(AttackList list) {
        list.kind("path out of the adapter folder");
        for (String path :
                List.of(
                        "..",
                        "../..",
                        "../../../../../../etc",
                        "adapter/../..",
                        "/etc",
                        "/",
                        "~",
                        "file:///etc",
                        "\\\\\\\\evil.example\\\\share",
                        "adapter\\u0000",
                        "%2e%2e",
                        "..\\u2215..",
                        "http://evil.example/adapter")) {
            list.post(LOAD, path, load("x", path), "400");
        }
        list.kind("path that is no adapter");
        for (String path :
                List.of(
                        "",
                        ".",
                        "checkpoint",
                        "nothing",
                        "adapter/adapter_config.json",
                        "learn.sh")) {
            list.post(LOAD, path, load("x", path), "400");
        }
        list.post(LOAD, "long", load("x", "a".repeat(5_000)), "400");
        list.post(LOAD, "deep", load("x", "a/".repeat(100_000)), "400");
        list.kind("name that an adapter cannot have");
        for (String name :
                List.of("", "demo", "\\u001b[31m", "a\\nb", "\\ud800", "n".repeat(5_000))) {
            String shown = name.substring(0, Math.min(20, name.length()));
            list.post(LOAD, shown, load(name, "adapter"), "400");
        }
        list.post(LOAD, "loaded", load("math", "adapter"), "400");
        list.kind("adapter request with wrong fields");
        list.post(LOAD, "none", "{}", "400:lora_name");
        list.post(LOAD, "no path", "{\"lora_name\":\"x\"}", "400:lora_path");
        list.post(LOAD, "number", "{\"lora_name\":1,\"lora_path\":\"adapter\"}", "400:lora_name");
        list.post(LOAD, "more", load("x", "adapter").replace("}", ",\"x\":1}"), "400:x");
        list.kind("unloading what is not there");
        for (String name : List.of("nobody", "../math", "\\u0000")) {
            list.post(UNLOAD, name, "{\"lora_name\":\"%s\"}".formatted(name), "404:model");
        }
        for (String name : List.of("demo", "")) {
            list.post(UNLOAD, name, "{\"lora_name\":\"%s\"}".formatted(name), "400");
        }
    }

    private static String load(String name, String path) {
        return "{\"lora_name\":\"%s\",\"lora_path\":\"%s\"}".formatted(name, path);
    }
}
