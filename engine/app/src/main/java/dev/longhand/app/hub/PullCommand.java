package dev.longhand.app.hub;

import dev.longhand.app.cli.Console;
import dev.longhand.app.cli.LoadBar;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.HubName;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code longhand pull}: fetches a model or an adapter from the Hugging Face Hub. */
@Command(
        name = "pull",
        description = {
            "Fetches a model or an adapter from the Hugging Face Hub and prints its folder.",
            "It goes to the cache that all tools of the Hub share; HF_HOME or HF_HUB_CACHE name"
                    + " another. HF_TOKEN or the token file holds a token, HF_ENDPOINT names"
                    + " another Hub. An interrupted download is continued."
        })
public final class PullCommand implements Callable<Integer> {
    private static final Retries.Rule RULE = new Retries.Rule(4, 1000);
    private static final HubConnection.Timeouts TIMEOUTS =
            new HubConnection.Timeouts(30_000, 60_000);

    @Parameters(
            paramLabel = "NAME",
            description = "Its name, such as Qwen/Qwen2.5-0.5B-Instruct, or NAME@REVISION.")
    private String name = "";

    @Option(
            names = "--revision",
            paramLabel = "R",
            description = "A branch, a tag or a commit (default: main).")
    private @Nullable String revision;

    @Option(
            names = "--file",
            paramLabel = "PATTERN",
            description =
                    "Only the files whose path matches, such as *Q4_K_M.gguf, with all parts of a"
                            + " GGUF model; repeatable (default: configuration, tokenizer, chat"
                            + " template and safetensors, or the only GGUF model).")
    private List<String> patterns = List.of();

    @Override
    public Integer call() throws IOException, InterruptedException {
        HubName wanted = name();
        Pull.Result result;
        try (HubConnection hub = new HubConnection(HubAccess.of(System.getenv()), TIMEOUTS);
                LoadBar bar = new LoadBar("pulling", " MB", 1_000_000)) {
            result = new Pull(hub, wanted, RULE, bar).run(patterns);
        }
        System.err.printf(
                "%s: %d files, %s, of which %s were fetched now%n",
                wanted,
                result.files(),
                Pull.size(result.bytes()),
                Pull.size(result.fetchedBytes()));
        new Console().println(result.folder().toString());
        return 0;
    }

    private HubName name() {
        String given = revision == null ? name : name + "@" + revision;
        return HubName.parse(given)
                .orElseThrow(
                        () ->
                                new InputException(
                                        "%s is no name on the Hub, which has the form"
                                                        .formatted(ErrorText.quote(given))
                                                + " ORGANISATION/REPOSITORY"));
    }
}
